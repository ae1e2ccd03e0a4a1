//! A grammar as the phones it is made of: a tree of states for the words that may follow in each place, each word's first
//! and last phone as its neighbours' context makes it sound. Made once for a grammar, shared by all who listen with it.
use super::acoustic::{Acoustic, STATES};
use super::files::Place;
use super::mixtures::UNIT;
use crate::asr::jsgf::WordArc;
use std::collections::HashMap;
use std::ops::Range;

/// The bound of a graph; beyond it a grammar is refused.
const NODES: usize = 400_000;

/// What a path pays for each word, as a score: it keeps short words from growing in noise.
pub const INSERTION: i32 = -270;
/// How likely silence, and another noise of the model's, is between two words.
const SILENCE: f64 = 0.005;
const NOISE: f64 = 1e-8;

/// A probability as a score.
pub fn cost(probability: f64) -> i32 {
    (probability.ln() / UNIT).floor() as i32
}

/// A set of phones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PhoneSet([u64; 4]);

impl PhoneSet {
    pub const ALL: Self = Self([u64::MAX; 4]);

    pub fn add(&mut self, phone: u8) {
        self.0[usize::from(phone / 64)] |= 1 << (phone % 64);
    }

    pub fn has(&self, phone: u8) -> bool {
        self.0[usize::from(phone / 64)] & 1 << (phone % 64) != 0
    }

    fn union(&mut self, other: Self) -> bool {
        let before = *self;
        self.0.iter_mut().zip(other.0).for_each(|(a, b)| *a |= b);
        before != *self
    }

    pub fn without(mut self, other: Self) -> Self {
        self.0.iter_mut().zip(other.0).for_each(|(a, b)| *a &= !b);
        self
    }

    pub fn is_empty(&self) -> bool {
        self.0 == [0; 4]
    }

    fn phones(self) -> impl Iterator<Item = u8> {
        (0..=u8::MAX).filter(move |&phone| self.has(phone))
    }
}

/// One phone of a word in one context.
#[derive(Clone, Copy, Debug)]
pub struct Node {
    /// Its states' places in a row of scores.
    pub slots: [u16; STATES],
    pub transitions: u16,
    /// Paid on entering it.
    pub cost: i32,
    pub next: Next,
}

#[derive(Clone, Copy, Debug)]
pub enum Next {
    /// Phones that follow in the word: a list of [`Graph::groups`].
    Phones(u32),
    /// The word's last one: an end of [`Graph::ends`].
    Word(u32),
}

/// The end of a word in one context.
#[derive(Clone, Copy, Debug)]
pub struct End {
    pub word: u32,
    pub to: u32,
    /// The left context of the next word's first phone.
    pub last: u8,
    /// Phones that may begin the next word.
    pub right: PhoneSet,
    /// What the way through the word has paid.
    pub cost: i32,
}

/// A first phone of words that may follow in one place.
#[derive(Clone, Copy, Debug)]
pub struct Root {
    pub node: u32,
    pub phone: u8,
    /// Phones that may have gone before.
    pub left: PhoneSet,
}

#[derive(Default)]
pub struct Graph {
    pub nodes: Vec<Node>,
    pub groups: Vec<Vec<u32>>,
    pub ends: Vec<End>,
    pub words: Vec<String>,
    /// For each place of the grammar: the phones that begin what may follow, and the places that are the same place, with
    /// what going there costs.
    pub roots: Vec<Vec<Root>>,
    pub null: Vec<Vec<(u32, i32)>>,
    pub last: u32,
    /// What a row of scores holds, in order.
    pub senones: Vec<u16>,
}

/// A grammar's arcs and places.
pub struct Plan<'a> {
    pub places: usize,
    pub last: usize,
    pub arcs: &'a [WordArc],
    /// Pronunciations of each word.
    pub words: &'a HashMap<String, Vec<Vec<u8>>>,
}

/// One way to say the word of one arc.
struct Way<'a> {
    word: u32,
    phones: &'a [u8],
    to: usize,
    cost: i32,
    filler: bool,
}

impl Graph {
    pub fn build(model: &Acoustic, plan: &Plan<'_>) -> Result<Self, String> {
        let phones = &model.phones;
        let silence = phones.silence;
        let mut names: Vec<String> = Vec::new();
        let mut number: HashMap<&str, u32> = HashMap::new();
        let mut ways: Vec<Vec<Way<'_>>> = (0..plan.places).map(|_| Vec::new()).collect();
        let mut null = vec![Vec::new(); plan.places];
        for arc in plan.arcs {
            let Some(word) = &arc.word else {
                null[arc.from].push((arc.to as u32, cost(arc.weight)));
                continue;
            };
            let place = *number.entry(word).or_insert_with(|| {
                names.push(word.clone());
                names.len() as u32 - 1
            });
            let said = plan.words.get(word).ok_or_else(|| format!("no pronunciation for {word:?}"))?;
            for phones in said.iter().filter(|phones| !phones.is_empty()) {
                ways[arc.from].push(Way { word: place, phones, to: arc.to, cost: cost(arc.weight), filler: false });
            }
        }
        let fillers: Vec<(u32, [u8; 1], i32)> = model
            .fillers
            .iter()
            .map(|(name, phone)| {
                names.push(name.clone());
                let cost = cost(if *phone == silence { SILENCE } else { NOISE });
                (names.len() as u32 - 1, [*phone], cost)
            })
            .collect();
        for (at, ways) in ways.iter_mut().enumerate() {
            let loops = fillers.iter().map(|(word, phones, cost)| Way {
                word: *word,
                phones,
                to: at,
                cost: *cost,
                filler: true,
            });
            ways.extend(loops);
        }
        let (left, right) = contexts(&ways, &null, silence);
        let mut graph = Self { words: names, null, last: plan.last as u32, ..Self::default() };
        for at in 0..plan.places {
            let mut tree = Tree { graph: &mut graph, model, phones: HashMap::new(), roots: HashMap::new() };
            for way in &ways[at] {
                tree.add(way, left[at], right[way.to]);
            }
            let mut roots: Vec<Root> = tree.roots.into_values().collect();
            roots.sort_unstable_by_key(|root| (root.phone, root.node));
            graph.roots.push(roots);
            if graph.nodes.len() > NODES {
                return Err(format!("more than {NODES} phones: say less at once"));
            }
        }
        graph.place_senones(model);
        Ok(graph)
    }

    /// Gives each node's states their places in a row, in which the phones without context have some too.
    fn place_senones(&mut self, model: &Acoustic) {
        let base = model.phones.base.iter().flat_map(|unit| model.phones.senones_of(unit.sequence).iter().copied());
        let own = self.nodes.iter().flat_map(|node| node.slots);
        self.senones = model.mixtures.order(base.chain(own));
        let places = places(&self.senones);
        for node in &mut self.nodes {
            node.slots = node.slots.map(|senone| places[&senone]);
        }
    }
}

/// Where each senone stands in a row.
pub fn places(senones: &[u16]) -> HashMap<u16, u16> {
    senones.iter().enumerate().map(|(place, &senone)| (senone, place as u16)).collect()
}

/// Which phones can stand before and behind each place.
fn contexts(ways: &[Vec<Way<'_>>], null: &[Vec<(u32, i32)>], silence: u8) -> (Vec<PhoneSet>, Vec<PhoneSet>) {
    let mut quiet = PhoneSet::default();
    quiet.add(silence);
    let (mut left, mut right) = (vec![quiet; ways.len()], vec![quiet; ways.len()]);
    for (from, ways) in ways.iter().enumerate() {
        for way in ways.iter().filter(|way| !way.filler) {
            right[from].add(way.phones[0]);
            left[way.to].add(way.phones[way.phones.len() - 1]);
        }
    }
    let mut changed = true;
    while changed {
        changed = false;
        for (from, null) in null.iter().enumerate() {
            for &(to, _) in null {
                let (before, after) = (left[from], right[to as usize]);
                changed |= left[to as usize].union(before) | right[from].union(after);
            }
        }
    }
    (left, right)
}

/// The words that may follow in one place, sharing the phones they begin with.
struct Tree<'g, 'm> {
    graph: &'g mut Graph,
    model: &'m Acoustic,
    /// The group of phones that follows a beginning of a word whose next phone is known.
    phones: HashMap<Vec<u8>, u32>,
    /// By first phone, second phone (256 and more: the end of a word of one phone) and state sequence.
    roots: HashMap<(u8, u32, u32), Root>,
}

impl Tree<'_, '_> {
    fn node(&mut self, phone: u8, sequence: u32, cost: i32, next: Next) -> u32 {
        let slots = self.model.phones.senones_of(sequence);
        let slots = std::array::from_fn(|i| slots[i]);
        let transitions = self.model.phones.base[usize::from(phone)].transitions as u16;
        self.graph.nodes.push(Node { slots, transitions, cost, next });
        self.graph.nodes.len() as u32 - 1
    }

    fn end(&mut self, way: &Way<'_>, last: u8, right: PhoneSet, cost: i32) -> Next {
        self.graph.ends.push(End { word: way.word, to: way.to as u32, last, right, cost });
        Next::Word(self.graph.ends.len() as u32 - 1)
    }

    fn add(&mut self, way: &Way<'_>, left: PhoneSet, right: PhoneSet) {
        let silence = self.model.phones.silence;
        let first = way.phones[0];
        if way.filler {
            let paid = way.cost + INSERTION;
            let next = self.end(way, silence, PhoneSet::ALL, paid);
            let node = self.node(first, self.model.phones.base[usize::from(first)].sequence, paid, next);
            self.roots.insert((first, u32::MAX, way.word), Root { node, phone: silence, left: PhoneSet::ALL });
            return;
        }
        let [_, inner @ .., last] = way.phones else {
            return self.add_single(way, left);
        };
        let second = way.phones[1];
        let (mut group, new) = self.group(&way.phones[..1], second);
        if new {
            for before in left.phones().filter(|&phone| usize::from(phone) < self.model.phones.names.len()) {
                let sequence = self.model.phones.sequence(first, before, second, Place::Begin);
                let key = (first, u32::from(second), sequence);
                if !self.roots.contains_key(&key) {
                    let node = self.node(first, sequence, INSERTION, Next::Phones(group));
                    self.roots.insert(key, Root { node, phone: first, left: PhoneSet::default() });
                }
                if let Some(root) = self.roots.get_mut(&key) {
                    root.left.add(before);
                }
            }
        }
        for (i, &phone) in inner.iter().enumerate() {
            let after = way.phones[i + 2];
            let (next, new) = self.group(&way.phones[..i + 2], after);
            if new {
                let sequence = self.model.phones.sequence(phone, way.phones[i], after, Place::Internal);
                let node = self.node(phone, sequence, 0, Next::Phones(next));
                self.graph.groups[group as usize].push(node);
            }
            group = next;
        }
        let before = way.phones[way.phones.len() - 2];
        let mut made: Vec<(u32, PhoneSet)> = Vec::new();
        for after in right.phones().filter(|&phone| usize::from(phone) < self.model.phones.names.len()) {
            let sequence = self.model.phones.sequence(*last, before, after, Place::End);
            match made.iter_mut().find(|(known, _)| *known == sequence) {
                Some((_, right)) => right.add(after),
                None => {
                    let mut right = PhoneSet::default();
                    right.add(after);
                    made.push((sequence, right));
                }
            }
        }
        for (sequence, right) in made {
            let next = self.end(way, *last, right, INSERTION + way.cost);
            let node = self.node(*last, sequence, way.cost, next);
            self.graph.groups[group as usize].push(node);
        }
    }

    /// A word of one phone: what comes behind it does not colour it.
    fn add_single(&mut self, way: &Way<'_>, left: PhoneSet) {
        let (phone, paid) = (way.phones[0], way.cost + INSERTION);
        let mut made: Vec<(u32, PhoneSet)> = Vec::new();
        for before in left.phones().filter(|&phone| usize::from(phone) < self.model.phones.names.len()) {
            let sequence = self.model.phones.sequence(phone, before, self.model.phones.silence, Place::Single);
            match made.iter_mut().find(|(known, _)| *known == sequence) {
                Some((_, left)) => left.add(before),
                None => {
                    let mut left = PhoneSet::default();
                    left.add(before);
                    made.push((sequence, left));
                }
            }
        }
        for (sequence, left) in made {
            let next = self.end(way, phone, PhoneSet::ALL, paid);
            let node = self.node(phone, sequence, paid, next);
            let key = (phone, 256 + self.graph.ends.len() as u32, sequence);
            self.roots.insert(key, Root { node, phone, left });
        }
    }

    /// The group of what follows `said` when `after` is the phone behind it, and whether it is new.
    fn group(&mut self, said: &[u8], after: u8) -> (u32, bool) {
        let mut key = said.to_vec();
        key.push(after);
        let groups = &mut self.graph.groups;
        let mut new = false;
        let group = *self.phones.entry(key).or_insert_with(|| {
            new = true;
            groups.push(Vec::new());
            groups.len() as u32 - 1
        });
        (group, new)
    }
}

/// The range of the roots that begin with `phone`.
pub fn roots_of(roots: &[Root], phone: u8) -> Range<usize> {
    roots.partition_point(|root| root.phone < phone)..roots.partition_point(|root| root.phone <= phone)
}

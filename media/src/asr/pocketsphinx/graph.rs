//! A grammar compiled to phones: for each state of the grammar a prefix tree of the words that may follow, with the context-dependent
//! variants of each word's first and last phone. Compiled once and shared by all decoders.
use super::acoustic::{Acoustic, STATES};
use super::files::WordPosition;
use super::mixtures::UNIT;
use crate::asr::jsgf::Transition;
use std::collections::HashMap;
use std::ops::Range;

/// The largest graph; larger grammars are refused.
const NODES: usize = 400_000;

/// Word insertion penalty, as a score: it keeps noise from being decoded as many short words.
pub const INSERTION: i32 = -270;
/// Probability of silence, and of each noise of the model, between two words.
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
    /// Index of each state's senone in a row of scores.
    pub slots: [u16; STATES],
    pub transitions: u16,
    /// Cost of entering it.
    pub cost: i32,
    pub next: Next,
}

#[derive(Clone, Copy, Debug)]
pub enum Next {
    /// Phones that follow in the word: a list of [`Graph::groups`].
    Phones(u32),
    /// The end of the word: an index into [`Graph::ends`].
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
    /// Costs on the path through the word.
    pub cost: i32,
}

/// A first phone of words that may follow in one state of the grammar.
#[derive(Clone, Copy, Debug)]
pub struct Root {
    pub node: u32,
    pub phone: u8,
    /// Phones that may precede it.
    pub left: PhoneSet,
}

#[derive(Default)]
pub struct Graph {
    pub nodes: Vec<Node>,
    pub groups: Vec<Vec<u32>>,
    pub ends: Vec<End>,
    pub words: Vec<String>,
    /// For each state of the grammar: the first phones of words that may follow, and the states that arcs without a word lead to, with
    /// their costs.
    pub roots: Vec<Vec<Root>>,
    pub null: Vec<Vec<(u32, i32)>>,
    pub final_state: u32,
    /// The senones of a row of scores, in order.
    pub senones: Vec<u16>,
}

/// What a graph is built from: the arcs and states of a grammar.
pub struct GraphPlan<'a> {
    pub states: usize,
    pub final_state: usize,
    pub arcs: &'a [Transition],
    /// Pronunciations of each word.
    pub words: &'a HashMap<String, Vec<Vec<u8>>>,
}

/// A pronunciation of the word of one arc.
struct Pronunciation<'a> {
    word: u32,
    phones: &'a [u8],
    to: usize,
    cost: i32,
    filler: bool,
}

impl Graph {
    pub fn build(model: &Acoustic, plan: &GraphPlan<'_>) -> Result<Self, String> {
        let phones = &model.phones;
        let silence = phones.silence;
        let mut names: Vec<String> = Vec::new();
        let mut number: HashMap<&str, u32> = HashMap::new();
        let mut pronunciations: Vec<Vec<Pronunciation<'_>>> = (0..plan.states).map(|_| Vec::new()).collect();
        let mut null = vec![Vec::new(); plan.states];
        for arc in plan.arcs {
            let Some(word) = &arc.word else {
                null[arc.from].push((arc.to as u32, cost(arc.weight)));
                continue;
            };
            let name = *number.entry(word).or_insert_with(|| {
                names.push(word.clone());
                names.len() as u32 - 1
            });
            let variants = plan.words.get(word).ok_or_else(|| format!("no pronunciation for {word:?}"))?;
            for phones in variants.iter().filter(|phones| !phones.is_empty()) {
                pronunciations[arc.from].push(Pronunciation {
                    word: name,
                    phones,
                    to: arc.to,
                    cost: cost(arc.weight),
                    filler: false,
                });
            }
        }
        let fillers = fillers(model, &mut names);
        for (at, pronunciations) in pronunciations.iter_mut().enumerate() {
            let loops = fillers.iter().map(|(word, phones, cost)| Pronunciation {
                word: *word,
                phones,
                to: at,
                cost: *cost,
                filler: true,
            });
            pronunciations.extend(loops);
        }
        let (left, right) = contexts(&pronunciations, &null, silence);
        let mut graph = Self { words: names, null, final_state: plan.final_state as u32, ..Self::default() };
        for at in 0..plan.states {
            let mut tree = Tree { graph: &mut graph, model, phones: HashMap::new(), roots: HashMap::new() };
            for pronunciation in &pronunciations[at] {
                tree.add(pronunciation, left[at], right[pronunciation.to]);
            }
            let mut roots: Vec<Root> = tree.roots.into_values().collect();
            roots.sort_unstable_by_key(|root| (root.phone, root.node));
            graph.roots.push(roots);
            if graph.nodes.len() > NODES {
                return Err(format!("more than {NODES} phones: say less at once"));
            }
        }
        graph.assign_slots(model);
        Ok(graph)
    }

    /// Assigns each node's states their indices in a row of scores, which also holds the phones without context.
    fn assign_slots(&mut self, model: &Acoustic) {
        let base = model.phones.base.iter().flat_map(|unit| model.phones.senones_of(unit.sequence).iter().copied());
        let own = self.nodes.iter().flat_map(|node| node.slots);
        self.senones = model.mixtures.order(base.chain(own));
        let indices = indices(&self.senones);
        for node in &mut self.nodes {
            node.slots = node.slots.map(|senone| indices[&senone]);
        }
    }
}

/// The name, phone and cost of silence and of each noise of the model; appends their words to `names`.
fn fillers(model: &Acoustic, names: &mut Vec<String>) -> Vec<(u32, [u8; 1], i32)> {
    let filler = |(name, phone): &(String, u8)| {
        names.push(name.clone());
        let probability = if *phone == model.phones.silence { SILENCE } else { NOISE };
        (names.len() as u32 - 1, [*phone], cost(probability))
    };
    model.fillers.iter().map(filler).collect()
}

/// The index of each senone in a row.
pub fn indices(senones: &[u16]) -> HashMap<u16, u16> {
    senones.iter().enumerate().map(|(index, &senone)| (senone, index as u16)).collect()
}

/// The phones that can precede and follow each state of the grammar.
fn contexts(
    pronunciations: &[Vec<Pronunciation<'_>>],
    null: &[Vec<(u32, i32)>],
    silence: u8,
) -> (Vec<PhoneSet>, Vec<PhoneSet>) {
    let mut quiet = PhoneSet::default();
    quiet.add(silence);
    let (mut left, mut right) = (vec![quiet; pronunciations.len()], vec![quiet; pronunciations.len()]);
    for (from, pronunciations) in pronunciations.iter().enumerate() {
        for pronunciation in pronunciations.iter().filter(|pronunciation| !pronunciation.filler) {
            right[from].add(pronunciation.phones[0]);
            left[pronunciation.to].add(pronunciation.phones[pronunciation.phones.len() - 1]);
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

/// The prefix tree of the words that may follow in one state of the grammar.
struct Tree<'g, 'm> {
    graph: &'g mut Graph,
    model: &'m Acoustic,
    /// For each prefix with its next phone: the group of nodes that follow.
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

    fn end(&mut self, pronunciation: &Pronunciation<'_>, last: u8, right: PhoneSet, cost: i32) -> Next {
        self.graph.ends.push(End { word: pronunciation.word, to: pronunciation.to as u32, last, right, cost });
        Next::Word(self.graph.ends.len() as u32 - 1)
    }

    fn add(&mut self, pronunciation: &Pronunciation<'_>, left: PhoneSet, right: PhoneSet) {
        let silence = self.model.phones.silence;
        let first = pronunciation.phones[0];
        if pronunciation.filler {
            let paid = pronunciation.cost + INSERTION;
            let next = self.end(pronunciation, silence, PhoneSet::ALL, paid);
            let node = self.node(first, self.model.phones.base[usize::from(first)].sequence, paid, next);
            self.roots
                .insert((first, u32::MAX, pronunciation.word), Root { node, phone: silence, left: PhoneSet::ALL });
            return;
        }
        let [_, inner @ .., last] = pronunciation.phones else {
            return self.add_single(pronunciation, left);
        };
        let second = pronunciation.phones[1];
        let (mut group, new) = self.group(&pronunciation.phones[..1], second);
        if new {
            for before in left.phones().filter(|&phone| usize::from(phone) < self.model.phones.names.len()) {
                let sequence = self.model.phones.sequence(first, before, second, WordPosition::Begin);
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
            let after = pronunciation.phones[i + 2];
            let (next, new) = self.group(&pronunciation.phones[..i + 2], after);
            if new {
                let sequence =
                    self.model.phones.sequence(phone, pronunciation.phones[i], after, WordPosition::Internal);
                let node = self.node(phone, sequence, 0, Next::Phones(next));
                self.graph.groups[group as usize].push(node);
            }
            group = next;
        }
        let before = pronunciation.phones[pronunciation.phones.len() - 2];
        let mut made: Vec<(u32, PhoneSet)> = Vec::new();
        for after in right.phones().filter(|&phone| usize::from(phone) < self.model.phones.names.len()) {
            let sequence = self.model.phones.sequence(*last, before, after, WordPosition::End);
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
            let next = self.end(pronunciation, *last, right, INSERTION + pronunciation.cost);
            let node = self.node(*last, sequence, pronunciation.cost, next);
            self.graph.groups[group as usize].push(node);
        }
    }

    /// A word of one phone: its right context is silence.
    fn add_single(&mut self, pronunciation: &Pronunciation<'_>, left: PhoneSet) {
        let (phone, paid) = (pronunciation.phones[0], pronunciation.cost + INSERTION);
        let mut made: Vec<(u32, PhoneSet)> = Vec::new();
        for before in left.phones().filter(|&phone| usize::from(phone) < self.model.phones.names.len()) {
            let sequence = self.model.phones.sequence(phone, before, self.model.phones.silence, WordPosition::Single);
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
            let next = self.end(pronunciation, phone, PhoneSet::ALL, paid);
            let node = self.node(phone, sequence, paid, next);
            let key = (phone, 256 + self.graph.ends.len() as u32, sequence);
            self.roots.insert(key, Root { node, phone, left });
        }
    }

    /// The group of nodes after `prefix` where `after` is its next phone, and whether the group is new.
    fn group(&mut self, prefix: &[u8], after: u8) -> (u32, bool) {
        let mut key = prefix.to_vec();
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

/// The roots with this first phone.
pub fn roots_of(roots: &[Root], phone: u8) -> Range<usize> {
    roots.partition_point(|root| root.phone < phone)..roots.partition_point(|root| root.phone <= phone)
}

//! Viterbi search with beams: the best path through a graph, and the best path through a free phone loop.
use super::acoustic::{Acoustic, IMPOSSIBLE, STATES, Transitions};
use super::graph::{Graph, Next, PhoneSet, cost, indices, roots_of};
use super::segment::Segment;
use std::sync::Arc;

/// Beams as probabilities: within words, and at word ends.
const BEAM: f64 = 1e-48;
const WORD_BEAM: f64 = 7e-29;

const NONE: u32 = u32::MAX;

/// The scores of one phone's states, with the history of each.
#[derive(Clone, Copy, Debug)]
struct Token {
    score: [i32; STATES],
    from: [u32; STATES],
    out: i32,
    out_from: u32,
}

const EMPTY: Token = Token { score: [IMPOSSIBLE; STATES], from: [NONE; STATES], out: IMPOSSIBLE, out_from: NONE };

impl Token {
    /// One frame; the best of its scores after it.
    #[inline]
    fn step(&mut self, transitions: &Transitions, row: &[i32], slots: &[u16; STATES]) -> i32 {
        let here: [i32; STATES] = std::array::from_fn(|i| (self.score[i] + row[usize::from(slots[i])]).max(IMPOSSIBLE));
        let best = |to: usize| {
            // From the last state: staying wins a tie.
            let mut best = (here[to.min(STATES - 1)] + transitions[to.min(STATES - 1)][to], to.min(STATES - 1));
            for from in (0..to.min(STATES - 1)).rev() {
                let score = here[from] + transitions[from][to];
                if score > best.0 {
                    best = (score, from);
                }
            }
            best
        };
        let (out, out_from) = best(STATES);
        let now: [(i32, usize); STATES] = std::array::from_fn(best);
        let from = self.from;
        (self.out, self.out_from) = (out.max(IMPOSSIBLE), from[out_from]);
        self.score = now.map(|(score, _)| score.max(IMPOSSIBLE));
        self.from = now.map(|(_, state)| from[state]);
        self.score.iter().copied().fold(self.out, i32::max)
    }

    fn enter(&mut self, score: i32, from: u32) {
        self.score[0] = score;
        self.from[0] = from;
    }
}

/// A word end, with its predecessor.
#[derive(Clone, Copy, Debug)]
struct History {
    /// Index into the graph's word ends; `NONE` for an arc without a word.
    end: u32,
    state: u32,
    frame: i32,
    score: i32,
    before: u32,
}

/// The search of one utterance in a graph.
pub struct Search {
    graph: Arc<Graph>,
    tokens: Vec<Token>,
    /// The last frame in which each node is active.
    alive: Vec<i32>,
    active: Vec<u32>,
    next: Vec<u32>,
    past: Vec<History>,
    exits: Vec<(i32, u32, u32)>,
    frame: i32,
    beam: i32,
    word_beam: i32,
}

impl Search {
    pub fn new(graph: Arc<Graph>, silence: u8) -> Self {
        let nodes = graph.nodes.len();
        let mut search = Self {
            tokens: vec![EMPTY; nodes],
            alive: vec![-1; nodes],
            active: Vec::new(),
            next: Vec::new(),
            past: vec![History { end: NONE, state: 0, frame: -1, score: 0, before: NONE }],
            exits: Vec::new(),
            frame: -1,
            beam: cost(BEAM),
            word_beam: cost(WORD_BEAM),
            graph,
        };
        search.begin(0, 0, silence, PhoneSet::ALL);
        search.frame = 0;
        std::mem::swap(&mut search.active, &mut search.next);
        search
    }

    pub fn graph(&self) -> &Arc<Graph> {
        &self.graph
    }

    /// Takes one frame of scores, in the graph's order of senones.
    pub fn step(&mut self, model: &Acoustic, row: &[i32]) {
        let graph = self.graph.clone();
        let mut best = IMPOSSIBLE;
        for &node in &self.active {
            let Some(of) = graph.nodes.get(node as usize) else { continue };
            let transitions = &model.transitions[usize::from(of.transitions)];
            best = best.max(self.tokens[node as usize].step(transitions, row, &of.slots));
        }
        let (threshold, word) = (best + self.beam, best + self.word_beam);
        let active = std::mem::take(&mut self.active);
        self.exits.clear();
        for &node in &active {
            let token = self.tokens[node as usize];
            if token.score.iter().copied().fold(token.out, i32::max) < threshold {
                continue;
            }
            self.activate(node);
            match graph.nodes[node as usize].next {
                Next::Phones(group) if token.out >= threshold => {
                    for &child in &graph.groups[group as usize] {
                        self.enter(child, token.out + graph.nodes[child as usize].cost, token.out_from, threshold);
                    }
                }
                Next::Word(end) if token.out >= word => self.exits.push((token.out, end, token.out_from)),
                Next::Phones(_) | Next::Word(_) => {}
            }
        }
        self.leave_words(&graph, threshold, word);
        for node in active {
            if self.alive[node as usize] != self.frame + 1 {
                self.tokens[node as usize] = EMPTY;
            }
        }
        self.active = std::mem::take(&mut self.next);
        self.frame += 1;
    }

    fn activate(&mut self, node: u32) {
        if self.alive[node as usize] != self.frame + 1 {
            self.alive[node as usize] = self.frame + 1;
            self.next.push(node);
        }
    }

    fn enter(&mut self, node: u32, score: i32, from: u32, threshold: i32) {
        if score > threshold && score > self.tokens[node as usize].score[0] {
            self.activate(node);
            self.tokens[node as usize].enter(score, from);
        }
    }

    /// Continues each word that ended in this frame with what may follow, unless a better one already did with the same context.
    fn leave_words(&mut self, graph: &Graph, threshold: i32, word: i32) {
        let mut exits = std::mem::take(&mut self.exits);
        exits.sort_by_key(|&(score, ..)| std::cmp::Reverse(score));
        let mut covered: Vec<(u32, u8, PhoneSet)> = Vec::new();
        for &(score, end, before) in &exits {
            let of = &graph.ends[end as usize];
            let known = covered.iter().position(|(to, last, _)| (*to, *last) == (of.to, of.last));
            let right = known.map_or(of.right, |at| of.right.without(covered[at].2));
            if right.is_empty() {
                continue;
            }
            match known {
                Some(at) => covered[at].2 = union(covered[at].2, right),
                None => covered.push((of.to, of.last, right)),
            }
            let at = self.past.len() as u32;
            self.past.push(History { end, state: of.to, frame: self.frame, score, before });
            self.enter_words(graph, at, of.last, right, threshold);
            for &(state, weight) in &graph.null[of.to as usize] {
                if score + weight >= word {
                    self.past.push(History { end: NONE, state, frame: self.frame, score: score + weight, before: at });
                    self.enter_words(graph, self.past.len() as u32 - 1, of.last, right, threshold);
                }
            }
        }
        self.exits = exits;
    }

    /// Enters every phone that may follow a word end.
    fn enter_words(&mut self, graph: &Graph, at: u32, left: u8, right: PhoneSet, threshold: i32) {
        let History { state, score, .. } = self.past[at as usize];
        let roots = &graph.roots[state as usize];
        let mut i = 0;
        while let Some(root) = roots.get(i) {
            if !right.has(root.phone) {
                i = roots_of(roots, root.phone).end;
                continue;
            }
            if root.left.has(left) {
                self.enter(root.node, score + graph.nodes[root.node as usize].cost, at, threshold);
            }
            i += 1;
        }
    }

    /// Enters the phones that may begin an utterance.
    fn begin(&mut self, at: u32, score: i32, silence: u8, right: PhoneSet) {
        let graph = self.graph.clone();
        let threshold = score + self.beam;
        self.enter_words(&graph, at, silence, right, threshold);
        for &(state, weight) in &graph.null[self.past[at as usize].state as usize] {
            self.past.push(History { end: NONE, state, frame: self.frame, score: score + weight, before: at });
            self.enter_words(&graph, self.past.len() as u32 - 1, silence, right, threshold);
        }
    }

    /// The best path so far; with `whole`, the best one that is a whole sentence.
    fn path(&self, whole: bool) -> Vec<(History, History)> {
        // The history is in order of frames.
        let Some(last) = self.past.last().map(|past| past.frame) else { return Vec::new() };
        let ends = (0..self.past.len())
            .rev()
            .take_while(|&i| self.past[i].frame == last)
            .filter(|&i| !whole || self.past[i].state == self.graph.final_state);
        let mut best: Option<usize> = None;
        for i in ends {
            if best.is_none_or(|best| self.past[i].score >= self.past[best].score) {
                best = Some(i);
            }
        }
        let mut out = Vec::new();
        let mut at = best.map(|i| self.past[i]);
        while let Some(past) = at {
            let before = self.past.get(past.before as usize).copied();
            if let (true, Some(before)) = (past.end != NONE, before) {
                out.push((past, before));
            }
            at = before;
        }
        out.reverse();
        out
    }

    /// The words of the best path so far, without silence; with `whole`, of a whole sentence.
    pub fn words(&self, whole: bool) -> String {
        let path = self.path(whole);
        let words = path.iter().map(|(past, _)| self.word(past)).filter(|word| !word.starts_with(['<', '[']));
        words.collect::<Vec<_>>().join(" ")
    }

    fn word(&self, past: &History) -> &str {
        &self.graph.words[self.graph.ends[past.end as usize].word as usize]
    }

    /// The best whole sentence, word by word.
    pub fn segments(&self) -> Vec<Segment> {
        let path = self.path(true);
        let segment = |(past, before): &(History, History)| Segment {
            word: self.word(past).to_owned(),
            from: before.frame + 1,
            to: past.frame,
            score: past.score - before.score - self.graph.ends[past.end as usize].cost,
        };
        path.iter().map(segment).collect()
    }
}

fn union(a: PhoneSet, b: PhoneSet) -> PhoneSet {
    // The complement of the intersection of both complements.
    PhoneSet::ALL.without(PhoneSet::ALL.without(a).without(b))
}

/// The search of one utterance in a free phone loop.
pub struct PhoneLoop {
    phones: Vec<([u16; STATES], usize)>,
    tokens: Vec<Token>,
    /// For each frame the best phone that ended in it, its score, and the last frame before the phone.
    past: Vec<(u32, i32, u32)>,
    beam: i32,
}

impl PhoneLoop {
    /// `senones` is the order of a row.
    pub fn new(model: &Acoustic, senones: &[u16]) -> Self {
        let indices = indices(senones);
        let phones = model.phones.base.iter().map(|unit| {
            let senones = model.phones.senones_of(unit.sequence);
            (std::array::from_fn(|i| indices.get(&senones[i]).copied().unwrap_or(0)), unit.transitions as usize)
        });
        let mut tokens = vec![EMPTY; model.phones.base.len()];
        tokens[usize::from(model.phones.silence)].enter(0, NONE);
        Self { phones: phones.collect(), tokens, past: Vec::new(), beam: cost(BEAM) }
    }

    pub fn step(&mut self, model: &Acoustic, row: &[i32]) {
        let mut best = IMPOSSIBLE;
        for (token, (slots, transitions)) in self.tokens.iter_mut().zip(&self.phones) {
            best = best.max(token.step(&model.transitions[*transitions], row, slots));
        }
        let threshold = best + self.beam;
        let frame = self.past.len() as u32;
        let mut end = (NONE, IMPOSSIBLE, NONE);
        for (phone, token) in self.tokens.iter_mut().enumerate() {
            if token.score.iter().copied().fold(token.out, i32::max) < threshold {
                *token = EMPTY;
            } else if token.out > end.1 {
                end = (phone as u32, token.out, token.out_from);
            }
        }
        self.past.push(end);
        if end.0 != NONE && end.1 > threshold {
            for token in &mut self.tokens {
                if end.1 > token.score[0] {
                    token.enter(end.1, frame);
                }
            }
        }
    }

    /// The best phones, each with its frames.
    pub fn segments(&self, model: &Acoustic) -> Vec<Segment> {
        let mut out = Vec::new();
        let mut at = self.past.iter().rposition(|(phone, ..)| *phone != NONE);
        while let Some(frame) = at {
            let (phone, score, before) = self.past[frame];
            let (from, paid) = self.past.get(before as usize).map_or((0, 0), |past| (before as i32 + 1, past.1));
            let word = model.phones.names[phone as usize].clone();
            out.push(Segment { word, from, to: frame as i32, score: score - paid });
            at = (before != NONE).then_some(before as usize);
        }
        out.reverse();
        out
    }
}

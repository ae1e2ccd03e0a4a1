//! How Whisper may write what a grammar allows: with capitals or without, with commas, in words or in figures.
//!
//! A grammar is an automaton over words; Whisper writes tokens, which are pieces of text. The bytes of a token lead from a
//! set of positions to the next, and a position is a place in a word of the automaton. Words are cut into tokens as
//! Whisper's own tokenizer cuts them; figures, which are written in many ways, anywhere.
use super::figures;
use super::vocabulary::{Token, Vocabulary};
use crate::Language;
use crate::asr::jsgf::Automaton;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The most positions that one text can stand at; further ones are dropped.
const MOST_POSITIONS: usize = 64;
/// The most numbers in figures that one state of an automaton begins.
const MOST_FIGURES: usize = 1_200;
/// A tree that has grown larger is not kept (some 100 bytes a node).
const MOST_NODES: usize = 100_000;
/// Trees of one grammar that are kept for the next utterances.
const MOST_TREES: usize = 2;

/// A place between two words: in which of the grammar's automata, in which state, behind what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Boundary {
    alternative: u16,
    state: u32,
    behind: TextUnit,
}

/// What a text consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum TextUnit {
    /// Nothing was written yet.
    Start,
    Word,
    /// A word of one letter: "p m" is written "pm" and "p.m." as well.
    Letter,
    Figures,
}

/// A node of the tree of bytes that may follow a boundary.
#[derive(Default)]
struct Node {
    children: Vec<(u8, u32)>,
    /// Where a unit ends: the grammar's words it stands for, and what lies behind.
    exits: Vec<(Arc<[String]>, Boundary)>,
    boundary: Option<Boundary>,
    /// Whether a token may end here.
    is_cut: bool,
}

/// Where a text that was begun may stand, and the grammar's words before that place.
#[derive(Clone, Debug)]
pub(super) struct Position {
    node: u32,
    words: Option<Arc<Words>>,
}

#[derive(Debug)]
struct Words {
    last: Arc<[String]>,
    before: Option<Arc<Words>>,
}

/// A sentence of the grammar that a text may be.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Sentence {
    pub text: String,
    /// The weight that the grammar gives it, the likeliest having 1.
    pub weight: f64,
    pub ends_in_figures: bool,
}

/// What a step expects to hear in one language, and how it may be written as far as that was asked before.
pub(super) struct Grammar {
    /// Automata with their weights, the likeliest having 1.
    alternatives: Vec<(f64, Automaton)>,
    language: Language,
    idle: Mutex<Vec<Tree>>,
}

impl Grammar {
    /// # Errors
    /// A sentence that says what is wrong with the grammar.
    pub fn parse(jsgf: &str, language: Language) -> Result<Self, String> {
        Ok(Self { alternatives: Automaton::parse(jsgf)?, language, idle: Mutex::default() })
    }

    pub fn language(&self) -> Language {
        self.language
    }
}

/// The bytes that may follow boundaries; it grows as texts are followed.
#[derive(Default)]
struct Tree {
    nodes: Vec<Node>,
    roots: HashMap<Boundary, u32>,
    /// By node: the tokens that may be written from there on.
    tokens: HashMap<u32, Vec<Token>>,
}

/// A grammar as it may be written.
pub(super) struct WrittenGrammar<'a> {
    grammar: &'a Grammar,
    vocabulary: &'a Vocabulary,
    tree: Tree,
}

impl Drop for WrittenGrammar<'_> {
    fn drop(&mut self) {
        let tree = std::mem::take(&mut self.tree);
        let mut idle = self.grammar.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if tree.nodes.len() <= MOST_NODES && idle.len() < MOST_TREES {
            idle.push(tree);
        }
    }
}

impl<'a> WrittenGrammar<'a> {
    pub fn new(grammar: &'a Grammar, vocabulary: &'a Vocabulary) -> Self {
        let tree = grammar.idle.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
        Self { grammar, vocabulary, tree }
    }

    /// The positions before anything was written.
    pub fn start(&mut self) -> Vec<Position> {
        let alternatives = 0..self.grammar.alternatives.len() as u16;
        let boundaries = alternatives.map(|alternative| Boundary { alternative, state: 0, behind: TextUnit::Start });
        boundaries.map(|boundary| Position { node: self.root(boundary), words: None }).collect()
    }

    /// The tokens that may follow at `positions`, some of them only if nothing is said twice: [`WrittenGrammar::behind`] knows.
    pub fn tokens(&mut self, positions: &[Position]) -> Vec<Token> {
        let mut all: Vec<Token> = Vec::new();
        for node in positions.iter().map(|position| position.node) {
            if !self.tree.tokens.contains_key(&node) {
                let vocabulary = self.vocabulary;
                let tokens = vocabulary.all().filter(|token| self.reaches(node, vocabulary.bytes(*token))).collect();
                self.tree.tokens.insert(node, tokens);
            }
            all.extend(&self.tree.tokens[&node]);
        }
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Whether a token may be written from `node` on.
    fn reaches(&mut self, node: u32, bytes: &[u8]) -> bool {
        let Some((byte, rest)) = bytes.split_first() else { return false };
        let Some(child) = self.tree.child(node, *byte) else { return false };
        let Some(next) = rest.first() else { return self.tree.nodes[child as usize].is_cut };
        if self.reaches(child, rest) {
            return true;
        }
        let behind: Vec<Boundary> = self.tree.nodes[child as usize].exits.iter().map(|(_, behind)| *behind).collect();
        // Behind words stands one of these; roots that no token leads to are not made.
        let may_follow = |boundary: &Boundary| boundary.behind != TextUnit::Word || b" ,.-".contains(next);
        behind.into_iter().filter(may_follow).any(|boundary| {
            let root = self.root(boundary);
            self.reaches(root, rest)
        })
    }

    /// The positions behind a token at `positions`; none where the grammar does not allow it.
    pub fn behind(&mut self, positions: &[Position], token: Token) -> Vec<Position> {
        let vocabulary = self.vocabulary;
        let Some((last, first)) = vocabulary.bytes(token).split_last() else { return Vec::new() };
        let mut at = positions.to_vec();
        for byte in first {
            at = self.step(&at, *byte, |_| true);
        }
        self.step(&at, *last, |child| child.is_cut)
    }

    /// The positions behind a byte, at nodes that are wanted.
    fn step(&mut self, positions: &[Position], byte: u8, wanted: fn(&Node) -> bool) -> Vec<Position> {
        let mut out: Vec<Position> = Vec::new();
        let mut add = |position: Position| {
            if out.len() < MOST_POSITIONS && out.iter().all(|other| other.node != position.node) {
                out.push(position);
            }
        };
        for at in positions {
            let Some(child) = self.tree.child(at.node, byte) else { continue };
            let node = &self.tree.nodes[child as usize];
            if !wanted(node) {
                continue;
            }
            add(Position { node: child, words: at.words.clone() });
            for (words, boundary) in node.exits.clone() {
                if !loops(&words, at.words.as_deref(), self.grammar.language) {
                    let words = Some(Arc::new(Words { last: words, before: at.words.clone() }));
                    add(Position { node: self.root(boundary), words });
                }
            }
        }
        out
    }

    /// The sentences that end at these positions.
    pub fn sentences(&self, positions: &[Position]) -> Vec<Sentence> {
        let mut out: Vec<Sentence> = Vec::new();
        for position in positions {
            let Some(boundary) = self.tree.nodes[position.node as usize].boundary else { continue };
            let (weight, automaton) = &self.grammar.alternatives[usize::from(boundary.alternative)];
            if boundary.behind == TextUnit::Start || !automaton.is_end(boundary.state) {
                continue;
            }
            let (mut words, mut at) = (Vec::new(), position.words.as_deref());
            while let Some(here) = at {
                words.extend(here.last.iter().rev().map(String::as_str));
                at = here.before.as_deref();
            }
            words.reverse();
            let (text, ends_in_figures) = (words.join(" "), boundary.behind == TextUnit::Figures);
            if out.iter().all(|sentence| sentence.text != text) {
                out.push(Sentence { text, weight: *weight, ends_in_figures });
            }
        }
        out
    }

    /// The root of the tree of what may follow a boundary.
    fn root(&mut self, boundary: Boundary) -> u32 {
        if let Some(&root) = self.tree.roots.get(&boundary) {
            return root;
        }
        let root = self.tree.add(Node { boundary: Some(boundary), is_cut: true, ..Node::default() });
        self.tree.roots.insert(boundary, root);
        let grammar = self.grammar;
        let automaton = &grammar.alternatives[usize::from(boundary.alternative)].1;
        for (word, to) in automaton.steps(boundary.state) {
            let unit = if word.chars().count() == 1 { TextUnit::Letter } else { TextUnit::Word };
            let words: Arc<[String]> = Arc::new([word.to_owned()]);
            for written in spellings(word, boundary.behind) {
                self.add(root, boundary, &written, unit, &words, to);
            }
        }
        for (written, words, to) in figures_from(automaton, boundary.state, grammar.language) {
            self.add(root, boundary, &written, TextUnit::Figures, &words, to);
        }
        root
    }

    fn add(&mut self, root: u32, from: Boundary, written: &str, unit: TextUnit, words: &Arc<[String]>, to: u32) {
        let behind = Boundary { alternative: from.alternative, state: to, behind: unit };
        for separator in separators(from.behind, unit) {
            let text = format!("{separator}{written}");
            // Figures may be cut anywhere: which run of figures a token belongs to shows later.
            let cuts = (unit != TextUnit::Figures).then(|| self.vocabulary.cuts(&text));
            let mut node = root;
            for (at, byte) in text.bytes().enumerate() {
                node = self.tree.child_or_new(node, byte);
                let is_cut = cuts.as_ref().is_none_or(|cuts| cuts.contains(&(at + 1)));
                self.tree.nodes[node as usize].is_cut |= is_cut;
            }
            let exits = &mut self.tree.nodes[node as usize].exits;
            if exits.iter().all(|(_, other)| *other != behind) {
                exits.push((words.clone(), behind));
            }
        }
    }
}

impl Tree {
    fn add(&mut self, node: Node) -> u32 {
        self.nodes.push(node);
        self.nodes.len() as u32 - 1
    }

    fn child(&self, node: u32, byte: u8) -> Option<u32> {
        self.nodes[node as usize].children.iter().find(|(other, _)| *other == byte).map(|(_, child)| *child)
    }

    fn child_or_new(&mut self, node: u32, byte: u8) -> u32 {
        self.child(node, byte).unwrap_or_else(|| {
            let fresh = self.add(Node::default());
            self.nodes[node as usize].children.push((byte, fresh));
            fresh
        })
    }
}

/// What may stand between two units.
fn separators(behind: TextUnit, unit: TextUnit) -> &'static [&'static str] {
    match (behind, unit) {
        (TextUnit::Start, _) => &[" ", ""],
        (TextUnit::Letter, TextUnit::Letter) => &[" ", "", ".", "-"],
        (TextUnit::Letter, _) => &[" ", ". ", ", "],
        (TextUnit::Figures, TextUnit::Figures) => &[" ", "", "-", ".", ":", ", "],
        (TextUnit::Figures, TextUnit::Letter) => &[" ", "", ", "],
        (TextUnit::Word, TextUnit::Word) => &[" ", ", ", ". ", "-"],
        _ => &[" ", ", "],
    }
}

/// A word as it is written behind a unit: what begins a text has a capital, and so have names anywhere.
fn spellings(word: &str, behind: TextUnit) -> Vec<String> {
    let mut letters = word.chars();
    let capital: String = letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default();
    let mut out = vec![capital];
    if behind != TextUnit::Start {
        out.push(word.to_owned());
    }
    if word.len() <= 3 && word != "a" {
        out.push(word.to_uppercase());
    }
    if word == "okay" {
        out.push("OK".to_owned());
    }
    out.sort();
    out.dedup();
    out
}

/// Whether `next` says again what was just said: Whisper writes short sounds down in a loop, and a grammar whose parts may
/// come in any order allows it. A word may be doubled ("no no"), and numbers may be anything.
fn loops(next: &[String], before: Option<&Words>, language: Language) -> bool {
    let (mut said, mut at) = (next.iter().rev().collect::<Vec<_>>(), before);
    while let Some(here) = at {
        said.extend(here.last.iter().rev());
        at = here.before.as_deref();
    }
    let is_number = |word: &&String| figures::is_number(word, language);
    let doubled = |length: usize| said.len() >= 2 * length && said[..length] == said[length..2 * length];
    let tripled = said.len() >= 3 && said[0] == said[1] && said[1] == said[2];
    let again = tripled || (2..=said.len() / 2).any(doubled);
    again && !said.first().is_some_and(is_number)
}

/// Numbers in figures that begin in a state: how each is written, its words, the state behind it.
fn figures_from(automaton: &Automaton, state: u32, language: Language) -> Vec<(String, Arc<[String]>, u32)> {
    let (mut out, mut todo, mut at) = (Vec::new(), vec![(Vec::<&str>::new(), state)], 0);
    // Short numbers come first, and what is left out is long.
    while at < todo.len() && out.len() < MOST_FIGURES && todo.len() < 4 * MOST_FIGURES {
        let (words, state) = todo[at].clone();
        at += 1;
        for (word, to) in automaton.steps(state).filter(|(word, _)| figures::is_number(word, language)) {
            let mut words = words.clone();
            words.push(word);
            if let Some(written) = figures::figures(&words, language) {
                out.push((written, words.iter().map(|word| (*word).to_owned()).collect(), to));
            }
            if words.len() < figures::LONGEST {
                todo.push((words, to));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A vocabulary of all bytes, and of some longer pieces.
    fn pieces() -> Vec<Vec<u8>> {
        let pieces = [" Y", " Ye", " Yes", "ir", "ty", " Two", "30", " 2", " 12", "34", "pm", " PM", ".m", " gi"];
        let bytes = (0..=255).map(|byte| vec![byte]);
        bytes.chain(pieces.map(|piece| piece.as_bytes().to_vec())).collect()
    }

    fn read(jsgf: &str, written: &str, language: Language) -> Vec<Sentence> {
        let (grammar, pieces) = (Grammar::parse(jsgf, language).unwrap(), pieces());
        let vocabulary = Vocabulary::new(pieces.clone(), 1_000);
        let mut texts = WrittenGrammar::new(&grammar, &vocabulary);
        let mut at = texts.start();
        // In pieces that end anywhere, as tokens do.
        let mut rest = written.as_bytes();
        while !rest.is_empty() {
            let fit = pieces.iter().enumerate().filter(|(_, piece)| rest.starts_with(piece));
            let behind = fit.map(|(token, piece)| (piece.len(), texts.behind(&at, token as Token)));
            let longest = behind.filter(|(_, behind)| !behind.is_empty()).max_by_key(|(length, _)| *length);
            let Some((length, behind)) = longest else { return Vec::new() };
            rest = &rest[length..];
            at = behind;
        }
        texts.sentences(&at)
    }

    const TURN: &str = "public <t> = [at] <time> [please] | yes | no please | /0.01/ <code>; \
        <time> = (one | two | twelve) (o'clock | [(thirty | fifteen | oh five)] [p m | a m]); \
        <code> = <d> <d> <d> <d>; <d> = zero | oh | one | two | three | four;";

    #[test]
    fn texts_are_read_as_the_sentences_of_the_grammar() {
        for (written, text) in [
            (" Yes", "yes"),
            (" No, please", "no please"),
            (" Two thirty p.m", "two thirty p m"),
            (" At 2.30pm", "at two thirty p m"),
            (" 2:30 PM, please", "two thirty p m please"),
            (" 230 a m", "two thirty a m"),
            (" 2:05", "two oh five"),
            (" 12 o'clock", "twelve o'clock"),
            (" 4-3-1-0", "four three one zero"),
            (" 1234", "one two three four"),
            (" One, two, three, four", "one two three four"),
        ] {
            let read = read(TURN, written, Language::En);
            assert!(read.iter().any(|sentence| sentence.text == text), "{written}: {read:?}");
        }
        for other in [" Yeah", " Yes yes", " 2:3", " 13 o'clock", " ", "", " 12345"] {
            assert!(read(TURN, other, Language::En).is_empty(), "{other}");
        }
    }

    #[test]
    fn what_is_said_in_a_loop_is_no_sentence() {
        let grammar = "public <t> = (mountain view | today | no | four)+;";
        for (written, allowed) in [
            (" Mountain View", true),
            (" No no", true),
            (" Four four four four", true),
            (" Mountain View mountain view", false),
            (" Today today today", false),
            (" Today mountain view", true),
        ] {
            assert_eq!(!read(grammar, written, Language::En).is_empty(), allowed, "{written}");
        }
    }

    #[test]
    fn a_sentence_has_its_weight_and_knows_how_it_ends() {
        let code = &read(TURN, " 1 2 3 4", Language::En)[0];
        assert!(code.ends_in_figures && code.weight < 0.1, "{code:?}");
        let yes = &read(TURN, " Yes", Language::En)[0];
        assert!(!yes.ends_in_figures && yes.weight > 0.9, "{yes:?}");
    }

    #[test]
    fn vietnamese_is_read_with_its_marks_and_in_figures() {
        let grammar =
            "public <t> = (lúc | <NULL>) <n> giờ [rưỡi] | trạm a t m | trạm atm; <n> = tám | mười [một] | hai mươi;";
        for (written, text) in [
            (" Lúc 8 giờ rưỡi", "lúc tám giờ rưỡi"),
            (" 11 giờ", "mười một giờ"),
            (" Hai mươi giờ", "hai mươi giờ"),
            (" Trạm ATM", "trạm atm"),
        ] {
            let read = read(grammar, written, Language::Vi);
            assert!(read.iter().any(|sentence| sentence.text == text), "{written}: {read:?}");
        }
    }
}

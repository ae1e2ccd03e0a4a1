//! How Whisper may write what a grammar allows: with capitals or without, with commas, in words or in figures.
//!
//! A grammar is an automaton over words; Whisper writes tokens, which are pieces of text. The bytes of a token lead from a
//! set of positions to the next, and a position is a place in a word of the automaton. Words are cut into tokens as
//! Whisper's own tokenizer cuts them; figures, which are written in many ways, anywhere.
use super::figures;
use super::vocabulary::{Token, Vocabulary};
use crate::Language;
use crate::asr::jsgf::Automaton;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

/// The most positions that one text can stand at; further ones are dropped.
const MOST_POSITIONS: usize = 64;
/// The most numbers in figures that one state of an automaton begins.
const MOST_FIGURES: usize = 1_200;

/// A place between two words: in which of the grammar's automata, in which state, behind what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Boundary {
    way: u16,
    state: u32,
    behind: Piece,
}

/// What a text consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Piece {
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
    /// Where a piece ends: the grammar's words it stands for, and what lies behind.
    exits: Vec<(Rc<[String]>, Boundary)>,
    boundary: Option<Boundary>,
    /// Whether a token may end here.
    is_cut: bool,
}

/// Where a text that was begun may stand, and the grammar's words before that place.
#[derive(Clone, Debug)]
pub(super) struct Position {
    node: u32,
    words: Option<Rc<Words>>,
}

#[derive(Debug)]
struct Words {
    last: Rc<[String]>,
    before: Option<Rc<Words>>,
}

/// A sentence of the grammar that a text may be.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Sentence {
    pub text: String,
    /// The weight that the grammar gives it, the likeliest having 1.
    pub weight: f64,
    pub ends_in_figures: bool,
}

/// A grammar as it may be written; the tree grows as texts are followed.
pub(super) struct Writing<'a> {
    ways: &'a [(f64, Automaton)],
    language: Language,
    vocabulary: &'a Vocabulary,
    nodes: Vec<Node>,
    roots: HashMap<Boundary, u32>,
}

impl<'a> Writing<'a> {
    pub fn new(ways: &'a [(f64, Automaton)], language: Language, vocabulary: &'a Vocabulary) -> Self {
        Self { ways, language, vocabulary, nodes: Vec::new(), roots: HashMap::new() }
    }

    /// The positions before anything was written.
    pub fn start(&mut self) -> Vec<Position> {
        let boundaries = (0..self.ways.len() as u16).map(|way| Boundary { way, state: 0, behind: Piece::Start });
        boundaries.map(|boundary| Position { node: self.root(boundary), words: None }).collect()
    }

    /// The tokens that the grammar allows at `positions`, each with the positions behind it.
    pub fn tokens(&mut self, positions: &[Position]) -> Vec<(Token, Vec<Position>)> {
        let mut out: BTreeMap<Token, Vec<Position>> = BTreeMap::new();
        let vocabulary = self.vocabulary;
        let mut todo: Vec<(Vec<u8>, Position)> =
            positions.iter().map(|position| (Vec::new(), position.clone())).collect();
        while let Some((bytes, at)) = todo.pop() {
            for (byte, child) in self.nodes[at.node as usize].children.clone() {
                let mut bytes = bytes.clone();
                bytes.push(byte);
                if !vocabulary.begins(&bytes) {
                    continue;
                }
                let inside = Position { node: child, words: at.words.clone() };
                let mut behind = vec![inside];
                for (words, boundary) in self.nodes[child as usize].exits.clone() {
                    if loops(&words, at.words.as_deref(), self.language) {
                        continue;
                    }
                    let words = Some(Rc::new(Words { last: words, before: at.words.clone() }));
                    behind.push(Position { node: self.root(boundary), words });
                }
                if self.nodes[child as usize].is_cut
                    && let Some(token) = vocabulary.token(&bytes)
                {
                    let all = out.entry(token).or_default();
                    for position in &behind {
                        if all.len() < MOST_POSITIONS && all.iter().all(|other| other.node != position.node) {
                            all.push(position.clone());
                        }
                    }
                }
                todo.extend(behind.into_iter().map(|position| (bytes.clone(), position)));
            }
        }
        out.into_iter().collect()
    }

    /// The sentences that end at these positions.
    pub fn sentences(&self, positions: &[Position]) -> Vec<Sentence> {
        let mut out: Vec<Sentence> = Vec::new();
        for position in positions {
            let Some(boundary) = self.nodes[position.node as usize].boundary else { continue };
            let (weight, automaton) = &self.ways[usize::from(boundary.way)];
            if boundary.behind == Piece::Start || !automaton.is_end(boundary.state) {
                continue;
            }
            let (mut words, mut at) = (Vec::new(), position.words.as_deref());
            while let Some(here) = at {
                words.extend(here.last.iter().rev().map(String::as_str));
                at = here.before.as_deref();
            }
            words.reverse();
            let (text, ends_in_figures) = (words.join(" "), boundary.behind == Piece::Figures);
            if out.iter().all(|sentence| sentence.text != text) {
                out.push(Sentence { text, weight: *weight, ends_in_figures });
            }
        }
        out
    }

    /// The root of the tree of what may follow a boundary.
    fn root(&mut self, boundary: Boundary) -> u32 {
        if let Some(&root) = self.roots.get(&boundary) {
            return root;
        }
        let root = self.nodes.len() as u32;
        self.nodes.push(Node { boundary: Some(boundary), is_cut: true, ..Node::default() });
        self.roots.insert(boundary, root);
        let automaton = &self.ways[usize::from(boundary.way)].1;
        for (word, to) in automaton.steps(boundary.state) {
            let piece = if word.chars().count() == 1 { Piece::Letter } else { Piece::Word };
            let words: Rc<[String]> = Rc::new([word.to_owned()]);
            for written in spellings(word, boundary.behind) {
                self.add(root, boundary, &written, piece, &words, to);
            }
        }
        for (written, words, to) in figures_from(automaton, boundary.state, self.language) {
            self.add(root, boundary, &written, Piece::Figures, &words, to);
        }
        root
    }

    fn add(&mut self, root: u32, from: Boundary, written: &str, piece: Piece, words: &Rc<[String]>, to: u32) {
        let behind = Boundary { way: from.way, state: to, behind: piece };
        for separator in separators(from.behind, piece) {
            let text = format!("{separator}{written}");
            // Figures may be cut anywhere: which run of figures a token belongs to shows later.
            let cuts = (piece != Piece::Figures).then(|| self.vocabulary.cuts(&text));
            let mut node = root;
            for (at, byte) in text.bytes().enumerate() {
                node = self.child(node, byte);
                let is_cut = cuts.as_ref().is_none_or(|cuts| cuts.contains(&(at + 1)));
                self.nodes[node as usize].is_cut |= is_cut;
            }
            let exits = &mut self.nodes[node as usize].exits;
            if exits.iter().all(|(_, other)| *other != behind) {
                exits.push((words.clone(), behind));
            }
        }
    }

    fn child(&mut self, node: u32, byte: u8) -> u32 {
        let children = &self.nodes[node as usize].children;
        if let Some(&(_, child)) = children.iter().find(|(b, _)| *b == byte) {
            return child;
        }
        let fresh = self.nodes.len() as u32;
        self.nodes.push(Node::default());
        self.nodes[node as usize].children.push((byte, fresh));
        fresh
    }
}

/// What may stand between two pieces.
fn separators(behind: Piece, piece: Piece) -> &'static [&'static str] {
    match (behind, piece) {
        (Piece::Start, _) => &[" ", ""],
        (Piece::Letter, Piece::Letter) => &[" ", "", ".", "-"],
        (Piece::Letter, _) => &[" ", ". ", ", "],
        (Piece::Figures, Piece::Figures) => &[" ", "", "-", ".", ":", ", "],
        (Piece::Figures, Piece::Letter) => &[" ", "", ", "],
        (Piece::Word, Piece::Word) => &[" ", ", ", ". ", "-"],
        _ => &[" ", ", "],
    }
}

/// A word as it is written behind a piece: what begins a text has a capital, and so have names anywhere.
fn spellings(word: &str, behind: Piece) -> Vec<String> {
    let mut letters = word.chars();
    let capital: String = letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default();
    let mut out = vec![capital];
    if behind != Piece::Start {
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
fn figures_from(automaton: &Automaton, state: u32, language: Language) -> Vec<(String, Rc<[String]>, u32)> {
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
        let (ways, pieces) = (Automaton::parse(jsgf).unwrap(), pieces());
        let vocabulary = Vocabulary::new(pieces.clone(), 1_000);
        let mut writing = Writing::new(&ways, language, &vocabulary);
        let mut at = writing.start();
        // In pieces that end anywhere, as tokens do.
        let mut rest = written.as_bytes();
        while !rest.is_empty() {
            let tokens = writing.tokens(&at);
            let fits = |token: &Token| rest.starts_with(&pieces[*token as usize]);
            let longest = tokens.into_iter().filter(|(token, _)| fits(token));
            let longest = longest.max_by_key(|(token, _)| pieces[*token as usize].len());
            let Some((token, behind)) = longest else { return Vec::new() };
            rest = &rest[pieces[token as usize].len()..];
            at = behind;
        }
        writing.sentences(&at)
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

//! `Query`: what a question asks for.
use super::synonyms::{self, Span};
use super::terms::{self, bare_pair, bare_word, pair, word};
use super::words::{self, Marks};
use crate::language::Language;

/// A word that means the same counts so much.
const SYNONYM: f32 = 0.8;
/// Of words with their marks, the letters without them count so much: a page may lack the marks.
const BARE: f32 = 0.4;
/// A syllable of Vietnamese means little by itself, two in a row most.
const SYLLABLE: f32 = 0.7;
/// What is asked by its kind ("how much", "mấy giờ") counts so much.
const KIND: f32 = 1.0;
/// Two English words in a row count besides each of them.
const ROW: f32 = 0.4;

/// Something that is asked for: it is there where one of these terms is, each worth so much (1: the word itself).
#[derive(Debug)]
pub(super) struct Want {
    pub weight: f32,
    pub alternatives: Vec<(String, f32)>,
    /// Whether it tells something though no page has it: a word that is not an everyday one.
    pub tells: bool,
}

#[derive(Debug)]
pub(super) struct Query {
    pub wants: Vec<Want>,
}

impl Query {
    /// Whether one thing alone is asked for: that another word means the same is not enough then.
    pub fn is_single(&self) -> bool {
        self.wants.len() == 1
    }

    pub fn new(question: &str, language: Language) -> Query {
        let mut query = Query { wants: Vec::new() };
        if let Some(kind) = terms::asked_kind(&words::words(question), language) {
            query.want(KIND, true, vec![(kind.to_owned(), 1.0)]);
        }
        let marks = if question.is_ascii() { Marks::LeftOut } else { Marks::Written };
        for piece in question.split(['.', '!', '?', ';', ':', '\n', ',']) {
            let words = words::telling_words(piece, language);
            match language {
                Language::En => query.english(&words),
                Language::Vi => query.vietnamese(&words, marks),
            }
        }
        query
    }

    fn want(&mut self, weight: f32, tells: bool, alternatives: Vec<(String, f32)>) {
        // What is said twice is asked for once.
        if weight > 0.0 && !self.wants.iter().any(|want| want.alternatives[0].0 == alternatives[0].0) {
            self.wants.push(Want { weight, alternatives, tells });
        }
    }

    fn english(&mut self, words: &[String]) {
        let telling: Vec<f32> = words.iter().map(|word| words::telling(word, Language::En, Marks::Written)).collect();
        let stems: Vec<String> = words.iter().map(|word| words::stem(word, Language::En)).collect();
        let spoken: Vec<&str> = stems.iter().map(String::as_str).collect();
        let mut meant = vec![false; words.len()];
        for Span { at, len, groups } in synonyms::spans(&spoken, Language::En) {
            meant[at..at + len].fill(true);
            let own = if len == 1 { word(&stems[at]) } else { spoken[at..at + len].join(" ") };
            let weight = if len == 1 { telling[at] } else { 1.0 };
            let tells = telling[at..at + len].iter().any(|tells| *tells >= 1.0);
            self.want(weight, tells, with_meanings(vec![(own, 1.0)], groups));
        }
        for (at, stem) in stems.iter().enumerate().filter(|(at, _)| !meant[*at]) {
            self.want(telling[at], telling[at] >= 1.0, vec![(word(stem), 1.0)]);
        }
        for (at, two) in stems.windows(2).enumerate().filter(|(at, _)| telling[*at] > 0.0 && telling[at + 1] > 0.0) {
            let weight = ROW * (telling[at] + telling[at + 1]) / 2.0;
            self.want(weight, false, vec![(pair(&two[0], &two[1]), 1.0)]);
        }
    }

    fn vietnamese(&mut self, words: &[String], marks: Marks) {
        let bare = marks == Marks::LeftOut;
        let telling: Vec<f32> = words.iter().map(|word| words::telling(word, Language::Vi, marks)).collect();
        let exact = |marked: String, plain: String| match bare {
            true => vec![(plain, 1.0)],
            false => vec![(marked, 1.0), (plain, BARE)],
        };
        let single = |at: usize| exact(word(&words[at]), bare_word(&words[at]));
        let two = |at: usize| exact(pair(&words[at], &words[at + 1]), bare_pair(&words[at], &words[at + 1]));
        let spoken: Vec<&str> = words.iter().map(String::as_str).collect();
        for Span { at, len, groups } in synonyms::spans(&spoken, Language::Vi) {
            let (weight, own) = match len {
                1 => (SYLLABLE * telling[at], single(at)),
                2 => (1.0, two(at)),
                _ => (1.0, vec![(spoken[at..at + len].join(" "), 1.0)]),
            };
            let tells = telling[at..at + len].iter().any(|tells| *tells >= 1.0);
            self.want(weight, tells, with_meanings(own, groups));
        }
        for at in 0..words.len() {
            self.want(SYLLABLE * telling[at], telling[at] >= 1.0, single(at));
            if at + 1 < words.len() && telling[at] > 0.0 && telling[at + 1] > 0.0 {
                self.want((telling[at] + telling[at + 1]) / 2.0, false, two(at));
            }
        }
    }
}

fn with_meanings(mut own: Vec<(String, f32)>, groups: &[u32]) -> Vec<(String, f32)> {
    own.extend(groups.iter().map(|group| (terms::meaning(*group), SYNONYM)));
    own
}

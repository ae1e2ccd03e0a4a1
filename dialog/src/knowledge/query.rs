//! `Query`: what a question asks for.
use super::synonyms::{self, Phrase};
use super::terms::{self, Marks, bare_pair, bare_word, pair, word};
use crate::language::Language;

/// A word that means the same counts so much.
const SYNONYM: f32 = 0.6;
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
}

impl Want {
    /// Whether it is a word of questions of every kind.
    pub fn is_usual(&self) -> bool {
        self.weight <= SYLLABLE * terms::USUAL || self.weight == terms::USUAL
    }
}

#[derive(Debug)]
pub(super) struct Query {
    pub wants: Vec<Want>,
}

impl Query {
    pub fn new(question: &str, language: Language) -> Query {
        let mut query = Query { wants: Vec::new() };
        if let Some(kind) = terms::asked_kind(&terms::words(question), language) {
            query.want(KIND, vec![(kind.to_owned(), 1.0)]);
        }
        let marks = if question.is_ascii() { Marks::LeftOut } else { Marks::Written };
        for piece in question.split(['.', '!', '?', ';', ':', '\n', ',']) {
            let words = terms::words(piece);
            match language {
                Language::En => query.english(&words),
                Language::Vi => query.vietnamese(&words, marks),
            }
        }
        query
    }

    fn want(&mut self, weight: f32, alternatives: Vec<(String, f32)>) {
        // What is said twice is asked for once.
        if !self.wants.iter().any(|want| want.alternatives[0].0 == alternatives[0].0) {
            self.wants.push(Want { weight, alternatives });
        }
    }

    fn english(&mut self, words: &[String]) {
        let stems: Vec<(String, bool)> = words
            .iter()
            .map(|word| (terms::stem(word, Language::En), terms::is_little(word, Language::En, Marks::Written)))
            .collect();
        let mut at = 0;
        while at < words.len() {
            let rest: Vec<&str> = stems[at..].iter().map(|(stem, _)| stem.as_str()).collect();
            if let Some((len, others)) = synonyms::of(&rest, Language::En) {
                let own = match len {
                    1 => word(&stems[at].0),
                    _ => pair(&stems[at].0, &stems[at + 1].0),
                };
                self.want(
                    if len == 1 { terms::telling(&words[at], Language::En, Marks::Written) } else { 1.0 },
                    alternatives(own, &others, false),
                );
                at += len;
                continue;
            }
            if !stems[at].1 {
                self.want(terms::telling(&words[at], Language::En, Marks::Written), vec![(word(&stems[at].0), 1.0)]);
            }
            at += 1;
        }
        for two in stems.windows(2).filter(|two| !two[0].1 && !two[1].1) {
            self.want(ROW, vec![(pair(&two[0].0, &two[1].0), 1.0)]);
        }
    }

    fn vietnamese(&mut self, words: &[String], marks: Marks) {
        let bare = marks == Marks::LeftOut;
        let little: Vec<bool> = words.iter().map(|word| terms::is_little(word, Language::Vi, marks)).collect();
        let exact = |marked: String, plain: String| match bare {
            true => vec![(plain, 1.0)],
            false => vec![(marked, 1.0), (plain, BARE)],
        };
        let telling = |word: &str| terms::telling(word, Language::Vi, marks);
        let two = |one: &str, other: &str| (telling(one) + telling(other)) / 2.0;
        let mut at = 0;
        while at < words.len() {
            let rest: Vec<&str> = words[at..].iter().map(String::as_str).collect();
            if let Some((len, others)) = synonyms::of(&rest, Language::Vi) {
                let own = match (len, bare) {
                    (1, false) => word(&words[at]),
                    (1, true) => bare_word(&words[at]),
                    (_, false) => pair(&words[at], &words[at + 1]),
                    (_, true) => bare_pair(&words[at], &words[at + 1]),
                };
                let weight = if len == 1 { SYLLABLE * telling(&words[at]) } else { two(&words[at], &words[at + 1]) };
                self.want(weight, alternatives(own, &others, bare));
                at += len;
                continue;
            }
            at += 1;
        }
        for (at, said) in words.iter().enumerate().filter(|(at, _)| !little[*at]) {
            self.want(SYLLABLE * telling(said), exact(word(said), bare_word(said)));
            let next = at + 1;
            if next < words.len() && !little[next] {
                self.want(two(said, &words[next]), exact(pair(said, &words[next]), bare_pair(said, &words[next])));
            }
        }
    }
}

fn alternatives(own: String, others: &[Phrase], bare: bool) -> Vec<(String, f32)> {
    let mut all = vec![(own, 1.0)];
    for other in others {
        let term = match (other.as_slice(), bare) {
            ([one], false) => word(one),
            ([one], true) => bare_word(one),
            ([one, two, ..], false) => pair(one, two),
            ([one, two, ..], true) => bare_pair(one, two),
            ([], _) => continue,
        };
        if !all.iter().any(|(known, _)| *known == term) {
            all.push((term, SYNONYM));
        }
    }
    all
}

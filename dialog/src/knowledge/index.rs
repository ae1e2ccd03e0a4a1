//! `Index`: which terms stand in which passages, and BM25 over them (Robertson and Zaragoza, "The Probabilistic Relevance Framework",
//! 2009, section 3.6: fields of their own weight). What a question asks for is a list of wants; of each the alternative that fits best counts.
use super::query::{Query, Want};
use super::{DocumentPassage, FoundPassage, terms};
use crate::language::Language;
use std::collections::{BTreeSet, HashMap};

/// From how often a term stands in a passage on that hardly matters.
const K1: f32 = 1.2;
/// How much longer passages are held against.
const B: f32 = 0.5;
/// A term of a heading counts as so many of the text.
const HEADING: f32 = 2.0;

/// A term of the file's name or its folders'.
const NAME: f32 = 1.0;

/// The words of a file's path.
fn named(document: &str) -> String {
    let stem = document.rsplit_once('.').map_or(document, |(stem, _)| stem);
    stem.replace(['/', '\\', '_', '-', '.'], ", ")
}

pub(super) struct Index {
    /// By term: the passages that hold it, and how much of it, fields and lengths considered.
    postings: HashMap<String, Vec<(u32, f32)>>,
    passages: usize,
}

impl Index {
    pub fn new(language: Language, passages: &[DocumentPassage]) -> Index {
        let texts: Vec<Vec<String>> = passages.iter().map(|of| terms::of_text(&of.text, language)).collect();
        let all: usize = texts.iter().map(Vec::len).sum();
        let usual = (all as f32 / passages.len().max(1) as f32).max(1.0);
        let mut postings: HashMap<String, Vec<(u32, f32)>> = HashMap::new();
        for (at, (passage, text)) in passages.iter().zip(texts).enumerate() {
            let long = 1.0 - B + B * text.len() as f32 / usual;
            let mut counts: HashMap<String, f32> = HashMap::new();
            for term in text {
                *counts.entry(term).or_default() += 1.0 / long;
            }
            let headings: BTreeSet<String> =
                passage.headings.iter().flat_map(|heading| terms::of_text(heading, language)).collect();
            for term in headings {
                *counts.entry(term).or_default() += HEADING;
            }
            let named: BTreeSet<String> = terms::of_text(&named(&passage.document), language).into_iter().collect();
            for term in named {
                *counts.entry(term).or_default() += NAME;
            }
            for (term, count) in counts {
                postings.entry(term).or_default().push((at as u32, count));
            }
        }
        Index { postings, passages: passages.len() }
    }

    /// How rare a term is (section 3.3, in the form that is never below zero).
    fn rarity(&self, term: &str) -> f32 {
        let holding = self.postings.get(term).map_or(0, Vec::len) as f32;
        (1.0 + (self.passages as f32 - holding + 0.5) / (holding + 0.5)).ln()
    }

    /// What a want is worth: the most of its alternatives that are known at all. A word that is not known is worth as much as the rarest
    /// one where it tells something; two in a row are worth nothing besides each of them.
    fn worth(&self, want: &Want) -> f32 {
        let known = want.alternatives.iter().filter(|(term, _)| self.postings.contains_key(term));
        let most = known.map(|(term, _)| self.rarity(term)).fold(0.0_f32, f32::max);
        want.weight
            * match most > 0.0 {
                true => most,
                false if want.tells => self.rarity(""),
                false => 0.0,
            }
    }

    pub fn search(&self, query: &Query, most: usize) -> Vec<FoundPassage> {
        let all: f32 = query.wants.iter().map(|want| self.worth(want)).sum();
        if all <= 0.0 {
            return Vec::new();
        }
        let mut scores: HashMap<u32, (f32, f32)> = HashMap::new();
        for want in &query.wants {
            let mut best: HashMap<u32, (f32, f32)> = HashMap::new();
            for (term, weight) in &want.alternatives {
                let rarity = self.rarity(term);
                for (passage, count) in self.postings.get(term).into_iter().flatten() {
                    let score = weight * rarity * count * (K1 + 1.0) / (K1 + count);
                    let entry = best.entry(*passage).or_default();
                    *entry = (entry.0.max(score), entry.1.max(*weight));
                }
            }
            let worth = self.worth(want);
            for (passage, (score, weight)) in best {
                let entry = scores.entry(passage).or_default();
                entry.0 += want.weight * score;
                entry.1 += worth * weight;
            }
        }
        let found = |(passage, (score, share)): (u32, (f32, f32))| FoundPassage {
            passage: passage as usize,
            // Who holds more of what is asked for comes before who holds one word of it often.
            score: score * (share / all).min(1.0).sqrt(),
            share: (share / all).min(1.0),
        };
        let mut found: Vec<FoundPassage> = scores.into_iter().map(found).collect();
        found.sort_by(|one, other| other.score.total_cmp(&one.score).then(one.passage.cmp(&other.passage)));
        found.truncate(most);
        found
    }

    /// How much of what is asked for stands in a text, 0 to 1.
    pub fn share_of(&self, query: &Query, text: &str, language: Language) -> f32 {
        let held: BTreeSet<String> = terms::of_text(text, language).into_iter().collect();
        let (mut all, mut there) = (0.0_f32, 0.0_f32);
        for want in &query.wants {
            let worth = self.worth(want);
            let fits = want.alternatives.iter().filter(|(term, _)| held.contains(term)).map(|(_, weight)| *weight);
            all += worth;
            there += worth * fits.fold(0.0, f32::max);
        }
        if all > 0.0 { there / all } else { 0.0 }
    }
}

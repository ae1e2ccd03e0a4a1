//! A whole talk: numbers that a caller gives in several turns, and answers to a question for something personal.
use super::found::{Found, apart, folded};
use super::numbers::{Run, kinds_of, runs};
use super::pieces::{Piece, cut};
use super::{Guard, TalkLine};
use crate::value::capture::email::is_address;
use std::ops::Range;

/// So many turns of a caller's make one number at most.
const MOST_PARTS: usize = 8;
/// Fewer digits in answer to a question for a number tell nothing.
const FEWEST: usize = 2;
/// So many words may stand before the digits of a turn that is a part of a number.
const LEAD: usize = 5;

/// Words that may stand behind the digits of a turn.
const POLITE: [&str; 13] =
    ["please", "thanks", "thank", "you", "okay", "ok", "yes", "yeah", "ạ", "nhé", "nha", "dạ", "rồi"];

/// Digits at the end of a caller's turn that the next may go on with.
struct Part {
    line: usize,
    range: Range<usize>,
    digits: String,
}

impl Guard {
    /// The lines of a talk, masked: each by itself, and the numbers that several turns of the caller's come to.
    pub fn talk(&mut self, lines: &[TalkLine]) -> Vec<String> {
        if !self.is_on() {
            return lines.iter().map(|line| line.text.to_owned()).collect();
        }
        let mut spans: Vec<Vec<Found>> = Vec::with_capacity(lines.len());
        let mut chain: Vec<Part> = Vec::new();
        let mut asked = None;
        for (at, line) in lines.iter().enumerate() {
            let mut here = self.spans(line.text);
            if line.by_caller {
                if asked != line.slot {
                    chain.clear();
                }
                asked = line.slot;
                here.extend(self.answer(line));
                self.go_on(at, line, &mut chain, &mut spans, &mut here);
            }
            spans.push(here);
        }
        let masked = lines.iter().zip(spans).map(|(line, spans)| self.replaced(line.text, &apart(spans)));
        masked.collect()
    }

    /// What is personal because it was asked for.
    fn answer(&self, line: &TalkLine) -> Vec<Found> {
        let Some(kind) = line.asked.filter(|kind| self.masks(*kind)) else { return Vec::new() };
        let pieces = cut(line.text);
        let found = |range: Range<usize>, digits: String| Found { range, kind, value: digits.clone(), key: digits };
        if kind.is_number() {
            let runs = runs(&pieces, self.language);
            let digits = runs.iter().filter_map(|run| Some((run, run.digits(&pieces, self.language)?)));
            let long = digits.filter(|(_, digits)| digits.len() >= FEWEST);
            return long.map(|(run, digits)| found(run.range(&pieces), digits)).collect();
        }
        // A part of an address: what is said with a sign of one.
        let is_part =
            |piece: &Piece| piece.is_sign("@") || matches!(piece.word.as_str(), "còng" | "dot" | "chấm" | "at");
        if kind == super::Personal::Email && (pieces.iter().any(is_part) || is_address(line.text)) {
            return vec![found(0..line.text.len(), folded(line.text))];
        }
        Vec::new()
    }

    /// Joins the digits of this turn with those of the turns before it.
    fn go_on(
        &self,
        at: usize,
        line: &TalkLine,
        chain: &mut Vec<Part>,
        spans: &mut [Vec<Found>],
        here: &mut Vec<Found>,
    ) {
        if !self.kinds.iter().any(|kind| kind.is_number()) {
            return;
        }
        let pieces = cut(line.text);
        let runs = runs(&pieces, self.language);
        let digits = |run: &Run| run.digits(&pieces, self.language).unwrap_or_default();
        let words = |range: Range<usize>| pieces[range].iter().filter(|piece| piece.is_word()).count();
        // "four people" goes on with no number.
        let ends = |run: &Run| {
            let mut behind = pieces[run.pieces.end..].iter().filter(|piece| piece.is_word());
            behind.all(|piece| POLITE.contains(&piece.word.as_str()))
        };
        let first = runs.first().filter(|run| words(0..run.pieces.start) <= LEAD);
        let last = runs.last().filter(|run| ends(run));
        let (Some(first), Some(last)) = (first.or(last), last.or(first)) else { return chain.clear() };
        let joined = (0..chain.len()).find_map(|from| {
            let before: String = chain[from..].iter().map(|part| part.digits.as_str()).collect();
            let whole = format!("{before}{}", digits(first));
            let kinds = kinds_of(&whole, false, None, self.language);
            let kind = kinds.into_iter().find(|kind| self.masks(*kind))?;
            Some((from, kind, whole))
        });
        // A turn that is nothing but digits is a part of something.
        let is_whole = runs.len() == 1 && words(0..first.pieces.start) <= LEAD && ends(last);
        if let Some((from, kind, whole)) = joined.filter(|_| is_whole) {
            let found = |range: Range<usize>| Found { range, kind, value: whole.clone(), key: whole.clone() };
            for part in &chain[from..] {
                spans[part.line].push(found(part.range.clone()));
            }
            here.push(found(first.range(&pieces)));
        }
        if !is_whole {
            chain.clear();
        }
        if ends(last) {
            chain.push(Part { line: at, range: last.range(&pieces), digits: digits(last) });
        }
        if chain.len() > MOST_PARTS {
            chain.remove(0);
        }
    }
}

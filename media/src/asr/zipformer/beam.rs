//! `Beam`: the search of a transducer (Graves, 2012) with at most one token in a frame, over the likeliest sequences of tokens so
//! far; sherpa-onnx's "modified beam search", and with a beam of one its greedy search.
use super::context::Context;
use super::graphs::{Decoder, Joiner, Rows};
use super::tokens::Tokens;
use crate::inference::Threads;
use std::cmp::Ordering;
use std::collections::HashMap;

/// What a search needs beside its sound.
pub struct Search<'a> {
    pub decoder: &'a Decoder,
    pub joiner: &'a Joiner,
    pub tokens: &'a Tokens,
    /// The phrases that are expected.
    pub context: Option<&'a Context>,
    /// Sequences that are followed at once.
    pub width: usize,
}

/// A sequence of tokens.
#[derive(Clone, Debug)]
pub struct Sequence {
    /// With as many before the first as the decoder's context has: -1, and 0 as the last of them.
    tokens: Vec<i32>,
    /// The logarithm of each token's probability.
    scores: Vec<f32>,
    /// That of the whole sequence, with what the context has added.
    score: f64,
    /// In the context.
    place: usize,
}

impl Sequence {
    /// The score by which sequences of different lengths compare.
    fn mean(&self) -> f64 {
        self.score / self.tokens.len() as f64
    }
}

#[derive(Clone, Debug)]
pub struct Beam {
    context: usize,
    sequences: Vec<Sequence>,
    /// What the decoder gave for each context so far.
    decoded: HashMap<Vec<i32>, Vec<f32>>,
}

impl Beam {
    /// `context`: how many tokens the decoder takes.
    pub fn new(context: usize) -> Self {
        let mut tokens = vec![-1; context];
        tokens[context - 1] = 0;
        let empty = Sequence { tokens, scores: Vec::new(), score: 0.0, place: 0 };
        Self { context, sequences: vec![empty], decoded: HashMap::new() }
    }

    /// The best tokens so far, with the logarithm of the probability of each.
    pub fn best(&self) -> (&[i32], &[f32]) {
        let best = self.sequences.iter().max_by(|a, b| a.mean().total_cmp(&b.mean()));
        best.map_or((&[], &[]), |best| (&best.tokens[self.context..], &best.scores))
    }

    /// Searches through one frame of the encoder.
    pub fn step(&mut self, search: &Search, frame: &[f32], threads: &Threads) -> Result<(), String> {
        let decoded = self.decode(search.decoder, threads)?;
        let mut logits = search.joiner.run(frame, decoded, threads)?;
        if logits.width < search.decoder.vocabulary || logits.values.len() != logits.width * self.sequences.len() {
            return Err(format!("the joiner knows {} tokens", logits.width));
        }
        logits.values.chunks_exact_mut(logits.width).for_each(log_softmax);
        let sum = |(sequence, row): (&Sequence, &[f32])| {
            let before = sequence.score as f32;
            row.iter().map(move |score| score + before).collect::<Vec<f32>>()
        };
        let sums: Vec<f32> = self.sequences.iter().zip(logits.iter()).flat_map(sum).collect();
        let mut next = Vec::with_capacity(search.width);
        for at in largest(&sums, search.width) {
            let (sequence, token) = (&self.sequences[at / logits.width], (at % logits.width) as i32);
            add(&mut next, extended(sequence, token, sums[at], logits.values[at], search));
        }
        self.sequences = next;
        Ok(())
    }

    /// The end of the utterance: phrases that are not whole lose what they have added.
    pub fn end(&mut self, context: &Context) {
        for sequence in &mut self.sequences {
            sequence.score += f64::from(context.end(sequence.place));
        }
    }

    /// What the decoder gives for each sequence.
    fn decode(&mut self, decoder: &Decoder, threads: &Threads) -> Result<Rows, String> {
        let tail = |sequence: &Sequence| sequence.tokens[sequence.tokens.len() - self.context..].to_vec();
        let tails: Vec<Vec<i32>> = self.sequences.iter().map(tail).collect();
        let mut fresh: Vec<&Vec<i32>> = tails.iter().filter(|tail| !self.decoded.contains_key(*tail)).collect();
        fresh.sort();
        fresh.dedup();
        if !fresh.is_empty() {
            let rows = decoder.run(fresh.iter().flat_map(|tail| tail.iter().copied()).collect(), threads)?;
            for (tail, row) in fresh.into_iter().zip(rows.iter()) {
                self.decoded.insert(tail.clone(), row.to_vec());
            }
        }
        let rows: Option<Vec<&Vec<f32>>> = tails.iter().map(|tail| self.decoded.get(tail)).collect();
        let rows = rows.ok_or("the decoder gives too little")?;
        Ok(Rows {
            width: rows.first().map_or(0, |row| row.len()),
            values: rows.into_iter().flatten().copied().collect(),
        })
    }
}

fn extended(sequence: &Sequence, token: i32, score: f32, own: f32, search: &Search) -> Sequence {
    let mut next = sequence.clone();
    let mut bonus = 0.0;
    if !search.tokens.is_blank(token) {
        next.tokens.push(token);
        next.scores.push(own);
        if let Some(context) = search.context {
            (bonus, next.place) = context.step(next.place, token);
        }
    }
    next.score = f64::from(score + bonus);
    next
}

/// Sequences of the same tokens are one, whose probability is the sum of theirs.
fn add(sequences: &mut Vec<Sequence>, new: Sequence) {
    match sequences.iter_mut().find(|known| known.tokens == new.tokens) {
        Some(known) => {
            let (more, less) =
                if known.score >= new.score { (known.score, new.score) } else { (new.score, known.score) };
            known.score = more + (less - more).exp().ln_1p();
        }
        None => sequences.push(new),
    }
}

fn log_softmax(row: &mut [f32]) {
    let most = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f32 = row.iter().map(|value| (value - most).exp()).sum();
    let norm = most + sum.ln();
    row.iter_mut().for_each(|value| *value -= norm);
}

/// The places of the `count` largest values, the largest first.
fn largest(values: &[f32], count: usize) -> Vec<usize> {
    let mut best: Vec<usize> = Vec::with_capacity(count + 1);
    for (at, value) in values.iter().enumerate() {
        if best.len() == count && best.last().is_some_and(|last| values[*last] >= *value) {
            continue;
        }
        let place = best.partition_point(|other| values[*other].total_cmp(value) != Ordering::Less);
        best.insert(place, at);
        best.truncate(count);
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_come_first_and_equal_ones_in_their_order() {
        assert_eq!(largest(&[1.0, 5.0, 3.0, 5.0, 2.0], 3), [1, 3, 2]);
        assert_eq!(largest(&[1.0], 4), [0]);
        assert_eq!(largest(&[f32::NAN, 1.0], 1).len(), 1, "a graph that gives no number does not stop the search");
        let mut row = [1.0, 2.0, 3.0];
        log_softmax(&mut row);
        assert!((row.iter().map(|value| value.exp()).sum::<f32>() - 1.0).abs() < 1e-6);
    }

    #[test]
    fn the_same_tokens_by_two_ways_are_one_sequence() {
        let sequence =
            |tokens: &[i32], p: f64| Sequence { tokens: tokens.into(), scores: vec![], score: p.ln(), place: 0 };
        let mut all = Vec::new();
        for new in [sequence(&[1], 0.2), sequence(&[2], 0.3), sequence(&[1], 0.25)] {
            add(&mut all, new);
        }
        assert_eq!(all.len(), 2);
        assert!((all[0].score.exp() - 0.45).abs() < 1e-9, "{all:?}");
    }
}

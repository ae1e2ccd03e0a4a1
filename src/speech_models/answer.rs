//! `Answer`: the words and the sound of one answer of an endpoint, and which of the sound belongs to which clause. Endpoints do not say
//! which word sounds when: clauses share the sound by their letters, and are parted where it is quiet.
use super::mirror::letters;
use dialog::model::language_model::RequestId;
use media::tts::UtteranceId;
use std::ops::Range;

/// Samples of one letter before an endpoint's own pace is known: 80 ms.
const PER_LETTER: f64 = 0.08;
/// A quiet place is looked for so far around where a clause should end.
const AROUND: f64 = 0.3;
/// The length of sound of which is judged how quiet it is.
const PIECE: f64 = 0.02;
/// The longest answer of which the sound is kept.
const LONGEST: f64 = 150.0;

pub struct Answer {
    pub request: RequestId,
    hz: u32,
    letters: String,
    /// Letters so far, and how many of them belong to clauses.
    count: usize,
    claimed: usize,
    pub pcm: Vec<i16>,
    /// The endpoint's names of the pieces that the sound is in, each from a sample on.
    items: Vec<(String, usize)>,
    /// All of it has come.
    pub is_whole: bool,
    /// Nothing more of it comes.
    pub is_over: bool,
    /// Its sound is of no use: the bot's own voice says the rest.
    pub is_mute: bool,
    /// Up to where its sound went to the playout, and up to which letter that is.
    pub sent: usize,
    sent_letters: usize,
    /// Up to where it was heard.
    heard: usize,
    /// Which sample is reached with which character of a clause.
    marks: Vec<(UtteranceId, u32, usize)>,
    /// The endpoint knows what was heard.
    pub is_settled: bool,
    /// Seconds of one letter.
    pace: f64,
}

impl Answer {
    /// `pace`: that of the answers before, where there were any.
    pub fn new(request: RequestId, hz: u32, pace: Option<f64>) -> Self {
        Self {
            request,
            hz,
            letters: String::new(),
            count: 0,
            claimed: 0,
            pcm: Vec::new(),
            items: Vec::new(),
            is_whole: false,
            is_over: false,
            is_mute: false,
            sent: 0,
            sent_letters: 0,
            heard: 0,
            marks: Vec::new(),
            is_settled: false,
            pace: pace.unwrap_or(PER_LETTER),
        }
    }

    pub fn text(&mut self, text: &str) {
        self.letters.extend(letters(text));
        self.count = self.letters.chars().count();
    }

    pub fn sound(&mut self, item: &str, pcm: &[i16]) {
        if self.pcm.len() + pcm.len() > self.samples(LONGEST) {
            self.is_mute = true;
            return;
        }
        if self.items.last().is_none_or(|(last, _)| last != item) {
            self.items.push((item.to_owned(), self.pcm.len()));
        }
        self.pcm.extend_from_slice(pcm);
    }

    fn samples(&self, seconds: f64) -> usize {
        (seconds * f64::from(self.hz)) as usize
    }

    /// How long a letter lasts in it; `None` before it is whole.
    pub fn pace(&self) -> Option<f64> {
        let seconds = self.pcm.len() as f64 / f64::from(self.hz);
        (self.is_whole && self.count >= 10 && seconds > 0.3).then(|| (seconds / self.count as f64).clamp(0.03, 0.3))
    }

    /// The letters of it that a clause is, if it is one of its clauses that no other is yet.
    pub fn claim(&mut self, written: &str) -> Option<Range<usize>> {
        let wanted: String = letters(written).collect();
        let behind = self.letters.char_indices().nth(self.claimed).map_or(self.letters.len(), |(at, _)| at);
        let at = self.letters[behind..].find(&wanted).filter(|_| !wanted.is_empty())?;
        let from = self.claimed + self.letters[behind..behind + at].chars().count();
        self.claimed = from + wanted.chars().count();
        Some(from..self.claimed)
    }

    /// Words have come behind these that belong to no clause yet.
    pub fn has_more_words(&self, end: usize) -> bool {
        self.count > end
    }

    /// Where the sound of so many letters ends, not before `from`: once the answer is whole, at a quiet place.
    pub fn end_of(&self, letters: usize, from: usize) -> usize {
        if self.is_whole && letters >= self.count {
            return self.pcm.len();
        }
        let at = match self.pace() {
            Some(_) => self.pcm.len() * letters / self.count.max(1),
            None => self.samples(self.pace * letters as f64),
        };
        if !self.is_whole || at <= from {
            return at.max(from);
        }
        self.quiet(at, from)
    }

    /// Where the sound behind so many letters begins: right behind the last clause, if nothing lies between.
    pub fn begin_of(&mut self, letters: usize) -> usize {
        let from = if letters == self.sent_letters { self.sent } else { self.end_of(letters, self.sent) };
        self.sent = self.sent.max(from);
        from
    }

    /// A clause up to this letter has gone to the playout.
    pub fn ends_at_letter(&mut self, letters: usize) {
        self.sent_letters = letters;
    }

    fn quiet(&self, at: usize, from: usize) -> usize {
        let (around, piece) = (self.samples(AROUND), self.samples(PIECE).max(1));
        let first = at.saturating_sub(around).max(from);
        let last = (at + around).min(self.pcm.len());
        let energy = |start: usize| -> u64 {
            let end = (start + piece).min(self.pcm.len());
            self.pcm[start..end].iter().map(|sample| u64::from(sample.unsigned_abs()).pow(2)).sum()
        };
        let places = (first..last.saturating_sub(piece)).step_by(piece);
        // Of places that are as quiet, the nearest.
        places.min_by_key(|start| (energy(*start) / 1_000, start.abs_diff(at))).map_or(at, |start| start + piece / 2)
    }

    /// The sound up to here is played when so much of a clause is heard.
    pub fn mark(&mut self, utterance: UtteranceId, chars: u32, upto: usize) {
        self.marks.push((utterance, chars, upto));
    }

    /// The caller has heard so many characters of a clause; `false`: it is none of this answer.
    pub fn played(&mut self, utterance: UtteranceId, chars: u32) -> bool {
        let mine = || self.marks.iter().filter(|(of, ..)| *of == utterance);
        // Of pieces with the same mark only the first is surely heard.
        let reached = mine().map(|(_, upto, _)| *upto).filter(|upto| *upto <= chars).max();
        let heard = mine().filter(|(_, upto, _)| Some(*upto) == reached).map(|(_, _, sample)| *sample).min();
        self.heard = self.heard.max(heard.unwrap_or_default());
        mine().next().is_some()
    }

    /// What the endpoint is to be told of what was heard: its pieces that were not heard to their end, and the milliseconds that were. Nothing
    /// where all was.
    pub fn settle(&mut self) -> Vec<(String, u64)> {
        if std::mem::replace(&mut self.is_settled, true) || self.heard >= self.pcm.len() {
            return Vec::new();
        }
        let ends = self.items.iter().skip(1).map(|(_, from)| *from).chain([self.pcm.len()]);
        let cut = self.items.iter().zip(ends).filter(|(_, end)| self.heard < *end);
        let ms = |samples: usize| samples as u64 * 1_000 / u64::from(self.hz);
        cut.map(|((item, from), _)| (item.clone(), ms(self.heard.saturating_sub(*from)))).collect()
    }
}

#[cfg(test)]
mod tests;

//! `MoodWatch`: how the caller of one call seems to feel, from words, voice and what happens, always with its reasons. A core: it is
//! given the call's events and told how far the call is.
use super::taken_over::TakenOver;
use super::voice::{Compared, VoiceBaseline};
use crate::store::{CallEvent, Mark, Mood, MoodCode, MoodReason, MoodState, Private, Speaker, Trend, Turn, WITHHELD};
use dialog::bot::asks_for_person;
use dialog::insight::{Cue, says_again, tone};
use dialog::language::Language;
use std::collections::BTreeMap;

/// After so long a moment counts for half.
const HALF_LIFE_MS: f32 = 45_000.0;
/// Moments that are older count for nothing.
const KEPT_MS: u64 = 240_000;
/// The trend is the change within so long, beyond so much.
const TREND_MS: u64 = 30_000;
const TREND: f32 = 0.5;
/// From these sums on.
const UPSET: f32 = -1.8;
const TENSE: f32 = -0.8;
const PLEASED: f32 = 0.8;
/// The words of one turn count for no more.
const WORST_TURN: f32 = -3.0;
const BEST_TURN: f32 = 2.0;
/// Reasons that are told.
const TOLD: usize = 4;

/// Louder by so much is a raised voice; by so much, a shout.
pub const RAISED_DB: f64 = 6.0;
const SHOUTED_DB: f64 = 10.0;

/// Something that bears on the mood.
struct Moment {
    at: u64,
    weight: f32,
    code: MoodCode,
    words: Option<String>,
    value: Option<f64>,
}

pub struct MoodWatch {
    language: Language,
    moments: Vec<Moment>,
    /// What the caller said before, with its beginning.
    before: Option<(u64, String)>,
    /// The beginnings of turns of the bot that were cut off.
    cut: Vec<u64>,
    taken_over: TakenOver,
    voice: VoiceBaseline,
    compared: Option<Compared>,
    has_spoken: bool,
}

impl MoodWatch {
    pub fn new(language: Language) -> Self {
        Self {
            language,
            moments: Vec::new(),
            before: None,
            cut: Vec::new(),
            taken_over: TakenOver::default(),
            voice: VoiceBaseline::default(),
            compared: None,
            has_spoken: false,
        }
    }

    /// An event of the call, which happened at `at`.
    pub fn note(&mut self, at: u64, event: &CallEvent) {
        match event {
            CallEvent::Turn(turn) if turn.speaker == Speaker::Caller => self.caller(turn),
            // A turn is told again when more of it is known.
            CallEvent::Turn(turn)
                if turn.speaker == Speaker::Bot
                    && turn.interrupted
                    && !self.taken_over.is_now()
                    && !self.cut.contains(&turn.started_ms) =>
            {
                self.cut.push(turn.started_ms);
                self.happened(at, -0.3, MoodCode::Interrupts);
            }
            CallEvent::Mark(mark) if mark.name == "not_understood" => self.happened(at, -0.4, MoodCode::NotUnderstood),
            CallEvent::Mark(mark) if mark.name == "voice" => self.voice(mark),
            CallEvent::Mark(mark) => {
                self.language = mark.language().unwrap_or(self.language);
                if let Some(seat) = mark.seat() {
                    self.taken_over.note(&seat);
                }
            }
            _ => {}
        }
    }

    /// How the caller's last utterance sounded beside those before it.
    pub fn compared(&self) -> Option<&Compared> {
        self.compared.as_ref()
    }

    fn happened(&mut self, at: u64, weight: f32, code: MoodCode) {
        self.moments.push(Moment { at, weight, code, words: None, value: None });
    }

    fn caller(&mut self, turn: &Turn) {
        let text = turn.text.0.as_str();
        if text == WITHHELD || text.is_empty() {
            return;
        }
        self.has_spoken = true;
        let (at, language) = (turn.ended_ms, self.language);
        let tone = tone(text, language);
        let sum = tone.weight();
        let factor = if sum < WORST_TURN {
            WORST_TURN / sum
        } else if sum > BEST_TURN {
            BEST_TURN / sum
        } else {
            1.0
        };
        self.moments.extend(tone.signs.into_iter().map(|sign| Moment {
            at,
            weight: sign.weight * factor,
            code: code(sign.cue),
            words: Some(sign.words),
            value: None,
        }));
        if asks_for_person(text, language) {
            self.happened(at, -0.5, MoodCode::AsksPerson);
        }
        let again = self
            .before
            .as_ref()
            .is_some_and(|(began, before)| *began < turn.started_ms && says_again(before, text, language));
        if again {
            self.happened(at, -0.6, MoodCode::Repeats);
        }
        self.before = Some((turn.started_ms, text.to_owned()));
    }

    fn voice(&mut self, mark: &Mark) {
        let Ok(voice) = serde_json::from_value(mark.data.0.clone()) else { return };
        let Some(compared) = self.voice.compare(&voice) else { return };
        let mut told = |weight, code, value: f64| {
            self.moments.push(Moment { at: voice.ms, weight, code, words: None, value: Some(value.round()) });
        };
        // Who calls from a louder place speaks louder, and no higher: a raised voice alone is not much.
        let higher = compared.pitch_percent.filter(|percent| *percent >= 15.0);
        if compared.db >= RAISED_DB {
            let weight = if compared.db >= SHOUTED_DB { -1.0 } else { -0.6 };
            told(weight, MoodCode::RaisedVoice, compared.db);
            higher.into_iter().for_each(|percent| told(-0.5, MoodCode::HigherPitch, percent));
            if let Some(percent) = compared.rate_percent.filter(|percent| *percent >= 25.0) {
                told(-0.2, MoodCode::Faster, percent);
            }
        }
        self.compared = Some(compared);
    }

    /// The sum of what has happened until `now`.
    fn sum(&self, now: u64) -> f32 {
        let moments = self.moments.iter().filter(|moment| moment.at <= now);
        moments.map(|moment| moment.weight * decay(now - moment.at)).sum()
    }

    /// The mood at `now`; `None` while the caller has said nothing.
    pub fn mood(&mut self, now: u64) -> Option<Mood> {
        self.moments.retain(|moment| now.saturating_sub(moment.at) < KEPT_MS);
        if !self.has_spoken && self.moments.is_empty() {
            return None;
        }
        let sum = self.sum(now);
        let state = match sum {
            sum if sum <= UPSET => MoodState::Upset,
            sum if sum <= TENSE => MoodState::Tense,
            sum if sum >= PLEASED => MoodState::Pleased,
            _ => MoodState::Calm,
        };
        let change = sum - self.sum(now.saturating_sub(TREND_MS));
        let trend = match change {
            change if change <= -TREND => Trend::Falling,
            change if change >= TREND => Trend::Rising,
            _ => Trend::Steady,
        };
        Some(Mood { state, trend, why: self.why(now, state) })
    }

    /// The heaviest reasons of this state; what happened several times is one reason.
    fn why(&self, now: u64, state: MoodState) -> Vec<MoodReason> {
        let bears = |weight: f32| match state {
            MoodState::Pleased => weight > 0.0,
            MoodState::Calm => false,
            MoodState::Tense | MoodState::Upset => weight < 0.0,
        };
        let mut by_code: BTreeMap<MoodCode, (f32, u32, &Moment)> = BTreeMap::new();
        for moment in self.moments.iter().filter(|moment| moment.at <= now && bears(moment.weight)) {
            let weight = moment.weight.abs() * decay(now - moment.at);
            let entry = by_code.entry(moment.code).or_insert((0.0, 0, moment));
            *entry = (entry.0 + weight, entry.1 + 1, moment);
        }
        let mut all: Vec<_> = by_code.into_values().collect();
        all.sort_by(|(a, ..), (b, ..)| b.total_cmp(a));
        all.truncate(TOLD);
        let reason = |(_, times, moment): (f32, u32, &Moment)| MoodReason {
            code: moment.code,
            words: moment.words.clone().map(Private),
            value: moment.value.or(moment.words.is_none().then_some(f64::from(times))),
            at_ms: moment.at,
        };
        all.into_iter().map(reason).collect()
    }
}

fn decay(age_ms: u64) -> f32 {
    (-(age_ms as f32) / HALF_LIFE_MS).exp2()
}

const fn code(cue: Cue) -> MoodCode {
    match cue {
        Cue::Insult => MoodCode::Insult,
        Cue::Threat => MoodCode::Threat,
        Cue::Anger => MoodCode::Anger,
        Cue::Sarcasm => MoodCode::Sarcasm,
        Cue::Frustration => MoodCode::Frustration,
        Cue::Complaint => MoodCode::Complaint,
        Cue::Pleased => MoodCode::Pleased,
        Cue::Thanks => MoodCode::Thanks,
    }
}

#[cfg(test)]
mod tests;

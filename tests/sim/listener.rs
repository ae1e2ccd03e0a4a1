//! `Listener`: what the caller hears. It tells by the tones in the packets which clause sounds, and how loud.
use crate::voice;
use crate::voice::name;
use media::Rate;
use media::codec::g711::ULAW_TO_PCM;
use media::packet::Rtp;
use media::testkit::tone::amplitude;
use media::tts::UtteranceId;
use std::collections::{BTreeMap, VecDeque};
use std::time::Instant;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Loudness {
    Full,
    Low,
}

type Sounds = Option<(UtteranceId, Loudness)>;

pub struct Listener {
    start: Instant,
    /// What may sound: the clauses sent lately, with their tones.
    recent: VecDeque<(UtteranceId, f32)>,
    floor: UtteranceId,
    /// The floor as it stood before this tick: a hush takes effect with the next one.
    floor_since: Option<Instant>,
    sends: bool,
    packets: u32,
    now: Sounds,
    told: Sounds,
    /// A change that the next tick has to confirm.
    news: Option<(Instant, Sounds)>,
    /// Ticks in which each clause was heard.
    pub ticks: BTreeMap<UtteranceId, u64>,
    /// When any sound of the bot was heard, tick by tick, joined.
    pub sound: Vec<(Instant, Instant)>,
    pub broken: Vec<String>,
    /// The tones of people who may speak to the caller in the bot's place, or beside it.
    pub others: Vec<f32>,
    last: Option<Instant>,
}

const AUDIBLE: f32 = 250.0;
const FAINT: f32 = 50.0;
const LOUD: f32 = voice::AMPLITUDE as f32 * 0.5;

impl Listener {
    pub fn new(start: Instant) -> Self {
        Self {
            start,
            recent: VecDeque::new(),
            floor: UtteranceId(0),
            floor_since: None,
            sends: true,
            packets: 0,
            now: None,
            told: None,
            news: None,
            ticks: BTreeMap::new(),
            sound: Vec::new(),
            broken: Vec::new(),
            others: Vec::new(),
            last: None,
        }
    }

    /// Sound of this clause is on its way.
    pub fn expect(&mut self, utterance: UtteranceId) {
        if utterance.0.is_multiple_of(2) {
            self.clip(utterance, voice::tone(utterance));
        }
    }

    pub fn clip(&mut self, utterance: UtteranceId, tone: f32) {
        if self.recent.iter().all(|(id, _)| *id != utterance) {
            self.recent.push_back((utterance, tone));
            if self.recent.len() > 24 {
                self.recent.pop_front();
            }
        }
    }

    pub fn hush(&mut self, now: Instant, floor: UtteranceId) {
        self.floor = self.floor.max(floor);
        self.floor_since = Some(now);
    }

    /// Whether the line lets us send.
    pub fn sends(&mut self, sends: bool) {
        self.sends = sends;
        // The change takes effect with the next tick.
        self.last = None;
    }

    pub fn packet(&mut self, now: Instant, packet: &Rtp) {
        self.packets += 1;
        let pcm: Vec<i16> = packet.payload.iter().map(|code| ULAW_TO_PCM[usize::from(*code)]).collect();
        if packet.payload_type != 0 || pcm.iter().all(|x| x.unsigned_abs() < 200) {
            return;
        }
        let level = |(id, tone): &(UtteranceId, f32)| (*id, amplitude(&pcm, *tone, Rate::Hz8000));
        // Of a person alone other tones are mere traces.
        let person = self.others.iter().map(|tone| amplitude(&pcm, *tone, Rate::Hz8000)).fold(0.0, f32::max);
        let Some((id, level)) = self.recent.iter().map(level).max_by(|a, b| a.1.total_cmp(&b.1)) else { return };
        if level < AUDIBLE {
            // The last samples of something that fades are faint.
            if level < FAINT && person < AUDIBLE {
                let at = now.saturating_duration_since(self.start).as_millis();
                self.broken.push(format!("{at} ms: the caller hears something that nobody said"));
            }
            return;
        }
        self.now = Some((id, if level > LOUD { Loudness::Full } else { Loudness::Low }));
    }

    /// The end of a tick: what has changed for the caller, with the time of the change.
    pub fn tick(&mut self, now: Instant) -> Vec<(Instant, String)> {
        let (sounds, packets) = (self.now.take(), std::mem::take(&mut self.packets));
        if self.last.is_some() && packets != u32::from(self.sends) {
            self.broken.push(format!("{packets} packets in a tick"));
        }
        self.last = Some(now);
        if let Some((id, _)) = sounds {
            *self.ticks.entry(id).or_default() += 1;
            let end = now + media::frame::TICK;
            match self.sound.last_mut() {
                Some((_, to)) if *to >= now => *to = end,
                _ => self.sound.push((now, end)),
            }
            // What was hushed fades in the tick that takes the order.
            let since = self.floor_since.is_none_or(|at| now >= at + 2 * media::frame::TICK);
            if id < self.floor && since {
                self.broken.push(format!("{} is heard, although it was hushed", name(id)));
            }
        }
        let mut changes = Vec::new();
        match self.news.take() {
            Some((at, news)) if news == sounds && news != self.told => {
                self.told = news;
                changes.push((at, news));
            }
            _ if sounds != self.told => self.news = Some((now, sounds)),
            _ => {}
        }
        let say = |(at, sounds): (Instant, Sounds)| {
            let what = match sounds {
                None => "nothing".to_owned(),
                Some((id, Loudness::Full)) => name(id),
                Some((id, Loudness::Low)) => format!("{}, low", name(id)),
            };
            (at, what)
        };
        changes.into_iter().map(say).collect()
    }
}

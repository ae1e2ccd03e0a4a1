//! Callers' turns from a seed, with pauses within them, and what turn-taking makes of each: what its figures are made of.
//!
//! A turn is a sentence of `turns/en.txt` or `turns/vi.txt`, or the digits of a code or a telephone number, said at the question it answers.
//! Pauses are log-normal, 200 to 1500 ms; half of them lie within an unfinished phrase, half where the words could be complete.
use super::today;
use crate::bot::Bot;
use crate::language::Language;
use crate::model::brain::{Brain, BrainInput};
use crate::model::flow::Flow;
use crate::random::Random;
use crate::turn::{Act, AnswerKind, Pitch, Turn, TurnPlan, VoiceEnd, Words};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Which sentences: those that words and times were chosen with, or those that figures are told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Half {
    Tune,
    HeldOut,
}

/// Where in a sentence a pause lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Within an unfinished phrase: "I'd like a table for …".
    Unfinished,
    /// Where the words could be complete: "book a table … for two".
    Complete,
}

/// How the words of a turn reach the conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hearing {
    /// Partial words 150 to 300 ms behind the voice, final ones up to 60 ms behind the gate.
    Streaming,
    /// Final words at once, no partial ones.
    Grammar,
    /// Final words 150 to 400 ms behind the gate, written as a sentence is; no partial ones.
    Batch,
    /// Nothing is understood.
    Nothing,
}

/// A stretch of speech and the pause behind it; the last one has none.
#[derive(Clone, Debug)]
pub struct Stretch {
    pub words: Vec<String>,
    pub pause: Option<(Duration, Place)>,
}

#[derive(Clone, Debug)]
pub struct SpokenTurn {
    /// The question that it answers: `wish`, `date`, `code`, …
    pub question: String,
    pub stretches: Vec<Stretch>,
    pub hearing: Hearing,
    /// What the gate and the recogniser tell, in order of time.
    events: Vec<(Duration, Event)>,
    end: Duration,
}

/// What the gate and the recogniser tell.
#[derive(Clone, Debug)]
enum Event {
    Started,
    Stopped { ago: Duration, spoke: Duration },
    VoiceEnd(VoiceEnd),
    Words { text: Option<String>, confidence: f32, is_final: bool },
}

/// What became of a turn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Outcome {
    /// It was taken in this pause, though the caller went on.
    CutOff(Place),
    /// It was taken so long after its end.
    Taken(Duration),
    /// Nothing came of it.
    Lost,
}

/// A caller of one language and half.
pub struct Caller {
    language: Language,
    bot: Arc<Bot>,
    sentences: Vec<(String, String)>,
    random: Random,
    questions: BTreeMap<String, Question>,
    /// Lengths of pauses instead of log-normal ones.
    pub pauses: Vec<Duration>,
    /// The silences of the bot.
    pub plan: TurnPlan,
    /// The ears tell how the voice ended: in so many cases of a hundred they tell another way than it did, or nothing. English alone: a Vietnamese voice
    /// ends as the tone of its last word wants it.
    pub mistaken_ends: Option<usize>,
    ends: Random,
}

/// Median and spread of the logarithm: 200 and 1500 ms are two standard deviations apart from it.
const MEDIAN_MS: f64 = 547.7;
const SIGMA: f64 = 0.5037;
const QUESTIONS: [&str; 11] =
    ["wish", "date", "time", "people", "place", "urgent", "review", "name", "note", "code", "phone"];

impl Caller {
    pub fn new(language: Language, half: Half, seed: u64) -> Caller {
        let (bot, text) = match language {
            Language::En => (include_str!("turns/en.toml"), include_str!("turns/en.txt")),
            Language::Vi => (include_str!("turns/vi.toml"), include_str!("turns/vi.txt")),
        };
        let bot = Bot::parse(bot, "turns.toml").unwrap_or_else(|e| panic!("{e}"));
        let (tune, held_out) = text.split_once("[held out]").expect("two halves");
        let text = if half == Half::Tune { tune } else { held_out };
        let sentence = |line: &str| line.split_once(": ").map(|(q, text)| (q.to_string(), text.to_string()));
        let sentences = text.lines().filter(|line| !line.starts_with(['#', '['])).filter_map(sentence).collect();
        let (random, questions, pauses) = (Random::new(seed), BTreeMap::new(), Vec::new());
        let (plan, mistaken_ends, ends) = (bot.turn.clone(), None, Random::new(!seed));
        Caller { language, bot: Arc::new(bot), sentences, random, questions, pauses, plan, mistaken_ends, ends }
    }

    /// The next turn: of every second one with a pause or two.
    pub fn turn(&mut self) -> SpokenTurn {
        let place = match self.random.below(4) {
            0 | 1 => None,
            2 => Some(Place::Unfinished),
            _ => Some(Place::Complete),
        };
        let (question, text) = loop {
            let (question, text) = self.sentence(place.is_none());
            // Of sentences with more such places more turns are made.
            let places = place.map_or(4, |place| text.split(' ').filter(|word| *word == mark(place)).count());
            if self.random.below(4) < places {
                break (question, text);
            }
        };
        let mut stretches = vec![Stretch { words: Vec::new(), pause: None }];
        let chosen = place.map(|place| self.choose(&text, place));
        let mut also = chosen.is_some() && self.random.below(4) == 0;
        for (at, word) in text.split(' ').enumerate() {
            let here = match word {
                "<" => Place::Unfinished,
                "/" => Place::Complete,
                word => {
                    stretches.last_mut().expect("one").words.push(word.to_string());
                    continue;
                }
            };
            let pauses = chosen == Some(at) || (also && self.random.below(2) == 0);
            if pauses && stretches.last().is_some_and(|last| !last.words.is_empty()) {
                also &= chosen == Some(at);
                let pause = self.pause();
                stretches.last_mut().expect("one").pause = Some((pause, here));
                stretches.push(Stretch { words: Vec::new(), pause: None });
            }
        }
        let hearing = match self.random.below(20) {
            0..=9 => Hearing::Streaming,
            10..=13 => Hearing::Grammar,
            14..=18 => Hearing::Batch,
            _ => Hearing::Nothing,
        };
        let confidence = if self.random.below(12) == 0 { 0.4 } else { 0.6 + self.random.unit() as f32 * 0.38 };
        let (events, end) = self.events(&stretches, hearing, confidence);
        SpokenTurn { question, stretches, hearing, events, end }
    }

    /// A question and an answer to it: any question as often as any other, or any answer.
    fn sentence(&mut self, evenly: bool) -> (String, String) {
        let question = QUESTIONS[self.random.below(QUESTIONS.len())];
        let own = |(q, _): &&(String, String)| q == question;
        let text = match question {
            "code" => {
                let groups: &[usize] = [&[3, 3][..], &[2, 2, 2], &[4, 2]][self.random.below(3)];
                self.digits(groups, None)
            }
            "phone" if self.language == Language::En => self.digits(&[3, 3, 4], Some("five")),
            "phone" => self.digits(&[4, 3, 3], Some("không chín")),
            _ if evenly => {
                let own: Vec<_> = self.sentences.iter().filter(own).collect();
                own[self.random.below(own.len())].1.clone()
            }
            _ => return self.sentences[self.random.below(self.sentences.len())].clone(),
        };
        (question.to_string(), text)
    }

    /// Digits in groups, with a pause between them.
    fn digits(&mut self, groups: &[usize], first: Option<&str>) -> String {
        const EN: [&str; 10] = ["oh", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
        const VI: [&str; 10] = ["không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín"];
        let names = if self.language == Language::En { EN } else { VI };
        let said = first.map_or(0, |first| first.split(' ').count());
        let mut words: Vec<String> = first.into_iter().map(str::to_string).collect();
        for (at, length) in groups.iter().enumerate() {
            if at > 0 {
                words.push("<".into());
            }
            let left = if at == 0 { length - said } else { *length };
            words.extend((0..left).map(|_| names[2 + self.random.below(8)].to_string()));
        }
        words.join(" ")
    }

    fn choose(&mut self, text: &str, place: Place) -> usize {
        let places: Vec<usize> =
            text.split(' ').enumerate().filter(|(_, word)| *word == mark(place)).map(|(at, _)| at).collect();
        places[self.random.below(places.len())]
    }

    fn pause(&mut self) -> Duration {
        if !self.pauses.is_empty() {
            return self.pauses[self.random.below(self.pauses.len())];
        }
        loop {
            let ms = MEDIAN_MS * (SIGMA * self.random.normal()).exp();
            if (200.0..=1_500.0).contains(&ms) {
                return Duration::from_micros((ms * 1_000.0) as u64);
            }
        }
    }

    /// What becomes of it at its question, where the bot has this patience.
    pub fn take(&mut self, turn: &SpokenTurn, patience: f32) -> Outcome {
        let start = Instant::now();
        let plan = TurnPlan { patience, ..self.plan.clone() };
        let question = self.question(&turn.question);
        let mut played = Played { turn: Turn::new(plan), start, now: start, answered: false };
        played.play(turn, question)
    }

    /// How the voice ends, as ears tell it: of 2186 ends of turns and 5623 pauses within turns (Gravano and Hirschberg 2011, table 2).
    fn voice_end(&mut self, goes_on: bool) -> Option<VoiceEnd> {
        const WAYS: [Pitch; 3] = [Pitch::Falling, Pitch::Rising, Pitch::Level];
        let mistaken = self.mistaken_ends.filter(|_| self.language == Language::En)?;
        let shares: [usize; 3] = if goes_on { [247, 206, 523] } else { [472, 362, 139] };
        let mut left = self.ends.below(1_000);
        let is_way = |share: &usize| left.checked_sub(*share).inspect(|rest| left = *rest).is_none();
        // A few ends have no way at all.
        let way = shares.iter().position(is_way)?;
        let told = match (self.ends.below(100) < mistaken, self.ends.below(3)) {
            (false, _) => way,
            (true, 2) => return None,
            (true, other) => (way + 1 + other) % WAYS.len(),
        };
        Some(VoiceEnd { pitch: WAYS[told], strength: 1.0 })
    }

    /// What the words before each silence are taken for, the words, and whether the turn goes on.
    pub fn kinds(&mut self, turn: &SpokenTurn) -> Vec<(AnswerKind, String, bool)> {
        let question = self.question(&turn.question);
        let mut said = Vec::new();
        let mut kinds = Vec::new();
        for Stretch { words, pause } in &turn.stretches {
            said.extend(words.iter().map(String::as_str));
            let text = said.join(" ");
            kinds.push((question.kind(&text), text, pause.is_some()));
        }
        kinds
    }

    fn question(&mut self, name: &str) -> &mut Question {
        let (bot, language) = (&self.bot, self.language);
        let make = || Question { flow: flow_at(bot.clone(), language, name), kinds: BTreeMap::new() };
        self.questions.entry(name.to_owned()).or_insert_with(make)
    }

    /// What the gate and the recogniser tell of a turn, in order of time, and when it ends.
    fn events(
        &mut self,
        stretches: &[Stretch],
        hearing: Hearing,
        confidence: f32,
    ) -> (Vec<(Duration, Event)>, Duration) {
        let mut events = Vec::new();
        let mut now = Duration::ZERO;
        let mut said: Vec<&str> = Vec::new();
        let mut until = Duration::ZERO;
        for stretch in stretches {
            let onset = now;
            // The gate has not noticed a pause this short: the voice goes on.
            if onset >= until {
                events.push((onset + self.between(64, 130), Event::Started));
            }
            let mut partials = Vec::new();
            for word in &stretch.words {
                said.push(word);
                now += ms(90 + 55 * word.chars().count() as u64);
                if hearing == Hearing::Streaming {
                    let words = Event::Words { text: Some(said.join(" ")), confidence: 0.0, is_final: false };
                    partials.push((now + self.between(150, 300), words));
                }
            }
            let report = now + ms(200) + self.between(0, 32);
            let goes_on = stretch.pause.map(|(pause, _)| now + pause);
            until = report;
            let text = match hearing {
                Hearing::Streaming | Hearing::Grammar => Some(said.join(" ")),
                Hearing::Batch => Some(written(&said.join(" "))),
                Hearing::Nothing => None,
            };
            let took = match hearing {
                Hearing::Streaming | Hearing::Nothing => self.between(5, 60),
                Hearing::Grammar => self.between(1, 10),
                Hearing::Batch => self.between(150, 400),
            };
            let known = report + took;
            let is_final = goes_on.is_none_or(|at| known < at);
            partials.retain(|(at, _)| !is_final || *at < known);
            events.append(&mut partials);
            if goes_on.is_none_or(|at| report < at) {
                let ago = report - now;
                events.push((report, Event::Stopped { ago, spoke: now - onset }));
                let end = self.voice_end(goes_on.is_some());
                events.extend(end.map(|end| (report, Event::VoiceEnd(end))));
                if is_final {
                    events.push((known, Event::Words { text, confidence, is_final }));
                }
            }
            now = goes_on.unwrap_or(now);
        }
        events.sort_by_key(|(at, _)| *at);
        (events, now)
    }

    fn between(&mut self, from: u64, to: u64) -> Duration {
        ms(from + self.random.below((to - from + 1) as usize) as u64)
    }
}

/// A flow at a question, and what it has said of words.
struct Question {
    flow: Flow,
    kinds: BTreeMap<String, AnswerKind>,
}

impl Question {
    fn kind(&mut self, text: &str) -> AnswerKind {
        if let Some(kind) = self.kinds.get(text) {
            return *kind;
        }
        let kind = self.flow.answer_kind(text);
        self.kinds.insert(text.to_owned(), kind);
        kind
    }
}

/// A flow that asks this question.
fn flow_at(bot: Arc<Bot>, language: Language, question: &str) -> Flow {
    let before: &[&str] = match (question, language) {
        ("wish", _) => &[],
        ("date", Language::En) => &["book a table"],
        ("date", Language::Vi) => &["đặt bàn"],
        ("time", Language::En) => &["book a table", "tomorrow"],
        ("time", Language::Vi) => &["đặt bàn", "ngày mai"],
        ("people", Language::En) => &["book a table", "tomorrow", "three p m"],
        ("people", Language::Vi) => &["đặt bàn", "ngày mai", "ba giờ chiều"],
        ("name", Language::En) => &["book a table", "tomorrow", "three p m", "two"],
        ("name", Language::Vi) => &["đặt bàn", "ngày mai", "ba giờ chiều", "hai"],
        ("review", Language::En) => &["book a table", "tomorrow", "three p m", "two", "smith"],
        ("review", Language::Vi) => &["đặt bàn", "ngày mai", "ba giờ chiều", "hai", "hoàng"],
        ("code", Language::En) => &["cancel my booking"],
        ("code", Language::Vi) => &["hủy đặt bàn"],
        ("phone", Language::En) => &["call me back later"],
        ("phone", Language::Vi) => &["hẹn gọi lại sau"],
        ("place", Language::En) => &["report a problem"],
        ("place", Language::Vi) => &["báo sự cố"],
        ("note", Language::En) => &["report a problem", "boston"],
        ("note", Language::Vi) => &["báo sự cố", "huế"],
        ("urgent", Language::En) => &["parking permit"],
        ("urgent", Language::Vi) => &["thẻ gửi xe"],
        (other, _) => panic!("no such question: {other}"),
    };
    let mut flow = Flow::new(bot, today());
    let typed = before.iter().map(|words| BrainInput::Typed((*words).into()));
    for input in [BrainInput::Answered].into_iter().chain(typed) {
        flow.handle(Instant::now(), input);
        while flow.poll().is_some() {}
    }
    flow
}

/// A turn as turn-taking hears it, while the bot is silent.
struct Played {
    turn: Turn,
    start: Instant,
    now: Instant,
    answered: bool,
}

impl Played {
    fn tell(&mut self, event: &Event, question: &mut Question) {
        match event {
            Event::Started => self.turn.started(self.now),
            Event::Stopped { ago, spoke } => self.turn.stopped(self.now, *ago, *spoke),
            Event::VoiceEnd(end) => self.turn.voice_ended(self.now, *end),
            Event::Words { text, confidence, is_final } => {
                let kind = text.as_deref().map_or(AnswerKind::Part, |text| question.kind(text));
                let patience = question.flow.patience();
                let (text, confidence, is_final) = (text.clone(), *confidence, *is_final);
                self.turn.words(self.now, Words { text, confidence, is_final, kind, patience });
            }
        }
        self.look();
    }

    fn look(&mut self) {
        while let Some(act) = self.turn.poll() {
            self.answered |= matches!(act, Act::Taken { .. } | Act::NotUnderstood | Act::Unheard);
        }
    }

    /// Lets everything that is due by then happen, until the turn is taken.
    fn pass(&mut self, until: Duration) {
        while let Some((at, _)) = self.turn.deadline().filter(|(at, _)| *at <= self.start + until && !self.answered) {
            self.now = self.now.max(at);
            self.turn.tick(self.now);
            self.look();
        }
    }

    fn play(&mut self, turn: &SpokenTurn, question: &mut Question) -> Outcome {
        for (at, event) in &turn.events {
            self.pass(*at);
            if self.answered {
                break;
            }
            self.now = self.start + *at;
            self.tell(event, question);
        }
        self.pass(turn.end + ms(9_000));
        let at = self.now - self.start;
        match self.answered {
            false => Outcome::Lost,
            true if at >= turn.end => Outcome::Taken(at - turn.end),
            true => Outcome::CutOff(pause_at(turn, at)),
        }
    }
}

/// The place of the pause that a turn was taken in.
fn pause_at(turn: &SpokenTurn, at: Duration) -> Place {
    let (mut now, mut place) = (Duration::ZERO, Place::Unfinished);
    for stretch in &turn.stretches {
        now += stretch.words.iter().map(|word| ms(90 + 55 * word.chars().count() as u64)).sum::<Duration>();
        match stretch.pause {
            Some((pause, here)) if now <= at => (now, place) = (now + pause, here),
            _ => break,
        }
    }
    place
}

/// As a recogniser of free speech writes it.
fn written(text: &str) -> String {
    let mut chars = text.chars();
    let first: String = chars.next().into_iter().flat_map(char::to_uppercase).collect();
    format!("{first}{}.", chars.as_str())
}

fn mark(place: Place) -> &'static str {
    match place {
        Place::Unfinished => "<",
        Place::Complete => "/",
    }
}

fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

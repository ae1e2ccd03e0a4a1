//! Whole bookings by people before a television, before people who talk and before music, 12 dB below them: in simulated calls in which the
//! sound behind the caller never stops and the bot's prompts take their time.
use super::behind::{Background, Half, KINDS, Kind, level};
use super::change::CHANGES;
use super::simulated::{Call, Work, language_of};
use super::sound::{TICK, read, say, shared};
use super::{BOOKING, bot, english, whisper};
use dialog::bot::Bot;
use dialog::conversation::{Conversation, HushedBy, Input, Output};
use media::Language;
use media::asr::Recogniser;
use media::asr::fused::Fused;
use media::testkit::phrases::VIETNAMESE;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What became of a booking by voice.
#[derive(Clone, Copy, Debug, Default)]
struct Booked {
    /// All that was said was understood, at once or the second time.
    whole: bool,
    /// Answers that were said twice, and those that were asked about.
    again: usize,
    questions: usize,
    /// How often the bot stopped speaking, or took a turn, while the caller was silent.
    interrupted: usize,
    taken: usize,
    /// Values that were not what the caller had said, unless asked about.
    wrong: usize,
}

/// Questions whether the caller wants what was heard doubtfully and cannot be undone.
const DOUBTS: [&str; 8] = [
    "Do you want to speak to a person?",
    "Do you want to end the call?",
    "Do you want to start again?",
    "Do you want to go back?",
    "Quý khách muốn gặp nhân viên phải không?",
    "Quý khách muốn kết thúc cuộc gọi phải không?",
    "Quý khách muốn bắt đầu lại từ đầu phải không?",
    "Quý khách muốn trở lại bước trước phải không?",
];

/// Values by the names of their slots.
type Values = BTreeMap<String, serde_json::Value>;

/// A caller before a background in a call, and what the bot has understood.
struct Caller<'a> {
    call: Call<'a>,
    background: Vec<f64>,
    /// A yes and a no in the bot's language.
    yes_and_no: [&'static str; 2],
    /// Samples so far.
    at: usize,
    values: Values,
    booked: Booked,
    /// What was said, understood and taken, with the seconds since the call began.
    log: Vec<String>,
}

/// The root mean square of a caller's loud parts.
const LEVEL: f64 = 2_500.0;
/// A character of what the bot says.
const PACE: Duration = Duration::from_millis(65);
const SECOND: usize = 50;

impl<'a> Caller<'a> {
    fn new(engine: &'a dyn Recogniser, bot: &'a Arc<Bot>, background: &Background, db: f64, place: usize) -> Self {
        let gain = LEVEL * f64::powf(10.0, -db / 20.0);
        let background = background.from(place).take(8_000 * 97).map(|s| s * gain).collect();
        let mut call = Call::new(engine, bot, &[], Work::AtOnce);
        call.speak_at(PACE);
        let yes_and_no = if language_of(bot) == Language::Vi { ["đúng", "không"] } else { ["yes", "no"] };
        Self { call, background, yes_and_no, at: 0, values: Values::new(), booked: Booked::default(), log: Vec::new() }
    }

    /// The next tick: the caller's voice and what is behind it. Returns what the bot says.
    fn tick(&mut self, voice: &[f64], speaks: bool) -> Vec<String> {
        let sample = |i: usize| {
            let behind = self.background[(self.at + i) % self.background.len()];
            (behind + voice.get(i).copied().unwrap_or(0.0)).clamp(-32_000.0, 32_000.0) as i16
        };
        let tick: Vec<i16> = (0..TICK).map(sample).collect();
        self.at += TICK;
        let outputs = self.call.tick(&tick);
        self.note(outputs, speaks)
    }

    fn note(&mut self, outputs: Vec<Output>, speaks: bool) -> Vec<String> {
        let mut said = Vec::new();
        for output in outputs {
            self.log_output(&output, speaks);
            match output {
                Output::Say { clause, .. } => said.push(clause.said().to_owned()),
                Output::Hush { by: HushedBy::Caller, .. } if !speaks => self.booked.interrupted += 1,
                Output::Turn { .. } if !speaks => self.booked.taken += 1,
                Output::Slot { name, value: Some(value), .. } => drop(self.values.insert(name, value)),
                _ => {}
            }
        }
        said
    }

    fn log_output(&mut self, output: &Output, speaks: bool) {
        let who = if speaks { "" } else { " while the caller is silent" };
        let line = match output {
            Output::Say { clause, .. } => format!("bot: {}", clause.said()),
            Output::Turn { text, confidence, .. } => format!("heard{who}: {text:?} ({confidence:.2})"),
            Output::Hush { by: HushedBy::Caller, .. } => format!("hushed{who}"),
            Output::Slot { name, value, .. } => format!("{name} = {value:?}"),
            Output::HangUp { reason } => format!("end: {}", reason.text()),
            _ => return,
        };
        self.log.push(format!("{:6.2} {line}", self.at as f64 / 8_000.0));
    }

    fn waits(&mut self, ticks: usize) {
        (0..ticks).for_each(|_| drop(self.tick(&[], false)));
    }

    /// Hears the bot to its end, and thinks for a second.
    fn listens(&mut self) {
        while self.call.bot_speaks() {
            self.tick(&[], false);
        }
        self.waits(SECOND);
    }

    /// Says an answer, and waits for what the bot says to it; `None`: nothing for six seconds.
    fn says(&mut self, pcm: &[f64]) -> Option<String> {
        let spoken = pcm.len() / TICK;
        self.log.push(format!("{:6.2} caller", self.at as f64 / 8_000.0));
        let mut answer = Vec::new();
        for (index, voice) in pcm.chunks(TICK).chain(std::iter::repeat_n(&[][..], 6 * SECOND)).enumerate() {
            // What comes within a second and a half of the words is an answer to them.
            answer.extend(self.tick(voice, index < spoken + SECOND * 3 / 2));
            if !answer.is_empty() && index > spoken {
                return Some(answer.join(" "));
            }
        }
        None
    }

    /// Answers a question, once more where the bot did not understand. A question about what the bot heard is answered in writing. Returns
    /// whether it has understood `wanted`, and asks for something else now.
    fn answers(&mut self, words: &str, pcm: &[f64], wanted: &Values) -> bool {
        for attempt in 0..2 {
            self.listens();
            self.booked.again += attempt;
            let before = self.values.clone();
            let Some(mut reply) = self.says(pcm) else { continue };
            if DOUBTS.iter().any(|question| reply.contains(question)) {
                // Somebody else was heard to ask for it.
                self.booked.questions += 1;
                let outputs = self.call.write(self.yes_and_no[1]);
                reply = self.note(outputs, true).join(" ");
            } else if reply.contains("Did you say") || reply.contains("Có phải quý khách nói") {
                self.booked.questions += 1;
                let heard = reply.to_lowercase();
                let is_right = words.split(' ').all(|word| heard.contains(word));
                let outputs = self.call.write(self.yes_and_no[usize::from(!is_right)]);
                reply = self.note(outputs, true).join(" ");
            } else {
                let is_wrong = |(name, value): (&String, &serde_json::Value)| {
                    before.get(name) != Some(value) && wanted.get(name) != Some(value)
                };
                self.booked.wrong += self.values.iter().filter(|value| is_wrong(*value)).count();
            }
            let is_known = wanted.iter().all(|(name, value)| self.values.get(name) == Some(value));
            if is_known && !reply.contains("Sorry") && !reply.contains("What would you like") {
                return true;
            }
        }
        false
    }
}

/// The loud parts of a voice brought to the usual level.
fn levelled(pcm: &[i16]) -> Vec<f64> {
    let pcm: Vec<f64> = pcm.iter().map(|s| f64::from(*s)).collect();
    let gain = LEVEL / level(&pcm);
    pcm.into_iter().map(|s| s * gain).collect()
}

/// What a bot knows after these answers.
fn values(bot: &Arc<Bot>, words: &[&str]) -> Values {
    let mut conversation = Conversation::new(bot.clone(), jiff::civil::date(2026, 11, 25).at(9, 0, 0, 0));
    let (now, mut values) = (Instant::now(), Values::new());
    conversation.handle(now, Input::Answered);
    for words in words {
        conversation.handle(now, Input::Typed((*words).into()));
        while let Some(output) = conversation.poll() {
            if let Output::Slot { name, value: Some(value), .. } = output {
                values.insert(name, value);
            }
        }
    }
    values
}

/// The answers of one call, each after a question; what became of them, and how.
fn booked(mut caller: Caller, bot: &Arc<Bot>, said: &[(&str, Vec<i16>)]) -> (Booked, Vec<String>) {
    let words: Vec<&str> = said.iter().map(|(words, _)| *words).collect();
    // The greeting has begun.
    caller.waits(SECOND);
    caller.booked.whole = said.iter().enumerate().all(|(index, (words_said, pcm))| {
        let wanted = values(bot, &words[..=index]);
        caller.answers(words_said, &levelled(pcm), &wanted)
    });
    (caller.booked, caller.log)
}

#[test]
fn a_television_takes_no_turn_and_stops_no_prompt_once_the_caller_has_spoken() {
    let Some(engine) = english() else { return };
    let bot = bot("booking.en.toml");
    let television = Background::new(Kind::Television, Half::Choosing);
    let mut caller = Caller::new(&**engine, &bot, &television, 12.0, 0);
    caller.waits(3 * SECOND);
    caller.says(&levelled(&say("awb", "i would like to book a room please")));
    let outputs = caller.call.write("book a room");
    caller.note(outputs, true);
    caller.booked = Booked::default();
    // The next question, and a caller who thinks about it for a while: the bot may ask again.
    caller.waits(20 * SECOND);
    println!("{:?}", caller.booked);
    assert_eq!((caller.booked.interrupted, caller.booked.taken), (0, 0));
}

/// `cargo test --workspace --test hearing -- --ignored --nocapture figures_of_bookings_before_others`
#[test]
#[ignore = "prints figures: make hearing"]
fn figures_of_bookings_before_others() {
    println!(
        "| engine | behind the caller | bookings | whole | answers said twice | asked about | wrong values | interrupted by others | turns of others |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    let (grammar, whisper) = (english(), whisper::base());
    let both = grammar.zip(whisper).map(|(first, second)| Fused::new("both", first.clone(), second.clone()));
    let engines = [
        grammar.map(|engine| ("pocketsphinx", &**engine as &dyn Recogniser)),
        both.as_ref().map(|engine| ("both", engine as &dyn Recogniser)),
    ];
    if let Some(dir) = shared("speech/en") {
        let booking = bot("booking.en.toml");
        for (name, engine) in engines.into_iter().flatten() {
            let call = |index: usize| -> Vec<(&str, Vec<i16>)> {
                let clips = BOOKING.iter().filter(|(_, _, clip)| !clip.is_empty());
                let read = |clip: &str| CHANGES[index].of(&read(&dir.join(clip).with_extension("wav")));
                clips.map(|(_, words, clip)| (*words, read(clip))).collect()
            };
            rows(&format!("{name}, English"), engine, &booking, call);
        }
    }
    if let (Some(dir), Some(engine)) = (shared("speech/vi"), whisper) {
        let places = bot("places.vi.toml");
        let call = |index: usize| -> Vec<(&str, Vec<i16>)> {
            let ((stem, place), speaker) = (VIETNAMESE[index % 5], index % 5 + 1);
            let clip = |stem: &str| CHANGES[index].of(&read(&dir.join(format!("{stem}00{speaker}.wav"))));
            vec![(place, clip(stem))]
        };
        rows("Whisper base, Vietnamese", &**engine, &places, call);
    }
}

/// A row for each background that nothing was chosen with, and a call for each such change.
fn rows<'a>(name: &str, engine: &dyn Recogniser, bot: &Arc<Bot>, call: impl Fn(usize) -> Vec<(&'a str, Vec<i16>)>) {
    for kind in KINDS {
        let background = Background::new(kind, Half::HeldOut);
        let mut all = [0; 7];
        for index in (0..CHANGES.len()).filter(|index| index % 3 != 0) {
            let caller = Caller::new(engine, bot, &background, 12.0, index * 31_337);
            let (done, log) = booked(caller, bot, &call(index));
            let Booked { whole, again, questions, interrupted, taken, wrong } = done;
            if !whole || wrong > 0 {
                println!("    {name}, {}, {}:\n        {}", kind.name(), CHANGES[index].name, log.join("\n        "));
            }
            let counts = [1, usize::from(whole), again, questions, wrong, interrupted, taken];
            all.iter_mut().zip(counts).for_each(|(all, count)| *all += count);
        }
        println!("| {name} | {} | {} |", kind.name(), all.map(|count| count.to_string()).join(" | "));
    }
}

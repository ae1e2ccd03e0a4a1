//! Callers and sentences that nothing was chosen with: voices of the machine that no threshold has seen, or that are changed, answers that are in no other test,
//! and whole bookings by people whose pace, pitch and room are changed.
use super::change::{CHANGES, Change, in_a_room};
use super::figures::{PLACE, REVIEW, Said, row};
use super::steps::{STAGES, Stage, meaning, understood};
use super::{BOOKING, ask, bot, english, hear, whisper};
use crate::sound::{read, say_as, shared, through_the_ear};
use dialog::bot::Bot;
use media::Language;
use media::asr::Recogniser;
use media::asr::fused::Fused;
use media::testkit::phrases::VIETNAMESE;
use std::sync::Arc;

struct Stranger {
    name: &'static str,
    /// The voice, and how it is told to speak.
    voice: &'static str,
    manner: &'static [&'static str],
    room: bool,
}

const ENGLISH: [Stranger; 7] = [
    Stranger { name: "kal, slower", voice: "kal", manner: &["--setf", "duration_stretch=1.2"], room: false },
    Stranger { name: "awb, faster, in a room", voice: "awb", manner: &["--setf", "duration_stretch=0.9"], room: true },
    Stranger { name: "kal16, higher", voice: "kal16", manner: &["--setf", "int_f0_target_mean=140"], room: false },
    Stranger { name: "a Scot", voice: "en-gb-scotland", manner: &["-s", "150"], room: false },
    Stranger { name: "a woman, British", voice: "en-gb-x-rp+f3", manner: &["-s", "145", "-p", "55"], room: false },
    Stranger { name: "from the Caribbean, in a room", voice: "en-029", manner: &["-s", "150"], room: true },
    Stranger { name: "a man, American, low", voice: "en-us+m7", manner: &["-s", "140", "-p", "35"], room: false },
];

const OF_VIETNAM: [Stranger; 3] = [
    Stranger { name: "from the north", voice: "vi", manner: &["-s", "150"], room: false },
    Stranger {
        name: "from the centre, higher",
        voice: "vi-vn-x-central",
        manner: &["-s", "150", "-p", "65"],
        room: false,
    },
    Stranger { name: "from the south, in a room", voice: "vi-vn-x-south", manner: &["-s", "140"], room: true },
];

impl Stranger {
    fn say(&self, text: &str) -> Vec<i16> {
        let pcm = say_as(self.voice, self.manner, text);
        if self.room { in_a_room(&pcm) } else { pcm }
    }
}

/// By the steps of a booking.
const ANSWERS: [(&str, &[&str]); 8] = [
    ("task", &["get a room", "make a reservation", "cancel a booking", "reserve a room", "book a room in chicago"]),
    ("place", &["manhattan", "in seattle please", "in san francisco", "boston please", "in los angeles"]),
    ("date", &["next tuesday", "december eleventh", "on thursday", "saturday", "the third of december", "the ninth"]),
    ("time", &["four thirty p m", "eleven a m", "half past two", "at six p m", "ten o'clock", "a quarter past nine"]),
    ("duration", &["three hours", "forty minutes", "ninety minutes", "for two hours", "an hour"]),
    ("people", &["five people", "for seven people", "eleven", "nine people", "sixteen people", "three"]),
    ("review", &["that's correct", "no that's wrong", "yep", "no thanks", "right"]),
    ("code", &["five five two eight", "eight one oh three"]),
];

const PLACES: [&str; 8] =
    ["quán cà phê", "tìm khách sạn", "quán karaoke", "tiệm mát xa", "trạm atm", "khách sạn", "trở lại", "giúp tôi"];

fn stage(name: &str) -> &'static Stage {
    STAGES.iter().find(|stage| stage.name == name).expect("a stage")
}

fn answers() -> impl Iterator<Item = (&'static Stage, &'static str)> {
    ANSWERS.iter().flat_map(|(name, said)| said.iter().map(|said| (stage(name), *said)))
}

#[test]
fn every_fresh_sentence_is_an_answer_to_the_bot_and_in_no_other_table() {
    let (booking, places) = (bot("booking.en.toml"), bot("places.vi.toml"));
    for (stage, said) in answers() {
        assert!(!STAGES.iter().any(|stage| stage.said.contains(&said)), "{said:?} is in another table");
        assert_ne!(meaning(&booking, stage, said), meaning(&booking, stage, "supercalifragilistic"), "{said:?}");
    }
    for said in PLACES {
        assert_ne!(meaning(&places, &PLACE, said), meaning(&places, &PLACE, "supercalifragilistic"), "{said:?}");
    }
}

/// What became of a booking.
#[derive(Default)]
struct Bookings {
    all: usize,
    /// Every answer was acted on rightly.
    at_once: usize,
    /// Some answer was asked about rightly.
    with_questions: usize,
}

/// What became of an answer: whether it was understood rightly, and whether it was acted on without a question.
#[derive(Clone, Copy)]
struct Answered {
    rightly: bool,
    surely: bool,
}

impl Answered {
    fn by(
        engine: &dyn Recogniser,
        bot: &Arc<Bot>,
        language: Language,
        stage: &Stage,
        words: &str,
        pcm: &[i16],
    ) -> Self {
        let heard = hear(engine, &ask(bot, stage, language), &through_the_ear(pcm));
        match understood(bot, stage, &heard) {
            Some((known, surely)) if known == meaning(bot, stage, words) => Self { rightly: true, surely },
            _ => {
                println!("    {words:?} -> {:?} ({:.2})", heard.text, heard.confidence);
                Self { rightly: false, surely: false }
            }
        }
    }
}

impl Bookings {
    /// A booking of these answers.
    fn add(&mut self, answers: &[Answered]) {
        let all = |is: fn(&Answered) -> bool| answers.iter().all(is);
        self.all += 1;
        self.at_once += usize::from(all(|answer| answer.rightly && answer.surely));
        self.with_questions += usize::from(all(|answer| answer.rightly) && !all(|answer| answer.surely));
    }
}

/// A table of bookings by people: a row for each change, and one of all.
fn bookings(name: &str, mut of: impl FnMut(&Change) -> Bookings) {
    let (mut all, mut booked) = (0, 0);
    for change in &CHANGES {
        let Bookings { all: n, at_once, with_questions } = of(change);
        println!("| {name} | {} | {n} | {at_once} | {with_questions} |", change.name);
        (all, booked) = (all + n, booked + at_once + with_questions);
    }
    println!("| {name} | all | {all} | {:.1} % booked | |", booked as f64 * 100.0 / f64::from(all.max(1) as u32));
}

const HEADER: &str = "| engine | people's clips | bookings | without a question | with one |\n|---|---|---|---|---|";

#[test]
#[ignore = "prints figures: make hearing"]
fn figures_of_bookings_by_people_in_english() {
    println!("{HEADER}");
    let Some(dir) = shared("speech/en") else { return };
    let (grammar, booking) = (english(), bot("booking.en.toml"));
    let both = grammar.zip(whisper::base()).map(|(first, second)| Fused::new("both", first.clone(), second.clone()));
    let engines = [
        grammar.map(|engine| ("pocketsphinx", &**engine as &dyn Recogniser)),
        both.as_ref().map(|engine| ("both", engine as &dyn Recogniser)),
    ];
    for (name, engine) in engines.into_iter().flatten() {
        bookings(&format!("{name}, English"), |change| {
            let clips = BOOKING.iter().filter(|(_, _, clip)| !clip.is_empty());
            let said = clips.map(|(step, words, clip)| {
                let pcm = change.of(&read(&dir.join(clip).with_extension("wav")));
                Answered::by(engine, &booking, Language::En, stage(step), words, &pcm)
            });
            let mut of = Bookings::default();
            of.add(&said.collect::<Vec<_>>());
            of
        });
    }
}

#[test]
#[ignore = "prints figures: make hearing"]
fn figures_of_bookings_by_people_in_vietnamese() {
    println!("{HEADER}");
    let (Some(dir), Some(engine)) = (shared("speech/vi"), whisper::base()) else { return };
    let places = bot("places.vi.toml");
    bookings("Whisper base, Vietnamese", |change| {
        let mut of = Bookings::default();
        for speaker in 1..=5 {
            let said = |stage: &Stage, stem: &str, words: &str| {
                let pcm = change.of(&read(&dir.join(format!("{stem}00{speaker}.wav"))));
                Answered::by(&**engine, &places, Language::Vi, stage, words, &pcm)
            };
            let yes = said(&REVIEW, "DDUSNG0", "đúng");
            for (stem, place) in &VIETNAMESE[..5] {
                of.add(&[said(&PLACE, stem, place), yes]);
            }
        }
        of
    });
}

#[test]
#[ignore = "prints figures: make hearing"]
fn figures_of_fresh_strangers() {
    println!(
        "| engine | callers | said | acted on rightly | asked rightly | not understood | asked wrongly | acted on wrongly | ms, p50 / p95 |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    let (grammar, whisper) = (english(), whisper::base());
    let both = grammar.zip(whisper).map(|(first, second)| Fused::new("both", first.clone(), second.clone()));
    let engines = [
        grammar.map(|engine| ("pocketsphinx", &**engine as &dyn Recogniser)),
        both.as_ref().map(|engine| ("both", engine as &dyn Recogniser)),
    ];
    for (name, engine) in engines.into_iter().flatten() {
        for stranger in &ENGLISH {
            let said = answers().map(|(stage, said)| Said { stage, words: Some(said), pcm: stranger.say(said) });
            let (booking, said) = (bot("booking.en.toml"), said.collect::<Vec<_>>());
            row(name, engine, &booking, Language::En, stranger.name, &said);
        }
    }
    let Some(engine) = whisper else { return };
    for stranger in &OF_VIETNAM {
        let said = PLACES.map(|said| Said { stage: &PLACE, words: Some(said), pcm: stranger.say(said) });
        row("Whisper base", &**engine, &bot("places.vi.toml"), Language::Vi, stranger.name, &said);
    }
}

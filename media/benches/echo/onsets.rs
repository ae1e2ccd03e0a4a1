//! Callers who begin in the bot's first two seconds: when they are noticed, and whether their words arrive; and how often a bot
//! takes its own first seconds for a caller.
use super::{
    Acoustics, Clip, Ear, EchoControl, Edge, Model, Models, PocketSphinx, Tape, admit, frame, place, plan, voices,
};
use media::Language;
use media::Rate;
use media::asr::pocketsphinx::Spelling;
use media::asr::{Ask, Expect, Recogniser};
use media::testkit::phrases;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// Samples before the bot's first sound.
const LEAD: usize = 8_000;

/// People and voices of one language, and who understands them.
struct Callers {
    language: Language,
    clips: Vec<(Vec<i16>, &'static str)>,
    engine: PocketSphinx,
    ask: Ask,
}

/// Silent, a bot shows what is understood of its callers at all.
#[derive(Clone, Copy)]
enum Bot {
    Speaks,
    Silent,
}

/// Where a caller speaks, and how long after the bot's first sound.
#[derive(Clone, Copy)]
struct Call {
    loss_db: f32,
    delay_ms: u64,
    seed: u64,
    onset_ms: usize,
}

/// What became of one caller.
struct Outcome {
    onset_ms: usize,
    /// From where speech begins to where it is noticed (s), and from where it ends.
    noticed: Option<(f32, f32)>,
    /// How much of its beginning is missing (s).
    missing: f32,
    extra: usize,
    understood: bool,
}

fn callers(fresh: bool) -> Vec<Callers> {
    const GRAMMAR: &str = include_str!("../../src/asr/pocketsphinx/booking.jsgf");
    let half = |clips: Vec<(Vec<i16>, &'static str)>, turn: usize| -> Vec<_> {
        let mine = clips.into_iter().enumerate().filter(|(n, _)| ((n / turn) % 2 == 1) == fresh);
        mine.map(|(_, clip)| clip).collect()
    };
    let mut callers = Vec::new();
    match PocketSphinx::load(Model::debian_english()) {
        Ok(engine) => {
            let said = half(voices::said(&phrases::BOOKING), phrases::BOOKING.len());
            let people = voices::recorded(&phrases::PEOPLE);
            let ask =
                Ask { language: Language::En, expect: Expect::Grammar(GRAMMAR.into()), lexicon: Default::default() };
            // A person for each voice.
            let clips = said.into_iter().enumerate().flat_map(|(n, clip)| {
                let person = people.get(n % people.len().max(1)).cloned();
                [Some(clip), person]
            });
            callers.push(Callers { language: Language::En, clips: clips.flatten().collect(), engine, ask });
        }
        Err(why) => println!("skipped: {why}"),
    }
    let hmm = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/models/vi-places");
    match PocketSphinx::load(Model::telephone(Language::Vi, &hmm, &hmm.join("places.dict"), Spelling::Telex)) {
        Ok(engine) => {
            let phones = |phones: &str| phones.split(' ').map(String::from).collect::<Vec<_>>();
            let words = [("atm", "a y t e e m"), ("karaoke", "k a r a o k e")];
            let lexicon: BTreeMap<_, _> =
                words.into_iter().map(|(word, spoken)| (word.to_owned(), phones(spoken))).collect();
            let expect = Expect::Grammar(phrases::VIETNAMESE_GRAMMAR.into());
            let ask = Ask { language: Language::Vi, expect, lexicon: Arc::new(lexicon) };
            let clips = half(voices::recorded(&phrases::VIETNAMESE), 1);
            callers.push(Callers { language: Language::Vi, clips, engine, ask });
        }
        Err(why) => println!("skipped: {why}"),
    }
    callers.retain(|callers| !callers.clips.is_empty());
    callers
}

impl Callers {
    fn understands(&self, tape: &Tape, text: &str) -> bool {
        let mut hearing = self.engine.open(&self.ask).expect("the grammar");
        hearing.keep(&tape.take()).expect("sound");
        hearing.finish().expect("an answer").text.as_deref() == Some(text)
    }

    /// The clips that are understood where nobody else speaks; the others are named.
    fn clear(&self, models: &Models) -> Vec<&(Vec<i16>, &'static str)> {
        let clear = |(clip, text): &&(Vec<i16>, &'static str)| {
            let (mut ear, tape) = (Ear::new(plan(EchoControl::Off), models), Tape::default());
            ear.listen(Some(Box::new(tape.clone())));
            let sound = [vec![0; LEAD], clip.clone(), vec![0; LEAD]].concat();
            let mut phone = Acoustics::new(place(60.0, 100, 1));
            for (tick, said) in sound.chunks_exact(160).enumerate() {
                ear.hear(&frame(tick, Rate::Hz8000, &phone.tick(&[0; 160], said)));
            }
            self.understands(&tape, text)
        };
        let (clear, missed): (Vec<_>, Vec<_>) = self.clips.iter().partition(clear);
        let missed: Vec<&str> = missed.into_iter().map(|(_, text)| *text).collect();
        println!(
            "{:?}: {} of {} clips; missed where nobody else speaks: {missed:?}",
            self.language,
            clear.len(),
            self.clips.len()
        );
        clear
    }

    fn bot(&self, bot: Bot, who: usize, seconds: f32) -> Vec<i16> {
        let said = match (bot, self.language) {
            (Bot::Silent, _) => vec![0; (seconds * 8_000.0) as usize],
            (Bot::Speaks, Language::En) => voices::talk(who, seconds),
            (Bot::Speaks, Language::Vi) => voices::talk_vietnamese(who, seconds),
        };
        [vec![0; LEAD], said].concat()
    }

    /// A caller who begins so long after the bot's first sound. The bot ducks when it notices and holds 300 ms later, as it
    /// does in a call.
    fn outcome(
        &self,
        models: &Models,
        Call { loss_db, delay_ms, seed, onset_ms }: Call,
        (clip, text): &(Vec<i16>, &'static str),
        (bot, echo): (Bot, EchoControl),
    ) -> Outcome {
        let begins = LEAD + onset_ms * 8;
        let speech = Clip::new(clip, 8_000).map(|clip| clip.speech).unwrap_or_default();
        let at = |piece: Option<usize>| (begins + piece.unwrap_or(0) * 80) as f32 / 8_000.0;
        let (begin, end) = (at(speech.iter().position(|yes| *yes)), at(speech.iter().rposition(|yes| *yes)));
        // Where speech itself begins so long after the bot.
        let early = ((begin - begins as f32 / 8_000.0) * 8_000.0) as usize;
        let (begins, begin, end) =
            (begins.saturating_sub(early), begin - early as f32 / 8_000.0, end - early as f32 / 8_000.0);
        let bot = self.bot(bot, seed as usize, 5.0 + clip.len() as f32 / 8_000.0);
        let (mut phone, mut ear, tape) =
            (Acoustics::new(place(loss_db, delay_ms, seed)), Ear::new(plan(echo), models), Tape::default());
        let mut outcome = Outcome { onset_ms, noticed: None, missing: 0.0, extra: 0, understood: false };
        let (mut gain, mut since) = (1.0, None);
        for (tick, far) in bot.chunks_exact(160).enumerate() {
            if since.is_some_and(|since| tick == since + 15) {
                gain = 0.0;
            }
            let far: Vec<i16> = far.iter().map(|sample| (f32::from(*sample) * gain) as i16).collect();
            let from = (tick * 160).checked_sub(begins).unwrap_or(clip.len()).min(clip.len());
            let said = &clip[from..(from + 160).min(clip.len())];
            let near = frame(tick, Rate::Hz8000, &phone.tick(&far, said));
            let near = admit(&mut ear, near, frame(tick, Rate::Hz8000, &far));
            if tick * 160 == LEAD {
                ear.listen(Some(Box::new(tape.clone())));
            }
            match ear.hear(&near) {
                Some(Edge::Start { at, .. }) => {
                    let now = (tick + 1) as f32 / 50.0;
                    if now <= begins as f32 / 8_000.0 {
                        outcome.extra += 1;
                    } else if outcome.noticed.is_none() {
                        // Some begin to breathe before they begin to speak.
                        outcome.noticed = Some(((now - begin).max(0.0), now - end));
                        outcome.missing = at.since_start().as_secs_f32() - begin;
                        (gain, since) = (0.3, Some(tick));
                    }
                }
                Some(Edge::End { .. }) if gain > 0.0 => (gain, since) = (1.0, None),
                Some(Edge::End { .. }) | None => {}
            }
        }
        outcome.understood = self.understands(&tape, text);
        outcome
    }
}

pub(super) fn table(fresh: bool, models: &Models) {
    println!(
        "\nCallers who begin 0 to 2 s after the bot's first sound, of whom a recogniser understands each word on a quiet line"
    );
    let (seed, delays) = if fresh { (20_000, [50, 130, 240, 390]) } else { (300, [80, 180, 300, 440]) };
    let said: Vec<String> = std::env::args().collect();
    let only = |wanted: &str, among: &[&str]| {
        !said.iter().any(|arg| among.contains(&arg.as_str())) || said.iter().any(|arg| arg == wanted)
    };
    for callers in callers(fresh) {
        let language = format!("{:?}", callers.language);
        if !only(&language, &["En", "Vi"]) {
            continue;
        }
        let clear = callers.clear(models);
        let calls: Vec<(Call, _)> = (0..126)
            .map(|number| {
                let delay_ms = delays[number % 4] + (number as u64 * 7) % 30;
                let call = Call { loss_db: 60.0, delay_ms, seed: seed + number as u64, onset_ms: number / 6 * 100 };
                (call, clear[(number * 7 + number % 6) % clear.len()])
            })
            .collect();
        let run = |loss_db: f32, bot: Bot, echo: EchoControl| -> Vec<Outcome> {
            calls
                .iter()
                .map(|(call, clip)| callers.outcome(models, Call { loss_db, ..*call }, clip, (bot, echo)))
                .collect()
        };
        let quiet = run(60.0, Bot::Silent, EchoControl::Off);
        for echo in [EchoControl::On, EchoControl::Off] {
            for (what, loss) in
                [("no echo", 60.0f32), ("echo 20 dB down", 20.0), ("15 dB", 15.0), ("10 dB", 10.0), ("6 dB", 6.0)]
            {
                if echo == EchoControl::Off && loss < 60.0 || !only(&loss.to_string(), &["60", "20", "15", "10", "6"]) {
                    continue;
                }
                let all = run(loss, Bot::Speaks, echo);
                let share = |of: &dyn Fn(&Outcome, &Outcome) -> bool| {
                    100.0 * all.iter().zip(&quiet).filter(|(one, quiet)| of(one, quiet)).count() as f32
                        / all.len() as f32
                };
                println!(
                    "  echo control {echo:?}, {what:>15}: understood {:>5.1} %, where the bot is silent {:>5.1} %; lost by the bot {:>5.1} %",
                    share(&|one, _| one.understood),
                    share(&|_, quiet| quiet.understood),
                    share(&|one, quiet| quiet.understood && !one.understood),
                );
                for (when, part) in [("0-0.9 s", 0..1_000), ("1-2 s", 1_000..2_001)] {
                    let part: Vec<&Outcome> = all.iter().filter(|one| part.contains(&one.onset_ms)).collect();
                    let count = |of: &dyn Fn(&Outcome) -> bool| {
                        100.0 * part.iter().filter(|one| of(one)).count() as f32 / part.len() as f32
                    };
                    let mut delays: Vec<f32> =
                        part.iter().map(|one| one.noticed.map_or(f32::INFINITY, |noticed| noticed.0)).collect();
                    delays.sort_by(f32::total_cmp);
                    let at = |share: f32| delays[(delays.len() as f32 * share) as usize] * 1_000.0;
                    println!(
                        "  echo control {echo:?}, {what:>15}, {when:>7}: noticed within 400 ms {:>5.1} %, by the clause's end {:>5.1} %, from its beginning {:>5.1} %, understood {:>5.1} %, {} extra; median {:>4.0}, p95 {:>4.0}, last {:>4.0}",
                        count(&|one| one.noticed.is_some_and(|noticed| noticed.0 <= 0.401)),
                        count(&|one| one.noticed.is_some_and(|noticed| noticed.1 <= 0.3)),
                        count(&|one| one.noticed.is_some() && one.missing < 0.1),
                        count(&|one| one.understood),
                        part.iter().map(|one| one.extra).sum::<usize>(),
                        at(0.5),
                        at(0.95),
                        at(0.999),
                    );
                }
            }
        }
    }
}

/// Bots that begin to speak into an echo, each on a line of its own.
pub(super) fn starts(fresh: bool, models: &Models) {
    const LINES: usize = 300;
    println!("\n{LINES} bots speak 4 s each into lines of their own, nobody else does: ducks (holds)");
    let (seed, who) = if fresh { (50_000, 23) } else { (4_000, 0) };
    for (what, loss) in [("echo 3 dB down", 3.0f32), ("6 dB", 6.0), ("10 dB", 10.0), ("15 dB", 15.0), ("20 dB", 20.0)] {
        let (mut ducks, mut holds) = (0, 0);
        for number in 0..LINES / 5 {
            let bot = match number % 3 {
                0 => voices::talk_vietnamese(number + who, 4.0),
                _ => voices::talk(number + who, 4.0),
            };
            let place = place(loss, 25 + (number as u64 * 37 + seed) % 450, seed + number as u64);
            let mut ear = Ear::new(plan(EchoControl::On), models);
            let (starts, long) = super::hear(&mut ear, place, &[vec![0; LEAD], bot].concat(), &[]);
            ducks += starts.len();
            holds += long;
        }
        println!("  {what:>15}: {ducks} ({holds}) on {} lines", LINES / 5);
    }
}

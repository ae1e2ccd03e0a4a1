//! The figures of turn-taking: how often callers are cut off, and how long they wait. `cargo test -p dialog --features testkit
//! figures_of_turns -- --ignored --nocapture` prints all of them.
use crate::language::Language;
use crate::testkit::turns::{Caller, Half, Outcome, Place, SpokenTurn};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Turns of one language that are counted together.
const TURNS: usize = 1_200;
const PATIENCE: [f32; 9] = [0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2, 1.5, 2.0];

#[derive(Clone, Default)]
struct Figures {
    turns: usize,
    /// Turns with a pause, and those that were cut off in one.
    pausing: usize,
    cut: usize,
    cut_unfinished: usize,
    lost: usize,
    waits: Vec<Duration>,
}

impl Figures {
    fn count(&mut self, turn: &SpokenTurn, outcome: Outcome) {
        self.turns += 1;
        self.pausing += usize::from(turn.stretches.len() > 1);
        match outcome {
            Outcome::CutOff(place) => {
                self.cut += 1;
                self.cut_unfinished += usize::from(place == Place::Unfinished);
            }
            Outcome::Taken(wait) => self.waits.push(wait),
            Outcome::Lost => self.lost += 1,
        }
    }

    fn add(&mut self, other: &Figures) {
        self.turns += other.turns;
        self.pausing += other.pausing;
        self.cut += other.cut;
        self.cut_unfinished += other.cut_unfinished;
        self.lost += other.lost;
        self.waits.extend(&other.waits);
    }

    fn wait(&self, share: f64) -> u128 {
        let mut waits = self.waits.clone();
        waits.sort_unstable();
        let at = (waits.len() as f64 * share) as usize;
        waits.get(at.min(waits.len().saturating_sub(1))).map_or(0, Duration::as_millis)
    }

    fn percent(part: usize, whole: usize) -> f64 {
        100.0 * part as f64 / whole.max(1) as f64
    }

    fn cut_percent(&self) -> f64 {
        Self::percent(self.cut, self.turns)
    }

    fn row(&self, name: &str) -> String {
        format!(
            "{name:<22} {:>5} {:>7.1} {:>9.1} {:>11.1} {:>7} {:>6} {:>5}",
            self.turns,
            self.cut_percent(),
            Self::percent(self.cut, self.pausing),
            Self::percent(self.cut_unfinished, self.turns),
            self.wait(0.5),
            self.wait(0.9),
            self.lost,
        )
    }
}

const HEAD: &str = "                       turns   cut %  of pausing  unfinished  median    p90  lost";

/// Turns of one language, and what they come to with each patience.
struct Measured {
    language: Language,
    turns: Vec<SpokenTurn>,
    /// In the order of `PATIENCE`.
    outcomes: Vec<Vec<Outcome>>,
}

impl Measured {
    fn new(language: Language, caller: &mut Caller, turns: usize, patience: &[f32]) -> Measured {
        let turns: Vec<SpokenTurn> = (0..turns).map(|_| caller.turn()).collect();
        let outcomes = patience.iter().map(|patience| turns.iter().map(|turn| caller.take(turn, *patience)).collect());
        Measured { language, outcomes: outcomes.collect(), turns }
    }

    /// Figures with the patience at this place, by what `key` says of a turn.
    fn by(&self, at: usize, key: impl Fn(&SpokenTurn) -> String) -> BTreeMap<String, Figures> {
        let mut figures = BTreeMap::<String, Figures>::new();
        for (turn, outcome) in self.turns.iter().zip(&self.outcomes[at]) {
            figures.entry(key(turn)).or_default().count(turn, *outcome);
        }
        figures
    }

    fn all(&self, at: usize) -> Figures {
        self.by(at, |_| String::new()).remove("").unwrap_or_default()
    }
}

/// A caller, and a bot with the silences of `PLAN` in place of the usual ones, for example "likely_ms = 700".
fn caller(language: Language, half: Half, seed: u64) -> Caller {
    let mut caller = Caller::new(language, half, seed);
    if let Ok(plan) = std::env::var("PLAN") {
        caller.plan = toml::from_str(&plan).unwrap_or_else(|why| panic!("PLAN: {why}"));
    }
    caller
}

fn print(half: Half, seed: u64) {
    println!("\n{half:?}, seed {seed}\n\nby patience\n{HEAD}");
    let both = Language::ALL.map(|language| {
        let mut caller = caller(language, half, seed);
        Measured::new(language, &mut caller, TURNS, &PATIENCE)
    });
    for (at, patience) in PATIENCE.iter().enumerate() {
        let mut all = Figures::default();
        for one in &both {
            println!("{}", one.all(at).row(&format!("{patience:.1} {:?}", one.language)));
            all.add(&one.all(at));
        }
        println!("{}", all.row(&format!("{patience:.1} both")));
    }
    for mistaken in [25, 40] {
        println!("\nEnglish, with ears that tell how the voice ends, {mistaken} % of it wrong or not\n{HEAD}");
        let mut caller = caller(Language::En, half, seed);
        caller.mistaken_ends = Some(mistaken);
        let told = Measured::new(Language::En, &mut caller, TURNS, &PATIENCE);
        for (at, patience) in PATIENCE.iter().enumerate() {
            println!("{}", told.all(at).row(&format!("{patience:.1}")));
        }
    }
    let usual = PATIENCE.iter().position(|patience| *patience == 1.0).unwrap_or(0);
    let keys: [(&str, KeyOfTurn); 2] =
        [("question", |turn| turn.question.clone()), ("recogniser", |turn| format!("{:?}", turn.hearing))];
    for (name, key) in keys {
        println!("\nby {name}, patience 1\n{HEAD}");
        for one in &both {
            for (name, figures) in one.by(usual, key) {
                println!("{}", figures.row(&format!("{:?} {name}", one.language)));
            }
        }
    }
    print_kinds(half, seed);
    if std::env::var_os("SHOW").is_some() {
        show_cut_offs(&both, usual);
    }
}

/// What the words before each silence were taken for: how often the turn ended there, and how often it went on.
fn print_kinds(half: Half, seed: u64) {
    let mut kinds = BTreeMap::<String, [Vec<String>; 2]>::new();
    for language in Language::ALL {
        let mut caller = Caller::new(language, half, seed);
        for _ in 0..TURNS {
            let turn = caller.turn();
            for (kind, words, goes_on) in caller.kinds(&turn) {
                let key = format!("{language:?} {kind:?}");
                kinds.entry(key).or_default()[usize::from(goes_on)].push(format!("{}: {words}", turn.question));
            }
        }
    }
    println!("\nby kind                      ends   goes on");
    for (kind, [ends, goes_on]) in &kinds {
        println!("{kind:<26} {:>6} {:>9}", ends.len(), goes_on.len());
        if std::env::var_os("SHOW").is_some() {
            for (name, all) in [("ends", ends), ("goes on", goes_on)] {
                let mut counts = BTreeMap::<&str, usize>::new();
                all.iter().for_each(|words| *counts.entry(words).or_default() += 1);
                let mut counts: Vec<_> = counts.into_iter().collect();
                counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
                counts.iter().take(12).for_each(|(words, count)| println!("      {name:<8} {count:>4} {words}"));
            }
        }
    }
}

/// What callers had said when they were cut off, and how often.
fn show_cut_offs(both: &[Measured], at: usize) {
    let mut cut = BTreeMap::<String, usize>::new();
    for one in both {
        for (turn, outcome) in one.turns.iter().zip(&one.outcomes[at]) {
            if matches!(outcome, Outcome::CutOff(_)) {
                let said: Vec<String> = turn.stretches.iter().map(|stretch| stretch.words.join(" ")).collect();
                *cut.entry(format!("{}: {}", turn.question, said.join(" … "))).or_default() += 1;
            }
        }
    }
    let mut cut: Vec<_> = cut.into_iter().collect();
    cut.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    cut.iter().for_each(|(text, count)| println!("{count:>4} {text}"));
}

/// Pauses within people's recordings: at least 200 ms that are 25 dB fainter than the loud parts of the clip.
fn pauses_of_people(folder: &Path) -> Vec<Duration> {
    let entries = |folder: &Path| std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut clips: Vec<_> = entries(folder).flat_map(|folder| entries(&folder).collect::<Vec<_>>()).collect();
    clips.retain(|clip| clip.extension().is_some_and(|end| end == "wav"));
    clips.sort();
    clips.iter().flat_map(|clip| pauses_within(&std::fs::read(clip).unwrap_or_default())).collect()
}

/// The same of one WAV file of 16-bit mono samples behind a header of 44 bytes.
fn pauses_within(wav: &[u8]) -> Vec<Duration> {
    let Some((header, sound)) = wav.split_at_checked(44) else { return Vec::new() };
    let rate = u32::from_le_bytes([header[24], header[25], header[26], header[27]]);
    let samples: Vec<f64> = sound.as_chunks::<2>().0.iter().map(|pair| f64::from(i16::from_le_bytes(*pair))).collect();
    let level = |block: &[f64]| 10.0 * (block.iter().map(|x| x * x).sum::<f64>() / block.len() as f64 + 1.0).log10();
    // 10 ms each.
    let levels: Vec<f64> = samples.chunks_exact((rate as usize / 100).max(1)).map(level).collect();
    let mut sorted = levels.clone();
    sorted.sort_by(f64::total_cmp);
    let Some(loud) = sorted.get(sorted.len() * 95 / 100) else { return Vec::new() };
    let spoken: Vec<bool> = levels.iter().map(|level| *level > loud - 25.0).collect();
    let gaps = spoken.split(|is_loud| *is_loud).map(<[bool]>::len);
    let count = gaps.clone().count();
    // What lies before the first sound and behind the last one is no pause.
    let within = gaps.enumerate().filter(|(at, length)| (1..count - 1).contains(at) && *length >= 20);
    within.map(|(_, length)| Duration::from_millis(10 * length as u64)).collect()
}

fn print_with_pauses_of_people(seed: u64) {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/speech");
    let folder = std::env::var_os("SPEECH").map_or(shared, PathBuf::from);
    let pauses = pauses_of_people(&folder);
    if pauses.is_empty() {
        return println!(
            "\nSKIPPED: pauses of people: no recordings in {} (SPEECH names another folder)",
            folder.display()
        );
    }
    let mut sorted: Vec<u128> = pauses.iter().map(Duration::as_millis).collect();
    sorted.sort_unstable();
    println!("\nwith the pauses of people's recordings ({sorted:?} ms)\n{HEAD}");
    for language in Language::ALL {
        let mut caller = caller(language, Half::HeldOut, seed);
        caller.pauses.clone_from(&pauses);
        let figures = Measured::new(language, &mut caller, TURNS, &[1.0]).all(0);
        println!("{}", figures.row(&format!("{language:?}")));
    }
}

/// Looser than what is measured: a change that makes turn-taking worse by a third is seen.
/// What turns are counted by.
type KeyOfTurn = fn(&SpokenTurn) -> String;

#[test]
fn callers_are_seldom_cut_off_and_soon_answered() {
    for language in Language::ALL {
        let mut caller = Caller::new(language, Half::HeldOut, 31);
        let figures = Measured::new(language, &mut caller, 300, &[1.0, 2.0]);
        let (usual, patient) = (figures.all(0), figures.all(1));
        // A short word of which nothing was understood may be a cough.
        assert!(usual.lost <= 6, "{language:?}: {} lost", usual.lost);
        let (cut, median) = (usual.cut_percent(), usual.wait(0.5));
        assert!(cut <= 20.0 && median <= 620, "{language:?}: {cut} % cut off, {median} ms");
        assert!(patient.cut_percent() < cut && patient.wait(0.5) > median, "{language:?}");
    }
}

#[test]
#[ignore = "prints figures"]
fn figures_of_turns() {
    let chosen = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok());
    print(Half::Tune, 1);
    let seed = chosen.unwrap_or(2_001);
    print(Half::HeldOut, seed);
    print_with_pauses_of_people(seed);
}

//! `ToneKeys`: keypad keys out of the sound itself (ITU-T Q.23), for lines without telephone-events.
//!
//! Every 5 ms the last 15 ms are correlated with the eight frequencies. They hold a key if two of them carry nearly all of
//! the energy, at levels and frequencies that Q.24 accepts; a key counts after 30 ms of that. Since the *share* of the energy is
//! asked, speech and its harmonics fail without filters of their own for these.
use super::{KEYS, dual};
use crate::Frame;
use crate::frame::Origin;
use std::f32::consts::TAU;
use std::sync::OnceLock;

/// The sound is looked at at this rate: all eight tones lie below 1.7 kHz.
const HZ: u32 = 8_000;
/// 5 ms.
const BLOCK: usize = 40;
/// Blocks in one look.
const WINDOW: usize = 3;
const SECONDS: f32 = BLOCK as f32 / HZ as f32;
/// Looks in a row that make a key: with the window, 30 ms of tone (Q.24: 40 ms must do).
const HITS: u32 = 4;
/// Looks that may fail in between (Q.24: an interruption of 10 ms is none).
const MISSES: u32 = 2;
/// Looks that fail before the same key counts again: one packet of 20 ms may be lost from a tone, a pause of 40 ms is one.
const RELEASE: u32 = 8;
/// Looks into made-up sound that are not held against a key.
const MADE_UP: u32 = 20;
/// Each tone is at least this loud: -42 dB of full scale, mean square.
const FAINTEST: f32 = 32_768.0 * 32_768.0 / 2.0 * 6.3e-5;
/// Q.24 table A-1 has the upper tone 4 dB above to 8 dB below the lower one; a margin for µ-law and noise is added.
const TWIST: std::ops::RangeInclusive<f32> = 0.105..=3.7;
/// Share of the energy that both tones carry. Noise 15 dB below leaves .97.
const PURITY: f32 = 0.82;
/// Q.24: ±1.5 % must do, ±3.5 % must not. One look is given more doubt than the mean of a key's looks.
const OFF: f32 = 0.025;
const OFF_ONCE: f32 = 0.032;

type Complex = (f32, f32);

fn times(a: Complex, b: Complex) -> Complex {
    (a.0 * b.0 - a.1 * b.1, a.0 * b.1 + a.1 * b.0)
}

fn plus(a: Complex, b: Complex) -> Complex {
    (a.0 + b.0, a.1 + b.1)
}

fn power(a: Complex) -> f32 {
    a.0 * a.0 + a.1 * a.1
}

/// The eight frequencies, rows first.
struct Lines {
    hz: [f32; 8],
    /// How each turns from one block to the next.
    turn: [Complex; 8],
    /// Their cosines and negative sines, sample by sample: one sample meets all of them at once, in vector registers.
    wave: [[f32; 16]; BLOCK],
}

fn lines() -> &'static Lines {
    static LINES: OnceLock<Lines> = OnceLock::new();
    LINES.get_or_init(|| {
        // 1, 4, 7, * have the rows; 1, 2, 3, A the columns.
        let (rows, columns) = ([1, 4, 7, 10], [1, 2, 3, 12]);
        let hz = std::array::from_fn(|n| if n < 4 { dual(rows[n]).0 } else { dual(columns[n - 4]).1 });
        let angle = |line: usize, sample: usize| TAU * hz[line] / HZ as f32 * sample as f32;
        Lines {
            hz,
            turn: std::array::from_fn(|n| (angle(n, BLOCK).cos(), angle(n, BLOCK).sin())),
            wave: std::array::from_fn(|i| {
                std::array::from_fn(|n| if n < 8 { angle(n, i).cos() } else { -angle(n - 8, i).sin() })
            }),
        }
    })
}

#[derive(Clone, Copy, Debug, Default)]
struct Block {
    sums: [Complex; 8],
    energy: f32,
}

/// A key that is being made sure of.
#[derive(Clone, Copy, Debug)]
struct Run {
    key: (usize, usize),
    hits: u32,
    misses: u32,
    /// How both tones turned against their nominal frequency, look by look.
    turned: [Complex; 2],
}

/// A key that was told, and is down.
#[derive(Clone, Copy, Debug)]
struct Held {
    key: (usize, usize),
    /// Looks without it, and those into made-up sound.
    missed: u32,
    made_up: u32,
}

#[derive(Clone, Debug)]
pub struct ToneKeys {
    /// Samples at [`HZ`] of the block that fills up.
    block: [f32; BLOCK],
    filled: usize,
    /// Sum and count of samples of a faster line on their way to one.
    sum: (f32, u32),
    last: [Block; WINDOW],
    before: [Complex; 8],
    run: Option<Run>,
    held: Option<Held>,
}

impl Default for ToneKeys {
    fn default() -> Self {
        Self {
            block: [0.0; BLOCK],
            filled: 0,
            sum: (0.0, 0),
            last: Default::default(),
            before: Default::default(),
            run: None,
            held: None,
        }
    }
}

impl ToneKeys {
    /// Takes one tick of a line; a key if its tone became sure in it. (Two keys need 80 ms: a tick holds one at most.)
    pub fn hear(&mut self, frame: &Frame) -> Option<char> {
        self.push(frame.pcm(), frame.rate.hz(), frame.origin == Origin::Concealed)
    }

    /// Whether a key is down.
    pub const fn sounding(&self) -> bool {
        self.held.is_some()
    }

    fn push(&mut self, pcm: &[i16], hz: u32, made_up: bool) -> Option<char> {
        // A faster line is averaged down: what that lets fold back only ever makes a tone less pure.
        let each = (hz / HZ).max(1);
        let mut found = None;
        for &sample in pcm {
            self.sum = (self.sum.0 + f32::from(sample), self.sum.1 + 1);
            if self.sum.1 < each {
                continue;
            }
            self.block[self.filled] = self.sum.0 / self.sum.1 as f32;
            self.sum = (0.0, 0);
            self.filled += 1;
            if self.filled == BLOCK {
                self.filled = 0;
                found = self.look(made_up).or(found);
            }
        }
        found
    }

    fn look(&mut self, made_up: bool) -> Option<char> {
        let lines = lines();
        let mut block = Block { energy: self.block.iter().map(|x| x * x).sum(), ..Block::default() };
        // Silence, most of what a line carries, costs nothing: no key has a block so faint.
        if block.energy > FAINTEST / 2.0 * BLOCK as f32 {
            let mut sums = [0.0; 16];
            for (x, wave) in self.block.iter().zip(&lines.wave) {
                sums.iter_mut().zip(wave).for_each(|(sum, wave)| *sum += x * wave);
            }
            block.sums = std::array::from_fn(|n| (sums[n], sums[n + 8]));
        }
        self.last.rotate_left(1);
        self.last[WINDOW - 1] = block;
        let mut now = [(0.0, 0.0); 8];
        let mut turned = now;
        for (n, &turn) in lines.turn.iter().enumerate() {
            // Each block counts its phase from its own beginning; the window's is that of its last block.
            now[n] = self.last.iter().fold((0.0, 0.0), |sum, block| plus(times(sum, turn), block.sums[n]));
            let before = times(self.before[n], turn);
            turned[n] = times(now[n], (before.0, -before.1));
        }
        self.before = now;
        let hit = self.hit(&now, &turned);
        self.judge(hit.map(|key| (key, [turned[key.0], turned[key.1]])), made_up)
    }

    /// The row and column that the last window holds.
    fn hit(&self, now: &[Complex; 8], turned: &[Complex; 8]) -> Option<(usize, usize)> {
        let energies = self.last.map(|block| block.energy);
        let (least, most) = energies.iter().fold((f32::MAX, 0f32), |(a, b), &e| (a.min(e), b.max(e)));
        let samples = (BLOCK * WINDOW) as f32;
        if most / BLOCK as f32 <= FAINTEST || least < 0.3 * most {
            return None;
        }
        let loudest = |from: usize| (from..from + 4).max_by(|&a, &b| power(now[a]).total_cmp(&power(now[b])));
        let (row, column) = (loudest(0)?, loudest(4)?);
        let mean_square = |n: usize| {
            let off = off(turned[n]);
            // What the window loses of a tone beside its frequency.
            let x = off * SECONDS * WINDOW as f32 * TAU / 2.0;
            let kept = if x.abs() < 0.01 { 1.0 } else { (x.sin() / x).powi(2) };
            let near = off.abs() <= OFF_ONCE * lines().hz[n];
            near.then(|| 2.0 * power(now[n]) / (samples * samples) / kept)
        };
        let (low, high) = (mean_square(row)?, mean_square(column)?);
        let loud = low.min(high) >= FAINTEST;
        let pure = low + high >= PURITY * energies.iter().sum::<f32>() / samples;
        (loud && pure && TWIST.contains(&(high / low))).then_some((row, column))
    }

    fn judge(&mut self, hit: Option<((usize, usize), [Complex; 2])>, made_up: bool) -> Option<char> {
        let again = |held: &Held| hit.is_some_and(|(key, _)| key == held.key);
        if let Some(held) = &mut self.held {
            if again(held) {
                (held.missed, held.made_up) = (0, 0);
                self.run = None;
                return None;
            }
            if made_up && held.made_up < MADE_UP {
                held.made_up += 1;
            } else {
                held.missed += 1;
            }
            if held.missed >= RELEASE {
                self.held = None;
            }
        }
        let Some((key, turned)) = hit else {
            if let Some(run) = &mut self.run {
                run.misses += 1;
                if run.misses > MISSES && !made_up {
                    self.run = None;
                }
            }
            return None;
        };
        let run = match self.run.take().filter(|run| run.key == key) {
            // The first look of a run, and the one after a gap, has nothing to turn from.
            Some(run) if run.misses > 0 => Run { hits: run.hits + 1, misses: 0, ..run },
            Some(run) => {
                let sum = [plus(run.turned[0], turned[0]), plus(run.turned[1], turned[1])];
                Run { hits: run.hits + 1, turned: sum, ..run }
            }
            None => Run { key, hits: 1, misses: 0, turned: [(0.0, 0.0); 2] },
        };
        let near = |n: usize, line: usize| off(run.turned[n]).abs() <= OFF * lines().hz[line];
        if run.hits >= HITS && near(0, key.0) && near(1, key.1) {
            (self.held, self.run) = (Some(Held { key, missed: 0, made_up: 0 }), None);
            return KEYS.into_iter().zip(0..).find(|&(_, event)| place(event) == key).map(|(key, _)| key);
        }
        self.run = Some(run);
        None
    }
}

/// Row and column of an event code, as places among the lines.
fn place(event: u8) -> (usize, usize) {
    let (low, high) = dual(event);
    let of = |hz: f32| lines().hz.iter().position(|line| *line == hz).unwrap_or(0);
    (of(low), of(high))
}

/// How far a tone that turns so from block to block lies from its line, in Hz.
fn off(turned: Complex) -> f32 {
    turned.1.atan2(turned.0) / (TAU * SECONDS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::g711::{ULAW_TO_PCM, ulaw};
    use crate::noise::Rng;
    use crate::{Rate, SamplePos};
    use std::path::Path;
    use std::process::Command;

    /// How a key is pressed twice.
    #[derive(Clone, Copy)]
    struct Press {
        rate: Rate,
        tone_ms: usize,
        pause_ms: usize,
        /// Of the lower tone, and how much the upper one is above it.
        amplitude: f32,
        twist_db: f32,
        off: f32,
        noise_db: f32,
        /// Share of packets that are concealed by a fading repetition.
        loss: f32,
    }

    const PLAIN: Press = Press {
        rate: Rate::Hz8000,
        tone_ms: 40,
        pause_ms: 40,
        amplitude: 5000.0,
        twist_db: 0.0,
        off: 0.0,
        noise_db: -15.0,
        loss: 0.0,
    };

    /// Through µ-law, from a place within a tick that the rng choose.
    fn heard(press: Press, event: u8, rng: &mut Rng) -> String {
        let hz = press.rate.hz() as usize;
        let (low, high) = dual(event);
        let upper = press.amplitude * 10f32.powf(press.twist_db / 20.0);
        let noise = ((press.amplitude.powi(2) + upper.powi(2)) / 2.0 * 10f32.powf(press.noise_db / 10.0)).sqrt();
        let (tone, pause) = (press.tone_ms * hz / 1000, press.pause_ms * hz / 1000);
        let start = hz / 25 + (rng.unit() * hz as f32 / 50.0) as usize;
        let down = |n: usize| {
            (start..start + tone).contains(&n) || (start + tone + pause..start + 2 * tone + pause).contains(&n)
        };
        let (a, b) = (rng.unit() * TAU, rng.unit() * TAU);
        let pcm: Vec<i16> = (0..start + 2 * tone + pause + hz / 10)
            .map(|n| {
                let t = n as f32 / hz as f32 * TAU * (1.0 + press.off);
                let tones = press.amplitude * (low * t + a).sin() + upper * (high * t + b).sin();
                let hiss = (0..12).map(|_| rng.unit()).sum::<f32>() - 6.0;
                let x = if down(n) { tones } else { 0.0 } + noise * hiss;
                ULAW_TO_PCM[usize::from(ulaw(x as i16))]
            })
            .collect();
        let mut keys = ToneKeys::default();
        let mut frame = Frame::silence(SamplePos(0), press.rate);
        pcm.chunks_exact(press.rate.per_tick())
            .filter_map(|tick| {
                frame.origin = if rng.unit() < press.loss { Origin::Concealed } else { Origin::Line };
                if frame.origin == Origin::Concealed {
                    frame.pcm_mut().iter_mut().for_each(|x| *x /= 2);
                } else {
                    frame.pcm_mut().copy_from_slice(tick);
                }
                keys.hear(&frame)
            })
            .collect()
    }

    /// Of every key pressed so, twice, often: how many were heard twice, and how many not at all.
    fn count(press: Press) -> (usize, usize, usize) {
        let mut rng = Rng::new(7);
        let trials = (0..64).map(|n| {
            let press = Press { off: if n % 32 < 16 { press.off } else { -press.off }, ..press };
            (KEYS[n % 16], heard(press, (n % 16) as u8, &mut rng))
        });
        let trials: Vec<_> = trials.collect();
        let twice = trials.iter().filter(|(key, heard)| *heard == format!("{key}{key}")).count();
        (twice, trials.iter().filter(|(_, heard)| heard.is_empty()).count(), trials.len())
    }

    #[test]
    fn the_shortest_keys_that_q_24_allows_are_heard_in_noise_at_every_rate() {
        for rate in [Rate::Hz8000, Rate::Hz16000, Rate::Hz48000] {
            let plain = Press { rate, ..PLAIN };
            for (what, press) in [
                ("plain", plain),
                ("upper tone 4 dB above", Press { twist_db: 4.0, ..plain }),
                ("upper tone 8 dB below", Press { twist_db: -8.0, amplitude: 8000.0, ..plain }),
                ("1.5 % beside", Press { off: 0.015, ..plain }),
                ("faint", Press { amplitude: 450.0, tone_ms: 50, pause_ms: 50, noise_db: -25.0, ..plain }),
                ("clipped", Press { amplitude: 17_000.0, ..plain }),
            ] {
                assert_eq!(count(press), (64, 0, 64), "{what} at {rate:?}");
            }
        }
    }

    #[test]
    fn what_is_no_key_by_q_24_is_none() {
        for (what, press) in [
            ("3.5 % beside", Press { off: 0.035, tone_ms: 80, ..PLAIN }),
            ("20 ms", Press { tone_ms: 20, ..PLAIN }),
            ("upper tone 10 dB above", Press { twist_db: 10.0, tone_ms: 80, ..PLAIN }),
            ("upper tone 14 dB below", Press { twist_db: -14.0, tone_ms: 80, amplitude: 9000.0, ..PLAIN }),
        ] {
            assert_eq!(count(press).1, 64, "{what}");
        }
    }

    #[test]
    fn lost_packets_make_no_key_out_of_none_and_none_out_of_two() {
        let press = Press { tone_ms: 100, pause_ms: 80, noise_db: -25.0, loss: 0.08, ..PLAIN };
        assert!(count(press).0 >= 63, "{:?}", count(press));
    }

    #[test]
    fn a_long_key_is_one_key_and_two_keys_without_a_pause_are_two() {
        let mut keys = ToneKeys::default();
        let mut pcm = Vec::new();
        for (event, ticks) in [(5, 150), (9, 4), (5, 4)] {
            for n in 0..ticks * 160 {
                let t = n as f32 / 8000.0 * TAU;
                let (low, high) = dual(event);
                pcm.push((4000.0 * ((low * t).sin() + (high * t).sin())) as i16);
            }
        }
        let heard: String = pcm.chunks_exact(160).filter_map(|tick| keys.push(tick, 8000, false)).collect();
        assert_eq!(heard, "595");
        assert!(keys.sounding());
        (0..3).for_each(|_| assert_eq!(keys.push(&[0; 160], 8000, false), None));
        assert!(!keys.sounding());
    }

    #[test]
    fn a_key_in_the_sound_of_a_line_without_events_counts_once_and_no_ear_takes_it_for_speech() {
        use crate::codec::Codec;
        use crate::room::{BotMode, Event, Seat};
        use crate::testkit::netem::Impairments;
        use crate::testkit::sim::{Phone, Sim, plan};
        use std::time::Duration;
        // Key after key, 100 ms of tone in every 240, from the first second on.
        let said = "147*2580369#";
        let voice = move |from: u64, n: usize| {
            let at = |at: u64| {
                let (key, within) = ((at / 1920).checked_sub(4), at % 1920);
                let key = key.and_then(|n| said.chars().nth(n as usize)).filter(|_| within < 800);
                let Some(event) = key.and_then(|key| KEYS.iter().position(|k| *k == key)) else { return 0 };
                let (low, high) = dual(event as u8);
                let t = at as f32 / 8000.0 * TAU;
                (4000.0 * ((low * t).sin() + (high * t).sin())) as i16
            };
            (from..from + n as u64).map(at).collect()
        };
        for (telephone_event, expected) in [(None, said), (Some(101), "")] {
            let impairments = Impairments { jitter: Duration::from_millis(20), loss: 0.03, ..Impairments::default() };
            let mut sim = Sim::new(BotMode::Speaks);
            let phone = Phone::new(sim.start, Codec::Pcmu, Box::new(voice), impairments, 3);
            sim.join(Seat::CALLER, crate::leg::LegPlan { telephone_event, ..plan(Codec::Pcmu) }, Some(phone));
            sim.run(Duration::from_secs(5));
            let keys = sim.events.iter().filter_map(|e| if let Event::Key { key, .. } = e { Some(*key) } else { None });
            assert_eq!(keys.collect::<String>(), expected);
            let loud = sim.heard.iter().filter(|(_, frame)| frame.pcm().iter().any(|x| x.abs() > 2000)).count();
            // Until it is sure, a key is sound like any other: two ticks of it, of six, and a third where they straddle.
            assert!(if telephone_event.is_none() { loud <= 12 * 3 } else { loud >= 12 * 4 }, "{loud} ticks");
        }
    }

    /// Talk-off: every synthesiser that is here, and the recordings of a machine that has some, at two levels.
    #[test]
    fn nobody_presses_keys_by_speaking() {
        let said = "The quick brown fox saw you, too. Ooh, who knew? Mountain view, half an hour, for two people, please. \
            Seven hundred and seventy, one two three four five six seven eight nine zero. Mmm, aah, yes.";
        let folder = std::env::temp_dir().join(format!("media-talk-off-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let speak = |program: &str, args: [&str; 2], out: &str, text: &str| {
            let mut command = Command::new(program);
            command.args(args).args([out]).arg(folder.join(format!("{program}-{}.wav", args[1]))).arg(text);
            let _ = command.output();
        };
        for voice in ["slt", "kal16", "rms"] {
            let (text, out) = (said, folder.join(format!("flite-{voice}.wav")));
            let _ = Command::new("flite").args(["-voice", voice, "-t", text, "-o"]).arg(out).output();
        }
        for voice in ["en-us", "vi+f2", "de+f3", "fr+m3"] {
            speak("espeak-ng", ["-v", voice], "-w", said);
        }
        let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/speech");
        let folders = [folder.clone(), shared.join("en"), shared.join("vi")];
        let files: Vec<_> =
            folders.iter().flat_map(std::fs::read_dir).flatten().flatten().map(|entry| entry.path()).collect();
        let mut seconds = 0.0;
        for file in files.iter().filter(|file| file.extension().is_some_and(|e| e == "wav")) {
            let Ok((hz, channels)) = crate::testkit::wav::read(file) else { continue };
            let Some(channel) = channels.first() else { continue };
            let mut pcm = Vec::new();
            crate::resample::Resampler::new(hz, 8000).push(channel, &mut pcm);
            seconds += pcm.len() as f32 / 4000.0;
            for share in [1, 4] {
                let mut keys = ToneKeys::default();
                let line: Vec<i16> = pcm.iter().map(|&x| ULAW_TO_PCM[usize::from(ulaw(x / share))]).collect();
                let heard: String = line.chunks_exact(160).filter_map(|tick| keys.push(tick, 8000, false)).collect();
                assert_eq!(heard, "", "{}", file.display());
            }
        }
        std::fs::remove_dir_all(folder).unwrap();
        if seconds == 0.0 {
            println!("skipped: no synthesiser and no recordings here");
        }
        println!("no key in {seconds:.0} s of speech");
    }
}

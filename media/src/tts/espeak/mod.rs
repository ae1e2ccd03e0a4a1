//! espeak-ng: Vietnamese and English. It is GPL-3, so it runs as a separate program: for sound one short-lived process per clause,
//! for the phonemes that other voices speak ([`phonemes`]) processes that stay.
mod mnemonics;
#[cfg(feature = "piper")]
pub mod phonemes;
mod process;

use super::clause_formatter::{ClauseFormatter, even_marks};
use super::delivery::{Delivery, Piece};
use super::{Chunk, Synthesiser, TakeChunk, TtsFault, Voice};
use crate::Language;
use process::{KillOnDrop, not_started, read_within};
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

/// The program: a name on the `PATH`, or a path.
pub struct Espeak {
    program: String,
}

/// The longest text of a clause in bytes; more is cut off.
const TEXT: usize = 4_000;
/// The most sound of one clause: two minutes at 22,050 Hz.
const SOUND: usize = 2 * 60 * 22_050 * 2;
/// A process without output for this long is killed.
const PATIENCE: Duration = Duration::from_secs(2);
/// The words a minute that it speaks where it is not asked for others.
const PACE: f32 = 175.0;
/// The size of its WAV header, whose lengths are placeholders.
const HEADER: usize = 44;

impl Default for Espeak {
    fn default() -> Self {
        Self::new("espeak-ng")
    }
}

impl Espeak {
    pub fn new(program: &str) -> Self {
        Self { program: program.to_owned() }
    }

    /// Whether the program is there and runs.
    pub fn check(&self) -> Result<(), TtsFault> {
        let mut command = Command::new(&self.program);
        let quiet = command.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        match quiet.status() {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(TtsFault::Engine(format!("{} does not run: {status}", self.program))),
            Err(error) => Err(not_started(&self.program, &error)),
        }
    }

    /// The names of its voices for `-v`; empty where the program fails.
    pub fn voices(&self) -> Vec<String> {
        let mut command = Command::new(&self.program);
        let Ok(out) = command.arg("--voices").stdin(Stdio::null()).stderr(Stdio::null()).output() else {
            return Vec::new();
        };
        // A heading, then one voice a line: priority, language, ...
        let lines = String::from_utf8_lossy(&out.stdout);
        lines.lines().skip(1).filter_map(|line| line.split_whitespace().nth(1).map(str::to_owned)).collect()
    }

    /// The WAV of a text. The text goes through standard input, since arguments are visible to other users.
    fn wav(&self, voice: &str, text: &str, speed: f32) -> Result<Vec<u8>, TtsFault> {
        let mut command = Command::new(&self.program);
        command.args(["--stdin", "--stdout", "-b", "1", "-v", voice]);
        command.args(["-s", &format!("{:.0}", PACE * speed)]);
        let spawned = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut process = KillOnDrop(spawned.map_err(|error| not_started(&self.program, &error))?);
        let failed = |error: std::io::Error| TtsFault::Engine(format!("espeak-ng: {error}"));
        // The text fits into the pipe's buffer, so writing never blocks.
        if let Some(mut stdin) = process.0.stdin.take() {
            stdin.write_all(text.as_bytes()).map_err(failed)?;
        }
        let Some(mut stdout) = process.0.stdout.take() else {
            return Err(TtsFault::Engine("espeak-ng: no output".into()));
        };
        let (mut wav, mut piece) = (Vec::new(), [0; 16_384]);
        while wav.len() <= SOUND {
            match read_within(&mut stdout, &mut piece, PATIENCE).map_err(failed)? {
                None => return Err(TtsFault::Late),
                Some(0) => break,
                Some(count) => wav.extend_from_slice(&piece[..count]),
            }
        }
        Ok(wav)
    }
}

/// A text with the phonemes of its delivery, as far as espeak-ng has letters for them.
fn with_phonemes(text: &str, delivery: &Delivery, language: Language) -> String {
    let of = |piece| match piece {
        Piece::Letters(letters) => letters.to_owned(),
        Piece::Phonemes { ipa, letters } => match language {
            Language::En => mnemonics::english(ipa).unwrap_or_else(|| letters.to_owned()),
            Language::Vi => letters.to_owned(),
        },
    };
    delivery.pieces(text, 0).into_iter().map(of).collect()
}

/// Whether a name may be passed to `espeak-ng -v`: it is no option and no path.
pub fn is_voice_name(name: &str) -> bool {
    (2..=32).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "-+".contains(c))
}

impl Synthesiser for Espeak {
    fn name(&self) -> &'static str {
        "espeak"
    }

    fn speaks(&self, _: Language) -> bool {
        true
    }

    fn speak(&self, voice: &Voice, text: &str, sink: &mut TakeChunk<'_>) -> Result<(), TtsFault> {
        self.deliver(voice, text, &Delivery::default(), sink)
    }

    fn deliver(
        &self,
        voice: &Voice,
        text: &str,
        delivery: &Delivery,
        sink: &mut TakeChunk<'_>,
    ) -> Result<(), TtsFault> {
        let (language, chars) = match voice.language {
            Language::En => ("en", text.chars().count()),
            Language::Vi => ("vi", text.chars().count()),
        };
        if !text.contains(char::is_alphanumeric) {
            _ = sink(Chunk { pcm: &[], upto_char: chars as u32 });
            return Ok(());
        }
        let name = voice.name.as_str();
        let name = if name.starts_with(language) && is_voice_name(name) { name } else { language };
        let spoken = with_phonemes(text, delivery, voice.language);
        let mut end = spoken.len().min(TEXT);
        while !spoken.is_char_boundary(end) {
            end -= 1;
        }
        let wav = self.wav(name, &spoken[..end], delivery.speed())?;
        let Some(rate) = wav.get(24..28) else {
            return Err(TtsFault::Engine("espeak-ng made no sound; is the voice installed?".into()));
        };
        let hz = u32::from_le_bytes([rate[0], rate[1], rate[2], rate[3]]);
        if !(8_000..=48_000).contains(&hz) {
            return Err(TtsFault::Engine(format!("espeak-ng speaks at {hz} Hz")));
        }
        let pcm: Vec<i16> =
            wav[HEADER.min(wav.len())..].chunks_exact(2).map(|b| i16::from_le_bytes([b[0], b[1]])).collect();
        let mut formatter = ClauseFormatter::new(hz, voice.rate);
        formatter.marks = even_marks(text, pcm.len() as f64 / f64::from(hz));
        for piece in pcm.chunks(hz as usize / 25) {
            if formatter.push(piece, sink).is_break() {
                return Ok(());
            }
        }
        formatter.finish(chars as u32, sink);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::delivery::Phonemes;
    use super::*;
    use crate::Rate;
    use std::ops::ControlFlow::{Break, Continue};

    fn voice(language: Language, rate: Rate) -> Voice {
        Voice { language, name: String::new(), rate }
    }

    fn installed() -> bool {
        let there = Espeak::default().check().is_ok();
        if !there {
            println!("skipped: espeak-ng is not installed");
        }
        there
    }

    #[test]
    fn both_languages_speak_at_every_line_rate() {
        if !installed() {
            return;
        }
        for (language, text) in
            [(Language::En, "Good morning, this is Switchboard."), (Language::Vi, "Xin chào, bạn cần tìm gì?")]
        {
            for rate in [Rate::Hz8000, Rate::Hz16000, Rate::Hz48000] {
                let (mut pcm, mut marks) = (Vec::new(), Vec::new());
                let mut sink = |chunk: Chunk<'_>| {
                    pcm.extend_from_slice(chunk.pcm);
                    marks.push(chunk.upto_char);
                    Continue(())
                };
                Espeak::default().speak(&voice(language, rate), text, &mut sink).unwrap();
                let seconds = pcm.len() as f64 / f64::from(rate.hz());
                assert!((0.8..4.0).contains(&seconds), "{seconds}");
                assert!(pcm[..rate.hz() as usize / 40].iter().any(|s| s.unsigned_abs() > 160));
                assert!(marks.is_sorted() && marks.last() == Some(&(text.chars().count() as u32)));
                let mut kinds = marks.clone();
                kinds.dedup();
                assert!(kinds.len() >= 4, "{kinds:?}");
            }
        }
    }

    fn delivered(language: Language, text: &str, delivery: &Delivery) -> Vec<i16> {
        let mut pcm = Vec::new();
        let mut sink = |chunk: Chunk<'_>| {
            pcm.extend_from_slice(chunk.pcm);
            Continue(())
        };
        Espeak::default().deliver(&voice(language, Rate::Hz8000), text, delivery, &mut sink).unwrap();
        pcm
    }

    #[test]
    fn a_clause_is_as_fast_as_is_asked_for() {
        if !installed() {
            return;
        }
        for (language, text) in [(Language::En, "we are open from nine to five"), (Language::Vi, "xin chào quý khách")]
        {
            let [slow, usual, fast] =
                [60, 100, 150].map(|percent| delivered(language, text, &Delivery::new(percent, [])).len() as f64);
            assert!(slow > usual * 1.3 && usual > fast * 1.2, "{slow} {usual} {fast}");
        }
    }

    #[test]
    fn words_sound_as_their_phonemes_say() {
        if !installed() {
            return;
        }
        let phonemes = |ipa: &str| Delivery::new(100, [Phonemes { chars: 4..14, ipa: ipa.into() }]);
        let said = |delivery: &Delivery| delivered(Language::En, "one margherita", delivery);
        assert_eq!(said(&phonemes("həˈloʊ")), delivered(Language::En, "one [[h@l'oU]]", &Delivery::default()));
        assert_ne!(said(&phonemes("həˈloʊ")), said(&Delivery::default()));
        // Phonemes that it has no letters for.
        assert_eq!(said(&phonemes("œç")), said(&Delivery::default()));
    }

    #[test]
    fn a_break_ends_it_and_odd_texts_are_no_faults() {
        if !installed() {
            return;
        }
        let mut chunks = 0;
        let mut stop = |_: Chunk<'_>| {
            chunks += 1;
            Break(())
        };
        Espeak::default().speak(&voice(Language::En, Rate::Hz8000), "one two three", &mut stop).unwrap();
        assert_eq!(chunks, 1);
        for text in ["", "-v", "--help", "<speak>", "a\0b"] {
            let mut last = None;
            let mut sink = |chunk: Chunk<'_>| {
                last = Some(chunk.upto_char);
                Continue(())
            };
            Espeak::default().speak(&voice(Language::Vi, Rate::Hz8000), text, &mut sink).unwrap();
            assert_eq!(last, Some(text.chars().count() as u32), "{text:?}");
        }
    }

    #[test]
    fn a_missing_program_says_how_to_get_it() {
        let missing = Espeak::new("no-such-espeak");
        let mut sink = |_: Chunk<'_>| Continue(());
        let fault = missing.speak(&voice(Language::Vi, Rate::Hz8000), "chào", &mut sink).unwrap_err();
        assert!(fault.to_string().contains("apt-get install espeak-ng"), "{fault}");
        assert!(missing.check().is_err());
    }

    #[test]
    fn a_program_that_never_answers_is_killed() {
        let dir = std::env::temp_dir().join(format!("espeak-{}", std::process::id()));
        let script = dir.with_extension("sh");
        std::fs::write(&script, "#!/bin/sh\nexec sleep 60\n").unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(&script, mode).unwrap();
        let engine = Espeak::new(&script.to_string_lossy());
        let mut sink = |_: Chunk<'_>| Continue(());
        let fault = engine.speak(&voice(Language::En, Rate::Hz8000), "hello", &mut sink).unwrap_err();
        std::fs::remove_file(&script).unwrap();
        assert_eq!(fault, TtsFault::Late);
    }

    #[test]
    fn a_voice_name_is_never_an_option_or_a_path() {
        for bad in ["-v", "../x", "en us", "", "e", "EN", "en;ls"] {
            assert!(!is_voice_name(bad), "{bad}");
        }
        assert!(is_voice_name("en-us+f3") && is_voice_name("vi-vn-x-south"));
    }
}

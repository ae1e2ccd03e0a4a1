//! `Phonemiser`: texts in, the phonemes out that espeak-ng would speak, in the International Phonetic Alphabet.
//!
//! A process stays and reads one text a line. It does not say how many lines it answers a text with (none for a dash, several for
//! a long one), so each text is followed by a word whose phonemes are known and occur in no speech: the line that holds them ends
//! the answer.
use super::process::{KillOnDrop, not_started, read_within};
use crate::tts::TtsFault;
use std::io::Write;
use std::process::{ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The word behind each text.
const END: &str = "qqqq";
/// A process without an answer for this long is ended.
const PATIENCE: Duration = Duration::from_millis(500);
/// The first answer comes once the dictionary is read.
const START: Duration = Duration::from_secs(2);
/// The longest text, in bytes; more is cut off. espeak-ng reads lines of up to 1000 bytes.
const TEXT: usize = 900;
/// The longest answer, in bytes.
const ANSWER: usize = 32_768;

/// espeak-ng as a source of phonemes, with one voice. As many processes stay as there have been texts at once.
pub struct Phonemiser {
    program: String,
    voice: String,
    idle: Mutex<Vec<Process>>,
}

struct Process {
    _child: KillOnDrop,
    stdin: ChildStdin,
    stdout: ChildStdout,
    /// What has been read and not taken.
    read: Vec<u8>,
    /// The phonemes of [`END`].
    end: String,
}

impl Phonemiser {
    /// `voice`: a name for `espeak-ng -v`.
    ///
    /// # Errors
    /// Where the program is not installed, or has no such voice.
    pub fn start(program: &str, voice: &str) -> Result<Self, TtsFault> {
        if !super::is_voice_name(voice) {
            return Err(TtsFault::Engine(format!("{voice:?} is no voice of espeak-ng")));
        }
        let phonemiser = Self { program: program.into(), voice: voice.into(), idle: Mutex::default() };
        let process = phonemiser.process()?;
        phonemiser.idle().push(process);
        Ok(phonemiser)
    }

    /// The phonemes of a text, words apart by a space. A process that has ended in the meantime is replaced.
    ///
    /// # Errors
    /// Where a fresh process does not answer either.
    pub fn phonemes(&self, text: &str) -> Result<String, TtsFault> {
        let waiting = self.idle().pop();
        if let Some(mut process) = waiting {
            match process.ask(text, PATIENCE) {
                Ok(phonemes) => return Ok(self.give_back(process, phonemes)),
                Err(why) => tracing::warn!(%why, "espeak-ng is started again"),
            }
        }
        let mut process = self.process()?;
        let phonemes = process.ask(text, PATIENCE)?;
        Ok(self.give_back(process, phonemes))
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Process>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn give_back(&self, process: Process, phonemes: String) -> String {
        self.idle().push(process);
        phonemes
    }

    fn process(&self) -> Result<Process, TtsFault> {
        let mut command = Command::new(&self.program);
        command.args(["-q", "--ipa", "-b", "1", "-v", &self.voice]);
        let spawned = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut child = KillOnDrop(spawned.map_err(|why| not_started(&self.program, &why))?);
        let (Some(stdin), Some(stdout)) = (child.0.stdin.take(), child.0.stdout.take()) else {
            return Err(TtsFault::Engine(format!("{} has no standard input and output", self.program)));
        };
        let mut process = Process { _child: child, stdin, stdout, read: Vec::new(), end: String::new() };
        process.write(END)?;
        while process.end.is_empty() {
            process.end = process.line(START)?;
        }
        Ok(process)
    }
}

impl Process {
    fn ask(&mut self, text: &str, limit: Duration) -> Result<String, TtsFault> {
        let mut end = text.len().min(TEXT);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let line: String = text[..end].chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        // The word of the end within a text would end its answer too early: its letters are said one by one.
        let has_end = line.to_lowercase().contains(END);
        let line = if has_end { line.replace(['q', 'Q'], "q ") } else { line };
        self.write(&format!("{line}\n{END}"))?;
        let mut phonemes = String::new();
        loop {
            let line = self.line(limit)?;
            if line == self.end {
                return Ok(phonemes);
            }
            if !line.is_empty() && !phonemes.is_empty() {
                phonemes.push(' ');
            }
            phonemes.push_str(&line);
            if phonemes.len() > ANSWER {
                return Err(TtsFault::Engine("espeak-ng answers without end".into()));
            }
        }
    }

    /// Two lines of [`TEXT`] at most: they fit into the buffer of the pipe, so that writing never blocks.
    fn write(&mut self, lines: &str) -> Result<(), TtsFault> {
        self.stdin.write_all(format!("{lines}\n").as_bytes()).map_err(|_| ended())
    }

    fn line(&mut self, limit: Duration) -> Result<String, TtsFault> {
        loop {
            if let Some(at) = self.read.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.read.drain(..=at).collect();
                return Ok(String::from_utf8_lossy(&line).trim().to_owned());
            }
            if self.read.len() > ANSWER {
                return Err(TtsFault::Engine("espeak-ng answers without end".into()));
            }
            let mut piece = [0; 4096];
            match read_within(&mut self.stdout, &mut piece, limit) {
                Ok(None) => return Err(TtsFault::Late),
                Ok(Some(0)) => return Err(ended()),
                Ok(Some(count)) => self.read.extend_from_slice(&piece[..count]),
                Err(why) => return Err(TtsFault::Engine(format!("espeak-ng: {why}"))),
            }
        }
    }
}

fn ended() -> TtsFault {
    TtsFault::Engine("espeak-ng has ended; does it have the voice?".into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tts::espeak::Espeak;
    use std::os::unix::fs::PermissionsExt;
    use std::path::{Path, PathBuf};

    fn start(voice: &str) -> Option<Phonemiser> {
        if Espeak::default().check().is_err() {
            println!("skipped: espeak-ng is not installed");
            return None;
        }
        Some(Phonemiser::start("espeak-ng", voice).unwrap())
    }

    /// A program in espeak-ng's place, which answers each line as the script says.
    fn script(name: &str, body: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("switchboard-phonemes-{name}-{}", std::process::id()));
        std::fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    fn of_script(path: &Path) -> Result<Phonemiser, TtsFault> {
        Phonemiser::start(&path.to_string_lossy(), "en")
    }

    #[test]
    fn each_text_gets_its_own_phonemes_whatever_it_holds() {
        let Some(phonemiser) = start("en-us") else { return };
        for (text, phonemes) in [
            ("hello world", "həlˈoʊ wˈɜːld"),
            ("", ""),
            ("... - !", ""),
            ("good\nmorning", "ɡˈʊd mˈɔːɹnɪŋ"),
            ("hello, there. How are you?", "həlˈoʊ ðˈɛɹ hˈaʊ ɑːɹ juː"),
            ("--help", "hˈɛlp"),
            ("hello world", "həlˈoʊ wˈɜːld"),
        ] {
            assert_eq!(phonemiser.phonemes(text).unwrap(), phonemes, "{text:?}");
        }
        // The word by which an answer's end is known.
        assert!(!phonemiser.phonemes("QQQQ").unwrap().is_empty());
        let long = "a long way ".repeat(200);
        assert!(phonemiser.phonemes(&long).unwrap().len() > 400);
        assert_eq!(phonemiser.phonemes("hello world").unwrap(), "həlˈoʊ wˈɜːld");
        assert_eq!(phonemiser.idle().len(), 1, "one process has answered all");
    }

    #[test]
    fn vietnamese_has_its_tones() {
        let Some(phonemiser) = start("vi") else { return };
        assert_eq!(phonemiser.phonemes("xin chào quý khách").unwrap(), "sˈi1n tʃˈaː2w kwˈiɜ xˈe-ɜc");
    }

    #[test]
    fn a_process_that_has_ended_is_replaced() {
        let Some(phonemiser) = start("en-us") else { return };
        phonemiser.idle().iter_mut().for_each(|process| _ = process._child.0.kill());
        assert_eq!(phonemiser.phonemes("hello").unwrap(), "həlˈoʊ");
    }

    #[test]
    fn a_program_that_is_missing_or_falls_silent_is_named() {
        let why = Phonemiser::start("no-such-espeak", "en").err().unwrap().to_string();
        assert!(why.contains("apt-get install espeak-ng"), "{why}");
        assert!(Phonemiser::start("espeak-ng", "--help").is_err());
        let ended = script("ended", "exit 1");
        assert!(of_script(&ended).err().unwrap().to_string().contains("does it have the voice"));
        // It knows the word of the start, and hangs afterwards.
        let silent = script("silent", "read word; echo end; exec sleep 60");
        assert_eq!(of_script(&silent).unwrap().phonemes("hello"), Err(TtsFault::Late));
        for path in [ended, silent] {
            std::fs::remove_file(path).unwrap();
        }
    }
}

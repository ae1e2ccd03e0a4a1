//! ggml files: their checksum, and whether a file is whole.
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

/// Why a file is not the one that was asked for.
#[derive(Debug, thiserror::Error)]
pub enum ChecksumFault {
    #[error("cannot read {path}: {error}")]
    Unreadable { path: String, error: io::Error },
    #[error("{path} has sha256 {found}, not {expected}: fetch it again")]
    Checksum { path: String, expected: String, found: String },
}

/// The SHA-256 of a file (FIPS 180-4), in lower-case hexadecimal.
///
/// # Errors
/// Where the file cannot be read.
pub fn sha256(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut context = ring::digest::Context::new(&ring::digest::SHA256);
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer)? {
            0 => break,
            read => context.update(&buffer[..read]),
        }
    }
    Ok(context.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Compares a file with a checksum, whatever case that is written in.
///
/// # Errors
/// [`ChecksumFault`] names the file and both checksums.
pub fn verify(path: &Path, expected: &str) -> Result<(), ChecksumFault> {
    let found = sha256(path).map_err(|error| ChecksumFault::Unreadable { path: path.display().to_string(), error })?;
    compare(path, found, expected)
}

/// The same for a file whose checksum is known already.
///
/// # Errors
/// [`ChecksumFault::Checksum`] names the file and both checksums.
pub fn compare(path: &Path, found: String, expected: &str) -> Result<(), ChecksumFault> {
    let expected = expected.trim();
    if found.eq_ignore_ascii_case(expected) {
        return Ok(());
    }
    Err(ChecksumFault::Checksum { path: path.display().to_string(), expected: expected.to_lowercase(), found })
}

/// Walks through a ggml file without reading its weights: every length must lead exactly to the end. whisper.cpp takes a
/// file that was cut short, or an empty one, without complaint, and ends the process on some others.
///
/// # Errors
/// What is wrong, in a few words.
pub(super) fn check_lengths(path: &Path) -> Result<(), String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let length = file.metadata().map_err(|error| error.to_string())?.len();
    let mut lengths = LengthReader { file: BufReader::new(file), left: length };
    if lengths.number()? != 0x6767_6d6c {
        return Err("it is no ggml file".into());
    }
    let header: Vec<u64> = (0..11).map(|_| lengths.number()).collect::<Result<_, _>>()?;
    let [vocabulary, audio_ctx, audio_state, audio_heads, audio_layers, text_ctx, text_state, ..] = header[..] else {
        return Err("it has no header".into());
    };
    let sane = (50_000..=60_000).contains(&vocabulary)
        && audio_ctx == 1_500
        && text_ctx == 448
        && audio_state == text_state
        && (1..=4_096).contains(&audio_state)
        && (1..=64).contains(&audio_heads)
        && (1..=64).contains(&audio_layers);
    if !sane {
        return Err("it is no Whisper model".into());
    }
    let (mels, bins) = (lengths.number()?, lengths.number()?);
    if mels > 1_024 || bins > 1_024 {
        return Err("it is no Whisper model".into());
    }
    lengths.skip(mels * bins * 4)?;
    for _ in 0..lengths.number()? {
        let word = lengths.number()?;
        lengths.skip(word)?;
    }
    let mut tensors = 0;
    while lengths.left > 0 {
        let (dimensions, name, kind) = (lengths.number()?, lengths.number()?, lengths.number()?);
        if dimensions > 4 {
            return Err("its weights are damaged".into());
        }
        let mut elements = 1u64;
        for _ in 0..dimensions {
            elements = elements.saturating_mul(lengths.number()?);
        }
        // Elements and bytes of a block of each ggml type.
        let (block, bytes) = match kind {
            0 => (1, 4),
            1 => (1, 2),
            2 => (32, 18),
            3 => (32, 20),
            6 => (32, 22),
            7 => (32, 24),
            8 => (32, 34),
            10 => (256, 84),
            11 => (256, 110),
            12 => (256, 144),
            13 => (256, 176),
            14 => (256, 210),
            _ => return Err("its weights are of a kind that is not known".into()),
        };
        lengths.skip(name)?;
        lengths.skip((elements / block).saturating_mul(bytes))?;
        tensors += 1;
    }
    if tensors == 0 { Err("it holds no weights".into()) } else { Ok(()) }
}

struct LengthReader {
    file: BufReader<File>,
    left: u64,
}

impl LengthReader {
    fn take(&mut self, bytes: u64) -> Result<(), String> {
        self.left = self.left.checked_sub(bytes).ok_or("it is cut short")?;
        Ok(())
    }

    fn number(&mut self) -> Result<u64, String> {
        self.take(4)?;
        let mut bytes = [0; 4];
        self.file.read_exact(&mut bytes).map_err(|error| error.to_string())?;
        Ok(u64::from(u32::from_le_bytes(bytes)))
    }

    fn skip(&mut self, bytes: u64) -> Result<(), String> {
        self.take(bytes)?;
        self.file.seek_relative(bytes as i64).map_err(|error| error.to_string())
    }
}

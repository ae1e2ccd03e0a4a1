//! ggml files: which ones are known, and whether a file is whole.
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

/// A Whisper model as whisper.cpp publishes it (`ggerganov/whisper.cpp` on Hugging Face).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    pub name: &'static str,
    pub bytes: u64,
    pub sha256: &'static str,
    pub languages: Languages,
}

/// What a model has been trained on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Languages {
    English,
    /// English and Vietnamese among some ninety others.
    Many,
}

/// The published files whose checksum is certain. Any other file works too: give its own checksum.
pub const KNOWN: &[Known] = &[
    Known {
        name: "ggml-tiny.bin",
        bytes: 77_691_713,
        sha256: "be07e048e1e599ad46341c8d2a135645097a538221678b7acdd1b1919c6e1b21",
        languages: Languages::Many,
    },
    Known {
        name: "ggml-tiny.en.bin",
        bytes: 77_704_715,
        sha256: "921e4cf8686fdd993dcd081a5da5b6c365bfde1162e72b08d75ac75289920b1f",
        languages: Languages::English,
    },
    Known {
        name: "ggml-base.bin",
        bytes: 147_951_465,
        sha256: "60ed5bc3dd14eea856493d334349b405782ddcaf0028d4b5df4088345fba2efe",
        languages: Languages::Many,
    },
    Known {
        name: "ggml-base.en.bin",
        bytes: 147_964_211,
        sha256: "a03779c86df3323075f5e796cb2ce5029f00ec8869eee3fdfb897afe36c6d002",
        languages: Languages::English,
    },
    Known {
        name: "ggml-small.bin",
        bytes: 487_601_967,
        sha256: "1be3a9b2063867b937e64e2ec7483364a79917e157fa98c5d94b5c1fffea987b",
        languages: Languages::Many,
    },
    Known {
        name: "ggml-small.en.bin",
        bytes: 487_614_201,
        sha256: "c6138d6d58ecc8322097e0f987c32f1be8bb0a18532a3f88f734d1bbf9c41e5d",
        languages: Languages::English,
    },
];

/// Why a file is not the one that was asked for.
#[derive(Debug, thiserror::Error)]
pub enum Mismatch {
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
/// [`Mismatch`] names the file and both checksums.
pub fn verify(path: &Path, expected: &str) -> Result<(), Mismatch> {
    let name = || path.display().to_string();
    let found = sha256(path).map_err(|error| Mismatch::Unreadable { path: name(), error })?;
    if found.eq_ignore_ascii_case(expected.trim()) {
        Ok(())
    } else {
        Err(Mismatch::Checksum { path: name(), expected: expected.trim().to_lowercase(), found })
    }
}

/// The known model that a file is by its checksum.
///
/// # Errors
/// Where the file cannot be read.
pub fn identify(path: &Path) -> io::Result<Option<&'static Known>> {
    let found = sha256(path)?;
    Ok(KNOWN.iter().find(|known| known.sha256 == found))
}

/// Walks through a ggml file without reading its weights: every length must lead exactly to the end. whisper.cpp takes a
/// file that was cut short, or an empty one, without complaint, and ends the process on some others.
///
/// # Errors
/// What is wrong, in a few words.
pub(super) fn walk(path: &Path) -> Result<(), String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let length = file.metadata().map_err(|error| error.to_string())?.len();
    let mut walk = Walk { file: BufReader::new(file), left: length };
    if walk.number()? != 0x6767_6d6c {
        return Err("it is no ggml file".into());
    }
    let header: Vec<u64> = (0..11).map(|_| walk.number()).collect::<Result<_, _>>()?;
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
    let (mels, bins) = (walk.number()?, walk.number()?);
    if mels > 1_024 || bins > 1_024 {
        return Err("it is no Whisper model".into());
    }
    walk.skip(mels * bins * 4)?;
    for _ in 0..walk.number()? {
        let word = walk.number()?;
        walk.skip(word)?;
    }
    let mut tensors = 0;
    while walk.left > 0 {
        let (dimensions, name, kind) = (walk.number()?, walk.number()?, walk.number()?);
        if dimensions > 4 {
            return Err("its weights are damaged".into());
        }
        let mut elements = 1u64;
        for _ in 0..dimensions {
            elements = elements.saturating_mul(walk.number()?);
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
        walk.skip(name)?;
        walk.skip((elements / block).saturating_mul(bytes))?;
        tensors += 1;
    }
    if tensors == 0 { Err("it holds no weights".into()) } else { Ok(()) }
}

struct Walk {
    file: BufReader<File>,
    left: u64,
}

impl Walk {
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

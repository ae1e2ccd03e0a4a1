//! The files of one model in their folder, by the names that sherpa-onnx's publisher gives them.
use std::path::{Path, PathBuf};

pub struct Files {
    pub encoder: PathBuf,
    pub decoder: PathBuf,
    pub joiner: PathBuf,
    pub tokens: PathBuf,
    /// SentencePiece's model, or sherpa-onnx's list of its pieces, where there is one.
    pub pieces: Option<PathBuf>,
}

/// Which form is taken where a folder has both.
#[derive(Clone, Copy, PartialEq)]
enum Form {
    Int8,
    Float,
}

impl Files {
    /// # Errors
    /// Names what is missing, and what stands there twice.
    pub fn find(dir: &Path) -> Result<Self, String> {
        let entries = std::fs::read_dir(dir).map_err(|why| why.to_string())?;
        let mut names: Vec<String> = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
        names.sort();
        let graph = |what: &str, form: Form| -> Result<PathBuf, String> {
            let of_it = |name: &&String| name.starts_with(what) && name.ends_with(".onnx");
            let is_int8 = |name: &&String| name.ends_with(".int8.onnx");
            let (int8, float): (Vec<&String>, Vec<&String>) = names.iter().filter(of_it).partition(is_int8);
            let (first, second) = if form == Form::Int8 { (int8, float) } else { (float, int8) };
            match (&first[..], &second[..]) {
                ([one], _) | ([], [one]) => Ok(dir.join(one)),
                ([], []) => Err(format!("there is no {what}*.onnx")),
                ([one, other, ..], _) | ([], [one, other, ..]) => Err(format!("there are both {one} and {other}")),
            }
        };
        let there = |name: &str| Some(dir.join(name)).filter(|path| path.is_file());
        Ok(Self {
            encoder: graph("encoder", Form::Int8)?,
            // Small, and better in floats: the publisher's own recommendation.
            decoder: graph("decoder", Form::Float)?,
            joiner: graph("joiner", Form::Int8)?,
            tokens: there("tokens.txt").ok_or("there is no tokens.txt")?,
            pieces: there("bpe.model").or_else(|| there("bpe.vocab")),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str, files: &[&str]) -> PathBuf {
        let dir = std::env::temp_dir().join(format!("switchboard-zipformer-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&dir);
        std::fs::create_dir_all(&dir).unwrap();
        files.iter().for_each(|file| std::fs::write(dir.join(file), "x").unwrap());
        dir
    }

    #[test]
    fn int8_is_taken_for_the_large_graphs_and_floats_for_the_decoder() {
        let graphs = ["encoder-epoch-99-avg-1", "decoder-epoch-99-avg-1", "joiner-epoch-99-avg-1"];
        let names: Vec<String> =
            graphs.iter().flat_map(|name| [format!("{name}.onnx"), format!("{name}.int8.onnx")]).collect();
        let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
        names.extend(["tokens.txt", "bpe.model", "README.md"]);
        let dir = folder("both", &names);
        let files = Files::find(&dir).unwrap();
        assert!(files.encoder.ends_with("encoder-epoch-99-avg-1.int8.onnx"));
        assert!(files.decoder.ends_with("decoder-epoch-99-avg-1.onnx"));
        assert!(files.joiner.ends_with("joiner-epoch-99-avg-1.int8.onnx"));
        assert!(files.pieces.unwrap().ends_with("bpe.model"));
        let dir = folder("one", &["encoder.onnx", "decoder.int8.onnx", "joiner.onnx", "tokens.txt"]);
        let files = Files::find(&dir).unwrap();
        assert!(files.encoder.ends_with("encoder.onnx") && files.decoder.ends_with("decoder.int8.onnx"));
        assert_eq!(files.pieces, None);
    }

    #[test]
    fn what_is_missing_or_not_clear_is_named() {
        for (name, files, why) in [
            ("none", &["tokens.txt"][..], "no encoder*.onnx"),
            ("tokens", &["encoder.onnx", "decoder.onnx", "joiner.onnx"], "no tokens.txt"),
            (
                "two",
                &["encoder-1.onnx", "encoder-2.onnx", "decoder.onnx", "joiner.onnx", "tokens.txt"],
                "both encoder-1",
            ),
        ] {
            let dir = folder(name, files);
            let found = Files::find(&dir).err().unwrap_or_default();
            assert!(found.contains(why), "{found}");
        }
        assert!(Files::find(Path::new("/nowhere")).is_err());
    }
}

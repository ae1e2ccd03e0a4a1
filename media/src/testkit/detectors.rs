//! The voice activity models of the tests.
use crate::vad::Models;
use std::path::{Path, PathBuf};

/// Where `make setup` puts the Silero model.
pub fn silero_path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/silero_vad_op18_ifless.onnx")
}

/// The Silero model; where it is missing, `None` and a line that says how to get it.
pub fn silero() -> Option<PathBuf> {
    let path = silero_path();
    if !path.exists() {
        println!("skipped: {} is missing; `make setup` fetches it", path.display());
    }
    path.exists().then_some(path)
}

/// Silero with earshot, or earshot alone where the Silero model is missing.
pub fn models() -> Models {
    Models::load(silero().as_deref()).expect("the Silero model loads")
}

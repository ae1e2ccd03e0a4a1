//! Silero v6.2 on rten: one 32 ms window of 16 kHz sound in, the log-odds of speech out.
use super::{Fault, WINDOW, logit};
use rten::{Model, NodeId, RunError, RunOptions, ThreadPool, Value};
use rten_tensor::prelude::*;
use rten_tensor::{NdTensor, Tensor};
use std::path::Path;
use std::sync::Arc;

/// Samples of the window before that the network sees ahead of each window.
const CONTEXT: usize = 64;

/// The network; shared by all lines.
pub struct Silero {
    model: Model,
    input: NodeId,
    state: NodeId,
    rate: NodeId,
    output: NodeId,
    next: NodeId,
    /// One thread: the work of a window is too small to be split.
    threads: Arc<ThreadPool>,
}

/// What the network remembers of one line.
pub struct Memory {
    state: Tensor<f32>,
    context: [f32; CONTEXT],
}

impl Memory {
    pub fn new() -> Self {
        Self { state: Tensor::zeros(&[2, 1, 128]), context: [0.0; CONTEXT] }
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::new()
    }
}

impl Silero {
    /// Reads `silero_vad_op18_ifless.onnx` and judges one window of silence with it, so that a wrong file fails here.
    ///
    /// # Errors
    /// [`Fault::Missing`] and [`Fault::Corrupt`] name the file.
    pub fn load(path: &Path) -> Result<Self, Fault> {
        let data = std::fs::read(path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => Fault::Missing(path.into()),
            _ => Fault::Corrupt { path: path.into(), why: error.to_string() },
        })?;
        let corrupt = |why: String| Fault::Corrupt { path: path.into(), why };
        let model = Model::load(data).map_err(|error| corrupt(error.to_string()))?;
        let node = |name: &str| model.node_id(name).map_err(|_| corrupt(format!("it has no node `{name}`")));
        let silero = Self {
            input: node("input")?,
            state: node("state")?,
            rate: node("sr")?,
            output: node("output")?,
            next: node("stateN")?,
            threads: Arc::new(ThreadPool::with_num_threads(1)),
            model,
        };
        match silero.score(&mut Memory::new(), &[0; WINDOW]) {
            Ok(odds) if odds < 0.0 => Ok(silero),
            Ok(_) => Err(corrupt("it takes silence for speech".into())),
            Err(error) => Err(corrupt(error.to_string())),
        }
    }

    /// Log-odds that `window`, which follows on what `memory` has seen, is speech.
    ///
    /// # Errors
    /// Where the model does not fit rten; `load` has then failed before.
    pub fn score(&self, memory: &mut Memory, window: &[i16; WINDOW]) -> Result<f32, RunError> {
        let mut sound = Vec::with_capacity(CONTEXT + WINDOW);
        sound.extend_from_slice(&memory.context);
        sound.extend(window.iter().map(|sample| f32::from(*sample) / 32_768.0));
        memory.context.copy_from_slice(&sound[WINDOW..]);
        let sound = NdTensor::from_data([1, CONTEXT + WINDOW], sound);
        let options = RunOptions::default().with_thread_pool(Some(self.threads.clone()));
        let inputs = vec![
            (self.input, sound.view().into()),
            (self.state, memory.state.view().into()),
            (self.rate, Tensor::from(16_000i32).into()),
        ];
        let [output, next] = self.model.run_n(inputs, [self.output, self.next], Some(options))?;
        if let Value::FloatTensor(next) = next {
            memory.state = next;
        }
        let Value::FloatTensor(output) = output else { return Ok(logit(0.0)) };
        Ok(logit(output.iter().next().copied().unwrap_or(0.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_or_wrong_file_is_named_with_what_to_do() {
        let folder = std::env::temp_dir().join(format!("switchboard-silero-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let told = |path: &Path| Silero::load(path).err().expect("a fault").to_string();
        let missing = folder.join("absent.onnx");
        assert!(told(&missing).contains("absent.onnx") && told(&missing).contains("make setup"));
        let wrong = folder.join("wrong.onnx");
        std::fs::write(&wrong, b"no model at all").unwrap();
        assert!(told(&wrong).contains("wrong.onnx") && told(&wrong).contains("make setup"));
        std::fs::remove_dir_all(&folder).unwrap();
    }
}

//! Silero run by rten, one window at a time: the reference for our own network in tests and benches.
use super::super::{VadFault, WINDOW, logit};
use super::CONTEXT;
use rten::{Model, NodeId, RunOptions, ThreadPool, Value};
use rten_tensor::prelude::*;
use rten_tensor::{NdTensor, Tensor};
use std::path::Path;
use std::sync::Arc;

/// One line.
pub struct Reference {
    model: Arc<(Model, [NodeId; 5], Arc<ThreadPool>)>,
    state: Tensor<f32>,
    context: [f32; CONTEXT],
}

impl Reference {
    /// # Errors
    /// Where rten does not take the file.
    pub fn load(path: &Path) -> Result<Self, VadFault> {
        let corrupt = |why: String| VadFault::Corrupt { path: path.into(), why };
        let model = Model::load_file(path).map_err(|error| corrupt(error.to_string()))?;
        let node = |name| model.node_id(name).map_err(|error| corrupt(error.to_string()));
        let nodes = [node("input")?, node("state")?, node("sr")?, node("output")?, node("stateN")?];
        Ok(Self::at(Arc::new((model, nodes, Arc::new(ThreadPool::with_num_threads(1))))))
    }

    /// Another line of the same model.
    pub fn line(&self) -> Self {
        Self::at(self.model.clone())
    }

    fn at(model: Arc<(Model, [NodeId; 5], Arc<ThreadPool>)>) -> Self {
        Self { model, state: Tensor::zeros(&[2, 1, 128]), context: [0.0; CONTEXT] }
    }

    /// Log-odds that `window` is speech.
    pub fn score(&mut self, window: &[i16; WINDOW]) -> f32 {
        let (model, [input, state, rate, output, next], threads) = &*self.model;
        let mut sound = Vec::with_capacity(CONTEXT + WINDOW);
        sound.extend_from_slice(&self.context);
        sound.extend(window.iter().map(|sample| f32::from(*sample) / 32_768.0));
        self.context.copy_from_slice(&sound[WINDOW..]);
        let sound = NdTensor::from_data([1, CONTEXT + WINDOW], sound);
        let options = RunOptions::default().with_thread_pool(Some(threads.clone()));
        let inputs = vec![
            (*input, sound.view().into()),
            (*state, self.state.view().into()),
            (*rate, Tensor::from(16_000i32).into()),
        ];
        let values = model.run_n(inputs, [*output, *next], Some(options)).expect("the model runs");
        let [Value::FloatTensor(output), Value::FloatTensor(next)] = values else { panic!("floats come out") };
        self.state = next;
        logit(output.iter().next().copied().expect("a probability"))
    }
}

//! The three graphs of a transducer, run by rten: encoder, decoder and joiner, as icefall exports them to ONNX.
//!
//! | graph | takes | gives |
//! |---|---|---|
//! | encoder, streaming | `x` (N, T, 80), and its state | `encoder_out` (N, frames, D), and the state after it |
//! | encoder of whole utterances | `x` (N, T, 80), `x_lens` (N) | `encoder_out` (N, frames, D), `encoder_out_lens` (N) |
//! | decoder | `y` (N, tokens of context) | `decoder_out` (N, D) |
//! | joiner | `encoder_out` (N, D), `decoder_out` (N, D) | `logit` (N, tokens) |
//!
//! The state's tensors are whatever inputs and outputs the encoder has after its first, in their order, and begin as zeros. So both
//! layouts that sherpa-onnx knows are read: that of zipformer (for each stack `cached_len`, `cached_avg`, `cached_key`,
//! `cached_val`, `cached_val2`, `cached_conv1`, `cached_conv2`) and that of zipformer2 (six tensors for each layer, `embed_states`,
//! `processed_lens`).
use super::fbank::BANDS;
use crate::inference::Threads;
use rten::{DataType, Dimension, Model, ModelOptions, NodeId, RunOptions, Value, ValueOrView, ValueType};
use rten_tensor::Tensor;
use rten_tensor::prelude::*;
use std::path::Path;

/// What a run gave: rows of equal length.
#[derive(Clone, Debug, PartialEq)]
pub struct Rows {
    pub values: Vec<f32>,
    pub width: usize,
}

impl Rows {
    pub fn iter(&self) -> impl Iterator<Item = &[f32]> {
        self.values.chunks_exact(self.width.max(1))
    }
}

pub struct Graph {
    model: Model,
    inputs: Vec<NodeId>,
    outputs: Vec<NodeId>,
}

impl Graph {
    /// # Errors
    /// What rten does not take: a damaged file, or an operator it lacks.
    pub fn load(path: &Path) -> Result<Self, String> {
        let mut options = ModelOptions::with_all_ops();
        options.prepack_weights(true);
        let model = options.load_file(path).map_err(|why| why.to_string())?;
        let (inputs, outputs) = (model.input_ids().to_vec(), model.output_ids().to_vec());
        Ok(Self { model, inputs, outputs })
    }

    fn number(&self, key: &str) -> Option<usize> {
        self.model.metadata().get(key)?.trim().parse().ok()
    }

    fn shape(&self, input: usize) -> Option<Vec<Dimension>> {
        self.model.input_shape(input)
    }

    fn run(&self, values: Vec<ValueOrView>, threads: &Threads) -> Result<Vec<Value>, String> {
        let inputs = self.inputs.iter().copied().zip(values).collect();
        let options = RunOptions::default().with_thread_pool(Some(threads.clone()));
        self.model.run(inputs, &self.outputs, Some(options)).map_err(|why| why.to_string())
    }
}

/// The rows of a tensor of numbers whose last dimension is their width.
fn rows(value: Option<Value>) -> Result<Rows, String> {
    let Some(Value::FloatTensor(tensor)) = value else { return Err("the graph gives no numbers".into()) };
    let width = tensor.shape().last().copied().filter(|width| *width > 0).ok_or("the graph gives one number")?;
    Ok(Rows { values: tensor.to_vec(), width })
}

/// One tensor of a streaming encoder's state: its shape for one stream.
struct StateTensor {
    shape: Vec<usize>,
    is_counts: bool,
}

/// The state of one stream.
pub type State = Vec<Value>;

/// How an encoder takes sound.
pub enum EncoderKind {
    /// `frames` at once, `shift` of which are new the next time.
    Streaming {
        frames: usize,
        shift: usize,
    },
    WholeUtterances,
}

pub struct Encoder {
    graph: Graph,
    pub kind: EncoderKind,
    state: Vec<StateTensor>,
}

impl Encoder {
    /// # Errors
    /// Where the graph is no encoder of a kind that is known.
    pub fn load(path: &Path) -> Result<Self, String> {
        let graph = Graph::load(path)?;
        match graph.shape(0).as_deref() {
            Some([_, _, Dimension::Fixed(BANDS)]) => {}
            other => return Err(format!("it takes {other:?} instead of frames of {BANDS} bands")),
        }
        if graph.model.metadata().get("feature").is_some_and(|feature| feature != "fbank") {
            return Err("it takes other features than mel bands".into());
        }
        let Some(shift) = graph.number("decode_chunk_len") else {
            return match (graph.inputs.len(), graph.outputs.len()) {
                (2, 2) => Ok(Self { graph, kind: EncoderKind::WholeUtterances, state: Vec::new() }),
                (inputs, _) => Err(format!("it has {inputs} inputs and does not say its decode_chunk_len")),
            };
        };
        let frames = graph.number("T").ok_or("it does not say T, the frames that it takes")?;
        if !(1..=10_000).contains(&shift) || !(shift..=20_000).contains(&frames) {
            return Err(format!("it takes {frames} frames, {shift} of them new"));
        }
        if graph.inputs.len() != graph.outputs.len() {
            return Err("it does not give back the state that it takes".into());
        }
        let state = (1..graph.inputs.len()).map(|input| graph.state_tensor(input)).collect::<Result<_, _>>()?;
        Ok(Self { graph, kind: EncoderKind::Streaming { frames, shift }, state })
    }

    pub fn start(&self) -> State {
        let zeros = |tensor: &StateTensor| match tensor.is_counts {
            true => Value::from(Tensor::<i32>::zeros(&tensor.shape)),
            false => Value::from(Tensor::<f32>::zeros(&tensor.shape)),
        };
        self.state.iter().map(zeros).collect()
    }

    /// Encodes as many frames as its kind says; the state is as after them.
    pub fn chunk(&self, frames: &[f32], state: &mut State, threads: &Threads) -> Result<Rows, String> {
        let x = Tensor::from_data(&[1, frames.len() / BANDS, BANDS], frames.to_vec());
        let values = std::iter::once(x.into()).chain(state.drain(..).map(ValueOrView::from)).collect();
        let mut out = self.graph.run(values, threads)?.into_iter();
        let encoded = rows(out.next())?;
        state.extend(out);
        Ok(encoded)
    }

    /// Encodes an utterance.
    pub fn whole(&self, frames: &[f32], threads: &Threads) -> Result<Rows, String> {
        let count = frames.len() / BANDS;
        let x = Tensor::from_data(&[1, count, BANDS], frames.to_vec());
        let length = Tensor::from_data(&[1], vec![i32::try_from(count).map_err(|_| "the utterance is too long")?]);
        let mut out = self.graph.run(vec![x.into(), length.into()], threads)?.into_iter();
        let mut encoded = rows(out.next())?;
        let Some(Value::Int32Tensor(lengths)) = out.next() else { return Err("it gives no length".into()) };
        let length = lengths.iter().next().map_or(0, |length| usize::try_from(*length).unwrap_or_default());
        encoded.values.truncate(length * encoded.width);
        Ok(encoded)
    }
}

impl Graph {
    fn state_tensor(&self, input: usize) -> Result<StateTensor, String> {
        let info = self.inputs.get(input).and_then(|id| self.model.node_info(*id));
        let name = || info.as_ref().and_then(|info| info.name()).unwrap_or_default().to_owned();
        let shape = info.as_ref().and_then(|info| info.shape()).ok_or_else(|| format!("{} has no shape", name()))?;
        let one = |dimension: &Dimension| match dimension {
            Dimension::Fixed(size) => *size,
            // The number of streams.
            Dimension::Symbolic(_) => 1,
        };
        let shape: Vec<usize> = shape.iter().map(one).collect();
        let values = shape.iter().try_fold(1_usize, |all, size| all.checked_mul(*size));
        if values.is_none_or(|values| values > 1 << 24) {
            return Err(format!("{} is larger than the state of a recogniser", name()));
        }
        let is_counts = match info.as_ref().and_then(|info| info.dtype()) {
            Some(ValueType::Tensor(DataType::Int32)) => true,
            Some(ValueType::Tensor(DataType::Float)) => false,
            other => return Err(format!("{} is of the type {other:?}", name())),
        };
        Ok(StateTensor { shape, is_counts })
    }
}

pub struct Decoder {
    graph: Graph,
    /// How many tokens it is given.
    pub context: usize,
    /// How many tokens there are.
    pub vocabulary: usize,
}

impl Decoder {
    /// # Errors
    /// Where the graph is no decoder without a state.
    pub fn load(path: &Path) -> Result<Self, String> {
        let graph = Graph::load(path)?;
        let number = |key: &str| graph.number(key).filter(|number| *number > 0).ok_or(format!("it does not say {key}"));
        let (context, vocabulary) = (number("context_size")?, number("vocab_size")?);
        if graph.inputs.len() != 1 || graph.outputs.len() != 1 || context > 16 {
            return Err(format!("it has {} inputs and a context of {context} tokens", graph.inputs.len()));
        }
        Ok(Self { graph, context, vocabulary })
    }

    /// Of each context, one after the other in `tokens`, what the joiner takes.
    pub fn run(&self, tokens: Vec<i32>, threads: &Threads) -> Result<Rows, String> {
        let y = Tensor::from_data(&[tokens.len() / self.context, self.context], tokens);
        rows(self.graph.run(vec![y.into()], threads)?.into_iter().next())
    }
}

pub struct Joiner(Graph);

impl Joiner {
    /// # Errors
    /// Where the graph is no joiner.
    pub fn load(path: &Path) -> Result<Self, String> {
        let graph = Graph::load(path)?;
        match (graph.inputs.len(), graph.outputs.len()) {
            (2, 1) => Ok(Self(graph)),
            (inputs, _) => Err(format!("it has {inputs} inputs instead of two")),
        }
    }

    /// The scores of all tokens for one frame of the encoder with each of `decoded`.
    pub fn run(&self, frame: &[f32], decoded: Rows, threads: &Threads) -> Result<Rows, String> {
        let count = decoded.values.len() / decoded.width.max(1);
        let encoded = Tensor::from_data(&[count, frame.len()], frame.repeat(count));
        let decoded = Tensor::from_data(&[count, decoded.width], decoded.values);
        rows(self.0.run(vec![encoded.into(), decoded.into()], threads)?.into_iter().next())
    }
}

//! The graph of a voice, run by rten in two steps: everything before the decoder at once, the decoder piece by piece.
use super::decoder::Decoder;
use super::voice_file::Scales;
use crate::inference;
use rten::{Model, ModelOptions, NodeId, RunOptions, Value, ValueOrView};
use rten_tensor::Tensor;
use rten_tensor::prelude::*;
use std::ops::Range;

pub struct Graph {
    model: Model,
    symbols: NodeId,
    lengths: NodeId,
    scales: NodeId,
    /// Of voices with several speakers.
    speaker: Option<NodeId>,
    latent: NodeId,
    output: NodeId,
    decoder: Decoder,
}

/// What the decoder makes samples of.
pub struct Latent {
    values: Vec<f32>,
    channels: usize,
    pub frames: usize,
    speaker: i32,
}

impl Graph {
    /// Reads an ONNX file.
    ///
    /// # Errors
    /// What is wrong with it: damaged, no voice of Piper's, or an operator that rten lacks.
    pub fn load(file: Vec<u8>) -> Result<Self, String> {
        let decoder = Decoder::find(&file)?;
        let mut options = ModelOptions::with_all_ops();
        options.prepack_weights(true);
        let model = options.load(file).map_err(|why| why.to_string())?;
        let named = |name: &str| model.find_node(name).ok_or_else(|| format!("it has no {name:?}"));
        let (symbols, lengths, scales) = (named("input")?, named("input_lengths")?, named("scales")?);
        let (latent, speaker) = (named(&decoder.latent)?, model.find_node("sid"));
        let output = model.output_ids().first().copied().ok_or("it has no output")?;
        Ok(Self { symbols, lengths, scales, speaker, latent, output, decoder, model })
    }

    pub fn has_speakers(&self) -> bool {
        self.speaker.is_some()
    }

    /// Samples of each frame.
    pub fn hop(&self) -> usize {
        self.decoder.hop
    }

    /// Everything before the decoder, for one part of a clause.
    ///
    /// # Errors
    /// What rten says.
    pub fn encode(&self, symbols: Vec<i32>, scales: Scales, speaker: i32) -> Result<Latent, String> {
        let count = symbols.len();
        let length = i32::try_from(count).map_err(|_| "the clause is too long")?;
        let scales = vec![scales.noise, scales.length, scales.noise_of_lengths];
        let mut inputs: Vec<(NodeId, ValueOrView<'_>)> = vec![
            (self.symbols, Tensor::from_data(&[1, count], symbols).into()),
            (self.lengths, Tensor::from_data(&[1], vec![length]).into()),
            (self.scales, Tensor::from_data(&[3], scales).into()),
        ];
        inputs.extend(self.speaker.map(|id| (id, Tensor::from_data(&[1], vec![speaker]).into())));
        let (values, shape) = self.run(inputs, self.latent)?;
        match shape[..] {
            [1, channels, frames] => Ok(Latent { values, channels, frames, speaker }),
            _ => Err(format!("its latent has the shape {shape:?}")),
        }
    }

    /// The samples of these frames.
    ///
    /// # Errors
    /// What rten says.
    pub fn decode(&self, latent: &Latent, frames: Range<usize>) -> Result<Vec<f32>, String> {
        let Decoder { hop, context, .. } = self.decoder;
        let from = frames.start.saturating_sub(context);
        let to = (frames.end + context).min(latent.frames);
        let rows: Vec<f32> =
            latent.values.chunks_exact(latent.frames).flat_map(|row| &row[from..to]).copied().collect();
        let piece = Tensor::from_data(&[1, latent.channels, to - from], rows);
        let mut inputs: Vec<(NodeId, ValueOrView<'_>)> = vec![(self.latent, piece.into())];
        inputs.extend(self.speaker.map(|id| (id, Tensor::from_data(&[1], vec![latent.speaker]).into())));
        let (mut samples, _) = self.run(inputs, self.output)?;
        if samples.len() != (to - from) * hop {
            return Err(format!("it makes {} samples of {} frames", samples.len(), to - from));
        }
        samples.truncate((frames.end - from) * hop);
        samples.drain(..(frames.start - from) * hop);
        Ok(samples)
    }

    fn run(&self, inputs: Vec<(NodeId, ValueOrView<'_>)>, output: NodeId) -> Result<(Vec<f32>, Vec<usize>), String> {
        let options = RunOptions::default().with_thread_pool(Some(inference::threads()));
        let mut given = self.model.run(inputs, &[output], Some(options)).map_err(|why| why.to_string())?;
        match given.pop() {
            Some(Value::FloatTensor(tensor)) => Ok((tensor.to_vec(), tensor.shape().to_vec())),
            _ => Err("it gives no numbers".into()),
        }
    }
}

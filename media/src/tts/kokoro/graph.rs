//! Kokoro's graph, run by rten in steps: between two of them a caller who interrupts ends it.
use super::rewrite::{Rewritten, rewrite};
use crate::inference;
use rten::{Model, ModelOptions, NodeId, RunOptions, ShapeInferenceMode, Value, ValueOrView, ValueView};
use rten_tensor::Tensor;
use rten_tensor::prelude::*;
use std::ops::ControlFlow;

/// Numbers of a style, which a voice has for each length of a text.
pub const STYLE: usize = 256;

pub struct Graph {
    model: Model,
    tokens: NodeId,
    style: NodeId,
    speed: NodeId,
    steps: Vec<Step>,
}

/// A run of a part of the graph.
struct Step {
    makes: Vec<NodeId>,
    /// What earlier steps have made.
    needs: Vec<NodeId>,
}

/// The steps of the graph as its publisher (kokoro-onnx) exports it, where values have the names of their modules: encoder with
/// durations and pitch, decoder, and the blocks of the generator, whose last three take two thirds of the time. The normalisation in it
/// goes over the whole sentence: it cannot be made piece by piece as Piper's.
const STEPS: [(&[&str], &[&str]); 17] = [
    (&[SOUNDS, PITCH, ENERGY], &[]),
    (&[DECODED], &[SOUNDS, PITCH, ENERGY]),
    (&["generator/noise_res.0/Add_8", "generator/noise_res.1/Add_8"], &[PITCH]),
    (&["generator/Add_2"], &[DECODED, "generator/noise_res.0/Add_8"]),
    (&["generator/resblocks.0/Add_8"], &["generator/Add_2"]),
    (&["generator/resblocks.1/Add_8"], &["generator/Add_2"]),
    (&["generator/resblocks.2/Add_8"], &["generator/Add_2"]),
    (
        &["generator/Add_5"],
        &[
            "generator/resblocks.0/Add_8",
            "generator/resblocks.1/Add_8",
            "generator/resblocks.2/Add_8",
            "generator/noise_res.1/Add_8",
        ],
    ),
    (&["generator/resblocks.3/Add_2"], &["generator/Add_5"]),
    (&["generator/resblocks.3/Add_5"], &["generator/resblocks.3/Add_2"]),
    (&["generator/resblocks.3/Add_8"], &["generator/resblocks.3/Add_5"]),
    (&["generator/resblocks.4/Add_2"], &["generator/Add_5"]),
    (&["generator/resblocks.4/Add_5"], &["generator/resblocks.4/Add_2"]),
    (&["generator/resblocks.4/Add_8"], &["generator/resblocks.4/Add_5"]),
    (&["generator/resblocks.5/Add_2"], &["generator/Add_5"]),
    (&["generator/resblocks.5/Add_5"], &["generator/resblocks.5/Add_2"]),
    (&["generator/resblocks.5/Add_8"], &["generator/resblocks.5/Add_5"]),
];
/// What the step after these needs, which gives the samples.
const LAST: [&str; 3] = ["generator/resblocks.3/Add_8", "generator/resblocks.4/Add_8", "generator/resblocks.5/Add_8"];
const SOUNDS: &str = "/encoder/MatMul_1";
const PITCH: &str = "Unsqueeze";
const ENERGY: &str = "Unsqueeze_1";
const DECODED: &str = "decode.3/Div_4";

/// The full name of a value.
fn full(name: &str) -> String {
    if name.starts_with('/') { format!("{name}_output_0") } else { format!("/decoder/decoder/{name}_output_0") }
}

impl Graph {
    /// Reads an ONNX file.
    ///
    /// # Errors
    /// What is wrong with it: damaged, another model, or an operator that rten lacks.
    pub fn load(file: &[u8]) -> Result<Self, String> {
        let Rewritten { file, values } = rewrite(file)?;
        let mut options = ModelOptions::with_all_ops();
        options.prepack_weights(true);
        // It infers half the width of the encoder's last layer, which goes both ways, and would refuse what the next step is given.
        options.shape_inference(ShapeInferenceMode::Off);
        let model = options.load(file).map_err(|why| why.to_string())?;
        let named = |name: &str| model.find_node(name).ok_or_else(|| format!("it has no {name:?}"));
        let (tokens, style, speed) = (named("tokens")?, named("style")?, named("speed")?);
        let output = model.output_ids().first().copied().ok_or("it has no output")?;
        // One that is exported in another way is run as a whole.
        let is_known = STEPS.iter().flat_map(|(makes, _)| *makes).all(|name| values.contains(&full(name)));
        let ids = |names: &[&str]| names.iter().map(|name| named(&full(name))).collect::<Result<Vec<_>, _>>();
        let mut steps = Vec::new();
        if is_known {
            for (makes, needs) in STEPS {
                steps.push(Step { makes: ids(makes)?, needs: ids(needs)? });
            }
        }
        steps.push(Step { makes: vec![output], needs: if is_known { ids(&LAST)? } else { Vec::new() } });
        Ok(Self { tokens, style, speed, steps, model })
    }

    /// Whether a caller can interrupt it between steps.
    #[cfg(test)]
    pub fn has_steps(&self) -> bool {
        self.steps.len() > 1
    }

    /// One run gives all.
    #[cfg(test)]
    pub fn without_steps(&mut self) {
        self.steps.drain(..self.steps.len() - 1);
        self.steps[0].needs.clear();
    }

    /// The samples of a text; `None` where `next_step` has ended it. `style` has [`STYLE`] numbers.
    ///
    /// # Errors
    /// What rten says.
    pub fn run(
        &self,
        tokens: Vec<i32>,
        style: &[f32],
        speed: f32,
        next_step: &mut dyn FnMut() -> ControlFlow<()>,
    ) -> Result<Option<Vec<f32>>, String> {
        let given = [
            (self.tokens, Value::from(Tensor::from_data(&[1, tokens.len()], tokens))),
            (self.style, Tensor::from_data(&[1, style.len()], style.to_vec()).into()),
            (self.speed, Tensor::from_data(&[1], vec![speed]).into()),
        ];
        let mut made: Vec<(NodeId, Value)> = Vec::new();
        for (number, step) in self.steps.iter().enumerate() {
            if next_step().is_break() {
                return Ok(None);
            }
            let needed = made.iter().filter(|(id, _)| step.needs.contains(id));
            let inputs: Vec<(NodeId, ValueOrView<'_>)> =
                given.iter().chain(needed).map(|(id, value)| (*id, ValueView::from(value).into())).collect();
            let options = RunOptions::default().with_thread_pool(Some(inference::threads()));
            let values = self.model.run(inputs, &step.makes, Some(options)).map_err(|why| why.to_string())?;
            made.extend(step.makes.iter().copied().zip(values));
            // Some are megabytes.
            made.retain(|(id, _)| {
                self.steps[number + 1..].iter().any(|later| later.needs.contains(id)) || number + 1 == self.steps.len()
            });
        }
        match made.pop() {
            Some((_, Value::FloatTensor(samples))) => Ok(Some(samples.to_vec())),
            _ => Err("it gives no numbers".into()),
        }
    }
}

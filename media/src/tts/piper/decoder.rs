//! Where the decoder begins in the graph of a voice, and how far it sees: read out of the graph's file.
//!
//! Piper exports VITS (Kim, Kong and Son, 2021): an encoder and a flow, which need the whole sentence, and behind them the generator of
//! HiFi-GAN (Kong, Kim and Bae, 2020), which makes the samples of each frame of latent values out of its neighbours. The generator
//! begins with a convolution, then the first transposed one follows, and it has no other inputs that change with time. So it can
//! run on a few frames at once, as long as it is given as many neighbours as its convolutions reach.
use crate::protobuf::{Fields, Value};
use std::collections::HashMap;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoder {
    /// The name of the value that it decodes: (1, channels, frames).
    pub latent: String,
    /// Samples of each frame.
    pub hop: usize,
    /// Frames before and behind a frame that its samples depend on, at most.
    pub context: usize,
}

#[derive(Default)]
struct Node<'a> {
    operator: &'a str,
    inputs: Vec<&'a str>,
    outputs: Vec<&'a str>,
    kernel: Option<u64>,
    stride: Option<u64>,
    dilation: Option<u64>,
}

/// How far a value depends on the latent: frames on each side, and its samples for each frame.
#[derive(Clone, Copy)]
struct Reach {
    frames: f64,
    rate: f64,
}

impl Decoder {
    /// Finds it in an ONNX file.
    ///
    /// # Errors
    /// Where the graph is no voice of this kind.
    pub fn find(file: &[u8]) -> Result<Self, String> {
        let (nodes, output) = graph(file)?;
        let no_voice = "it has no decoder of transposed convolutions";
        let makers: HashMap<&str, &Node<'_>> =
            nodes.iter().flat_map(|node| node.outputs.iter().map(move |output| (*output, node))).collect();
        let mut node = nodes.iter().find(|node| node.operator == "ConvTranspose").ok_or(no_voice)?;
        // The first convolution before it; a bias of the speaker may be added between.
        for _ in 0..nodes.len() {
            node = node.inputs.first().and_then(|input| makers.get(input)).ok_or(no_voice)?;
            if node.operator == "Conv" {
                break;
            }
        }
        let latent = node.inputs.first().filter(|_| node.operator == "Conv").copied().ok_or(no_voice)?;
        let end = reach(&nodes, latent)?.remove(output).ok_or(no_voice)?;
        if end.rate.fract() != 0.0 || !(2.0..=4096.0).contains(&end.rate) || end.frames > 100.0 {
            return Err(format!("its decoder makes {} samples of a frame and reaches {} frames", end.rate, end.frames));
        }
        Ok(Self { latent: latent.into(), hop: end.rate as usize, context: end.frames.ceil() as usize })
    }
}

/// The nodes of the graph in a model, which come in the order in which they run, and the name of its first output.
fn graph(file: &[u8]) -> Result<(Vec<Node<'_>>, &str), String> {
    let (mut nodes, mut output, mut fields) = (Vec::new(), None, Fields(file));
    while let Some((number, value)) = fields.next()? {
        let (7, Value::Bytes(graph)) = (number, value) else { continue };
        let mut fields = Fields(graph);
        while let Some((number, value)) = fields.next()? {
            match (number, value) {
                (1, Value::Bytes(node)) => nodes.push(self::node(node)?),
                (12, Value::Bytes(info)) if output.is_none() => {
                    if let Some((1, Value::Bytes(name))) = Fields(info).next()? {
                        output = Some(text(name)?);
                    }
                }
                _ => {}
            }
        }
    }
    Ok((nodes, output.ok_or("it has no output")?))
}

fn text(bytes: &[u8]) -> Result<&str, String> {
    str::from_utf8(bytes).map_err(|_| "a name in it is no text".into())
}

fn node(bytes: &[u8]) -> Result<Node<'_>, String> {
    let (mut node, mut fields) = (Node::default(), Fields(bytes));
    while let Some((number, value)) = fields.next()? {
        match (number, value) {
            (1, Value::Bytes(name)) => node.inputs.push(text(name)?),
            (2, Value::Bytes(name)) => node.outputs.push(text(name)?),
            (4, Value::Bytes(name)) => node.operator = text(name)?,
            (5, Value::Bytes(attribute)) => {
                let (name, first) = self::attribute(attribute)?;
                match name {
                    "kernel_shape" => node.kernel = first,
                    "strides" => node.stride = first,
                    "dilations" => node.dilation = first,
                    _ => {}
                }
            }
            _ => {}
        }
    }
    Ok(node)
}

/// An attribute's name, and the first of its numbers.
fn attribute(bytes: &[u8]) -> Result<(&str, Option<u64>), String> {
    let (mut name, mut first, mut fields) = ("", None, Fields(bytes));
    while let Some((number, value)) = fields.next()? {
        match (number, value) {
            (1, Value::Bytes(bytes)) => name = text(bytes)?,
            (8, Value::Number(value)) if first.is_none() => first = Some(value),
            (8, Value::Bytes(list)) if first.is_none() && !list.is_empty() => first = Some(Fields(list).number()?),
            _ => {}
        }
    }
    Ok((name, first))
}

/// Of each value that depends on the latent, how.
fn reach<'a>(nodes: &[Node<'a>], latent: &'a str) -> Result<HashMap<&'a str, Reach>, String> {
    let mut all = HashMap::from([(latent, Reach { frames: 0.0, rate: 1.0 })]);
    for node in nodes {
        let known = node.inputs.iter().filter_map(|input| all.get(input));
        let Some(mut reach) = known.copied().reduce(|a, b| Reach { frames: a.frames.max(b.frames), ..a }) else {
            continue;
        };
        let (stride, dilation) = (node.stride.unwrap_or(1) as f64, node.dilation.unwrap_or(1) as f64);
        let kernel = || node.kernel.map(|kernel| kernel as f64).ok_or("a convolution in it does not say its size");
        match node.operator {
            "Conv" if stride == 1.0 => reach.frames += (kernel()? - 1.0) * dilation / 2.0 / reach.rate,
            "ConvTranspose" if stride >= 1.0 => {
                // Half its kernel, and where within the stride a sample lies.
                reach.frames += (kernel()? / stride / 2.0 + 0.5) / reach.rate;
                reach.rate *= stride;
            }
            "Conv" | "ConvTranspose" => return Err("a convolution of its decoder leaves frames out".into()),
            _ => {}
        }
        all.extend(node.outputs.iter().map(|output| (*output, reach)));
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::super::tests::fixture;
    use super::*;

    #[test]
    fn the_decoder_is_found_with_one_speaker_and_with_several() {
        for name in ["one.onnx", "two.onnx"] {
            let file = std::fs::read(fixture(name)).unwrap();
            let found = Decoder::find(&file).unwrap();
            assert_eq!((found.hop, found.context), (16, 11), "{name}: {found:?}");
            assert!(found.latent.starts_with("/Mul"), "{found:?}");
        }
    }

    #[test]
    fn other_graphs_and_damaged_files_are_refused() {
        let other = std::fs::read(fixture("../zipformer/whole.onnx")).unwrap();
        assert!(Decoder::find(&other).unwrap_err().contains("no decoder"));
        assert!(Decoder::find(b"").is_err());
        let whole = std::fs::read(fixture("one.onnx")).unwrap();
        for seed in 0..400_usize {
            let mut bytes = whole.clone();
            // Anything gives a result.
            for n in 0..20 {
                let at = (seed * 7_919 + n * 104_729) % bytes.len();
                bytes[at] = bytes[at].wrapping_mul(31).wrapping_add(seed as u8);
            }
            bytes.truncate(whole.len() * (seed % 5 + 1) / 5);
            let _ = Decoder::find(&bytes);
        }
    }
}

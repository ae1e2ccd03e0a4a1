//! A Whisper model of CTranslate2 written as a ggml file, which whisper.cpp reads.
//!
//! Both hold the same weights under other names. The header, the mel filters and the vocabulary that a ggml file begins with follow
//! from the shapes, from how Whisper was trained and from the tokenizer.
mod ct2;
mod half;
mod mel;
mod quantise;
mod vocabulary;

use ct2::{Container, Variable};
use std::io::{self, Write};

/// How weights of two dimensions are written; the others are as whisper.cpp needs them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tensors {
    F16,
    Q8_0,
    Q5_1,
}

/// Types of tensors in ggml files.
const F32: u32 = 0;
const F16: u32 = 1;

impl Tensors {
    /// The type of a tensor, and the type of the file, which holds the version of quantised layouts besides.
    const fn types(self) -> (u32, u32) {
        match self {
            Self::F16 => (F16, 1),
            Self::Q8_0 => (8, 2_007),
            Self::Q5_1 => (7, 2_009),
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum ConvertFault {
    #[error("the model cannot be converted: {0}")]
    Unfit(String),
    #[error("cannot write the converted model: {0}")]
    Unwritten(#[from] io::Error),
}

/// Writes `model` (a CTranslate2 `model.bin` of Whisper, its weights in floating point) with the vocabulary of `tokenizer` (a
/// Hugging Face `tokenizer.json`) as a ggml file.
///
/// # Errors
/// Where the model is no such model, or `out` takes nothing.
pub fn whisper(model: &[u8], tokenizer: &[u8], tensors: Tensors, out: &mut impl Write) -> Result<(), ConvertFault> {
    let container = Container::read(model).map_err(ConvertFault::Unfit)?;
    if container.spec != "WhisperSpec" {
        return Err(ConvertFault::Unfit(format!("it is a {}, not a Whisper model", container.spec)));
    }
    let words = vocabulary::read(tokenizer).map_err(ConvertFault::Unfit)?;
    let layers = [container.layers("encoder"), container.layers("decoder")];
    let entries = entries(layers);
    // Everything is found and measured before anything is written.
    let found: Vec<(&Entry, Variable<'_>)> = entries
        .iter()
        .map(|entry| Ok((entry, entry.find(&container)?)))
        .collect::<Result<_, String>>()
        .map_err(ConvertFault::Unfit)?;
    let shape = |name: &str| {
        let found = found.iter().find(|(entry, _)| entry.name == name);
        found.map(|(_, variable)| variable.shape.as_slice()).unwrap_or_default()
    };
    let (conv, heard, said) =
        (shape("encoder.conv1.weight"), shape("encoder.positional_embedding"), shape("decoder.positional_embedding"));
    let (&[state, mels, _], &[sound, _], &[text, _], &[tokens, _]) =
        (conv, heard, said, shape("decoder.token_embedding.weight"))
    else {
        return Err(ConvertFault::Unfit("its weights have other shapes than Whisper's".into()));
    };
    // Every head has 64 numbers.
    let heads = state / 64;
    let (kind, of_file) = tensors.types();
    let header = [tokens, sound, state, heads, layers[0], text, state, heads, layers[1], mels, of_file as usize];
    out.write_all(&0x6767_6d6c_u32.to_le_bytes())?;
    for number in header {
        number_to(out, number)?;
    }
    let filters = mel::filters(mels);
    number_to(out, mels)?;
    number_to(out, filters.len() / mels.max(1))?;
    for weight in filters {
        out.write_all(&weight.to_le_bytes())?;
    }
    number_to(out, words.len())?;
    for word in &words {
        number_to(out, word.len())?;
        out.write_all(word)?;
    }
    for (entry, variable) in &found {
        let kind = match variable.shape.len() {
            _ if entry.name.ends_with("positional_embedding") => F32,
            3 => F16,
            2 => kind,
            _ => F32,
        };
        write(out, &entry.name, variable, kind)?;
    }
    Ok(())
}

fn write(out: &mut impl Write, name: &str, variable: &Variable<'_>, kind: u32) -> Result<(), ConvertFault> {
    let mut dimensions: Vec<usize> = variable.shape.iter().rev().copied().collect();
    // whisper.cpp adds this bias to each column.
    if name.starts_with("encoder.conv") && dimensions.len() == 1 {
        dimensions.insert(0, 1);
    }
    number_to(out, dimensions.len())?;
    number_to(out, name.len())?;
    out.write_all(&kind.to_le_bytes())?;
    for length in &dimensions {
        number_to(out, *length)?;
    }
    out.write_all(name.as_bytes())?;
    let mut bytes = Vec::new();
    match kind {
        F32 => bytes.extend(variable.numbers().flat_map(f32::to_le_bytes)),
        F16 => bytes.extend(variable.numbers().flat_map(|number| half::from_f32(number).to_le_bytes())),
        _ => {
            let numbers: Vec<f32> = variable.numbers().collect();
            let (blocks, rest) = numbers.as_chunks::<{ quantise::BLOCK }>();
            if !rest.is_empty() || !dimensions[0].is_multiple_of(quantise::BLOCK) {
                return Err(ConvertFault::Unfit(format!("{name} cannot be cut into blocks")));
            }
            for block in blocks {
                if kind == Tensors::Q8_0.types().0 {
                    quantise::q8_0(block, &mut bytes);
                } else {
                    quantise::q5_1(block, &mut bytes);
                }
            }
        }
    }
    Ok(out.write_all(&bytes)?)
}

fn number_to(out: &mut impl Write, number: usize) -> io::Result<()> {
    let number = u32::try_from(number).map_err(|_| io::Error::other("a length does not fit"))?;
    out.write_all(&number.to_le_bytes())
}

/// One tensor of the ggml file and where its numbers lie: the `index`th of `of` equal parts of a variable's rows.
struct Entry {
    name: String,
    variable: String,
    index: usize,
    of: usize,
    /// A part of the bias in front of which Whisper has none: it must be zero, and is not written.
    zero: Option<(String, usize, usize)>,
}

impl Entry {
    fn find<'a>(&self, container: &Container<'a>) -> Result<Variable<'a>, String> {
        if let Some((bias, index, of)) = &self.zero
            && container.get(bias)?.part(*index, *of)?.numbers().any(|number| number != 0.0)
        {
            return Err(format!("{bias} is no bias of Whisper's"));
        }
        container.get(&self.variable)?.part(self.index, self.of)
    }
}

fn whole(name: impl Into<String>, variable: impl Into<String>) -> Entry {
    Entry { name: name.into(), variable: variable.into(), index: 0, of: 1, zero: None }
}

/// All tensors in the order of OpenAI's checkpoints.
fn entries([encoder, decoder]: [usize; 2]) -> Vec<Entry> {
    let mut entries = vec![
        whole("decoder.positional_embedding", "decoder/position_encodings/encodings"),
        whole("encoder.positional_embedding", "encoder/position_encodings/encodings"),
        whole("decoder.token_embedding.weight", "decoder/embeddings/weight"),
    ];
    for layer in 0..decoder {
        block(&mut entries, "decoder", layer, true);
    }
    norm(&mut entries, "decoder.ln", "decoder/layer_norm");
    for conv in ["conv1", "conv2"] {
        linear(&mut entries, &format!("encoder.{conv}"), &format!("encoder/{conv}"));
    }
    for layer in 0..encoder {
        block(&mut entries, "encoder", layer, false);
    }
    norm(&mut entries, "encoder.ln_post", "encoder/layer_norm");
    entries
}

fn block(entries: &mut Vec<Entry>, side: &str, layer: usize, crosses: bool) {
    let (to, from) = (format!("{side}.blocks.{layer}"), format!("{side}/layer_{layer}"));
    norm(entries, &format!("{to}.mlp_ln"), &format!("{from}/ffn/layer_norm"));
    linear(entries, &format!("{to}.mlp.0"), &format!("{from}/ffn/linear_0"));
    linear(entries, &format!("{to}.mlp.2"), &format!("{from}/ffn/linear_1"));
    norm(entries, &format!("{to}.attn_ln"), &format!("{from}/self_attention/layer_norm"));
    // Query, key and value lie in one matrix.
    let (attn, own) = (format!("{to}.attn"), format!("{from}/self_attention"));
    part(entries, &format!("{attn}.query"), &format!("{own}/linear_0"), 0, 3);
    key(entries, &format!("{attn}.key"), &format!("{own}/linear_0"), 1, 3);
    part(entries, &format!("{attn}.value"), &format!("{own}/linear_0"), 2, 3);
    linear(entries, &format!("{attn}.out"), &format!("{own}/linear_1"));
    if crosses {
        norm(entries, &format!("{to}.cross_attn_ln"), &format!("{from}/attention/layer_norm"));
        let (cross, other) = (format!("{to}.cross_attn"), format!("{from}/attention"));
        linear(entries, &format!("{cross}.query"), &format!("{other}/linear_0"));
        key(entries, &format!("{cross}.key"), &format!("{other}/linear_1"), 0, 2);
        part(entries, &format!("{cross}.value"), &format!("{other}/linear_1"), 1, 2);
        linear(entries, &format!("{cross}.out"), &format!("{other}/linear_2"));
    }
}

fn norm(entries: &mut Vec<Entry>, to: &str, from: &str) {
    entries.push(whole(format!("{to}.weight"), format!("{from}/gamma")));
    entries.push(whole(format!("{to}.bias"), format!("{from}/beta")));
}

fn linear(entries: &mut Vec<Entry>, to: &str, from: &str) {
    part(entries, to, from, 0, 1);
}

fn part(entries: &mut Vec<Entry>, to: &str, from: &str, index: usize, of: usize) {
    for kind in ["weight", "bias"] {
        entries.push(Entry { index, of, ..whole(format!("{to}.{kind}"), format!("{from}/{kind}")) });
    }
}

fn key(entries: &mut Vec<Entry>, to: &str, from: &str, index: usize, of: usize) {
    let zero = Some((format!("{from}/bias"), index, of));
    entries.push(Entry { index, of, zero, ..whole(format!("{to}.weight"), format!("{from}/weight")) });
}

#[cfg(test)]
mod tests;

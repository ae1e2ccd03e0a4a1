//! Two operators of an ONNX file, written in the way that rten runs: the same numbers come out.
//!
//! `FusedMatMul` is onnxruntime's own (com.microsoft); it is a transposition and a product. `ConvInteger` pads with its input's zero point
//! (ONNX), and rten 0.27 pads with 0: the padding moves in front of the quantisation, where 0 is 0. There it changes neither scale nor
//! zero point, since `DynamicQuantizeLinear` always has 0 in its range.
//!
//! Weights of whole numbers are those of 7 bits (`reduce_range`), as its publisher has them: with 8, rten's products saturate on
//! processors without VNNI.
use crate::protobuf::{Fields, Value};
use std::collections::{HashMap, HashSet};

/// Field numbers of onnx.proto.
mod field {
    pub const MODEL_GRAPH: u64 = 7;
    pub const GRAPH_NODE: u64 = 1;
    pub const GRAPH_INITIALIZER: u64 = 5;
    pub const GRAPH_VALUE_INFO: u64 = 13;
    pub const NODE_INPUT: u64 = 1;
    pub const NODE_OUTPUT: u64 = 2;
    pub const NODE_NAME: u64 = 3;
    pub const NODE_OPERATOR: u64 = 4;
    pub const NODE_ATTRIBUTE: u64 = 5;
    pub const NODE_DOMAIN: u64 = 7;
    pub const ATTRIBUTE_NAME: u64 = 1;
    pub const ATTRIBUTE_FLOAT: u64 = 2;
    pub const ATTRIBUTE_INT: u64 = 3;
    pub const ATTRIBUTE_INTS: u64 = 8;
    pub const ATTRIBUTE_TYPE: u64 = 20;
    pub const TENSOR_DIMS: u64 = 1;
    pub const TENSOR_TYPE: u64 = 2;
    pub const TENSOR_INT64: u64 = 7;
    pub const TENSOR_NAME: u64 = 8;
}
/// `AttributeProto.AttributeType.INTS`, `TensorProto.DataType.INT64`.
const INTS: u64 = 7;
const INT64: u64 = 7;

/// What comes out: the file as rten runs it, and the names of all values that its nodes give.
pub struct Rewritten {
    pub file: Vec<u8>,
    pub values: HashSet<String>,
}

/// Rewrites a model.
///
/// # Errors
/// Where it is no ONNX file, or has one of the two operators in a form that is not known.
pub fn rewrite(model: &[u8]) -> Result<Rewritten, String> {
    let (mut file, mut values) = (Vec::with_capacity(model.len() + (1 << 16)), HashSet::new());
    for part in parts(model) {
        let Part { number, raw, bytes } = part?;
        match bytes {
            Some(bytes) if number == field::MODEL_GRAPH => {
                message(&mut file, number, &graph(bytes, &mut values)?);
            }
            _ => file.extend_from_slice(raw),
        }
    }
    if values.is_empty() {
        return Err("it is no ONNX file".into());
    }
    Ok(Rewritten { file, values })
}

fn graph(graph: &[u8], values: &mut HashSet<String>) -> Result<Vec<u8>, String> {
    let mut nodes = Vec::new();
    let mut rest = Vec::new();
    for part in parts(graph) {
        let part = part?;
        match part.bytes {
            Some(bytes) if part.number == field::GRAPH_NODE => nodes.push(Node::parse(bytes)?),
            // The shapes of values within: some are wrong, and rten holds what a step is given to them.
            _ if part.number == field::GRAPH_VALUE_INFO => {}
            _ => rest.push(part.raw),
        }
    }
    // Of each quantised value: what it is made of.
    let quantised: HashMap<&str, &str> = nodes
        .iter()
        .filter(|node| node.operator == "DynamicQuantizeLinear")
        .filter_map(|node| Some((*node.outputs.first()?, *node.inputs.first()?)))
        .collect();
    let (mut out, mut padded) = (Vec::with_capacity(graph.len() + (1 << 16)), Padded::default());
    for node in &nodes {
        values.extend(node.outputs.iter().map(|name| (*name).to_owned()));
        match node.operator {
            "FusedMatMul" => product(node, &mut out)?,
            "ConvInteger" if node.pads.iter().any(|pad| *pad != 0) => {
                let source = node.inputs.first().and_then(|input| quantised.get(input));
                let source = source.ok_or("a convolution of whole numbers in it has an input of another kind")?;
                padded.convolution(node, source, &mut out)?;
            }
            _ => message(&mut out, field::GRAPH_NODE, node.bytes),
        }
    }
    padded.tensors.iter().for_each(|tensor| message(&mut out, field::GRAPH_INITIALIZER, tensor));
    rest.iter().for_each(|raw| out.extend_from_slice(raw));
    Ok(out)
}

/// `FusedMatMul` of a transposed first factor (three dimensions), or of none.
fn product(node: &Node<'_>, out: &mut Vec<u8>) -> Result<(), String> {
    let (&[first, second], &[result]) = (&node.inputs[..], &node.outputs[..]) else {
        return Err("a product in it has other factors".into());
    };
    if node.is_set("transB") || node.is_set("transBatchA") || node.is_set("transBatchB") || node.alpha != 1.0 {
        return Err("a product in it is of a form that is not known".into());
    }
    let turned = format!("{result} transposed");
    let first = if node.is_set("transA") {
        let transposed = new_node("Transpose", &[first], &[&turned], &[("perm", &[0, 2, 1])]);
        message(out, field::GRAPH_NODE, &transposed);
        turned.as_str()
    } else {
        first
    };
    message(out, field::GRAPH_NODE, &new_node("MatMul", &[first, second], &[result], &[]));
    Ok(())
}

/// Values that are padded before they are quantised.
#[derive(Default)]
struct Padded {
    /// By the value and its padding, with a number of their own: several convolutions may share them.
    made: HashMap<(String, Vec<i64>), usize>,
    tensors: Vec<Vec<u8>>,
}

impl Padded {
    fn convolution(&mut self, node: &Node<'_>, source: &str, out: &mut Vec<u8>) -> Result<(), String> {
        if node.inputs.len() < 3 {
            return Err("a convolution of whole numbers in it has no zero point".into());
        }
        let count = self.made.len();
        let number = *self.made.entry((source.to_owned(), node.pads.clone())).or_insert(count);
        let name = |what: &str| format!("padded {number} {what}");
        let (padding, value) = (name("by"), name("value"));
        let [whole, scale, zero] = ["whole", "scale", "zero"].map(name);
        if number == count {
            // Of the two dimensions before those of a convolution nothing is padded.
            let (begin, end) = node.pads.split_at(node.pads.len() / 2);
            let all: Vec<i64> = [&[0, 0], begin, &[0, 0], end].concat();
            self.tensors.push(tensor(&padding, &all));
            message(out, field::GRAPH_NODE, &new_node("Pad", &[source, &padding], &[&value], &[]));
            let quantise = new_node("DynamicQuantizeLinear", &[&value], &[&whole, &scale, &zero], &[]);
            message(out, field::GRAPH_NODE, &quantise);
        }
        message(out, field::GRAPH_NODE, &node.unpadded(&whole, &zero)?);
        Ok(())
    }
}

#[derive(Default)]
struct Node<'a> {
    bytes: &'a [u8],
    operator: &'a str,
    inputs: Vec<&'a str>,
    outputs: Vec<&'a str>,
    pads: Vec<i64>,
    alpha: f32,
    /// The attributes that are a number other than 0.
    set: Vec<&'a str>,
}

impl<'a> Node<'a> {
    fn parse(bytes: &'a [u8]) -> Result<Self, String> {
        let (mut node, mut fields) = (Self { bytes, alpha: 1.0, ..Self::default() }, Fields(bytes));
        while let Some((number, value)) = fields.next()? {
            let Value::Bytes(bytes) = value else { continue };
            match number {
                field::NODE_INPUT => node.inputs.push(text(bytes)?),
                field::NODE_OUTPUT => node.outputs.push(text(bytes)?),
                field::NODE_OPERATOR => node.operator = text(bytes)?,
                field::NODE_ATTRIBUTE => node.attribute(bytes)?,
                _ => {}
            }
        }
        Ok(node)
    }

    fn attribute(&mut self, bytes: &'a [u8]) -> Result<(), String> {
        let (mut name, mut float, mut int, mut ints, mut fields) = ("", None, 0, Vec::new(), Fields(bytes));
        while let Some((number, value)) = fields.next()? {
            match (number, value) {
                (field::ATTRIBUTE_NAME, Value::Bytes(bytes)) => name = text(bytes)?,
                (field::ATTRIBUTE_FLOAT, Value::Four(bytes)) => float = Some(f32::from_le_bytes(bytes)),
                (field::ATTRIBUTE_INT, Value::Number(value)) => int = value,
                (field::ATTRIBUTE_INTS, Value::Number(value)) => ints.push(value as i64),
                (field::ATTRIBUTE_INTS, Value::Bytes(list)) => {
                    let mut list = Fields(list);
                    while !list.0.is_empty() {
                        ints.push(list.number()? as i64);
                    }
                }
                _ => {}
            }
        }
        match (name, float) {
            ("pads", _) => self.pads = ints,
            ("alpha", Some(alpha)) => self.alpha = alpha,
            _ if int != 0 => self.set.push(name),
            _ => {}
        }
        Ok(())
    }

    fn is_set(&self, attribute: &str) -> bool {
        self.set.contains(&attribute)
    }

    /// The same convolution of a value that is padded already.
    fn unpadded(&self, input: &str, zero: &str) -> Result<Vec<u8>, String> {
        let (mut out, mut place) = (Vec::with_capacity(self.bytes.len()), 0);
        for part in parts(self.bytes) {
            let Part { number, raw, bytes } = part?;
            match (number, bytes) {
                (field::NODE_INPUT, _) => {
                    match place {
                        0 => message(&mut out, number, input.as_bytes()),
                        2 => message(&mut out, number, zero.as_bytes()),
                        _ => out.extend_from_slice(raw),
                    }
                    place += 1;
                }
                (field::NODE_ATTRIBUTE, Some(attribute)) if is_named(attribute, "pads")? => {}
                _ => out.extend_from_slice(raw),
            }
        }
        Ok(out)
    }
}

fn is_named(attribute: &[u8], wanted: &str) -> Result<bool, String> {
    let mut fields = Fields(attribute);
    while let Some((number, value)) = fields.next()? {
        if let (field::ATTRIBUTE_NAME, Value::Bytes(name)) = (number, value) {
            return Ok(name == wanted.as_bytes());
        }
    }
    Ok(false)
}

fn text(bytes: &[u8]) -> Result<&str, String> {
    str::from_utf8(bytes).map_err(|_| "a name in it is no text".into())
}

/// A field of a message as it stands, and its bytes where it has some.
struct Part<'a> {
    number: u64,
    raw: &'a [u8],
    bytes: Option<&'a [u8]>,
}

fn parts(message: &[u8]) -> impl Iterator<Item = Result<Part<'_>, String>> {
    let mut fields = Fields(message);
    std::iter::from_fn(move || {
        let before = fields.0;
        let (number, value) = match fields.next() {
            Ok(field) => field?,
            Err(why) => {
                fields.0 = &[];
                return Some(Err(why));
            }
        };
        let raw = &before[..before.len() - fields.0.len()];
        let bytes = if let Value::Bytes(bytes) = value { Some(bytes) } else { None };
        Some(Ok(Part { number, raw, bytes }))
    })
}

fn number(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// A field that is a number.
fn numeric(out: &mut Vec<u8>, field: u64, value: u64) {
    number(out, field << 3);
    number(out, value);
}

/// A field of bytes: a message or a text.
fn message(out: &mut Vec<u8>, field: u64, bytes: &[u8]) {
    number(out, field << 3 | 2);
    number(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

fn new_node(operator: &str, inputs: &[&str], outputs: &[&str], attributes: &[(&str, &[i64])]) -> Vec<u8> {
    let mut out = Vec::new();
    inputs.iter().for_each(|name| message(&mut out, field::NODE_INPUT, name.as_bytes()));
    outputs.iter().for_each(|name| message(&mut out, field::NODE_OUTPUT, name.as_bytes()));
    message(&mut out, field::NODE_NAME, outputs.first().unwrap_or(&operator).as_bytes());
    message(&mut out, field::NODE_OPERATOR, operator.as_bytes());
    message(&mut out, field::NODE_DOMAIN, b"");
    for (name, values) in attributes {
        let mut attribute = Vec::new();
        message(&mut attribute, field::ATTRIBUTE_NAME, name.as_bytes());
        values.iter().for_each(|value| numeric(&mut attribute, field::ATTRIBUTE_INTS, *value as u64));
        numeric(&mut attribute, field::ATTRIBUTE_TYPE, INTS);
        message(&mut out, field::NODE_ATTRIBUTE, &attribute);
    }
    out
}

fn tensor(name: &str, values: &[i64]) -> Vec<u8> {
    let mut out = Vec::new();
    numeric(&mut out, field::TENSOR_DIMS, values.len() as u64);
    numeric(&mut out, field::TENSOR_TYPE, INT64);
    values.iter().for_each(|value| numeric(&mut out, field::TENSOR_INT64, *value as u64));
    message(&mut out, field::TENSOR_NAME, name.as_bytes());
    out
}

#[cfg(test)]
mod tests {
    use super::super::tests::fixture;
    use super::*;

    #[test]
    fn other_models_stay_as_they_are_and_damaged_files_give_an_error_or_a_file() {
        let piper = std::fs::read(fixture("../piper/one.onnx")).unwrap();
        let again = rewrite(&piper).unwrap();
        assert!(again.values.len() == 81 && again.file.len() <= piper.len());
        assert!(rewrite(b"").is_err() && rewrite(b"no model").is_err());
        let whole = std::fs::read(fixture("small.onnx")).unwrap();
        for seed in 0..400_usize {
            let mut bytes = whole.clone();
            for n in 0..20 {
                let at = (seed * 7_919 + n * 104_729) % bytes.len();
                bytes[at] = bytes[at].wrapping_mul(31).wrapping_add(seed as u8);
            }
            bytes.truncate(whole.len() * (seed % 5 + 1) / 5);
            let _ = rewrite(&bytes);
        }
    }

    #[test]
    fn convolutions_are_given_padded_values_and_pad_no_more() {
        let whole = std::fs::read(fixture("small.onnx")).unwrap();
        let Rewritten { file, values } = rewrite(&whole).unwrap();
        let mut operators = HashMap::<String, usize>::new();
        let mut fields = Fields(&file);
        while let Some((number, value)) = fields.next().unwrap() {
            let (field::MODEL_GRAPH, Value::Bytes(graph)) = (number, value) else { continue };
            for node in parts(graph).map(Result::unwrap).filter(|part| part.number == field::GRAPH_NODE) {
                let node = Node::parse(node.bytes.unwrap()).unwrap();
                assert!(node.operator != "ConvInteger" || node.pads.iter().all(|pad| *pad == 0));
                *operators.entry(node.operator.to_owned()).or_default() += 1;
            }
        }
        // Two of the three padded convolutions share what they are given.
        let count = |operator: &str| operators.get(operator).copied().unwrap_or_default();
        assert_eq!((count("ConvInteger"), count("Pad"), count("FusedMatMul")), (4, 2, 0), "{operators:?}");
        assert!(values.contains("audio"));
    }
}

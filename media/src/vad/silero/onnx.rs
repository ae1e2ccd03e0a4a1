//! The weights in an ONNX file: its named `float` initialisers. The graph is not read.
//!
//! A protobuf message is a sequence of fields, each a key (number and wire type) and a value. Of the ONNX schema (`onnx.proto`)
//! these fields are read: `ModelProto.graph` = 7, `GraphProto.initializer` = 5, and of `TensorProto` `dims` = 1,
//! `data_type` = 2, `float_data` = 4, `name` = 8, `raw_data` = 9.
use std::collections::HashMap;

const FLOAT: u64 = 1;

/// A tensor of 32-bit floats.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Tensor {
    pub(super) dims: Vec<u64>,
    pub(super) values: Vec<f32>,
}

/// All `float` initialisers of the file's main graph by name; `None` where the bytes are no whole ONNX file.
pub(super) fn tensors(file: &[u8]) -> Option<HashMap<String, Tensor>> {
    let mut tensors = HashMap::new();
    let mut model = Fields(file);
    while let Some((number, value)) = model.next()? {
        let (7, Value::Bytes(graph)) = (number, value) else { continue };
        let mut graph = Fields(graph);
        while let Some((number, value)) = graph.next()? {
            if let (5, Value::Bytes(bytes)) = (number, value) {
                tensors.extend(tensor(bytes)?);
            }
        }
    }
    Some(tensors)
}

/// `Some(None)`: of another type.
fn tensor(bytes: &[u8]) -> Option<Option<(String, Tensor)>> {
    let (mut name, mut kind, mut tensor, mut fields) = (String::new(), 0, Tensor::default(), Fields(bytes));
    while let Some((number, value)) = fields.next()? {
        match (number, value) {
            (1, Value::Number(length)) => tensor.dims.push(length),
            (1, Value::Bytes(mut packed)) => {
                while !packed.is_empty() {
                    tensor.dims.push(varint(&mut packed)?);
                }
            }
            (2, Value::Number(number)) => kind = number,
            (8, Value::Bytes(text)) => name = String::from_utf8(text.to_vec()).ok()?,
            (4 | 9, Value::Bytes(raw)) => {
                tensor.values = raw.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
            }
            _ => {}
        }
    }
    Some((kind == FLOAT).then_some((name, tensor)))
}

enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

/// The rest of a message.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    /// The next field's number and value; `Some(None)` after the last, `None` where the message is broken.
    fn next(&mut self) -> Option<Option<(u64, Value<'a>)>> {
        if self.0.is_empty() {
            return Some(None);
        }
        let key = varint(&mut self.0)?;
        let value = match key & 7 {
            0 => Value::Number(varint(&mut self.0)?),
            1 => Value::Bytes(self.0.split_off(..8)?),
            2 => {
                let length = usize::try_from(varint(&mut self.0)?).ok()?;
                Value::Bytes(self.0.split_off(..length)?)
            }
            5 => Value::Bytes(self.0.split_off(..4)?),
            _ => return None,
        };
        Some(Some((key >> 3, value)))
    }
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let byte = *bytes.split_off_first()?;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
        [&[number << 3 | 2, bytes.len() as u8], bytes].concat()
    }

    #[test]
    fn a_named_tensor_is_read_in_both_spellings_of_its_lengths() {
        let raw: Vec<u8> = [1.5f32, -2.0].iter().flat_map(|x| x.to_le_bytes()).collect();
        let plain = [&[8, 1, 8, 2, 16, 1], &field(8, b"w")[..], &field(9, &raw)].concat();
        let packed = [&field(1, &[1, 2])[..], &[16, 1], &field(8, b"w"), &field(4, &raw)].concat();
        let whole = Tensor { dims: vec![1, 2], values: vec![1.5, -2.0] };
        for bytes in [plain, packed] {
            let file = field(7, &field(5, &bytes));
            assert_eq!(tensors(&file).unwrap()["w"], whole);
            for cut in 1..file.len() {
                assert!(tensors(&file[..cut]).is_none(), "cut at {cut}");
            }
        }
    }

    #[test]
    fn bytes_of_any_kind_are_no_panic() {
        let mut seed = 7u64;
        for length in 0..4_000usize {
            let bytes: Vec<u8> = (0..length % 200)
                .map(|_| {
                    seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    (seed >> 56) as u8 & 0x7f
                })
                .collect();
            let _ = tensors(&bytes);
            let _ = tensors(&field(7, &bytes));
            let _ = tensor(&bytes);
        }
        assert!(tensors(&[0x3a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]).is_none());
    }
}

//! CTranslate2's `model.bin`: named arrays of numbers and other names for some of them.
use super::half;
use std::collections::HashMap;

/// A model's arrays by their names.
#[derive(Debug)]
pub struct Container<'a> {
    /// What kind of model it is: `WhisperSpec`.
    pub spec: String,
    variables: HashMap<String, Variable<'a>>,
    aliases: HashMap<String, String>,
}

/// An array of numbers in row-major order.
#[derive(Clone, Debug)]
pub struct Variable<'a> {
    pub shape: Vec<usize>,
    kind: Kind,
    bytes: &'a [u8],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    F32,
    F16,
    /// Integers, which quantised models have.
    Other,
}

impl Kind {
    const fn size(self) -> usize {
        if matches!(self, Self::F16) { 2 } else { 4 }
    }
}

impl<'a> Container<'a> {
    /// Reads the version 6 of the format, in little endian: version, kind of model, its revision, arrays, aliases.
    pub fn read(bytes: &'a [u8]) -> Result<Self, String> {
        let mut rest = Reader(bytes);
        let version = rest.word()?;
        if version != 6 {
            return Err(format!("it is no CTranslate2 model of version 6 ({version})"));
        }
        let spec = rest.text()?;
        rest.word()?;
        let mut variables = HashMap::new();
        for _ in 0..rest.word()? {
            let name = rest.text()?;
            let dimensions = rest.byte()?;
            let shape: Vec<usize> =
                (0..dimensions).map(|_| rest.word().map(|length| length as usize)).collect::<Result<_, _>>()?;
            let kind = match rest.byte()? {
                0 => Kind::F32,
                4 => Kind::F16,
                _ => Kind::Other,
            };
            let size = rest.word()? as usize;
            let bytes = rest.take(size)?;
            let elements = shape.iter().try_fold(1_usize, |all, length| all.checked_mul(*length));
            if kind != Kind::Other && elements.and_then(|all| all.checked_mul(kind.size())) != Some(size) {
                return Err(format!("{name} has not as many numbers as its shape says"));
            }
            variables.insert(name, Variable { shape, kind, bytes });
        }
        let mut aliases = HashMap::new();
        for _ in 0..rest.word()? {
            let name = rest.text()?;
            aliases.insert(name, rest.text()?);
        }
        if rest.0.is_empty() { Ok(Self { spec, variables, aliases }) } else { Err("it is longer than it says".into()) }
    }

    pub fn get(&self, name: &str) -> Result<Variable<'a>, String> {
        let real = self.aliases.get(name).map_or(name, String::as_str);
        let variable = self.variables.get(real).ok_or_else(|| format!("it has no {name}"))?;
        match variable.kind {
            Kind::Other => Err(format!("{name} is not in floating point")),
            _ => Ok(variable.clone()),
        }
    }

    /// How many layers `encoder` or `decoder` has.
    pub fn layers(&self, side: &str) -> usize {
        let has = |layer: &usize| self.variables.contains_key(&format!("{side}/layer_{layer}/ffn/linear_0/weight"));
        (0..).take_while(has).count()
    }
}

impl<'a> Variable<'a> {
    pub fn numbers(&self) -> impl Iterator<Item = f32> + use<'a> {
        let (bytes, half_width) = (self.bytes, self.kind == Kind::F16);
        bytes.chunks_exact(self.kind.size()).map(move |number| match number {
            [a, b] if half_width => half::to_f32(u16::from_le_bytes([*a, *b])),
            [a, b, c, d] => f32::from_le_bytes([*a, *b, *c, *d]),
            _ => 0.0,
        })
    }

    /// The `index`th of `of` equal parts of the rows.
    pub fn part(&self, index: usize, of: usize) -> Result<Self, String> {
        let rows = self.shape.first().copied().unwrap_or(0);
        if index >= of || !rows.is_multiple_of(of) {
            return Err(format!("{rows} rows cannot be cut into {of} parts"));
        }
        let size = self.bytes.len() / of;
        let mut shape = self.shape.clone();
        if let Some(rows) = shape.first_mut() {
            *rows /= of;
        }
        Ok(Self { shape, kind: self.kind, bytes: &self.bytes[index * size..(index + 1) * size] })
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, bytes: usize) -> Result<&'a [u8], String> {
        let (taken, rest) = self.0.split_at_checked(bytes).ok_or("it is cut short")?;
        self.0 = rest;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, String> {
        Ok(self.take(1)?[0])
    }

    fn word(&mut self) -> Result<u32, String> {
        let bytes = self.take(4)?;
        Ok(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }

    /// A length of two bytes, which counts a NUL at the end.
    fn text(&mut self) -> Result<String, String> {
        let length = self.take(2)?;
        let bytes = self.take(usize::from(u16::from_le_bytes([length[0], length[1]])))?;
        let (nul, text) = bytes.split_last().ok_or("a name is empty")?;
        let text = std::str::from_utf8(text).ok().filter(|_| *nul == 0);
        text.map(str::to_owned).ok_or_else(|| "a name is no text".into())
    }
}

//! Readers of an acoustic model's files as SphinxTrain writes them: `feat.params`, `mdef` (text and binary), the parameter
//! files headed `s3`, and `sendump`. Malformed files give an error message.
use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

/// Reads numbers of a file in order.
struct Reader<'a> {
    bytes: &'a [u8],
    swap: bool,
}

impl<'a> Reader<'a> {
    fn take(&mut self, n: usize) -> Result<&'a [u8], String> {
        let (head, tail) = self.bytes.split_at_checked(n).ok_or("it ends early")?;
        self.bytes = tail;
        Ok(head)
    }

    fn word(&mut self) -> Result<[u8; 4], String> {
        let mut word: [u8; 4] = self.take(4)?.try_into().map_err(|_| "it ends early")?;
        if self.swap {
            word.reverse();
        }
        Ok(word)
    }

    fn int(&mut self) -> Result<i32, String> {
        self.word().map(i32::from_le_bytes)
    }

    fn count(&mut self) -> Result<usize, String> {
        usize::try_from(self.int()?).ok().filter(|n| *n <= 1 << 28).ok_or_else(|| "a count in it makes no sense".into())
    }

    fn float(&mut self) -> Result<f32, String> {
        self.word().map(f32::from_le_bytes)
    }

    fn short(&mut self) -> Result<u16, String> {
        let mut short: [u8; 2] = self.take(2)?.try_into().map_err(|_| "it ends early")?;
        if self.swap {
            short.reverse();
        }
        Ok(u16::from_le_bytes(short))
    }

    fn text(&mut self) -> Result<String, String> {
        let end = self.bytes.iter().position(|&b| b == 0).ok_or("a name in it does not end")?;
        let text = String::from_utf8_lossy(self.take(end)?).into_owned();
        self.take(1)?;
        Ok(text)
    }
}

/// The position of a phone in its word, which triphones depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WordPosition {
    Internal,
    Begin,
    End,
    Single,
}

impl WordPosition {
    pub const ALL: [Self; 4] = [Self::Internal, Self::Begin, Self::End, Self::Single];
}

/// The HMM of one phone: its state sequence and its transition matrix, by their indices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unit {
    pub sequence: u32,
    pub transitions: u32,
}

/// The phones of a model, their triphones, and the tied states ("senones") of both.
pub struct Phones {
    pub names: Vec<String>,
    pub fillers: Vec<bool>,
    pub silence: u8,
    pub base: Vec<Unit>,
    /// States per phone.
    pub states: usize,
    /// `states` senones for each sequence.
    pub sequences: Vec<u16>,
    pub senones: usize,
    /// Base phone, left, right, position → unit; sorted.
    triphones: Vec<([u8; 4], Unit)>,
}

impl Phones {
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        if bytes.starts_with(b"BMDF") || bytes.starts_with(b"FDMB") { Self::binary(bytes) } else { Self::text(bytes) }
    }

    fn binary(bytes: &[u8]) -> Result<Self, String> {
        let mut file = Reader { bytes, swap: bytes.starts_with(b"FDMB") };
        file.take(4)?;
        if file.int()? > 1 {
            return Err("its version is not known".into());
        }
        let description = file.count()?;
        file.take(description)?;
        let mut head = [0; 10];
        for value in &mut head {
            *value = file.count()?;
        }
        let [phones, all, states, _, senones, _, sequences, _, nodes, _] = head;
        let before = file.bytes.len();
        if phones > 255 || all > bytes.len() {
            return Err("a count in it makes no sense".into());
        }
        let names = (0..phones).map(|_| file.text()).collect::<Result<Vec<_>, _>>()?;
        file.take((4 - (before - file.bytes.len()) % 4) % 4)?;
        file.take(nodes.checked_mul(8).ok_or("a count in it makes no sense")?)?;
        let (mut base, mut fillers, mut triphones) = (Vec::new(), Vec::new(), Vec::new());
        for i in 0..all {
            let unit = Unit { sequence: file.int()? as u32, transitions: file.int()? as u32 };
            let info = file.take(4)?;
            if i < phones {
                base.push(unit);
                fillers.push(info[0] != 0);
            } else {
                triphones.push(([info[1], info[2], info[3], info[0]], unit));
            }
        }
        let length = file.count()?;
        let sequences_: Vec<u16> = (0..length).map(|_| file.short()).collect::<Result<_, _>>()?;
        if length != sequences * states {
            return Err("its phones have different numbers of states".into());
        }
        Self { names, fillers, silence: 0, base, states, sequences: sequences_, senones, triphones }.checked()
    }

    fn text(bytes: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(bytes).map_err(|_| "it is no text and not binary either")?;
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        if lines.next() != Some("0.3") {
            return Err("its version is not 0.3".into());
        }
        let mut counts: HashMap<&str, usize> = HashMap::new();
        for _ in 0..6 {
            let (count, what) = lines.next().and_then(|line| line.split_once(' ')).ok_or("it ends early")?;
            counts.insert(what.trim(), count.parse().map_err(|_| "a count in it makes no sense")?);
        }
        let count = |what: &str| counts.get(what).copied().ok_or_else(|| format!("it has no {what}"));
        let (phones, senones) = (count("n_base")?, count("n_tied_state")?);
        let mut left_over = phones.saturating_add(count("n_tri")?);
        let (mut names, mut fillers, mut base, mut triphones): (Vec<String>, _, _, _) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let (mut known, mut sequences, mut states) = (HashMap::<Vec<u16>, u32>::new(), Vec::new(), 0);
        for line in lines {
            left_over = left_over.checked_sub(1).ok_or("it has more lines than it counts")?;
            let mut fields = line.split_whitespace();
            let mut next = || fields.next().ok_or("a line of it is short");
            let (name, left, right, position, attribute, transitions) =
                (next()?, next()?, next()?, next()?, next()?, next()?);
            let transitions = transitions.parse().map_err(|_| "a line of it makes no sense")?;
            let sequence: Result<Vec<u16>, _> = fields.take_while(|f| *f != "N").map(str::parse).collect();
            let sequence = sequence.map_err(|_| "a line of it makes no sense")?;
            if states != 0 && states != sequence.len() {
                return Err("its phones have different numbers of states".into());
            }
            states = sequence.len();
            let fresh = known.len() as u32;
            let number = *known.entry(sequence.clone()).or_insert(fresh);
            if number == fresh {
                sequences.extend(sequence);
            }
            let unit = Unit { sequence: number, transitions };
            if base.len() < phones {
                names.push(name.to_owned());
                fillers.push(attribute == "filler");
                base.push(unit);
                continue;
            }
            let id = |of: &str| names.iter().position(|name| name == of).map(|i| i as u8);
            let position = ["i", "b", "e", "s"].iter().position(|p| *p == position).map(|i| i as u8);
            if let (Some(name), Some(left), Some(right), Some(position)) = (id(name), id(left), id(right), position) {
                triphones.push(([name, left, right, position], unit));
            }
        }
        if left_over > 0 {
            return Err("it ends early".into());
        }
        Self { names, fillers, silence: 0, base, states, sequences, senones, triphones }.checked()
    }

    fn checked(mut self) -> Result<Self, String> {
        if self.names.is_empty() || self.names.len() > 255 || self.base.len() != self.names.len() || self.states == 0 {
            return Err("it names no phones, or too many".into());
        }
        self.silence = self.id("SIL").ok_or("it has no phone SIL")?;
        if self.triphones.iter().any(|(key, _)| key[..3].iter().any(|&phone| usize::from(phone) >= self.names.len())) {
            return Err("it speaks of a phone that it does not name".into());
        }
        let sequences = (self.sequences.len() / self.states) as u32;
        let units = self.base.iter().chain(self.triphones.iter().map(|(_, unit)| unit));
        if units.clone().any(|unit| unit.sequence >= sequences)
            || self.sequences.iter().any(|&senone| usize::from(senone) >= self.senones)
        {
            return Err("it points beyond its own states".into());
        }
        self.triphones.sort_unstable_by_key(|(key, _)| *key);
        Ok(self)
    }

    pub fn id(&self, name: &str) -> Option<u8> {
        self.names.iter().position(|known| known == name).map(|i| i as u8)
    }

    pub fn senones_of(&self, sequence: u32) -> &[u16] {
        &self.sequences[sequence as usize * self.states..][..self.states]
    }

    /// Every phone with each of its state sequences.
    pub fn every(&self) -> impl Iterator<Item = (u8, u32)> {
        let base = self.base.iter().enumerate().map(|(i, unit)| (i as u8, unit.sequence));
        base.chain(self.triphones.iter().map(|(key, unit)| (key[0], unit.sequence)))
    }

    /// The number of transition matrices that the phones refer to.
    pub fn transitions(&self) -> usize {
        self.base.iter().map(|unit| unit.transitions as usize + 1).max().unwrap_or(0)
    }

    fn triphone(&self, base: u8, left: u8, right: u8, position: WordPosition) -> Option<u32> {
        let context = |phone: u8| if self.fillers[usize::from(phone)] { self.silence } else { phone };
        // A triphone of another position serves where this one has none.
        std::iter::once(position).chain(WordPosition::ALL.into_iter().filter(|p| *p != position)).find_map(|position| {
            let key = [base, context(left), context(right), position as u8];
            let found = self.triphones.binary_search_by_key(&key, |(key, _)| *key).ok()?;
            Some(self.triphones[found].1.sequence)
        })
    }

    /// The state sequence of a phone between two others: that of the triphone, else of the triphone with silence at a word's edge, else
    /// of the phone without context.
    pub fn sequence(&self, base: u8, left: u8, right: u8, position: WordPosition) -> u32 {
        let edge = |at: [WordPosition; 2], phone| if at.contains(&position) { self.silence } else { phone };
        self.triphone(base, left, right, position)
            .or_else(|| {
                let left = edge([WordPosition::Begin, WordPosition::Single], left);
                self.triphone(base, left, edge([WordPosition::End, WordPosition::Single], right), position)
            })
            .unwrap_or(self.base[usize::from(base)].sequence)
    }
}

/// An array and its dimensions.
pub struct Parameters {
    pub dimensions: Vec<usize>,
    pub values: Vec<f32>,
}

impl Parameters {
    /// Reads a parameter file: a text header to `endhdr`, a byte order mark, the dimensions, a count, and the values.
    pub fn read(bytes: &[u8], rank: usize) -> Result<Self, String> {
        const END: &[u8] = b"endhdr\n";
        let end = bytes.windows(END.len()).take(4096).position(|w| w == END).ok_or("it has no header")? + END.len();
        let mut file = Reader { bytes: &bytes[end..], swap: false };
        file.swap = file.word()? != 0x1122_3344_u32.to_le_bytes();
        let mut dimensions = (0..rank).map(|_| file.count()).collect::<Result<Vec<_>, _>>()?;
        // Files of densities have the length of each stream after their three dimensions.
        let product =
            dimensions.iter().try_fold(1_usize, |all, n| all.checked_mul(*n)).ok_or("its dimensions make no sense")?;
        if rank == 3 && product != file.peek_count()? {
            let lengths = (0..dimensions[1].min(64)).map(|_| file.count()).collect::<Result<Vec<_>, _>>()?;
            dimensions.extend(lengths);
        }
        let count = file.count()?;
        if count > file.bytes.len() / 4 {
            return Err("it ends early".into());
        }
        let values = (0..count).map(|_| file.float()).collect::<Result<_, _>>()?;
        Ok(Self { dimensions, values })
    }
}

impl Reader<'_> {
    /// The next count, without consuming it.
    fn peek_count(&self) -> Result<usize, String> {
        Reader { bytes: self.bytes, swap: self.swap }.count()
    }
}

/// `sendump`: mixture weights as negative logarithms in a byte each, `[stream][density][senone]`.
pub fn sendump(bytes: &[u8]) -> Result<(usize, usize, usize, Vec<u8>), String> {
    let mut file = Reader { bytes, swap: false };
    file.swap = !(1..=999).contains(&Reader { bytes, swap: false }.int()?);
    let (mut streams, mut bits, mut clusters) = (1, 8, 0);
    loop {
        let length = file.count()?;
        if length == 0 {
            break;
        }
        let line = String::from_utf8_lossy(file.take(length)?).trim_end_matches('\0').to_owned();
        let number = |of: &str| line.strip_prefix(of).and_then(|n| n.trim().parse::<usize>().ok());
        streams = number("feature_count ").unwrap_or(streams);
        bits = number("cluster_bits ").unwrap_or(bits);
        clusters = number("cluster_count ").unwrap_or(clusters);
    }
    if bits != 8 || clusters != 0 {
        return Err("its weights are clustered, which is not supported: use a model with mixture_weights".into());
    }
    let (densities, senones) = (file.count()?, file.count()?);
    let size = streams.checked_mul(densities).and_then(|n| n.checked_mul(senones)).ok_or("a count makes no sense")?;
    Ok((streams, densities, senones, file.take(size)?.to_vec()))
}

/// `feat.params`: options of the front end, one `-name value` a line.
pub struct Params(HashMap<String, String>);

impl Params {
    pub fn read(text: &str) -> Self {
        let mut words = text.split_whitespace();
        let mut params = HashMap::new();
        while let (Some(name), Some(value)) = (words.next(), words.next()) {
            params.insert(name.trim_start_matches('-').to_owned(), value.to_owned());
        }
        Self(params)
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub fn number(&self, name: &str, otherwise: f64) -> Result<f64, String> {
        let Some(value) = self.get(name) else { return Ok(otherwise) };
        let number = value.parse().ok().filter(|number: &f64| number.is_finite());
        number.ok_or_else(|| format!("feat.params: -{name} {value} is no number"))
    }
}

/// Reads a whole file of the model.
pub fn load(dir: &Path, name: &str) -> Result<Vec<u8>, String> {
    read(&dir.join(name)).map_err(|why| format!("{name}: {why}"))
}

/// A bound far above the size of any model's file.
const LARGEST: u64 = 1 << 30;

/// Reads a whole regular file of bounded size; pipes and devices are refused.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    let is = fs::metadata(path)?;
    if !is.is_file() || is.len() > LARGEST {
        return Err(io::Error::other("it is no file, or too large a one"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(LARGEST).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "0.3\n3 n_base\n2 n_tri\n20 n_state_map\n11 n_tied_state\n9 n_tied_ci_state\n3 n_tied_tmat\n#\n\
        SIL - - - filler 0 0 1 2 N\nA - - - n/a 1 3 4 5 N\nB - - - n/a 2 6 7 8 N\n\
        A B A i n/a 1 9 4 10 N\nA SIL B b n/a 1 10 4 9 N\n";

    #[test]
    fn a_phone_between_others_is_its_triphone_or_the_nearest_there_is() {
        let phones = Phones::read(TEXT.as_bytes()).unwrap();
        let [a, b, sil] = ["A", "B", "SIL"].map(|name| phones.id(name).unwrap());
        let states = |left, right, position| phones.senones_of(phones.sequence(a, left, right, position)).to_vec();
        assert_eq!(states(b, a, WordPosition::Internal), [9, 4, 10]);
        assert_eq!(states(b, a, WordPosition::End), [9, 4, 10], "another position's");
        assert_eq!(states(sil, b, WordPosition::Begin), [10, 4, 9]);
        assert_eq!(states(a, b, WordPosition::Begin), [10, 4, 9], "that beside silence");
        assert_eq!(states(a, a, WordPosition::Internal), [3, 4, 5], "its own");
    }

    #[test]
    fn files_that_are_cut_or_wrong_end_in_a_sentence() {
        for end in 0..TEXT.len() - 1 {
            _ = Phones::read(&TEXT.as_bytes()[..end]);
        }
        for bad in ["", "BMDF", "0.3\n", "0.4\n", "\u{0}\u{1}\u{2}\u{3}"] {
            assert!(Phones::read(bad.as_bytes()).is_err(), "{bad:?}");
        }
        let mut binary = b"BMDF\x01\0\0\0\0\0\0\0".to_vec();
        binary.extend([0xff; 40]);
        assert!(Phones::read(&binary).is_err());
        let numbers = |dimensions: [u32; 3], count: u32| {
            let mut bytes = b"s3\nendhdr\n\x44\x33\x22\x11".to_vec();
            bytes.extend(dimensions.into_iter().chain([count]).flat_map(u32::to_le_bytes));
            bytes.extend([0; 8]);
            bytes
        };
        assert_eq!(Parameters::read(&numbers([1, 1, 2], 2), 3).unwrap().values, [0.0, 0.0]);
        for bad in [numbers([1, 1, 3], 3), numbers([u32::MAX, 1, 1], 1), numbers([1 << 27, 1 << 27, 1 << 27], 1)] {
            assert!(Parameters::read(&bad, 3).is_err());
        }
        assert!(sendump(&[1, 0, 0, 0, 0]).is_err() && sendump(&[]).is_err());
    }
}

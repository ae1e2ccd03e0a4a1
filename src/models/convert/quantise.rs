//! Blocks of 32 weights in whole numbers, as ggml lays them out.
use super::half;

/// Weights that share a scale.
pub const BLOCK: usize = 32;

/// A scale of 16 bits, then a signed byte for each weight.
pub fn q8_0(weights: &[f32; BLOCK], out: &mut Vec<u8>) {
    let largest = weights.iter().fold(0.0_f32, |largest, weight| largest.max(weight.abs()));
    let scale = largest / 127.0;
    out.extend(half::from_f32(scale).to_le_bytes());
    out.extend(weights.iter().map(|weight| {
        let code = if scale > 0.0 { (weight / scale).round_ties_even() } else { 0.0 };
        code as i8 as u8
    }));
}

/// A scale and a lowest value of 16 bits each, the fifth bits of all codes, then four bits of each, a code of the first half and one
/// of the second in a byte.
pub fn q5_1(weights: &[f32; BLOCK], out: &mut Vec<u8>) {
    let lowest = weights.iter().copied().fold(f32::INFINITY, f32::min);
    let highest = weights.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let scale = (highest - lowest) / 31.0;
    let codes = weights.map(|weight| {
        let code = if scale > 0.0 { ((weight - lowest) / scale + 0.5).floor() } else { 0.0 };
        code.clamp(0.0, 31.0) as u32
    });
    out.extend(half::from_f32(scale).to_le_bytes());
    out.extend(half::from_f32(lowest).to_le_bytes());
    let fifth = codes.iter().enumerate().fold(0_u32, |bits, (at, code)| bits | (code >> 4) << at);
    out.extend(fifth.to_le_bytes());
    let (first, second) = codes.split_at(BLOCK / 2);
    out.extend(first.iter().zip(second).map(|(low, high)| (low & 15 | (high & 15) << 4) as u8));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block() -> [f32; BLOCK] {
        std::array::from_fn(|i| ((i * 37 % 32) as f32 - 11.5) * 0.013)
    }

    #[test]
    fn codes_are_no_further_from_the_weights_than_half_a_step() {
        let weights = block();
        let mut bytes = Vec::new();
        q8_0(&weights, &mut bytes);
        assert_eq!(bytes.len(), 34);
        let scale = half::to_f32(u16::from_le_bytes([bytes[0], bytes[1]]));
        for (weight, code) in weights.iter().zip(&bytes[2..]) {
            assert!((f32::from(*code as i8) * scale - weight).abs() <= scale * 0.56, "{weight}");
        }
        bytes.clear();
        q5_1(&weights, &mut bytes);
        assert_eq!(bytes.len(), 24);
        let [scale, lowest] = [0, 2].map(|at| half::to_f32(u16::from_le_bytes([bytes[at], bytes[at + 1]])));
        let fifth = u32::from_le_bytes(bytes[4..8].try_into().unwrap());
        for (at, weight) in weights.iter().enumerate() {
            let four = bytes[8 + at % 16] >> (at / 16 * 4) & 15;
            let code = u32::from(four) | (fifth >> at & 1) << 4;
            assert!((code as f32 * scale + lowest - weight).abs() <= scale * 0.53, "{weight}");
        }
    }

    #[test]
    fn weights_that_are_all_the_same_have_a_code() {
        let mut bytes = Vec::new();
        q8_0(&[0.0; BLOCK], &mut bytes);
        assert_eq!(bytes, [0; 34]);
        bytes.clear();
        q5_1(&[0.5; BLOCK], &mut bytes);
        assert_eq!(bytes[..4], [0, 0, 0x00, 0x38]);
        assert_eq!(bytes[4..], [0; 20]);
    }
}

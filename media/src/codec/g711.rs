//! G.711: µ-law and A-law by table, the tables made at compile time by the algorithm of ITU-T G.191 (g711.c).
use super::{Decoder, Encoder};

/// A decoded sample for each of the 256 codes.
pub static ULAW_TO_PCM: [i16; 256] = {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        table[code] = expand_ulaw(code as u8);
        code += 1;
    }
    table
};
pub static ALAW_TO_PCM: [i16; 256] = {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        table[code] = expand_alaw(code as u8);
        code += 1;
    }
    table
};
/// µ-law has 14 bits: the two lowest of a 16-bit sample do not count.
static PCM_TO_ULAW: [u8; 1 << 14] = {
    let mut table = [0; 1 << 14];
    let mut i = 0;
    while i < table.len() {
        table[i] = compress_ulaw(((i as u16) << 2) as i16);
        i += 1;
    }
    table
};
/// A-law has 12 bits of magnitude above the four that do not count.
static PCM_TO_ALAW: [u8; 1 << 12] = {
    let mut table = [0; 1 << 12];
    let mut i = 0;
    while i < table.len() {
        table[i] = compress_alaw(((i as u16) << 4) as i16);
        i += 1;
    }
    table
};

pub fn ulaw(sample: i16) -> u8 {
    PCM_TO_ULAW[usize::from(sample as u16 >> 2)]
}

pub fn alaw(sample: i16) -> u8 {
    PCM_TO_ALAW[usize::from(sample as u16 >> 4)]
}

const fn compress_ulaw(sample: i16) -> u8 {
    let magnitude = if sample < 0 { (!sample >> 2) + 33 } else { (sample >> 2) + 33 };
    let magnitude = if magnitude > 0x1fff { 0x1fff } else { magnitude };
    // Segment 1 begins at 33..=63; each next one is twice as wide.
    let segment = 16 - ((magnitude >> 6) as u16).leading_zeros() as i16 + 1;
    let code = ((8 - segment) << 4) | (0xf - ((magnitude >> segment) & 0xf));
    (if sample >= 0 { code | 0x80 } else { code }) as u8
}

const fn expand_ulaw(code: u8) -> i16 {
    let inverted = !code;
    let exponent = (inverted >> 4) & 7;
    let step = 4i32 << (exponent + 1);
    let magnitude = (0x80i32 << exponent) + step * (inverted & 0xf) as i32 + step / 2 - 4 * 33;
    (if code < 0x80 { -magnitude } else { magnitude }) as i16
}

const fn compress_alaw(sample: i16) -> u8 {
    let mut magnitude = if sample < 0 { !sample >> 4 } else { sample >> 4 };
    if magnitude > 15 {
        let mut exponent = 1;
        while magnitude > 31 {
            magnitude >>= 1;
            exponent += 1;
        }
        magnitude = magnitude - 16 + (exponent << 4);
    }
    (if sample >= 0 { magnitude | 0x80 } else { magnitude }) as u8 ^ 0x55
}

const fn expand_alaw(code: u8) -> i16 {
    let bits = (code ^ 0x55) & 0x7f;
    let (exponent, mantissa) = (bits >> 4, (bits & 0xf) as i16);
    let mut magnitude = ((if exponent > 0 { mantissa + 16 } else { mantissa }) << 4) + 8;
    if exponent > 1 {
        magnitude <<= exponent - 1;
    }
    if code > 0x7f { magnitude } else { -magnitude }
}

/// PCMU, RFC 3551 section 4.5.14: one byte per sample.
pub struct Ulaw;
/// PCMA, likewise.
pub struct Alaw;

impl Decoder for Ulaw {
    fn decode(&mut self, payload: &[u8], out: &mut Vec<i16>) {
        out.extend(payload.iter().map(|&code| ULAW_TO_PCM[usize::from(code)]));
    }
    fn reset(&mut self) {}
}

impl Decoder for Alaw {
    fn decode(&mut self, payload: &[u8], out: &mut Vec<i16>) {
        out.extend(payload.iter().map(|&code| ALAW_TO_PCM[usize::from(code)]));
    }
    fn reset(&mut self) {}
}

impl Encoder for Ulaw {
    fn encode(&mut self, pcm: &[i16], out: &mut Vec<u8>) {
        out.extend(pcm.iter().map(|&sample| ulaw(sample)));
    }
}

impl Encoder for Alaw {
    fn encode(&mut self, pcm: &[i16], out: &mut Vec<u8>) {
        out.extend(pcm.iter().map(|&sample| alaw(sample)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // The reference, line by line as ITU-T G.191 has it, loops and all.
    fn reference_ulaw(lin: i16) -> u8 {
        let mut absno: i32 = if lin < 0 { ((!i32::from(lin)) >> 2) + 33 } else { (i32::from(lin) >> 2) + 33 };
        absno = absno.min(0x1fff);
        let (mut i, mut segno) = (absno >> 6, 1);
        while i != 0 {
            segno += 1;
            i >>= 1;
        }
        let (high, low) = (0x8 - segno, 0xf - ((absno >> segno) & 0xf));
        let log = (high << 4) | low;
        (if lin >= 0 { log | 0x80 } else { log }) as u8
    }

    fn reference_alaw(lin: i16) -> u8 {
        let mut ix: i32 = if lin < 0 { (!i32::from(lin)) >> 4 } else { i32::from(lin) >> 4 };
        if ix > 15 {
            let mut iexp = 1;
            while ix > 16 + 15 {
                ix >>= 1;
                iexp += 1;
            }
            ix -= 16;
            ix += iexp << 4;
        }
        if lin >= 0 {
            ix |= 0x80;
        }
        (ix ^ 0x55) as u8
    }

    #[test]
    fn every_sample_is_coded_as_the_itu_codes_it() {
        for sample in i16::MIN..=i16::MAX {
            assert_eq!(ulaw(sample), reference_ulaw(sample), "µ-law of {sample}");
            assert_eq!(alaw(sample), reference_alaw(sample), "A-law of {sample}");
        }
    }

    #[test]
    fn every_code_comes_back_as_itself_and_known_points_match_the_tables_of_g711() {
        for code in 0..=255u8 {
            // Minus zero of µ-law is coded as plus zero by no encoder but its own.
            if code != 0x7f {
                assert_eq!(ulaw(ULAW_TO_PCM[usize::from(code)]), code);
            }
            assert_eq!(alaw(ALAW_TO_PCM[usize::from(code)]), code);
        }
        assert_eq!((ULAW_TO_PCM[0x80], ULAW_TO_PCM[0x00], ULAW_TO_PCM[0xff]), (32124, -32124, 0));
        assert_eq!((ALAW_TO_PCM[0xaa], ALAW_TO_PCM[0x2a], ALAW_TO_PCM[0xd5]), (32256, -32256, 8));
    }

    #[test]
    fn no_sample_is_further_from_its_code_than_half_a_step() {
        for sample in i16::MIN..=i16::MAX {
            for back in [ULAW_TO_PCM[usize::from(ulaw(sample))], ALAW_TO_PCM[usize::from(alaw(sample))]] {
                let (off, size) = (i32::from(back).abs_diff(i32::from(sample)), u32::from(sample.unsigned_abs()));
                assert!(off <= (size / 32 + 16) || size > 32_000, "{sample} became {back}");
            }
        }
    }
}

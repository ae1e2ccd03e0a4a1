//! G.711: µ-law and A-law by the algorithm of ITU-T G.191 (g711.c), decoded by tables that are made at compile time.
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

// Encoding reckons: tables of all samples would push everything else out of the processor's nearest cache, and of this the
// compiler does several samples at once. What the algorithm finds by shifting, the segment and four bits below its leading
// one, are exponent and mantissa of a float; its bits from the 19th on hold both.

/// µ-law: 14 bits, the two lowest of a 16-bit sample do not count.
pub fn ulaw(sample: i16) -> u8 {
    let sign = sample >> 15;
    let magnitude = (((sample ^ sign) >> 2) + 33).min(0x1fff);
    // The least magnitude, 33, is of the segment of 32.
    let code = ((f32::from(magnitude).to_bits() >> 19) as u16).wrapping_sub((127 + 5) << 4);
    (!code ^ (sign as u16 & 0x80)) as u8
}

/// A-law: 12 bits of magnitude above the four that do not count. The first sixteen steps are as wide as the next.
pub fn alaw(sample: i16) -> u8 {
    let sign = sample >> 15;
    let magnitude = (sample ^ sign) >> 4;
    let code = ((f32::from(magnitude).to_bits() >> 19) as u16).wrapping_sub((127 + 3) << 4);
    let code = if magnitude < 16 { magnitude as u16 } else { code };
    (code ^ 0xd5 ^ (sign as u16 & 0x80)) as u8
}

const fn expand_ulaw(code: u8) -> i16 {
    let inverted = !code;
    let exponent = (inverted >> 4) & 7;
    let step = 4i32 << (exponent + 1);
    let magnitude = (0x80i32 << exponent) + step * (inverted & 0xf) as i32 + step / 2 - 4 * 33;
    (if code < 0x80 { -magnitude } else { magnitude }) as i16
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

/// Appends what becomes of each, in a plain loop over slices of one length.
fn each<A: Copy, B: Copy + Default>(from: &[A], out: &mut Vec<B>, become_of: impl Fn(A) -> B) {
    let start = out.len();
    out.resize(start + from.len(), B::default());
    for (out, &from) in out[start..].iter_mut().zip(from) {
        *out = become_of(from);
    }
}

impl Decoder for Ulaw {
    fn decode(&mut self, payload: &[u8], out: &mut Vec<i16>) {
        each(payload, out, |code| ULAW_TO_PCM[usize::from(code)]);
    }
    fn reset(&mut self) {}
}

impl Decoder for Alaw {
    fn decode(&mut self, payload: &[u8], out: &mut Vec<i16>) {
        each(payload, out, |code| ALAW_TO_PCM[usize::from(code)]);
    }
    fn reset(&mut self) {}
}

impl Encoder for Ulaw {
    fn encode(&mut self, pcm: &[i16], out: &mut Vec<u8>) {
        each(pcm, out, ulaw);
    }
}

impl Encoder for Alaw {
    fn encode(&mut self, pcm: &[i16], out: &mut Vec<u8>) {
        each(pcm, out, alaw);
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

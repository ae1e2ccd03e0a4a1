//! Floating point of 16 bits (IEEE 754-2008, binary16).

pub fn to_f32(bits: u16) -> f32 {
    let (sign, exponent, fraction) = (u32::from(bits >> 15), u32::from(bits >> 10 & 0x1f), u32::from(bits & 0x3ff));
    match exponent {
        // Subnormal: a multiple of 2^-24.
        0 => {
            let size = fraction as f32 / 16_777_216.0;
            if sign == 1 { -size } else { size }
        }
        0x1f => f32::from_bits(sign << 31 | 0xff << 23 | fraction << 13),
        _ => f32::from_bits(sign << 31 | (exponent + 112) << 23 | fraction << 13),
    }
}

/// The nearest number, of two as near the one that ends with 0.
pub fn from_f32(number: f32) -> u16 {
    let bits = number.to_bits();
    let sign = (bits >> 16 & 0x8000) as u16;
    let size = bits & 0x7fff_ffff;
    let magnitude = match size {
        // Not a number stays so, whatever of it is lost.
        0x7f80_0001.. => 0x7e00,
        // 65520 is the first that rounds to infinity.
        0x477f_f000.. => 0x7c00,
        // Normal: the exponent's bias falls from 127 to 15, and 13 bits of the fraction are rounded away.
        0x3880_0000.. => round(size - (112 << 23), 13),
        // Subnormal: the fraction with its leading 1, moved to where its last bit is 2^-24.
        0x3300_0000.. => round(size & 0x7f_ffff | 0x80_0000, 126 - (size >> 23)),
        _ => 0,
    };
    sign | magnitude
}

fn round(bits: u32, away: u32) -> u16 {
    let (kept, lost) = (bits >> away, bits & ((1 << away) - 1));
    let tie = 1 << (away - 1);
    (kept + u32::from(lost > tie || lost == tie && kept & 1 == 1)) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_comes_back_and_what_lies_between_goes_to_the_nearest() {
        for bits in 0..=u16::MAX {
            let number = to_f32(bits);
            if number.is_nan() {
                assert!(to_f32(from_f32(number)).is_nan());
                continue;
            }
            assert_eq!(from_f32(number), bits, "{bits:#x} {number}");
            // Half way to the next, in f64 exactly: the even one; a little off: the nearer one.
            let next = to_f32(bits.wrapping_add(1));
            if bits & 0x7fff < 0x7bff && next.is_finite() {
                let middle = ((f64::from(number) + f64::from(next)) / 2.0) as f32;
                let even = if bits & 1 == 0 { bits } else { bits + 1 };
                assert_eq!(from_f32(middle), even, "{middle}");
                let (below, above) = (f32::from_bits(middle.to_bits() - 1), f32::from_bits(middle.to_bits() + 1));
                assert_eq!((from_f32(below), from_f32(above)), (bits, bits + 1), "{middle}");
            }
        }
    }

    #[test]
    fn known_numbers() {
        for (number, bits) in [
            (1.0, 0x3c00),
            (-2.0, 0xc000),
            (65_504.0, 0x7bff),
            (65_519.9, 0x7bff),
            (65_520.0, 0x7c00),
            (0.333_251_95, 0x3555),
            (5.960_464_5e-8, 0x0001),
            (2.980_232_2e-8, 0x0000),
            (-0.0, 0x8000),
            (f32::NEG_INFINITY, 0xfc00),
        ] {
            assert_eq!(from_f32(number), bits, "{number}");
        }
    }
}

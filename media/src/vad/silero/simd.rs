//! Vectors of eight floats: AVX2 where the processor has it, its baseline elsewhere. The only unsafe code of the network.
use super::{Scratch, Silero, SileroState};

/// Floats in a vector.
pub(super) const LANES: usize = 8;

/// A vector of eight floats in registers.
pub(super) trait Lanes: Copy {
    /// Columns whose sums (two vectors each) fit into the registers beside the weights.
    const TILE: usize;

    fn load(from: &[f32; LANES]) -> Self;
    fn store(self, to: &mut [f32; LANES]);
    fn splat(value: f32) -> Self;
    fn add(self, other: Self) -> Self;
    fn sub(self, other: Self) -> Self;
    fn mul(self, other: Self) -> Self;
    fn div(self, other: Self) -> Self;
    fn min(self, other: Self) -> Self;
    fn max(self, other: Self) -> Self;
    fn sqrt(self) -> Self;
    /// `self · factor + sum`.
    fn mul_add(self, factor: Self, sum: Self) -> Self;
}

/// The instruction set that the network uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Instructions {
    Baseline,
    #[cfg(target_arch = "x86_64")]
    Avx2,
}

impl Instructions {
    pub(super) fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            return Self::Avx2;
        }
        Self::Baseline
    }

    pub(super) fn forward(self, silero: &Silero, scratch: &mut Scratch, states: &mut [&mut SileroState]) {
        match self {
            Self::Baseline => silero.forward::<Baseline>(scratch, states),
            // SAFETY: `detect` alone makes this value, and has asked the processor for both features.
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => unsafe { avx2::forward(silero, scratch, states) },
        }
    }
}

#[cfg(target_arch = "x86_64")]
pub(super) use sse2::Two as Baseline;

#[cfg(not(target_arch = "x86_64"))]
pub(super) use plain::Eight as Baseline;

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use super::{LANES, Lanes, Scratch, Silero, SileroState};
    use std::arch::x86_64::*;

    #[target_feature(enable = "avx2,fma")]
    pub(super) fn forward(silero: &Silero, scratch: &mut Scratch, states: &mut [&mut SileroState]) {
        silero.forward::<Eight>(scratch, states);
    }

    /// Private to this module, so that nothing but `forward` above can reach its operations.
    #[derive(Clone, Copy)]
    struct Eight(__m256);

    // SAFETY of all below: they run inside `forward`, whose caller has made sure of AVX2 and FMA; loads and stores go through
    // references to eight floats and need no alignment.
    impl Lanes for Eight {
        const TILE: usize = 6;

        #[inline(always)]
        fn load(from: &[f32; LANES]) -> Self {
            Self(unsafe { _mm256_loadu_ps(from.as_ptr()) })
        }

        #[inline(always)]
        fn store(self, to: &mut [f32; LANES]) {
            unsafe { _mm256_storeu_ps(to.as_mut_ptr(), self.0) }
        }

        #[inline(always)]
        fn splat(value: f32) -> Self {
            Self(unsafe { _mm256_set1_ps(value) })
        }

        #[inline(always)]
        fn add(self, other: Self) -> Self {
            Self(unsafe { _mm256_add_ps(self.0, other.0) })
        }

        #[inline(always)]
        fn sub(self, other: Self) -> Self {
            Self(unsafe { _mm256_sub_ps(self.0, other.0) })
        }

        #[inline(always)]
        fn mul(self, other: Self) -> Self {
            Self(unsafe { _mm256_mul_ps(self.0, other.0) })
        }

        #[inline(always)]
        fn div(self, other: Self) -> Self {
            Self(unsafe { _mm256_div_ps(self.0, other.0) })
        }

        #[inline(always)]
        fn min(self, other: Self) -> Self {
            Self(unsafe { _mm256_min_ps(self.0, other.0) })
        }

        #[inline(always)]
        fn max(self, other: Self) -> Self {
            Self(unsafe { _mm256_max_ps(self.0, other.0) })
        }

        #[inline(always)]
        fn sqrt(self) -> Self {
            Self(unsafe { _mm256_sqrt_ps(self.0) })
        }

        #[inline(always)]
        fn mul_add(self, factor: Self, sum: Self) -> Self {
            Self(unsafe { _mm256_fmadd_ps(self.0, factor.0, sum.0) })
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod sse2 {
    use super::{LANES, Lanes};
    use std::arch::x86_64::*;

    /// Two registers of four.
    #[derive(Clone, Copy)]
    pub struct Two(__m128, __m128);

    // SAFETY of all below: every x86-64 has SSE2; loads and stores go through references to eight floats and need no alignment.
    impl Lanes for Two {
        const TILE: usize = 2;

        #[inline(always)]
        fn load(from: &[f32; LANES]) -> Self {
            unsafe { Self(_mm_loadu_ps(from.as_ptr()), _mm_loadu_ps(from.as_ptr().add(4))) }
        }

        #[inline(always)]
        fn store(self, to: &mut [f32; LANES]) {
            unsafe {
                _mm_storeu_ps(to.as_mut_ptr(), self.0);
                _mm_storeu_ps(to.as_mut_ptr().add(4), self.1);
            }
        }

        #[inline(always)]
        fn splat(value: f32) -> Self {
            unsafe { Self(_mm_set1_ps(value), _mm_set1_ps(value)) }
        }

        #[inline(always)]
        fn add(self, other: Self) -> Self {
            unsafe { Self(_mm_add_ps(self.0, other.0), _mm_add_ps(self.1, other.1)) }
        }

        #[inline(always)]
        fn sub(self, other: Self) -> Self {
            unsafe { Self(_mm_sub_ps(self.0, other.0), _mm_sub_ps(self.1, other.1)) }
        }

        #[inline(always)]
        fn mul(self, other: Self) -> Self {
            unsafe { Self(_mm_mul_ps(self.0, other.0), _mm_mul_ps(self.1, other.1)) }
        }

        #[inline(always)]
        fn div(self, other: Self) -> Self {
            unsafe { Self(_mm_div_ps(self.0, other.0), _mm_div_ps(self.1, other.1)) }
        }

        #[inline(always)]
        fn min(self, other: Self) -> Self {
            unsafe { Self(_mm_min_ps(self.0, other.0), _mm_min_ps(self.1, other.1)) }
        }

        #[inline(always)]
        fn max(self, other: Self) -> Self {
            unsafe { Self(_mm_max_ps(self.0, other.0), _mm_max_ps(self.1, other.1)) }
        }

        #[inline(always)]
        fn sqrt(self) -> Self {
            unsafe { Self(_mm_sqrt_ps(self.0), _mm_sqrt_ps(self.1)) }
        }

        #[inline(always)]
        fn mul_add(self, factor: Self, sum: Self) -> Self {
            self.mul(factor).add(sum)
        }
    }
}

#[cfg(not(target_arch = "x86_64"))]
mod plain {
    use super::{LANES, Lanes};

    /// Left to the compiler's vectoriser.
    #[derive(Clone, Copy)]
    pub struct Eight([f32; LANES]);

    impl Eight {
        #[inline(always)]
        fn with(self, other: Self, f: impl Fn(f32, f32) -> f32) -> Self {
            Self(std::array::from_fn(|lane| f(self.0[lane], other.0[lane])))
        }
    }

    impl Lanes for Eight {
        const TILE: usize = 4;

        #[inline(always)]
        fn load(from: &[f32; LANES]) -> Self {
            Self(*from)
        }

        #[inline(always)]
        fn store(self, to: &mut [f32; LANES]) {
            *to = self.0;
        }

        #[inline(always)]
        fn splat(value: f32) -> Self {
            Self([value; LANES])
        }

        #[inline(always)]
        fn add(self, other: Self) -> Self {
            self.with(other, |a, b| a + b)
        }

        #[inline(always)]
        fn sub(self, other: Self) -> Self {
            self.with(other, |a, b| a - b)
        }

        #[inline(always)]
        fn mul(self, other: Self) -> Self {
            self.with(other, |a, b| a * b)
        }

        #[inline(always)]
        fn div(self, other: Self) -> Self {
            self.with(other, |a, b| a / b)
        }

        #[inline(always)]
        fn min(self, other: Self) -> Self {
            self.with(other, f32::min)
        }

        #[inline(always)]
        fn max(self, other: Self) -> Self {
            self.with(other, f32::max)
        }

        #[inline(always)]
        fn sqrt(self) -> Self {
            Self(self.0.map(f32::sqrt))
        }

        #[inline(always)]
        fn mul_add(self, factor: Self, sum: Self) -> Self {
            self.mul(factor).add(sum)
        }
    }
}

//! A voice from a seed: glottal pulses through three formants, in syllables and phrases with pauses. No speech, but detectors
//! take it for some; made wherever there is no synthesiser.
use std::f64::consts::TAU;

/// Seeded noise (xorshift64*), uniform between -1 and 1.
#[derive(Clone, Debug)]
pub struct Noise(u64);

impl Noise {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn value(&mut self) -> f64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }

    /// Between the two.
    pub fn within(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * (self.value() + 1.0) / 2.0
    }
}

/// Formants of /a/, /i/, /u/, /e/, /o/ in Hz (Peterson and Barney, 1952).
const VOWELS: [[f64; 3]; 5] = [
    [730.0, 1_090.0, 2_440.0],
    [270.0, 2_290.0, 3_010.0],
    [300.0, 870.0, 2_240.0],
    [530.0, 1_840.0, 2_480.0],
    [570.0, 840.0, 2_410.0],
];

/// `seconds` at `hz`: phrases of one to two seconds that fill about `share` of the time, over faint noise.
pub fn speechlike(seed: u64, hz: u32, seconds: f64, share: f64) -> Vec<i16> {
    let (mut noise, rate, mut out) = (Noise::new(seed), f64::from(hz), Vec::new());
    let length = (seconds * rate) as usize;
    while out.len() < length {
        let phrase = noise.within(1.0, 2.0);
        let pause = phrase * (1.0 - share) / share * noise.within(0.7, 1.3);
        out.extend((0..(pause * rate) as usize).map(|_| (noise.value() * 8.0) as i16));
        let until = out.len() + (phrase * rate) as usize;
        let pitch = noise.within(95.0, 210.0);
        while out.len() < until {
            syllable(&mut noise, rate, pitch, &mut out);
        }
    }
    out.truncate(length);
    out
}

/// A hiss for a consonant, then a vowel.
fn syllable(noise: &mut Noise, rate: f64, pitch: f64, out: &mut Vec<i16>) {
    let hiss = (noise.within(0.02, 0.07) * rate) as usize;
    let mut last = 0.0;
    out.extend((0..hiss).map(|_| {
        let value = noise.value() * 900.0;
        let high = value - last;
        last = value;
        high as i16
    }));
    let formants = VOWELS[(noise.within(0.0, 4.999)) as usize];
    let (length, glide) = ((noise.within(0.1, 0.22) * rate) as usize, noise.within(-0.15, 0.15));
    let mut rooms = formants.map(|hz| {
        let radius = (-TAU * (40.0 + hz * 0.04) / 2.0 / rate).exp();
        (2.0 * radius * (TAU * hz / rate).cos(), radius * radius, 0.0, 0.0)
    });
    let mut phase = 0.0;
    for n in 0..length {
        let way = n as f64 / length as f64;
        phase += pitch * (1.0 + glide * way) / rate;
        let pulse = if phase >= 1.0 { 1.0 } else { 0.0 };
        phase -= phase.floor();
        let mut sum = 0.0;
        for (weight, (a, b, y1, y2)) in [1.0, 0.6, 0.3].into_iter().zip(&mut rooms) {
            let y = pulse + *a * *y1 - *b * *y2;
            (*y1, *y2) = (y, *y1);
            sum += weight * y;
        }
        let swell = (way * 8.0).min(1.0) * ((1.0 - way) * 6.0).min(1.0);
        out.push((sum * swell * 3_500.0 + noise.value() * 60.0).clamp(-30_000.0, 30_000.0) as i16);
    }
}

//! `Levelled`: a synthesiser whose voices are all equally loud. Each voice is measured once by a sentence of its language.
use super::delivery::Delivery;
use super::{Chunk, Synthesiser, TakeChunk, TtsFault, Voice};
use crate::Language;
use crate::Rate;
use std::collections::HashMap;
use std::f32::consts::TAU;
use std::ops::ControlFlow::{Break, Continue};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The active speech level of every voice, in dBFS: loud enough for a street, with room for peaks of speech some 16 dB above.
pub const LEVEL_DBFS: f32 = -20.0;
/// The largest change of a voice's level: beyond it something else is wrong.
const MAX_CHANGE_DB: f32 = 15.0;
/// Cutoff (-3 dB) of the filter that removes the offset (DC).
const OFFSET_HZ: f32 = 20.0;
/// Level from which peaks are compressed, as a share of full scale.
const KNEE: f32 = 0.7;

/// Brings each voice of an engine to [`LEVEL_DBFS`], removes its offset (DC), and compresses peaks instead of clipping them.
pub struct Levelled {
    engine: Arc<dyn Synthesiser>,
    /// Gain factors of the voices measured so far.
    gains: Mutex<HashMap<Voice, f32>>,
}

impl Levelled {
    pub fn new(engine: Arc<dyn Synthesiser>) -> Self {
        Self { engine, gains: Mutex::default() }
    }

    /// The voice's gain factor, measured at its first use. `None`: the sink ended the speech.
    fn gain(&self, voice: &Voice, sink: &mut TakeChunk<'_>) -> Result<Option<f32>, TtsFault> {
        if let Some(gain) = self.gains().get(voice) {
            return Ok(Some(*gain));
        }
        let text = match voice.language {
            Language::En => "Good morning. Please tell me the number of your booking, or which of our rooms you need.",
            Language::Vi => "Xin chào quý khách. Xin vui lòng cho biết quý khách cần tìm địa điểm nào gần đây.",
        };
        let (mut pcm, mut offset, mut flow) = (Vec::new(), Offset::new(voice.rate), Continue(()));
        self.engine.speak(voice, text, &mut |chunk| {
            pcm.extend(chunk.pcm.iter().map(|sample| offset.remove(*sample)));
            flow = sink(Chunk { pcm: &[], upto_char: 0 });
            flow
        })?;
        if flow == Break(()) {
            return Ok(None);
        }
        let gain = active_level(&pcm, voice.rate).map_or(1.0, |level| {
            let db = (LEVEL_DBFS - level).clamp(-MAX_CHANGE_DB, MAX_CHANGE_DB);
            10.0_f32.powf(db / 20.0)
        });
        self.gains().insert(voice.clone(), gain);
        Ok(Some(gain))
    }

    fn gains(&self) -> MutexGuard<'_, HashMap<Voice, f32>> {
        self.gains.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Synthesiser for Levelled {
    fn name(&self) -> &'static str {
        self.engine.name()
    }

    fn speaks(&self, language: Language) -> bool {
        self.engine.speaks(language)
    }

    fn fingerprint(&self) -> Option<&str> {
        self.engine.fingerprint()
    }

    fn prepare(&self, voice: &Voice) -> Result<(), TtsFault> {
        self.gain(voice, &mut |_| Continue(())).map(drop)
    }

    fn probe(&self, voice: &Voice, sink: &mut TakeChunk<'_>) -> Result<(), TtsFault> {
        self.engine.probe(voice, sink)
    }

    fn speak(&self, voice: &Voice, text: &str, sink: &mut TakeChunk<'_>) -> Result<(), TtsFault> {
        self.deliver(voice, text, &Delivery::default(), sink)
    }

    fn deliver(
        &self,
        voice: &Voice,
        text: &str,
        delivery: &Delivery,
        sink: &mut TakeChunk<'_>,
    ) -> Result<(), TtsFault> {
        let Some(gain) = self.gain(voice, sink)? else { return Ok(()) };
        let (mut offset, mut out) = (Offset::new(voice.rate), Vec::new());
        self.engine.deliver(voice, text, delivery, &mut |chunk| {
            out.clear();
            out.extend(chunk.pcm.iter().map(|sample| compressed(offset.remove(*sample) * gain)));
            sink(Chunk { pcm: &out, upto_char: chunk.upto_char })
        })
    }
}

/// A first-order high-pass filter that removes DC.
struct Offset {
    keep: f32,
    before: f32,
    out: f32,
}

impl Offset {
    fn new(rate: Rate) -> Self {
        Self { keep: (-TAU * OFFSET_HZ / rate.hz() as f32).exp(), before: 0.0, out: 0.0 }
    }

    /// Filters the next sample; the result has full scale 1.
    fn remove(&mut self, sample: i16) -> f32 {
        let sample = f32::from(sample) / 32_768.0;
        self.out = sample - self.before + self.keep * self.out;
        self.before = sample;
        self.out
    }
}

/// A 16-bit sample, compressed above the knee so that it does not reach full scale.
fn compressed(sample: f32) -> i16 {
    let size = sample.abs();
    let size = if size <= KNEE { size } else { KNEE + (1.0 - KNEE) * ((size - KNEE) / (1.0 - KNEE)).tanh() };
    (size.copysign(sample) * 32_767.0) as i16
}

/// The active speech level in dBFS (relative to a square wave), by method B of ITU-T P.56: the power of the sound over the time of
/// speech. `None` where there is no speech. Samples have full scale 1.
pub fn active_level(pcm: &[f32], rate: Rate) -> Option<f32> {
    const STEPS: usize = 15;
    const MARGIN_DB: f64 = 15.9;
    let hz = f64::from(rate.hz());
    let keep = (-1.0 / (hz * 0.03)).exp();
    let hangover = (hz * 0.2) as usize;
    let threshold = |step: usize| 2.0_f64.powi(step as i32 - STEPS as i32);
    let (mut active, mut silent) = ([0_usize; STEPS], [hangover; STEPS]);
    let (mut first, mut envelope, mut energy) = (0.0, 0.0, 0.0);
    for sample in pcm {
        let size = f64::from(*sample).abs();
        energy += size * size;
        first = keep * first + (1.0 - keep) * size;
        envelope = keep * envelope + (1.0 - keep) * first;
        for step in 0..STEPS {
            silent[step] = if envelope >= threshold(step) { 0 } else { (silent[step] + 1).min(hangover) };
            active[step] += usize::from(silent[step] < hangover);
        }
    }
    // As the threshold rises, the active level comes closer to it. The result is the level at which both differ by the margin.
    let db = |step: usize| (10.0 * (energy / active[step] as f64).log10(), 20.0 * threshold(step).log10());
    let mut before: Option<(f64, f64)> = None;
    for step in (0..STEPS).take_while(|step| active[*step] > 0) {
        let (level, threshold) = db(step);
        let above = level - threshold - MARGIN_DB;
        if above <= 0.0 {
            let Some((level_before, above_before)) = before else { return Some(level as f32) };
            let share = above_before / (above_before - above);
            return Some((level_before + share * (level - level_before)) as f32);
        }
        before = Some((level, above));
    }
    before.filter(|_| energy > 0.0).map(|(level, _)| level as f32)
}

#[cfg(test)]
mod tests;

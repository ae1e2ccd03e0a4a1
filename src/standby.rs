//! Sound that is ready before any engine is asked: what a caller hears when the bot's own voice does not come.
use media::Language;
use media::Rate;
use media::tts::{Synthesiser, Voice};
use std::ops::ControlFlow;
use std::sync::OnceLock;

/// Sound that is ready before any engine is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Clip {
    /// "One moment, please."
    Moment,
    /// "I am sorry, there is a technical problem."
    Sorry,
}

/// The clips of one language at a telephone's rate. Until they have been spoken once, and where no engine can speak them,
/// they are the tones by which telephones say the same (ITU-T E.180).
#[derive(Default)]
pub struct Standby {
    moment: OnceLock<Vec<i16>>,
    sorry: OnceLock<Vec<i16>>,
    tones: OnceLock<[Vec<i16>; 2]>,
}

/// Lines of other rates convert it.
pub const RATE: Rate = Rate::Hz8000;

impl Standby {
    /// 8 kHz mono.
    pub fn get(&self, clip: Clip) -> &[i16] {
        let (spoken, tone) = match clip {
            Clip::Moment => (&self.moment, 0),
            Clip::Sorry => (&self.sorry, 1),
        };
        match spoken.get() {
            Some(pcm) => pcm,
            // One short ring-like beep; the special information tone (section 6.4: 950, 1400, 1800 Hz, 330 ms each).
            None => &self.tones.get_or_init(|| [tones(&[425.0]), tones(&[950.0, 1400.0, 1800.0])])[tone],
        }
    }

    /// Has the clips spoken, unless they are. It blocks its thread.
    pub fn warm(&self, engine: &dyn Synthesiser, language: Language) -> Result<(), media::tts::TtsFault> {
        let (moment, sorry) = match language {
            Language::En => ("One moment, please.", "I am sorry, there is a technical problem."),
            Language::Vi => ("Xin chờ một chút.", "Xin lỗi, hệ thống đang gặp sự cố."),
        };
        let voice = Voice { language, name: String::new(), rate: RATE };
        for (text, place) in [(moment, &self.moment), (sorry, &self.sorry)] {
            if place.get().is_some() {
                continue;
            }
            let mut pcm = Vec::new();
            engine.speak(&voice, text, &mut |chunk| {
                pcm.extend_from_slice(chunk.pcm);
                ControlFlow::Continue(())
            })?;
            // Another engine may have been faster.
            place.set(pcm).ok();
        }
        Ok(())
    }
}

/// The tones one after the other, 330 ms each, without clicks, at -20 dBFS.
fn tones(hz: &[f32]) -> Vec<i16> {
    let rate = RATE.hz() as f32;
    let length = (rate * 0.33) as usize;
    let tone = |hz: f32| {
        (0..length).map(move |i| {
            let edge = (i.min(length - 1 - i) as f32 / 80.0).min(1.0);
            ((i as f32 * hz * std::f32::consts::TAU / rate).sin() * edge * 3276.0) as i16
        })
    };
    hz.iter().flat_map(|hz| tone(*hz)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use media::tts::scripted::{Manner, Scripted};

    #[test]
    fn without_any_engine_the_caller_hears_the_telephones_own_tones() {
        let standby = Standby::default();
        assert_eq!(standby.get(Clip::Moment).len(), 2640);
        assert_eq!(standby.get(Clip::Sorry).len(), 3 * 2640);
        let loudest = standby.get(Clip::Sorry).iter().map(|s| s.unsigned_abs()).max();
        assert!(loudest.is_some_and(|l| (3000..3400).contains(&l)), "{loudest:?}");
    }

    #[test]
    fn once_spoken_the_clips_are_words() {
        let standby = Standby::default();
        standby.warm(&Scripted::new(Manner::Prompt), Language::En).unwrap();
        assert_ne!(standby.get(Clip::Moment).len(), 2640);
    }
}

//! flite: English, in process, streaming while it synthesises.
mod sys;

use super::clause_formatter::{ClauseFormatter, Mark};
use super::delivery::Delivery;
use super::{Chunk, Synthesiser, TakeChunk, TtsFault, Voice};
use crate::Language;
use std::ffi::{CStr, CString, c_int, c_void};
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::null_mut;
use std::sync::{Condvar, Mutex, OnceLock, PoisonError};
use std::time::Duration;

/// Debian's voices, all 16 kHz: `rms` (the default, the clearest over a telephone), `slt`, `kal16` (first sound at once).
pub struct Flite;

struct Voices {
    rms: *mut sys::Voice,
    slt: *mut sys::Voice,
    kal16: *mut sys::Voice,
}

// SAFETY: the pointers never change; only the holder of the turn uses what they point to.
unsafe impl Send for Voices {}
// SAFETY: as above.
unsafe impl Sync for Voices {}

fn voices() -> &'static Voices {
    static VOICES: OnceLock<Voices> = OnceLock::new();
    // SAFETY: runs once; the voices live as long as the process.
    VOICES.get_or_init(|| unsafe {
        sys::flite_init();
        Voices {
            rms: sys::register_cmu_us_rms(null_mut()),
            slt: sys::register_cmu_us_slt(null_mut()),
            kal16: sys::register_cmu_us_kal16(null_mut()),
        }
    })
}

/// Mutual exclusion of synthesis: flite's reference counts are not atomic, so one clause is made at a time. At 28 times real time
/// that serves more callers than two cores can recognise.
struct Turn {
    taken: Mutex<bool>,
    free: Condvar,
}

static TURN: Turn = Turn { taken: Mutex::new(false), free: Condvar::new() };

struct TurnGuard;

impl Drop for TurnGuard {
    fn drop(&mut self) {
        *TURN.taken.lock().unwrap_or_else(PoisonError::into_inner) = false;
        TURN.free.notify_one();
    }
}

/// The feature by which each sound lasts longer.
const STRETCH: &CStr = c"duration_stretch";
/// A thread that waits for the turn sends an empty chunk at this interval, but only [`KEEPALIVES`] times: the holder may hang.
const WAIT: Duration = Duration::from_millis(100);
const KEEPALIVES: usize = 5;

/// Waits for the turn; `None` when the sink ended the speech.
fn take_turn(sink: &mut dyn FnMut(Chunk<'_>) -> ControlFlow<()>) -> Option<TurnGuard> {
    let mut keepalives = 0;
    let mut taken = TURN.taken.lock().unwrap_or_else(PoisonError::into_inner);
    while *taken {
        let (again, wait) = TURN.free.wait_timeout(taken, WAIT).unwrap_or_else(PoisonError::into_inner);
        taken = again;
        if *taken && wait.timed_out() && keepalives < KEEPALIVES {
            keepalives += 1;
            drop(taken);
            if sink(Chunk { pcm: &[], upto_char: 0 }).is_break() {
                return None;
            }
            taken = TURN.taken.lock().unwrap_or_else(PoisonError::into_inner);
        }
    }
    *taken = true;
    Some(TurnGuard)
}

impl Flite {
    pub const VOICES: [&str; 3] = ["rms", "slt", "kal16"];

    /// Loads the voices.
    pub fn load() -> Self {
        voices();
        Self
    }
}

impl Synthesiser for Flite {
    fn name(&self) -> &'static str {
        "flite"
    }

    fn speaks(&self, language: Language) -> bool {
        language == Language::En
    }

    fn speak(&self, voice: &Voice, text: &str, sink: &mut TakeChunk<'_>) -> Result<(), TtsFault> {
        self.deliver(voice, text, &Delivery::default(), sink)
    }

    /// It knows no phonemes: words are said as they are written.
    fn deliver(
        &self,
        voice: &Voice,
        text: &str,
        delivery: &Delivery,
        sink: &mut TakeChunk<'_>,
    ) -> Result<(), TtsFault> {
        // The library reads ASCII and would spell out anything else byte by byte.
        let plain: String = text.chars().map(|c| if c.is_ascii() && c != '\0' { c } else { ' ' }).collect();
        let words = CString::new(plain).map_err(|_| TtsFault::Engine("the text holds a NUL".into()))?;
        let chars = text.chars().count() as u32;
        let Some(turn) = take_turn(sink) else { return Ok(()) };
        let mut job = Job { voice, formatter: None, sink, stopped: false, chars };
        {
            let voices = voices();
            let chosen = match voice.name.as_str() {
                "slt" => voices.slt,
                "kal16" => voices.kal16,
                _ => voices.rms,
            };
            // SAFETY: the voice is valid, and exclusive while the turn is held. The features own the value, the value owns the
            // streaming info, and the utterance owns the features until it is deleted, before the job is dropped.
            let done = unsafe {
                let utterance = sys::new_utterance();
                let info = sys::new_audio_streaming_info();
                if utterance.is_null() || info.is_null() {
                    return Err(TtsFault::Engine("flite has no memory".into()));
                }
                (*info).min_buffsize = 160;
                (*info).asc = Some(chunk);
                (*info).userdata = (&raw mut job).cast();
                let features = (*utterance).features;
                sys::flite_feat_set_string(features, c"input_text".as_ptr(), words.as_ptr());
                if delivery.percent() != 100 {
                    // A voice has a stretch of its own, which one of the utterance hides.
                    let stretch = sys::flite_get_param_float((*chosen).features, STRETCH.as_ptr(), 1.0);
                    sys::flite_feat_set_float(features, STRETCH.as_ptr(), stretch / delivery.speed());
                }
                sys::flite_feat_set(features, c"streaming_info".as_ptr(), sys::audio_streaming_info_val(info));
                let made = sys::flite_do_synth(utterance, chosen, sys::utt_synth);
                if !made.is_null() {
                    sys::delete_utterance(made);
                }
                !made.is_null()
            };
            if !done {
                return Err(TtsFault::Engine("flite made nothing of the text".into()));
            }
        }
        drop(turn);
        let Job { formatter, sink, stopped, .. } = job;
        match formatter {
            _ if stopped => {}
            Some(formatter) => formatter.finish(chars, sink),
            None => _ = sink(Chunk { pcm: &[], upto_char: chars }),
        }
        Ok(())
    }
}

struct Job<'a> {
    voice: &'a Voice,
    formatter: Option<ClauseFormatter>,
    sink: &'a mut dyn FnMut(Chunk<'_>) -> ControlFlow<()>,
    stopped: bool,
    chars: u32,
}

unsafe extern "C" fn chunk(
    wave: *const sys::Wave,
    start: c_int,
    size: c_int,
    _last: c_int,
    info: *mut sys::Stream,
) -> c_int {
    // SAFETY: flite passes a valid wave and utterance; userdata is the job set by `speak`.
    let (job, pcm, hz, utterance) = unsafe {
        let job = &mut *(*info).userdata.cast::<Job<'_>>();
        let pcm = std::slice::from_raw_parts((*wave).samples.offset(start as isize), size.max(0) as usize);
        (job, pcm, (*wave).sample_rate, (*info).utt)
    };
    // A panic must not unwind into C: it ends the speech.
    let taken = catch_unwind(AssertUnwindSafe(|| {
        let (voice, chars) = (job.voice, job.chars);
        let formatter = job.formatter.get_or_insert_with(|| {
            let mut formatter = ClauseFormatter::new(u32::try_from(hz).unwrap_or(16_000), voice.rate);
            // SAFETY: the utterance is valid during synthesis; its words and times are known before its first sound.
            formatter.marks = unsafe { marks(utterance, chars) };
            formatter
        });
        formatter.push(pcm, job.sink)
    }));
    match taken {
        Ok(ControlFlow::Continue(())) => sys::GO_ON,
        _ => {
            job.stopped = true;
            sys::STOP
        }
    }
}

/// The end of each word of the text, in time and in characters (flite got one byte for each).
unsafe fn marks(utterance: *const c_void, chars: u32) -> Vec<Mark> {
    let mut out = Vec::new();
    if utterance.is_null() {
        return out;
    }
    let end = c"R:Token.daughtern.R:SylStructure.daughtern.daughtern.R:Segment.end";
    // SAFETY: the utterance is valid; items and features are read and not kept.
    unsafe {
        let relation = sys::utt_relation(utterance, c"Token".as_ptr());
        let mut item = if relation.is_null() { null_mut() } else { sys::relation_head(relation) };
        while !item.is_null() {
            // The position after the word, counted from 1.
            let at = sys::flite_ffeature_int(item, c"file_pos".as_ptr());
            let ends = f64::from(sys::flite_ffeature_float(item, end.as_ptr()));
            if at > 1 && ends > 0.0 {
                out.push(Mark { ends, chars: (at as u32 - 1).min(chars) });
            }
            item = sys::item_next(item);
        }
    }
    out
}

#[cfg(test)]
mod tests;

//! Bindings to the used part of flite 2.2's C interface.
use std::ffi::{c_char, c_float, c_int, c_void};

pub const GO_ON: c_int = 0;
pub const STOP: c_int = -1;

#[repr(C)]
pub struct Voice {
    _name: *const c_char,
    pub features: *mut c_void,
    // More fields follow.
}

#[repr(C)]
pub struct Utterance {
    pub features: *mut c_void,
    // More fields follow.
}

#[repr(C)]
pub struct Wave {
    _kind: *const c_char,
    pub sample_rate: c_int,
    _samples: c_int,
    _channels: c_int,
    pub samples: *const i16,
}

#[repr(C)]
pub struct Stream {
    pub min_buffsize: c_int,
    pub asc: Option<unsafe extern "C" fn(*const Wave, c_int, c_int, c_int, *mut Stream) -> c_int>,
    pub utt: *const c_void,
    _item: *const c_void,
    pub userdata: *mut c_void,
}

unsafe extern "C" {
    pub fn flite_init() -> c_int;
    pub fn register_cmu_us_rms(dir: *const c_char) -> *mut Voice;
    pub fn register_cmu_us_slt(dir: *const c_char) -> *mut Voice;
    pub fn register_cmu_us_kal16(dir: *const c_char) -> *mut Voice;
    pub fn new_utterance() -> *mut Utterance;
    pub fn delete_utterance(utterance: *mut Utterance);
    pub fn new_audio_streaming_info() -> *mut Stream;
    pub fn audio_streaming_info_val(info: *mut Stream) -> *mut c_void;
    pub fn flite_feat_set(features: *mut c_void, name: *const c_char, value: *const c_void);
    pub fn flite_feat_set_string(features: *mut c_void, name: *const c_char, value: *const c_char);
    pub fn flite_feat_set_float(features: *mut c_void, name: *const c_char, value: c_float);
    pub fn flite_get_param_float(features: *const c_void, name: *const c_char, default: c_float) -> c_float;
    pub fn utt_synth(utterance: *mut Utterance) -> *mut Utterance;
    /// Null when it fails; it has deleted the utterance then.
    pub fn flite_do_synth(
        utterance: *mut Utterance,
        voice: *mut Voice,
        synth: unsafe extern "C" fn(*mut Utterance) -> *mut Utterance,
    ) -> *mut Utterance;
    pub fn utt_relation(utterance: *const c_void, name: *const c_char) -> *mut c_void;
    pub fn relation_head(relation: *mut c_void) -> *mut c_void;
    pub fn item_next(item: *const c_void) -> *mut c_void;
    pub fn flite_ffeature_int(item: *const c_void, path: *const c_char) -> c_int;
    pub fn flite_ffeature_float(item: *const c_void, path: *const c_char) -> c_float;
}

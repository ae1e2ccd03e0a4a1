//! One PocketSphinx decoder (C library 5prealpha, as Debian ships it), safe to use.
use crate::asr::Fault;
use std::collections::{HashMap, VecDeque};
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::fmt::Display;
use std::ptr::{NonNull, null, null_mut};

mod sys {
    use super::{c_char, c_int, c_void};

    #[repr(C)]
    pub struct Decoder([u8; 0]);
    #[repr(C)]
    pub struct Config([u8; 0]);
    #[repr(C)]
    pub struct Seg([u8; 0]);
    #[repr(C)]
    pub struct Fsg([u8; 0]);
    #[repr(C)]
    pub struct LogMath([u8; 0]);

    #[link(name = "pocketsphinx")]
    #[link(name = "sphinxbase")]
    unsafe extern "C" {
        pub fn ps_args() -> *const c_void;
        pub fn cmd_ln_parse_r(
            inout: *mut Config,
            defn: *const c_void,
            argc: i32,
            argv: *mut *mut c_char,
            strict: i32,
        ) -> *mut Config;
        pub fn cmd_ln_free_r(config: *mut Config) -> c_int;
        pub fn err_set_logfp(file: *mut c_void);
        pub fn ps_init(config: *mut Config) -> *mut Decoder;
        pub fn ps_free(ps: *mut Decoder) -> c_int;
        pub fn ps_get_logmath(ps: *mut Decoder) -> *mut LogMath;
        pub fn ps_add_word(ps: *mut Decoder, word: *const c_char, phones: *const c_char, update: c_int) -> c_int;
        pub fn fsg_model_read(file: *mut libc::FILE, logmath: *mut LogMath, weight: f32) -> *mut Fsg;
        pub fn fsg_model_free(fsg: *mut Fsg) -> c_int;
        pub fn ps_set_fsg(ps: *mut Decoder, name: *const c_char, fsg: *mut Fsg) -> c_int;
        pub fn ps_set_allphone_file(ps: *mut Decoder, name: *const c_char, path: *const c_char) -> c_int;
        pub fn ps_set_search(ps: *mut Decoder, name: *const c_char) -> c_int;
        pub fn ps_unset_search(ps: *mut Decoder, name: *const c_char) -> c_int;
        pub fn ps_start_stream(ps: *mut Decoder) -> c_int;
        pub fn ps_start_utt(ps: *mut Decoder) -> c_int;
        pub fn ps_process_raw(ps: *mut Decoder, data: *const i16, n: usize, no_search: c_int, full_utt: c_int)
        -> c_int;
        pub fn ps_end_utt(ps: *mut Decoder) -> c_int;
        pub fn ps_get_hyp(ps: *mut Decoder, score: *mut i32) -> *const c_char;
        pub fn ps_seg_iter(ps: *mut Decoder) -> *mut Seg;
        pub fn ps_seg_next(seg: *mut Seg) -> *mut Seg;
        pub fn ps_seg_word(seg: *mut Seg) -> *const c_char;
        pub fn ps_seg_frames(seg: *mut Seg, from: *mut c_int, to: *mut c_int);
        pub fn ps_seg_prob(seg: *mut Seg, acoustic: *mut i32, language: *mut i32, back: *mut i32) -> i32;
    }
}

/// What a decoder listens for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Search<'a> {
    /// A grammar made known with [`Decoder::learn`], by its name.
    Grammar(&'a str),
    /// Any sequence of phones, without context.
    Phones,
}

/// A word or phone with its first and last frame (10 ms each) and its acoustic score over them (logarithm to the base
/// 1.0001, shifted right by 10; 0 is the best state of each frame).
#[derive(Clone, Debug)]
pub struct Segment {
    pub word: String,
    pub from: i32,
    pub to: i32,
    pub score: i32,
}

const PHONES: &CStr = c"phones";
/// Compiled grammars kept per decoder; the one unused longest goes first.
const GRAMMARS: usize = 12;

/// One decoder: one utterance at a time. It may move between threads; it is never shared.
pub struct Decoder {
    ps: NonNull<sys::Decoder>,
    /// Words with a pronunciation in this decoder.
    words: HashMap<String, String>,
    grammars: VecDeque<String>,
    phones: bool,
    busy: bool,
}

// SAFETY: the library keeps no thread-local state for a decoder, and `&mut self` guards every call.
unsafe impl Send for Decoder {}

fn text(text: &str) -> Result<CString, Fault> {
    CString::new(text).map_err(|_| Fault::Grammar("it holds a NUL byte".into()))
}

fn failed(what: impl Display) -> Fault {
    Fault::Engine(format!("pocketsphinx: {what}"))
}

impl Decoder {
    /// `options` are the library's own, e.g. `("-hmm", dir)`.
    pub fn new(options: &[(String, String)]) -> Result<Self, Fault> {
        let mut words = vec![c"switchboard".to_owned()];
        for (key, value) in options {
            words.push(text(key)?);
            words.push(text(value)?);
        }
        let mut argv: Vec<*mut c_char> = words.iter().map(|word| word.as_ptr().cast_mut()).collect();
        // SAFETY: argv outlives the call and the library copies its strings; ps_init takes a reference of its own.
        let ps = unsafe {
            sys::err_set_logfp(null_mut());
            let config = sys::cmd_ln_parse_r(null_mut(), sys::ps_args(), argv.len() as i32, argv.as_mut_ptr(), 1);
            if config.is_null() {
                return Err(Fault::Model(format!("pocketsphinx refuses its options {options:?}")));
            }
            let ps = sys::ps_init(config);
            sys::cmd_ln_free_r(config);
            ps
        };
        let ps = NonNull::new(ps).ok_or_else(|| Fault::Model(format!("pocketsphinx cannot load {options:?}")))?;
        Ok(Self { ps, words: HashMap::new(), grammars: VecDeque::new(), phones: false, busy: false })
    }

    /// Makes a grammar known under `name`; at once when it was before.
    /// `fsg` is in Sphinx's text form; `words` are all its words with their phones.
    pub fn learn(&mut self, name: &str, fsg: &str, words: &[(String, String)]) -> Result<(), Fault> {
        self.rest();
        if let Some(at) = self.grammars.iter().position(|known| known == name) {
            self.grammars.remove(at);
            self.grammars.push_front(name.to_owned());
            return Ok(());
        }
        for (word, phones) in words {
            match self.words.get(word) {
                Some(known) if known == phones => {}
                // The library cannot replace a pronunciation.
                Some(_) => return Err(failed("one word with two pronunciations")),
                None => {
                    let (spelled, said) = (text(word)?, text(phones)?);
                    // SAFETY: both strings outlive the call, which copies them.
                    if unsafe { sys::ps_add_word(self.ps.as_ptr(), spelled.as_ptr(), said.as_ptr(), 0) } < 0 {
                        return Err(Fault::Pronunciation(vec![word.clone()]));
                    }
                    self.words.insert(word.clone(), phones.clone());
                }
            }
        }
        let label = text(name)?;
        // SAFETY: the stream reads `fsg`, which outlives it; the search takes a reference of its own to the model.
        let set = unsafe {
            let file = libc::fmemopen(fsg.as_ptr().cast_mut().cast(), fsg.len(), c"r".as_ptr());
            if file.is_null() {
                return Err(failed("no memory for a grammar"));
            }
            let model = sys::fsg_model_read(file, sys::ps_get_logmath(self.ps.as_ptr()), 1.0);
            libc::fclose(file);
            if model.is_null() {
                return Err(Fault::Grammar("the decoder cannot read it".into()));
            }
            let set = sys::ps_set_fsg(self.ps.as_ptr(), label.as_ptr(), model);
            sys::fsg_model_free(model);
            set
        };
        if set < 0 {
            return Err(Fault::Grammar("the decoder cannot take it".into()));
        }
        self.grammars.push_front(name.to_owned());
        if self.grammars.len() > GRAMMARS
            && let Some(old) = self.grammars.pop_back()
        {
            self.select(Search::Grammar(name))?;
            let old = text(&old)?;
            // SAFETY: the search is not the current one.
            unsafe { sys::ps_unset_search(self.ps.as_ptr(), old.as_ptr()) };
        }
        Ok(())
    }

    fn select(&mut self, search: Search<'_>) -> Result<(), Fault> {
        let name = match search {
            Search::Grammar(name) => text(name)?,
            Search::Phones => PHONES.to_owned(),
        };
        if search == Search::Phones && !self.phones {
            // SAFETY: the name outlives the call; no path: every phone may follow every phone.
            if unsafe { sys::ps_set_allphone_file(self.ps.as_ptr(), name.as_ptr(), null()) } < 0 {
                return Err(failed("no phone loop"));
            }
            self.phones = true;
        }
        // SAFETY: the name outlives the call.
        if unsafe { sys::ps_set_search(self.ps.as_ptr(), name.as_ptr()) } < 0 {
            return Err(failed("unknown search"));
        }
        Ok(())
    }

    /// Begins an utterance.
    pub fn start(&mut self, search: Search<'_>) -> Result<(), Fault> {
        self.rest();
        self.select(search)?;
        // SAFETY: the decoder is live and between utterances.
        let ok = unsafe { sys::ps_start_stream(self.ps.as_ptr()) == 0 && sys::ps_start_utt(self.ps.as_ptr()) == 0 };
        self.busy = ok;
        if ok { Ok(()) } else { Err(failed("it does not start")) }
    }

    /// More sound of the utterance, at the model's rate.
    pub fn hear(&mut self, pcm: &[i16]) -> Result<(), Fault> {
        self.process(pcm, 0)
    }

    fn process(&mut self, pcm: &[i16], whole: c_int) -> Result<(), Fault> {
        // SAFETY: the slice is read during the call only.
        let n = unsafe { sys::ps_process_raw(self.ps.as_ptr(), pcm.as_ptr(), pcm.len(), 0, whole) };
        if n >= 0 { Ok(()) } else { Err(failed("it does not take sound")) }
    }

    /// Decodes a whole utterance: its cepstral mean is taken over all of it.
    pub fn decode(&mut self, search: Search<'_>, pcm: &[i16]) -> Result<(), Fault> {
        self.start(search)?;
        self.process(pcm, 1)?;
        self.end()
    }

    fn end(&mut self) -> Result<(), Fault> {
        self.busy = false;
        // SAFETY: an utterance is open.
        if unsafe { sys::ps_end_utt(self.ps.as_ptr()) } < 0 { Err(failed("it does not end")) } else { Ok(()) }
    }

    /// Ends an utterance that was left open.
    pub fn rest(&mut self) {
        if self.busy {
            _ = self.end();
        }
    }

    /// The best words so far: partial while listening, final after the end.
    pub fn words(&mut self) -> Option<String> {
        // SAFETY: the string belongs to the decoder and is copied before the next call.
        unsafe {
            let hyp = sys::ps_get_hyp(self.ps.as_ptr(), null_mut());
            if hyp.is_null() { None } else { Some(CStr::from_ptr(hyp).to_string_lossy().into_owned()) }
        }
    }

    /// The best path with its scores; states without sound (null transitions) are left out.
    pub fn segments(&mut self) -> Vec<Segment> {
        let mut out = Vec::new();
        // SAFETY: running the iterator to its end frees it; the word is copied before the step.
        unsafe {
            let mut seg = sys::ps_seg_iter(self.ps.as_ptr());
            while !seg.is_null() {
                let (mut from, mut to, mut score, mut language, mut back) = (0, 0, 0, 0, 0);
                sys::ps_seg_frames(seg, &mut from, &mut to);
                sys::ps_seg_prob(seg, &mut score, &mut language, &mut back);
                let word = sys::ps_seg_word(seg);
                if !word.is_null() {
                    let word = CStr::from_ptr(word).to_string_lossy().into_owned();
                    if word != "(NULL)" && to >= from {
                        out.push(Segment { word, from, to, score });
                    }
                }
                seg = sys::ps_seg_next(seg);
            }
        }
        out
    }
}

impl Drop for Decoder {
    fn drop(&mut self) {
        // SAFETY: the only reference of ours.
        unsafe { sys::ps_free(self.ps.as_ptr()) };
    }
}

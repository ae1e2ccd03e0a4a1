//! Fragments of RFC 8840 and the candidates in them.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    telephony::webrtc::testkit::fragment(text);
});

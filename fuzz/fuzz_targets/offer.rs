//! Descriptions of browsers, as offers and as answers.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    telephony::webrtc::testkit::description(text);
});

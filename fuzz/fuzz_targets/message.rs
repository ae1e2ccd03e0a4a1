//! Messages of the data channel.
#![no_main]

libfuzzer_sys::fuzz_target!(|said: (bool, &[u8])| {
    telephony::webrtc::testkit::message(said.0, said.1);
});

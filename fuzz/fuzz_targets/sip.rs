//! SIP messages: as datagrams, and as a stream in pieces of any size.
#![no_main]
use telephony::sip::frame::{Cut, Framer};
use telephony::sip::gate::inspect;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    inspect(bytes);
    let mut framer = Framer::default();
    let size = 1 + bytes.len() % 97;
    for piece in bytes.chunks(size) {
        framer.push(piece);
        loop {
            match framer.cut() {
                Ok(Some(Cut::Message(message))) => drop(inspect(&message)),
                Ok(Some(Cut::Ping)) => {}
                Ok(None) => break,
                Err(broken) => return drop(inspect(&broken.head)),
            }
        }
    }
});

//! SIP messages: as datagrams, and as a stream in pieces of any size.
#![no_main]
use telephony::sip::ReplyPort;
use telephony::sip::frame::{Cut, Framer};
use telephony::sip::gate::{Arrival, Verdict, inspect, refuse};

fn judge(bytes: &[u8], stream: bool) {
    let source = ([192, 0, 2, 1], 5060).into();
    let arrival = Arrival { source, stream, reply_port: ReplyPort::Via, networks: &[] };
    for verdict in [inspect(bytes, &arrival), refuse(bytes, 400, "malformed", &arrival)] {
        if let Verdict::Reply { reply, .. } = verdict {
            assert!(reply.bytes.starts_with(b"SIP/2.0 ") && reply.bytes.ends_with(b"\r\n\r\n"));
        }
    }
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    judge(bytes, false);
    let mut framer = Framer::default();
    let size = 1 + bytes.len() % 97;
    for piece in bytes.chunks(size) {
        framer.push(piece);
        loop {
            match framer.cut() {
                Ok(Some(Cut::Message(message))) => judge(&message, true),
                Ok(Some(Cut::Ping)) => {}
                Ok(None) => break,
                Err(broken) => return judge(&broken.head, true),
            }
        }
    }
});

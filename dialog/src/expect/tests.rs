//! Grammars: well-formed, small, and made of words.
use super::*;
use crate::bot::Bot;

#[test]
fn dump() {
    for (text, name) in [
        (include_str!("../../../configs/bots/booking.en.toml"), "en"),
        (include_str!("../../../configs/bots/places.vi.toml"), "vi"),
    ] {
        let bot = Bot::parse(text, name).unwrap_or_else(|e| panic!("{e}"));
        for (i, ask) in all(&bot).iter().enumerate() {
            std::fs::write(format!("/tmp/g_{name}_{i:02}.gram"), &ask.grammar).unwrap();
        }
    }
}

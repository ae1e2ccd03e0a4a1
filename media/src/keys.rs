//! Keypad keys on the line as RFC 4733 telephone events. [`ToneKeys`] hears the tones of keys where events were not negotiated.
mod received;
mod sent;
mod tone;

pub use received::KeysIn;
pub use sent::{EventPacket, Keys, KeysOut};
pub use tone::ToneKeys;

/// The event codes 0–15 (RFC 4733 section 3.2), in their order.
const KEYS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '#', 'A', 'B', 'C', 'D'];

/// The clocks, in Hz, of a stream's timestamps and of its keys' durations: one and the same but where a far end knows keys in
/// no other clock than 8000.
#[derive(Clone, Copy, Debug)]
pub struct Clocks {
    pub sound: u32,
    pub events: u32,
}

/// The two frequencies of a key, in Hz.
pub const fn dual(event: u8) -> (f32, f32) {
    const ROWS: [f32; 4] = [697.0, 770.0, 852.0, 941.0];
    const COLUMNS: [f32; 4] = [1209.0, 1336.0, 1477.0, 1633.0];
    let (row, column) = match event {
        0 => (3, 1),
        10 => (3, 0),
        11 => (3, 2),
        12..=15 => (event as usize - 12, 3),
        _ => ((event as usize + 8) % 9 / 3, (event as usize + 2) % 3),
    };
    (ROWS[row], COLUMNS[column])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_the_tones_of_the_keypad() {
        let expected = [
            (941, 1336),
            (697, 1209),
            (697, 1336),
            (697, 1477),
            (770, 1209),
            (770, 1336),
            (770, 1477),
            (852, 1209),
            (852, 1336),
            (852, 1477),
            (941, 1209),
            (941, 1477),
            (697, 1633),
            (770, 1633),
            (852, 1633),
            (941, 1633),
        ];
        for (event, tones) in expected.into_iter().enumerate() {
            let (low, high) = dual(event as u8);
            assert_eq!((low as i32, high as i32), tones, "{}", KEYS[event]);
        }
    }
}

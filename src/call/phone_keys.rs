//! `PhoneKeys`: what a supervisor at a telephone wants, by the keys that they press. A core: it is told the time.
use super::dedup::{KeyDedup, KeySource};
use media::hears::Supervision;
use std::time::{Duration, Instant};

/// A star counts for so long.
const STAR: Duration = Duration::from_secs(4);

/// What a supervisor at a telephone wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PhoneCommand {
    Mode(Supervision),
    HandBack,
}

/// What a press comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pressed {
    Command(PhoneCommand),
    /// It was the last digit of the PIN.
    Admitted,
    /// It was the last digit of another PIN; `last`: no further one may be tried.
    WrongPin {
        last: bool,
    },
}

/// PINs that may be tried.
const TRIES: u32 = 3;

/// The PIN that a telephone has to enter which has dialled in. A star begins it anew.
struct Pin {
    pin: String,
    typed: String,
    tried: u32,
}

/// Nothing but the PIN is read where one is asked for, and `1` alone until the first command: who answers presses it to listen.
#[derive(Default)]
pub struct PhoneKeys {
    dedup: KeyDedup,
    /// Until it has been entered.
    pin: Option<Pin>,
    star: Option<Instant>,
    has_begun: bool,
}

impl PhoneKeys {
    /// Whether a key has been pressed by which they listen.
    pub fn has_begun(&self) -> bool {
        self.has_begun
    }

    /// Of a telephone that has to enter this PIN first: digits.
    pub fn behind(pin: String) -> Self {
        Self { pin: Some(Pin { pin, typed: String::new(), tried: 0 }), ..Self::default() }
    }

    /// Whether a PIN has to be entered yet.
    pub fn is_locked(&self) -> bool {
        self.pin.is_some()
    }

    /// A key, in sound or by signalling, and what it comes to.
    pub fn press(&mut self, now: Instant, key: char, source: KeySource) -> Option<Pressed> {
        if !self.dedup.is_new(now, key, source) {
            return None;
        }
        if let Some(pin) = &mut self.pin {
            let pressed = pin.press(key);
            if pressed == Some(Pressed::Admitted) {
                self.pin = None;
            }
            return pressed;
        }
        self.command(now, key).map(Pressed::Command)
    }

    fn command(&mut self, now: Instant, key: char) -> Option<PhoneCommand> {
        let star = self.star.take().is_some_and(|at| now.saturating_duration_since(at) <= STAR);
        if key == '*' {
            self.star = Some(now);
            return None;
        }
        if !self.has_begun {
            self.has_begun = key == '1';
            return self.has_begun.then_some(PhoneCommand::Mode(Supervision::Monitor));
        }
        match key {
            '1' if star => Some(PhoneCommand::Mode(Supervision::Monitor)),
            '2' if star => Some(PhoneCommand::Mode(Supervision::Whisper)),
            '3' if star => Some(PhoneCommand::Mode(Supervision::Barge)),
            '4' if star => Some(PhoneCommand::Mode(Supervision::TakeOver)),
            '5' if star => Some(PhoneCommand::HandBack),
            _ => None,
        }
    }
}

impl Pin {
    fn press(&mut self, key: char) -> Option<Pressed> {
        match key {
            '0'..='9' => self.typed.push(key),
            '*' => self.typed.clear(),
            _ => {}
        }
        if self.typed.len() < self.pin.len() {
            return None;
        }
        if std::mem::take(&mut self.typed) == self.pin {
            return Some(Pressed::Admitted);
        }
        self.tried += 1;
        Some(Pressed::WrongPin { last: self.tried >= TRIES })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What keys come to that are pressed `apart` from each other.
    fn pressed(keys: &str, apart: Duration) -> Vec<PhoneCommand> {
        let (start, mut phone) = (Instant::now(), PhoneKeys::default());
        let press = |(n, key): (usize, char)| match phone.press(start + apart * n as u32, key, KeySource::Sound) {
            Some(Pressed::Command(command)) => Some(command),
            None => None,
            other => panic!("{other:?}"),
        };
        keys.chars().enumerate().filter_map(press).collect()
    }

    #[test]
    fn nothing_is_wanted_before_one_is_pressed_and_then_a_star_and_a_digit_set_the_mode() {
        use PhoneCommand::{HandBack, Mode};
        use Supervision::{Barge, Monitor, TakeOver, Whisper};
        let second = Duration::from_secs(1);
        assert_eq!(pressed("*4*20#", second), []);
        let all = [Mode(Monitor), Mode(Whisper), Mode(Barge), Mode(TakeOver), HandBack, Mode(Monitor)];
        assert_eq!(pressed("1*2*3*4*5*1", second), all);
        assert_eq!(pressed("124*9*#2**3", second), [Mode(Monitor), Mode(Barge)], "a digit alone changes nothing");
        assert_eq!(pressed("1*2", Duration::from_secs(5)), [Mode(Monitor)], "the star was long ago");
    }

    #[test]
    fn a_key_that_comes_in_sound_and_by_signalling_is_pressed_once() {
        let (now, mut phone) = (Instant::now(), PhoneKeys::default());
        let mut press = |key, source| phone.press(now, key, source);
        assert!(press('1', KeySource::Sound).is_some() && press('1', KeySource::Signalling).is_none());
        assert!(press('*', KeySource::Signalling).is_none() && press('*', KeySource::Sound).is_none());
        assert_eq!(press('3', KeySource::Sound), Some(Pressed::Command(PhoneCommand::Mode(Supervision::Barge))));
    }

    /// What keys come to where a PIN is asked for, pressed a second apart.
    fn entered(keys: &str) -> Vec<Pressed> {
        let (start, mut phone) = (Instant::now(), PhoneKeys::behind("123456".into()));
        let press = |(n, key): (u64, char)| phone.press(start + Duration::from_secs(n), key, KeySource::Sound);
        (0..).zip(keys.chars()).filter_map(press).collect()
    }

    #[test]
    fn nothing_is_wanted_before_the_pin_has_been_entered_and_three_may_be_tried() {
        let listens = Pressed::Command(PhoneCommand::Mode(Supervision::Monitor));
        let wrong = |last| Pressed::WrongPin { last };
        assert_eq!(entered("1*12345"), [], "five digits of it");
        assert_eq!(entered("123456"), [Pressed::Admitted]);
        assert_eq!(entered("12*123456*41"), [Pressed::Admitted, listens], "a star begins it anew");
        assert_eq!(entered("654321123456#1"), [wrong(false), Pressed::Admitted, listens]);
        assert_eq!(entered("111111222222333333"), [wrong(false), wrong(false), wrong(true)]);
    }

    #[test]
    fn the_second_copy_of_the_last_digit_is_no_command() {
        let (now, mut phone) = (Instant::now(), PhoneKeys::behind("1".into()));
        assert_eq!(phone.press(now, '1', KeySource::Sound), Some(Pressed::Admitted));
        assert_eq!(phone.press(now, '1', KeySource::Signalling), None);
        assert!(!phone.has_begun());
    }
}

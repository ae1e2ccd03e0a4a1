//! `Entry`: keys on their way to an answer.
use super::{AnsweredBy, Conversation, HushedBy, Output};
use crate::keypad::Keypad;
use crate::model::brain::BrainInput;
use std::time::{Duration, Instant};

/// The keys of a running entry, and when the last one came.
#[derive(Default)]
pub(super) struct Entry {
    keys: String,
    since: Option<Instant>,
    /// When the last entry ended without `#`, full or left alone: callers are told to end it with `#`, and do.
    ended: Option<Instant>,
}

/// What a key did.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Pressed {
    /// It ended an entry that was over already.
    Ignored,
    /// The entry goes on; it may have begun with this key.
    More { begins: bool },
    /// The keys are an answer. An entry of several keys may have begun with the last of them.
    Answer { begins: bool },
}

impl Entry {
    pub fn is_open(&self) -> bool {
        self.since.is_some()
    }

    pub fn since(&self) -> Option<Instant> {
        self.since
    }

    /// No key came for as long as a gap between keys lasts: what there is of the entry is all of it.
    pub fn expire(&mut self, now: Instant) {
        self.ended = Some(now);
    }

    /// Ends the entry; its keys.
    pub fn close(&mut self) -> String {
        self.since = None;
        std::mem::take(&mut self.keys)
    }

    /// `gap`: how long after the last key an entry counts as ended.
    pub fn press(&mut self, now: Instant, key: char, keypad: &Keypad, gap: Duration) -> Pressed {
        let ended = self.ended.take();
        if key == '#' && !self.is_open() && ended.is_some_and(|at| now < at + gap) {
            return Pressed::Ignored;
        }
        match (key, self.is_open(), keypad) {
            ('*' | '#', false, _) | (_, false, Keypad::Menu | Keypad::None) => {
                self.keys.push(key);
                self.ended = key.is_ascii_digit().then_some(now);
                Pressed::Answer { begins: false }
            }
            ('*', true, _) => {
                self.keys.clear();
                self.since = Some(now);
                Pressed::More { begins: false }
            }
            ('#', true, _) => Pressed::Answer { begins: false },
            (_, open, _) => {
                self.keys.push(key);
                self.since = Some(now);
                let full = if let Keypad::Entry { full } = keypad { *full } else { 1 };
                if self.keys.len() < full {
                    return Pressed::More { begins: !open };
                }
                self.ended = Some(now);
                Pressed::Answer { begins: !open }
            }
        }
    }
}

impl Conversation {
    pub(super) fn key(&mut self, now: Instant, key: char) {
        if !self.takes() || !(key.is_ascii_digit() || key == '*' || key == '#') {
            return;
        }
        let pressed = self.entry.press(now, key, &self.brain.keypad(), self.bot.silence.key_gap);
        let (begins, answer) = match pressed {
            Pressed::Ignored => return,
            Pressed::More { begins } => (begins, false),
            Pressed::Answer { begins } => (begins, true),
        };
        // Words by voice of the same turn are dropped.
        self.forget_turn(now);
        self.hush(now, HushedBy::Caller);
        if begins {
            self.out.push_back(Output::Keying(true));
        }
        if answer {
            self.enter(now);
        }
    }

    /// The entry has ended: take it.
    pub(super) fn enter(&mut self, now: Instant) {
        if self.entry.is_open() {
            self.out.push_back(Output::Keying(false));
        }
        let keys = self.entry.close();
        if keys.is_empty() {
            // Cleared with `*` and left alone: the question stands.
            return self.think(now, BrainInput::Keys("#".into()));
        }
        self.note_turn(&keys, 1.0, AnsweredBy::Keys);
        if self.spend_turn(now) {
            self.think(now, BrainInput::Keys(keys));
        }
    }

    /// Forgets the keys of an entry that is not complete.
    pub(super) fn drop_entry(&mut self) {
        if self.entry.is_open() {
            self.entry.close();
            self.out.push_back(Output::Keying(false));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_ends_when_it_is_full_and_the_hash_behind_it_belongs_to_it() {
        let (now, gap) = (Instant::now(), Duration::from_secs(3));
        let (mut entry, two) = (Entry::default(), Keypad::Entry { full: 2 });
        assert_eq!(entry.press(now, '1', &two, gap), Pressed::More { begins: true });
        assert_eq!(entry.press(now, '*', &two, gap), Pressed::More { begins: false });
        assert_eq!(entry.press(now, '4', &two, gap), Pressed::More { begins: false });
        assert_eq!(entry.press(now, '2', &two, gap), Pressed::Answer { begins: false });
        assert_eq!((entry.is_open(), entry.close(), entry.is_open()), (true, "42".into(), false));
        assert_eq!(entry.press(now, '#', &two, gap), Pressed::Ignored);
        assert_eq!(entry.press(now, '#', &two, gap), Pressed::Answer { begins: false });
        assert_eq!((entry.is_open(), entry.close()), (false, "#".into()));
    }

    #[test]
    fn the_hash_behind_the_key_of_a_menu_belongs_to_it() {
        let (now, gap) = (Instant::now(), Duration::from_secs(3));
        for keypad in [Keypad::Menu, Keypad::None, Keypad::Entry { full: 1 }] {
            let mut entry = Entry::default();
            assert!(matches!(entry.press(now, '1', &keypad, gap), Pressed::Answer { .. }));
            entry.close();
            assert_eq!(entry.press(now + gap / 2, '#', &keypad, gap), Pressed::Ignored, "{keypad:?}");
            assert_eq!(
                entry.press(now + gap / 2, '#', &keypad, gap),
                Pressed::Answer { begins: false },
                "asks to repeat"
            );
            entry.close();
        }
    }

    #[test]
    fn the_hash_behind_an_entry_that_was_left_alone_belongs_to_it_too() {
        let (now, gap) = (Instant::now(), Duration::from_secs(3));
        let (mut entry, two) = (Entry::default(), Keypad::Entry { full: 2 });
        for (later, then) in [(gap / 3, Pressed::Ignored), (gap, Pressed::Answer { begins: false })] {
            assert_eq!(entry.press(now, '4', &two, gap), Pressed::More { begins: true });
            entry.expire(now + gap);
            assert_eq!(entry.close(), "4");
            assert_eq!(entry.press(now + gap + later, '#', &two, gap), then);
            entry.close();
        }
    }
}

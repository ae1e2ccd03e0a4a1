//! `Entry`: keys on their way to an answer, and answers that are written. Both hush at once, and beat the words of the same turn.
use super::{By, Conversation, Output, Pad};
use std::time::Instant;

/// The keys of a running entry, and when the last one came.
#[derive(Default)]
pub(super) struct Entry {
    keys: String,
    since: Option<Instant>,
    /// When the last entry ended because it was full: callers are told to end it with `#`, and do.
    full: Option<Instant>,
}

impl Entry {
    pub(super) fn is_open(&self) -> bool {
        self.since.is_some()
    }

    pub(super) fn since(&self) -> Option<Instant> {
        self.since
    }

    pub(super) fn close(&mut self) -> String {
        self.since = None;
        std::mem::take(&mut self.keys)
    }
}

impl Conversation {
    pub(super) fn key(&mut self, now: Instant, key: char) {
        if !self.takes() || !(key.is_ascii_digit() || key == '*' || key == '#') {
            return;
        }
        let full = self.entry.full.take();
        if key == '#' && !self.entry.is_open() && full.is_some_and(|at| now < at + self.bot.silence.key_gap) {
            return;
        }
        self.turn.forget();
        self.hush();
        let pad = self.flow.pad();
        match (key, self.entry.is_open(), &pad) {
            ('*' | '#', false, _) | (_, false, Pad::Menu | Pad::None) => {
                self.entry.keys.push(key);
                self.enter(now);
            }
            ('*', true, _) => {
                self.entry.keys.clear();
                self.entry.since = Some(now);
            }
            ('#', true, _) => self.enter(now),
            (_, open, _) => {
                if !open {
                    self.out.push_back(Output::Keying(true));
                }
                self.entry.keys.push(key);
                self.entry.since = Some(now);
                let full = if let Pad::Entry { full } = pad { full } else { 1 };
                if self.entry.keys.len() >= full {
                    self.entry.full = Some(now);
                    self.enter(now);
                }
            }
        }
    }

    /// The caller wrote an answer.
    pub(super) fn typed(&mut self, now: Instant, text: &str) {
        let text = text.trim();
        if !self.takes() || text.is_empty() {
            return;
        }
        self.turn.forget();
        self.hush();
        if self.entry.is_open() {
            self.entry.close();
            self.out.push_back(Output::Keying(false));
        }
        self.note_turn(text, 1.0, By::Text);
        if self.spend_turn(now) {
            let reply = self.flow.read(text);
            self.reply(now, reply);
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
            let reply = self.flow.keys("#");
            return self.reply(now, reply);
        }
        self.note_turn(&keys, 1.0, By::Keys);
        if self.spend_turn(now) {
            let reply = self.flow.keys(&keys);
            self.reply(now, reply);
        }
    }
}

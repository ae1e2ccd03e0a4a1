//! The outputs of the conversation, turned into acts, records and messages to the page.
use super::{LAST_WORDS_LIMIT, Talk};
use crate::call::core::Act;
use crate::call::end::End;
use crate::call::page::Page;
use crate::call::timeline::Owed;
use crate::call::turns::{before, clause, utterance};
use crate::store::{Event as Note, Private, Slot, Speaker, Turn};
use dialog::conversation::{By, Input as Words, Output};
use media::ear::EarState;
use media::playout::Gain;
use std::time::Instant;

impl Talk {
    /// Gives `input` to the conversation and processes its outputs.
    pub(super) fn tell_conversation(&mut self, now: Instant, input: Words) {
        self.conversation.handle(now, input);
        while let Some(output) = self.conversation.poll() {
            self.output(now, output);
        }
    }

    fn output(&mut self, now: Instant, output: Output) {
        match output {
            Output::Say { say, text, interruptible } => {
                let utterance = utterance(say);
                self.last_say = say;
                self.stopwatch.said(utterance.0, now);
                if !self.sounds() {
                    self.sound_due.get_or_insert(now);
                }
                if !self.caller.is_speaking() {
                    self.caller.clear();
                }
                self.bot.said(utterance, text.clone(), false);
                let turn = self.turns + self.bot.before(utterance);
                if self.page.is_some() {
                    let written = self.conversation.written(&text);
                    self.tell_page(|page| page.clause(say.0, turn, &text, written));
                }
                self.act(Act::Say { utterance, text, interruptible });
            }
            Output::Complete => {
                self.bot.complete();
                self.finish_bot_turn(now);
            }
            Output::Pause => {
                self.mark(now, "bot_held");
                self.playout_held = true;
                let silence = self.silences.bot_stops(Owed::Answer, now);
                self.silence(silence);
                self.act(Act::Gain(Gain::Hold));
            }
            Output::Resume => {
                self.mark(now, "bot_resumed");
                self.playout_held = false;
                if self.sounds() {
                    let silence = self.silences.bot_begins(now);
                    self.silence(silence);
                }
                self.caller.clear();
                self.act(Act::Gain(Gain::Full));
            }
            Output::Late => {
                self.mark(now, "words_late");
                if !self.sounds() {
                    self.words_late = true;
                    self.sound_due.get_or_insert(self.caller.stopped_at().unwrap_or(now));
                }
            }
            Output::NoTurn => {
                if std::mem::take(&mut self.words_late) {
                    self.sound_due = None;
                }
                self.caller.clear();
                self.tell_page(Page::nothing);
                let silence = self.silences.nothing_owed(now);
                self.silence(silence);
            }
            Output::Hush { floor } => {
                self.mark(now, "bot_hushed");
                self.playout_held = false;
                let sounding = self.bot.sounding().and_then(clause).map(|say| say.0);
                self.tell_page(|page| page.hushed(floor.0, sounding));
                let floor = before(utterance(floor), 0);
                self.act(Act::Hush(floor));
                (self.sound_due, self.underrun) = (None, None);
                self.bot.hushed(floor, now);
                self.finish_bot_turn(now);
            }
            Output::Listen(expect) => {
                if expect.secret != self.secret {
                    self.secret = expect.secret;
                    self.act(Act::Secret(expect.secret));
                }
                self.tell_page(|page| page.expect(expect.keys, expect.secret));
                self.act(Act::Listen(expect));
            }
            Output::Keying(keying) => {
                if keying {
                    let silence = self.silences.ear_closes(now);
                    self.silence(silence);
                }
                self.act(Act::Ear(if keying { EarState::Closed } else { EarState::Open }));
            }
            Output::Turn { text, confidence, by, secret } => self.turn(now, text, confidence, by, secret),
            Output::Run(call) => {
                self.mark(now, "tool_called");
                self.tool_started(call.id);
                self.act(Act::Run(call));
            }
            Output::Cancel(id) => {
                self.tool_ended(now, id);
                self.act(Act::Cancel(id));
            }
            Output::HangUp { reason } => {
                let end = End::of_talk(reason.text(), self.deaf);
                self.tools.clear();
                self.ending = Some((end, now + LAST_WORDS_LIMIT));
                self.bot.complete();
                self.finish_bot_turn(now);
            }
            Output::Slot { name, value, confirmed, secret } => {
                self.tell_page(|page| page.slot(&name, value.as_ref(), confirmed));
                let value =
                    value.map(|value| if secret { Private::<serde_json::Value>::withheld() } else { Private(value) });
                self.note(Note::Slot(Slot { name, value, confirmed }));
            }
        }
    }

    fn turn(&mut self, now: Instant, text: String, confidence: f32, by: By, secret: bool) {
        self.words_late = false;
        let (from, to) = self.caller.take(now);
        // A turn of the bot that is being cut off began before this one and is recorded before it.
        let index = self.turns + self.bot.begun();
        self.tell_page(|page| page.taken(index, &text, by.into(), secret));
        let text = if secret { Private::<String>::withheld() } else { text.into() };
        let turn = Turn {
            speaker: Speaker::Caller,
            heard: text.clone(),
            text,
            interrupted: false,
            started_ms: self.ms(from),
            ended_ms: self.ms(to),
            confidence: (by == By::Voice).then_some(confidence),
            by: Some(by.into()),
        };
        self.stopwatch.taken(index, now);
        self.turns += 1;
        self.sound_due = Some(now);
        self.standby_at = None;
        let silence = self.silences.owed(now);
        self.silence(silence);
        self.note(Note::Turn(turn));
    }

    /// Records the bot's turns of which every clause has been heard or cut off, and ends the call after the last one.
    pub(super) fn finish_bot_turn(&mut self, now: Instant) {
        for bot in self.bot.drain_finished() {
            let (from, to) = bot.span(now, self.caller.began_at());
            let turn = Turn {
                speaker: Speaker::Bot,
                text: bot.text().into(),
                heard: bot.heard().into(),
                interrupted: bot.interrupted(),
                started_ms: self.ms(from),
                ended_ms: self.ms(to),
                confidence: None,
                by: None,
            };
            self.turns += 1;
            self.note(Note::Turn(turn));
        }
        if self.bot.is_empty()
            && !self.standby_plays
            && let Some((end, _)) = self.ending
        {
            self.end(now, end);
        }
    }
}

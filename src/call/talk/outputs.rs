//! The outputs of the conversation, turned into acts, records and messages to the page.
use super::{LAST_WORDS_LIMIT, Talk};
use crate::call::core::Act;
use crate::call::end::End;
use crate::call::timeline::ExpectedSound;
use crate::call::transcript::{Entry, GivenAnswer, Words};
use crate::call::utterance::{before, utterance};
use crate::store::{CallEvent, HANDED_ON, LiveChange, Mark, Private, Slot, TASK, Turn, VoiceMark};
use dialog::bot::Language;
use dialog::clause::Clause;
use dialog::conversation::{self, AnsweredBy, Expect, HangUpReason, HushedBy, Output, Refusal, SayId};
use media::SamplePos;
use media::ear::EarState;
use media::hears::Talker;
use media::playout::Gain;
use media::prosody::VoiceFeatures;
use media::tts::delivery::{ClauseText, Delivery, Phonemes};
use serde_json::json;
use std::time::{Duration, Instant};

impl Talk {
    /// Gives `input` to the conversation and processes its outputs.
    pub(super) fn tell_conversation(&mut self, now: Instant, input: conversation::Input) {
        self.conversation.handle(now, input);
        while let Some(output) = self.conversation.poll() {
            self.output(now, output);
        }
        self.note_task(now);
    }

    /// Records what the caller is being helped with, where that is something else than before.
    fn note_task(&mut self, now: Instant) {
        let task = self.conversation.task();
        if task == self.task.as_deref() {
            return;
        }
        self.task = task.map(str::to_owned);
        let data = json!({ "ms": self.ms(now), "task": self.task });
        self.note_mark(TASK, data);
    }

    fn output(&mut self, now: Instant, output: Output) {
        match output {
            Output::Say { say, clause, interruptible } => self.say(now, say, clause, interruptible),
            Output::Backchannel { say, clause } => self.backchannel(say, clause),
            Output::Complete => {
                self.transcript.complete_bot();
                self.finish_bot_turns(now);
            }
            Output::Pause => self.pause(now),
            Output::Resume => self.resume(now),
            Output::Hush { floor, by } => self.hush(now, floor, by),
            Output::Late => self.words_late(now),
            Output::NoTurn => self.no_turn(now),
            Output::Turn { text, confidence, by, secret } => {
                self.turn(now, GivenAnswer { text, confidence, by, secret })
            }
            Output::Listen(expect) => self.listen(expect),
            Output::Keying(keying) => self.keying(now, keying),
            Output::Run(call) => self.run(now, call),
            Output::Cancel(id) => self.cancel(now, id),
            Output::Ask(request) => self.ask(now, request),
            Output::StopAsking(id) => self.act(Act::StopAsking(id)),
            Output::Asked(report) => self.asked_model(now, &report),
            Output::Called { id, name, of } => self.tool_called(now, id, &name, of),
            Output::Outcome { id, fault } => self.tool_ended(now, id, fault.as_ref()),
            Output::Cited(citation) => self.cited(now, &citation),
            Output::Incomplete(_) => self.mark(now, "tool_incomplete"),
            Output::Person(order) => self.order_person(now, order),
            Output::StopRecording { keeps } => self.stop_recording(now, keeps),
            Output::MachineTold => self.mark(now, "machine_told"),
            Output::Memory(news) => self.remember(now, news),
            Output::Bot { name, language } => self.become_bot(now, name, language),
            Output::NoBot { name } => self.note_mark("hand_on_failed", json!({ "ms": self.ms(now), "bot": name })),
            Output::Hurry { hurries, delay, limit } => self.hurries(now, hurries, [delay, limit]),
            Output::Refused(refusal) => self.refused(now, refusal),
            Output::HangUp { reason } => self.hang_up(now, reason),
            Output::Guided { id, said, followed } => self.guided(now, id, said, followed),
            Output::Slot { name, value, confirmed, secret } => self.slot(name, value, confirmed, secret),
        }
    }

    fn say(&mut self, now: Instant, say: SayId, clause: Clause, interruptible: bool) {
        let utterance = utterance(say);
        let text = ClauseText { text: clause.said().to_owned(), delivery: delivery(&clause) };
        let written = clause.written().to_owned();
        self.due.said(say);
        self.stopwatch.said(utterance.0, now);
        if !self.sounds() {
            self.due.expect(now);
        }
        if !self.transcript.caller_speaks() {
            self.transcript.forget_caller_sound();
        }
        self.masking.says(say, &clause);
        self.transcript.says(say, clause);
        self.tell_changes();
        self.act(Act::Say { utterance, text, written, interruptible });
    }

    /// A sign that the bot listens: no answer that anything waits for, and a turn of its own.
    fn backchannel(&mut self, say: SayId, clause: Clause) {
        let text = ClauseText { text: clause.said().to_owned(), delivery: delivery(&clause) };
        let written = clause.written().to_owned();
        self.due.said(say);
        self.transcript.says(say, clause);
        self.transcript.complete_bot();
        self.tell_changes();
        self.act(Act::Say { utterance: utterance(say), text, written, interruptible: true });
    }

    fn pause(&mut self, now: Instant) {
        self.mark(now, "bot_held");
        self.playout_held = true;
        let silence = self.silences.bot_stops(ExpectedSound::Answer, now);
        self.silence(silence);
        self.act(Act::Gain(Gain::Hold));
    }

    fn resume(&mut self, now: Instant) {
        self.mark(now, "bot_resumed");
        self.playout_held = false;
        if self.sounds() {
            let silence = self.silences.bot_begins(now);
            self.silence(silence);
        }
        self.transcript.forget_caller_sound();
        self.act(Act::Gain(Gain::Full));
    }

    fn hush(&mut self, now: Instant, floor: SayId, by: HushedBy) {
        self.mark(now, "bot_hushed");
        self.playout_held = false;
        self.transcript.hushed(floor, by.into(), now);
        self.tell_changes();
        // Standby clips before the floor's clause are heard.
        self.act(Act::Hush(before(utterance(floor), 0)));
        self.due.hushed();
        self.finish_bot_turns(now);
    }

    fn words_late(&mut self, now: Instant) {
        self.mark(now, "words_late");
        if !self.sounds() {
            self.due.words_late(self.transcript.caller_stopped_at().unwrap_or(now));
        }
    }

    fn no_turn(&mut self, now: Instant) {
        self.due.words_given_up();
        self.masking.unheard();
        self.transcript.forget_caller_sound();
        self.transcript.withdraw_partial();
        self.tell_changes();
        let silence = self.silences.nothing_expected(now);
        self.silence(silence);
    }

    fn turn(&mut self, now: Instant, given: GivenAnswer) {
        let entry = self.transcript.take_caller_turn(now, given);
        self.tell_changes();
        self.masking.answers(self.ms(entry.began), self.transcript.caller_speaks());
        self.stopwatch.taken(entry.number, now);
        self.due.turn_taken(now);
        let silence = self.silences.expected(now);
        self.silence(silence);
        self.record(&entry);
    }

    fn listen(&mut self, expect: Expect) {
        self.expect_secret(expect.secret);
        self.tell_page(|page| page.expect(expect.keys, expect.secret));
        self.masking.asks(self.conversation.bot(), expect.asked.as_deref());
        let asked = (expect.asked.clone(), expect.keys);
        if self.asked.replace(asked.clone()).as_ref() != Some(&asked) {
            let (slot, keys) = asked;
            self.act(Act::TellWatchers(LiveChange::Asked { slot, keys }));
        }
        self.act(Act::Listen(expect));
    }

    /// What is said from now on is secret, or is not any more.
    pub(super) fn expect_secret(&mut self, secret: bool) {
        if std::mem::replace(&mut self.secret, secret) != secret {
            self.transcript.expect_secret(secret);
            self.act(Act::Secret(secret));
        }
    }

    /// The caller does not want to be recorded.
    fn stop_recording(&mut self, now: Instant, keeps: bool) {
        let before = if keeps { "kept" } else { "dropped" };
        let data = Private(serde_json::json!({ "ms": self.ms(now), "before": before }));
        self.note(CallEvent::Mark(Mark { name: "recording_refused".into(), data }));
        self.act(Act::StopRecording { keeps });
    }

    /// Another bot goes on with the call: it hears and speaks from here on.
    fn become_bot(&mut self, now: Instant, name: String, language: Language) {
        self.note_mark(HANDED_ON, json!({ "ms": self.ms(now), "bot": name, "language": language.code() }));
        let bot = self.conversation.bot().clone();
        self.act(Act::Become { name, bot });
    }

    /// Answers come too late, so that the bot hurries; or in time again.
    fn hurries(&mut self, now: Instant, hurries: bool, [delay, limit]: [Duration; 2]) {
        let state = if hurries { "missed" } else { "kept" };
        let data = json!({
            "ms": self.ms(now), "state": state, "total_ms": delay.as_millis() as u64, "budget_ms": limit.as_millis() as u64
        });
        self.note_mark("latency_budget", data);
        self.act(Act::Hurry(hurries));
    }

    /// Something was refused: a subject, or a tool to a model.
    fn refused(&mut self, now: Instant, refusal: Refusal) {
        let ms = self.ms(now);
        let (name, data) = match refusal {
            Refusal::Subject { name, by_model } => {
                let by = if by_model { "model" } else { "caller" };
                ("forbidden", json!({ "ms": ms, "subject": name, "by": by }))
            }
            Refusal::Tool { name, why } => ("tool_refused", json!({ "ms": ms, "tool": name, "why": why })),
        };
        self.note_mark(name, data);
    }

    fn keying(&mut self, now: Instant, keying: bool) {
        if keying {
            let silence = self.silences.ear_closes(now);
            self.silence(silence);
        }
        self.act(Act::Ear(if keying { EarState::Closed } else { EarState::Open }));
    }

    fn hang_up(&mut self, now: Instant, reason: HangUpReason) {
        self.give_up_search(now);
        let end = End::of_talk(reason.text(), self.deaf);
        self.tools.clear();
        self.ending = Some((end, now + LAST_WORDS_LIMIT));
        self.transcript.complete_bot();
        self.finish_bot_turns(now);
    }

    fn slot(&mut self, name: String, value: Option<serde_json::Value>, confirmed: bool, secret: bool) {
        self.tell_page(|page| page.slot(&name, value.as_ref(), confirmed));
        let value = value.map(|value| match secret {
            true => Private::<serde_json::Value>::withheld(),
            false => Private(self.masking.slot(self.conversation.bot(), &name, value)),
        });
        self.note(CallEvent::Slot(Slot { name, value, confirmed }));
    }

    /// Records the bot's turns of which every clause has been heard or cut off, and ends the call after the last one.
    pub(super) fn finish_bot_turns(&mut self, now: Instant) {
        for entry in self.transcript.take_bot_turns(now) {
            self.record(&entry);
            self.note_guidance(&entry);
        }
        if !self.transcript.bot_has_turns()
            && !self.due.clip_plays()
            && !self.has_taken_over()
            && let Some((end, _)) = self.ending
        {
            self.end(now, end);
        }
    }

    /// Notes what an utterance of the caller's sounded like, which ended at `at`. Nothing is kept of a secret.
    pub(super) fn voice(&mut self, at: Instant, place: SamplePos, voice: Option<VoiceFeatures>) {
        let Some(VoiceFeatures { pitch_hz, level_db, syllables_per_second }) = voice.filter(|_| !self.secret) else {
            return;
        };
        let (ms, spoke) = (self.ms(at), place.after(self.speech_at).as_millis() as u64);
        let tenth = |value: f32| (f64::from(value) * 10.0).round() / 10.0;
        let voice = VoiceMark {
            ms,
            from_ms: ms.saturating_sub(spoke),
            pitch_hz: pitch_hz.map(tenth),
            level_db: tenth(level_db),
            rate: syllables_per_second.map(|rate| tenth(rate * 10.0)),
        };
        let data = Private(serde_json::to_value(voice).unwrap_or_default());
        self.note(CallEvent::Mark(Mark { name: "voice".into(), data }));
    }

    /// Notes a complete turn in the call's record.
    pub(super) fn record(&mut self, entry: &Entry) {
        let given = match &entry.words {
            Words::Given(given) => Some(given),
            Words::Said(_) => None,
        };
        let (text, heard): (Private<String>, Private<String>) = match given {
            Some(GivenAnswer { secret: true, .. }) => (Private::<String>::withheld(), Private::<String>::withheld()),
            _ => (entry.text().into(), entry.heard().into()),
        };
        self.note(CallEvent::Turn(Turn {
            speaker: entry.talker.into(),
            text,
            heard,
            interrupted: entry.cut.is_some(),
            started_ms: self.ms(entry.began),
            ended_ms: self.ms(entry.ended),
            confidence: given.filter(|given| given.by == AnsweredBy::Voice).map(|given| given.confidence),
            by: given.filter(|_| entry.talker == Talker::Caller).map(|given| given.by.into()),
        }));
    }
}

/// How a voice is to say a clause.
fn delivery(clause: &Clause) -> Delivery {
    let dialog::clause::Delivery { speed_percent, phonemes } = &clause.delivery;
    let chars = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    let phonemes = phonemes
        .iter()
        .map(|one| Phonemes { chars: chars(one.chars.start)..chars(one.chars.end), ipa: one.ipa.clone() });
    Delivery::new(*speed_percent, phonemes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_markup_asks_of_a_voice_reaches_it() {
        let mut clause = Clause::new("one margherita".into(), None);
        assert!(delivery(&clause).is_usual());
        let ipa = "ˌmɑːɡəˈriːtə".to_owned();
        clause.delivery.speed_percent = 80;
        clause.delivery.phonemes = vec![dialog::clause::Phonemes { chars: 4..14, ipa: ipa.clone() }];
        assert_eq!(delivery(&clause), Delivery::new(80, [Phonemes { chars: 4..14, ipa }]));
    }
}

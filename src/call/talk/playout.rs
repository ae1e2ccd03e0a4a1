//! What is heard of the bot: reports of the synthesiser and of the playout.
use super::{LAST_WORDS_LIMIT, Talk};
use crate::call::timeline::ExpectedSound;
use crate::call::utterance::clause;
use crate::standby::Clip;
use crate::store::CallEvent;
use dialog::conversation;
use media::playout::{Phase, Played};
use media::tts::{Spoken, UtteranceId};
use std::time::{Duration, Instant};

impl Talk {
    pub(super) fn spoken(&mut self, now: Instant, spoken: Spoken) {
        match spoken {
            Spoken::Started { utterance, at, .. } => self.stopwatch.spoken(utterance.0, at),
            Spoken::Done { .. } => {}
            Spoken::Failed { utterance, .. } => {
                self.mark(now, "synthesiser_failed");
                let say = clause(utterance);
                say.iter().for_each(|say| self.transcript.played(*say, 0, now));
                self.play_standby(now, Clip::Sorry);
                self.tell_changes();
                if let Some(say) = say {
                    self.tell_conversation(now, conversation::Input::Mute { say });
                }
                self.finish_bot_turns(now);
            }
        }
    }

    /// The last clauses of the call are being heard.
    pub(super) fn extend_last_words(&mut self, now: Instant) {
        if let Some((_, at)) = &mut self.ending {
            *at = now + LAST_WORDS_LIMIT;
        }
    }

    pub(super) fn played(&mut self, now: Instant, played: Played) {
        let Played { utterance, chars, phase, at } = played;
        self.extend_last_words(now);
        match phase {
            Phase::Started => self.playout_started(now, utterance, at),
            Phase::Waiting => self.playout_underran(utterance, at),
            Phase::Progress => self.playout_progressed(now, utterance, chars, at),
            Phase::Done | Phase::Cut => self.playout_finished(now, played),
        }
    }

    fn playout_started(&mut self, now: Instant, utterance: UtteranceId, at: Instant) {
        let say = clause(utterance);
        self.due.started(say);
        let silence = self.silences.bot_begins(at);
        self.silence(silence);
        say.iter().for_each(|say| self.masking.clause_began(*say, at));
        say.iter().for_each(|say| self.transcript.sounds(*say, at));
        self.tell_changes();
        self.mark_at(at, "bot_sounds");
        if let Some(latency) = self.stopwatch.played(utterance.0, at) {
            self.tell_page(|page| page.latency(&latency));
            let delay = Duration::from_millis(latency.total_ms.into());
            self.tell_conversation(now, conversation::Input::AnswerDelay(delay));
            self.note(CallEvent::Latency(latency));
        }
        if let Some(say) = say {
            self.tell_conversation(now, conversation::Input::Speaking { say });
        }
    }

    fn playout_underran(&mut self, utterance: UtteranceId, at: Instant) {
        if clause(utterance).is_none() {
            return;
        }
        self.due.underran(utterance, at);
        let silence = self.silences.bot_stops(ExpectedSound::Rest, at);
        self.silence(silence);
        self.mark_at(at, "sound_missing");
    }

    fn playout_progressed(&mut self, now: Instant, utterance: UtteranceId, chars: u32, at: Instant) {
        if self.due.progressed(utterance) {
            let silence = self.silences.bot_begins(at);
            self.silence(silence);
        }
        if let Some(say) = clause(utterance) {
            self.transcript.progress(say, chars);
            self.tell_changes();
            self.tell_conversation(now, conversation::Input::Heard { say, chars, whole: false });
        }
    }

    /// An utterance was played to its end, or cut off: nothing more is heard of it.
    fn playout_finished(&mut self, now: Instant, Played { utterance, chars, phase, at }: Played) {
        let say = clause(utterance);
        match (say, phase) {
            (Some(say), Phase::Cut) => self.transcript.cut(say, chars, at),
            (Some(say), _) => self.transcript.played(say, chars, at),
            (None, _) => {}
        }
        say.iter().for_each(|say| self.masking.clause_ended(*say, at));
        self.due.finished(utterance, say);
        let more = self.transcript.bot_has_more();
        if (more || self.due.words_are_late()) && self.tools.is_empty() {
            self.due.expect_more(at);
        }
        let expected = match () {
            () if !self.tools.is_empty() => ExpectedSound::Answer,
            () if more => ExpectedSound::Rest,
            () if self.due.is_due() => ExpectedSound::Answer,
            () => ExpectedSound::Nothing,
        };
        let silence = self.silences.bot_stops(expected, at);
        self.silence(silence);
        if let Some(say) = say {
            self.tell_changes();
            self.tell_conversation(now, conversation::Input::Heard { say, chars, whole: true });
        }
        self.finish_bot_turns(now);
    }
}

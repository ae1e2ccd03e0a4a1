//! Deepgram's `/v1/listen` (developers.deepgram.com, «Live streaming»): sound out, results of pieces in. A `Finalize` asks for the rest of
//! what was sent; where nothing is left it may bring no answer, so that a result counts as the last by how much sound it covers.
use super::segments::Segments;
use super::{Finish, HZ, UtteranceDialogue, UtteranceNews, json};
use crate::remote::{Message, Received, RemoteFault, bytes_of};
use serde_json::Value;
use std::time::Duration;

/// The service closes a connection after 10 s without a message (NET-0001).
const KEEP_ALIVE: Duration = Duration::from_secs(4);
/// Results whose pieces end this much before the sound that was sent cover all of it.
const SLACK: f64 = 0.1;

#[derive(Default)]
pub(super) struct Deepgram {
    segments: Segments,
    /// Samples that were sent, and seconds of them that final results cover.
    sent: usize,
    covered: f64,
    /// `Finalize` messages without an answer.
    finalizing: usize,
    /// The words of a pause are wanted.
    is_asked: bool,
}

impl Deepgram {
    fn covers_all(&self) -> bool {
        self.covered + SLACK >= self.sent as f64 / HZ as f64
    }

    fn results(&mut self, reply: &Value) -> Result<Option<UtteranceNews>, RemoteFault> {
        let best = &reply["channel"]["alternatives"][0];
        let text = best["transcript"].as_str().ok_or(RemoteFault::Garbled)?;
        if reply["is_final"] != true {
            let so_far = self.segments.with(text);
            return Ok((!so_far.is_empty()).then_some(UtteranceNews::Partial(so_far)));
        }
        self.segments.add(text, best["confidence"].as_f64().map(|confidence| confidence as f32));
        let end = reply["start"].as_f64().unwrap_or(0.0) + reply["duration"].as_f64().unwrap_or(0.0);
        self.covered = self.covered.max(end);
        let mut is_last = self.covers_all();
        if reply["from_finalize"] == true {
            self.finalizing = self.finalizing.saturating_sub(1);
            is_last |= self.finalizing == 0;
        }
        if self.is_asked && is_last {
            self.is_asked = false;
            return Ok(Some(UtteranceNews::Words(self.segments.hypothesis())));
        }
        let so_far = self.segments.with("");
        Ok((!so_far.is_empty()).then_some(UtteranceNews::Partial(so_far)))
    }
}

impl UtteranceDialogue for Deepgram {
    fn sound(&mut self, pcm: &[i16]) -> Option<Message> {
        self.sent += pcm.len();
        self.is_asked = false;
        Some(Message::Binary(bytes_of(pcm)))
    }

    fn finish(&mut self) -> Finish {
        if self.covered > 0.0 && self.covers_all() {
            return Finish::Known(self.segments.hypothesis());
        }
        (self.is_asked, self.finalizing) = (true, self.finalizing + 1);
        Finish::Ask(Message::Text(r#"{"type":"Finalize"}"#.into()))
    }

    fn received(&mut self, received: Received) -> Result<Option<UtteranceNews>, RemoteFault> {
        let Received::Text(text) = received else { return Err(RemoteFault::Garbled) };
        let reply = json(text.as_bytes())?;
        match reply["type"].as_str() {
            Some("Results") => self.results(&reply),
            Some("Error") => Err(RemoteFault::Reported),
            // `Metadata`, `SpeechStarted`, `UtteranceEnd`, and what the service may add.
            Some(_) => Ok(None),
            None => Err(RemoteFault::Garbled),
        }
    }

    fn keep_alive(&self) -> Option<(Duration, Message)> {
        Some((KEEP_ALIVE, Message::Text(r#"{"type":"KeepAlive"}"#.into())))
    }

    fn closing(&mut self) -> Option<Message> {
        Some(Message::Text(r#"{"type":"CloseStream"}"#.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asr::Hypothesis;

    fn results(text: &str, (start, end): (f64, f64), is_final: bool, from_finalize: bool) -> Received {
        let reply = serde_json::json!({
            "type": "Results", "channel_index": [0, 1], "start": start, "duration": end - start, "is_final": is_final,
            "speech_final": false, "from_finalize": from_finalize,
            "channel": { "alternatives": [{ "transcript": text, "confidence": 0.5, "words": [] }] },
        });
        Received::Text(reply.to_string())
    }

    fn words(text: &str) -> Result<Option<UtteranceNews>, RemoteFault> {
        Ok(Some(UtteranceNews::Words(Hypothesis { text: Some(text.into()), confidence: 0.5 })))
    }

    fn partial(text: &str) -> Result<Option<UtteranceNews>, RemoteFault> {
        Ok(Some(UtteranceNews::Partial(text.into())))
    }

    fn second(deepgram: &mut Deepgram) {
        deepgram.sound(&[0; HZ]);
    }

    #[test]
    fn pieces_are_joined_and_the_answer_to_finalize_is_the_last() {
        let mut deepgram = Deepgram::default();
        second(&mut deepgram);
        second(&mut deepgram);
        assert_eq!(deepgram.received(results("Two", (0.0, 1.0), false, false)), partial("two"));
        assert_eq!(deepgram.received(results("Two people", (0.0, 1.0), true, false)), partial("two people"));
        assert_eq!(deepgram.finish(), Finish::Ask(Message::Text(r#"{"type":"Finalize"}"#.into())));
        assert_eq!(deepgram.received(results("please.", (1.0, 1.6), true, true)), words("two people please"));
    }

    #[test]
    fn a_result_that_covers_all_sound_is_the_answer_where_finalize_brings_none() {
        let mut deepgram = Deepgram::default();
        second(&mut deepgram);
        deepgram.finish();
        assert_eq!(deepgram.received(results("yes", (0.0, 0.95), true, false)), words("yes"));
        // All of it is final before the words are wanted: nothing is asked.
        let mut deepgram = Deepgram::default();
        second(&mut deepgram);
        assert_eq!(deepgram.received(results("yes", (0.0, 1.0), true, false)), partial("yes"));
        assert_eq!(deepgram.finish(), Finish::Known(Hypothesis { text: Some("yes".into()), confidence: 0.5 }));
    }

    #[test]
    fn an_answer_to_an_older_pause_is_not_taken_for_that_of_the_last() {
        let mut deepgram = Deepgram::default();
        second(&mut deepgram);
        deepgram.finish();
        second(&mut deepgram);
        assert_eq!(deepgram.received(results("one", (0.0, 0.5), true, true)), partial("one"), "the caller goes on");
        deepgram.finish();
        second(&mut deepgram);
        deepgram.finish();
        assert_eq!(deepgram.received(results("two", (0.5, 2.0), true, true)), partial("one two"));
        assert_eq!(deepgram.received(results("three", (2.0, 2.5), true, true)), words("one two three"));
    }

    #[test]
    fn other_messages_mean_nothing_and_errors_are_faults() {
        let mut deepgram = Deepgram::default();
        let text = |text: &str| Received::Text(text.into());
        for other in [r#"{"type":"Metadata"}"#, r#"{"type":"SpeechStarted"}"#, r#"{"type":"UtteranceEnd"}"#] {
            assert_eq!(deepgram.received(text(other)), Ok(None));
        }
        assert_eq!(deepgram.received(text(r#"{"type":"Error"}"#)), Err(RemoteFault::Reported));
        for bad in ["{", "[]", r#"{"type":"Results"}"#] {
            assert_eq!(deepgram.received(text(bad)), Err(RemoteFault::Garbled), "{bad}");
        }
    }
}

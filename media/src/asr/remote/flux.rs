//! Deepgram's Flux, `/v2/listen` (developers.deepgram.com, «Flux»): sound out, the state of the turn in. The server's own gate says when a
//! turn pauses («Bring your own turn detection»): `ForceEndTurn` asks for its words. Turns of Flux that end within one utterance are
//! joined.
use super::segments::Segments;
use super::{Finish, UtteranceDialogue, UtteranceNews, json};
use crate::remote::{Message, Received, RemoteFault, bytes_of};
use serde_json::Value;
use std::time::Duration;

#[derive(Default)]
pub(super) struct Flux {
    segments: Segments,
    /// The service has said something.
    is_connected: bool,
    /// Sound has been sent since a turn last ended.
    has_new_sound: bool,
    /// A turn has begun and not ended. Without one `ForceEndTurn` is ignored.
    in_turn: bool,
    /// `ForceEndTurn` messages that will be answered.
    forcing: usize,
    /// Words are wanted, and no sound came since.
    is_asked: bool,
}

/// The mean confidence of the words of a turn.
fn confidence(reply: &Value) -> Option<f32> {
    let words: Vec<f64> = reply["words"].as_array()?.iter().filter_map(|word| word["confidence"].as_f64()).collect();
    (!words.is_empty()).then(|| (words.iter().sum::<f64>() / words.len() as f64) as f32)
}

impl Flux {
    fn turn(&mut self, reply: &Value) -> Result<Option<UtteranceNews>, RemoteFault> {
        let event = reply["event"].as_str().ok_or(RemoteFault::Garbled)?;
        let text = reply["transcript"].as_str().ok_or(RemoteFault::Garbled)?;
        self.in_turn = event != "EndOfTurn";
        if self.in_turn {
            let so_far = self.segments.with(text);
            return Ok((!so_far.is_empty()).then_some(UtteranceNews::Partial(so_far)));
        }
        self.has_new_sound = false;
        self.segments.add(text, confidence(reply));
        // A turn that Flux ends by itself is a piece of the utterance.
        self.forcing = self.forcing.saturating_sub(1);
        if self.forcing == 0 && std::mem::take(&mut self.is_asked) {
            return Ok(Some(UtteranceNews::Words(self.segments.hypothesis())));
        }
        Ok(Some(UtteranceNews::Partial(self.segments.with(""))))
    }
}

impl UtteranceDialogue for Flux {
    fn sound(&mut self, pcm: &[i16]) -> Option<Message> {
        (self.is_asked, self.has_new_sound) = (false, true);
        Some(Message::Binary(bytes_of(pcm)))
    }

    fn finish(&mut self) -> Finish {
        if !self.in_turn && !self.has_new_sound && !self.segments.is_empty() {
            return Finish::Known(self.segments.hypothesis());
        }
        self.forcing += usize::from(self.in_turn);
        self.is_asked = true;
        Finish::Ask(Message::Text(r#"{"type":"ForceEndTurn"}"#.into()))
    }

    fn received(&mut self, received: Received) -> Result<Option<UtteranceNews>, RemoteFault> {
        let Received::Text(text) = received else { return Err(RemoteFault::Garbled) };
        let reply = json(text.as_bytes())?;
        self.is_connected = true;
        match reply["type"].as_str() {
            Some("TurnInfo") => self.turn(&reply),
            Some("Error" | "FatalError") => Err(RemoteFault::Reported),
            // `Connected`, and what the service may add.
            Some(_) => Ok(None),
            None => Err(RemoteFault::Garbled),
        }
    }

    fn may_be_silent(&self) -> bool {
        self.is_connected && !self.in_turn
    }

    /// A tick of silence: Flux has no message for it, and closes what sends nothing.
    fn keep_alive(&self) -> Option<(Duration, Message)> {
        Some((Duration::from_secs(4), Message::Binary(bytes_of(&[0; 1_280]))))
    }

    fn closing(&mut self) -> Option<Message> {
        Some(Message::Text(r#"{"type":"CloseStream"}"#.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asr::Hypothesis;

    fn turn(event: &str, text: &str) -> Received {
        let words: Vec<_> =
            text.split(' ').map(|word| serde_json::json!({ "word": word, "confidence": 0.75 })).collect();
        let reply = serde_json::json!({ "type": "TurnInfo", "request_id": "a", "sequence_id": 1, "event": event,
            "turn_index": 0, "transcript": text, "words": words, "end_of_turn_confidence": 0.1 });
        Received::Text(reply.to_string())
    }

    #[test]
    fn the_turn_that_is_forced_to_end_is_the_answer_and_one_that_ends_by_itself_a_piece() {
        let mut flux = Flux::default();
        assert_eq!(flux.received(Received::Text(r#"{"type":"Connected","sequence_id":0}"#.into())), Ok(None));
        flux.sound(&[0; 320]);
        let partial = |text: &str| Ok(Some(UtteranceNews::Partial(text.into())));
        assert_eq!(flux.received(turn("StartOfTurn", "Two")), partial("two"));
        assert_eq!(flux.received(turn("EndOfTurn", "Two people.")), partial("two people"));
        assert_eq!(flux.received(turn("Update", "For")), partial("two people for"));
        assert_eq!(flux.finish(), Finish::Ask(Message::Text(r#"{"type":"ForceEndTurn"}"#.into())));
        let heard = Hypothesis { text: Some("two people for boston".into()), confidence: 0.75 };
        assert_eq!(flux.received(turn("EndOfTurn", "For Boston.")), Ok(Some(UtteranceNews::Words(heard))));
    }

    #[test]
    fn a_pause_without_a_turn_is_answered_by_the_turn_that_begins_late_or_not_at_all() {
        let mut flux = Flux::default();
        flux.sound(&[0; 320]);
        assert!(!flux.may_be_silent(), "it has not said a thing");
        flux.received(Received::Text(r#"{"type":"Connected"}"#.into())).unwrap();
        assert!(matches!(flux.finish(), Finish::Ask(_)) && flux.may_be_silent(), "a cough");
        flux.sound(&[0; 320]);
        flux.received(turn("StartOfTurn", "Yes")).unwrap();
        assert!(matches!(flux.finish(), Finish::Ask(_)) && !flux.may_be_silent());
        let heard = Hypothesis { text: Some("yes".into()), confidence: 0.75 };
        assert_eq!(flux.received(turn("EndOfTurn", "Yes.")), Ok(Some(UtteranceNews::Words(heard.clone()))));
        assert_eq!(flux.finish(), Finish::Known(heard), "what Flux ended is known");
        flux.sound(&[0; 320]);
        assert!(matches!(flux.finish(), Finish::Ask(_)), "more was said");
    }

    #[test]
    fn errors_and_what_is_no_event_are_faults() {
        let mut flux = Flux::default();
        assert_eq!(
            flux.received(Received::Text(r#"{"type":"FatalError","code":"x"}"#.into())),
            Err(RemoteFault::Reported)
        );
        for bad in ["", "{}", r#"{"type":"TurnInfo"}"#] {
            assert_eq!(flux.received(Received::Text(bad.into())), Err(RemoteFault::Garbled), "{bad}");
        }
    }
}

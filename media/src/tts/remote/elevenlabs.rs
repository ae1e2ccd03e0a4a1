//! ElevenLabs' `/v1/text-to-speech/{voice}/multi-stream-input` (elevenlabs.io, «Multi-Context WebSocket»): a context for each clause. What has
//! been flushed is spoken to its end although the context is closed at once, and only a closed context says that it is at its end.
use super::{ClauseDialogue, ClauseNews, context_of, json, number_of, sound};
use crate::remote::{Message, Received, RemoteFault, Samples};
use serde_json::{Value, json};
use std::time::Duration;

pub(super) const HZ: u32 = 16_000;

/// The two spellings of a field's name: the service's pages show both.
type Spellings = [&'static str; 2];
const CONTEXT: Spellings = ["contextId", "context_id"];
const IS_FINAL: Spellings = ["isFinal", "is_final"];
const START_TIMES: Spellings = ["charStartTimesMs", "char_start_times_ms"];
const DURATIONS: Spellings = ["charDurationsMs", "char_durations_ms"];

/// A field of an answer, null where it has none.
fn field(answer: &Value, [first, second]: Spellings) -> &Value {
    answer.get(first).unwrap_or(&answer[second])
}

#[derive(Default)]
pub(super) struct ElevenLabs {
    clause: u64,
    samples: Samples,
    /// Samples and characters of the clause so far: times within an answer count from that answer's beginning.
    heard: u64,
    said: u32,
}

impl ElevenLabs {
    fn close(clause: u64) -> Message {
        Message::Text(json!({ "context_id": context_of(clause), "close_context": true }).to_string())
    }

    /// The times of an answer's characters, of which `heard` samples come before.
    fn marks(&mut self, alignment: &Value) -> Vec<(Duration, u32)> {
        let Some(starts) = field(alignment, START_TIMES).as_array() else { return Vec::new() };
        let before = Duration::from_millis(self.heard * 1000 / u64::from(HZ));
        let durations = field(alignment, DURATIONS).as_array();
        let at = |list: &Value| list.as_u64().map(Duration::from_millis);
        let marks = starts.iter().enumerate().filter_map(|(index, start)| {
            let lasts = durations.and_then(|all| at(all.get(index)?)).unwrap_or_default();
            Some((before + at(start)? + lasts, self.said + index as u32 + 1))
        });
        let marks: Vec<_> = marks.collect();
        self.said += starts.len() as u32;
        marks
    }
}

impl ClauseDialogue for ElevenLabs {
    fn hz(&self) -> u32 {
        HZ
    }

    fn say(&mut self, clause: u64, text: &str) -> Vec<Message> {
        *self = Self { clause, ..Self::default() };
        // A text ends with a space (the service's rule).
        let text = json!({ "text": format!("{text} "), "context_id": context_of(clause) });
        let flush = json!({ "context_id": context_of(clause), "flush": true });
        vec![Message::Text(text.to_string()), Message::Text(flush.to_string()), Self::close(clause)]
    }

    fn cancel(&mut self, clause: u64) -> Message {
        Self::close(clause)
    }

    fn received(&mut self, received: Received) -> Result<Option<ClauseNews>, RemoteFault> {
        let Received::Text(text) = received else { return Err(RemoteFault::Garbled) };
        let answer = json(text.as_bytes())?;
        if !answer.is_object() {
            return Err(RemoteFault::Garbled);
        }
        let is_error = answer.get("error").is_some() || answer.get("code").is_some();
        match number_of(field(&answer, CONTEXT)) {
            Some(number) if number != self.clause => return Ok(None),
            _ if is_error => return Err(RemoteFault::Reported),
            None => return Ok(None),
            Some(_) => {}
        }
        let is_end = *field(&answer, IS_FINAL) == true;
        let mut news = ClauseNews { clause: self.clause, is_end, ..ClauseNews::default() };
        if !answer["audio"].is_null() {
            news.marks = self.marks(&answer["alignment"]);
            news.pcm = self.samples.push(&sound(&answer["audio"])?);
            self.heard += news.pcm.len() as u64;
        }
        Ok(Some(news))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: &Value) -> Received {
        Received::Text(value.to_string())
    }

    #[test]
    fn a_clause_is_a_context_of_its_own_and_its_characters_have_times() {
        let mut voice = ElevenLabs::default();
        let sent: Vec<Value> = voice
            .say(7, "Hi.")
            .into_iter()
            .map(|message| match message {
                Message::Text(text) => serde_json::from_str(&text).unwrap(),
                other => panic!("{other:?}"),
            })
            .collect();
        let expected = [
            json!({ "text": "Hi. ", "context_id": "clause-7" }),
            json!({ "context_id": "clause-7", "flush": true }),
            json!({ "context_id": "clause-7", "close_context": true }),
        ];
        assert_eq!(sent, expected);
        // 100 ms of sound (3,200 bytes of zeros), in two answers.
        let audio = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, vec![0_u8; 3_200]);
        let alignment = |chars: &[&str]| {
            let starts: Vec<u64> = (0..chars.len() as u64).map(|n| n * 50).collect();
            json!({ "chars": chars, "charStartTimesMs": starts, "charDurationsMs": vec![50; chars.len()] })
        };
        let first = json!({ "audio": audio, "contextId": "clause-7", "alignment": alignment(&["H", "i"]) });
        let news = voice.received(text(&first)).unwrap().unwrap();
        let ms = Duration::from_millis;
        assert_eq!((news.pcm.len(), news.marks), (1_600, vec![(ms(50), 1), (ms(100), 2)]));
        let second = json!({ "audio": audio, "contextId": "clause-7", "alignment": alignment(&["."]) });
        assert_eq!(voice.received(text(&second)).unwrap().unwrap().marks, [(ms(150), 3)]);
        let late = json!({ "audio": audio, "contextId": "clause-6" });
        assert_eq!(voice.received(text(&late)), Ok(None), "of a clause before");
        let end = json!({ "isFinal": true, "contextId": "clause-7" });
        assert!(voice.received(text(&end)).unwrap().unwrap().is_end);
        // Spelt the other way.
        voice.say(8, "Hi.");
        let alignment = json!({ "chars": ["H"], "char_start_times_ms": [0], "char_durations_ms": [50] });
        let first = json!({ "audio": audio, "context_id": "clause-8", "alignment": alignment });
        assert_eq!(voice.received(text(&first)).unwrap().unwrap().marks, [(ms(50), 1)]);
        let end = json!({ "is_final": true, "context_id": "clause-8" });
        assert!(voice.received(text(&end)).unwrap().unwrap().is_end);
        let late = json!({ "is_final": true, "context_id": "clause-7" });
        assert_eq!(voice.received(text(&late)), Ok(None), "of a clause before");
    }

    #[test]
    fn a_clause_that_is_not_wanted_closes_its_context() {
        let Message::Text(sent) = ElevenLabs::default().cancel(7) else { panic!() };
        let sent: Value = serde_json::from_str(&sent).unwrap();
        assert_eq!(sent, json!({ "context_id": "clause-7", "close_context": true }));
    }

    #[test]
    fn errors_and_what_is_no_answer_are_faults() {
        let mut voice = ElevenLabs::default();
        voice.say(7, "Hi.");
        for (bad, fault) in [
            (json!({ "message": "no", "error": "invalid_api_key", "code": 1008 }), RemoteFault::Reported),
            (json!([1]), RemoteFault::Garbled),
            (json!({ "audio": "*", "contextId": "clause-7" }), RemoteFault::Garbled),
            (json!({ "audio": 3, "contextId": "clause-7" }), RemoteFault::Garbled),
        ] {
            assert_eq!(voice.received(text(&bad)), Err(fault), "{bad}");
        }
        assert_eq!(voice.received(Received::Text("{".into())), Err(RemoteFault::Garbled));
    }
}

//! Cartesia's `/tts/websocket` (docs.cartesia.ai, «Text to Speech (WebSocket)»): a context for each clause, with the times of its words.
use super::{ClauseDialogue, ClauseNews, context_of, json, number_of, sound};
use crate::Language;
use crate::remote::{Message, Received, RemoteFault, Samples};
use serde_json::{Value, json};
use std::time::Duration;

/// The version of the interface, as the service wants it named.
pub(super) const VERSION: &str = "2025-04-16";
const HZ: u32 = 16_000;

pub(super) struct Cartesia {
    model: String,
    voice: String,
    language: Language,
    clause: u64,
    samples: Samples,
    /// The clause in lower case, and where in it (in characters) the words so far end.
    text: Vec<char>,
    said: usize,
}

impl Cartesia {
    pub fn new(model: String, voice: String, language: Language) -> Self {
        let (clause, samples, text, said) = (0, Samples::default(), Vec::new(), 0);
        Self { model, voice, language, clause, samples, text, said }
    }

    /// Where the words of the clause end. A word that does not stand in the rest of it (a number, spoken) has no mark.
    fn marks(&mut self, timestamps: &Value) -> Vec<(Duration, u32)> {
        let (Some(words), Some(ends)) = (timestamps["words"].as_array(), timestamps["end"].as_array()) else {
            return Vec::new();
        };
        let mut marks = Vec::new();
        for (word, end) in words.iter().zip(ends) {
            let word: Vec<char> = word.as_str().unwrap_or_default().trim().to_lowercase().chars().collect();
            let rest = &self.text[self.said..];
            let place = if word.is_empty() { None } else { rest.windows(word.len()).position(|part| part == word) };
            let Some(place) = place else { continue };
            self.said += place + word.len();
            if let Some(end) = end.as_f64().and_then(|end| Duration::try_from_secs_f64(end).ok()) {
                marks.push((end, self.said as u32));
            }
        }
        marks
    }
}

impl ClauseDialogue for Cartesia {
    fn hz(&self) -> u32 {
        HZ
    }

    fn say(&mut self, clause: u64, text: &str) -> Vec<Message> {
        (self.clause, self.samples, self.said) = (clause, Samples::default(), 0);
        // One character for each of the clause, so that places are the same.
        self.text = text.chars().map(|letter| letter.to_lowercase().next().unwrap_or(letter)).collect();
        let (model, voice) = (&self.model, &self.voice);
        let request = json!({
            "model_id": model,
            "transcript": text,
            "voice": { "mode": "id", "id": voice },
            "language": self.language.code(),
            "context_id": context_of(clause),
            "output_format": { "container": "raw", "encoding": "pcm_s16le", "sample_rate": HZ },
            "add_timestamps": true,
            "continue": false,
        });
        vec![Message::Text(request.to_string())]
    }

    fn cancel(&mut self, clause: u64) -> Message {
        Message::Text(json!({ "context_id": context_of(clause), "cancel": true }).to_string())
    }

    fn received(&mut self, received: Received) -> Result<Option<ClauseNews>, RemoteFault> {
        let Received::Text(text) = received else { return Err(RemoteFault::Garbled) };
        let answer = json(text.as_bytes())?;
        let kind = answer["type"].as_str().ok_or(RemoteFault::Garbled)?;
        let number = number_of(&answer["context_id"]);
        if number.is_some_and(|number| number != self.clause) {
            return Ok(None);
        }
        let mut news = ClauseNews { clause: self.clause, ..ClauseNews::default() };
        match kind {
            "chunk" => news.pcm = self.samples.push(&sound(&answer["data"])?),
            "timestamps" => news.marks = self.marks(&answer["word_timestamps"]),
            "done" => news.is_end = true,
            "error" => return Err(RemoteFault::Reported),
            // `flush_done`, and what the service may add.
            _ => return Ok(None),
        }
        Ok(Some(news))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn voice() -> Cartesia {
        Cartesia::new("sonic-3".into(), "a0e9".into(), Language::En)
    }

    fn text(value: &Value) -> Received {
        Received::Text(value.to_string())
    }

    #[test]
    fn a_clause_is_a_request_in_a_context_of_its_own() {
        let [Message::Text(sent)] = &voice().say(4, "Hello there.")[..] else { panic!() };
        let sent: Value = serde_json::from_str(sent).unwrap();
        assert_eq!((&sent["transcript"], &sent["context_id"]), (&json!("Hello there."), &json!("clause-4")));
        assert_eq!(sent["output_format"], json!({ "container": "raw", "encoding": "pcm_s16le", "sample_rate": 16000 }));
        assert_eq!((&sent["continue"], &sent["language"]), (&json!(false), &json!("en")));
        let Message::Text(sent) = voice().cancel(4) else { panic!() };
        assert_eq!(serde_json::from_str::<Value>(&sent).unwrap(), json!({ "context_id": "clause-4", "cancel": true }));
    }

    #[test]
    fn sound_words_and_end_of_the_clause_are_told_from_those_of_others() {
        let mut voice = voice();
        voice.say(4, "Hello, 2 rooms.");
        let chunk =
            |context: &str| json!({ "type": "chunk", "data": "AQACAA==", "context_id": context, "done": false });
        assert_eq!(voice.received(text(&chunk("clause-3"))), Ok(None));
        assert_eq!(voice.received(text(&chunk("clause-4"))).unwrap().unwrap().pcm, [1, 2]);
        let words = json!({ "words": ["Hello", "two", "rooms."], "start": [0.0, 0.4, 0.7], "end": [0.4, 0.6, 1.0] });
        let times = json!({ "type": "timestamps", "context_id": "clause-4", "word_timestamps": words });
        let ms = Duration::from_millis;
        assert_eq!(voice.received(text(&times)).unwrap().unwrap().marks, [(ms(400), 5), (ms(1_000), 15)]);
        let done = json!({ "type": "done", "context_id": "clause-4", "done": true });
        assert!(voice.received(text(&done)).unwrap().unwrap().is_end);
        assert_eq!(voice.received(text(&json!({ "type": "flush_done", "context_id": "clause-4" }))), Ok(None));
    }

    #[test]
    fn errors_and_what_is_no_answer_are_faults() {
        let mut voice = voice();
        voice.say(4, "Hello.");
        for (bad, fault) in [
            (json!({ "type": "error", "context_id": "clause-4", "status_code": 400 }), RemoteFault::Reported),
            (json!({ "type": "error", "status_code": 402 }), RemoteFault::Reported),
            (json!({ "type": "chunk", "context_id": "clause-4", "data": "*" }), RemoteFault::Garbled),
            (json!({ "done": true }), RemoteFault::Garbled),
        ] {
            assert_eq!(voice.received(text(&bad)), Err(fault), "{bad}");
        }
    }
}

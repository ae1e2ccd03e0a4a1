//! `/audio/speech` (platform.openai.com, «Create speech»; also Kokoro-FastAPI, LocalAI and others): a request for each clause, answered with
//! samples as they are made (`response_format` `pcm`: 24 kHz, 16 bit, mono). A clause that is not wanted any more ends with its request.
use super::{ClauseDialogue, ClauseNews};
use crate::remote::{Message, Received, RemoteFault, Samples};
use serde_json::json;

pub(super) struct Speech {
    model: String,
    voice: String,
    clause: u64,
    samples: Samples,
}

impl Speech {
    pub fn new(model: String, voice: String) -> Self {
        Self { model, voice, clause: 0, samples: Samples::default() }
    }
}

impl ClauseDialogue for Speech {
    fn hz(&self) -> u32 {
        24_000
    }

    fn say(&mut self, clause: u64, text: &str) -> Vec<Message> {
        (self.clause, self.samples) = (clause, Samples::default());
        let (model, voice) = (&self.model, &self.voice);
        let body = json!({ "model": model, "voice": voice, "input": text, "response_format": "pcm" });
        vec![Message::Post { content_type: "application/json".into(), body: body.to_string().into_bytes() }]
    }

    fn cancel(&mut self, _: u64) -> Message {
        Message::Abort
    }

    fn received(&mut self, received: Received) -> Result<Option<ClauseNews>, RemoteFault> {
        let news = ClauseNews { clause: self.clause, ..ClauseNews::default() };
        match received {
            Received::Binary(part) => Ok(Some(ClauseNews { pcm: self.samples.push(&part), ..news })),
            Received::End => Ok(Some(ClauseNews { is_end: true, ..news })),
            Received::Text(_) => Err(RemoteFault::Garbled),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clause_is_a_request_and_its_answer_is_samples() {
        let mut speech = Speech::new("tts-1".into(), "alloy".into());
        let [Message::Post { content_type, body }] = &speech.say(3, "Xin chào.")[..] else { panic!() };
        assert_eq!(content_type, "application/json");
        let sent: serde_json::Value = serde_json::from_slice(body).unwrap();
        let expected = json!({ "model": "tts-1", "voice": "alloy", "input": "Xin chào.", "response_format": "pcm" });
        assert_eq!(sent, expected);
        let mut pcm = Vec::new();
        for part in [&[1, 0, 2][..], &[0, 255, 255]] {
            let news = speech.received(Received::Binary(part.to_vec().into())).unwrap().unwrap();
            assert_eq!((news.clause, news.is_end), (3, false));
            pcm.extend(news.pcm);
        }
        assert_eq!(pcm, [1, 2, -1]);
        assert!(speech.received(Received::End).unwrap().unwrap().is_end);
        assert_eq!(speech.cancel(3), Message::Abort);
    }
}

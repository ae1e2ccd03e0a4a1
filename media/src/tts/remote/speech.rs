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
    /// The answer has begun, and it is no file of another form.
    has_begun: bool,
}

/// How files begin that are no samples: WAV, MP3, Ogg, FLAC, AAC, and JSON.
const FILES: [&[u8]; 8] = [b"RIFF", b"ID3", b"OggS", b"fLaC", b"\xFF\xFB", b"\xFF\xF3", b"\xFF\xF1", b"{\""];

impl Speech {
    pub fn new(model: String, voice: String) -> Self {
        Self { model, voice, clause: 0, samples: Samples::default(), has_begun: false }
    }
}

impl ClauseDialogue for Speech {
    fn hz(&self) -> u32 {
        24_000
    }

    fn say(&mut self, clause: u64, text: &str) -> Vec<Message> {
        (self.clause, self.samples, self.has_begun) = (clause, Samples::default(), false);
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
            Received::Binary(part) if !std::mem::replace(&mut self.has_begun, true) && is_file(&part) => {
                Err(RemoteFault::Garbled)
            }
            Received::Binary(part) => Ok(Some(ClauseNews { pcm: self.samples.push(&part), ..news })),
            Received::End => Ok(Some(ClauseNews { is_end: true, ..news })),
            Received::Text(_) => Err(RemoteFault::Garbled),
        }
    }
}

fn is_file(part: &[u8]) -> bool {
    FILES.iter().any(|head| part.starts_with(head))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_another_form_is_no_sound() {
        let mut speech = Speech::new("tts-1".into(), "alloy".into());
        for head in [&b"RIFF$\x00\x00\x00WAVE"[..], b"ID3\x04", b"\xFF\xFB\x90", b"{\"error\": 1}"] {
            speech.say(1, "Hello.");
            assert_eq!(speech.received(Received::Binary(head.to_vec().into())), Err(RemoteFault::Garbled));
        }
        speech.say(2, "Hello.");
        speech.received(Received::Binary(vec![0, 0].into())).unwrap();
        assert!(speech.received(Received::Binary(b"RIFF".to_vec().into())).is_ok(), "samples may be anything");
    }

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

//! Vosk's WebSocket (alphacep/vosk-server, `websocket/asr_server.py`): a configuration, then sound, one reply to each message of sound.
//! The server reads its commands as exact texts, spaces included, and takes a list of phrases before the first sound alone.
use super::phrases::phrases;
use super::segments::Segments;
use super::{Finish, HZ, UtteranceDialogue, UtteranceNews, json};
use crate::asr::Expect;
use crate::remote::{Message, Received, RemoteFault, bytes_of};
use serde_json::{Value, json};

/// The word that stands for anything that is not in the list of phrases.
const UNKNOWN_WORD: &str = "[unk]";

pub(super) struct Vosk {
    phrases: Option<Vec<String>>,
    /// Replies that are still to come: how many, and how many of the first of them are older than the last command.
    replies: usize,
    before_command: Option<usize>,
    segments: Segments,
}

impl Vosk {
    pub fn new(expect: &Expect) -> Self {
        Self { phrases: phrases(expect), replies: 0, before_command: None, segments: Segments::default() }
    }
}

/// The mean confidence of the words of a result; `None` where the server gives none.
fn confidence(reply: &Value) -> Option<f32> {
    let words: Vec<f32> =
        reply["result"].as_array()?.iter().filter_map(|word| word["conf"].as_f64()).map(|conf| conf as f32).collect();
    (!words.is_empty()).then(|| words.iter().sum::<f32>() / words.len() as f32)
}

impl UtteranceDialogue for Vosk {
    fn opening(&mut self) -> Vec<Message> {
        let mut config = json!({ "sample_rate": HZ, "words": true });
        if let Some(phrases) = self.phrases.take() {
            let all: Vec<String> = phrases.into_iter().chain([UNKNOWN_WORD.to_owned()]).collect();
            config["phrase_list"] = all.into();
        }
        vec![Message::Text(json!({ "config": config }).to_string())]
    }

    fn sound(&mut self, pcm: &[i16]) -> Option<Message> {
        self.replies += 1;
        Some(Message::Binary(bytes_of(pcm)))
    }

    fn finish(&mut self) -> Finish {
        self.before_command = Some(self.replies);
        self.replies += 1;
        Finish::Ask(Message::Text("{\"reset\" : 1}".into()))
    }

    fn received(&mut self, received: Received) -> Result<Option<UtteranceNews>, RemoteFault> {
        let Received::Text(text) = received else { return Err(RemoteFault::Garbled) };
        let reply = json(text.as_bytes())?;
        self.replies = self.replies.checked_sub(1).ok_or(RemoteFault::Garbled)?;
        let is_last = match &mut self.before_command {
            None => false,
            Some(0) => {
                self.before_command = None;
                true
            }
            Some(before) => {
                *before -= 1;
                false
            }
        };
        if let Some(text) = reply["text"].as_str() {
            self.segments.add(text, confidence(&reply));
        } else if is_last || !reply["partial"].is_string() {
            return Err(RemoteFault::Garbled);
        }
        if is_last {
            return Ok(Some(UtteranceNews::Words(self.segments.hypothesis())));
        }
        let so_far = self.segments.with(reply["partial"].as_str().unwrap_or_default());
        Ok((!so_far.is_empty()).then_some(UtteranceNews::Partial(so_far)))
    }

    fn closing(&mut self) -> Option<Message> {
        Some(Message::Text("{\"eof\" : 1}".into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asr::Hypothesis;

    fn reply(vosk: &mut Vosk, text: &str) -> Result<Option<UtteranceNews>, RemoteFault> {
        vosk.received(Received::Text(text.into()))
    }

    #[test]
    fn the_phrases_of_the_step_go_before_any_sound() {
        let mut vosk = Vosk::new(&Expect::Grammar("#JSGF V1.0; grammar g; public <g> = yes please;".into()));
        let [Message::Text(text)] = &vosk.opening()[..] else { panic!() };
        let sent: Value = serde_json::from_str(text).unwrap();
        let list = json!(["please", "yes", "yes please", "[unk]"]);
        assert_eq!(sent, json!({ "config": { "sample_rate": 16000, "words": true, "phrase_list": list } }));
        assert_eq!(
            Vosk::new(&Expect::Anything).opening(),
            [Message::Text("{\"config\":{\"sample_rate\":16000,\"words\":true}}".into())]
        );
    }

    #[test]
    fn the_reply_to_the_reset_is_the_end_of_all_that_was_heard() {
        let mut vosk = Vosk::new(&Expect::Anything);
        assert_eq!(vosk.sound(&[1, -2]), Some(Message::Binary(vec![1, 0, 254, 255])));
        vosk.sound(&[0]);
        assert_eq!(vosk.finish(), Finish::Ask(Message::Text("{\"reset\" : 1}".into())));
        assert_eq!(reply(&mut vosk, r#"{"partial": ""}"#), Ok(None));
        let whole =
            r#"{"result": [{"conf": 1.0, "word": "two"}, {"conf": 0.5, "word": "rooms"}], "text": "two rooms"}"#;
        assert_eq!(reply(&mut vosk, whole), Ok(Some(UtteranceNews::Partial("two rooms".into()))));
        let heard = Hypothesis { text: Some("two rooms".into()), confidence: 0.75 };
        assert_eq!(reply(&mut vosk, r#"{"text": ""}"#), Ok(Some(UtteranceNews::Words(heard))));
        // The caller goes on, and what is not in the list is no word.
        vosk.sound(&[0]);
        vosk.finish();
        assert_eq!(reply(&mut vosk, r#"{"partial": "for"}"#), Ok(Some(UtteranceNews::Partial("two rooms for".into()))));
        let Ok(Some(UtteranceNews::Words(heard))) = reply(&mut vosk, r#"{"text": "for [unk]"}"#) else { panic!() };
        assert_eq!(heard.text.as_deref(), Some("two rooms for"));
    }

    #[test]
    fn an_answer_to_an_older_pause_is_not_taken_for_that_of_the_last() {
        let mut vosk = Vosk::new(&Expect::Anything);
        vosk.sound(&[0]);
        vosk.finish();
        vosk.sound(&[0]);
        vosk.finish();
        for text in [r#"{"partial": "a"}"#, r#"{"text": "one"}"#, r#"{"partial": ""}"#] {
            assert!(!matches!(reply(&mut vosk, text), Ok(Some(UtteranceNews::Words(_)))), "{text}");
        }
        let Ok(Some(UtteranceNews::Words(heard))) = reply(&mut vosk, r#"{"text": "two"}"#) else { panic!() };
        assert_eq!(heard.text.as_deref(), Some("one two"));
    }

    #[test]
    fn what_is_no_reply_is_refused() {
        for bad in ["", "{", "[]", "3", r#"{"txt": "yes"}"#] {
            let mut vosk = Vosk::new(&Expect::Anything);
            vosk.sound(&[0]);
            assert_eq!(reply(&mut vosk, bad), Err(RemoteFault::Garbled), "{bad}");
        }
        let mut vosk = Vosk::new(&Expect::Anything);
        assert_eq!(reply(&mut vosk, r#"{"text": ""}"#), Err(RemoteFault::Garbled), "nothing was sent");
        assert_eq!(vosk.received(Received::Binary(vec![1].into())), Err(RemoteFault::Garbled));
    }
}

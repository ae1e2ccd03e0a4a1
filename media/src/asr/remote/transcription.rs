//! `/audio/transcriptions` (platform.openai.com, «Create transcription»; also faster-whisper-server, vLLM, LocalAI and others): the whole utterance
//! as a WAV file in a form (RFC 7578), when the caller pauses. A later pause sends the utterance again from its beginning.
use super::segments::{Segments, UNKNOWN};
use super::{Finish, HZ, UtteranceDialogue, UtteranceNews, json};
use crate::Language;
use crate::remote::{Message, Received, RemoteFault, bytes_of};

/// Parts the fields of the form; nothing that is sent holds it.
const BOUNDARY: &str = "switchboard-utterance-7f3a9c51e04b4d2e8a6c";
/// A longer answer is no answer.
const MOST: usize = 256 * 1024;

pub(super) struct Transcription {
    model: String,
    language: Language,
    pcm: Vec<i16>,
    answer: Vec<u8>,
}

impl Transcription {
    pub fn new(model: String, language: Language) -> Self {
        Self { model, language, pcm: Vec::new(), answer: Vec::new() }
    }

    fn form(&self) -> Vec<u8> {
        let mut form = Vec::with_capacity(self.pcm.len() * 2 + 1024);
        for (name, value) in
            [("model", self.model.as_str()), ("language", self.language.code()), ("response_format", "json")]
        {
            let field = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
            form.extend_from_slice(field.as_bytes());
        }
        let file = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"utterance.wav\"\r\n\
             Content-Type: audio/wav\r\n\r\n"
        );
        form.extend_from_slice(file.as_bytes());
        form.extend_from_slice(&wav(&self.pcm));
        form.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
        form
    }
}

/// A WAV file of 16-bit mono samples (RIFF, WAVE_FORMAT_PCM).
fn wav(pcm: &[i16]) -> Vec<u8> {
    let (data, hz) = (bytes_of(pcm), HZ as u32);
    let length = data.len() as u32;
    let mut file = Vec::with_capacity(44 + data.len());
    file.extend_from_slice(b"RIFF");
    file.extend_from_slice(&(36 + length).to_le_bytes());
    file.extend_from_slice(b"WAVEfmt ");
    file.extend_from_slice(&16_u32.to_le_bytes());
    for short in [1_u16, 1] {
        file.extend_from_slice(&short.to_le_bytes());
    }
    file.extend_from_slice(&hz.to_le_bytes());
    file.extend_from_slice(&(hz * 2).to_le_bytes());
    for short in [2_u16, 16] {
        file.extend_from_slice(&short.to_le_bytes());
    }
    file.extend_from_slice(b"data");
    file.extend_from_slice(&length.to_le_bytes());
    file.extend_from_slice(&data);
    file
}

impl UtteranceDialogue for Transcription {
    fn sound(&mut self, pcm: &[i16]) -> Option<Message> {
        self.pcm.extend_from_slice(pcm);
        None
    }

    fn begin_anew(&mut self) -> bool {
        self.pcm.clear();
        true
    }

    fn finish(&mut self) -> Finish {
        self.answer.clear();
        let content_type = format!("multipart/form-data; boundary={BOUNDARY}");
        Finish::Ask(Message::Post { content_type, body: self.form() })
    }

    fn received(&mut self, received: Received) -> Result<Option<UtteranceNews>, RemoteFault> {
        match received {
            Received::Binary(part) => {
                self.answer.extend_from_slice(&part);
                if self.answer.len() > MOST { Err(RemoteFault::Garbled) } else { Ok(None) }
            }
            Received::End => {
                let answer = json(&std::mem::take(&mut self.answer))?;
                let mut segments = Segments::default();
                segments.add(answer["text"].as_str().ok_or(RemoteFault::Garbled)?, Some(UNKNOWN));
                Ok(Some(UtteranceNews::Words(segments.hypothesis())))
            }
            Received::Text(_) => Err(RemoteFault::Garbled),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asr::Hypothesis;

    fn transcription() -> Transcription {
        Transcription::new("whisper-1".into(), Language::Vi)
    }

    fn body(finish: Finish) -> Vec<u8> {
        let Finish::Ask(Message::Post { content_type, body }) = finish else { panic!() };
        assert_eq!(content_type, format!("multipart/form-data; boundary={BOUNDARY}"));
        body
    }

    #[test]
    fn the_form_holds_model_language_and_a_wav_file_of_all_sound_so_far() {
        let mut transcription = transcription();
        assert_eq!(transcription.sound(&[1, 2, 3]), None);
        transcription.finish();
        assert!(transcription.begin_anew(), "what was before the caller is forgotten");
        transcription.sound(&[1, 2, 3, -4]);
        let body = body(transcription.finish());
        let text = String::from_utf8_lossy(&body);
        assert!(
            text.contains("name=\"model\"\r\n\r\nwhisper-1\r\n") && text.contains("name=\"language\"\r\n\r\nvi\r\n")
        );
        let start = body.windows(4).position(|part| part == b"RIFF").unwrap();
        let end = body.len() - format!("\r\n--{BOUNDARY}--\r\n").len();
        let mut reader = hound::WavReader::new(&body[start..end]).unwrap();
        assert_eq!((reader.spec().sample_rate, reader.spec().channels), (16_000, 1));
        assert_eq!(reader.samples::<i16>().map(Result::unwrap).collect::<Vec<_>>(), [1, 2, 3, -4]);
    }

    #[test]
    fn the_answer_may_come_in_parts_and_must_be_json_with_a_text() {
        let mut transcription = transcription();
        transcription.sound(&[0; 160]);
        transcription.finish();
        let answer = |transcription: &mut Transcription, parts: &[&'static [u8]]| {
            for part in parts {
                transcription.received(Received::Binary((*part).into()))?;
            }
            transcription.received(Received::End)
        };
        let heard = Hypothesis { text: Some("hai người".into()), confidence: UNKNOWN };
        let parts = [&b"{\"te"[..], "xt\": \"Hai người.\"}".as_bytes()];
        assert_eq!(answer(&mut transcription, &parts), Ok(Some(UtteranceNews::Words(heard))));
        let nothing = Hypothesis { text: None, confidence: 0.0 };
        assert_eq!(answer(&mut transcription, &[b"{\"text\": \" \"}"]), Ok(Some(UtteranceNews::Words(nothing))));
        for bad in [&b""[..], b"{", b"{\"error\": 1}"] {
            assert_eq!(answer(&mut transcription, &[bad]), Err(RemoteFault::Garbled));
        }
        let huge: &'static [u8] = vec![b' '; MOST + 1].leak();
        assert_eq!(answer(&mut transcription, &[huge]), Err(RemoteFault::Garbled));
    }
}

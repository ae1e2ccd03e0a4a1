//! From the configuration to remote engines.
use super::{RemoteEngine, SharedRecogniser, SharedVoice};
use crate::config::{self, Recogniser, Speech, Synthesiser};
use media::Language;
use media::asr::remote::{RecogniserAccount, RecogniserProtocol};
use media::tts::remote::{VoiceAccount, VoiceProtocol};

/// Engines by their names, or why they cannot be used.
pub type Named<T> = Vec<(String, Result<T, String>)>;

/// The recognisers that the configuration has.
pub fn recognisers(speech: &Speech) -> Named<SharedRecogniser> {
    let account = |engine: &config::RemoteRecogniser| {
        let language = |of: &Language| speech.recognisers[*of].contains(&Recogniser::Remote(engine.name.clone()));
        let language = Language::ALL.into_iter().find(language).unwrap_or(Language::En);
        let protocol = match engine.protocol {
            config::RecogniserProtocol::Vosk => RecogniserProtocol::Vosk,
            config::RecogniserProtocol::Deepgram => RecogniserProtocol::Deepgram,
            config::RecogniserProtocol::Flux => RecogniserProtocol::Flux,
            config::RecogniserProtocol::OpenAi => RecogniserProtocol::OpenAi,
        };
        let (url, model) = (plain(&engine.url), engine.model.clone());
        let key = engine.key()?.map(|key| key.reveal().to_owned());
        let account = RecogniserAccount { protocol, url, model, key };
        Ok(RemoteEngine::new(&engine.name, &engine.url, account, engine.patience_ms.into(), language))
    };
    speech.remote_recogniser.iter().map(|engine| (engine.name.clone(), account(engine))).collect()
}

/// The voices that the configuration has.
pub fn voices(speech: &Speech) -> Named<SharedVoice> {
    let account = |engine: &config::RemoteVoice| {
        let language = |of: &Language| speech.voices[*of].contains(&Synthesiser::Remote(engine.name.clone()));
        let language = Language::ALL.into_iter().find(language).unwrap_or(Language::En);
        let protocol = match engine.protocol {
            config::VoiceProtocol::OpenAi => VoiceProtocol::OpenAi,
            config::VoiceProtocol::ElevenLabs => VoiceProtocol::ElevenLabs,
            config::VoiceProtocol::Cartesia => VoiceProtocol::Cartesia,
        };
        let (url, model, voice) = (plain(&engine.url), engine.model.clone(), engine.voice.clone());
        let key = engine.key()?.map(|key| key.reveal().to_owned());
        let account = VoiceAccount { protocol, url, model, voice, key };
        Ok(RemoteEngine::new(&engine.name, &engine.url, account, engine.patience_ms.into(), language))
    };
    speech.remote_voice.iter().map(|engine| (engine.name.clone(), account(engine))).collect()
}

/// An address as RFC 3986 section 6.2.2 writes it: its scheme and host in lower case.
fn plain(url: &str) -> String {
    reqwest::Url::parse(url).map_or_else(|_| url.to_owned(), |url| url.as_str().trim_end_matches('/').to_owned())
}

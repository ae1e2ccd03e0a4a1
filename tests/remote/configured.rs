//! Engines as the configuration names them.
use crate::speech_servers::{KEY, Manner, SpeechServer};
use media::{Language, vad};
use switchboard::config::{
    Ms, Recogniser, RecogniserProtocol, RemoteRecogniser, RemoteVoice, Speech, Synthesiser, VoiceProtocol,
};
use switchboard::engines::Engines;

#[tokio::test(flavor = "multi_thread")]
async fn check_asks_each_engine_once_and_says_what_to_do_about_one_that_refuses() {
    let server = SpeechServer::start(Manner::Good, &[""]).await;
    let key = std::env::temp_dir().join(format!("switchboard-remote-{}.key", std::process::id()));
    std::fs::write(&key, format!("{KEY}\n")).expect("written");
    let mut speech = Speech::default();
    speech.remote_recogniser.push(RemoteRecogniser {
        name: "ear".into(),
        protocol: RecogniserProtocol::Flux,
        url: server.socket(),
        model: "flux-general-en".into(),
        key_file: Some(key.clone()),
        key_env: None,
        patience_ms: Ms(5_000),
    });
    let voice = RemoteVoice {
        name: "voice".into(),
        protocol: VoiceProtocol::ElevenLabs,
        url: server.socket(),
        model: "m".into(),
        voice: "v".into(),
        key_file: None,
        key_env: None,
        patience_ms: Ms(5_000),
    };
    speech.remote_voice = vec![voice.clone(), RemoteVoice { name: "unused".into(), ..voice }];
    for language in Language::ALL {
        speech.recognisers[language].insert(0, Recogniser::Remote("ear".into()));
        speech.voices[language].insert(0, Synthesiser::Remote("voice".into()));
    }
    let engines = Engines::of(vad::Models::load(None).expect("voice activity"), vec![], vec![]).with_remote(&speech);
    std::fs::remove_file(&key).expect("removed");
    let answers = engines.probe_remote().await;
    let names: Vec<&str> = answers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["recogniser ear", "voice voice"]);
    assert!(answers[0].1.is_ok(), "{answers:?}");
    let why = answers[1].1.expect_err("it shows no key").to_string();
    assert!(why.contains("401: check its key"), "{why}");
    let about = engines.about();
    let said = |line: &str| about.iter().any(|(good, about)| *good && about == line);
    assert!(
        said("English is heard by ear, at ws://127.0.0.1") && said("Vietnamese is spoken by voice, at ws://127.0.0.1")
    );
    assert!(engines.can_hear(Language::En) && engines.can_speak(Language::Vi));
}

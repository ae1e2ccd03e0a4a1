//! Recognisers of other machines.
use crate::speech_servers::{KEY, Manner, SpeechServer, becomes};
use media::asr::remote::{RecogniserAccount, RecogniserProtocol};
use media::asr::scripted::Scripted;
use media::asr::{Ask, Cue, Expect, Heard, Lexicon, Listen, RecogniserChain};
use media::pool::{ListeningSetup, Pool, PoolPlan};
use media::{Language, SamplePos};
use std::sync::Arc;
use std::time::Duration;
use switchboard::engines::remote::{RemoteEngine, RemoteListener, RemoteRecogniser};
use switchboard::observe::metrics;
use tokio::sync::mpsc;
use tokio::time::timeout;

/// What the recogniser of this machine hears in everything.
const NEAR: &str = "heard here";
/// Longer than anything here takes on a busy machine.
const LIMIT: Duration = Duration::from_secs(20);
const PROTOCOLS: [RecogniserProtocol; 4] =
    [RecogniserProtocol::Vosk, RecogniserProtocol::Deepgram, RecogniserProtocol::Flux, RecogniserProtocol::OpenAi];

fn engine(
    name: &str,
    protocol: RecogniserProtocol,
    server: &SpeechServer,
    patience: Duration,
) -> Arc<RemoteRecogniser> {
    let url = if protocol == RecogniserProtocol::OpenAi { server.web() } else { server.socket() };
    let account = RecogniserAccount { protocol, url: url.clone(), model: "m".into(), key: Some(KEY.into()) };
    RemoteEngine::new(name, &url, account, patience, Language::En)
}

fn ask() -> Ask {
    let grammar = "#JSGF V1.0; grammar g; public <g> = two (people | rooms);";
    Ask { language: Language::En, expect: Expect::Grammar(grammar.into()), lexicon: Lexicon::default() }
}

/// A session, and what it hears.
struct Session {
    listener: RemoteListener,
    heard: mpsc::Receiver<Heard>,
    at: u64,
}

impl Session {
    fn open(engine: &Arc<RemoteRecogniser>, pool: &Arc<Pool>) -> Self {
        let (out, heard) = mpsc::channel(256);
        let engines = Arc::new(RecogniserChain::new(vec![Arc::new(Scripted::always(NEAR))]));
        let near = ListeningSetup { call: 1, engines, ask: ask(), out };
        let listener = RemoteListener::open(engine.clone(), &ask(), pool.clone(), near);
        Self { listener, heard, at: 0 }
    }

    /// Half a second of speech, and a pause.
    fn say(&mut self) {
        self.listener.cue(Cue::Begin { at: SamplePos(self.at) });
        for _ in 0..25 {
            self.listener.cue(Cue::Sound(vec![100; 320]));
        }
        self.at += 24_000;
        self.listener.cue(Cue::Pause { at: SamplePos(self.at) });
    }

    /// The words of the pause, whose they are, and how long they took.
    async fn words(&mut self) -> (String, &'static str, Duration) {
        loop {
            match timeout(LIMIT, self.heard.recv()).await.expect("words in time") {
                Some(Heard::Partial { .. }) => {}
                Some(Heard::Final { hypothesis, engine, took, .. }) => {
                    return (hypothesis.text.unwrap_or_default(), engine, took);
                }
                other => panic!("{other:?}"),
            }
        }
    }
}

fn pool() -> Arc<Pool> {
    Pool::start(PoolPlan { listen_limit: LIMIT, ..PoolPlan::default() }).expect("workers")
}

fn failures(engine: &str, reason: &str) -> bool {
    let line = format!("switchboard_remote_failures_total{{engine=\"{engine}\",reason=\"{reason}\"}}");
    metrics::install().render().lines().any(|metric| metric.starts_with(&line) && !metric.ends_with(" 0"))
}

#[tokio::test(flavor = "multi_thread")]
async fn each_protocol_hears_an_utterance_and_goes_on_with_it_after_a_pause() {
    let pool = pool();
    for protocol in PROTOCOLS {
        let name = format!("good-{protocol:?}").to_lowercase();
        let server = SpeechServer::start(Manner::Good, &["Two people.", "Two rooms."]).await;
        let engine = engine(&name, protocol, &server, LIMIT);
        let mut session = Session::open(&engine, &pool);
        session.say();
        let (words, by, _) = session.words().await;
        assert_eq!((words.as_str(), by), ("two people", engine.name()), "{protocol:?}");
        session.say();
        let (words, by, _) = session.words().await;
        // An upload is the whole utterance, and the server's second answer is of all of it.
        let whole = if protocol == RecogniserProtocol::OpenAi { "two rooms" } else { "two people two rooms" };
        assert_eq!((words.as_str(), by), (whole, engine.name()), "{protocol:?}");
        drop(session);
        let expected: &[&str] = match protocol {
            RecogniserProtocol::Vosk => {
                &["\"phrase_list\":[\"people\",\"rooms\",\"two\",\"two people\"", "{\"reset\" : 1}", "{\"eof\" : 1}"]
            }
            RecogniserProtocol::Deepgram => &["/v1/listen?model=m&language=en", "\"Finalize\"", "\"CloseStream\""],
            RecogniserProtocol::Flux => &["/v2/listen?model=m&", "\"ForceEndTurn\"", "\"CloseStream\""],
            RecogniserProtocol::OpenAi => &["POST /v1/audio/transcriptions"],
        };
        for what in expected {
            let got = becomes(|| server.got(what)).await;
            assert!(got, "{protocol:?} was sent {what}: {:#?}", server.log());
        }
        assert_eq!(engine.probe().await.map(drop), Ok(()), "{protocol:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_a_recogniser_does_wrong_ends_in_the_words_of_one_of_this_machine() {
    metrics::install();
    let (pool, patience) = (pool(), Duration::from_millis(400));
    let slow = Duration::from_secs(8);
    let faults = [
        (Manner::RefusesKey, "refused"),
        (Manner::ClosesInTheMiddle, "closed"),
        (Manner::SaysNothing, "late"),
        (Manner::Slow(slow), "late"),
        (Manner::SaysGarbage, "garbled"),
        (Manner::BeginsAndStops, "late"),
    ];
    for protocol in PROTOCOLS {
        for (manner, reason) in faults {
            // A server of Vosk asks for no key.
            if protocol == RecogniserProtocol::Vosk && manner == Manner::RefusesKey {
                continue;
            }
            let name = format!("ear-{protocol:?}-{reason}-{}", format!("{manner:?}").len()).to_lowercase();
            let server = SpeechServer::start(manner, &["two people"]).await;
            let engine = engine(&name, protocol, &server, patience);
            let mut session = Session::open(&engine, &pool);
            session.say();
            let (words, by, took) = session.words().await;
            assert_eq!((words.as_str(), by), (NEAR, "scripted"), "{protocol:?} {manner:?}");
            assert!(took < slow, "{protocol:?} {manner:?}: {took:?}");
            assert!(failures(&name, reason), "{protocol:?} {manner:?}\n{}", metrics::install().render());
            // The session stays with the engine that took over.
            session.say();
            assert_eq!(session.words().await.1, "scripted", "{protocol:?} {manner:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_is_not_there_costs_nothing_before_anybody_speaks() {
    let pool = pool();
    for protocol in PROTOCOLS {
        let mut server = SpeechServer::start(Manner::Good, &["two people"]).await;
        server.kill();
        let name = format!("gone-{protocol:?}").to_lowercase();
        let engine = engine(&name, protocol, &server, LIMIT / 2);
        let mut session = Session::open(&engine, &pool);
        session.say();
        let (words, by, _) = session.words().await;
        assert_eq!((words.as_str(), by), (NEAR, "scripted"), "{protocol:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_killed_in_the_middle_of_an_utterance_leaves_it_whole() {
    let pool = pool();
    for protocol in PROTOCOLS {
        let mut server = SpeechServer::start(Manner::SaysNothing, &["two people"]).await;
        let name = format!("killed-{protocol:?}").to_lowercase();
        let engine = engine(&name, protocol, &server, LIMIT / 2);
        let mut session = Session::open(&engine, &pool);
        session.say();
        assert!(becomes(|| !server.log().is_empty()).await, "it is asked");
        server.kill();
        let (words, by, _) = session.words().await;
        assert_eq!((words.as_str(), by), (NEAR, "scripted"), "{protocol:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_fails_twice_rests_until_a_probe_finds_it_well() {
    let pool = pool();
    let server = SpeechServer::start(Manner::RefusesKey, &["two people"]).await;
    let engine = engine("resting", RecogniserProtocol::Deepgram, &server, LIMIT);
    for _ in 0..2 {
        assert!(engine.is_well());
        let mut session = Session::open(&engine, &pool);
        session.say();
        assert_eq!(session.words().await.1, "scripted");
    }
    assert!(!engine.is_well(), "calls do not ask it");
    server.set(Manner::Good);
    assert!(becomes(|| engine.is_well()).await, "a probe finds it well");
    let mut session = Session::open(&engine, &pool);
    session.say();
    assert_eq!(session.words().await.0, "two people");
}

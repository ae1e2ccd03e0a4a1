//! Voices of other machines.
use crate::speech_servers::{KEY, Manner, SpeechServer, becomes};
use media::pool::{Pool, PoolPlan};
use media::tts::remote::{VoiceAccount, VoiceProtocol};
use media::tts::scripted::{Manner as Near, Scripted};
use media::tts::{Sink, Sound, Speak, Spoken, Unsent, UtteranceId, Voice, VoiceChain};
use media::{Language, Rate};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use switchboard::engines::remote::{RemoteEngine, RemoteSpeaker, RemoteVoice, VoiceSetup};
use switchboard::observe::metrics;
use tokio::sync::mpsc;
use tokio::time::timeout;

const LIMIT: Duration = Duration::from_secs(20);
const PROTOCOLS: [VoiceProtocol; 3] = [VoiceProtocol::OpenAi, VoiceProtocol::ElevenLabs, VoiceProtocol::Cartesia];
const TEXT: &str = "One moment, please.";

fn engine(name: &str, protocol: VoiceProtocol, server: &SpeechServer, patience: Duration) -> Arc<RemoteVoice> {
    let url = if protocol == VoiceProtocol::OpenAi { server.web() } else { server.socket() };
    let (model, voice, key) = ("m".into(), "v".into(), Some(KEY.into()));
    let account = VoiceAccount { protocol, url: url.clone(), model, voice, key };
    RemoteEngine::new(name, &url, account, patience, Language::En)
}

/// A playout that takes everything.
#[derive(Clone, Default)]
struct Tape(Arc<Mutex<Vec<Sound>>>);

impl Sink for Tape {
    fn sound(&mut self, sound: Sound) -> Result<(), Unsent> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(sound);
        Ok(())
    }
}

struct Session {
    speaker: RemoteSpeaker,
    tape: Tape,
    news: mpsc::Receiver<Spoken>,
}

impl Session {
    fn open(engine: &Arc<RemoteVoice>, pool: &Arc<Pool>) -> Self {
        let (tape, (out, news)) = (Tape::default(), mpsc::channel(256));
        let engines = Arc::new(VoiceChain::new(vec![Arc::new(Scripted::new(Near::Prompt))]));
        let voice = Voice { language: Language::En, name: String::new(), rate: Rate::Hz8000 };
        let sinks: [Box<dyn Sink>; 2] = [Box::new(tape.clone()), Box::new(tape.clone())];
        let setup = VoiceSetup { number: 1, pool: pool.clone(), engines, voice, sinks, out };
        Self { speaker: RemoteSpeaker::open(engine.clone(), setup), tape, news }
    }

    fn say(&self, number: u64) {
        self.speaker.say(UtteranceId(number), TEXT.into(), true).expect("room for a clause");
    }

    /// Waits until a clause is done, and says who began it.
    async fn done(&mut self, number: u64) -> Option<&'static str> {
        let mut by = None;
        loop {
            match timeout(LIMIT, self.news.recv()).await.expect("news in time") {
                Some(Spoken::Started { utterance, engine, .. }) if utterance.0 == number => by = Some(engine),
                Some(Spoken::Done { utterance }) if utterance.0 == number => return by,
                Some(Spoken::Failed { utterance, fault }) => panic!("{utterance:?}: {fault}"),
                Some(_) => {}
                None => panic!("the voice is gone"),
            }
        }
    }

    /// The marks of a clause's pieces, whether the last is its end, and how long it sounds.
    fn heard(&self, number: u64) -> (Vec<u32>, bool, Duration) {
        let tape = self.tape.0.lock().unwrap_or_else(PoisonError::into_inner);
        let pieces: Vec<&Sound> = tape.iter().filter(|sound| sound.utterance.0 == number).collect();
        let samples: usize = pieces.iter().map(|sound| sound.pcm.len()).sum();
        let is_whole =
            pieces.last().is_some_and(|sound| sound.last) && pieces.iter().filter(|sound| sound.last).count() == 1;
        let marks = pieces.iter().map(|sound| sound.upto_char).collect();
        (marks, is_whole, Duration::from_secs_f64(samples as f64 / 8_000.0))
    }
}

fn pool() -> Arc<Pool> {
    Pool::start(PoolPlan { speak_limit: LIMIT, ..PoolPlan::default() }).expect("workers")
}

#[tokio::test(flavor = "multi_thread")]
async fn each_protocol_speaks_clauses_in_order_and_whole() {
    let pool = pool();
    for protocol in PROTOCOLS {
        let name = format!("good-{protocol:?}").to_lowercase();
        let server = SpeechServer::start(Manner::Good, &[]).await;
        let engine = engine(&name, protocol, &server, LIMIT);
        let mut session = Session::open(&engine, &pool);
        session.say(1);
        session.say(2);
        for number in [1, 2] {
            assert_eq!(session.done(number).await, Some(engine.name()), "{protocol:?}");
            let (marks, is_whole, lasts) = session.heard(number);
            let all = TEXT.chars().count() as u32;
            assert!(is_whole && marks.is_sorted() && marks.last() == Some(&all), "{protocol:?}: {marks:?}");
            // 40 ms for each character, with or without the spaces between words, a tick at the end, and the pause before the second.
            assert!(
                lasts > Duration::from_millis(640) && lasts < Duration::from_millis(1200),
                "{protocol:?}: {lasts:?}"
            );
        }
        assert_eq!(engine.probe().await.map(drop), Ok(()), "{protocol:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_a_voice_does_wrong_is_said_by_one_of_this_machine() {
    metrics::install();
    let (pool, patience) = (pool(), Duration::from_millis(400));
    let faults = [
        (Manner::RefusesKey, "refused"),
        (Manner::ClosesInTheMiddle, "closed"),
        (Manner::SaysNothing, "late"),
        (Manner::Slow(LIMIT), "late"),
        (Manner::SaysGarbage, "garbled"),
        (Manner::BeginsAndStops, "late"),
    ];
    for protocol in PROTOCOLS {
        for (manner, reason) in faults {
            let name = format!("voice-{protocol:?}-{reason}-{}", format!("{manner:?}").len()).to_lowercase();
            let server = SpeechServer::start(manner, &[]).await;
            let engine = engine(&name, protocol, &server, patience);
            let mut session = Session::open(&engine, &pool);
            session.say(1);
            session.say(2);
            session.done(1).await;
            session.done(2).await;
            for number in [1, 2] {
                let (marks, is_whole, _) = session.heard(number);
                let all = TEXT.chars().count() as u32;
                let is_said = is_whole && marks.is_sorted() && marks.last() == Some(&all);
                assert!(is_said, "{protocol:?} {manner:?} {number}: {marks:?}");
            }
            let line = format!("switchboard_remote_failures_total{{engine=\"{name}\",reason=\"{reason}\"}}");
            let metrics = metrics::install().render();
            assert!(metrics.lines().any(|metric| metric.starts_with(&line)), "{protocol:?} {manner:?}\n{metrics}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_interrupts_ends_the_clause_at_the_service() {
    let pool = pool();
    for protocol in PROTOCOLS {
        let name = format!("hushed-{protocol:?}").to_lowercase();
        let server = SpeechServer::start(Manner::BeginsAndStops, &[]).await;
        let engine = engine(&name, protocol, &server, LIMIT);
        let mut session = Session::open(&engine, &pool);
        session.say(1);
        let began = timeout(LIMIT, session.news.recv()).await.expect("sound in time");
        assert!(matches!(began, Some(Spoken::Started { .. })), "{began:?}");
        session.speaker.hush(UtteranceId(2));
        let cancelled = || match protocol {
            VoiceProtocol::OpenAi => server.got("the request ended early"),
            // Once with the clause and once more.
            VoiceProtocol::ElevenLabs => server.log().iter().filter(|line| line.contains("close_context")).count() == 2,
            VoiceProtocol::Cartesia => server.got("\"cancel\":true"),
        };
        assert!(becomes(cancelled).await, "{protocol:?}: {:#?}", server.log());
        server.set(Manner::Good);
        session.say(2);
        assert_eq!(session.done(2).await, Some(engine.name()), "{protocol:?}: the next clause is the server's");
        assert!(!session.heard(1).1, "{protocol:?}: the first is not said to its end");
    }
}

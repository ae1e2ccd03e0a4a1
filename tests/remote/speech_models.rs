//! Language models that hear and speak, over real sockets: their sound is heard clause by clause, and whatever they do wrong ends in the bot's
//! own voice or is told to the conversation, which asks others.
use crate::speech_model_servers::{KEY, Manner, SpeechModelServer, Spoken as Answer};
use crate::speech_servers::becomes;
use dialog::model::language_model::{ModelFault, ModelNews, ModelRequest, Purpose, RequestId};
use media::asr::{Cue, Listen};
use media::playout::{Phase, Played};
use media::pool::{Pool, PoolPlan};
use media::tts::scripted::{Manner as Near, Scripted};
use media::tts::{Sink, Sound, Spoken, Unsent, UtteranceId, Voice, VoiceChain};
use media::{Language, Rate, SamplePos};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use switchboard::speech_models::{NearVoice, SpeechAccount, SpeechCall, SpeechCallSetup, SpeechProtocol, probe};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::timeout;

const LIMIT: Duration = Duration::from_secs(20);
const PROTOCOLS: [SpeechProtocol; 2] = [SpeechProtocol::OpenAiRealtime, SpeechProtocol::GeminiLive];

fn answer(text: &'static str, ms: usize) -> Answer {
    Answer { text, ms, hz: 700.0, tool: None }
}

fn account(server: &SpeechModelServer, protocol: SpeechProtocol, key: &str) -> Arc<SpeechAccount> {
    let base = server.url();
    let url = if protocol == SpeechProtocol::OpenAiRealtime { format!("{base}/v1") } else { base };
    let (model, voice, key) = ("far-model".into(), "marin".into(), Some(key.into()));
    Arc::new(SpeechAccount { name: "far", protocol, url, model, voice, key, at_once: Arc::new(Semaphore::new(8)) })
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

/// A recogniser that nobody asks.
struct Deaf;

impl Listen for Deaf {
    fn cue(&mut self, _: Cue) {}
}

struct Talk {
    /// Its workers say what the endpoint does not.
    _pool: Arc<Pool>,
    call: SpeechCall,
    tape: Tape,
    told: mpsc::Receiver<(RequestId, ModelNews)>,
    spoken: mpsc::Receiver<Spoken>,
    ear: Box<dyn Listen>,
    messages: Vec<Value>,
    asked: u64,
}

impl Talk {
    fn open(account: Arc<SpeechAccount>) -> Self {
        let pool = Pool::start(PoolPlan::default()).expect("workers");
        let tape = Tape::default();
        let ((out, news), (spoken_out, spoken), (told_out, told)) =
            (mpsc::channel(64), mpsc::channel(256), mpsc::channel(256));
        let engines = Arc::new(VoiceChain::new(vec![Arc::new(Scripted::new(Near::Prompt))]));
        let voice = Voice { language: Language::En, name: String::new(), rate: Rate::Hz8000 };
        let speaker = {
            let (pool, tape) = (pool.clone(), tape.clone());
            move || pool.speaker(1, engines.clone(), voice.clone(), Box::new(tape.clone()), out.clone())
        };
        let near = NearVoice { voice: Box::new(speaker()), go_on: Box::new(speaker), news };
        let call = SpeechCall::open(SpeechCallSetup {
            account,
            rate: Rate::Hz8000,
            near,
            sink: Box::new(tape.clone()),
            spoken: spoken_out,
            told: told_out,
        });
        let messages = vec![json!({ "role": "system", "content": "Be kind." })];
        let ear = call.listen(Box::new(Deaf), true);
        Self { _pool: pool, call, tape, told, spoken, ear, messages, asked: 0 }
    }

    /// The caller speaks for half a second, and their turn ends.
    fn turn(&mut self, words: &str) {
        self.ear.cue(Cue::Begin { at: SamplePos(0) });
        for _ in 0..25 {
            self.ear.cue(Cue::Sound(vec![2_000; 320]));
        }
        self.ear.cue(Cue::Pause { at: SamplePos(24_000) });
        let line = format!("Caller: {}", Value::from(words));
        self.messages.push(json!({ "role": "user", "content": line }));
        self.ask();
    }

    fn ask(&mut self) {
        self.asked += 1;
        let body = json!({ "messages": self.messages });
        let (id, model) = (RequestId(self.asked), "far".to_owned());
        self.call.ask(ModelRequest { id, model, purpose: Purpose::Answer, body });
    }

    async fn news(&mut self) -> ModelNews {
        loop {
            let (id, news) = timeout(LIMIT, self.told.recv()).await.expect("news in time").expect("a task");
            if id.0 == self.asked {
                return news;
            }
        }
    }

    /// The words of an answer to its end, or its fault.
    async fn words(&mut self) -> Result<String, ModelFault> {
        let mut words = String::new();
        loop {
            match self.news().await {
                ModelNews::Text(text) => words.push_str(&text),
                ModelNews::End => return Ok(words),
                ModelNews::Failed(fault) => return Err(fault),
                _ => {}
            }
        }
    }

    fn say(&mut self, number: u64, text: &str) {
        self.call.say(UtteranceId(number), text.into(), true, text.to_owned()).expect("room for a clause");
    }

    /// Waits until a clause is done, and says who began it.
    async fn done(&mut self, number: u64) -> Option<&'static str> {
        let mut by = None;
        loop {
            match timeout(LIMIT, self.spoken.recv()).await.expect("news in time") {
                Some(Spoken::Started { utterance, engine, .. }) if utterance.0 == number => by = Some(engine),
                Some(Spoken::Done { utterance }) if utterance.0 == number => return by,
                Some(Spoken::Failed { utterance, fault }) => panic!("{utterance:?}: {fault}"),
                Some(_) => {}
                None => panic!("the voice is gone"),
            }
        }
    }

    /// Milliseconds of a clause's sound, and how many characters it says.
    fn heard(&self, number: u64) -> (usize, u32) {
        let tape = self.tape.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mine: Vec<&Sound> = tape.iter().filter(|sound| sound.utterance.0 == number).collect();
        let ms = mine.iter().map(|sound| sound.pcm.len()).sum::<usize>() / 8;
        (ms, mine.iter().map(|sound| sound.upto_char).max().unwrap_or(0))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_protocol_hears_the_caller_and_is_heard_clause_by_clause() {
    for protocol in PROTOCOLS {
        let answers = [answer("Good day to you. What can I do for you?", 2_400), answer("Two people, certainly.", 900)];
        let server = SpeechModelServer::start(&answers);
        let account = account(&server, protocol, KEY);
        assert_eq!(probe(&account).await.map(drop), Ok(()), "{protocol:?}");
        let mut talk = Talk::open(account);
        talk.turn("hello");
        assert_eq!(talk.words().await.as_deref(), Ok(answers[0].text), "{protocol:?}");
        talk.say(1, "Good day to you.");
        talk.say(2, "What can I do for you?");
        assert_eq!([talk.done(1).await, talk.done(2).await], [Some("far"); 2], "{protocol:?}");
        let (first, second) = (talk.heard(1), talk.heard(2));
        assert_eq!((first.1, second.1), (16, 22), "{protocol:?}");
        assert!((2_380..=2_450).contains(&(first.0 + second.0)), "{protocol:?}: {first:?} {second:?}");
        talk.messages.push(json!({ "role": "assistant", "content": answers[0].text }));
        talk.turn("two people");
        assert_eq!(talk.words().await.as_deref(), Ok(answers[1].text), "{protocol:?}");
        let hz = if protocol == SpeechProtocol::OpenAiRealtime { 24 } else { 16 };
        let turns = server.turns();
        assert_eq!(turns.len(), 2, "{protocol:?}");
        for (samples, level) in turns {
            assert!((495 * hz..=505 * hz).contains(&samples) && level > 1_500.0, "{protocol:?}: {samples} {level}");
        }
        assert!(server.refused().is_empty(), "{protocol:?}: {:?}", server.refused());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interruption_stops_the_answer_and_tells_how_much_was_heard() {
    for protocol in PROTOCOLS {
        let answers =
            [answer("This is a long answer that nobody wants to hear to its very end.", 6_000), answer("Yes.", 400)];
        let server = SpeechModelServer::start(&answers);
        let mut talk = Talk::open(account(&server, protocol, KEY));
        talk.turn("hello");
        let text = "This is a long answer that nobody wants";
        let mut words = String::new();
        while words.len() < text.len() {
            if let ModelNews::Text(more) = talk.news().await {
                words.push_str(&more);
            }
        }
        talk.say(1, text);
        assert!(becomes(|| talk.heard(1).0 >= 700).await, "{protocol:?}");
        let tape = talk.tape.0.lock().unwrap().clone();
        // Ten pieces of 40 ms were heard.
        let chars = tape[9].upto_char;
        let at = Instant::now();
        let played = |phase| Played { utterance: UtteranceId(1), chars, phase, at };
        talk.call.played(played(Phase::Progress));
        talk.call.hush(UtteranceId(2));
        talk.call.stop(RequestId(1));
        talk.call.played(played(Phase::Cut));
        talk.messages.push(json!({ "role": "assistant", "content": "This is—" }));
        talk.turn("stop");
        assert_eq!(talk.words().await.as_deref(), Ok("Yes."), "{protocol:?}");
        match protocol {
            SpeechProtocol::OpenAiRealtime => {
                assert_eq!(server.got("response.cancel").len(), 1);
                let truncated = server.got("conversation.item.truncate");
                let heard: Vec<u64> = truncated.iter().filter_map(|message| message["audio_end_ms"].as_u64()).collect();
                assert!(matches!(heard[..], [320..=440]), "{heard:?}");
            }
            SpeechProtocol::GeminiLive => {
                assert_eq!(server.got("activityStart").len(), 2, "the second interrupts, and is the next turn's");
                let told = server.got("text");
                let only = "State: the caller has heard of your last answer only this: \"This is\"";
                assert_eq!(told[0]["realtimeInput"]["text"], only);
            }
        }
        assert!(server.refused().is_empty(), "{protocol:?}: {:?}", server.refused());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_it_does_wrong_is_told_at_once_and_the_next_request_finds_a_new_connection() {
    for protocol in PROTOCOLS {
        for (manner, fault) in [
            (Manner::Refuses(401), ModelFault::Status(401)),
            (Manner::Refuses(429), ModelFault::Busy { retry_after: None }),
            (Manner::Breaks(3), ModelFault::Broken),
            (Manner::Errs, ModelFault::Reported),
            (Manner::Garbage, ModelFault::Malformed),
        ] {
            let server = SpeechModelServer::start(&[answer("Good day to you and to all of yours.", 2_000)]);
            server.set(manner);
            let mut talk = Talk::open(account(&server, protocol, KEY));
            talk.turn("hello");
            assert_eq!(talk.words().await, Err(fault), "{protocol:?} {manner:?}");
            server.set(Manner::Good);
            talk.turn("hello again");
            assert_eq!(
                talk.words().await.as_deref(),
                Ok("Good day to you and to all of yours."),
                "{protocol:?} {manner:?}"
            );
            assert!(server.refused().is_empty(), "{protocol:?} {manner:?}: {:?}", server.refused());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn words_whose_sound_does_not_come_are_said_by_the_bot_s_own_voice() {
    for protocol in PROTOCOLS {
        let server = SpeechModelServer::start(&[answer("Good day to you.", 1_200)]);
        server.set(Manner::Mute);
        let mut talk = Talk::open(account(&server, protocol, KEY));
        talk.turn("hello");
        talk.say(1, "One moment, please.");
        assert_eq!(talk.done(1).await, Some("scripted"), "{protocol:?}");
        assert_eq!(talk.words().await.as_deref(), Ok("Good day to you."), "{protocol:?}");
        let began = Instant::now();
        talk.say(2, "Good day to you.");
        assert_eq!(talk.done(2).await, Some("scripted"), "{protocol:?}");
        assert!(began.elapsed() < Duration::from_millis(1_400), "{protocol:?}: {:?}", began.elapsed());
        assert_eq!(talk.heard(2).1, 16);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clause_whose_sound_breaks_off_is_gone_on_with_by_the_bot_s_own_voice() {
    for protocol in PROTOCOLS {
        let server = SpeechModelServer::start(&[answer("Good day to you and to all of yours.", 2_400)]);
        server.set(Manner::Breaks(6));
        let mut talk = Talk::open(account(&server, protocol, KEY));
        talk.turn("hello");
        let mut words = String::new();
        while !words.contains("you ") {
            match talk.news().await {
                ModelNews::Text(more) => words.push_str(&more),
                other => panic!("{protocol:?}: {other:?}"),
            }
        }
        talk.say(1, "Good day to you");
        assert!(matches!(talk.done(1).await, Some("far" | "scripted")), "{protocol:?}");
        let (ms, chars) = talk.heard(1);
        assert_eq!(chars, 15, "{protocol:?}: all of its words");
        assert!(ms > 500, "{protocol:?}: {ms}");
    }
}

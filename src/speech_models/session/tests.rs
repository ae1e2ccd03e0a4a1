//! What a session sends, tells and says, on simulated time.
use super::*;
use crate::speech_models::dialogue::encoded;
use crate::speech_models::openai::OpenAiRealtime;
use media::SamplePos;
use media::tts::{Sound, Unsent};
use serde_json::{Value as Json, json};
use std::sync::{Arc, Mutex};

const TICK: Duration = Duration::from_millis(10);
const HZ: usize = 24_000;

#[derive(Clone, Default)]
struct Tape(Arc<Mutex<Vec<Sound>>>);

impl Sink for Tape {
    fn sound(&mut self, sound: Sound) -> Result<(), Unsent> {
        self.0.lock().unwrap().push(sound);
        Ok(())
    }
}

/// A session whose time passes in steps, and what it gave so far.
struct Bench {
    core: SpeechSession,
    now: Instant,
    tape: Tape,
    connects: usize,
    /// The types of what was sent, and all of it.
    sent: Vec<Json>,
    told: Vec<(u64, ModelNews)>,
    /// Clauses of the bot's own voice.
    near: Vec<String>,
    late: usize,
}

impl Bench {
    fn new() -> Self {
        let (now, tape) = (Instant::now(), Tape::default());
        let make = || Box::new(OpenAiRealtime::new(String::new())) as Box<dyn SpeechDialogue>;
        let setup = SpeechSetup { engine: "far", dialogue: Box::new(make), rate: Rate::Hz8000 };
        let core = SpeechSession::new(now, setup, Box::new(tape.clone()));
        let (sent, told, near) = (Vec::new(), Vec::new(), Vec::new());
        let mut bench = Self { core, now, tape, connects: 0, sent, told, near, late: 0 };
        bench.take(Input::Tick);
        bench
    }

    /// One that the endpoint has accepted.
    fn ready() -> Self {
        let mut bench = Self::new();
        bench.take(Input::Opened);
        assert_eq!(bench.types(), ["session.update"]);
        bench.event(json!({ "type": "session.updated", "session": {} }));
        bench.sent.clear();
        bench
    }

    fn take(&mut self, input: Input) {
        self.core.handle(self.now, input);
        while let Some(output) = self.core.poll() {
            match output {
                Output::Connect => self.connects += 1,
                Output::Close => {}
                Output::Send(Message::Text(text)) => self.sent.push(serde_json::from_str(&text).unwrap()),
                Output::Send(other) => panic!("{other:?}"),
                Output::Told(id, news) => self.told.push((id.0, news)),
                Output::Spoken(_) => {}
                Output::Say { utterance, text, .. } => {
                    self.near.push(text.text);
                    self.core.handle(self.now, Input::Near(Spoken::Done { utterance }));
                }
                Output::GoOn(clause) => {
                    let rest: String = clause.text.chars().skip(clause.said as usize).collect();
                    self.near.push(format!("…{rest}"));
                }
                Output::SoundLate => self.late += 1,
            }
        }
    }

    fn pass(&mut self, ms: u64) {
        let end = self.now + Duration::from_millis(ms);
        while self.now < end {
            self.now += TICK;
            if self.core.deadline(self.now).is_some_and(|at| at <= self.now) {
                self.take(Input::Tick);
            }
        }
    }

    fn event(&mut self, event: Json) {
        self.take(Input::Received(Received::Text(event.to_string())));
    }

    fn types(&self) -> Vec<&str> {
        self.sent.iter().map(|sent| sent["type"].as_str().unwrap()).collect()
    }

    /// The caller speaks so long.
    fn speak(&mut self, ms: usize) {
        self.take(Input::Cue(Cue::Begin { at: SamplePos(0) }));
        for _ in 0..ms / 20 {
            self.take(Input::Cue(Cue::Sound(vec![900; 320])));
        }
        self.take(Input::Cue(Cue::Pause { at: SamplePos(0) }));
    }

    fn ask(&mut self, id: u64, messages: Json) {
        let body = json!({ "messages": messages });
        let (id, model) = (RequestId(id), "far".to_owned());
        self.take(Input::Ask(ModelRequest { id, model, purpose: Purpose::Answer, body }));
    }

    fn created(&mut self, id: &str) {
        self.event(json!({ "type": "response.created", "response": { "id": id } }));
    }

    fn words(&mut self, id: &str, text: &str) {
        let kind = "response.output_audio_transcript.delta";
        self.event(json!({ "type": kind, "response_id": id, "item_id": "item_1", "delta": text }));
    }

    fn sound(&mut self, id: &str, ms: usize) {
        let audio = encoded(&vec![4_000; HZ / 1_000 * ms]);
        let kind = "response.output_audio.delta";
        self.event(json!({ "type": kind, "response_id": id, "item_id": "item_1", "delta": audio }));
    }

    fn done(&mut self, id: &str) {
        self.event(json!({ "type": "response.done", "response": { "id": id, "status": "completed" } }));
    }

    fn say(&mut self, number: u64, text: &str) {
        let (utterance, written) = (UtteranceId(number), text.to_owned());
        self.take(Input::Say { utterance, text: text.into(), interruptible: true, written });
    }

    /// Milliseconds of a clause's sound, its last mark, and whether it has ended.
    fn heard(&self, number: u64) -> (usize, u32, bool) {
        let tape = self.tape.0.lock().unwrap();
        let mine: Vec<&Sound> = tape.iter().filter(|sound| sound.utterance.0 == number).collect();
        let ms = mine.iter().map(|sound| sound.pcm.len()).sum::<usize>() / 8;
        (ms, mine.iter().map(|sound| sound.upto_char).max().unwrap_or(0), mine.iter().any(|sound| sound.last))
    }
}

fn hello() -> Json {
    json!([{ "role": "system", "content": "Be kind." }, { "role": "user", "content": "Caller: \"hello\"" }])
}

#[test]
fn the_caller_s_sound_is_sent_while_they_speak_and_the_answer_is_asked_for_when_their_turn_is_over() {
    let mut bench = Bench::new();
    bench.take(Input::Turn { hears: true });
    bench.speak(400);
    assert!(bench.sent.is_empty(), "it is not open yet");
    bench.take(Input::Opened);
    bench.event(json!({ "type": "session.updated", "session": {} }));
    assert_eq!(bench.types(), ["session.update", "input_audio_buffer.append"], "what was kept");
    bench.speak(200);
    assert_eq!(bench.types()[2..], ["input_audio_buffer.append"; 2]);
    bench.sent.clear();
    bench.ask(1, hello());
    let expected = ["session.update", "input_audio_buffer.append", "input_audio_buffer.commit", "response.create"];
    assert_eq!(bench.types(), expected, "the instructions are known by now; the rest of the resampled sound");
    assert_eq!(bench.sent[0]["session"]["instructions"], "Be kind.");
}

#[test]
fn each_clause_of_the_answer_is_its_own_sound_and_any_other_is_the_bot_s_own_voice() {
    let mut bench = Bench::ready();
    bench.ask(1, hello());
    bench.created("r1");
    bench.say(5, "One moment, please.");
    assert_eq!(bench.near, ["One moment, please."]);
    bench.words("r1", "Good day to you. ");
    bench.sound("r1", 1_000);
    bench.words("r1", "What can I do for you?");
    bench.say(6, "Good day to you.");
    bench.sound("r1", 1_600);
    bench.done("r1");
    bench.say(7, "What can I do for you?");
    bench.pass(100);
    assert_eq!(bench.told.last(), Some(&(1, ModelNews::End)));
    assert_eq!(bench.near.len(), 1);
    let (first, second) = (bench.heard(6), bench.heard(7));
    assert_eq!((first.1, first.2, second.1, second.2), (16, true, 22, true));
    assert!((2_560..=2_640).contains(&(first.0 + second.0)), "all of the sound, once: {first:?} {second:?}");
    // 12 of 28 letters.
    assert!((800..=1_420).contains(&first.0), "{first:?}");
}

#[test]
fn an_interruption_cancels_the_answer_and_tells_how_much_of_it_was_heard() {
    let mut bench = Bench::ready();
    bench.take(Input::Turn { hears: true });
    bench.ask(1, hello());
    bench.created("r1");
    bench.words("r1", "Good day to you, my dear friend");
    bench.say(6, "Good day to you, my dear friend");
    bench.sound("r1", 1_000);
    let played = |chars, phase| Input::Played(Played { utterance: UtteranceId(6), chars, phase, at: Instant::now() });
    let marks: Vec<u32> = bench.tape.0.lock().unwrap().iter().map(|sound| sound.upto_char).collect();
    // Ten pieces of 40 ms.
    bench.take(played(marks[9], Phase::Progress));
    bench.sent.clear();
    bench.speak(300);
    bench.take(Input::Hush(UtteranceId(7)));
    bench.take(Input::Stop(RequestId(1)));
    bench.take(played(marks[9], Phase::Cut));
    let control: Vec<&Json> = bench.sent.iter().filter(|sent| sent["type"] != "input_audio_buffer.append").collect();
    let expected = [
        json!({ "type": "response.cancel" }),
        json!({ "type": "conversation.item.truncate", "item_id": "item_1", "content_index": 0, "audio_end_ms": 400 }),
    ];
    assert_eq!(control.into_iter().cloned().collect::<Vec<_>>(), expected);
    // The next answer waits for the end of the one that was stopped.
    bench.sent.clear();
    let said = "Good day to—";
    let messages = json!([
        { "role": "system", "content": "Be kind." }, { "role": "user", "content": "Caller: \"hello\"" },
        { "role": "assistant", "content": said }, { "role": "user", "content": "Caller: \"stop\"" }
    ]);
    bench.ask(2, messages);
    assert!(bench.sent.is_empty());
    bench.event(json!({ "type": "response.done", "response": { "id": "r1", "status": "cancelled" } }));
    assert_eq!(bench.types(), ["input_audio_buffer.append", "input_audio_buffer.commit", "response.create"]);
    assert!(bench.told.iter().all(|(_, news)| matches!(news, ModelNews::Text(_))), "nothing failed: {:?}", bench.told);
}

#[test]
fn where_the_first_sound_does_not_come_the_bot_s_own_voice_says_the_words() {
    let mut bench = Bench::ready();
    bench.ask(1, hello());
    bench.created("r1");
    bench.words("r1", "Good day to you. ");
    bench.say(6, "Good day to you.");
    bench.pass(850);
    assert!(bench.near.is_empty());
    bench.pass(100);
    assert_eq!((bench.near.as_slice(), bench.late), (["…Good day to you.".to_owned()].as_slice(), 1));
    bench.take(Input::Near(Spoken::Done { utterance: UtteranceId(6) }));
    // Its sound would come too late.
    bench.sound("r1", 500);
    bench.words("r1", "Bye.");
    bench.say(7, "Bye.");
    assert_eq!(bench.near[1], "Bye.");
    assert!(bench.tape.0.lock().unwrap().is_empty());
}

#[test]
fn a_connection_that_breaks_in_the_midst_of_an_answer_leaves_the_rest_to_others_and_the_next_is_told_all() {
    let mut bench = Bench::ready();
    bench.ask(1, hello());
    bench.created("r1");
    bench.words("r1", "Good day to you and yours. ");
    bench.sound("r1", 800);
    bench.say(6, "Good day to you and yours.");
    bench.take(Input::Failed(RemoteFault::Closed));
    assert_eq!(bench.told.last(), Some(&(1, ModelNews::Failed(ModelFault::Broken))));
    assert_eq!(bench.near.len(), 1, "{:?}", bench.near);
    assert!(bench.near[0].starts_with('…') && bench.near[0].ends_with("yours.") && bench.near[0].len() < 27);
    assert_eq!(bench.connects, 1);
    bench.sent.clear();
    let messages = json!([
        { "role": "system", "content": "Be kind." }, { "role": "user", "content": "Caller: \"hello\"" },
        { "role": "assistant", "content": "Good day to you and yours." },
        { "role": "user", "content": "Caller: \"two people\"" }
    ]);
    bench.ask(2, messages);
    assert_eq!(bench.connects, 2);
    bench.take(Input::Opened);
    bench.event(json!({ "type": "session.updated", "session": {} }));
    let expected = ["session.update"].into_iter().chain(["conversation.item.create"; 3]).chain(["response.create"]);
    assert_eq!(bench.types(), expected.collect::<Vec<_>>());
    assert_eq!(bench.sent[2]["item"]["content"][0]["text"], "Good day to you and yours.");
    assert_eq!(bench.sent[3]["item"]["content"][0]["text"], "two people");
}

#[test]
fn an_endpoint_that_refuses_or_does_not_open_fails_the_request_at_once() {
    for (input, fault) in [
        (Some(Input::Failed(RemoteFault::Refused(401))), ModelFault::Status(401)),
        (Some(Input::Failed(RemoteFault::Refused(429))), ModelFault::Busy { retry_after: None }),
        (None, ModelFault::Late),
    ] {
        let mut bench = Bench::new();
        bench.ask(1, hello());
        input.into_iter().for_each(|input| bench.take(input));
        bench.pass(3_100);
        assert_eq!(bench.told, [(1, ModelNews::Failed(fault))]);
        bench.take(Input::Cue(Cue::Begin { at: SamplePos(0) }));
        assert_eq!(bench.connects, 1, "it is asked again when something is wanted of it");
        bench.ask(2, hello());
        assert_eq!(bench.connects, 2);
    }
}

#[test]
fn a_connection_that_closes_while_nothing_is_asked_is_opened_again_when_the_caller_speaks() {
    let mut bench = Bench::ready();
    bench.take(Input::Failed(RemoteFault::Closed));
    assert_eq!((bench.connects, bench.told.len()), (1, 0));
    bench.take(Input::Turn { hears: true });
    bench.speak(100);
    assert_eq!(bench.connects, 2);
}

#[test]
fn sound_of_no_turn_is_forgotten_and_what_may_not_be_told_is_not() {
    let mut bench = Bench::ready();
    bench.take(Input::Turn { hears: true });
    bench.speak(200);
    bench.take(Input::Turn { hears: false });
    bench.speak(200);
    bench.ask(1, hello());
    let expected = [
        "input_audio_buffer.append",
        "input_audio_buffer.append",
        "input_audio_buffer.clear",
        "session.update",
        "conversation.item.create",
        "response.create",
    ];
    assert_eq!(bench.types(), expected);
    assert_eq!(bench.sent[4]["item"]["content"][0], json!({ "type": "input_text", "text": "hello" }));
}

#[test]
fn a_summary_is_not_asked_for_and_its_end_is_told() {
    let mut bench = Bench::ready();
    let (id, model) = (RequestId(3), "far".to_owned());
    bench.take(Input::Ask(ModelRequest { id, model, purpose: Purpose::Summary, body: json!({}) }));
    assert_eq!((bench.told, bench.sent.len()), (vec![(3, ModelNews::End)], 0));
}

#[test]
fn an_endpoint_that_does_not_end_a_stopped_answer_is_connected_to_anew() {
    let mut bench = Bench::ready();
    bench.ask(1, hello());
    bench.created("r1");
    bench.take(Input::Stop(RequestId(1)));
    bench.ask(2, hello());
    bench.pass(1_990);
    assert_eq!(bench.connects, 1);
    bench.pass(20);
    assert_eq!(bench.connects, 2);
    bench.sent.clear();
    bench.take(Input::Opened);
    bench.event(json!({ "type": "session.updated", "session": {} }));
    assert_eq!(bench.types(), ["session.update", "conversation.item.create", "response.create"]);
    assert!(bench.told.is_empty());
}

#[test]
fn a_clause_whose_sound_was_shorter_than_supposed_is_heard_to_its_end() {
    let mut bench = Bench::ready();
    bench.ask(1, hello());
    bench.created("r1");
    bench.words("r1", "Good day to you. What can I do for you?");
    bench.say(6, "Good day to you.");
    // 960 ms are supposed to be the first clause's, and 514 are.
    bench.sound("r1", 1_200);
    bench.done("r1");
    bench.say(7, "What can I do for you?");
    let (first, second) = (bench.heard(6), bench.heard(7));
    assert_eq!((first.1, first.2, second.1, second.2), (16, true, 22, true), "{first:?} {second:?}");
    assert!(bench.near.is_empty() && (1_180..=1_260).contains(&(first.0 + second.0)), "{first:?} {second:?}");
}

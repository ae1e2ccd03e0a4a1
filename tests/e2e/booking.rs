//! Whole calls by voice: what was said, understood, answered and kept.
use crate::baresip;
use crate::peer::Peer;
use crate::server::Server;
use crate::sound::Sound;
use crate::speech::{CALLER, Timeline, clip, say};
use crate::testbed::{beside_others, seconds, shared};
use media::Language;
use serde_json::{Value, json};
use std::process::Stdio;
use std::time::Duration;
use switchboard::config::{Acoustic, Spelling};

/// The six turns of the errand, then the confirmation.
const WORDS: [&str; 7] =
    ["book a room", "mountain view", "today", "two thirty p m", "half an hour", "two people", "yes"];

/// When each of them is said: the greeting takes ten seconds, a question two, the read-back seven.
const TIMES: [usize; 7] = [12_500, 18_500, 24_500, 30_500, 36_500, 42_500, 54_000];

/// Says the clips in turn over baresip; the bot hangs up before the timeline is over.
async fn book(server: &Server, clips: &[Sound; 7]) -> (Value, Sound) {
    let timeline = TIMES.iter().zip(clips).fold(Timeline::new(80_000), |timeline, (at, clip)| timeline.lay(*at, clip));
    let heard = baresip::call(&format!("sip:booking@{}", server.sip), &timeline).finish().await;
    let call = server.ended(1).await.swap_remove(0);
    (call, heard.sound)
}

fn turns<'a>(call: &'a Value, speaker: &str) -> Vec<&'a Value> {
    call["turns"].as_array().expect("turns").iter().filter(|turn| turn["speaker"] == speaker).collect()
}

fn texts<'a>(call: &'a Value, speaker: &str) -> Vec<&'a str> {
    turns(call, speaker).into_iter().map(|turn| turn["text"].as_str().expect("a text")).collect()
}

/// A conversation in short, for a test that failed.
fn talk(call: &Value) -> String {
    let line = |turn: &Value| {
        format!("{:>6} {} {} [{}]", turn["started_ms"], turn["speaker"], turn["text"], turn["heard"] == turn["text"])
    };
    let lines: Vec<String> = call["turns"].as_array().expect("turns").iter().map(line).collect();
    format!("{}\nslots {}\nend {}", lines.join("\n"), call["slots"], call["end"])
}

#[track_caller]
fn is_booked(call: &Value, today: jiff::civil::Date) {
    let slots = json!({
        "place": "mountain view", "date": today.to_string(), "time": "14:30", "duration": "PT30M", "people": 2
    });
    assert_eq!(call["slots"], slots, "{}", talk(call));
    assert_eq!(call["end"]["blame"], "nobody", "{}", talk(call));
    assert_eq!(texts(call, "caller"), WORDS, "{}", talk(call));
    assert_eq!(call["state"], "ended");
}

/// Every answer's delay adds up, and none is beyond what a busy machine excuses (`make bench` measures how short they are).
#[track_caller]
fn latencies_add_up(call: &Value) {
    let all = call["latency"].as_array().expect("a list");
    assert_eq!(all.len(), WORDS.len(), "{all:#?}");
    for latency in all {
        let of = |part: &str| latency[part].as_u64().unwrap_or_else(|| panic!("{part} in {latency}"));
        let sum: u64 = ["endpoint_ms", "recognise_ms", "think_ms", "synthesise_ms", "playout_ms"].map(of).iter().sum();
        assert_eq!(sum, of("total_ms"), "{latency}");
        assert!((100..6000).contains(&sum), "{latency}");
        let turn = &call["turns"][of("turn") as usize];
        assert_eq!(turn["speaker"], "caller", "latency names the turn it answers: {latency}");
    }
}

/// Silences have a kind, lie within the call, and do not overlap.
#[track_caller]
fn silences_are_typed(call: &Value) {
    let silences = call["silences"].as_array().expect("a list");
    let mut last = 0;
    for silence in silences {
        let kind = silence["kind"].as_str().expect("a kind");
        assert!(["caller_thinking", "bot_working", "dead_air", "muted_or_held", "no_rtp"].contains(&kind), "{kind}");
        let (from, to) = (silence["started_ms"].as_u64().expect("ms"), silence["ended_ms"].as_u64().expect("ms"));
        assert!(from < to && from >= last, "{silences:#?}");
        last = to;
    }
    let count = |kind: &str| silences.iter().filter(|silence| silence["kind"] == kind).count();
    assert!(count("caller_thinking") >= 5, "the caller waits before most answers: {silences:#?}");
    assert!(count("bot_working") >= 5, "the bot takes a moment for most answers: {silences:#?}");
    assert_eq!((count("no_rtp"), count("muted_or_held")), (0, 0), "{silences:#?}");
}

/// The recording has both sides, and lasts as long as the call.
async fn is_recorded(server: &Server, call: &Value, clips: &[Sound; 7]) {
    let wav = server.recording(call["id"].as_str().expect("an id")).await;
    let file = server.dir.join("recording.wav");
    std::fs::write(&file, wav).expect("written");
    let sides = Sound::channels(&file);
    assert_eq!(sides.len(), 2, "caller left, bot right");
    let at = |field: &str| call[field].as_str().expect("a time").parse::<jiff::Timestamp>().expect("a time");
    let lasted = (at("ended_at") - at("answered_at")).total(jiff::Unit::Millisecond).expect("ms") as i64;
    let recorded = sides[0].ms() as i64;
    assert!((recorded - lasted).abs() < 500, "the call lasted {lasted} ms, {recorded} ms are recorded");
    let said: usize = clips.iter().map(Sound::ms).sum();
    let loud = |side: &Sound| side.spans(-45.0, 300).iter().map(|span| span.length()).sum::<usize>();
    assert!(loud(&sides[0]).abs_diff(said) < 1500, "{said} ms were said, {} recorded", loud(&sides[0]));
    assert!(loud(&sides[1]) > 20_000, "the bot is on the right: {}", loud(&sides[1]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_is_booked_by_voice() {
    let _machine = beside_others().await;
    let server = Server::start("booking").await;
    let clips = WORDS.map(|words| say(CALLER, words));
    let today = jiff::Zoned::now().date();
    let (call, heard) = book(&server, &clips).await;
    is_booked(&call, today);
    assert_eq!(
        (&call["direction"], &call["via"], &call["bot"]),
        (&json!("inbound"), &json!("open"), &json!("booking.en"))
    );
    assert_eq!(call["language"], "en");
    assert!(call["from"].as_str().expect("a party").contains("441632960123"), "{}", call["from"]);
    assert!(
        turns(&call, "bot").iter().all(|turn| turn["text"] == turn["heard"] && turn["interrupted"] == false),
        "{}",
        talk(&call)
    );
    assert!(
        turns(&call, "caller").iter().all(|turn| turn["confidence"].as_f64().is_some_and(|c| (0.0..=1.0).contains(&c)))
    );
    latencies_add_up(&call);
    silences_are_typed(&call);
    is_recorded(&server, &call, &clips).await;
    let spoken: usize = heard.spans(-45.0, 300).iter().map(|span| span.length()).sum();
    assert!(spoken > 20_000, "the phone heard the bot for {spoken} ms");
}

#[tokio::test(flavor = "multi_thread")]
async fn people_book_a_room_by_voice() {
    let names = ["df_book_a_room", "df_mountain_view", "df_today", "df_230pm", "df_half_an_hour", "df_two_people"];
    let Some(dir) = shared("speech/en") else { return };
    let _machine = beside_others().await;
    let server = Server::start("people").await;
    let mut clips: Vec<Sound> = names.iter().map(|name| clip(&dir.join(format!("{name}.wav")))).collect();
    clips.push(say(CALLER, "yes"));
    let today = jiff::Zoned::now().date();
    let (call, _) = book(&server, &clips.try_into().unwrap_or_else(|_| panic!("seven clips"))).await;
    is_booked(&call, today);
    latencies_add_up(&call);
}

/// Says `words` once the bot has finished, and waits for the whole answer.
async fn tells(peer: &Peer, words: &str) {
    let clip = say(CALLER, words);
    let began = peer.say(&clip).await;
    peer.hears_out(began + Duration::from_millis(clip.ms() as u64), seconds(40)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_sentence_fills_several_slots() {
    let _machine = beside_others().await;
    let server = Server::start("several").await;
    let peer = Peer::call(server.sip, "booking").await.expect("answered");
    peer.hears_out(peer.answered, seconds(20)).await;
    tells(&peer, "book a room today for two people").await;
    let call = server.call().await;
    assert_eq!(call["slots"], json!({ "date": jiff::Zoned::now().date().to_string(), "people": 2 }), "{}", talk(&call));
    assert!(texts(&call, "bot").last().expect("a question").contains("In which city"), "{}", talk(&call));
    peer.hang_up().await;
    let call = server.ended(1).await.swap_remove(0);
    assert_eq!((&call["end"]["blame"], &call["end"]["reason"]), (&json!("caller"), &json!("hung up")));
}

#[tokio::test(flavor = "multi_thread")]
async fn words_that_were_not_asked_for_fill_nothing_and_are_asked_about() {
    let _machine = beside_others().await;
    let server = Server::start("foreign-words").await;
    let peer = Peer::call(server.sip, "booking").await.expect("answered");
    peer.hears_out(peer.answered, seconds(20)).await;
    tells(&peer, "book a room").await;
    for words in ["my grandmother keeps seven green parrots", "please describe the weather over scotland"] {
        tells(&peer, words).await;
        let call = server.call().await;
        assert_eq!(call["slots"], json!({}), "{}", talk(&call));
    }
    tells(&peer, "mountain view").await;
    let call = server.call().await;
    assert_eq!(call["slots"], json!({ "place": "mountain view" }), "{}", talk(&call));
    let asked = texts(&call, "bot");
    let again =
        asked.iter().filter(|text| text.contains("Please say a city") || text.contains("In which city")).count();
    assert!(again >= 3, "the question comes again after each: {}", talk(&call));
    peer.hang_up().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_is_found_in_vietnamese() {
    let (Some(model), Some(clips)) = (shared("models/vi-places"), shared("speech/vi")) else { return };
    let _machine = beside_others().await;
    let server = Server::with("vietnamese", |config| {
        let dictionary = Some(model.join("places.dict"));
        config.speech.pocketsphinx[Language::Vi] = Acoustic {
            model: Some(model),
            dictionary,
            spelling: Spelling::Telex,
            rate_hz: 8000,
            ..Acoustic::default()
        };
    })
    .await;
    let peer = Peer::call(server.sip, "places").await.expect("answered");
    peer.hears_out(peer.answered, seconds(40)).await;
    for name in ["KHASCHSAJN001", "DDUSNG0001"] {
        let clip = clip(&clips.join(format!("{name}.wav")));
        let began = peer.say(&clip).await;
        peer.hears_out(began, seconds(30)).await;
    }
    let call = server.ended(1).await.swap_remove(0);
    assert_eq!(call["slots"], json!({ "place": "khách sạn" }), "{}", talk(&call));
    assert_eq!(texts(&call, "caller"), ["khách sạn", "đúng"], "{}", talk(&call));
    assert_eq!((&call["end"]["blame"], &call["language"]), (&json!("nobody"), &json!("vi")), "{}", talk(&call));
}

/// A newcomer's first call: what `make call` says unless it is told otherwise.
#[tokio::test(flavor = "multi_thread")]
async fn the_call_of_make_call_books_a_room() {
    let _machine = beside_others().await;
    let makefile = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/Makefile")).expect("the Makefile");
    let says = makefile.lines().find_map(|line| line.strip_prefix("SAY ?= ")).expect("what is said");
    let says: Vec<&str> = says.split("--say ").skip(1).map(|words| words.trim().trim_matches('"')).collect();
    let voice = makefile.lines().find_map(|line| line.strip_prefix("VOICE ?= ")).expect("a voice");
    let server = Server::start("make-call").await;
    let mut call = tokio::process::Command::new(env!("CARGO_BIN_EXE_switchboard"));
    call.args(["call", &format!("sip:booking@{}", server.sip), "--voice", voice, "--timeout", "90"]);
    call.args(says.iter().flat_map(|words| ["--say", *words])).stdin(Stdio::null());
    let output = call.output().await.expect("the softphone runs");
    let text = String::from_utf8_lossy(&output.stdout);
    let call = server.ended(1).await.swap_remove(0);
    assert_eq!(texts(&call, "caller"), says, "{text}\n{}", talk(&call));
    assert_eq!(call["slots"]["people"], 2, "{text}\n{}", talk(&call));
    assert!(text.contains("ended by the bot"), "{text}");
}

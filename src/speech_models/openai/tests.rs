//! The messages of OpenAI's Realtime API, as they are sent and read.
use super::*;
use crate::speech_models::dialogue::Tool;

fn event(value: &Json) -> Received {
    Received::Text(value.to_string())
}

fn kinds(messages: &[Message]) -> Vec<String> {
    let kind = |message: &Message| {
        let Message::Text(text) = message else { panic!("{message:?}") };
        let sent: Json = serde_json::from_str(text).unwrap();
        sent["type"].as_str().unwrap().to_owned()
    };
    messages.iter().map(kind).collect()
}

fn sent(message: &Message) -> Json {
    let Message::Text(text) = message else { panic!("{message:?}") };
    serde_json::from_str(text).unwrap()
}

fn take(dialogue: &mut OpenAiRealtime, frames: &[Json]) -> Vec<News> {
    frames.iter().flat_map(|frame| dialogue.received(&event(frame)).unwrap()).collect()
}

fn ready() -> OpenAiRealtime {
    let mut dialogue = OpenAiRealtime::new("marin".into());
    let setup = Setup {
        instructions: "Be kind.".into(),
        tools: vec![Tool {
            name: "book".into(),
            description: "Books.".into(),
            parameters: object!({ "type": "object" }),
        }],
    };
    let [opening] = &dialogue.opening(&setup)[..] else { panic!() };
    let session = &sent(opening)["session"];
    assert_eq!(session["type"], "realtime");
    assert_eq!(session["output_modalities"], object!(["audio"]));
    assert_eq!(session["audio"]["input"]["turn_detection"], Json::Null);
    assert!(session["audio"]["input"].as_object().unwrap().contains_key("turn_detection"), "null turns it off");
    assert_eq!(session["audio"]["input"]["format"], object!({ "type": "audio/pcm", "rate": 24_000 }));
    assert_eq!(session["audio"]["output"]["voice"], "marin");
    assert_eq!(session["tools"][0]["name"], "book");
    let created = object!({ "type": "session.created", "event_id": "event_1", "session": { "type": "realtime" } });
    let updated = object!({ "type": "session.updated", "event_id": "event_2", "session": { "type": "realtime" } });
    assert_eq!(take(&mut dialogue, &[created, updated.clone(), updated]), [News::Ready]);
    dialogue
}

fn created(id: &str) -> Json {
    object!({ "type": "response.created", "response": { "id": id, "status": "in_progress" } })
}

fn done(id: &str, status: &str) -> Json {
    object!({ "type": "response.done", "response": { "id": id, "status": status, "output": [] } })
}

/// The frames of an answer, in the words of the general release or of the beta.
fn answer(id: &str, [audio, words]: [&str; 2]) -> Vec<Json> {
    let of = |kind: &str, delta: &str| {
        object!({
            "type": kind, "response_id": id, "item_id": "item_9", "output_index": 0, "content_index": 0, "delta": delta
        })
    };
    vec![
        created(id),
        object!({ "type": "response.output_item.added", "response_id": id, "item": { "id": "item_9", "type": "message" } }),
        of(words, "Good "),
        of(audio, &encoded(&[1, -2, 300])),
        of(words, "day."),
        object!({ "type": "response.output_audio.done", "response_id": id, "item_id": "item_9" }),
        done(id, "completed"),
        object!({ "type": "rate_limits.updated", "rate_limits": [] }),
    ]
}

#[test]
fn answers_are_read_in_the_words_of_both_releases() {
    for words in [
        ["response.output_audio.delta", "response.output_audio_transcript.delta"],
        ["response.audio.delta", "response.audio_transcript.delta"],
    ] {
        let mut dialogue = ready();
        let messages = dialogue.answer(&[Item::Caller("hello".into())]);
        assert_eq!(kinds(&messages), ["conversation.item.create", "response.create"]);
        assert!(dialogue.is_busy());
        let news = take(&mut dialogue, &answer("resp_1", words));
        let sound = News::Sound { item: "item_9".into(), pcm: vec![1, -2, 300] };
        assert_eq!(news, [News::Text("Good ".into()), sound, News::Text("day.".into()), News::End]);
        assert!(!dialogue.is_busy());
    }
}

#[test]
fn a_turn_is_its_sound_and_what_is_new_around_it_in_order() {
    let mut dialogue = ready();
    let pieces: Vec<Message> = (0..10).flat_map(|_| dialogue.sound(&[500; 320])).collect();
    let messages = dialogue.answer(&[
        Item::Bot("Welcome.".into()),
        Item::Sound,
        Item::Context("State: open".into()),
        Item::Output { id: "call_1".into(), name: "book".into(), output: "{\"ok\":true}".into() },
    ]);
    let kinds = kinds(&messages);
    assert_eq!(
        kinds,
        [
            "conversation.item.create",
            "input_audio_buffer.append",
            "input_audio_buffer.commit",
            "conversation.item.create",
            "conversation.item.create",
            "response.create"
        ]
    );
    let appended = pieces.iter().chain(&messages[1..2]).map(|message| decoded(&sent(message)["audio"]).unwrap().len());
    let samples = appended.sum::<usize>();
    assert!((4_790..=4_900).contains(&samples), "200 ms at 24 kHz: {samples}");
    let item = |at: usize| sent(&messages[at])["item"].clone();
    assert_eq!(item(0)["content"][0], object!({ "type": "output_text", "text": "Welcome." }));
    assert_eq!(item(3)["role"], "system");
    assert_eq!(item(4), object!({ "type": "function_call_output", "call_id": "call_1", "output": "{\"ok\":true}" }));
    assert_eq!(sent(&messages[5])["event_id"], "answer-1");
    assert!(dialogue.forget_sound().is_empty(), "it was committed");
    dialogue.sound(&[500; 320]);
    assert_eq!(super::tests::kinds(&dialogue.forget_sound()), ["input_audio_buffer.clear"]);
}

#[test]
fn a_call_of_a_tool_is_told_whole() {
    let mut dialogue = ready();
    dialogue.answer(&[]);
    let item = object!({
        "id": "item_4", "type": "function_call", "status": "completed", "call_id": "call_7", "name": "book",
        "arguments": "{\"people\":2}"
    });
    let news = take(
        &mut dialogue,
        &[
            created("resp_1"),
            object!({ "type": "response.function_call_arguments.delta", "response_id": "resp_1", "delta": "{\"pe" }),
            object!({ "type": "response.output_item.done", "response_id": "resp_1", "item": item }),
            done("resp_1", "completed"),
        ],
    );
    let part = ToolPart {
        index: Some(0),
        id: Some("call_7".into()),
        name: Some("book".into()),
        arguments: "{\"people\":2}".into(),
    };
    assert_eq!(news, [News::Tool(part), News::End]);
}

#[test]
fn what_still_comes_of_a_stopped_answer_is_dropped_and_the_next_waits_for_its_end() {
    let words = ["response.output_audio.delta", "response.output_audio_transcript.delta"];
    let mut dialogue = ready();
    dialogue.answer(&[]);
    let frames = answer("resp_1", words);
    assert_eq!(take(&mut dialogue, &frames[..3]), [News::Text("Good ".into())]);
    assert_eq!(kinds(&dialogue.stop()), ["response.cancel"]);
    assert!(dialogue.stop().is_empty(), "once");
    assert!(take(&mut dialogue, &frames[3..5]).is_empty() && dialogue.is_busy());
    assert!(take(&mut dialogue, &[done("resp_1", "cancelled")]).is_empty() && !dialogue.is_busy());
    let truncated = sent(&dialogue.heard("item_9", 420).unwrap());
    let expected = object!({
        "type": "conversation.item.truncate", "item_id": "item_9", "content_index": 0, "audio_end_ms": 420
    });
    assert_eq!(truncated, expected);
    dialogue.answer(&[]);
    assert_eq!(take(&mut dialogue, &answer("resp_2", words)).last(), Some(&News::End));
}

#[test]
fn faults_are_told_of_the_answer_that_they_belong_to() {
    let failed = |code: &str| {
        object!({
            "type": "response.done",
            "response": { "id": "resp_1", "status": "failed", "status_details": { "type": "failed", "error": { "code": code } } }
        })
    };
    let error = |kind: &str, code: &str, about: Option<&str>| object!({ "type": "error", "error": { "type": kind, "code": code, "message": "…", "event_id": about } });
    let cases = [
        (failed("rate_limit_exceeded"), Some(ModelFault::Busy { retry_after: None })),
        (failed("server_error"), Some(ModelFault::Reported)),
        (error("server_error", "", None), Some(ModelFault::Reported)),
        (error("invalid_request_error", "x", Some("answer-1")), Some(ModelFault::Reported)),
        (error("invalid_request_error", "response_cancel_not_active", None), None),
        (error("invalid_request_error", "x", Some("answer-0")), None),
        (done("resp_other", "cancelled"), None),
    ];
    for (frame, fault) in cases {
        let mut dialogue = ready();
        dialogue.answer(&[]);
        if frame["type"] == "response.done" {
            take(&mut dialogue, &[created("resp_1")]);
        }
        let expected: Vec<News> = fault.map(News::Failed).into_iter().collect();
        assert_eq!(take(&mut dialogue, std::slice::from_ref(&frame)), expected, "{frame}");
    }
    let mut dialogue = OpenAiRealtime::new(String::new());
    let refused = error("invalid_request_error", "invalid_value", None);
    assert_eq!(dialogue.received(&event(&refused)), Err(RemoteFault::Reported), "it is not ready");
    for garbage in ["{\"oops", "[]", "{\"type\": 3}"] {
        assert_eq!(dialogue.received(&Received::Text(garbage.into())), Err(RemoteFault::Garbled), "{garbage}");
    }
}

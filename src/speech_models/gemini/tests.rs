//! The messages of Gemini Live, as they are sent and read.
use super::*;
use crate::speech_models::dialogue::Tool;

fn sent(messages: &[Message]) -> Vec<Json> {
    let read = |message: &Message| {
        let Message::Text(text) = message else { panic!("{message:?}") };
        serde_json::from_str(text).unwrap()
    };
    messages.iter().map(read).collect()
}

/// The service sends its JSON as bytes.
fn take(dialogue: &mut GeminiLive, frames: &[Json]) -> Vec<News> {
    let event = |frame: &Json| Received::Binary(frame.to_string().into_bytes().into());
    frames.iter().flat_map(|frame| dialogue.received(&event(frame)).unwrap()).collect()
}

fn content(content: Json) -> Json {
    object!({ "serverContent": content })
}

fn sound(pcm: &[i16]) -> Json {
    content(object!({
        "modelTurn": { "parts": [{ "inlineData": { "mimeType": "audio/pcm;rate=24000", "data": encoded(pcm) } }] }
    }))
}

fn words(text: &str) -> Json {
    content(object!({ "outputTranscription": { "text": text } }))
}

fn live() -> GeminiLive {
    GeminiLive::new("gemini-live".into(), "Kore".into())
}

#[test]
fn it_is_set_up_without_a_detection_of_its_own() {
    let tool = Tool { name: "book".into(), description: "Books.".into(), parameters: object!({ "type": "object" }) };
    let setup = Setup { instructions: "Be kind.".into(), tools: vec![tool] };
    let mut dialogue = live();
    let [opening] = &sent(&dialogue.opening(&setup))[..] else { panic!() };
    let setup = &opening["setup"];
    assert_eq!(setup["model"], "models/gemini-live");
    assert_eq!(setup["generationConfig"]["responseModalities"], object!(["AUDIO"]));
    let voice = &setup["generationConfig"]["speechConfig"]["voiceConfig"]["prebuiltVoiceConfig"]["voiceName"];
    assert_eq!(voice, "Kore");
    assert_eq!(setup["realtimeInputConfig"]["automaticActivityDetection"]["disabled"], true);
    assert_eq!(setup["outputAudioTranscription"], object!({}));
    assert_eq!(setup["tools"][0]["functionDeclarations"][0]["name"], "book");
    assert_eq!(setup["systemInstruction"]["parts"][0]["text"], "Be kind.");
    assert_eq!(take(&mut dialogue, &[object!({ "setupComplete": {} })]), [News::Ready]);
    assert_eq!(dialogue.change(&Setup::default()), None, "what holds is told once");
}

#[test]
fn a_turn_is_an_activity_with_the_caller_s_sound() {
    let mut dialogue = live();
    let first = sent(&dialogue.sound(&[1, 2]));
    assert_eq!(first[0], object!({ "realtimeInput": { "activityStart": {} } }));
    let audio = &first[1]["realtimeInput"]["audio"];
    assert_eq!((audio["mimeType"].as_str(), decoded(&audio["data"])), (Some("audio/pcm;rate=16000"), Ok(vec![1, 2])));
    assert_eq!(dialogue.sound(&[3]).len(), 1, "it has begun");
    let turn = sent(&dialogue.answer(&[Item::Sound, Item::Context("State: open".into())]));
    let expected =
        [object!({ "realtimeInput": { "text": "State: open" } }), object!({ "realtimeInput": { "activityEnd": {} } })];
    assert_eq!(turn, expected);
    let news = take(
        &mut dialogue,
        &[
            words("Good "),
            sound(&[7, 8]),
            words("day."),
            content(object!({ "generationComplete": true })),
            words(" Bye."),
            content(object!({ "turnComplete": true })),
            object!({ "usageMetadata": { "totalTokenCount": 9 } }),
        ],
    );
    let pcm = News::Sound { item: String::new(), pcm: vec![7, 8] };
    let text = |text: &str| News::Text(text.into());
    assert_eq!(news, [text("Good "), pcm, text("day."), News::Ending, text(" Bye."), News::End]);
    let typed = sent(&dialogue.answer(&[Item::Caller("two".into())]));
    let expected = [
        object!({ "realtimeInput": { "activityStart": {} } }),
        object!({ "realtimeInput": { "text": "Caller: \"two\"" } }),
        object!({ "realtimeInput": { "activityEnd": {} } }),
    ];
    assert_eq!(typed, expected);
}

#[test]
fn an_answer_is_stopped_by_the_beginning_of_an_activity_and_the_caller_s_sound_waits_meanwhile() {
    let mut dialogue = live();
    dialogue.answer(&[Item::Caller("hello".into())]);
    assert!(!dialogue.takes_sound() && dialogue.is_busy());
    assert_eq!(take(&mut dialogue, &[words("Good ")]), [News::Text("Good ".into())]);
    assert_eq!(sent(&dialogue.stop()), [object!({ "realtimeInput": { "activityStart": {} } })]);
    assert!(dialogue.stop().is_empty() && dialogue.is_busy());
    assert!(take(&mut dialogue, &[words("day."), sound(&[1])]).is_empty(), "it is not wanted");
    assert!(take(&mut dialogue, &[content(object!({ "interrupted": true }))]).is_empty() && !dialogue.is_busy());
    let next = sent(&dialogue.answer(&[Item::Sound]));
    assert_eq!(next, [object!({ "realtimeInput": { "activityEnd": {} } })], "the activity is the next turn's");
    // The end of what was interrupted comes late.
    assert!(take(&mut dialogue, &[content(object!({ "turnComplete": true }))]).is_empty());
    assert_eq!(take(&mut dialogue, &[words("Yes.")]), [News::Text("Yes.".into())]);
}

#[test]
fn tools_are_called_and_their_answers_go_on_with_the_turn() {
    let mut dialogue = live();
    dialogue.answer(&[Item::Caller("book".into())]);
    let call = object!({ "toolCall": { "functionCalls": [{ "id": "f-1", "name": "book", "args": { "people": 2 } }] } });
    let part = |index, id: &str| ToolPart {
        index: Some(index),
        id: Some(id.into()),
        name: Some("book".into()),
        arguments: "{\"people\":2}".into(),
    };
    assert_eq!(
        take(&mut dialogue, &[words("One moment."), call.clone()])[1..],
        [News::Tool(part(0, "f-1")), News::End]
    );
    let output = |id: &str| Item::Output { id: id.into(), name: "book".into(), output: "{\"ok\":true}".into() };
    let expected = object!({
        "toolResponse": { "functionResponses": [{ "id": "f-1", "name": "book", "response": { "output": { "ok": true } } }] }
    });
    assert_eq!(sent(&dialogue.answer(&[output("f-1")])), [expected]);
    assert_eq!(take(&mut dialogue, &[words("Done.")]), [News::Text("Done.".into())]);
    // A call that the endpoint has given up is told as words.
    take(&mut dialogue, &[content(object!({ "turnComplete": true }))]);
    dialogue.answer(&[Item::Caller("again".into())]);
    take(&mut dialogue, &[call, object!({ "toolCallCancellation": { "ids": ["f-1"] } })]);
    let told = sent(&dialogue.answer(&[output("f-1")]));
    let text = "State: the tool book answered {\"ok\":true}";
    assert_eq!(told[1], object!({ "realtimeInput": { "text": text } }));
}

#[test]
fn faults_and_garbage_are_told() {
    let mut dialogue = live();
    dialogue.answer(&[Item::Caller("hello".into())]);
    let error = object!({ "error": { "code": 429, "status": "RESOURCE_EXHAUSTED" } });
    assert_eq!(take(&mut dialogue, &[error]), [News::Failed(ModelFault::Busy { retry_after: None })]);
    for garbage in ["{\"oops", "[]", "3"] {
        assert_eq!(dialogue.received(&Received::Text(garbage.into())), Err(RemoteFault::Garbled), "{garbage}");
    }
    dialogue.answer(&[Item::Caller("hello".into())]);
    let other = content(object!({
        "modelTurn": { "parts": [{ "inlineData": { "mimeType": "audio/ogg", "data": "AAAA" } }] }
    }));
    assert_eq!(dialogue.received(&Received::Text(other.to_string())), Err(RemoteFault::Garbled));
    assert_eq!(rate_of("audio/pcm;rate=16000"), Some(16_000));
}

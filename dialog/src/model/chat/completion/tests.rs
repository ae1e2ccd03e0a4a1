//! What servers send, whole and in pieces cut anywhere.
use super::*;

const OPEN_AI: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"finish_reason\":null}]}\n\n\
data: {\"choices\":[{\"delta\":{\"content\":\"Xin chào \"}}]}\n\n\
data: {\"choices\":[{\"delta\":{\"content\":\"quý khách.\"}}]}\n\n\
data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n\
data: {\"choices\":[],\"usage\":{\"prompt_tokens\":20,\"completion_tokens\":5,\"prompt_tokens_details\":{\"cached_tokens\":16}}}\n\n\
data: [DONE]\n\n";

fn read(body: &[u8], step: usize) -> Vec<ModelNews> {
    let mut reader = CompletionReader::default();
    let mut news: Vec<ModelNews> = body.chunks(step.max(1)).flat_map(|bytes| reader.feed(bytes)).collect();
    news.extend(reader.finish());
    news
}

fn said(news: &[ModelNews]) -> String {
    news.iter().filter_map(|news| if let ModelNews::Text(text) = news { Some(text.as_str()) } else { None }).collect()
}

#[test]
fn an_answer_is_the_same_however_it_is_cut() {
    let usage = Usage { prompt: 20, completion: 5, cached: 16 };
    let whole = [
        ModelNews::Text("Xin chào ".into()),
        ModelNews::Text("quý khách.".into()),
        ModelNews::Finish(Finish::Stop),
        ModelNews::Usage(usage),
        ModelNews::End,
    ];
    let bodies = [
        OPEN_AI.to_owned(),
        OPEN_AI.replace('\n', "\r\n"),
        OPEN_AI.replace('\n', "\r"),
        OPEN_AI.replace("data: ", "data:"),
        OPEN_AI.replace("\n\n", "\n"),
        OPEN_AI.replace("data: [DONE]\n\n", ""),
        OPEN_AI.replace(
            "data: {\"choices\":[{\"delta\":{\"content\":\"quý",
            ": keep-alive\n\nevent: x\nid: 7\ndata: {\"choices\":[{\"delta\":{\"content\":\"quý",
        ),
        format!("\u{feff}{}", OPEN_AI.trim_end()),
    ];
    for body in &bodies {
        for step in 1..=40 {
            assert_eq!(read(body.as_bytes(), step), whole, "{step}: {body}");
        }
    }
}

#[test]
fn what_servers_leave_empty_says_nothing() {
    let body = "data: {\"choices\":[{\"delta\":{\"content\":\"Yes.\"},\"finish_reason\":\"\"}],\"usage\":{}}\n\n";
    assert_eq!(read(body.as_bytes(), 7), [ModelNews::Text("Yes.".into()), ModelNews::End]);
    let reasoning = "data: {\"choices\":[{\"delta\":{\"reasoning_content\":\"hm\",\"content\":null}}]}\n\n\
                     data: {\"choices\":[{\"delta\":{\"content\":[{\"type\":\"text\",\"text\":\"Yes.\"}]},\"finish_reason\":\"eos\"}]}\n\n";
    let news = read(reasoning.as_bytes(), 11);
    assert_eq!((said(&news).as_str(), news.contains(&ModelNews::Reasoning)), ("Yes.", true));
}

#[test]
fn a_call_comes_in_one_piece_or_in_many() {
    let one = "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"find\",\"arguments\":\"{\\\"day\\\":1}\"}}]},\"finish_reason\":\"tool_calls\"}]}\n\n";
    let part = |id: Option<&str>, name: Option<&str>, arguments: &str| {
        let text = |text: &str| text.to_owned();
        ModelNews::Tool(ToolPart {
            index: Some(0),
            id: id.map(text),
            name: name.map(text),
            arguments: arguments.into(),
        })
    };
    let end = [ModelNews::Finish(Finish::Tools), ModelNews::End];
    let whole: Vec<ModelNews> = [part(Some("a"), Some("find"), "{\"day\":1}")].into_iter().chain(end).collect();
    assert_eq!(read(one.as_bytes(), 9), whole);
    // An object for arguments, and a whole message in a body of plain JSON.
    let plain = "{\n  \"choices\": [\n    {\"message\": {\"role\": \"assistant\", \"content\": null,\n      \"tool_calls\": [{\"id\": \"a\", \"index\": 0,\n        \"function\": {\"name\": \"find\", \"arguments\": {\"day\": 1}}}]},\n     \"finish_reason\": \"tool_calls\"}\n  ]\n}\n";
    for step in [1, 5, 4_000] {
        assert_eq!(read(plain.as_bytes(), step), whole, "{step}");
    }
    let many: String =
        std::iter::once("{\"id\":\"a\",\"index\":0,\"function\":{\"name\":\"find\",\"arguments\":\"\"}}".to_owned())
            .chain("{'day':1}".chars().map(|c| format!("{{\"index\":0,\"function\":{{\"arguments\":\"{c}\"}}}}")))
            .map(|call| format!("data: {{\"choices\":[{{\"delta\":{{\"tool_calls\":[{call}]}}}}]}}\n\n"))
            .collect();
    assert_eq!(read(many.as_bytes(), 13).iter().filter(|news| matches!(news, ModelNews::Tool(_))).count(), 10);
}

#[test]
fn what_is_no_answer_is_a_fault_and_what_came_before_it_is_told() {
    let piece = "data: {\"choices\":[{\"delta\":{\"content\":\"Let me\"}}]}\n\n";
    for (rest, fault) in [
        ("", ModelFault::Broken),
        ("data: {\"choices\":[{\"del", ModelFault::Broken),
        ("data: <html>\n\n", ModelFault::Malformed),
        ("data: {\"choices\":[}\n\n", ModelFault::Malformed),
        ("data: {\"error\":{\"message\":\"no\"}}\n\n", ModelFault::Reported),
        (
            "data: {\"error\":{\"code\":503,\"message\":\"Loading model\"}}\n\n",
            ModelFault::Loading { retry_after: None },
        ),
        ("data: {\"error\":{\"code\":\"429\"}}\n\n", ModelFault::Busy { retry_after: None }),
    ] {
        let news = read(format!("{piece}{rest}").as_bytes(), 17);
        assert_eq!(news, [ModelNews::Text("Let me".into()), ModelNews::Failed(fault)], "{rest}");
    }
    let long = format!("data: {}", "x".repeat(2 * 1024 * 1024));
    assert_eq!(read(long.as_bytes(), 4_096), [ModelNews::Failed(ModelFault::Malformed)]);
}

/// Bytes from a seed, in which pieces of real answers lie.
fn noise(seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as usize
    };
    let mut body = Vec::new();
    for _ in 0..next() % 30 {
        match next() % 5 {
            0 => body.extend([b'\r', b'\n', b':', b'{', b'}', b'"', 0xff, 0xc3][..next() % 8].iter()),
            1 => body.extend(b"data: "),
            2 => body.push(next() as u8),
            _ => {
                let from = next() % OPEN_AI.len();
                let to = from + next() % (OPEN_AI.len() - from);
                body.extend(&OPEN_AI.as_bytes()[from..to]);
            }
        }
    }
    body
}

#[test]
fn nothing_that_arrives_panics_and_every_answer_ends_once() {
    for seed in 0..3_000 {
        let body = noise(seed);
        let (news, again) = (read(&body, 1 + seed as usize % 50), read(&body, usize::MAX));
        assert_eq!(news, again, "{seed}: cut otherwise");
        let ends = news.iter().filter(|news| matches!(news, ModelNews::End | ModelNews::Failed(_))).count();
        assert_eq!(ends, 1, "{seed}");
        assert!(matches!(news.last(), Some(ModelNews::End | ModelNews::Failed(_))), "{seed}");
    }
}

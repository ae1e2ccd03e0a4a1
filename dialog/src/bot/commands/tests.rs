//! What callers say at any time, in whatever words.
use super::*;

fn meant(text: &str, language: Language) -> Option<Command> {
    let commands = CommandsFile::default().fill(language);
    let words = tokens(text, language);
    let person = || commands.asks_for_person(&words, language).then_some(Command::Person);
    commands.find(&words, language, false).or_else(person).or_else(|| commands.understood(&words, language))
}

fn check(language: Language, rows: &[(Option<Command>, &[&str])]) {
    let mut wrong = Vec::new();
    for (wanted, texts) in rows {
        for text in *texts {
            let seen = meant(text, language);
            if seen != *wanted {
                wrong.push(format!("{text}: {seen:?}, not {wanted:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_command_is_heard_in_the_words_of_english_callers() {
    check(
        Language::En,
        &[
            (
                Some(Command::Person),
                &[
                    "can I speak to someone",
                    "real person",
                    "I want to talk to a human being",
                    "put me through to an agent",
                    "get me a manager",
                    "let me talk to somebody",
                    "agent",
                    "operator please",
                    "I need a real person please",
                    "could you connect me with a representative",
                    "transfer me please",
                    "I don't want to talk to a machine",
                    "can I talk to one of your people",
                    "is there anyone I can talk to",
                    "I'd like to speak with customer service",
                    "talk to your supervisor",
                    "no, I want to speak to an operator",
                    "hello, can I speak to a person",
                    "I'm tired of talking to a robot",
                    "give me a human",
                    "no robots please",
                    "I'd rather talk to a person",
                ],
            ),
            (
                None,
                &[
                    "for one person",
                    "one person",
                    "a room for four people",
                    "two persons",
                    "just one person",
                    "people",
                    "I don't want to talk to anyone",
                    "four of us",
                    "it's for my manager",
                    "boston",
                    "book a room",
                    "I need a room for ten people",
                    "one of us",
                    "a table for someone special",
                ],
            ),
            (
                Some(Command::Repeat),
                &[
                    "what?",
                    "sorry?",
                    "pardon me",
                    "come again",
                    "sorry, say again",
                    "sorry, I didn't catch that",
                    "what was that again",
                    "can you repeat that please",
                ],
            ),
            (
                Some(Command::Wait),
                &[
                    "wait",
                    "hang on a second",
                    "give me a minute",
                    "just a sec please",
                    "let me think",
                    "one moment please",
                    "okay wait",
                    "hold on, I need to find my glasses",
                    "let me just ask my husband",
                ],
            ),
            (
                Some(Command::Cancel),
                &[
                    "never mind",
                    "cancel",
                    "forget it",
                    "oh never mind",
                    "cancel that please",
                    "I changed my mind",
                    "stop",
                ],
            ),
            (
                Some(Command::Hello),
                &["hello", "hello?", "hi there", "are you still there", "hello can you hear me", "good morning"],
            ),
            (
                Some(Command::Help),
                &[
                    "what do you mean?",
                    "what are my options",
                    "what can I say",
                    "how does this work",
                    "what can I choose from",
                ],
            ),
            (Some(Command::Goodbye), &["bye bye", "goodbye", "okay bye", "thanks bye"]),
            (Some(Command::Back), &["go back", "can you go back please"]),
            (Some(Command::Restart), &["start over", "from the beginning"]),
        ],
    );
}

#[test]
fn a_command_is_heard_in_the_words_of_vietnamese_callers() {
    check(
        Language::Vi,
        &[
            (
                Some(Command::Person),
                &[
                    "cho tôi gặp nhân viên",
                    "gặp tổng đài viên",
                    "người thật",
                    "cho gặp người thật đi",
                    "tôi muốn nói chuyện với người",
                    "chuyển máy cho nhân viên giúp tôi",
                    "nối máy cho tư vấn viên",
                    "cho tôi nói chuyện với ai đó",
                    "gặp quản lý",
                    "tôi không muốn nói chuyện với máy",
                    "nhân viên đâu cho tôi gặp nhân viên",
                    "xin gặp bạn tư vấn viên",
                    "kết nối với tổng đài viên",
                    "cho anh gặp một người",
                    "chuyển máy giúp",
                    "dạ cho em gặp lễ tân ạ",
                    "tôi cần nhân viên",
                ],
            ),
            (
                None,
                &[
                    "một người",
                    "cho một người",
                    "bốn người",
                    "phòng cho hai người",
                    "cho tôi một phòng",
                    "tôi đi với ba người",
                    "không gặp ai cả",
                    "đà nẵng",
                    "chúng tôi có năm người",
                ],
            ),
            (
                Some(Command::Repeat),
                &[
                    "gì cơ",
                    "sao ạ",
                    "hả?",
                    "tôi nghe không rõ",
                    "nói lại đi em",
                    "xin nhắc lại",
                    "em nói gì",
                    "xin lỗi",
                    "nhắc lại giúp tôi với",
                    "hồi nãy em nói gì, tôi không nghe rõ",
                ],
            ),
            (
                Some(Command::Wait),
                &[
                    "khoan đã",
                    "chờ chút",
                    "đợi tí",
                    "từ từ đã",
                    "để tôi nghĩ đã",
                    "chờ một chút nhé",
                    "đợi tôi một chút",
                    "chờ xíu để em coi lại lịch",
                    "để anh hỏi vợ anh cái đã",
                ],
            ),
            (
                Some(Command::Cancel),
                &["bỏ đi", "hủy", "thôi bỏ đi em", "không đặt nữa", "thôi không cần nữa", "dừng lại"],
            ),
            (Some(Command::Hello), &["alo", "a lô", "alo có nghe không", "xin chào", "có ai không", "còn đó không em"]),
            (
                Some(Command::Help),
                &["ý là sao", "tôi phải nói gì", "có những gì", "có gì để chọn", "hướng dẫn giúp tôi"],
            ),
            (Some(Command::Goodbye), &["tạm biệt", "chào nhé", "cúp máy đi"]),
            (Some(Command::Back), &["quay lại", "câu trước"]),
            (Some(Command::Restart), &["làm lại từ đầu", "bắt đầu lại nhé"]),
        ],
    );
}

#[test]
fn an_empty_list_turns_a_command_off_in_all_its_words() {
    let file = CommandsFile { person: Some(Vec::new()), cancel: Some(Vec::new()), ..CommandsFile::default() };
    let commands = file.fill(Language::En);
    let words = |text| tokens(text, Language::En);
    assert!(!commands.asks_for_person(&words("can I speak to someone"), Language::En));
    assert_eq!(commands.understood(&words("cancel"), Language::En), None);
    assert_eq!(commands.understood(&words("wait"), Language::En), Some(Command::Wait));
}

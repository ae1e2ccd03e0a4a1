//! What callers say at a question, in both languages, and what the bot makes of it.
use super::*;

const VI: &str = r#"
name = "phòng"
language = "vi"
greeting = "Đặt phòng."
[[task]]
name = "book"
phrases = ["đặt phòng"]
slots = ["place", "time", "people"]
confirm = "Phòng ở {place} lúc {time} cho {people}, đúng không?"
on_done = { say = "Đã ghi nhận." }
[[task]]
name = "cancel"
phrases = ["hủy đặt phòng"]
slots = ["code"]
on_done = { say = "Đã hủy." }
[[slot]]
name = "place"
type = "choice"
values = ["hà nội", { name = "huế", say = "cố đô huế" }]
prompt = "Quý khách cần phòng ở thành phố nào?"
[[slot]]
name = "time"
type = "time"
prompt = "Lúc mấy giờ?"
[[slot]]
name = "people"
type = "number"
min = 1
max = 20
unit = ["người"]
prompt = "Mấy người?"
[[slot]]
name = "code"
type = "digits"
length = 4
prompt = "Mã là gì?"
[[fact]]
questions = ["Mấy giờ mở cửa?"]
say = "Chúng tôi mở cửa lúc chín giờ."
"#;

const FACTS: &str = r#"
takes_messages = true
name = "desk"
language = "en"
greeting = "Rooms."
[[task]]
name = "book"
slots = ["place", "time", "people"]
confirm = "{place} at {time} for {people}?"
on_done = { say = "Done." }
[[slot]]
name = "place"
type = "choice"
values = ["boston", { name = "ny", words = ["new york"], say = "the big apple" }]
prompt = "In which city?"
[[slot]]
name = "time"
type = "time"
prompt = "At what time?"
help = "We are open from nine to six."
[[slot]]
name = "people"
type = "number"
min = 1
max = 20
unit = ["person", "people"]
prompt = "For how many people?"
[[fact]]
questions = ["Where are you?", "How much is a room?"]
words = ["price"]
say = "A room is ten dollars an hour."
"#;

/// A call in which this was said, and what comes of the last of it.
fn after(bot: &str, said: &[&str]) -> Vec<String> {
    let mut sim = sim(bot);
    for words in said {
        sim.listen();
        sim.look();
        sim.say(words);
        sim.listen();
    }
    sim.look().split_off(1)
}

fn check(bot: &str, before: &[&str], rows: &[(&str, &[&str])]) {
    let mut wrong = Vec::new();
    for (words, wanted) in rows {
        let seen = after(bot, &[before, &[*words]].concat());
        if !wanted.iter().all(|line| seen.iter().any(|seen| seen.starts_with(line))) || seen.len() < wanted.len() {
            wrong.push(format!("{words}: {seen:?}, not {wanted:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

const THERE: [&str; 2] = ["boston", "nine a m"];
const ALL: [&str; 3] = ["boston", "nine a m", "three people"];

#[test]
fn english_callers_answer_and_ask_back_in_their_own_words() {
    check(
        FACTS,
        &THERE,
        &[
            ("make it four of us", &["people = 4"]),
            ("let me see, about ten", &["people = 10"]),
            ("forty people", &["bot: It can be from one to twenty people.", "bot: For how many people?"]),
            ("a person", &["people = 1", "bot: Did you say one person?"]),
            ("for one person", &["people = 1", "bot: Boston at nine a m for one person?"]),
            ("can I speak to someone", &["bot: Nobody can take your call at the moment."]),
            (
                "make it four p m instead",
                &["time = \"16:00\"", "bot: Okay, four p m instead.", "bot: For how many people?"],
            ),
            ("what cities do you have", &["bot: There is boston and the big apple.", "bot: For how many people?"]),
            ("how many people can come", &["bot: It can be from one to twenty people."]),
            ("how much is it", &["bot: A room is ten dollars an hour.", "bot: For how many people?"]),
            ("what's the price for four people", &["bot: A room is ten dollars an hour.", "bot: For how many people?"]),
            ("what's the weather like", &["bot: I am sorry, I cannot answer that."]),
            ("sorry?", &["bot: For how many people?"]),
            ("give me a minute", &["bot: Take your time."]),
            ("never mind", &["bot: Do you want to stop here?"]),
            ("hello?", &["bot: Yes, I am here.", "bot: For how many people?"]),
        ],
    );
    check(
        FACTS,
        &[],
        &[("the big apple", &["place = \"ny\""]), ("what do you have", &["bot: There is boston and the big apple."])],
    );
    let (done, again) = ("bot: Done.", "bot: Boston at nine a m for three people?");
    check(
        FACTS,
        &ALL,
        &[
            ("no no that's fine", &[done]),
            ("why not", &[done]),
            ("I don't think so", &["bot: What should I change?"]),
            ("I'm not sure", &["bot: Please say yes or no.", again]),
            ("yes but four people", &["people = 4", "bot: Boston at nine a m for four people?"]),
            ("yes that's right but at four p m", &["time = \"16:00\"", "bot: Boston at four p m for three people?"]),
            ("all correct except the time", &["time = -", "bot: At what time?"]),
            ("yes for fifty people", &["bot: It can be from one to twenty people.", again]),
            ("no four p m", &["time = \"16:00\"", "bot: Boston at four p m for three people?"]),
            ("what time was that", &[again]),
            ("not quite, new york, and at four p m", &["place = \"ny\"", "time = \"16:00\""]),
            ("not really, four p m and four people", &["time = \"16:00\"", "people = 4"]),
            ("yes and add one more person", &["people = -", "bot: For how many people?"]),
            ("that's right, but one person fewer", &["people = -", "bot: For how many people?"]),
            ("the right place but the wrong time", &["time = -", "bot: At what time?"]),
            ("almost, the time's wrong", &["time = -", "bot: At what time?"]),
            ("can you make it an hour later", &["time = -", "bot: At what time?"]),
            ("it's four people not three", &["people = 4", "bot: Boston at nine a m for four people?"]),
            ("are you sure?", &["bot: Please say yes or no."]),
            ("okay and how much is it", &[again]),
            ("yes how much is it", &[again]),
        ],
    );
}

#[test]
fn vietnamese_callers_answer_and_ask_back_in_their_own_words() {
    let there = ["đặt phòng", "hà nội", "chín giờ sáng"];
    check(
        VI,
        &there,
        &[
            ("tụi em có năm người", &["people = 5"]),
            ("chắc khoảng mười người", &["people = 10"]),
            ("bốn mươi người", &["bot: Số này từ một đến hai mươi người.", "bot: Mấy người?"]),
            ("một người", &["people = 1"]),
            ("cho tôi gặp nhân viên", &["end: asked for a person"]),
            (
                "đổi thành bốn giờ chiều",
                &["time = \"16:00\"", "bot: Vâng, đổi thành bốn giờ chiều.", "bot: Mấy người?"],
            ),
            ("có những thành phố nào", &["bot: Có hà nội và cố đô huế.", "bot: Mấy người?"]),
            ("bên em mấy giờ mở cửa", &["bot: Chúng tôi mở cửa lúc chín giờ.", "bot: Mấy người?"]),
            ("gì cơ", &["bot: Mấy người?"]),
            ("đợi tí", &["bot: Quý khách cứ thong thả."]),
            ("thôi bỏ đi", &["bot: Quý khách muốn dừng lại phải không?"]),
            ("alo có nghe không", &["bot: Dạ, tôi nghe đây.", "bot: Mấy người?"]),
        ],
    );
    check(VI, &["đặt phòng"], &[("cố đô huế", &["place = \"huế\""])]);
    let (done, again) = ("bot: Đã ghi nhận.", "bot: Phòng ở hà nội lúc chín giờ sáng cho ba người,");
    check(
        VI,
        &[&there[..], &["ba người"]].concat(),
        &[
            ("cũng được", &[done]),
            ("chuẩn rồi em", &[done]),
            ("không sao", &[done]),
            ("chưa đúng", &["bot: Quý khách muốn đổi gì?"]),
            ("thôi", &["bot: Xin quý khách nói đúng, hoặc không."]),
            ("không cần", &["bot: Xin quý khách nói đúng, hoặc không."]),
            ("tôi không chắc", &["bot: Xin quý khách nói đúng, hoặc không."]),
            ("đúng không", &["bot: Xin quý khách nói đúng, hoặc không."]),
            ("ừ nhưng bốn người", &["people = 4"]),
            ("dạ đúng, mà sáu người lận", &["people = 6"]),
            ("đúng rồi trừ giờ", &["time = -", "bot: Lúc mấy giờ?"]),
            ("đúng rồi, thêm một người nữa nha", &["people = -", "bot: Mấy người?"]),
            ("bớt hai người giúp em", &["people = -", "bot: Mấy người?"]),
            ("đúng chỗ mà sai giờ", &["time = -", "bot: Lúc mấy giờ?"]),
            ("lùi lại một tiếng được không", &["time = -", "bot: Lúc mấy giờ?"]),
            ("không hẳn, huế, bốn giờ chiều", &["place = \"huế\"", "time = \"16:00\""]),
            ("không năm mươi người", &["bot: Số này từ một đến hai mươi người.", again]),
        ],
    );
}

#[test]
fn a_question_behind_a_value_is_answered_and_the_value_taken() {
    let (there, price) = ("place = \"boston\"", "bot: A room is ten dollars an hour.");
    let (time, unknown) = ("bot: At what time?", "bot: I am sorry, I cannot answer that.");
    check(
        FACTS,
        &[],
        &[
            ("boston, and how much is it?", &[there, price, time]),
            ("boston please, how much is a room", &[there, price, time]),
            ("boston, do you have parking there", &[there, unknown, time]),
            ("boston, thanks, and is breakfast included?", &[there, unknown, time]),
            ("boston and how many people can come", &[there, "bot: It can be from one to twenty people.", time]),
            ("boston, can I pay by card", &[there, unknown, time]),
            ("boston and how late are you open", &[there, unknown, time]),
            ("near boston, and how much is it", &[there, price, "bot: Did you say boston?"]),
            ("boston and could you do four p m", &[there, "time = \"16:00\"", "bot: For how many people?"]),
            ("would boston be all right", &[there, time]),
        ],
    );
    let (there, open) = ("place = \"hà nội\"", "bot: Chúng tôi mở cửa lúc chín giờ.");
    let (time, unknown) = ("bot: Lúc mấy giờ?", "bot: Xin lỗi, tôi không trả lời được câu này.");
    check(
        VI,
        &["đặt phòng"],
        &[
            ("hà nội nha em, mà mấy giờ mở cửa vậy?", &[there, open, time]),
            ("hà nội, cho hỏi có chỗ đậu xe không", &[there, unknown, time]),
            ("dạ hà nội ạ, với lại bên mình có hồ bơi không em", &[there, unknown, time]),
            ("phòng ở hà nội mấy giờ mở cửa", &[open, "bot: Quý khách cần phòng ở thành phố nào?"]),
            ("hà nội được không em", &[there, time]),
            ("gần hà nội nha, mấy giờ mở cửa", &[there, open, "bot: Có phải quý khách nói hà nội không?"]),
        ],
    );
    check(VI, &[], &[("đặt phòng ở hà nội, mà mấy giờ mở cửa", &[there, open, time])]);
}

#[test]
fn who_asks_for_a_person_may_leave_a_message_and_what_is_known_stays_in_the_record() {
    let mut sim = sim(FACTS);
    for words in ["boston", "can I speak to someone", "it's me, call me back"] {
        sim.say(words);
    }
    sim.listen();
    let seen = sim.look();
    assert!(!seen.iter().any(|line| line == "place = -"), "{seen:?}");
    assert!(seen.contains(&"bot: Thank you, your message is noted.".to_string()), "{seen:?}");
    assert_eq!(sim.hung_up, Some(HangUpReason::Person));
}

#[test]
fn wanting_to_stop_is_asked_about_and_a_no_goes_on() {
    let mut sim = sim(FACTS);
    for words in ["boston", "cancel", "no"] {
        sim.say(words);
    }
    sim.listen();
    assert_eq!(sim.look().last().map(String::as_str), Some("bot: At what time?"));
    for words in ["cancel", "yes"] {
        sim.say(words);
    }
    sim.listen();
    assert_eq!(sim.hung_up, Some(HangUpReason::Goodbye));
}

#[test]
fn questions_and_commands_are_no_strikes() {
    let mut sim = sim(FACTS);
    for words in ["hello?", "sorry?", "how much is it", "what do you have", "hello?", "what do you mean"] {
        sim.say(words);
    }
    sim.say("boston");
    sim.listen();
    let seen = sim.look();
    assert!(seen.contains(&"place = \"boston\"".to_string()), "{seen:?}");
    assert!(!seen.iter().any(|line| line.contains("did not understand") || line.contains("trouble")), "{seen:?}");
}

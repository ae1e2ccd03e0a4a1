//! Whole conversations, as traces.
use super::*;
use crate::history::Line;

const BOOKING: &str = include_str!("../../../configs/bots/booking.en.toml");
const PLACES: &str = include_str!("../../../configs/bots/places.vi.toml");

/// A small bot with every kind of ending: a code that is secret, a tool, a free text.
const DESK: &str = r#"
name = "desk"
language = "en"
greeting = "Help desk."
closing = "Bye now."
[[task]]
name = "reset"
phrases = ["reset my password"]
slots = ["pin"]
confirm = "Reset it with {pin}?"
[task.on_done]
url = "http://127.0.0.1:1/reset"
say = "Done. Your ticket is {/ticket/number}."
failed = "The system is down."
[[task]]
name = "message"
phrases = ["leave a message"]
slots = ["message", "urgent"]
[task.on_done]
say = "Your message is noted."
then = "ask"
[[slot]]
name = "pin"
type = "digits"
min = 4
max = 6
secret = true
prompt = "Your pin, please."
[[slot]]
name = "message"
type = "text"
prompt = "What is your message?"
[[slot]]
name = "urgent"
type = "yes_no"
prompt = "Is it urgent?"
"#;

#[test]
fn a_room_is_booked_in_six_turns() {
    check(
        BOOKING,
        "answer
        say book a room
        say mountain view
        say today
        say two thirty p m
        say half an hour
        say two people
        say yes
        listen",
        r#"
        bot: You are speaking with an automated assistant,
        bot: this call is recorded.
        bot: Hello, this is the room booking line.
        bot: Would you like to book a room, or cancel a booking?
        caller: book a room
        bot: In which city do you need the room?
        caller: mountain view
        place = "mountain view"
        bot: For which day?
        caller: today
        date = "2026-11-25"
        bot: At what time?
        caller: two thirty p m
        time = "14:30"
        bot: For how long?
        caller: half an hour
        duration = "PT30M"
        bot: For how many people?
        caller: two people
        people = 2
        bot: You want a room in mountain view today at two thirty p m for half an hour for two people.
        bot: Is that right?
        caller: yes
        place = "mountain view" ✓
        date = "2026-11-25" ✓
        time = "14:30" ✓
        duration = "PT30M" ✓
        people = 2 ✓
        bot: Your request for a room in mountain view today at two thirty p m is noted.
        bot: Thank you for calling. Goodbye.
        end: done"#,
    );
}

#[test]
fn several_slots_fill_at_once_and_in_any_order() {
    check(
        BOOKING,
        "answer
        say Book a room today for two people.
        say half an hour in san francisco at 2:30 pm
        say that's right",
        r#"
        bot: You are speaking with an automated assistant,
        bot: this call is recorded.
        bot: Hello, this is the room booking line.
        bot: Would you like to book a room, or cancel a booking?
        caller: Book a room today for two people.
        date = "2026-11-25"
        people = 2
        bot: In which city do you need the room?
        caller: half an hour in san francisco at 2:30 pm
        duration = "PT30M"
        place = "san francisco"
        time = "14:30"
        bot: You want a room in san francisco today at two thirty p m for half an hour for two people.
        bot: Is that right?
        caller: that's right
        place = "san francisco" ✓
        date = "2026-11-25" ✓
        time = "14:30" ✓
        duration = "PT30M" ✓
        people = 2 ✓
        bot: Your request for a room in san francisco today at two thirty p m is noted.
        bot: Thank you for calling. Goodbye.
        end: done"#,
    );
}

#[test]
fn a_value_is_corrected_at_the_end() {
    check(
        BOOKING,
        "answer
        say book a room in boston tomorrow at nine a m for an hour for three people
        say no tomorrow
        say no
        say the time
        say two p m
        say no for four people
        say yes",
        r#"
        bot: You are speaking with an automated assistant,
        bot: this call is recorded.
        bot: Hello, this is the room booking line.
        bot: Would you like to book a room, or cancel a booking?
        caller: book a room in boston tomorrow at nine a m for an hour for three people
        place = "boston"
        date = "2026-11-26"
        time = "09:00"
        duration = "PT1H"
        people = 3
        bot: You want a room in boston tomorrow at nine a m for an hour for three people.
        bot: Is that right?
        caller: no tomorrow
        bot: What should I change?
        caller: no
        bot: You want a room in boston tomorrow at nine a m for an hour for three people.
        bot: Is that right?
        caller: the time
        time = -
        bot: At what time?
        caller: two p m
        time = "14:00"
        bot: You want a room in boston tomorrow at two p m for an hour for three people.
        bot: Is that right?
        caller: no for four people
        people = 4
        bot: You want a room in boston tomorrow at two p m for an hour for four people.
        bot: Is that right?
        caller: yes
        place = "boston" ✓
        date = "2026-11-26" ✓
        time = "14:00" ✓
        duration = "PT1H" ✓
        people = 4 ✓
        bot: Your request for a room in boston tomorrow at two p m is noted.
        bot: Thank you for calling. Goodbye.
        end: done"#,
    );
}

#[test]
fn a_cough_goes_unnoticed() {
    check(
        BOOKING,
        "answer
        wait 8000
        over 150
        listen",
        r#"
        bot: You are speaking with an automated assistant,
        bot: this call is recorded.
        bot: Hello, this is the room booking line.
        bot: Would you like to book a room, or cancel a booking?"#,
    );
}

#[test]
fn a_longer_noise_holds_and_resumes() {
    check(
        BOOKING,
        "answer
        wait 8000
        over 500
        listen",
        r#"
        bot: You are speaking with an automated assistant,
        bot: this call is recorded.
        bot: Hello, this is the room booking line.
        bot: Would you like to book a room, or cancel a booking?
        hold
        resume"#,
    );
}

#[test]
fn a_back_channel_holds_and_resumes() {
    check(
        BOOKING,
        "answer
        wait 8000
        over 450 uh-huh
        listen",
        r#"
        bot: You are speaking with an automated assistant,
        bot: this call is recorded.
        bot: Hello, this is the room booking line.
        bot: Would you like to book a room, or cancel a booking?
        hold
        resume"#,
    );
}

#[test]
fn words_over_the_bot_hush_it() {
    check(
        BOOKING,
        "answer
        wait 8000
        over 700 book a room
        listen",
        r#"
        bot: You are speaking with an automated assistant,
        bot: this call is recorded.
        bot: Hello, this is the room booking line.
        bot: Would you like to book a room, or cancel a booking?
        hold
        hush
        caller: book a room
        bot: In which city do you need the room?"#,
    );
}

#[test]
fn a_long_voice_hushes_even_without_words() {
    check(
        BOOKING,
        "answer
        wait 8000
        over 1200
        listen",
        r#"
        bot: You are speaking with an automated assistant,
        bot: this call is recorded.
        bot: Hello, this is the room booking line.
        bot: Would you like to book a room, or cancel a booking?
        hold
        hush
        bot: Sorry, I did not understand that.
        bot: You can book a room,
        bot: or cancel a booking. What would you like to do?"#,
    );
}

#[test]
fn the_disclosure_is_heard_to_its_end() {
    check(
        BOOKING,
        "answer
        wait 500
        over 700 book a room
        listen",
        r#"
        bot: You are speaking with an automated assistant,
        bot: this call is recorded.
        bot: Hello, this is the room booking line.
        bot: Would you like to book a room, or cancel a booking?
        hush
        caller: book a room
        bot: In which city do you need the room?"#,
    );
}

#[test]
fn keys_answer_every_question() {
    check(
        BOOKING,
        "answer
        wait 500
        key 1
        key 3
        key 1204
        key 1430
        key 90#
        key 2
        wait 3500
        key 1",
        r#"
        bot: You are speaking with an automated assistant,
        bot: this call is recorded.
        bot: Hello, this is the room booking line.
        bot: Would you like to book a room, or cancel a booking?
        hush
        keys: 1
        bot: In which city do you need the room?
        hush
        keys: 3
        place = "new york" ✓
        bot: For which day?
        hush
        keying true
        keying false
        keys: 1204
        date = "2026-12-04" ✓
        bot: At what time?
        hush
        keying true
        keying false
        keys: 1430
        time = "14:30" ✓
        bot: For how long?
        hush
        keying true
        keying false
        keys: 90
        duration = "PT1H30M" ✓
        bot: For how many people?
        hush
        keying true
        keying false
        keys: 2
        people = 2 ✓
        bot: You want a room in new york on Friday,
        bot: December fourth at two thirty p m for an hour and a half for two people.
        bot: Is that right?
        hush
        keys: 1
        place = "new york" ✓
        date = "2026-12-04" ✓
        time = "14:30" ✓
        duration = "PT1H30M" ✓
        people = 2 ✓
        bot: Your request for a room in new york on Friday,
        bot: December fourth at two thirty p m is noted.
        bot: Thank you for calling. Goodbye.
        end: done"#,
    );
}

#[test]
fn a_secret_shows_nowhere() {
    check(
        DESK,
        "answer
        say reset my password
        say four eight two one
        say yes",
        r#"
        bot: Help desk.
        bot: What can I do for you?
        caller: reset my password
        bot: Your pin, please.
        caller: ****
        pin = -
        bot: Reset it with the number you gave me?
        caller: yes
        pin = - ✓
        run Post http://127.0.0.1:1/reset {"pin":"4821","task":"reset"}"#,
    );
}

#[test]
fn a_secret_by_keys_and_a_tool_that_answers() {
    check(
        DESK,
        "answer
        say reset my password
        key 4821
        key *
        key 995511
        key 1
        tool {\"ticket\": {\"number\": 17}}",
        r#"
        bot: Help desk.
        bot: What can I do for you?
        caller: reset my password
        bot: Your pin, please.
        hush
        keying true
        keying false
        keys: ****
        pin = - ✓
        bot: Reset it with the number you gave me?
        hush
        keys: 1
        pin = - ✓
        run Post http://127.0.0.1:1/reset {"pin":"995511","task":"reset"}
        bot: Done. Your ticket is seventeen.
        bot: Bye now.
        end: done"#,
    );
}

#[test]
fn a_slow_tool_is_excused_and_a_late_one_given_up() {
    check(
        DESK,
        "answer
        say reset my password
        key 4821#
        key 1
        wait 11000",
        r#"
        bot: Help desk.
        bot: What can I do for you?
        caller: reset my password
        bot: Your pin, please.
        hush
        keying true
        keying false
        keys: ****
        pin = - ✓
        bot: Reset it with the number you gave me?
        hush
        keys: 1
        pin = - ✓
        run Post http://127.0.0.1:1/reset {"pin":"4821","task":"reset"}
        bot: One moment, please.
        bot: Thank you for waiting,
        bot: it takes a little longer.
        bot: I am sorry, that takes too long right now.
        bot: Please call again later.
        end: tool failed"#,
    );
}

#[test]
fn a_tool_that_fails_ends_politely() {
    check(
        DESK,
        "answer
        say reset my password
        key 4821#
        key 1
        tool down",
        r#"
        bot: Help desk.
        bot: What can I do for you?
        caller: reset my password
        bot: Your pin, please.
        hush
        keying true
        keying false
        keys: ****
        pin = - ✓
        bot: Reset it with the number you gave me?
        hush
        keys: 1
        pin = - ✓
        run Post http://127.0.0.1:1/reset {"pin":"4821","task":"reset"}
        bot: The system is down.
        end: tool failed"#,
    );
}

#[test]
fn free_text_is_taken_as_it_is_and_another_task_may_follow() {
    check(
        DESK,
        "answer
        say leave a message
        say Call me back, please.
        say no
        listen
        say no",
        r#"
        bot: Help desk.
        bot: What can I do for you?
        caller: leave a message
        bot: What is your message?
        caller: Call me back, please.
        message = "Call me back, please."
        bot: Is it urgent?
        caller: no
        urgent = false
        message = "Call me back, please." ✓
        urgent = false ✓
        bot: Your message is noted.
        bot: Is there anything else I can do for you?
        caller: no
        bot: Bye now.
        end: done"#,
    );
}

#[test]
fn misunderstandings_escalate_to_the_keypad_and_to_an_end() {
    check(
        BOOKING,
        "answer
        say book a room
        say banana
        say banana
        say banana",
        r#"
        bot: You are speaking with an automated assistant,
        bot: this call is recorded.
        bot: Hello, this is the room booking line.
        bot: Would you like to book a room, or cancel a booking?
        caller: book a room
        bot: In which city do you need the room?
        caller: banana
        bot: Sorry, I did not understand that.
        bot: Please say a city, for example Mountain View or New York.
        caller: banana
        bot: Sorry, I still did not get that.
        bot: Please say a city, for example Mountain View or New York.
        bot: For mountain view, press one.
        bot: For san francisco, press two.
        bot: For new york, press three. For los angeles, press four.
        bot: For chicago, press five. For boston, press six.
        bot: For seattle, press seven.
        caller: banana
        bot: I am sorry, I cannot help you with this right now.
        bot: Please call again later. Goodbye.
        end: not understood"#,
    );
}

#[test]
fn silence_escalates_to_an_end() {
    check(
        BOOKING,
        "answer
        listen
        wait 40000",
        r#"
        bot: You are speaking with an automated assistant,
        bot: this call is recorded.
        bot: Hello, this is the room booking line.
        bot: Would you like to book a room, or cancel a booking?
        bot: Sorry, I did not hear anything.
        bot: You can book a room,
        bot: or cancel a booking. What would you like to do?
        bot: Are you still there?
        bot: You can book a room,
        bot: or cancel a booking. What would you like to do?
        bot: For booking a room, press one.
        bot: For cancelling a booking, press two.
        bot: I cannot hear you, so I will hang up now.
        bot: Please call again. Goodbye.
        end: no input"#,
    );
}

#[test]
fn going_back_asks_the_last_question_again() {
    check(
        BOOKING,
        "answer
        say book a room in boston
        say go back
        say chicago
        key *
        say start again
        say a person please",
        r#"
        bot: You are speaking with an automated assistant,
        bot: this call is recorded.
        bot: Hello, this is the room booking line.
        bot: Would you like to book a room, or cancel a booking?
        caller: book a room in boston
        place = "boston"
        bot: For which day?
        caller: go back
        place = -
        bot: Let us go back.
        bot: In which city do you need the room?
        caller: chicago
        place = "chicago"
        bot: For which day?
        keys: *
        place = -
        bot: Let us go back.
        bot: In which city do you need the room?
        caller: start again
        bot: Let us start again.
        bot: You can book a room,
        bot: or cancel a booking. What would you like to do?
        caller: a person please
        bot: I am sorry, nobody can take your call at the moment.
        bot: Please call again later. Goodbye.
        end: asked for a person"#,
    );
}

#[test]
fn repeat_and_help_lose_nothing() {
    check(
        BOOKING,
        "answer
        say book a room
        say repeat that please
        say help
        say boston",
        r#"
        bot: You are speaking with an automated assistant,
        bot: this call is recorded.
        bot: Hello, this is the room booking line.
        bot: Would you like to book a room, or cancel a booking?
        caller: book a room
        bot: In which city do you need the room?
        caller: repeat that please
        bot: In which city do you need the room?
        caller: help
        bot: We have rooms in Mountain View,
        bot: San Francisco, New York, Los Angeles, Chicago, Boston and Seattle.
        bot: For mountain view, press one.
        bot: For san francisco, press two.
        bot: For new york, press three. For los angeles, press four.
        bot: For chicago, press five. For boston, press six.
        bot: For seattle, press seven.
        bot: In which city do you need the room?
        caller: boston
        place = "boston"
        bot: For which day?"#,
    );
}

#[test]
fn an_unsure_value_is_checked() {
    check(
        BOOKING,
        "answer
        say book a room
        sure 0.3
        say boston
        sure 0.9
        say no
        sure 0.3
        say seattle
        sure 0.9
        say yes",
        r#"
        bot: You are speaking with an automated assistant,
        bot: this call is recorded.
        bot: Hello, this is the room booking line.
        bot: Would you like to book a room, or cancel a booking?
        caller: book a room
        bot: In which city do you need the room?
        caller: boston
        place = "boston"
        bot: Did you say boston?
        caller: no
        place = -
        bot: Please say a city, for example Mountain View or New York.
        caller: seattle
        place = "seattle"
        bot: Did you say seattle?
        caller: yes
        place = "seattle" ✓
        bot: For which day?"#,
    );
}

#[test]
fn a_deaf_bot_asks_for_keys() {
    check(
        PLACES,
        "deaf
        answer
        listen
        key 2
        key 1
        listen",
        r#"
        bot: Quý khách đang nói chuyện với trợ lý tự động,
        bot: cuộc gọi được ghi âm.
        bot: Xin chào, đây là dịch vụ tìm địa điểm.
        bot: Xin lỗi, hiện tôi không nghe được giọng nói.
        bot: Xin quý khách dùng bàn phím điện thoại.
        bot: Quý khách tìm cà phê,
        bot: khách sạn, ka ra ô kê, mát xa, hay trạm a tê em?
        bot: Bấm phím một để chọn quán cà phê.
        bot: Bấm phím hai để chọn khách sạn.
        bot: Bấm phím ba để chọn quán ka ra ô kê.
        bot: Bấm phím bốn để chọn tiệm mát xa.
        bot: Bấm phím năm để chọn trạm a tê em.
        keys: 2
        place = "khách sạn" ✓
        bot: Quý khách muốn tìm khách sạn, đúng không?
        bot: Bấm phím một nếu đúng,
        bot: phím hai nếu sai.
        hush
        keys: 1
        place = "khách sạn" ✓
        bot: Yêu cầu tìm khách sạn đã được ghi nhận.
        bot: Cảm ơn quý khách đã gọi. Tạm biệt.
        end: done"#,
    );
}

#[test]
fn a_bot_that_goes_deaf_where_keys_do_not_help_says_so() {
    check(
        DESK,
        "answer
        say leave a message
        deaf
        listen",
        r#"
        bot: Help desk.
        bot: What can I do for you?
        caller: leave a message
        bot: What is your message?
        hush
        bot: I am sorry, I cannot hear well at the moment,
        bot: and the keys of your phone cannot do this.
        bot: Please call again later. Goodbye.
        end: cannot hear"#,
    );
}

#[test]
fn a_place_is_found_in_vietnamese() {
    check(
        PLACES,
        "answer
        say khách sạn
        say đúng
        listen",
        r#"
        bot: Quý khách đang nói chuyện với trợ lý tự động,
        bot: cuộc gọi được ghi âm.
        bot: Xin chào, đây là dịch vụ tìm địa điểm.
        bot: Quý khách tìm cà phê,
        bot: khách sạn, ka ra ô kê, mát xa, hay trạm a tê em?
        caller: khách sạn
        place = "khách sạn"
        bot: Quý khách muốn tìm khách sạn, đúng không?
        caller: đúng
        place = "khách sạn" ✓
        bot: Yêu cầu tìm khách sạn đã được ghi nhận.
        bot: Cảm ơn quý khách đã gọi. Tạm biệt.
        end: done"#,
    );
}

#[test]
fn vietnamese_goes_back_and_says_no() {
    check(
        PLACES,
        "answer
        say cà phê
        say trở lại
        say không
        say karaoke
        say dạ không phải
        say mát xa",
        r#"
        bot: Quý khách đang nói chuyện với trợ lý tự động,
        bot: cuộc gọi được ghi âm.
        bot: Xin chào, đây là dịch vụ tìm địa điểm.
        bot: Quý khách tìm cà phê,
        bot: khách sạn, ka ra ô kê, mát xa, hay trạm a tê em?
        caller: cà phê
        place = "cà phê"
        bot: Quý khách muốn tìm quán cà phê, đúng không?
        caller: trở lại
        place = -
        bot: Chúng ta trở lại bước trước.
        bot: Quý khách tìm cà phê,
        bot: khách sạn, ka ra ô kê, mát xa, hay trạm a tê em?
        caller: không
        bot: Xin lỗi, tôi chưa hiểu.
        bot: Xin nói tên loại địa điểm,
        bot: ví dụ khách sạn.
        caller: karaoke
        place = "karaoke"
        bot: Quý khách muốn tìm quán ka ra ô kê, đúng không?
        caller: dạ không phải
        place = -
        bot: Quý khách tìm cà phê,
        bot: khách sạn, ka ra ô kê, mát xa, hay trạm a tê em?
        caller: mát xa
        place = "mát xa"
        bot: Quý khách muốn tìm tiệm mát xa, đúng không?"#,
    );
}

fn sim(bot: &str) -> Sim {
    let mut sim = Sim::new(Bot::parse(bot, "test.toml").unwrap_or_else(|e| panic!("{e}")));
    sim.input(Input::Answered);
    sim
}

#[test]
fn history_holds_what_was_heard_to_the_word() {
    let mut sim = sim(BOOKING);
    // "Hello, this is the room booking line." begins after the disclosure.
    while sim.look().iter().all(|_| true) && sim.playing.front().is_some_and(|p| !p.text.starts_with("Would")) {
        sim.pass(Duration::from_millis(20));
    }
    sim.pass(Duration::from_millis(1_500));
    sim.speak(Some("book a room"), Duration::from_millis(700));
    sim.pass(Duration::from_millis(300));
    let lines = sim.talk.history();
    let cut = lines.iter().find_map(|l| match l {
        Line::Bot { text, heard, cut: true } if text.starts_with("Would") => Some(heard.clone()),
        _ => None,
    });
    let heard = cut.expect("the question was cut");
    assert!("Would you like to book a room, or cancel a booking?".starts_with(&heard), "{heard}");
    assert!(heard.split(' ').count() >= 4 && !heard.ends_with(' ') && heard.len() < 50, "{heard}");
    assert!(lines.contains(&Line::Caller { text: "book a room".into() }));
}

#[test]
fn keys_beat_words_of_the_same_turn() {
    let mut sim = sim(BOOKING);
    sim.say("book a room");
    sim.listen();
    sim.speak(Some("boston"), Duration::from_millis(600));
    sim.look();
    sim.key("3");
    sim.pass(Duration::from_millis(1_500));
    assert_eq!(sim.look()[..2], ["keys: 3", "place = \"new york\" ✓"]);
}

#[test]
fn a_pause_inside_an_answer_does_not_end_it() {
    let mut sim = sim(BOOKING);
    for words in ["book a room", "boston", "today"] {
        sim.say(words);
    }
    sim.listen();
    sim.look();
    sim.speak(Some("two"), Duration::from_millis(300));
    sim.pass(Duration::from_millis(350));
    sim.speak(Some("two thirty p m"), Duration::from_millis(800));
    sim.pass(Duration::from_millis(100));
    assert_eq!(sim.look()[..2], ["caller: two thirty p m", "time = \"14:30\""]);
}

#[test]
fn a_complete_answer_is_taken_within_300_ms_of_silence() {
    let mut sim = sim(BOOKING);
    sim.say("book a room");
    sim.listen();
    sim.look();
    sim.speak(Some("mountain view"), Duration::from_millis(800));
    // 200 ms of silence and 20 ms of recognition lie behind it.
    assert!(sim.look().is_empty());
    sim.pass(Duration::from_millis(80));
    assert_eq!(sim.look()[0], "caller: mountain view");
}

#[test]
fn words_that_never_come_are_asked_for_again() {
    let mut sim = sim(BOOKING);
    sim.say("book a room");
    sim.listen();
    sim.look();
    sim.input(Input::SpeechStarted);
    sim.pass(Duration::from_millis(900));
    sim.input(Input::SpeechStopped { ago: Duration::from_millis(200) });
    sim.pass(Duration::from_millis(600));
    assert!(sim.look().is_empty());
    sim.pass(Duration::from_millis(150));
    assert_eq!(sim.look()[0], "bot: Sorry, I did not understand that.");
}

#[test]
fn a_bot_without_a_voice_ends_the_call() {
    let mut sim = sim(BOOKING);
    for say in 1..=4 {
        sim.input(Input::Mute { say: SayId(say) });
    }
    assert_eq!(sim.hung_up, Some("cannot speak"));
}

#[test]
fn lost_sound_does_not_stop_a_conversation() {
    let mut talk = Conversation::new(Arc::new(Bot::parse(BOOKING, "test").unwrap()), today());
    let mut now = Instant::now();
    talk.handle(now, Input::Answered);
    // Nobody ever reports that anything was heard: it ends all the same.
    for _ in 0..400 {
        while talk.poll().is_some() {}
        let Some((at, _)) = talk.deadline() else { break };
        now = at;
        talk.handle(now, Input::Tick);
    }
    assert!(talk.ended());
}

#[test]
fn each_prompt_is_listened_for_before_it_is_said() {
    let mut sim = sim(BOOKING);
    for words in ["book a room", "boston", "today"] {
        sim.say(words);
    }
    let mut listening = false;
    let mut questions = 0;
    for output in &sim.outputs {
        match output {
            Output::Listen(expect) => {
                assert!(expect.grammar.contains("public <turn>"));
                listening = true;
            }
            Output::Say { last: true, .. } => {
                assert!(listening);
                questions += 1;
            }
            Output::Turn { .. } => listening = false,
            _ => {}
        }
    }
    assert_eq!(questions, 4);
}

#[test]
fn no_debug_text_holds_a_word_a_key_or_a_value() {
    let mut sim = sim(DESK);
    let inputs = [
        Input::Words { text: Some("zanzibar".into()), confidence: 0.9, is_final: true },
        Input::Key('7'),
        Input::ToolDone { id: ToolId(9), result: Ok(serde_json::json!({"name": "zanzibar"})) },
    ];
    let shown = format!("{inputs:?}");
    assert!(!shown.contains("zanzibar") && !shown.contains('7'), "{shown}");
    sim.say("leave a message");
    sim.say("zanzibar is lovely");
    sim.say("start again");
    sim.say("reset my password");
    sim.key("482199");
    sim.key("1");
    let shown = format!("{:?} {:?}", sim.outputs, sim.talk.history());
    assert!(!shown.contains("zanzibar") && !shown.contains("4821"), "{shown}");
    let secret = |o: &Output| match o {
        Output::Say { text, .. } | Output::Turn { text, .. } => text.contains("4821") || text.contains("four eight"),
        Output::Slot { value, .. } => value.as_ref().is_some_and(|v| v.to_string().contains("4821")),
        _ => false,
    };
    assert!(!sim.outputs.iter().any(secret));
    assert!(sim.talk.history().iter().all(|l| !matches!(l, Line::Caller { text } if text.contains("4821"))));
}

/// A small generator: tests are the same on every machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }
}

#[test]
fn a_thousand_wild_callers_never_break_it() {
    const WORDS: [&str; 40] = [
        "book a room",
        "cancel my booking",
        "mountain view",
        "boston",
        "today",
        "tomorrow",
        "two thirty p m",
        "half an hour",
        "two people",
        "yes",
        "no",
        "go back",
        "start again",
        "help",
        "repeat",
        "uh-huh",
        "banana",
        "the time",
        "no tomorrow",
        "four eight two one",
        "reset my password",
        "leave a message",
        "wait a moment",
        "",
        "…",
        "99999999999999999999",
        "at",
        "and",
        "twenty",
        "khách sạn",
        "đúng",
        "không",
        "trở lại",
        "dạ",
        "karaoke",
        "cà phê",
        "nothing",
        "what",
        "ok",
        "{place}",
    ];
    let bots: Vec<Bot> =
        [BOOKING, PLACES, DESK].iter().map(|t| Bot::parse(t, "wild").unwrap_or_else(|e| panic!("{e}"))).collect();
    let mut ends = std::collections::BTreeMap::new();
    for seed in 0..1_000u64 {
        let mut dice = Dice(seed);
        let mut sim = Sim::new(bots[dice.roll(bots.len())].clone());
        if dice.roll(20) == 0 {
            sim.input(Input::Deaf(true));
        }
        sim.input(Input::Answered);
        for _ in 0..60 {
            if sim.hung_up.is_some() {
                break;
            }
            let words = WORDS[dice.roll(WORDS.len())];
            match dice.roll(16) {
                0..=5 => sim.say(words),
                6 => sim.speak(Some(words), Duration::from_millis(dice.roll(1_500) as u64)),
                7 => sim.speak(None, Duration::from_millis(dice.roll(1_500) as u64)),
                8 => sim.input(Input::SpeechStarted),
                9 => sim.input(Input::SpeechStopped { ago: Duration::from_millis(dice.roll(400) as u64) }),
                10 => sim.key(["1", "2", "3", "*", "#", "0", "12", "1430", "A", "9#", "**"][dice.roll(11)]),
                11 => sim.pass(Duration::from_millis(dice.roll(4_000) as u64)),
                12 => sim.input(Input::Words {
                    text: Some(words.into()),
                    confidence: [f32::NAN, 0.0, 0.1, 0.4, 1.0, 9.0][dice.roll(6)],
                    is_final: dice.roll(2) == 0,
                }),
                13 => sim.tool(
                    [
                        Ok(serde_json::json!({"ticket": {"number": [1, null]}})),
                        Err(crate::conversation::ToolFault::NotJson),
                    ][dice.roll(2)]
                    .clone(),
                ),
                14 if dice.roll(8) == 0 => sim.input(Input::Deaf(dice.roll(2) == 0)),
                14 => sim.input(Input::Mute { say: SayId(dice.roll(30) as u64) }),
                _ => sim.input(Input::Heard {
                    say: SayId(dice.roll(30) as u64),
                    chars: dice.roll(50) as u32,
                    whole: dice.roll(2) == 0,
                }),
            }
        }
        // Left alone, every call comes to an end.
        for _ in 0..3_000 {
            if sim.hung_up.is_some() {
                break;
            }
            sim.pass(Duration::from_millis(100));
        }
        let end = sim.hung_up.unwrap_or_else(|| panic!("seed {seed} never ends: {:#?}", sim.look()));
        *ends.entry(end).or_insert(0) += 1;
        assert!(sim.talk.deadline().is_none());
    }
    // The callers are wild enough to meet most endings.
    assert!(ends.len() >= 7, "{ends:?}");
}

#[test]
fn a_caller_who_never_stops_asking_is_let_go() {
    let mut sim = sim(BOOKING);
    for _ in 0..200 {
        sim.say("repeat");
        if sim.hung_up.is_some() {
            break;
        }
    }
    assert_eq!(sim.hung_up, Some("too many turns"));
}

//! Keys, secrets, tools and free text, as traces.
use super::*;

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
        bot: this call is recorded and may be monitored.
        bot: Hello, this is the room booking line.
        bot: Would you like to book a room, or cancel a booking?
        hush
        keys: 1
        bot: You are speaking with an automated assistant,
        bot: this call is recorded and may be monitored.
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

/// The bot itself asks for the hash key at the end: one that comes after the last digit that fits is not a key of the next question.
#[test]
fn a_hash_behind_a_full_entry_ends_it_and_one_later_repeats() {
    check(
        BOOKING,
        "answer
        key 1
        key 3
        key 1204
        key #
        key #",
        r#"
        bot: You are speaking with an automated assistant,
        bot: this call is recorded and may be monitored.
        bot: Hello, this is the room booking line.
        bot: Would you like to book a room, or cancel a booking?
        hush
        keys: 1
        bot: You are speaking with an automated assistant,
        bot: this call is recorded and may be monitored.
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
        keys: #
        bot: At what time?"#,
    );
}

#[test]
fn no_said_twice_over_the_read_back_is_a_no() {
    check(
        BOOKING,
        "answer
        say book a room in boston today at two p m for one hour for two people
        say no no",
        r#"
        bot: You are speaking with an automated assistant,
        bot: this call is recorded and may be monitored.
        bot: Hello, this is the room booking line.
        bot: Would you like to book a room, or cancel a booking?
        caller: book a room in boston today at two p m for one hour for two people
        place = "boston"
        date = "2026-11-25"
        time = "14:00"
        duration = "PT1H"
        people = 2
        bot: You want a room in boston today at two p m for an hour for two people.
        bot: Is that right?
        caller: no no
        bot: What should I change?"#,
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
        pin = "****"
        bot: Reset it with the number you gave me?
        caller: yes
        pin = "****" ✓
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
        pin = "****" ✓
        bot: Reset it with the number you gave me?
        hush
        keys: 1
        pin = "****" ✓
        run Post http://127.0.0.1:1/reset {"pin":"995511","task":"reset"}
        bot: Done. Your ticket is seventeen.
        bot: Bye now.
        end: done"#,
    );
}

#[test]
fn the_caller_is_asked_for_patience_with_a_slow_tool_and_a_late_one_is_given_up() {
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
        pin = "****" ✓
        bot: Reset it with the number you gave me?
        hush
        keys: 1
        pin = "****" ✓
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
        pin = "****" ✓
        bot: Reset it with the number you gave me?
        hush
        keys: 1
        pin = "****" ✓
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
        bot: this call is recorded and may be monitored.
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

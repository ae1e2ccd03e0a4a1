//! Bookings, as traces.
use super::*;

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
        bot: this call is recorded and may be monitored.
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
        bot: this call is recorded and may be monitored.
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
        bot: this call is recorded and may be monitored.
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
        bot: this call is recorded and may be monitored.
        bot: Hello, this is the room booking line.
        bot: Would you like to book a room, or cancel a booking?"#,
    );
}

#[test]
fn a_longer_noise_pauses_the_bot_for_a_moment() {
    check(
        BOOKING,
        "answer
        wait 8000
        over 500
        listen",
        r#"
        bot: You are speaking with an automated assistant,
        bot: this call is recorded and may be monitored.
        bot: Hello, this is the room booking line.
        bot: Would you like to book a room, or cancel a booking?
        hold
        resume"#,
    );
}

#[test]
fn a_backchannel_pauses_the_bot_for_a_moment() {
    check(
        BOOKING,
        "answer
        wait 8000
        over 450 uh-huh
        listen",
        r#"
        bot: You are speaking with an automated assistant,
        bot: this call is recorded and may be monitored.
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
        bot: this call is recorded and may be monitored.
        bot: Hello, this is the room booking line.
        bot: Would you like to book a room, or cancel a booking?
        hold
        hush
        caller: book a room
        bot: In which city do you need the room?"#,
    );
}

#[test]
fn a_long_voice_without_words_pauses_the_bot_which_goes_on() {
    check(
        BOOKING,
        "answer
        wait 8000
        over 1200
        listen",
        r#"
        bot: You are speaking with an automated assistant,
        bot: this call is recorded and may be monitored.
        bot: Hello, this is the room booking line.
        bot: Would you like to book a room, or cancel a booking?
        hold
        resume"#,
    );
}

#[test]
fn a_disclosure_that_was_spoken_over_is_made_before_the_next_sentence() {
    check(
        BOOKING,
        "answer
        wait 500
        over 700 book a room
        listen",
        r#"
        bot: You are speaking with an automated assistant,
        bot: this call is recorded and may be monitored.
        bot: Hello, this is the room booking line.
        bot: Would you like to book a room, or cancel a booking?
        hold
        hush
        caller: book a room
        bot: You are speaking with an automated assistant,
        bot: this call is recorded and may be monitored.
        bot: In which city do you need the room?"#,
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
        say banana
        say banana
        say banana
        key 9",
        r#"
        bot: You are speaking with an automated assistant,
        bot: this call is recorded and may be monitored.
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
        bot: I have trouble understanding you.
        bot: Please use the keys of your phone.
        bot: For mountain view, press one.
        bot: For san francisco, press two.
        bot: For new york, press three. For los angeles, press four.
        bot: For chicago, press five. For boston, press six.
        bot: For seattle, press seven.
        caller: banana
        bot: Sorry, I did not understand that.
        bot: Please say a city, for example Mountain View or New York.
        bot: For mountain view, press one.
        bot: For san francisco, press two.
        bot: For new york, press three. For los angeles, press four.
        bot: For chicago, press five. For boston, press six.
        bot: For seattle, press seven.
        caller: banana
        bot: Sorry, I still did not get that.
        bot: Please say a city, for example Mountain View or New York.
        bot: For mountain view, press one.
        bot: For san francisco, press two.
        bot: For new york, press three. For los angeles, press four.
        bot: For chicago, press five. For boston, press six.
        bot: For seattle, press seven.
        hush
        keys: 9
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
        bot: this call is recorded and may be monitored.
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
        bot: this call is recorded and may be monitored.
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
        bot: this call is recorded and may be monitored.
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
fn a_yes_to_a_question_that_is_not_one_of_yes_or_no_is_asked_again_and_a_hesitation_is_waited_out() {
    check(
        BOOKING,
        "answer
        say book a room
        say um
        say yes",
        r#"
        bot: You are speaking with an automated assistant,
        bot: this call is recorded and may be monitored.
        bot: Hello, this is the room booking line.
        bot: Would you like to book a room, or cancel a booking?
        caller: book a room
        bot: In which city do you need the room?
        bot: Sorry, I did not understand that.
        bot: Please say a city, for example Mountain View or New York."#,
    );
}

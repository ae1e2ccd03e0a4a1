//! What was said of a value and is none: the caller is told why, and asked.
use super::*;

/// A bot that asks for a day and an hour; `confirm` of the hour, and a line of its own.
fn visit(line: &str, confirm: &str) -> String {
    format!(
        "name = 'visit'\nlanguage = 'en'\ngreeting = 'Hello.'\n{line}\n\
        [[slot]]\nname = 'date'\ntype = 'date'\nprompt = 'On which day?'\n\
        [[slot]]\nname = 'time'\ntype = 'time'\nprompt = 'At what time?'\nconfirm = '{confirm}'\n\
        [[task]]\nname = 'visit'\nslots = ['date', 'time']\nconfirm = 'So {{date}} at {{time}}?'\n\
        on_done = {{ say = 'Done.' }}\n"
    )
}

#[test]
fn why_a_value_is_none_is_said() {
    for (said, answer) in [
        ("the thirty first of november", "bot: There is no such date."),
        ("anything but monday", "bot: All right, not that one."),
        ("monday or tuesday", "bot: I need exactly one answer here."),
        ("before friday", "bot: I need exactly one answer here."),
        ("the fourth week of december", "bot: Sorry, I did not understand that."),
    ] {
        let mut sim = sim(&visit("", "low"));
        sim.listen();
        sim.look();
        sim.say(said);
        sim.listen();
        assert_eq!(sim.look()[1..], [answer, "bot: On which day?"], "{said}");
    }
}

#[test]
fn an_open_half_of_the_day_is_asked_about_even_where_nothing_is_confirmed() {
    check(
        &visit("", "never"),
        "answer
        say tomorrow at nine
        say in the evening
        listen",
        r#"
        bot: Hello.
        bot: On which day?
        caller: tomorrow at nine
        date = "2026-11-26"
        time = "09:00"
        bot: Did you say nine a m?
        caller: in the evening
        time = "21:00"
        bot: So tomorrow at nine p m?"#,
    );
}

#[test]
fn opening_hours_answer_which_half_of_the_day_is_meant() {
    check(
        &visit("opening_hours = '17:00-23:30'", "low"),
        "answer
        say tomorrow at nine
        listen",
        r#"
        bot: Hello.
        bot: On which day?
        caller: tomorrow at nine
        date = "2026-11-26"
        time = "21:00"
        bot: So tomorrow at nine p m?"#,
    );
}

#[test]
fn a_yes_with_something_open_behind_it_confirms_nothing() {
    for said in ["yes, but before noon", "yes or at four or five"] {
        let mut sim = sim(&visit("", "low"));
        for words in ["tomorrow", "at three p m"] {
            sim.say(words);
        }
        sim.listen();
        sim.look();
        sim.say(said);
        sim.listen();
        let seen = sim.look();
        assert!(seen.last().is_some_and(|line| line.contains("So tomorrow at three p m")), "{said}: {seen:?}");
        assert!(!seen.iter().any(|line| line.contains("✓")), "{said}: {seen:?}");
    }
}

#[test]
fn what_was_refused_in_a_read_back_is_asked_again() {
    for (said, answer) in [
        ("no, not at three", "bot: At what time?"),
        ("not at three but at four", "bot: So tomorrow at four p m?"),
        ("at four, not at three", "bot: So tomorrow at four p m?"),
        ("change it from three p m to four p m", "bot: So tomorrow at four p m?"),
    ] {
        let mut sim = sim(&visit("", "low"));
        for words in ["tomorrow", "at three p m"] {
            sim.say(words);
        }
        sim.listen();
        sim.look();
        sim.say(said);
        sim.listen();
        assert_eq!(sim.look().last().map(String::as_str), Some(answer), "{said}");
    }
}

//! Names, e-mail addresses, postal addresses and identity numbers in whole conversations.
use super::*;

fn bot(language: &str, slot: &str) -> String {
    let (greeting, say) = if language == "en" { ("Accounts.", "Noted.") } else { ("Xin chào.", "Đã ghi nhận.") };
    format!(
        "name = \"account\"\nlanguage = \"{language}\"\ngreeting = \"{greeting}\"\n[[task]]\nname = \"open\"\nslots = [\"entry\"]\n\
         on_done = {{ say = \"{say}\" }}\n[[slot]]\nname = \"entry\"\nprompt = \"Tell me.\"\n{slot}\n"
    )
}

/// What is seen of a call in which these answers are given.
fn said(language: &str, slot: &str, answers: &[&str]) -> Vec<String> {
    let mut sim = sim(&bot(language, slot));
    sim.listen();
    sim.look();
    for answer in answers {
        sim.say(answer);
        sim.pass(Duration::from_millis(1_500));
    }
    // Clauses of one answer in one line.
    let mut out: Vec<String> = Vec::new();
    for line in sim.look().into_iter().filter(|line| !line.starts_with("caller:") && line != "bot: Tell me.") {
        match (line.strip_prefix("bot: "), out.last_mut().filter(|last| last.starts_with("bot: "))) {
            (Some(clause), Some(last)) => *last += &format!(" {clause}"),
            _ => out.push(line),
        }
    }
    out
}

const DONE_EN: [&str; 2] = ["bot: Noted. Thank you for calling. Goodbye.", "end: done"];

#[test]
fn a_card_whose_check_digit_is_wrong_is_asked_about_and_corrected_in_place() {
    let seen = said(
        "en",
        "type = \"id\"\nscheme = \"card\"",
        &["four one one one one one one one one one one one one one one two", "no, the last digit is one", "yes"],
    );
    assert_eq!(
        seen[..4],
        [
            "bot: The check digit does not fit, so one of the digits must be wrong. I have four one one one, one one one one, \
             one one one one, one one one two. Please say which part is wrong, or say all of it again.",
            "entry = \"4111111111111111\"",
            "bot: Did you say four one one one, one one one one, one one one one, one one one one?",
            "entry = \"4111111111111111\" ✓",
        ]
    );
    assert_eq!(seen[seen.len() - 2..], DONE_EN);
}

#[test]
fn an_e_mail_address_is_read_back_letter_by_letter_and_corrected() {
    let seen = said(
        "en",
        "type = \"email\"",
        &["my email is john dot smith at gmail dot com", "no, hotmail not gmail", "yes"],
    );
    assert_eq!(seen[0], "entry = \"john.smith@gmail.com\"");
    assert!(seen[1].starts_with("bot: Did you say J O H N, dot, S M I T H, at gmail dot com?"), "{seen:?}");
    assert!(seen.contains(&"entry = \"john.smith@hotmail.com\" ✓".to_owned()), "{seen:?}");
    let seen = said("vi", "type = \"email\"", &["nam chấm vũ", "a còng gmail chấm com", "đúng rồi"]);
    assert!(seen.contains(&"entry = \"nam.vu@gmail.com\" ✓".to_owned()), "{seen:?}");
}

#[test]
fn a_name_is_spelled_and_one_letter_of_it_is_corrected() {
    let seen = said("en", "type = \"name\"", &["john smith", "it's a y not an i", "yes"]);
    assert_eq!(seen[0], "entry = \"John Smith\"");
    assert!(seen.contains(&"entry = \"John Smyth\" ✓".to_owned()), "{seen:?}");
    let seen = said("vi", "type = \"name\"", &["tuấn, tê u â en nờ dấu sắc", "đúng rồi"]);
    assert!(seen.contains(&"entry = \"Tuấn\" ✓".to_owned()), "{seen:?}");
}

#[test]
fn parts_of_an_address_are_asked_for_and_an_old_province_is_named_as_such() {
    let answers = ["số 8 đường Trần Phú", "phường Hải Tân", "tỉnh Hải Dương", "đúng rồi"];
    let seen = said("vi", "type = \"address\"", &answers);
    let all = seen.join("\n");
    assert!(all.contains("Phường hay xã nào?") && all.contains("Tỉnh hay thành phố nào?"), "{all}");
    assert!(all.contains("tỉnh Hải Dương cũ, nay thuộc thành phố Hải Phòng"), "{all}");
    assert!(all.contains("\"old_province\":\"Hải Dương\"") && all.contains('✓'), "{all}");
    let seen = said("en", "type = \"address\"", &["12 elm street", "boston", "no, 14 elm street", "yes"]);
    let all = seen.join("\n");
    assert!(all.contains("Which city?") && all.contains("\"number\":\"14\""), "{all}");
}

#[test]
fn a_citizen_number_comes_in_parts_and_by_keys() {
    let seen = said(
        "vi",
        "type = \"id\"\nscheme = \"citizen\"",
        &["không bảy chín một tám năm", "không không một hai ba bốn", "đúng"],
    );
    assert!(seen.contains(&"entry = \"079185001234\" ✓".to_owned()), "{seen:?}");
    let mut sim = sim(&bot("vi", "type = \"id\"\nscheme = \"tax\""));
    sim.listen();
    sim.look();
    "0100109107#".chars().for_each(|key| sim.input(Input::Key(key)));
    sim.listen();
    let seen = sim.look();
    assert!(seen.iter().any(|line| line.contains("Số kiểm tra không khớp")), "{seen:?}");
    sim.say("số cuối là sáu");
    sim.say("đúng");
    let seen = sim.look();
    assert!(seen.contains(&"entry = \"0100109106\" ✓".to_owned()), "{seen:?}");
}

#[test]
fn a_code_is_corrected_in_place() {
    for (language, said_first, correction, yes) in [
        ("en", "four oh nine one", "no, seven not nine", "yes"),
        ("en", "four oh nine one", "the third digit is seven", "yes"),
        ("vi", "bốn không chín một", "số bảy chứ không phải chín", "đúng"),
        ("vi", "bốn không chín một", "số thứ ba là bảy", "đúng"),
    ] {
        let seen =
            said(language, "type = \"digits\"\nlength = 4\nconfirm = \"always\"", &[said_first, correction, yes]);
        assert!(seen.contains(&"entry = \"4071\" ✓".to_owned()), "{correction}: {seen:?}");
    }
}

#[test]
fn a_file_that_asks_for_no_such_thing_is_refused() {
    for (slot, key) in [
        ("type = \"id\"", "scheme"),
        ("type = \"id\"\nscheme = \"card\"\npattern = \"99\"", "pattern"),
        ("type = \"id\"\npattern = \"99ä\"", "pattern"),
        ("type = \"id\"\npattern = \"AA99\"\ncheck = \"luhn\"", "pattern"),
        ("type = \"id\"\nscheme = \"card\"\ncheck = \"luhn\"", "check"),
        ("type = \"address\"\nparts = [\"city\", \"city\"]", "parts"),
        ("type = \"address\"\nwards = [\"Láng, Paris\"]", "wards"),
        ("type = \"name\"\nparts = [\"city\"]", "parts"),
        ("type = \"email\"\nsecret = true", "secret"),
    ] {
        let fault = Bot::parse(&bot("en", slot), "b").map(drop).unwrap_err().to_string();
        assert!(fault.contains(key), "{slot}: {fault}");
    }
}

#[test]
fn what_is_written_as_it_is_needs_no_check_and_what_is_put_together_does() {
    for (slot, text, value, checked) in [
        ("type = \"email\"", "John.Smith@gmail.com", "john.smith@gmail.com", false),
        ("type = \"email\"", "john at gmail", "john@gmail.com", true),
        ("type = \"name\"", "my name is Ann Lee", "Ann Lee", false),
        ("type = \"name\"", "smith, s m y t h", "Smyth", true),
        ("type = \"id\"\nscheme = \"card\"", "4111 1111 1111 1111", "4111111111111111", false),
    ] {
        let mut sim = sim(&bot("en", slot));
        sim.listen();
        sim.look();
        sim.input(Input::Typed(text.into()));
        sim.listen();
        let seen = sim.look().join("\n");
        assert!(seen.contains(&format!("entry = \"{value}\"")), "{text}: {seen}");
        assert_eq!(seen.contains("Did you say"), checked, "{text}: {seen}");
    }
}

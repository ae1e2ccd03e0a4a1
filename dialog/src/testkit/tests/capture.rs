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
    sim.look().into_iter().filter(|line| !line.starts_with("caller:") && line != "bot: Tell me.").collect()
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

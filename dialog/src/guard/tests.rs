//! What is masked of what callers say, and what is not.
use super::*;
use crate::testkit::planted::two_hundred;
use serde_json::json;

fn guard(language: Language) -> Guard {
    Guard::new(Personal::ALL, language)
}

fn masked(text: &str, language: Language) -> String {
    guard(language).mask(text)
}

fn line(text: &str) -> TalkLine<'_> {
    TalkLine { by_caller: true, text, asked: None, slot: None }
}

#[test]
fn nothing_is_left_of_two_hundred_planted_values() {
    for seed in [1, 20_261_130, 77] {
        let mut left = Vec::new();
        let all = two_hundred(seed);
        assert_eq!(all.len(), 200);
        for planted in all {
            let language = if planted.vietnamese { Language::Vi } else { Language::En };
            let mut guard = guard(language);
            if let Some((kind, value)) = &planted.slot {
                let kind = Personal::ALL.into_iter().find(|personal| personal.name() == *kind).unwrap();
                guard.learn(kind, &json!(value));
            }
            let lines: Vec<TalkLine> = planted.turns.iter().map(|turn| line(turn)).collect();
            let shown = guard.talk(&lines).join("\n");
            let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
            let is_number = |value: &str| value.len() > 5 && value.bytes().all(|b| b.is_ascii_digit());
            let gives = |value: &String| {
                shown.contains(value.as_str()) || is_number(value) && digits(&shown).contains(value.as_str())
            };
            if planted.values.iter().any(gives) {
                left.push(format!("{:?} as {shown:?}", planted.turns));
            }
        }
        assert!(left.is_empty(), "seed {seed}: {} of 200 left:\n{}", left.len(), left.join("\n"));
    }
}

#[test]
fn each_kind_is_found_in_both_languages_and_has_its_placeholder() {
    for (text, shown) in [
        ("call me on oh four one two, three four five, six seven eight please", "call me on [phone 1] please"),
        ("it's 0412 345 678.", "it's [phone 1]."),
        ("+84 912 345 678", "[phone 1]"),
        ("my number is double oh four four two zero seven nine four six oh nine five eight", "my number is [phone 1]"),
        ("(415) 555-2671", "([phone 1]"),
        ("4111 1111 1111 1111", "[card 1]"),
        ("my account is DE89 3704 0044 0532 0130 00, yes", "my account is [id 1], yes"),
        ("write to ada.lovelace@example.com.", "write to [email 1]."),
        ("it's ada dot lovelace at example dot com", "it's [email 1]"),
        ("my name is Ada Lovelace and I need a room", "my name is [name 1] and I need a room"),
    ] {
        assert_eq!(masked(text, Language::En), shown, "{text}");
    }
    for (text, shown) in [
        ("số của tôi là không chín một hai ba bốn năm sáu bảy tám ạ", "số của tôi là [phone 1] ạ"),
        ("khong chin mot hai ba bon nam sau bay tam", "[phone 1]"),
        ("không chín ba số tám một hai ba bốn năm", "[phone 1]"),
        ("căn cước 001099012345 nhé", "căn cước [id 1] nhé"),
        ("email là lan chấm nguyen a còng gmail chấm com nhé", "email là [email 1] nhé"),
        ("tôi tên là Nguyễn Văn An ạ", "tôi tên là [name 1] ạ"),
    ] {
        assert_eq!(masked(text, Language::Vi), shown, "{text}");
    }
}

#[test]
fn what_is_not_personal_stays() {
    for text in [
        "a table for four at half past seven on the twenty fifth of December",
        "room 1204, order 55812, that is 3,250,000 dong",
        "between 9:00 and 17:30 from 2026-12-24 to 2026-12-31",
        "meet me at the shop at two",
        "flight VN 1234 on the 5th, two adults and one child",
        "the parcel is 12345678901234",
        "I paid one thousand two hundred and fifty dollars",
        "",
    ] {
        assert_eq!(masked(text, Language::En), text);
    }
    for text in [
        "bàn bốn người lúc bảy giờ tối ngày hai mươi lăm tháng mười hai",
        "phòng 1204 giá 3.250.000 đồng",
        "không, năm người thôi",
    ] {
        assert_eq!(masked(text, Language::Vi), text);
    }
    assert_eq!(Guard::new([], Language::En).mask("0412 345 678"), "0412 345 678");
    let card = Guard::new([Personal::Card], Language::En).mask("0412 345 678 and 4111111111111111");
    assert_eq!(card, "0412 345 678 and [card 1]", "only what is wished for");
}

#[test]
fn a_value_has_one_placeholder_and_comes_back_for_it() {
    let mut guard = guard(Language::En);
    assert_eq!(guard.mask("0412 345 678 or 0499 111 222"), "[phone 1] or [phone 2]");
    assert_eq!(guard.mask("oh four one two three four five six seven eight"), "[phone 1]");
    assert_eq!(
        guard.restore("I call [phone 1], not [phone 2] or [phone 3]."),
        "I call 0412345678, not 0499111222 or [phone 3]."
    );
    let mut arguments = json!({ "to": "[phone 2]", "also": ["phone 1"], "n": 3, "text": "ring [phone 1]" });
    guard.restore_json(&mut arguments);
    assert_eq!(arguments, json!({ "to": "0499111222", "also": ["0412345678"], "n": 3, "text": "ring 0412345678" }));
    assert_eq!(guard.blot("ring 0412 345 678!"), "ring •••• ••• •••!");
    assert!(
        is_placeholder("phone 12")
            && !is_placeholder("phone")
            && !is_placeholder("note 1")
            && !is_placeholder("phone x")
    );
}

#[test]
fn what_a_slot_has_taken_is_known_again() {
    let mut guard = guard(Language::Vi);
    assert_eq!(guard.learn(Personal::Name, &json!("Nguyễn Văn An")).as_deref(), Some("[name 1]"));
    assert_eq!(guard.mask("dạ nguyen van an, chào anh An, an toàn"), "dạ [name 1], chào anh [name 1], an toàn");
    let address = json!({ "number": "12", "street": "Mai Hắc Đế", "province": "Hà Nội" });
    guard.learn(Personal::Address, &address);
    assert!(!guard.mask("số 12 Mai Hắc Đế, Hà Nội").contains("Mai"));
    guard.learn(Personal::Phone, &json!("12345"));
    assert_eq!(guard.mask("máy lẻ một hai ba bốn năm"), "máy lẻ [phone 1]");
    let mut english = Guard::new([Personal::Name], Language::En);
    english.learn(Personal::Name, &json!("Siobhan Quigley"));
    assert_eq!(english.mask("S I O B H A N, that's right"), "[name 1], that's right");
    assert_eq!(english.learn(Personal::Phone, &json!("0412345678")), None, "nobody wishes it");
}

#[test]
fn a_number_in_several_turns_is_one() {
    let mut guard = guard(Language::En);
    let bot = |text| TalkLine { by_caller: false, text, asked: None, slot: None };
    let lines = [
        line("it's oh four one two"),
        bot("Go on."),
        line("three four five"),
        line("six seven eight"),
        line("four people"),
    ];
    assert_eq!(guard.talk(&lines), ["it's [phone 1]", "Go on.", "[phone 1]", "[phone 1]", "four people"]);
    let asked = TalkLine { asked: Some(Personal::Card), ..line("four one one one") };
    assert_eq!(guard.talk(&[asked]), ["[card 1]"], "a part of what was asked for");
    assert_eq!(guard.blot_partial("it is 4 1 1 1 1 1", None), "it is • • • • • •");
    assert_eq!(guard.blot_partial("one two", Some(Personal::Phone)), "••• •••");
}

#[test]
fn answers_to_two_questions_make_no_number_together() {
    let mut guard = Guard::new(Personal::ALL, Language::En);
    let entries = [("1", None), ("1", Some(0)), ("1231", Some(1)), ("1430", Some(2)), ("30", Some(3)), ("2", Some(4))];
    let lines = entries.map(|(text, slot)| TalkLine { slot, ..line(text) });
    assert_eq!(guard.talk(&lines), entries.map(|(text, _)| text));
    let halves =
        ["oh four one two, three four", "five, six seven eight"].map(|text| TalkLine { slot: Some(2), ..line(text) });
    assert!(guard.talk(&halves).iter().all(|text| text.contains("[phone 1]")));
}

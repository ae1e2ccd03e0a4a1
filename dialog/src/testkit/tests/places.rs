//! The Vietnamese bot, as traces.
use super::*;

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
        bot: cuộc gọi được ghi âm và có thể được theo dõi.
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
fn a_place_is_found_in_vietnamese() {
    check(
        PLACES,
        "answer
        say khách sạn
        say đúng
        listen",
        r#"
        bot: Quý khách đang nói chuyện với trợ lý tự động,
        bot: cuộc gọi được ghi âm và có thể được theo dõi.
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
        bot: cuộc gọi được ghi âm và có thể được theo dõi.
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

#[test]
fn what_is_spelled_for_the_voice_is_read_as_it_is_written() {
    let mut talk = Conversation::new(Arc::new(Bot::parse(PLACES, "test").unwrap()), today());
    let mut read = |input| {
        talk.handle(Instant::now(), input);
        let clauses: Vec<Clause> = std::iter::from_fn(|| talk.poll())
            .filter_map(|out| if let Output::Say { clause, .. } = out { Some(clause) } else { None })
            .collect();
        let all = |part: fn(&Clause) -> &str| clauses.iter().map(part).collect::<Vec<_>>().join(" ");
        (all(Clause::written), all(Clause::said))
    };
    let (read_first, said) = read(Input::Answered);
    assert!(said.ends_with("ka ra ô kê, mát xa, hay trạm a tê em?"), "{said}");
    assert!(read_first.ends_with("karaoke, mát xa, hay trạm ATM?"), "{read_first}");
    let (read_then, said) = read(Input::Typed("trạm atm".into()));
    assert!(said.ends_with("tìm trạm a tê em, đúng không?"), "{said}");
    assert!(read_then.ends_with("tìm trạm ATM, đúng không?"), "{read_then}");
}

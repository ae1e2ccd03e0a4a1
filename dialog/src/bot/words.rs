//! What every bot can say without being told: the sentences of each language.
use crate::language::Language;
use crate::say;
use crate::value::around::Unclear;
use crate::value::capture::address::Part;
use crate::value::capture::id::Fault;
use crate::value::kind::Kind;
use serde::Deserialize;

macro_rules! prompts {
    ($($(#[$doc:meta])* $name:ident: $en:literal, $vi:literal;)*) => {
        /// The sentences a bot needs besides its own; `[prompts]` in the bot's file replaces any of them.
        #[derive(Clone, Debug, PartialEq)]
        pub struct Prompts { $($(#[$doc])* pub $name: String,)* }

        #[derive(Default, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub(super) struct PromptsFile { $(pub $name: Option<String>,)* }

        impl PromptsFile {
            pub(super) fn fill(self, language: Language) -> Prompts {
                let usual = |en: &'static str, vi: &'static str| match language {
                    Language::En => en,
                    Language::Vi => vi,
                };
                Prompts { $($name: self.$name.unwrap_or_else(|| usual($en, $vi).to_string()),)* }
            }
        }

        impl Prompts {
            pub(crate) fn named(&self) -> Vec<(&'static str, &str)> { vec![$((stringify!($name), self.$name.as_str()),)*] }
            pub(crate) fn all(&self) -> Vec<&str> { vec![$(self.$name.as_str(),)*] }
            pub(super) fn all_mut(&mut self) -> Vec<&mut String> { vec![$(&mut self.$name,)*] }
        }
    };
}

prompts! {
    task: "What can I do for you?", "Tôi có thể giúp gì cho quý khách?";
    anything_else: "Is there anything else I can do for you?", "Quý khách còn cần gì nữa không?";
    no_input: "Sorry, I did not hear anything.", "Xin lỗi, tôi không nghe thấy gì.";
    still_there: "Are you still there?", "Quý khách còn nghe máy không?";
    /// After the last unanswered prompt.
    no_caller: "I cannot hear you, so I will hang up now. Please call again. Goodbye.",
        "Tôi không nghe thấy quý khách nên xin phép kết thúc cuộc gọi. Xin gọi lại sau. Tạm biệt.";
    no_match: "Sorry, I did not understand that.", "Xin lỗi, tôi chưa hiểu.";
    no_match_again: "Sorry, I still did not get that.", "Xin lỗi, tôi vẫn chưa hiểu.";
    /// After the last misunderstood turn.
    give_up: "I am sorry, I cannot help you with this right now. Please call again later. Goodbye.",
        "Rất tiếc, tôi chưa thể giúp quý khách lúc này. Xin gọi lại sau. Tạm biệt.";
    person: "I am sorry, nobody can take your call at the moment. Please call again later. Goodbye.",
        "Rất tiếc, hiện không có nhân viên nào nhận cuộc gọi. Xin gọi lại sau. Tạm biệt.";
    /// The caller is put through to a person.
    connecting: "One moment, I will put you through.", "Xin chờ một chút, tôi xin nối máy đến nhân viên.";
    /// Why nobody was found: the call goes on with the bot.
    person_busy: "I am sorry, the line is busy.", "Rất tiếc, máy của nhân viên đang bận.";
    person_declined: "I am sorry, nobody can take your call right now.", "Rất tiếc, nhân viên chưa thể nhận cuộc gọi lúc này.";
    person_no_answer: "I am sorry, nobody answers at the moment.", "Rất tiếc, hiện chưa có ai nhấc máy.";
    person_nobody: "I am sorry, nobody is there at the moment.", "Rất tiếc, hiện không có nhân viên nào trực.";
    person_too_long: "I am sorry, everybody is still busy.", "Rất tiếc, các nhân viên vẫn đang bận.";
    person_failed: "I am sorry, I could not put you through.", "Rất tiếc, tôi chưa nối máy được.";
    /// The caller waits for a person: `{value}` is their place, or how long it may take.
    queue_next: "You are next.", "Quý khách là người tiếp theo.";
    queue_place: "You are number {value} in the queue.", "Quý khách đang ở vị trí số {value} trong hàng chờ.";
    queue_wait: "It may take about {value}.", "Thời gian chờ khoảng {value}.";
    queue_call_back: "If you would rather be called back, say call me back, or press one.",
        "Nếu muốn được gọi lại, quý khách hãy nói gọi lại cho tôi, hoặc bấm phím một.";
    called_back: "All right, we will call you back.", "Vâng, chúng tôi sẽ gọi lại cho quý khách.";
    /// What a person hears of a caller who has asked for nothing yet.
    brief_nothing: "A caller, no request yet.", "Khách gọi, chưa có yêu cầu.";
    deaf: "I am sorry, I cannot hear well at the moment. Please use the keys of your phone.",
        "Xin lỗi, hiện tôi không nghe được giọng nói. Xin quý khách dùng bàn phím điện thoại.";
    deaf_end: "I am sorry, I cannot hear well at the moment, and the keys of your phone cannot do this. Please call again later. Goodbye.",
        "Xin lỗi, hiện tôi không nghe được giọng nói và việc này không làm bằng bàn phím được. Xin gọi lại sau. Tạm biệt.";
    moment: "One moment, please.", "Xin chờ một chút.";
    still_working: "Thank you for waiting, it takes a little longer.", "Cảm ơn quý khách đã chờ, việc này cần thêm chút thời gian.";
    tool_late: "I am sorry, that takes too long right now. Please call again later.", "Rất tiếc, hệ thống đang quá chậm. Xin gọi lại sau.";
    tool_failed: "I am sorry, that did not work. Please call again later.", "Rất tiếc, việc này không thực hiện được. Xin gọi lại sau.";
    /// The answer to what was done lacks something that the bot was to say.
    tool_incomplete: "It is done, but I did not get all of the details. Please ask us for them.",
        "Việc đã xong, nhưng tôi chưa nhận được đủ thông tin chi tiết. Xin quý khách hỏi lại sau.";
    /// A lookup has found nothing.
    not_found: "I cannot find that.", "Tôi không tìm thấy thông tin đó.";
    /// A lookup has found more than one.
    several_found: "I find more than one.", "Tôi tìm thấy nhiều kết quả.";
    /// `{value}` is what was understood.
    check: "Did you say {value}?", "Có phải quý khách nói {value} không?";
    /// Another `{value}` was heard for something that is known.
    check_change: "I heard {value}. Is that a change?", "Tôi nghe thấy {value}. Quý khách muốn đổi phải không?";
    /// `{value}` is the part of an answer that was given so far.
    rest: "I have {value}. What comes next?", "Tôi đã có {value}. Tiếp theo là gì?";
    /// The same for a secret.
    rest_secret: "I have the first part. What comes next?", "Tôi đã có phần đầu. Tiếp theo là gì?";
    /// A day was named that its month does not have ("the thirty first of November").
    no_such_date: "There is no such date.", "Không có ngày đó.";
    /// Several values were said, or a bound ("before noon"), where one value is asked for.
    one_value: "I need exactly one answer here.", "Xin quý khách chọn đúng một câu trả lời.";
    /// Only what is not meant was said ("anything but Monday").
    only_refused: "All right, not that one.", "Dạ, vậy là không phải.";
    /// `{value}` is a list of items that was heard in part.
    items_have: "I have {value}.", "Tôi đã có {value}.";
    /// A field of one of several items is missing: `{value}` is the item.
    items_of: "For {value}:", "Với {value}:";
    /// How many of an item is not known: `{value}` is what is counted.
    items_count: "How many {value} would you like?", "Quý khách lấy bao nhiêu {value}?";
    /// Something besides the items was not understood.
    items_rest: "I did not get the rest. What else would you like?", "Phần còn lại tôi chưa nghe rõ. Quý khách lấy thêm gì nữa?";
    /// `{value}` is an entry that cannot be right as it was understood.
    correct: "I have {value}. Please say which part is wrong, or say all of it again.",
        "Tôi nghe là {value}. Xin quý khách cho biết chỗ nào sai, hoặc đọc lại toàn bộ.";
    /// What is to be corrected stands in the entry more than once.
    several_places: "That is in there more than once. Please tell me which place, like: the third digit is five.",
        "Chỗ đó có nhiều hơn một lần. Xin quý khách nói rõ vị trí, ví dụ: số thứ ba là năm.";
    /// Why an identity number cannot be right.
    id_check: "The check digit does not fit, so one of the digits must be wrong.", "Số kiểm tra không khớp, nên chắc chắn có một chữ số bị sai.";
    id_too_long: "That is too long for such a number.", "Số này dài quá.";
    id_shape: "Such a number has other letters and digits.", "Số này không đúng mẫu chữ và số.";
    id_province: "No province has the code at its beginning.", "Ba số đầu không phải là mã của tỉnh thành nào.";
    id_birth: "Its year of birth would be in the future.", "Năm sinh trong số này còn ở tương lai.";
    id_country: "No country has the code at its beginning.", "Hai chữ đầu không phải là mã của nước nào.";
    id_branch: "No branch has the number at its end.", "Ba số cuối không phải là mã của đơn vị trực thuộc nào.";
    /// A part of an address that is still to be given.
    address_number: "What is the house number?", "Số nhà là bao nhiêu?";
    address_street: "What is the street?", "Đường nào?";
    address_unit: "Which apartment or unit?", "Căn hộ hay phòng số mấy?";
    address_ward: "Which ward?", "Phường hay xã nào?";
    address_district: "Which district?", "Quận hay huyện nào?";
    address_province: "Which province or city?", "Tỉnh hay thành phố nào?";
    address_city: "Which city?", "Thành phố nào?";
    address_state: "Which state?", "Bang nào?";
    address_postcode: "What is the postal code?", "Mã bưu chính là gì?";
    change: "What should I change?", "Quý khách muốn đổi gì?";
    help: "You can answer in a few words. You can also say repeat, go back, start again, or a person.",
        "Quý khách có thể trả lời ngắn gọn. Quý khách cũng có thể nói nhắc lại, trở lại, bắt đầu lại, hoặc gặp nhân viên.";
    /// What may be a yes as well as a no.
    unsure: "Please say yes or no.", "Xin quý khách nói đúng, hoặc không.";
    /// `{value}` was taken in place of what was known.
    changed: "Okay, {value} instead.", "Vâng, đổi thành {value}.";
    /// The least and the greatest number that a question takes.
    range: "It can be from {min} to {max}.", "Số này từ {min} đến {max}.";
    /// `{value}` is what can be chosen, "and" before the last.
    choices: "There is {value}.", "Có {value}.";
    /// A question that nothing of the bot answers.
    unknown: "I am sorry, I cannot answer that.", "Xin lỗi, tôi không trả lời được câu này.";
    /// The caller asks whether somebody is there.
    here: "Yes, I am here.", "Dạ, tôi nghe đây.";
    /// The caller wants none of it any more.
    stop: "Do you want to stop here?", "Quý khách muốn dừng lại phải không?";
    stopped: "All right.", "Vâng.";
    /// Something that cannot be undone was heard doubtfully: does the caller want it? `{value}` is a task.
    want_person: "Do you want to speak to a person?", "Quý khách muốn gặp nhân viên phải không?";
    want_goodbye: "Do you want to end the call?", "Quý khách muốn kết thúc cuộc gọi phải không?";
    want_restart: "Do you want to start again?", "Quý khách muốn bắt đầu lại từ đầu phải không?";
    want_back: "Do you want to go back?", "Quý khách muốn trở lại bước trước phải không?";
    want_task: "Is it about {value}?", "Quý khách muốn {value} phải không?";
    want_call_back: "Do you want to be called back?", "Quý khách muốn được gọi lại phải không?";
    said_yes: "Did you say yes?", "Quý khách vừa nói đồng ý phải không?";
    /// Who is not understood again and again is led to the keys.
    use_keys: "I have trouble understanding you. Please use the keys of your phone.",
        "Tôi nghe chưa rõ. Xin quý khách dùng bàn phím điện thoại.";
    /// The same for who has written something already.
    use_writing: "I have trouble understanding you. You can also write your answer.", "Tôi nghe chưa rõ. Quý khách cũng có thể nhắn câu trả lời.";
    /// Where nobody can be reached and a message is taken (`takes_messages`).
    message: "Nobody can take your call at the moment. Please leave a message, with your name and your number.",
        "Hiện chưa có nhân viên nào nhận cuộc gọi. Xin quý khách để lại lời nhắn, kèm tên và số điện thoại.";
    message_taken: "Thank you, your message is noted.", "Cảm ơn quý khách, lời nhắn đã được ghi lại.";
    /// An action waits for a supervisor; the same after a while; it was declined; the caller does not want it any more.
    checking: "One moment, I am checking that with a colleague.", "Dạ, quý khách chờ một chút, tôi hỏi lại đồng nghiệp.";
    still_checking: "I am still waiting for my colleague.", "Tôi vẫn đang chờ đồng nghiệp trả lời.";
    declined: "I am sorry, my colleague could not approve that.", "Rất tiếc, đồng nghiệp của tôi không duyệt được yêu cầu này.";
    withdrawn: "All right, I will not do that.", "Vâng, tôi sẽ không làm nữa.";
    /// A model wanted to say that something was done, and nothing was.
    not_done: "That is not done yet. What would you like me to do?", "Việc này vẫn chưa được thực hiện. Quý khách muốn tôi làm gì ạ?";
    /// What is left of a long answer is not said at once.
    hear_more: "Would you like to hear more?", "Quý khách có muốn nghe thêm không ạ?";
    /// A model wanted to do what it may not.
    not_allowed: "I am not able to do that on this call.", "Tôi không thể làm việc đó trong cuộc gọi này.";
    /// `{value}` is what a tool would do.
    confirm_call: "{value}. Is that right?", "{value}. Có đúng không ạ?";
    /// The caller does not want to be recorded.
    not_recorded: "All right, this call is not recorded any more.", "Vâng, từ giờ cuộc gọi này không ghi âm nữa.";
    /// The caller asks whether a machine speaks.
    machine: "Yes, I am an automated assistant, not a person.", "Dạ, tôi là trợ lý tự động, không phải người thật.";
    /// Behind it, where the bot leads to a person.
    machine_person: "If you would rather talk to one, just say: a person.", "Nếu quý khách muốn gặp người thật, xin cứ nói gặp nhân viên.";
    /// The caller is told that the bot remembers them.
    memory_told: "I will remember what you tell me for the next time; say forget me, and I do.",
        "Tôi sẽ ghi nhớ thông tin cho lần gọi sau; quý khách cứ nói quên tôi đi là tôi xóa ngay.";
    /// The caller is asked for it; what the answer comes to; and they want to be forgotten.
    memory_ask: "May I remember this for the next time you call?", "Tôi có thể ghi nhớ thông tin này cho lần gọi sau không?";
    memory_kept: "Thank you, I will.", "Cảm ơn quý khách, tôi sẽ ghi nhớ.";
    memory_not_kept: "All right, I will not.", "Vâng, tôi sẽ không ghi nhớ.";
    memory_forgotten: "All right, I have forgotten what I knew about you.", "Vâng, tôi đã xóa những gì tôi biết về quý khách.";
    /// The same where the bot keeps nothing of its callers.
    memory_nothing: "I do not keep anything about you for other calls.", "Tôi không lưu thông tin nào của quý khách cho các cuộc gọi khác.";
    /// The caller wanted to speak this bot's language.
    language_switched: "All right, we go on in English.", "Vâng, mình nói tiếng Việt ạ.";
    /// `{value}` is known from an earlier call.
    remembered: "Is it {value} again?", "Vẫn là {value} phải không?";
    /// `{value}` is what the caller wanted when the last call ended.
    unfinished: "Last time we did not finish: {value}. To go on with that, say yes.",
        "Lần trước chúng ta chưa làm xong: {value}. Nếu muốn làm tiếp, quý khách nói có.";
    back: "Let us go back.", "Chúng ta trở lại bước trước.";
    restart: "Let us start again.", "Chúng ta bắt đầu lại.";
    /// The call is the bot's again after a person has spoken with the caller.
    returned: "I'm back with you.", "Tôi xin tiếp tục hỗ trợ quý khách.";
    wait: "Take your time.", "Quý khách cứ thong thả.";
    /// `{value}` is an entry, `{key}` its key.
    menu_key: "For {value}, press {key}.", "Bấm phím {key} để chọn {value}.";
    yes_no_keys: "Press one for yes, two for no.", "Bấm phím một nếu đúng, phím hai nếu sai.";
    number_keys: "You can enter the number on the keypad, and then press the hash key.", "Quý khách có thể bấm số rồi bấm phím thăng.";
    digits_keys: "You can enter the digits on the keypad, and then press the hash key.", "Quý khách có thể bấm các chữ số rồi bấm phím thăng.";
    date_keys: "You can enter month and day on the keypad, two digits each.", "Quý khách có thể bấm ngày và tháng, mỗi phần hai chữ số.";
    time_keys: "You can enter the time on the keypad, two digits for the hour from zero to twenty three, and two for the minutes.",
        "Quý khách có thể bấm giờ và phút, mỗi phần hai chữ số, giờ từ không đến hai mươi ba.";
    duration_keys: "You can enter the minutes on the keypad, and then press the hash key.", "Quý khách có thể bấm số phút rồi bấm phím thăng.";
    money_keys: "You can enter the amount on the keypad, with two digits for the cents, and then press the hash key.",
        "Quý khách có thể bấm số tiền, hai chữ số cuối là số xu, rồi bấm phím thăng.";
    wrong_key: "That key does nothing here.", "Phím này không dùng ở đây.";
    wrong_entry: "That entry does not fit.", "Số vừa bấm không hợp lệ.";
    /// Stands for a secret value.
    secret: "the number you gave me", "số quý khách đã cho";
}

impl Prompts {
    /// Why what was said of a value gives none.
    pub(crate) fn unclear(&self, why: Unclear) -> &str {
        match why {
            Unclear::NoSuchDate => &self.no_such_date,
            Unclear::Refused => &self.only_refused,
            Unclear::Bound | Unclear::Several => &self.one_value,
            Unclear::Rest => &self.no_match,
        }
    }

    /// Why an identity number cannot be right.
    pub(crate) fn id_fault(&self, why: Fault) -> &str {
        match why {
            Fault::CheckDigit => &self.id_check,
            Fault::TooLong => &self.id_too_long,
            Fault::Shape => &self.id_shape,
            Fault::Province => &self.id_province,
            Fault::Birth => &self.id_birth,
            Fault::Country => &self.id_country,
            Fault::Branch => &self.id_branch,
        }
    }

    /// The question for a part of an address.
    pub(crate) fn address_part(&self, part: Part) -> &str {
        match part {
            Part::Number => &self.address_number,
            Part::Street => &self.address_street,
            Part::Unit => &self.address_unit,
            Part::Ward => &self.address_ward,
            Part::District => &self.address_district,
            Part::Province => &self.address_province,
            Part::City => &self.address_city,
            Part::State => &self.address_state,
            Part::Postcode => &self.address_postcode,
        }
    }

    /// The sentence that explains how keys answer a slot of this kind; empty where they do not.
    pub(crate) fn keypad_hint(&self, kind: &Kind, language: Language) -> String {
        match kind {
            Kind::Choice(all) => self.menu(language, all.iter().filter_map(|c| c.key.map(|k| (c.say.as_str(), k)))),
            Kind::YesNo => self.yes_no_keys.clone(),
            Kind::Number { .. } => self.number_keys.clone(),
            Kind::Digits { .. } | Kind::Phone => self.digits_keys.clone(),
            Kind::Date => self.date_keys.clone(),
            Kind::Time => self.time_keys.clone(),
            Kind::Duration => self.duration_keys.clone(),
            Kind::Money(bounds) if bounds.currency.scale() == 1 => self.number_keys.clone(),
            Kind::Money(_) => self.money_keys.clone(),
            Kind::Id(scheme) if !scheme.has_letters() => self.digits_keys.clone(),
            Kind::Items(_)
            | Kind::Span { .. }
            | Kind::Name
            | Kind::Email
            | Kind::Address(_)
            | Kind::Id(_)
            | Kind::Text => String::new(),
        }
    }

    /// A sentence for each entry of a menu, with its key.
    pub(crate) fn menu<'a>(&self, language: Language, entries: impl Iterator<Item = (&'a str, char)>) -> String {
        let digit = |key: char| say::normal(&key.to_string(), language);
        let line = |(value, key): (&str, char)| self.menu_key.replace("{value}", value).replace("{key}", &digit(key));
        entries.map(line).collect::<Vec<_>>().join(" ")
    }
}

//! What the clause says in which a value stands. Words that change nothing one by one tell of something else together: "my flight is on
//! Friday", "I had the massage", "is it a delivery?". A value is taken as it stands where its clause wishes, answers, or has no verb.
use crate::language::Language;
use crate::value::kind::Kind;
use crate::value::words::{begin_with, word};

use super::Side;

/// What stands for a phrase that is known to change nothing as a whole.
pub(super) const KNOWN: &str = ",";

/// A clause on one side of a value.
pub(super) struct Clause<'a> {
    pub words: &'a [String],
    pub side: Side,
    pub kind: &'a Kind,
    /// Words for people, with a space between them.
    pub people: &'a str,
    /// The bot's own words for what it asks for.
    pub is_own: &'a dyn Fn(&str) -> bool,
    /// Words that name this slot.
    pub is_name: &'a dyn Fn(&str) -> bool,
}

/// Who is spoken of, and is neither who calls nor who is called.
const OTHERS: [&str; 13] = [
    "he", "he's", "he'll", "he'd", "she", "she's", "she'll", "she'd", "they", "they're", "they'll", "they've", "they'd",
];
/// What has a day, an hour and a place of its own.
const EVENTS: [&str; 23] = [
    "flight",
    "trip",
    "conference",
    "wedding",
    "birthday",
    "anniversary",
    "vacation",
    "interview",
    "dinner",
    "lunch",
    "breakfast",
    "party",
    "meeting",
    "event",
    "work",
    "office",
    "business",
    "ticket",
    "visit",
    "desk",
    "name",
    "space",
    "night",
];
/// Verbs whose subject stands before them.
const VERBS: &[&str] = &[
    "is", "are", "was", "were", "has", "had", "have", "gets", "get", "goes", "go", "comes", "come", "starts", "start",
    "begins", "begin", "works", "wants", "want", "needs", "need", "will", "does", "likes", "takes", "said", "says",
];
/// "I was thinking of Friday": a wish, however it is put.
const WISHING: [&str; 7] = ["thinking", "hoping", "wondering", "looking", "going", "planning", "trying"];
/// Of these a caller does not say what they would like.
const TELLING: &[&str] = &[
    "i'm in",
    "i am in",
    "we're in",
    "we are in",
    "i'm at",
    "we're at",
    "i'm there",
    "we're there",
    "i'm here",
    "we're here",
    "only here",
    "start work",
    "starts work",
    "get going",
    "get here",
    "get there",
    "getting there",
    "gets here",
    "getting here",
    "get up",
    "come from",
    "comes from",
    "coming from",
    "i'll be in",
    "we'll be in",
    "meet him",
    "meet her",
    "meet them",
    "meeting him",
    "meeting her",
    "meeting them",
    "you said",
    "you say",
    "i work",
    "we work",
    "to work",
    "i'm working",
    "we're working",
    "i have to",
    "we have to",
    "i need to go",
    "we need to go",
    "see you",
    "see him",
    "see her",
    "to think",
    "take me",
    "take us",
    "takes me",
    "takes us",
    "check in",
    "let me check",
    "i'll check",
    "i'll try",
    "let you",
    "tell",
    "know",
    "do you start",
    "do you begin",
    "do you go",
    "do you come",
    "do you stay",
    "do you take",
    "the one on",
];
const HAVING: [&str; 6] = ["i have a", "i have an", "we have a", "we have an", "i have my", "we have our"];
/// Behind "is it …?" they ask whether it can be had.
const FREE: [&str; 11] =
    ["possible", "ok", "okay", "alright", "right", "fine", "available", "free", "good", "all", "any"];
/// What figures are that are no code.
const NUMBERED: [&str; 19] = [
    "date",
    "day",
    "name",
    "phone",
    "telephone",
    "cell",
    "mobile",
    "time",
    "place",
    "city",
    "trip",
    "flight",
    "ngày",
    "tên",
    "giờ",
    "thoại",
    "code",
    "pin",
    "mã",
];

impl Clause<'_> {
    /// Whether it tells of something else than what is asked for.
    pub fn tells_of_another(&self, language: Language) -> bool {
        let is_told = match language {
            Language::En => (0..self.words.len()).any(|at| self.tells_in_english(at)) || self.asks_in_english(),
            Language::Vi => (0..self.words.len()).any(|at| self.tells_in_vietnamese(at)),
        };
        // "Room four oh seven one"
        let is_code = matches!(self.kind, Kind::Digits { .. });
        let is_label =
            is_code && self.side != Side::Behind && self.words.last().is_some_and(|word| self.is_label(word));
        is_told || is_label || self.words.iter().any(|word| self.numbers_another(word))
    }

    fn tells_in_english(&self, at: usize) -> bool {
        let rest = &self.words[at..];
        let (first, next) = (word(rest, 0), word(rest, 1));
        let before = at.checked_sub(1).map_or("", |before| self.words[before].as_str());
        let has = |words: &[String], list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
        let behind = &rest[1..];
        let has_one = |list: &[&str]| list.iter().any(|phrase| begin_with(rest, phrase));
        let counts = matches!(self.kind, Kind::Number { .. } | Kind::Digits { .. } | Kind::YesNo);
        if has_one(TELLING) || !counts && has_one(&HAVING) {
            return true;
        }
        match first {
            "was" | "were" | "been" => !has(&behind[..behind.len().min(3)], &WISHING),
            "had" => next != "better" && !has(behind, &["mind"]),
            "did" => !["say", "mean", "want", "need", "like", "think"].contains(&next),
            "got" => !["i've", "we've", "have", "has", "having"].contains(&before) && next != "to",
            "booked" => !has(&self.words[..at], &["get", "getting", "have", "having"]) || before == "have",
            "what" => !["about", "i", "i'd", "we", "we'd"].contains(&next),
            "how" => next != "about",
            "call" => next == "me" && !matches!(self.kind, Kind::Phone) && !(self.is_own)("call"),
            "flight" | "trip" | "ticket" if matches!(self.kind, Kind::Choice(_)) && matches!(next, "to" | "from") => {
                !(self.is_own)(first)
            }
            first if OTHERS.contains(&first) => true,
            first if EVENTS.contains(&first) => self.is_event(first) && VERBS.contains(&next),
            first if self.people.split(' ').any(|person| person == first) => VERBS.contains(&next),
            _ => false,
        }
    }

    /// Whether a word is an event that is no part of what is asked for.
    fn is_event(&self, word: &str) -> bool {
        let lasts = matches!(word, "meeting" | "conference" | "event" | "party" | "interview" | "dinner" | "lunch");
        let counts = matches!(word, "party" | "meeting" | "event" | "dinner" | "lunch");
        let is_asked_for = match self.kind {
            Kind::Duration => lasts,
            Kind::Number { .. } => counts,
            _ => false,
        };
        !is_asked_for && !(self.is_own)(word) && !(self.is_name)(word)
    }

    /// "Is it Friday", "Friday is my birthday".
    fn asks_in_english(&self) -> bool {
        const IDLE: [&str; 12] = ["um", "uh", "er", "so", "well", "ok", "okay", "and", "oh", "hello", "hi", KNOWN];
        let start = self.words.iter().take_while(|word| IDLE.contains(&word.as_str())).count();
        let rest = &self.words[start..];
        let has_one = |list: &[&str]| list.iter().any(|phrase| begin_with(rest, phrase));
        match self.side {
            // "Is a massage good for me?"
            Side::Ahead if matches!(self.kind, Kind::Choice(_)) && has_one(&["is", "are"]) => true,
            Side::Ahead => {
                let asks = has_one(&["is it", "is that", "is this", "was it", "are those", "are they"]);
                asks && !rest.iter().any(|word| FREE.contains(&word.as_str()))
            }
            // "An hour to get there", "Boston time"
            Side::Behind if *self.kind == Kind::Duration && has_one(&["to"]) => true,
            Side::Behind if matches!(self.kind, Kind::Choice(_)) && has_one(&["time"]) => true,
            Side::Behind => {
                let is_event = |word: &String| EVENTS.contains(&word.as_str());
                has_one(&["is my", "is our", "is his", "is her", "is their"])
                    || has_one(&["is a", "is the"]) && rest.iter().any(is_event)
            }
            Side::Between => false,
        }
    }

    fn tells_in_vietnamese(&self, at: usize) -> bool {
        const INTENDING: [&str; 14] =
            ["nói", "bảo", "tính", "định", "muốn", "cần", "nghĩ", "xem", "coi", "tìm", "dự", "thích", "chọn", "kiếm"];
        const ONLY_THEN: [&str; 9] = ["được", "rảnh", "tiện", "có", "đúng", "hợp", "thuận", "ổn", "đi"];
        const OCCASIONS: [&str; 11] = [
            "chuyến",
            "bay",
            "tiệc",
            "cưới",
            "họp",
            "khởi hành",
            "công tác",
            "sinh nhật",
            "du lịch",
            "tham dự",
            "cuộc gặp",
        ];
        const WISHES: [&str; 19] = [
            "đặt", "muốn", "cần", "xin", "lấy", "giữ", "hẹn", "chọn", "book", "booking", "cho", "tính", "định", "dự",
            "làm", "để", "đi", "order", "set",
        ];
        const YOU_OR_ME: [&str; 12] =
            ["em", "tôi", "anh", "chị", "mình", "con", "cháu", "cô", "chú", "bác", "tui", "tụi"];
        let rest = &self.words[at..];
        let (first, next) = (word(rest, 0), word(rest, 1));
        let before = at.checked_sub(1).map_or("", |before| self.words[before].as_str());
        let wished = || self.words[..at].iter().any(|word| WISHES.contains(&word.as_str()));
        let counts = matches!(self.kind, Kind::Number { .. } | Kind::Digits { .. } | Kind::Phone);
        match first {
            "đã" | "đang" | "vừa" => !INTENDING.contains(&next),
            "mới" => !ONLY_THEN.contains(&next) && !INTENDING.contains(&next),
            "gì" | "sao" => true,
            "đâu" => before == "ở" && !matches!(self.kind, Kind::Choice(_)),
            "nơi" => matches!(before, "tới" | "đến"),
            "gọi" => !matches!(self.kind, Kind::Phone) && !(self.is_own)("gọi"),
            // "Để mai em xem"
            "xem" | "coi" | "lên" | "xuống" => {
                self.side == Side::Behind && at == 1 && rest.len() == 1 && YOU_OR_ME.contains(&before)
            }
            "ở" => matches!(self.kind, Kind::Choice(_)) && at > 0 && YOU_OR_ME.contains(&before) && rest.len() == 1,
            "của" => self.side == Side::Behind && at == 0 && matches!(self.kind, Kind::Choice(_)),
            "đi" | "đến" | "tới" | "ăn" | "đặt" | "khám" | "ra" | "về" => {
                self.side == Side::Behind && next == "rồi" && at > 0 && rest.len() == 2
            }
            _ if begin_with(rest, "hôm bữa") || begin_with(rest, "bữa hổm") => {
                !self.words.iter().any(|word| word == "giờ")
            }
            _ => {
                let is_occasion = OCCASIONS.iter().any(|phrase| begin_with(rest, phrase));
                is_occasion && !counts && !wished() && !(self.is_own)(first) && !(self.is_name)(first)
            }
        }
    }

    fn is_label(&self, word: &str) -> bool {
        let labels = ["room", "table", "flight", "office", "desk", "bàn", "phòng", "chuyến"];
        labels.contains(&word) && !(self.is_name)(word)
    }

    /// "My phone number is four oh seven one" where a code is asked for.
    fn numbers_another(&self, word: &str) -> bool {
        let phone = ["phone", "telephone", "cell", "mobile", "thoại"];
        let code = ["code", "pin", "mã"];
        let is_number = match self.kind {
            Kind::Digits { .. } => !code.contains(&word),
            Kind::Phone => !phone.contains(&word),
            _ => false,
        };
        is_number && NUMBERED.contains(&word) && !(self.is_name)(word)
    }
}

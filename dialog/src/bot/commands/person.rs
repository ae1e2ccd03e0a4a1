//! Whether a sentence asks for a person: words that lead to one ("talk to", "put me through to") before a word for one ("someone",
//! "an agent"). A count of persons ("for one person") has no such lead.
use crate::language::Language;
use crate::value::words::begin_with;

struct Words {
    /// They lead to any person.
    leads: &'static [&'static str],
    /// They lead to a person whose word means nothing else.
    weak_leads: &'static [&'static str],
    persons: &'static [&'static str],
    /// Words that mean a person who takes calls, and nothing else.
    agents: &'static [&'static str],
    /// Words that may stand between the two.
    between: &'static [&'static str],
    /// To be led anywhere is to be led to a person.
    alone: &'static [&'static str],
    negations: &'static [&'static str],
    /// So many words before a lead may hold the negation that it is under.
    negation_reach: usize,
    machines: &'static [&'static str],
}

const EN: Words = Words {
    leads: &[
        "speak to",
        "speak with",
        "speak directly to",
        "talk to",
        "talk with",
        "talk directly to",
        "speaking to",
        "speaking with",
        "talking to",
        "talking with",
        "connect me to",
        "connect me with",
        "transfer me to",
        "transfer me over to",
        "transfer this call to",
        "put me through to",
        "put me on to",
        "put me on with",
        "pass me to",
        "pass me on to",
        "pass me over to",
        "forward me to",
        "chat with",
        "hand me over to",
        "get hold of",
        "get a hold of",
        "get through to",
        "get in touch with",
    ],
    weak_leads: &[
        "get me",
        "give me",
        "i need",
        "i want",
        "i'd like",
        "i'd prefer",
        "i'd rather have",
        "is there",
        "find me",
        "have",
        "call",
        "let me have",
        "connect me",
        "transfer me",
        "put me through",
        "want",
        "need",
        "prefer",
    ],
    persons: &[
        "person",
        "people",
        "somebody",
        "someone",
        "anyone",
        "anybody",
        "colleague",
        "employee",
        "staff",
        "member of staff",
        "guy",
        "lady",
        "man",
        "woman",
        "boss",
        "owner",
    ],
    agents: &[
        "human",
        "human being",
        "agent",
        "operator",
        "representative",
        "rep",
        "real person",
        "live person",
        "actual person",
        "real human",
        "manager",
        "supervisor",
        "receptionist",
        "customer service",
        "customer support",
        "customer care",
        "support team",
        "reception",
        "front desk",
        "help desk",
        "sales",
        "billing",
        "support",
        "someone real",
        "somebody real",
    ],
    between: &[
        "a",
        "an",
        "the",
        "your",
        "some",
        "another",
        "actual",
        "proper",
        "real",
        "live",
        "human",
        "one",
        "of",
        "with",
        "to",
        "any",
        "kind",
        "sort",
        "nice",
        "different",
        "other",
    ],
    alone: &["transfer me", "put me through", "connect me", "patch me through"],
    negations: &["don't", "not", "never", "won't", "didn't", "hate", "sick", "tired", "stop"],
    negation_reach: 4,
    machines: &[
        "machine",
        "robot",
        "bot",
        "computer",
        "recording",
        "ai",
        "system",
        "voice bot",
        "machines",
        "robots",
        "bots",
    ],
};

const VI: Words = Words {
    leads: &[
        "gặp",
        "nói chuyện với",
        "nói chuyện trực tiếp với",
        "nói với",
        "trao đổi với",
        "trao đổi trực tiếp với",
        "chuyển máy cho",
        "chuyển máy đến",
        "chuyển máy tới",
        "chuyển máy qua",
        "chuyển máy sang",
        "chuyển tôi cho",
        "chuyển cho",
        "chuyển qua",
        "chuyển sang",
        "nối máy cho",
        "nối máy với",
        "nối máy đến",
        "nối máy tới",
        "nối máy qua",
        "kết nối với",
        "kết nối đến",
        "kết nối tới",
        "liên hệ với",
        "liên lạc với",
        "nói chuyện cùng",
    ],
    weak_leads: &["cho tôi", "tôi cần", "tôi muốn", "gọi", "kêu", "nhờ", "cần", "có", "cho anh", "cho chị", "cho em"],
    persons: &["người", "con người", "ai đó", "ai", "quản lý", "giám đốc", "sếp", "chủ", "bộ phận", "phòng"],
    agents: &[
        "nhân viên",
        "tổng đài viên",
        "người thật",
        "tư vấn viên",
        "điện thoại viên",
        "lễ tân",
        "chăm sóc khách hàng",
        "cấp trên",
        "kỹ thuật viên",
        "người phụ trách",
        "người hỗ trợ",
        "người tư vấn",
    ],
    between: &["một", "bạn", "cô", "anh", "chị", "em", "các", "với", "trực", "tiếp", "bên", "phía", "được"],
    alone: &["chuyển máy", "nối máy", "chuyển máy giúp", "nối máy giúp"],
    negations: &["không", "đừng", "chẳng", "ghét", "hông"],
    negation_reach: 2,
    machines: &["máy", "robot", "rô bốt", "bot", "tổng đài tự động", "máy tự động", "trợ lý ảo"],
};

/// So many words may stand between a lead and the word for a person.
const MAX_BETWEEN: usize = 4;

pub(super) fn is_asked_for(words: &[String], language: Language) -> bool {
    let all = match language {
        Language::En => &EN,
        Language::Vi => &VI,
    };
    let longest = |list: &[&str], at: usize| {
        let rest = words.get(at..).unwrap_or_default();
        list.iter().filter(|phrase| begin_with(rest, phrase)).map(|phrase| phrase.split(' ').count()).max()
    };
    // What a lead of `len` words at `at` leads to, past the words between.
    let leads_to = |at: usize, len: usize, list: &[&str]| {
        let between = |to: usize| words[at + len..to].iter().all(|word| all.between.contains(&word.as_str()));
        (at + len..=(at + len + MAX_BETWEEN).min(words.len())).any(|to| between(to) && longest(list, to).is_some())
    };
    let negated = |at: usize| {
        words[..at].iter().rev().take(all.negation_reach).any(|word| all.negations.contains(&word.as_str()))
    };
    let leads = (0..words.len()).any(|at| match longest(all.leads, at) {
        Some(len) if negated(at) => leads_to(at, len, all.machines),
        Some(len) => leads_to(at, len, all.persons) || leads_to(at, len, all.agents),
        None => false,
    });
    let weakly = (0..words.len())
        .any(|at| longest(all.weak_leads, at).is_some_and(|len| !negated(at) && leads_to(at, len, all.agents)));
    let alone = (0..words.len()).any(|at| {
        let is_last = |len: usize| words[at + len..].iter().all(|word| super::is_filler(word, language));
        longest(all.alone, at).is_some_and(|len| !negated(at) && is_last(len))
    });
    leads || weakly || alone || (language == Language::En && is_somebody_to_talk_to(words))
}

/// "Is there anyone I can talk to?"
fn is_somebody_to_talk_to(words: &[String]) -> bool {
    let at = |list: &[&str]| (0..words.len()).find(|at| list.iter().any(|phrase| begin_with(&words[*at..], phrase)));
    let somebody = at(&["anyone", "anybody", "someone", "somebody", "a person", "a human"]);
    let talk = at(&["talk to", "speak to", "talk with", "speak with"]);
    somebody.zip(talk).is_some_and(|(somebody, talk)| somebody < talk && talk + 2 == words.len())
}

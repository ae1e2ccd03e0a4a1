//! Backchannels: what people say to show that they listen. Hesitations: what they say while they think.
use crate::language::Language;
use crate::value::words::begin_with;

#[rustfmt::skip]
const EN: [&str; 30] = [
    "uh-huh", "uh", "huh", "mm", "mhm", "mmhm", "mmhmm", "hm", "hmm", "um", "er", "ah", "aha", "yeah", "yep", "yup",
    "ya", "yea", "ok", "okay", "right", "sure", "alright", "oh", "yes", "uhhuh", "mmm", "hmmm", "m", "all right",
];
#[rustfmt::skip]
const VI: [&str; 26] = [
    "dạ", "vâng", "ừ", "ừm", "ờ", "à", "ạ", "ừa", "uh", "um", "ok", "okay", "oke", "okê", "okie", "ô kê", "thế", "rồi",
    "hả", "ờm", "hừm", "ừ hử", "ừ hứ", "ừ hừ", "um hừm", "vậy",
];

/// What listeners say of what they hear. Where the bot does not speak it may be more than a sign of listening.
#[rustfmt::skip]
const EN_REMARKS: &[&str] = &[
    "i see", "got it", "gotcha", "i got it", "i got you", "i understand", "understood", "makes sense",
    "that makes sense",
    "good", "great", "cool", "fine", "perfect", "exactly", "of course", "true", "interesting", "really", "i know",
    "go on", "go ahead", "carry on", "that's right", "that's fine", "no problem", "nice", "very good", "wow",
    "absolutely",
    "definitely", "for sure", "sounds good", "you bet", "is that so", "thanks", "thank you",
];
#[rustfmt::skip]
const VI_REMARKS: &[&str] = &[
    "được rồi", "được", "hiểu rồi", "tôi hiểu", "tôi hiểu rồi", "em hiểu rồi", "anh hiểu rồi", "chị hiểu rồi", "hiểu",
    "biết rồi", "tôi biết rồi", "thế à", "vậy à", "thế hả", "vậy hả", "thế ạ", "vậy ạ", "thật à", "thật hả", "đúng rồi",
    "đúng", "phải", "phải rồi", "chuẩn", "tốt", "tốt quá", "hay quá", "hay đấy", "tôi nghe", "em nghe", "anh nghe",
    "chị nghe", "nghe rồi", "tôi nghe rồi", "nói đi", "nói tiếp đi", "cứ nói đi", "tiếp đi", "cảm ơn", "cám ơn",
    "rõ rồi", "rõ",
];

/// What may follow any of them: "okay then", "ok em".
const EN_TAILS: &[&str] = &["then", "sir", "ma'am", "madam", "thanks", "now"];
const VI_TAILS: &[&str] =
    &["em", "anh", "chị", "bạn", "nhé", "nha", "nhá", "đó", "đấy", "em ạ", "rồi", "cô", "chú", "luôn"];

/// Hesitations of both languages.
const HESITATIONS: [&str; 16] =
    ["uh", "um", "er", "erm", "ah", "hm", "hmm", "mm", "oh", "ờ", "à", "ừm", "hả", "ơ", "ờm", "hừm"];

const OWN_EN: [&str; 2] = ["mm-hm", "uh-huh"];
const OWN_VI: [&str; 2] = ["dạ", "vâng"];

/// Listeners say no more than so many words at once.
const MOST_WORDS: usize = 6;

/// What the bot says to show that it listens; `time`: how often it has said so before.
pub fn own(language: Language, time: usize) -> &'static str {
    let all = match language {
        Language::En => OWN_EN,
        Language::Vi => OWN_VI,
    };
    all[time % all.len()]
}

/// Whether every word is a hesitation.
pub fn is_hesitation(words: &[String]) -> bool {
    !words.is_empty() && words.iter().all(|w| HESITATIONS.contains(&w.as_str()))
}

/// Whether every word is a backchannel or a hesitation. Where a yes or a no is expected, look for that first: it may be one of both.
pub fn is_backchannel(words: &[String], language: Language) -> bool {
    is_made_of(words, language, &[backchannels(language)])
}

/// Whether the words say no more than that the caller follows: "okay, got it".
pub fn is_remark(words: &[String], language: Language) -> bool {
    let remarks = match language {
        Language::En => EN_REMARKS,
        Language::Vi => VI_REMARKS,
    };
    is_made_of(words, language, &[backchannels(language), remarks])
}

/// Whether every word is one of those that listeners hum ("uh-huh"), or say at every pause ("dạ"). Where a yes or a no is asked for they are a yes.
pub fn is_listening_sound(words: &[String], language: Language) -> bool {
    #[rustfmt::skip]
    const EN: &[&str] = &["uh", "huh", "mm", "hm", "hmm", "mhm", "mmhm", "mmhmm", "uhhuh"];
    #[rustfmt::skip]
    const VI: &[&str] = &["uh", "huh", "ừ", "ừm", "ờ", "dạ", "vâng", "ạ"];
    let sounds = match language {
        Language::En => EN,
        Language::Vi => VI,
    };
    is_made_of(words, language, &[sounds])
}

fn backchannels(language: Language) -> &'static [&'static str] {
    match language {
        Language::En => &EN,
        Language::Vi => &VI,
    }
}

/// Whether the words are phrases of these lists, one after the other.
fn is_made_of(words: &[String], language: Language, lists: &[&[&str]]) -> bool {
    let tails = match language {
        Language::En => EN_TAILS,
        Language::Vi => VI_TAILS,
    };
    let mut left = words;
    while !left.is_empty() {
        let begun = left.len() < words.len();
        let after = tails.iter().filter(|_| begun);
        let all = lists.iter().flat_map(|list| list.iter()).chain(after);
        let fitting = all.filter(|phrase| begin_with(left, phrase)).map(|phrase| phrase.split(' ').count());
        let Some(len) = fitting.max() else { return false };
        left = &left[len..];
    }
    (1..=MOST_WORDS).contains(&words.len())
}

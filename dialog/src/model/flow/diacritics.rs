//! Vietnamese as many people type it, without its diacritics: "ngay mai" is "ngày mai". Words that the bot knows come first.
use crate::bot::{Bot, Phrase};
use crate::language::Language;
use crate::model::step::Step;
use crate::value::words::tokens;
use std::sync::LazyLock;

/// What the readers of numbers, dates and times know; phrases decide where a word alone has two readings ("sau": six, after).
const KNOWN: &str = "mấy giờ|bao nhiêu|bao lâu|ở đâu|mở cửa|đóng cửa|đúng rồi đó|đúng rồi đấy|đúng đó|có chứ|được rồi|rồi đó|nhé em|nha em|ngày nữa|tuần nữa|tháng nữa|trung thu|tiếng rưỡi|không phải|chứ không|mà là|trước|tuần sau|tuần tới|tuần này|cuối tuần sau|cuối tuần tới|ngày mốt|ngày mai|ngày kia|hôm nay|tối nay|chiều nay|\
    thứ hai|thứ ba|thứ tư|thứ năm|thứ sáu|thứ bảy|chủ nhật|cuối tuần|giờ tối|giờ sáng|giờ chiều|giờ trưa|giờ đêm|giờ rưỡi|buổi tối|\
    giữa trưa|nửa đêm|nửa tiếng|nửa giờ|đồng hồ|đồng ý|tháng tư|tôi muốn|tôi cần|cho tôi|\
    không|một|hai|ba|bốn|năm|sáu|bảy|tám|chín|mười|mươi|trăm|nghìn|triệu|linh|lẻ|lăm|rưỡi|kém|giờ|phút|tiếng|sáng|trưa|chiều|tối|đêm|\
    khuya|ngày|tháng|mùng|tuần|thứ|lúc|vào|đúng|phải|có|được|rồi|vâng|dạ|ạ|chưa|sai|muốn|người|số|mã|là|và";

/// [`KNOWN`] as words.
static KNOWN_WORDS: LazyLock<Vec<Phrase>> =
    LazyLock::new(|| KNOWN.split('|').map(|phrase| Phrase::new(tokens(phrase, Language::Vi))).collect());

/// `words` with the diacritics that were left out, as far as they are known. Whatever was written with them stays as it is.
pub(super) fn restore(words: Vec<String>, bot: &Bot, step: Step) -> Vec<String> {
    if bot.language != Language::Vi || words.iter().all(|word| !word.bytes().any(|b| b.is_ascii_lowercase())) {
        return words;
    }
    let known = known(bot, step);
    let mut out = Vec::with_capacity(words.len());
    let mut rest = words.as_slice();
    while let Some(first) = rest.first() {
        // The longest; of equal ones the first, which is nearest to the question.
        let best = known.iter().filter(|phrase| phrase.begins(rest)).rev().max_by_key(|phrase| phrase.words.len());
        match best {
            Some(phrase) => out.extend(phrase.words.iter().cloned()),
            None => out.push(first.clone()),
        }
        rest = &rest[best.map_or(1, |phrase| phrase.words.len())..];
    }
    out
}

/// Phrases by how near they are to the question: the values asked for, other values, tasks and commands, then figures and dates.
fn known(bot: &Bot, step: Step) -> Vec<&Phrase> {
    let (own, asked) = (bot.own_words(), step.slot());
    let others = (0..bot.slots.len()).filter(|slot| Some(*slot) != asked);
    let values = asked.into_iter().chain(others).flat_map(|slot| &own.values[slot]);
    values.chain(&own.phrases).chain(&*KNOWN_WORDS).collect()
}

/// The same in a sentence that has its marks: the names of two words and more that the bot offers, since words without marks are words
/// there ("sau" is "after").
pub(super) fn restore_names(words: Vec<String>, bot: &Bot) -> Vec<String> {
    if bot.language != Language::Vi {
        return words;
    }
    let mut out = words;
    for at in 0..out.len() {
        let name = bot.own_words().long_names.iter().find(|name| name.begins_bare(&out[at..]));
        if let Some(Phrase { words: name, .. }) = name {
            out.splice(at..at + name.len(), name.iter().cloned());
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn diacritics_come_back_as_in_the_phrase() {
        let places = include_str!("../../../../configs/bots/places.vi.toml");
        let bot = Bot::parse(places, "places").unwrap_or_else(|e| panic!("{e}"));
        for (written, meant) in [
            ("ca phe", "cà phê"),
            ("thu sau tuan sau", "thứ sáu tuần sau"),
            ("hai gio ruoi chieu", "hai giờ rưỡi chiều"),
            ("tam gio toi", "tám giờ tối"),
            ("toi muon khach san", "tôi muốn khách sạn"),
            ("hai muoi lam", "hai mười lăm"),
            ("Đúng roi", "đúng rồi"),
            ("karaoke", "karaoke"),
            ("", ""),
        ] {
            assert_eq!(restore(tokens(written, Language::Vi), &bot, Step::Slot(0)).join(" "), meant);
        }
    }
}

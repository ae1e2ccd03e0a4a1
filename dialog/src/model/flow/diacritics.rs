//! Vietnamese as many people type it, without its diacritics: "ngay mai" is "ngày mai". Words that the bot knows come first.
use crate::bot::Bot;
use crate::language::Language;
use crate::model::step::Step;
use crate::value::capture::fold;
use crate::value::kind::Kind;
use crate::value::words::tokens;

/// What the readers of numbers, dates and times know; phrases decide where a word alone has two readings ("sau": six, after).
const KNOWN: &str = "mấy giờ|bao nhiêu|bao lâu|ở đâu|mở cửa|đóng cửa|đúng rồi đó|đúng rồi đấy|đúng đó|có chứ|được rồi|rồi đó|nhé em|nha em|ngày nữa|tuần nữa|tháng nữa|trung thu|tiếng rưỡi|không phải|chứ không|mà là|trước|tuần sau|tuần tới|tuần này|cuối tuần sau|cuối tuần tới|ngày mốt|ngày mai|ngày kia|hôm nay|tối nay|chiều nay|\
    thứ hai|thứ ba|thứ tư|thứ năm|thứ sáu|thứ bảy|chủ nhật|cuối tuần|giờ tối|giờ sáng|giờ chiều|giờ trưa|giờ đêm|giờ rưỡi|buổi tối|\
    giữa trưa|nửa đêm|nửa tiếng|nửa giờ|đồng hồ|đồng ý|tháng tư|tôi muốn|tôi cần|cho tôi|\
    không|một|hai|ba|bốn|năm|sáu|bảy|tám|chín|mười|mươi|trăm|nghìn|triệu|linh|lẻ|lăm|rưỡi|kém|giờ|phút|tiếng|sáng|trưa|chiều|tối|đêm|\
    khuya|ngày|tháng|mùng|tuần|thứ|lúc|vào|đúng|phải|có|được|rồi|vâng|dạ|ạ|chưa|sai|muốn|người|số|mã|là|và";

/// `words` with the diacritics that were left out, as far as they are known. Whatever was written with them stays as it is.
pub(super) fn restore(words: Vec<String>, bot: &Bot, step: Step) -> Vec<String> {
    if bot.language != Language::Vi || words.iter().all(|word| !word.bytes().any(|b| b.is_ascii_lowercase())) {
        return words;
    }
    let known = known(bot, step);
    let reads = |written: &String, meant: &String| written == meant || (written.is_ascii() && fold(meant) == *written);
    let mut out = Vec::with_capacity(words.len());
    let mut rest = words.as_slice();
    while let Some(first) = rest.first() {
        let fits = |phrase: &&Vec<String>| {
            rest.get(..phrase.len()).is_some_and(|words| words.iter().zip(*phrase).all(|(a, b)| reads(a, b)))
        };
        // The longest; of equal ones the first, which is nearest to the question.
        let best = known.iter().filter(fits).rev().max_by_key(|phrase| phrase.len());
        match best {
            Some(phrase) => out.extend(phrase.iter().cloned()),
            None => out.push(first.clone()),
        }
        rest = &rest[best.map_or(1, Vec::len)..];
    }
    out
}

/// Phrases by how near they are to the question: the values asked for, other values, tasks and commands, then figures and dates.
fn known(bot: &Bot, step: Step) -> Vec<Vec<String>> {
    let values = |slot: usize| match &bot.slots[slot].kind {
        Kind::Choice(all) => all.iter().flat_map(|choice| choice.words.clone()).collect(),
        Kind::Items(plan) => {
            let choices = plan.fields.iter().flat_map(|field| &field.choices).flat_map(|choice| choice.words.clone());
            choices.chain(plan.unit.iter().map(|unit| tokens(unit, Language::Vi))).collect()
        }
        _ => Vec::new(),
    };
    let asked = step.slot();
    let others = (0..bot.slots.len()).filter(|slot| Some(*slot) != asked);
    let commands = &bot.commands;
    let phrases = bot.tasks.iter().flat_map(|task| &task.phrases).chain(&commands.yes).chain(&commands.no);
    let phrases = phrases.chain(commands.all.iter().flat_map(|(_, all)| all)).map(String::as_str);
    let phrases = phrases.chain(KNOWN.split('|')).map(|phrase| tokens(phrase, Language::Vi));
    let all = asked.into_iter().chain(others).flat_map(values).chain(phrases);
    all.filter(|phrase: &Vec<String>| !phrase.is_empty()).collect()
}

/// The same in a sentence that has its marks: the names of two words and more that the bot offers, since words without marks are words
/// there ("sau" is "after").
pub(super) fn restore_names(words: Vec<String>, bot: &Bot) -> Vec<String> {
    if bot.language != Language::Vi {
        return words;
    }
    let choices = bot.slots.iter().filter_map(|slot| if let Kind::Choice(all) = &slot.kind { Some(all) } else { None });
    let names: Vec<&Vec<String>> =
        choices.flatten().flat_map(|choice| &choice.words).filter(|name| name.len() > 1).collect();
    let mut out = words;
    for at in 0..out.len() {
        let fits = |name: &&&Vec<String>| {
            let said = out.get(at..at + name.len());
            said.is_some_and(|said| {
                said.iter().zip(name.iter()).all(|(said, meant)| said.is_ascii() && fold(meant) == *said)
            })
        };
        if let Some(name) = names.iter().find(fits).map(|name| (*name).clone()) {
            out.splice(at..at + name.len(), name);
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

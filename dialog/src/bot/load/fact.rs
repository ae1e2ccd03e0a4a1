//! The `[[fact]]`s of a bot file.
use super::check::{BotFault, Check};
use crate::bot::fact::Fact;
use crate::bot::file::FactFile;
use crate::value::words::tokens;

pub(super) fn facts(check: &Check, read: Vec<FactFile>) -> Result<Vec<Fact>, BotFault> {
    read.into_iter().enumerate().map(|(i, file)| fact(check, &format!("fact[{i}]"), file)).collect()
}

fn fact(check: &Check, key: &str, file: FactFile) -> Result<Fact, BotFault> {
    check.plain(&format!("{key}.say"), &file.say)?;
    if file.questions.is_empty() && file.words.is_empty() {
        return check.fault(key, "can never be asked for", "list `questions` that callers ask, or `words` in them");
    }
    let phrases = |name: &str, phrases: Vec<String>| {
        let read = phrases.into_iter().enumerate().map(|(i, phrase)| match tokens(&phrase, check.language) {
            words if words.is_empty() => check.fault(format!("{key}.{name}[{i}]"), "is empty", "remove it"),
            words => Ok(words),
        });
        read.collect::<Result<Vec<_>, BotFault>>()
    };
    Ok(Fact { questions: phrases("questions", file.questions)?, words: phrases("words", file.words)?, say: file.say })
}

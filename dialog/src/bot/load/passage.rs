//! What a bot file says at one place: a text, or sentences with conditions.
use super::check::{BotFault, Check, Gaps};
use super::condition::{Known, condition};
use crate::bot::condition::Condition;
use crate::bot::file::{SayFile, SentenceFile};
use crate::bot::passage::{Passage, Saying};

pub(super) fn passage(check: &Check, key: &str, say: SayFile, gaps: &Gaps, known: Known) -> Result<Passage, BotFault> {
    let sentences = match say {
        SayFile::One(text) => vec![(key.to_owned(), SentenceFile::Always(text))],
        SayFile::Many(all) => {
            all.into_iter().enumerate().map(|(i, sentence)| (format!("{key}[{i}]"), sentence)).collect()
        }
    };
    let conditional = |(_, sentence): &&(String, SentenceFile)| matches!(sentence, SentenceFile::Sometimes(_));
    if sentences.iter().filter(|sentence| !conditional(sentence)).count() == 0 {
        let remedy = "write at least one sentence without `when`, or conditions of which one always holds";
        let covers = sentences.iter().filter(conditional).count() > 1;
        if !covers {
            return check.fault(key, "may say nothing", remedy);
        }
    }
    let may_be_left_out = sentences.len() > 1;
    let one = |(key, sentence): (String, SentenceFile)| {
        let (at, text, when) = match sentence {
            SentenceFile::Always(text) => (key, text, Condition::default()),
            SentenceFile::Sometimes(table) => {
                let when = condition(check, &format!("{key}.when"), table.when, known)?;
                (format!("{key}.text"), table.text, when)
            }
        };
        let gaps = Gaps { is_conditional: !when.is_always(), may_be_left_out, ..gaps.clone() };
        Ok(Saying { text: check.template(&at, &text, &gaps)?, when })
    };
    sentences.into_iter().map(one).collect::<Result<_, _>>().map(Passage)
}

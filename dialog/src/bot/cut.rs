//! How the words of a bot's own texts are cut.
use super::definition::{Bot, Slot};
use super::own_words::{OwnWords, Phrase};
use crate::language::Language;
use crate::value::capture::id::Scheme;
use crate::value::kind::Kind;
use crate::value::words::tokens;

impl Bot {
    pub(crate) fn own_words(&self) -> &OwnWords {
        self.own_words.get(|| cut(self))
    }
}

/// Cuts them.
fn cut(bot: &Bot) -> OwnWords {
    let words = |text: &String| tokens(text, bot.language);
    let question = |slot: &Slot| words(&format!("{} {}", slot.name.replace('_', " "), slot.prompt));
    let of_slots = bot.slots.iter().flat_map(|slot| [slot.name.replace('_', " "), slot.prompt.clone()]);
    let of_tasks = bot.tasks.iter().flat_map(|task| task.phrases.iter().chain([&task.say])).cloned();
    let is_vi = bot.language == Language::Vi;
    let choices = bot.slots.iter().filter_map(|slot| if let Kind::Choice(all) = &slot.kind { Some(all) } else { None });
    let choices = choices.flatten().flat_map(|choice| &choice.words);
    OwnWords {
        all: of_slots.chain(of_tasks).flat_map(|text| words(&text)).collect(),
        units: bot.slots.iter().map(|slot| units(slot).iter().map(words).collect()).collect(),
        questions: bot.slots.iter().map(question).collect(),
        names: bot.slots.iter().map(|slot| names(slot, bot.language)).collect(),
        cues: bot.slots.iter().map(|slot| slot.cues.iter().map(words).collect()).collect(),
        values: bot.slots.iter().map(|slot| if is_vi { values(&slot.kind) } else { Vec::new() }).collect(),
        long_names: choices.filter(|name| is_vi && name.len() > 1).cloned().map(Phrase::new).collect(),
        phrases: if is_vi { phrases(bot) } else { Vec::new() },
    }
}

/// The words by which callers name a slot: its own name, and those of its kind.
fn names(slot: &Slot, language: Language) -> Vec<Vec<String>> {
    let generic: &[&str] = match (language, &slot.kind) {
        (Language::En, Kind::Date) => &["date", "day"],
        (Language::En, Kind::Time) => &["time", "hour"],
        (Language::En, Kind::Duration) => &["duration", "length", "how long"],
        (Language::En, Kind::Money(_)) => &["amount", "price"],
        (Language::Vi, Kind::Money(_)) => &["số tiền"],
        (Language::En, Kind::Phone) => &["phone", "number"],
        (Language::En, Kind::Name) => &["name", "spelling"],
        (Language::Vi, Kind::Name) => &["tên"],
        (_, Kind::Email) => &["email", "mail"],
        (Language::En, Kind::Address(_)) => &["address"],
        (Language::Vi, Kind::Address(_)) => &["địa chỉ"],
        (Language::En, Kind::Id(Scheme::Card)) => &["card"],
        (Language::Vi, Kind::Id(Scheme::Card)) => &["thẻ"],
        (Language::Vi, Kind::Id(Scheme::Citizen)) => &["căn cước"],
        (Language::Vi, Kind::Id(Scheme::Tax)) => &["mã số thuế"],
        (Language::Vi, Kind::Date) => &["ngày"],
        (Language::Vi, Kind::Time) => &["giờ"],
        (Language::Vi, Kind::Duration) => &["bao lâu", "thời gian"],
        _ => &[],
    };
    let all = std::iter::once(slot.name.replace('_', " ")).chain(generic.iter().map(|name| (*name).to_owned()));
    all.chain(units(slot).iter().cloned()).map(|name| tokens(&name, language)).filter(|name| !name.is_empty()).collect()
}

/// What a slot offers.
fn values(kind: &Kind) -> Vec<Phrase> {
    let all: Vec<Vec<String>> = match kind {
        Kind::Choice(all) => all.iter().flat_map(|choice| choice.words.clone()).collect(),
        Kind::Items(plan) => {
            let choices = plan.fields.iter().flat_map(|field| &field.choices).flat_map(|choice| choice.words.clone());
            choices.chain(plan.unit.iter().map(|unit| tokens(unit, Language::Vi))).collect()
        }
        _ => Vec::new(),
    };
    all.into_iter().filter(|phrase| !phrase.is_empty()).map(Phrase::new).collect()
}

/// By which tasks and commands are asked for, and questions answered.
fn phrases(bot: &Bot) -> Vec<Phrase> {
    let commands = &bot.commands;
    let all = bot.tasks.iter().flat_map(|task| &task.phrases).chain(&commands.yes).chain(&commands.no);
    let all = all.chain(commands.all.iter().flat_map(|(_, all)| all)).map(|phrase| tokens(phrase, bot.language));
    all.filter(|phrase| !phrase.is_empty()).map(Phrase::new).collect()
}

fn units(slot: &Slot) -> &[String] {
    if let Kind::Number { unit, .. } = &slot.kind { unit } else { &[] }
}

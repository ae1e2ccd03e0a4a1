//! What callers may say has one meaning: a phrase that stands for two things would do one of them and never the other.
use super::check::{BotFault, Check};
use crate::bot::commands::Commands;
use crate::bot::definition::{Slot, Task};
use crate::bot::rights;
use crate::value::item::ItemPlan;
use crate::value::kind::{Choice, Kind};
use crate::value::words::tokens;
use std::collections::BTreeMap;

pub(super) fn check(check: &Check, commands: &Commands, tasks: &[Task], slots: &[Slot]) -> Result<(), BotFault> {
    of_commands(check, commands)?;
    of_tasks(check, tasks)?;
    // Commands are looked for before anything else, at every step.
    let is_command = |key: String, phrase: &str, words: &[String]| match commands.find(words, check.language, false) {
        Some(command) => {
            let name = command.name();
            let remedy = format!("choose other words, or replace `commands.{name}`");
            check.fault(key, format!("{phrase:?} is what callers say for the command `{name}`"), remedy)
        }
        None => Ok(()),
    };
    for (t, task) in tasks.iter().enumerate() {
        for (p, phrase) in task.phrases.iter().enumerate() {
            is_command(format!("task[{t}].phrases[{p}]"), phrase, &tokens(phrase, check.language))?;
        }
    }
    for (s, slot) in slots.iter().enumerate() {
        let of_fields = |plan: &ItemPlan| plan.fields.iter().flat_map(|field| field.choices.clone()).collect();
        let (at, values): (&str, Vec<Choice>) = match &slot.kind {
            Kind::Choice(values) => ("values", values.clone()),
            Kind::Items(plan) => ("fields", of_fields(plan)),
            _ => continue,
        };
        for words in values.iter().flat_map(|value| &value.words) {
            is_command(format!("slot[{s}].{at}"), &words.join(" "), words)?;
        }
    }
    Ok(())
}

fn of_commands(check: &Check, commands: &Commands) -> Result<(), BotFault> {
    let named = commands.all.iter().map(|(command, phrases)| (command.name(), phrases));
    let mut known: BTreeMap<Vec<String>, &str> = BTreeMap::new();
    for (name, phrases) in named.chain([("yes", &commands.yes), ("no", &commands.no)]) {
        for phrase in phrases {
            let words = tokens(phrase, check.language);
            if words.is_empty() {
                return check.fault(format!("commands.{name}"), "has an empty phrase", "remove it");
            }
            if let Some(other) = known.insert(words, name).filter(|other| *other != name) {
                let problem = format!("{phrase:?} stands in `commands.{other}` too");
                return check.fault(format!("commands.{name}"), problem, "keep it in one of them");
            }
        }
    }
    for phrase in &commands.rights {
        if rights::claimed(&tokens(phrase, check.language), check.language).is_none() {
            let problem = format!("{phrase:?} is no claim of a right that is understood");
            return check.fault("commands.rights".to_owned(), problem, "use words of the usual list, or leave it out");
        }
    }
    Ok(())
}

fn of_tasks(check: &Check, tasks: &[Task]) -> Result<(), BotFault> {
    let mut known: BTreeMap<Vec<String>, &str> = BTreeMap::new();
    for (t, task) in tasks.iter().enumerate() {
        for (p, phrase) in task.phrases.iter().enumerate() {
            if let Some(other) = known.insert(tokens(phrase, check.language), &task.name)
                && other != task.name
            {
                return check.fault(
                    format!("task[{t}].phrases[{p}]"),
                    format!("{phrase:?} asks for task {other:?} too"),
                    "keep it in one of them",
                );
            }
        }
    }
    Ok(())
}

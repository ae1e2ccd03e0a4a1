//! `[memory]` of a bot file, and the gaps for what is known of the caller.
use super::check::{BotFault, Check};
use crate::bot::definition::{Bot, Slot};
use crate::bot::file::MemoryFile;
use crate::bot::memory::{Consent, MemoryPlan};
use crate::bot::template::Template;
use crate::value::kind::Kind;

/// So many days are meant where a file does not say.
const USUAL_DAYS: u32 = 90;

pub(super) fn memory(check: &Check, file: Option<MemoryFile>, slots: &[Slot]) -> Result<Option<MemoryPlan>, BotFault> {
    let Some(file) = file else { return Ok(None) };
    let mut keep = Vec::new();
    for (i, name) in file.keep.iter().enumerate() {
        let key = format!("memory.keep[{i}]");
        let Some(slot) = slots.iter().position(|slot| slot.name == *name) else {
            return check.fault(key, format!("no slot is called {name:?}"), "name a [[slot]] of this file");
        };
        if slots[slot].secret {
            return check.fault(key, format!("{name:?} is secret"), "a secret is never kept: take it from the list");
        }
        if matches!(slots[slot].kind, Kind::Items(_) | Kind::Text) {
            let remedy = "keep slots of one value that can be asked about: a name, a phone, a choice …";
            return check.fault(key, format!("{name:?} cannot be offered in the next call"), remedy);
        }
        if keep.contains(&slot) {
            return check.fault(key, format!("{name:?} is named twice"), "name each slot once");
        }
        keep.push(slot);
    }
    let days = file.days.unwrap_or(USUAL_DAYS);
    if !(1..=3_650).contains(&days) {
        return check.fault("memory.days", format!("{days} is no time to remember"), "use 1 to 3650");
    }
    if let Some(shared) = &file.shared
        && (shared.is_empty() || shared.contains(|c: char| !c.is_ascii_alphanumeric() && !"_-.".contains(c)))
    {
        let remedy =
            "use ASCII letters, digits, `-`, `_` and `.`, the same word in each bot that knows the same callers";
        return check.fault("memory.shared", format!("{shared:?} is no word"), remedy);
    }
    Ok(Some(MemoryPlan { keep, consent: file.consent, days, shared: file.shared }))
}

/// Every `{caller.NAME}` is of a slot that is kept.
pub(super) fn check_gaps(check: &Check, bot: &mut Bot) -> Result<(), BotFault> {
    let kept = |name: &str| {
        let plan = bot.memory.as_ref().filter(|plan| plan.consent != Consent::Never);
        plan.is_some_and(|plan| plan.keep.iter().any(|slot| bot.slots[*slot].name == name))
    };
    let mut gaps: Vec<String> = Vec::new();
    let passages = bot.tasks.iter().flat_map(|task| task.passages());
    let passages = passages.flat_map(|passage| passage.0.iter().flat_map(|saying| saying.text.known()));
    gaps.extend(passages.map(str::to_owned));
    let texts: Vec<String> = bot.clone().sentences().into_iter().map(|text| text.clone()).collect();
    for template in texts.iter().filter_map(|text| Template::parse(text).ok()) {
        gaps.extend(template.known().map(str::to_owned));
    }
    if let Some(name) = gaps.iter().find(|name| !kept(name)) {
        let remedy = format!("add {name:?} to `keep` of [memory], with a `consent` that is not \"never\"");
        return check.fault("memory.keep", format!("nothing is kept for {{caller.{name}}}"), remedy);
    }
    bot.has_known_gaps = texts.iter().any(|text| crate::bot::known::is_in(text));
    Ok(())
}

//! One `[[slot]]` of a bot file.
use super::capture;
use super::check::{BotFault, Check, Gaps, Name};
use super::menu::menu_keys;
use crate::bot::definition::Slot;
use crate::bot::file::{SlotFile, SpanEnds, Type, ValueFile, ValueTable};
use crate::keypad::{self, Keypad};
use crate::language::Language;
use crate::turn::PATIENCE;
use crate::value::currency::Bounds;
use crate::value::item::{ItemField, ItemPlan};
use crate::value::kind::{Choice, Kind, SpanOf};
use crate::value::words::tokens;
use std::collections::BTreeSet;
use std::sync::Arc;

pub(super) fn slot(check: &Check, key: &str, mut slot: SlotFile) -> Result<Slot, BotFault> {
    name(check, &format!("{key}.name"), &slot.name)?;
    let prompt_key = format!("{key}.prompt");
    let Some(prompt) = slot.prompt.take() else {
        return check.fault(
            prompt_key,
            format!("slot {:?} has no prompt", slot.name),
            "write the question that asks for it",
        );
    };
    check.plain(&prompt_key, &prompt)?;
    for (i, text) in slot.reprompts.iter().enumerate() {
        check.plain(&format!("{key}.reprompts[{i}]"), text)?;
    }
    if let Some(help) = &slot.help {
        check.plain(&format!("{key}.help"), help)?;
    }
    let kind = kind(check, key, &mut slot)?;
    if slot.secret && !matches!(kind, Kind::Digits { .. } | Kind::Number { .. } | Kind::Phone | Kind::Id(_)) {
        return check.fault(format!("{key}.secret"), "only digits and numbers can be secret", "remove it");
    }
    let read_back = match (&slot.read_back, slot.secret) {
        (Some(_), true) => return check.fault(format!("{key}.read_back"), "would say a secret", "remove it"),
        (Some(text), false) => {
            let own = |name| Name { name, kind: Some(&kind), is_conditional: false };
            let gaps = Gaps { names: vec![own("value"), own(&slot.name)], ..Gaps::default() };
            Some(check.template(&format!("{key}.read_back"), text, &gaps)?)
        }
        (None, _) => None,
    };
    let patience = slot.patience.unwrap_or(1.0);
    if !PATIENCE.contains(&patience) {
        return check.fault(format!("{key}.patience"), format!("is {patience}, which nobody can mean"), "use 0.3 to 4");
    }
    Ok(Slot {
        patience,
        keypad: slot.keypad != Some(false) && keypad::of(&kind) != Keypad::None,
        name: slot.name,
        kind,
        prompt,
        reprompts: slot.reprompts,
        help: slot.help,
        confirm: slot.confirm,
        read_back,
        secret: slot.secret,
        keep: slot.keep,
        cues: slot.cues,
        lunar: slot.lunar,
    })
}

fn name(check: &Check, key: &str, name: &str) -> Result<(), BotFault> {
    check.text(key, name)?;
    if name == "value" || name == "key" || name.contains(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
        return check.fault(
            key,
            format!("{name:?} is not a slot name"),
            "use ASCII letters, digits and `_`, but not `value` or `key`",
        );
    }
    Ok(())
}

/// What the slot takes.
fn kind(check: &Check, key: &str, slot: &mut SlotFile) -> Result<Kind, BotFault> {
    let is_number = matches!(slot.r#type, Type::Number | Type::Digits | Type::Money);
    let stray = [
        (slot.values.is_some() && slot.r#type != Type::Choice, "values", "a choice"),
        (slot.unit.is_some() && !matches!(slot.r#type, Type::Number | Type::Items), "unit", "a number or items"),
        (slot.fields.is_some() && slot.r#type != Type::Items, "fields", "items"),
        (slot.length.is_some() && slot.r#type != Type::Digits, "length", "digits"),
        (slot.min.is_some() && !is_number, "min", "a number, money or digits"),
        (slot.max.is_some() && !is_number && slot.r#type != Type::Items, "max", "a number, money, items or digits"),
        (slot.of.is_some() && slot.r#type != Type::Span, "of", "a span"),
        (slot.scheme.is_some() && slot.r#type != Type::Id, "scheme", "an id"),
        (slot.pattern.is_some() && slot.r#type != Type::Id, "pattern", "an id"),
        (slot.check.is_some() && slot.r#type != Type::Id, "check", "an id"),
        (slot.parts.is_some() && slot.r#type != Type::Address, "parts", "an address"),
        (slot.wards.is_some() && slot.r#type != Type::Address, "wards", "an address"),
        (slot.lunar && (slot.r#type != Type::Date || check.language != Language::Vi), "lunar", "a Vietnamese date"),
    ];
    if let Some((_, name, kind)) = stray.iter().find(|(bad, _, _)| *bad) {
        return check.fault(format!("{key}.{name}"), format!("belongs to {kind} only"), "remove it or change `type`");
    }
    Ok(match slot.r#type {
        Type::Choice => Kind::Choice(choices(check, key, slot.values.take().unwrap_or_default())?),
        Type::YesNo => Kind::YesNo,
        Type::Number => number(check, key, slot)?,
        Type::Digits => digits(check, key, slot)?,
        Type::Phone => Kind::Phone,
        Type::Date => Kind::Date,
        Type::Time => Kind::Time,
        Type::Duration => Kind::Duration,
        Type::Items => Kind::Items(Arc::new(items(check, key, slot)?)),
        Type::Money => Kind::Money(money(check, key, slot)?),
        Type::Span => match slot.of {
            Some(SpanEnds::Times) => Kind::Span { of: SpanOf::Times },
            Some(SpanEnds::Dates) => Kind::Span { of: SpanOf::Dates },
            None => return check.fault(format!("{key}.of"), "is missing", "write of = \"times\" or of = \"dates\""),
        },
        Type::Name => Kind::Name,
        Type::Email => Kind::Email,
        Type::Address => Kind::Address(Arc::new(capture::address(check, key, slot)?)),
        Type::Id => Kind::Id(capture::scheme(check, key, slot)?),
        Type::Text => Kind::Text,
    })
}

fn number(check: &Check, key: &str, slot: &mut SlotFile) -> Result<Kind, BotFault> {
    let (min, max) = (slot.min.unwrap_or(0), slot.max.unwrap_or(99));
    if min > max || min < 0 || max > 999_999 {
        return check.fault(
            format!("{key}.max"),
            format!("no number from {min} to {max}"),
            "use 0 ≤ min ≤ max ≤ 999999",
        );
    }
    Ok(Kind::Number { min, max, unit: slot.unit.take().unwrap_or_default() })
}

/// A word means one thing in all fields: it would be taken for one of them, and never for the other.
fn items(check: &Check, key: &str, slot: &mut SlotFile) -> Result<ItemPlan, BotFault> {
    let max = slot.max.unwrap_or(99);
    if !(1..=999).contains(&max) {
        return check.fault(format!("{key}.max"), "is no count of one item", "use 1 to 999");
    }
    let files = slot.fields.take().unwrap_or_default();
    if files.is_empty() {
        let remedy = "list what is known of each: fields = [{ name = \"size\", prompt = \"Which size?\", values = [\"small\"] }]";
        return check.fault(format!("{key}.fields"), "items need fields", remedy);
    }
    let (mut fields, mut seen) = (Vec::<ItemField>::new(), BTreeSet::new());
    for (i, file) in files.into_iter().enumerate() {
        let at = format!("{key}.fields[{i}]");
        name(check, &format!("{at}.name"), &file.name)?;
        if file.name == "count" || fields.iter().any(|field| field.name == file.name) {
            return check.fault(format!("{at}.name"), format!("{:?} is taken", file.name), "choose another name");
        }
        check.plain(&format!("{at}.prompt"), &file.prompt)?;
        let choices = choices(check, &at, file.values)?;
        let mut words = choices.iter().flat_map(|choice| &choice.words);
        if let Some(words) = words.find(|words| !seen.insert((*words).clone())) {
            let problem = format!("{:?} stands in another field too", words.join(" "));
            return check.fault(format!("{at}.values"), problem, "keep it in one of them");
        }
        fields.push(ItemField { name: file.name, prompt: file.prompt, choices });
    }
    Ok(ItemPlan { unit: slot.unit.take().unwrap_or_default(), max, fields })
}

/// Bounds of money stand in whole units.
fn money(check: &Check, key: &str, slot: &SlotFile) -> Result<Bounds, BotFault> {
    const MOST: i64 = 1_000_000_000_000;
    let (currency, scale) = (check.currency, check.currency.scale());
    let usual = if scale == 1 { 999_999_999 } else { 999_999 };
    let (min, max) = (slot.min.unwrap_or(0), slot.max.unwrap_or(usual));
    if min < 0 || min > max || max > MOST {
        return check.fault(
            format!("{key}.max"),
            format!("no amount from {min} to {max}"),
            format!("use 0 ≤ min ≤ max ≤ {MOST}"),
        );
    }
    Ok(Bounds { currency, min: min * scale, max: max * scale })
}

fn digits(check: &Check, key: &str, slot: &SlotFile) -> Result<Kind, BotFault> {
    let at = format!("{key}.length");
    if slot.length.is_some() && (slot.min.is_some() || slot.max.is_some()) {
        return check.fault(
            at,
            "says how many digits there are, and so do `min` and `max`",
            "keep `length` for a fixed count, or `min` and `max` for a range",
        );
    }
    let bound = |n: Option<i64>, or| n.map_or(Some(or), |n| usize::try_from(n).ok());
    let (min, max) = match slot.length {
        Some(n) => (Some(n), Some(n)),
        None => (bound(slot.min, 1), bound(slot.max, 20)),
    };
    match (min, max) {
        (Some(min), Some(max)) if (1..=max).contains(&min) && max <= 32 => Ok(Kind::Digits { min, max }),
        _ => check.fault(at, "not a count of digits", "use 1 ≤ min ≤ max ≤ 32, or `length`"),
    }
}

fn choices(check: &Check, key: &str, values: Vec<ValueFile>) -> Result<Vec<Choice>, BotFault> {
    if values.is_empty() {
        return check.fault(
            format!("{key}.values"),
            "a choice needs values",
            "list them: values = [\"small\", \"large\"]",
        );
    }
    let mut seen = BTreeSet::new();
    let mut out: Vec<Choice> = Vec::new();
    for (i, value) in values.into_iter().enumerate() {
        let table = match value {
            ValueFile::Name(name) => ValueTable { name, words: Vec::new(), say: None, key: None },
            ValueFile::Table(table) => table,
        };
        let at = format!("{key}.values[{i}]");
        let mut words: Vec<Vec<String>> =
            std::iter::once(&table.name).chain(&table.words).map(|w| tokens(w, check.language)).collect();
        words.dedup();
        for phrase in &words {
            if phrase.is_empty() {
                return check.fault(at, "has an empty word", "write what the caller says for it");
            }
            if !seen.insert(phrase.clone()) {
                return check.fault(at, format!("{:?} means two values", phrase.join(" ")), "remove one of them");
            }
        }
        out.push(Choice {
            say: table.say.unwrap_or_else(|| table.name.clone()),
            name: table.name,
            words,
            key: table.key,
        });
    }
    let keys = menu_keys(check, &format!("{key}.values"), out.iter().map(|c| c.key).collect())?;
    for (choice, key) in out.iter_mut().zip(keys) {
        choice.key = key;
    }
    Ok(out)
}

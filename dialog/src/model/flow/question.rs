//! What is asked at a step, and how keys answer it.
use super::capture;
use super::form::Form;
use super::meaning::Aside;
use super::parts::Parts;
use crate::keypad::{self, Keypad};
use crate::language::Language;
use crate::model::step::Step;
use crate::say;
use crate::value;
use crate::value::item::{Gap, ItemPlan, Items};
use crate::value::kind::{Kind, Value};

/// The question of a step. `tries`: how often it was asked in vain. `parts`: what the caller has given of the value that is asked for.
pub(super) fn question(form: &Form, step: Step, tries: u8, parts: &Parts) -> String {
    let p = &form.bot.prompts;
    match step {
        Step::Slot(s) if !parts.is_empty() && parts.slot == s => rest(form, s, parts),
        Step::Task if form.is_touched() => p.anything_else.clone(),
        Step::Task => p.task.clone(),
        Step::Slot(s) => {
            let slot = &form.bot.slots[s];
            let tries = usize::from(tries);
            match tries.checked_sub(1).and_then(|i| slot.reprompts.get(i).or(slot.reprompts.last())) {
                Some(text) => text.clone(),
                None => slot.prompt.clone(),
            }
        }
        Step::Check(s) if form.is_offered(s) => p.remembered.replace("{value}", &form.spoken_offer(s)),
        Step::Check(s) if form.proposed() == Some(s) => p.check_change.replace("{value}", &form.spoken_check(s)),
        Step::Check(s) => p.check.replace("{value}", &form.spoken_check(s)),
        Step::Review => form
            .task()
            .and_then(|t| form.bot.tasks[t].confirm.as_ref())
            .and_then(|passage| form.said(passage, None))
            .unwrap_or_default(),
        Step::Change => p.change.clone(),
        Step::Stop => p.stop.clone(),
        Step::Remember => p.memory_ask.clone(),
        Step::Message => p.message.clone(),
        Step::Approval => still(form),
        Step::Person | Step::Busy | Step::Over => String::new(),
    }
}

/// What is said again while a supervisor has to approve the action.
pub(super) fn still(form: &Form) -> String {
    let approval = form.task_plan().and_then(|plan| plan.done.approval.as_ref());
    approval.and_then(|approval| approval.still.clone()).unwrap_or_else(|| form.bot.prompts.still_checking.clone())
}

/// The question for the rest of a value, after what there is of it: digits in the groups in which they came.
fn rest(form: &Form, slot: usize, parts: &Parts) -> String {
    let (bot, p) = (&form.bot, &form.bot.prompts);
    if bot.slots[slot].secret {
        return p.rest_secret.clone();
    }
    if let (Some(items), Kind::Items(plan)) = (&parts.items, &bot.slots[slot].kind) {
        return items_gap(form, items, plan);
    }
    if let Some(question) = capture::rest(form, slot, parts) {
        return question;
    }
    let said = |words: &[String]| match value::digits(words, bot.language) {
        Some((digits, len)) if len == words.len() => say::digits(&digits, bot.language),
        _ => words.join(" "),
    };
    let groups: Vec<String> = parts.turns().map(said).collect();
    p.rest.replace("{value}", &groups.join(", "))
}

/// What helps with a step's question.
pub(super) fn help(form: &Form, step: Step) -> String {
    let own = step.slot().and_then(|slot| form.bot.slots[slot].help.clone().or_else(|| choices(form, slot)));
    own.unwrap_or_else(|| form.bot.prompts.help.clone())
}

/// What is known of a slot that can be told to who asks back: its help, what can be chosen, or how far its numbers go.
pub(super) fn about(form: &Form, slot: usize) -> Option<String> {
    form.bot.slots[slot].help.clone().or_else(|| choices(form, slot)).or_else(|| range(form, slot))
}

/// What answers a question behind a value.
pub(super) fn answered(form: &Form, aside: Aside) -> String {
    match aside {
        Aside::Fact(fact) => form.bot.facts[fact].say.clone(),
        Aside::About(slot) => about(form, slot).unwrap_or_else(|| form.bot.prompts.unknown.clone()),
        Aside::Unanswered => form.bot.prompts.unknown.clone(),
    }
}

/// The values of a choice in one sentence.
pub(super) fn choices(form: &Form, slot: usize) -> Option<String> {
    let Kind::Choice(all) = &form.bot.slots[slot].kind else { return None };
    let names: Vec<&str> = all.iter().map(|choice| choice.say.as_str()).collect();
    let and = match form.bot.language {
        Language::En => "and",
        Language::Vi => "và",
    };
    let listed = match names.as_slice() {
        [] => return None,
        [one] => (*one).to_string(),
        [first, last] => format!("{first} {and} {last}"),
        [all @ .., last] => format!("{}, {and} {last}", all.join(", ")),
    };
    Some(form.bot.prompts.choices.replace("{value}", &listed))
}

/// The numbers that a slot takes, in one sentence.
pub(super) fn range(form: &Form, slot: usize) -> Option<String> {
    let kind = &form.bot.slots[slot].kind;
    let Kind::Number { min, max, .. } = kind else { return None };
    let language = form.bot.language;
    let most = say::value(&Value::Number(*max), kind, language, form.today());
    let least = say::normal(&min.to_string(), language);
    Some(form.bot.prompts.range.replace("{min}", &least).replace("{max}", &most))
}

/// What there is of a list of items, and the question for what is missing.
fn items_gap(form: &Form, items: &Items, plan: &ItemPlan) -> String {
    let (bot, p) = (&form.bot, &form.bot.prompts);
    let one = |at: usize| say::item(plan, &items.list[at], bot.language);
    let (question, asked) = match items.gap() {
        Some(Gap::Field { item, field }) => {
            let of = p.items_of.replace("{value}", &one(item));
            (format!("{of} {}", plan.fields[field].prompt), Some(item))
        }
        Some(Gap::Count(item)) => (p.items_count.replace("{value}", &one(item)), Some(item)),
        Some(Gap::Unheard) | None => (p.items_rest.clone(), None),
    };
    let others = items.list.iter().enumerate().filter(|(at, _)| Some(*at) != asked).map(|(_, item)| item.clone());
    let known = Items { list: others.collect(), ..items.clone() };
    if known.list.is_empty() {
        return question;
    }
    let known = say::value(&Value::Items(known), &Kind::Text, bot.language, form.today());
    format!("{} {question}", p.items_have.replace("{value}", &known))
}

/// How keys answer a step; empty where they do not.
pub(super) fn keypad_hint(form: &Form, step: Step) -> String {
    let (bot, p) = (&form.bot, &form.bot.prompts);
    match step {
        Step::Task => p.menu(bot.language, bot.tasks.iter().filter_map(|t| t.key.map(|k| (t.say.as_str(), k)))),
        Step::Slot(s) if bot.slots[s].keypad => p.keypad_hint(&bot.slots[s].kind, bot.language),
        Step::Check(_) | Step::Review | Step::Stop | Step::Remember => p.yes_no_keys.clone(),
        Step::Change => p.menu(bot.language, change_menu(form).iter().map(|(name, _, key)| (name.as_str(), *key))),
        Step::Slot(_) | Step::Message | Step::Approval | Step::Person | Step::Busy | Step::Over => String::new(),
    }
}

/// The values of the task with their slots, by key: for "what should I change?".
pub(super) fn change_menu(form: &Form) -> Vec<(String, usize, char)> {
    form.task_slots()
        .iter()
        .filter(|s| form.is_filled(**s))
        .zip('1'..='9')
        .map(|(s, key)| (form.spoken_value(*s), *s, key))
        .collect()
}

/// What keys mean at a step.
pub(super) fn keypad(form: &Form, step: Step) -> Keypad {
    match step {
        Step::Slot(s) if form.bot.slots[s].keypad => keypad::of(&form.bot.slots[s].kind),
        Step::Slot(_) | Step::Approval | Step::Busy | Step::Over => Keypad::None,
        Step::Message => Keypad::Entry { full: 15 },
        Step::Task | Step::Check(_) | Step::Review | Step::Change | Step::Stop | Step::Remember | Step::Person => {
            Keypad::Menu
        }
    }
}

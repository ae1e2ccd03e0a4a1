//! What a recogniser should listen for: one JSGF grammar (JSpeech Grammar Format, W3C note of 2000) per step.
//!
//! Every rule is referred to once wherever possible, since a compiler copies it at each reference. Values come in any order through one
//! loop. The answer to the question stands first; whatever else may be said stands behind it with a small weight, so that the decoder
//! takes an answer for something else only where it clearly is. Inside each of the two every
//! sentence is equally likely: what keeps an answer clear of its rivals is a short list of them.
use crate::bot::{Bot, Then};
use crate::expect::{Expect, Grammar};
use crate::keypad::{self, Keypad};
use crate::model::step::Step;
use crate::value::kind::Kind;
use crate::value::words::tokens;
use rules::{Rules, alternatives};
use std::fmt::Write;
use std::sync::Arc;

mod capture;
mod en;
mod rules;
mod vi;

/// The weight of what was not asked for, against 1 for an answer. A decoder counts it once for the whole utterance.
const UNLIKELY: &str = "0.0001";

/// What may be said at a step: answers to its question, and all else.
#[derive(Default)]
struct Alternatives {
    likely: Vec<String>,
    unlikely: Vec<String>,
}

/// What a grammar is made for.
#[derive(Clone, Copy)]
pub struct GrammarContext<'a> {
    pub step: Step,
    pub task: Option<usize>,
    /// What is heard must not be stored.
    pub secret: bool,
    /// What the caller has given already of the value that is asked for.
    pub given: &'a [String],
    /// A yes or a no is asked for ahead of what the step asks.
    pub asks_yes_no: bool,
}

/// What is listened for at a step.
pub fn build(bot: &Arc<Bot>, context: GrammarContext) -> Expect {
    let GrammarContext { step, task, secret, given, asks_yes_no } = context;
    let (keys, free) = takes(bot, step);
    let keys = keys || asks_yes_no;
    let corrects = matches!(step, Step::Review | Step::Change | Step::Approval);
    let holds = |t: usize| bot.tasks[t].slots.iter().any(|slot| bot.slots[*slot].secret);
    let may_hold_secret = secret || (corrects && task.is_some_and(holds));
    let asked = step.slot().map(|slot| bot.slots[slot].name.clone());
    let (bot, given) = (bot.clone(), given.to_vec());
    let grammar = Grammar::composed_by(move || compose(&bot, step, task, &given, asks_yes_no));
    Expect { grammar, free, keys, secret, asked, may_hold_secret }
}

/// Whether a step takes keys, and free speech.
fn takes(bot: &Bot, step: Step) -> (bool, bool) {
    match step {
        Step::Slot(asked) => {
            let slot = &bot.slots[asked];
            let keys = slot.keypad && keypad::of(&slot.kind) != Keypad::None;
            match slot.kind {
                Kind::Text => (false, true),
                // Names and addresses hold words that no grammar has.
                Kind::Name | Kind::Email | Kind::Address(_) => (keys, true),
                _ => (keys, false),
            }
        }
        Step::Message => (true, true),
        Step::Approval | Step::Busy | Step::Over => (false, false),
        Step::Task | Step::Check(_) | Step::Review | Step::Change | Step::Stop | Step::Person | Step::Remember => {
            (true, false)
        }
    }
}

/// The grammar of a step.
fn compose(bot: &Bot, step: Step, task: Option<usize>, given: &[String], asks_yes_no: bool) -> String {
    let mut rules = Rules::new(bot);
    let mut all = Alternatives::default();
    all.unlikely.extend(rules::commands(&bot.commands, bot.language));
    all.unlikely.extend(rules::rights(&bot.commands, bot.language));
    all.unlikely.extend(rules::facts(&bot.facts));
    if asks_yes_no {
        all.likely.extend([rules.yes(), rules.no()]);
    }
    match step {
        Step::Task => tasks(bot, &mut rules, &mut all),
        Step::Slot(asked) if bot.slots[asked].kind == Kind::Text => {}
        Step::Slot(asked) => {
            slot(bot, asked, task, &mut rules, &mut all);
            parts(bot, asked, given, &mut rules, &mut all);
            all.unlikely.extend(capture::in_place(&bot.slots[asked].kind, bot.language).filter(|_| !given.is_empty()));
        }
        Step::Check(asked) => {
            all.likely.extend([rules.yes(), rules.no()]);
            let lead = rules.correction_lead();
            if let Some(fills) = rules.fills(bot, &[asked], Some(asked), "s") {
                all.unlikely.push(format!("{lead} {fills}"));
            }
            all.unlikely.extend(capture::in_place(&bot.slots[asked].kind, bot.language));
        }
        Step::Review | Step::Change | Step::Approval => corrections(bot, task, &mut rules, &mut all),
        Step::Stop | Step::Remember => all.likely.extend([rules.yes(), rules.no()]),
        Step::Person => all.likely.push(rules::call_back(bot.language)),
        Step::Message | Step::Busy | Step::Over => {}
    }
    text(&all, &rules)
}

/// A yes or a no to all that was read back, and what is to be another way.
fn corrections(bot: &Bot, task: Option<usize>, rules: &mut Rules, all: &mut Alternatives) {
    all.likely.extend([rules.yes(), rules.no()]);
    let (lead, slots) = (rules.correction_lead(), slots(bot, task));
    if let Some(fills) = rules.fills(bot, slots, None, "s") {
        let tail = rules.correction_tail();
        all.unlikely.push(format!("{lead} {fills} {tail}"));
    }
    let names = rules.names(bot, slots);
    if !names.is_empty() {
        let lead = rules.exception_lead();
        all.unlikely.push(format!("{lead} ({names})"));
    }
}

/// What people say to each other while one of them speaks with the caller in the bot's place: values of these slots in any order, what the
/// bot is there for, a yes and a no. All else is not recognised.
pub fn people(bot: &Bot, slots: &[usize]) -> Expect {
    let (rules, mut all, phrases) = among_people(bot, slots);
    if !phrases.is_empty() {
        all.likely.push(format!("{} ({phrases}) {}", rules.lead(), rules.tail()));
    }
    all.likely.extend([rules.yes(), rules.no()]);
    all.unlikely.extend(rules::commands(&bot.commands, bot.language));
    expect_people(&all, &rules)
}

/// What a supervisor tells the bot: tasks, values of these slots, and questions whose answers it is to tell.
pub fn whisper(bot: &Bot, slots: &[usize]) -> Expect {
    let (rules, mut all, phrases) = among_people(bot, slots);
    if !phrases.is_empty() {
        all.likely.push(format!("({phrases})"));
    }
    all.likely.extend(rules::facts(&bot.facts));
    if all.likely.is_empty() {
        all.likely.push(rules.no());
    }
    expect_people(&all, &rules)
}

/// What people say of these slots, and the phrases of all tasks.
fn among_people<'a>(bot: &'a Bot, slots: &[usize]) -> (Rules<'a>, Alternatives, String) {
    let (mut rules, mut all) = (Rules::new(bot), Alternatives::default());
    let (lead, tail) = (rules.people_lead(), rules.tail());
    if let Some(fills) = rules.fills(bot, slots, None, "p") {
        all.likely.push(format!("{lead} {fills} {tail}"));
    }
    let phrases = bot.tasks.iter().flat_map(|task| &task.phrases).map(|phrase| tokens(phrase, bot.language));
    (rules, all, alternatives(phrases))
}

fn expect_people(all: &Alternatives, rules: &Rules) -> Expect {
    let grammar = text(all, rules).into();
    Expect { grammar, free: true, keys: false, secret: false, may_hold_secret: false, asked: None }
}

/// "What can I do for you?"
fn tasks(bot: &Bot, rules: &mut Rules, all: &mut Alternatives) {
    let lead = rules.lead();
    let (mut with_values, mut bare) = (Vec::new(), Vec::new());
    for (t, task) in bot.tasks.iter().enumerate() {
        let phrases = alternatives(task.phrases.iter().map(|p| tokens(p, bot.language)));
        if phrases.is_empty() {
            continue;
        }
        if let Some(fills) = rules.fills(bot, &task.slots, None, &format!("t{t}")) {
            with_values.push(format!("({phrases}) {fills}"));
        }
        bare.push(phrases);
    }
    let tail = rules.tail();
    for (to, tasks) in [(&mut all.likely, bare), (&mut all.unlikely, with_values)] {
        if !tasks.is_empty() {
            to.push(format!("{lead} ({}) {tail}", tasks.join(" | ")));
        }
    }
    // "No" answers "anything else?".
    if bot.tasks.iter().any(|t| t.done.then != Then::HangUp) {
        all.likely.push(rules.no());
    }
}

/// A question for a slot.
fn slot(bot: &Bot, asked: usize, task: Option<usize>, rules: &mut Rules, all: &mut Alternatives) {
    let (lead, tail) = (rules.answer_lead(), rules.tail());
    if let Some(answer) = rules.value_of_slot(bot, asked, Some(asked), "s") {
        let behind = rules.behind(&bot.slots[asked].kind);
        all.likely.push(format!("{lead} {answer} {behind} {tail}"));
        if let Some(contrast) = rules.contrast(&bot.slots[asked], &answer) {
            all.unlikely.push(format!("{lead} ({contrast}) {tail}"));
        }
    }
    if let Some(fills) = rules.fills(bot, slots(bot, task), Some(asked), "s") {
        let (correction, behind) = (rules.correction_lead(), rules.correction_tail());
        let leads = if lead.is_empty() { correction } else { format!("({lead} | {correction})") };
        all.unlikely.push(format!("{leads} {fills} {behind}"));
    }
    let others = bot.tasks.iter().enumerate().filter(|(t, _)| Some(*t) != task).flat_map(|(_, t)| &t.phrases);
    let others = alternatives(others.map(|p| tokens(p, bot.language)));
    if !others.is_empty() {
        all.unlikely.push(format!("({others})"));
    }
}

/// A value that is given in parts: its parts, the rest where some are known, and words that take a part back.
fn parts(bot: &Bot, asked: usize, given: &[String], rules: &mut Rules, all: &mut Alternatives) {
    let kind = &bot.slots[asked].kind;
    if let Some(rest) = rules.rest(kind, given) {
        all.likely.push(rest);
    }
    all.unlikely.extend(rules.part(kind));
    all.unlikely.extend(rules.taken_back(kind));
}

fn slots(bot: &Bot, task: Option<usize>) -> &[usize] {
    task.map_or(&[], |t| bot.tasks[t].slots.as_slice())
}

/// The grammar as JSGF.
fn text(all: &Alternatives, rules: &Rules) -> String {
    let mut text = String::from("#JSGF V1.0;\ngrammar switchboard;\n");
    let (likely, unlikely) = (all.likely.join("\n | "), all.unlikely.join("\n | "));
    // An alternative's weight ends with it: what is unlikely is one alternative, in brackets where it has several.
    match (all.likely.is_empty(), all.unlikely.is_empty()) {
        (true, _) => _ = writeln!(text, "public <turn> = {unlikely};"),
        (false, true) => _ = writeln!(text, "public <turn> = {likely};"),
        (false, false) => _ = writeln!(text, "public <turn> = {likely}\n | /{UNLIKELY}/ ({unlikely});"),
    }
    for (name, body) in rules.all() {
        let _ = writeln!(text, "<{name}> = {body};");
    }
    text
}

/// Every grammar a bot may ask for.
pub fn all(bot: &Bot) -> Vec<Expect> {
    let bot = &Arc::new(bot.clone());
    let mut out: Vec<Expect> = Vec::new();
    let mut add = |expect: Expect| {
        if !out.iter().any(|e| e.grammar == expect.grammar) {
            out.push(expect);
        }
    };
    let mut at =
        |step, task, secret| add(build(bot, GrammarContext { step, task, secret, given: &[], asks_yes_no: false }));
    if bot.tasks.iter().any(|t| !t.phrases.is_empty()) {
        at(Step::Task, None, false);
    }
    for (t, task) in bot.tasks.iter().enumerate() {
        for slot in &task.slots {
            at(Step::Slot(*slot), Some(t), bot.slots[*slot].secret);
            at(Step::Check(*slot), Some(t), bot.slots[*slot].secret);
        }
        at(Step::Review, Some(t), false);
    }
    out
}

#[cfg(test)]
mod tests;

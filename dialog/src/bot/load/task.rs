//! One `[[task]]` of a bot file.
use super::approval;
use super::check::{BotFault, Check, Gaps, Name};
use super::condition::{Known, condition};
use super::lookup::{OfTask, lookup, may_ask};
use super::passage::passage;
use super::request::{self, RequestFile};
use crate::bot::condition::{Condition, Subject};
use crate::bot::definition::{OnDone, Slot, Task};
use crate::bot::file::{DoneFile, LookupFile, SayFile, TaskFile, TaskSlotFile};
use crate::bot::lookup::{Lookup, Need, Use};
use crate::bot::passage::{Passage, Saying};
use crate::bot::template::Part;
use crate::tool::Method;
use crate::value::words::tokens;

/// `tasks`: all tasks of the file, by name.
pub(super) fn task(
    check: &Check,
    key: &str,
    task: TaskFile,
    slots: &[Slot],
    tasks: &[String],
) -> Result<Task, BotFault> {
    check.text(&format!("{key}.name"), &task.name)?;
    if let Some(i) = task.phrases.iter().position(|p| tokens(p, check.language).is_empty()) {
        return check.fault(format!("{key}.phrases[{i}]"), "is empty", "remove it");
    }
    let names: Vec<String> = task.slots.iter().map(|slot| slot.name().to_owned()).collect();
    let lookups = lookup_names(check, key, &task.lookup, slots)?;
    let (own, when) = own_slots(check, key, task.slots, slots, &lookups)?;
    let gap_names = names.iter().zip(own.iter().zip(&when)).map(|(name, (slot, when))| Name {
        name,
        kind: Some(&slots[*slot].kind),
        is_conditional: !when.is_always(),
    });
    let gaps = Gaps { names: gap_names.collect(), ..Gaps::default() };
    let of = OfTask { slots, own: &own, gaps, lookups: &lookups, tasks };
    let mut read = Vec::new();
    for (i, file) in task.lookup.into_iter().enumerate() {
        let next = lookup(check, &format!("{key}.lookup[{i}]"), file, &read, &of)?;
        read.push(next);
    }
    no_circle(check, key, &own, &when, &read)?;
    if task.phrases.is_empty() && may_ask(&read, task.on_done.then) {
        return check.fault(
            format!("{key}.phrases"),
            "is missing, so nobody can ask for another one",
            "list what callers say for it",
        );
    }
    let sayable = Sayable {
        known: Known { all: slots, slots: &own, lookups: &lookups },
        gaps: Gaps { lookups: &lookups, ..of.gaps.clone() },
    };
    let confirm = match task.confirm {
        Some(say) => Some(sayable.passage(check, &format!("{key}.confirm"), say, false)?),
        None => None,
    };
    if let Some(to) = &task.person {
        check.destination(&format!("{key}.person"), to)?;
    }
    let mut task = Task {
        say: task.say.clone().or_else(|| task.phrases.first().cloned()).unwrap_or_else(|| task.name.clone()),
        name: task.name,
        cut: task.phrases.iter().map(|phrase| tokens(phrase, check.language)).collect(),
        phrases: task.phrases,
        key: task.key,
        slots: own.clone(),
        when,
        lookups: read,
        confirm,
        person: task.person,
        done: on_done(check, &format!("{key}.on_done"), task.on_done, &sayable)?,
    };
    let asks = (task.confirm.is_some(), task.done.approval.is_some());
    request::confirmed(check, key, task.done.request.as_ref(), asks)?;
    need_parts(&mut task);
    Ok(task)
}

fn lookup_names(check: &Check, key: &str, lookups: &[LookupFile], slots: &[Slot]) -> Result<Vec<String>, BotFault> {
    let mut names: Vec<String> = Vec::new();
    for (i, lookup) in lookups.iter().enumerate() {
        let at = format!("{key}.lookup[{i}].name");
        let name = &lookup.name;
        check.text(&at, name)?;
        if name.contains(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
            return check.fault(at, format!("{name:?} is no name"), "use ASCII letters, digits and `_`");
        }
        if names.contains(name) || slots.iter().any(|slot| slot.name == *name) {
            return check.fault(
                at,
                format!("{name:?} is the name of a slot or of another lookup"),
                "rename one of them",
            );
        }
        names.push(name.clone());
    }
    Ok(names)
}

/// The task's slots by index, with their conditions.
fn own_slots(
    check: &Check,
    key: &str,
    files: Vec<TaskSlotFile>,
    slots: &[Slot],
    lookups: &[String],
) -> Result<(Vec<usize>, Vec<Condition>), BotFault> {
    let (mut own, mut conditions) = (Vec::new(), Vec::new());
    for (i, file) in files.into_iter().enumerate() {
        let at = format!("{key}.slots[{i}]");
        let name = file.name();
        let slot = match slots.iter().position(|s| s.name == *name) {
            None => return check.fault(at, format!("no slot is called {name:?}"), "add a [[slot]] of this name"),
            Some(s) if own.contains(&s) => {
                return check.fault(at, format!("{name:?} is listed twice"), "remove one");
            }
            Some(s) => s,
        };
        conditions.push(match file {
            TaskSlotFile::Always(_) => Condition::default(),
            TaskSlotFile::Sometimes(table) => {
                condition(check, &format!("{at}.when"), table.when, Known { all: slots, slots: &own, lookups })?
            }
        });
        own.push(slot);
    }
    Ok((own, conditions))
}

/// A slot whose condition is about a lookup comes behind every slot that the lookup is asked with.
fn no_circle(check: &Check, key: &str, own: &[usize], when: &[Condition], lookups: &[Lookup]) -> Result<(), BotFault> {
    for (i, Condition(tests)) in when.iter().enumerate() {
        for (subject, _) in tests {
            let (Subject::Outcome(lookup) | Subject::Part { lookup, .. }) = subject else { continue };
            let lookup = &lookups[*lookup];
            let needs = |slot: &usize| {
                lookup.slots.contains(slot) || lookup.when.0.iter().any(|(of, _)| *of == Subject::Slot(*slot))
            };
            if own[i..].iter().any(needs) {
                return check.fault(
                    format!("{key}.slots[{i}].when.{}", lookup.name),
                    "waits for a lookup that is asked with this slot, or with a later one",
                    "list it behind the slots that the lookup's `url`, `body` and `when` name",
                );
            }
        }
    }
    Ok(())
}

/// What the sentences of a task may hold.
struct Sayable<'a> {
    known: Known<'a>,
    gaps: Gaps<'a>,
}

impl Sayable<'_> {
    fn passage(&self, check: &Check, key: &str, say: SayFile, answer: bool) -> Result<Passage, BotFault> {
        passage(check, key, say, &Gaps { answer, ..self.gaps.clone() }, self.known)
    }
}

fn on_done(check: &Check, key: &str, done: DoneFile, sayable: &Sayable) -> Result<OnDone, BotFault> {
    let asks = done.url.is_some() || done.tool.is_some();
    if !asks {
        no_request(check, key, &done)?;
    }
    let say = sayable.passage(check, &format!("{key}.say"), done.say, asks)?;
    let file = RequestFile {
        tool: done.tool,
        arguments: done.arguments,
        url: done.url,
        method: done.method,
        body: done.body,
        timeout_ms: done.timeout_ms,
        late: done.late,
        failed: done.failed,
        incomplete: done.incomplete,
    };
    let request = request::request(check, key, file, Method::Post, &sayable.gaps)?;
    let action = |text| sayable.passage(check, &format!("{key}.approval.action"), SayFile::One(text), false);
    let approval = approval::approval(check, key, done.confirm, done.approval, action)?;
    if let Some(name) = &done.hand_on {
        check.bot(&format!("{key}.hand_on"), name)?;
    }
    Ok(OnDone { request, say, then: done.then, hand_on: done.hand_on, approval })
}

/// Refuses the keys of a request where there is none.
fn no_request(check: &Check, key: &str, done: &DoneFile) -> Result<(), BotFault> {
    for (name, there) in [
        ("method", done.method.is_some()),
        ("body", done.body.is_some()),
        ("timeout_ms", done.timeout_ms.is_some()),
        ("late", done.late.is_some()),
        ("failed", done.failed.is_some()),
        ("incomplete", done.incomplete.is_some()),
    ] {
        if there {
            return check.fault(format!("{key}.{name}"), "belongs to an HTTP call", "add `url`, or remove it");
        }
    }
    Ok(())
}

/// Notes with each lookup which parts of its answer the task uses.
fn need_parts(task: &mut Task) {
    let mut all: Vec<(&str, Need)> = Vec::new();
    let sayings: Vec<&Saying> = task.passages().flat_map(|passage| &passage.0).collect();
    let sent: Vec<Part> = task.requests().flat_map(request::parts).collect();
    for gap in sayings.iter().flat_map(|saying| saying.text.answers()).filter(|gap| !gap.optional) {
        let need = Need { pointer: gap.pointer.clone(), of: Use::Said(gap.say_as) };
        all.extend(gap.lookup.as_deref().map(|lookup| (lookup, need)));
    }
    for part in &sent {
        let Part::Answer(gap) = part else { continue };
        let need = Need { pointer: gap.pointer.clone(), of: Use::Sent };
        all.extend(gap.lookup.as_deref().filter(|_| !gap.optional).map(|lookup| (lookup, need)));
    }
    let conditions = task.when.iter().chain(sayings.iter().map(|saying| &saying.when));
    let conditions = conditions.chain(task.lookups.iter().map(|lookup| &lookup.when));
    for (subject, _) in conditions.flat_map(|condition| &condition.0) {
        if let Subject::Part { lookup, pointer } = subject {
            all.push((&task.lookups[*lookup].name, Need { pointer: pointer.clone(), of: Use::Tested }));
        }
    }
    let of = |lookup: &Lookup| {
        let own = all.iter().filter(|(name, _)| *name == lookup.name);
        own.map(|(_, need)| need.clone()).collect::<Vec<Need>>()
    };
    let needs: Vec<Vec<Need>> = task.lookups.iter().map(of).collect();
    for (lookup, needs) in task.lookups.iter_mut().zip(needs) {
        lookup.needs = needs;
    }
}

//! The `[[forbidden]]` subjects of a bot file, and which tools belong to which tasks.
use super::check::{BotFault, Check};
use crate::bot::definition::Task;
use crate::bot::file::ForbiddenFile;
use crate::bot::file::tool::ToolFile;
use crate::bot::forbidden::Forbidden;
use crate::value::words::tokens;
use std::collections::BTreeMap;

pub(super) fn forbidden(check: &Check, read: Vec<ForbiddenFile>) -> Result<Vec<Forbidden>, BotFault> {
    read.into_iter().enumerate().map(|(i, file)| subject(check, &format!("forbidden[{i}]"), file)).collect()
}

fn subject(check: &Check, key: &str, file: ForbiddenFile) -> Result<Forbidden, BotFault> {
    check.text(&format!("{key}.name"), &file.name)?;
    check.plain(&format!("{key}.say"), &file.say)?;
    if file.words.is_empty() {
        return check.fault(
            format!("{key}.words"),
            "names nothing",
            "list words and phrases that bring the subject up",
        );
    }
    let mut words = Vec::new();
    for (i, phrase) in file.words.iter().enumerate() {
        match tokens(phrase, check.language) {
            read if read.is_empty() => return check.fault(format!("{key}.words[{i}]"), "is empty", "remove it"),
            read => words.push(read),
        }
    }
    Ok(Forbidden { name: file.name, words, say: file.say })
}

/// The tasks of each tool that belongs to some.
pub(super) fn tasks_of(read: &BTreeMap<String, ToolFile>) -> BTreeMap<String, Vec<String>> {
    read.iter()
        .filter(|(_, file)| !file.tasks.is_empty())
        .map(|(name, file)| (name.clone(), file.tasks.clone()))
        .collect()
}

/// Refuses tasks that there are not.
pub(super) fn check_tasks(check: &Check, of: &BTreeMap<String, Vec<String>>, tasks: &[Task]) -> Result<(), BotFault> {
    let unknown = |name: &&String| !tasks.iter().any(|task| task.name == **name);
    match of.iter().find_map(|(tool, names)| names.iter().find(unknown).map(|name| (tool, name))) {
        None => Ok(()),
        Some((tool, name)) => check.fault(
            format!("tools.{tool}.tasks"),
            format!("there is no task {name:?}"),
            "name a [[task]] of this file",
        ),
    }
}

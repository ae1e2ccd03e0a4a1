//! Whether the language models that bots name are there and answer.
use super::{Finding, broken, fine, lacking};
use crate::config::Config;
use crate::language_models::LanguageModels;
use dialog::bot::Bot;
use std::collections::BTreeMap;

pub(super) fn examine(config: &Config, found: &mut Vec<Finding>) {
    let models = LanguageModels::load(config);
    let mut named: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (bot, models) in bots(config) {
        models.into_iter().for_each(|model| named.entry(model).or_default().push(bot.clone()));
    }
    for (model, bots) in named.iter().filter(|(model, _)| !models.knows(model)) {
        let bots = bots.join(", ");
        found.push(broken(format!(
            "the language model {model:?} of {bots} cannot be asked: add [language_models.{model}] to the configuration, or correct its key"
        )));
    }
    let asked: Vec<String> =
        config.language_models.keys().chain(named.keys()).filter(|name| models.knows(name)).cloned().collect();
    if asked.is_empty() {
        return;
    }
    // Asked on a thread of its own, as the database is.
    let answers = std::thread::scope(|scope| {
        let ask = || -> std::io::Result<_> {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            let names: std::collections::BTreeSet<String> = asked.into_iter().collect();
            let answers = runtime.block_on(models.probe(names));
            // A name that no server resolves may be looked for long after.
            runtime.shutdown_background();
            Ok(answers)
        };
        scope.spawn(ask).join()
    });
    match answers {
        Ok(Ok(answers)) => found.extend(answers.into_iter().map(|(name, answer)| match answer {
            Ok(took) => fine(format!("language model {name} answers within {} ms", took.as_millis())),
            Err(why) => lacking(format!("language model {name} does not answer, bots do without it: {why}")),
        })),
        Ok(Err(why)) => found.push(lacking(format!("the language models were not asked: {why}"))),
        Err(_) => found.push(lacking("the language models were not asked: a thread failed")),
    }
}

/// The bots that think with models, each with their names.
fn bots(config: &Config) -> Vec<(String, Vec<String>)> {
    let files =
        std::fs::read_dir(&config.bots.dir).into_iter().flatten().filter_map(Result::ok).map(|entry| entry.path());
    let model = |path: std::path::PathBuf| {
        let name = path.file_stem()?.to_str()?.to_owned();
        // One that cannot be read is told of elsewhere.
        let bot = Bot::parse(&std::fs::read_to_string(&path).ok()?, &name).ok()?;
        Some((name, bot.model?.names))
    };
    let mut all: Vec<_> =
        files.filter(|path| path.extension().is_some_and(|end| end == "toml")).filter_map(model).collect();
    all.sort();
    all
}

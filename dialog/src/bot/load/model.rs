//! `[model]` of a bot file.
use super::check::{BotFault, Check};
use crate::bot::file::ModelFile;
use crate::bot::model::ModelPlan;
use std::time::Duration;

pub(super) fn model(check: &Check, file: Option<ModelFile>) -> Result<Option<ModelPlan>, BotFault> {
    let Some(file) = file else { return Ok(None) };
    if file.r#use.is_empty() {
        let remedy = "name a model of the server's configuration: use = [\"local\"] for [language_models.local]";
        return check.fault("model.use", "names no language model", remedy);
    }
    for (i, name) in file.r#use.iter().enumerate() {
        check.text(&format!("model.use[{i}]"), name)?;
        if file.r#use[..i].contains(name) {
            return check.fault(format!("model.use[{i}]"), format!("{name:?} is named twice"), "name each model once");
        }
    }
    check.text("model.instructions", &file.instructions)?;
    let times = [
        ("first_ms", file.first_ms, 4_000, 200..=60_000),
        ("stall_ms", file.stall_ms, 3_000, 200..=60_000),
        ("patience_ms", file.patience_ms, 9_000, 500..=120_000),
        ("filler_ms", file.filler_ms, 1_000, 200..=10_000),
    ];
    let mut read = [Duration::ZERO; 4];
    for ((name, given, usual, range), time) in times.into_iter().zip(&mut read) {
        let ms = given.unwrap_or(usual);
        if !range.contains(&ms) {
            let remedy = format!("use {} to {}", range.start(), range.end());
            return check.fault(format!("model.{name}"), "is not a time a caller waits", &remedy);
        }
        *time = Duration::from_millis(ms);
    }
    let [first, stall, patience, filler] = read;
    let context_tokens = file.context_tokens.unwrap_or(6_000);
    let most_tokens = file.most_tokens.unwrap_or(300);
    if !(16..=4_000).contains(&most_tokens) {
        return check.fault("model.most_tokens", "is no length of an answer", "use 16 to 4000");
    }
    if context_tokens < 2 * most_tokens || !(500..=1_000_000).contains(&context_tokens) {
        let remedy = "use 500 or more, and at least twice `most_tokens`";
        return check.fault("model.context_tokens", "leaves no room for a conversation", remedy);
    }
    let temperature = file.temperature.unwrap_or(0.3);
    if !(0.0..=2.0).contains(&temperature) {
        return check.fault("model.temperature", "is no temperature", "use 0 to 2");
    }
    let ModelFile { r#use: names, instructions, .. } = file;
    let instructions = instructions.trim().to_owned();
    Ok(Some(ModelPlan {
        names,
        instructions,
        first,
        stall,
        patience,
        filler,
        context_tokens,
        most_tokens,
        temperature,
    }))
}

//! The language models that a conversation asks: how each request went, in figures.
use super::Talk;
use crate::call::core::Act;
use dialog::model::language_model::{ModelOutcome, ModelReport, ModelRequest};
use serde_json::json;
use std::time::Instant;

impl Talk {
    pub(super) fn ask(&mut self, now: Instant, request: ModelRequest) {
        let data = json!({
            "ms": self.ms(now), "id": request.id.0, "model": request.model, "purpose": request.purpose.text()
        });
        self.note_mark("model_asked", data);
        self.act(Act::Ask(request));
    }

    /// What it answered is what the bot says; how fast, and why not, is recorded.
    pub(super) fn asked_model(&mut self, now: Instant, report: &ModelReport) {
        let (name, why) = match report.outcome {
            ModelOutcome::Answered => ("model_answered", None),
            ModelOutcome::Dropped => ("model_stopped", None),
            ModelOutcome::Failed(fault) => ("model_failed", Some(fault.to_string())),
        };
        let data = json!({
            "ms": self.ms(now),
            "id": report.id.0,
            "model": report.model,
            "purpose": report.purpose.text(),
            "first_ms": report.first.map(|first| first.as_millis() as u64),
            "took_ms": report.took.as_millis() as u64,
            "prompt_tokens": report.usage.map(|usage| usage.prompt),
            "cached_tokens": report.usage.map(|usage| usage.cached),
            "tokens": report.usage.map(|usage| usage.completion),
            "why": why
        });
        self.note_mark(name, data);
    }
}

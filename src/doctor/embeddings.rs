//! Whether the endpoint of embeddings answers, and how fast.
use super::{Finding, ask_apart, fine, lacking};
use crate::config::Config;
use crate::embeddings::Endpoint;

pub(super) fn examine(config: &Config, found: &mut Vec<Finding>) {
    // A key that cannot be read is among the problems of the configuration already.
    let Some(endpoint) = Endpoint::of(&config.embeddings) else { return };
    let (model, patience) = (&config.embeddings.model, config.embeddings.patience_ms.0);
    found.push(match ask_apart(async move { endpoint.probe().await }) {
        Some(Ok(Ok((took, dimensions)))) if took.as_millis() <= patience.into() => {
            fine(format!("embeddings by {model}: the endpoint answers within {} ms, {dimensions} dimensions", took.as_millis()))
        }
        Some(Ok(Ok((took, _)))) => lacking(format!(
            "embeddings by {model}: the endpoint takes {} ms and patience_ms is {patience}: documents are searched by words alone where it is so slow in a call",
            took.as_millis()
        )),
        Some(Ok(Err(why))) => {
            lacking(format!("embeddings by {model}: {why}; documents are searched by words alone until it answers"))
        }
        Some(Err(why)) => lacking(format!("the endpoint of embeddings was not asked: {why}")),
        None => lacking("the endpoint of embeddings was not asked: a thread failed"),
    });
}

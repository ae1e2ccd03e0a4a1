//! The documents of bots are embedded in the background, what is on disk from there: a server that starts does not wait for it.
use super::files::{Key, VectorFile};
use super::{EmbeddingFault, Endpoint, Of};
use dialog::knowledge::Knowledge;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// An endpoint that failed is asked again after so long, later after more.
const PAUSES_S: [u64; 4] = [2, 10, 60, 300];

/// Embeds what comes in until nobody is left who may want anything. Documents that no bot has any more are left out.
pub(super) async fn embed(endpoint: Endpoint, file: VectorFile, mut inbox: mpsc::Receiver<Arc<Knowledge>>) {
    let mut waiting: Vec<Weak<Knowledge>> = Vec::new();
    let (mut failures, mut again_at) = (0, Instant::now());
    loop {
        let wanted = match waiting.is_empty() {
            true => inbox.recv().await.map(Some),
            false => match tokio::time::timeout_at(again_at, inbox.recv()).await {
                Ok(wanted) => wanted.map(Some),
                Err(_) => Some(None),
            },
        };
        match wanted {
            None => return,
            // What waits already waits for its pause.
            Some(Some(wanted)) if waiting.iter().any(|known| known.as_ptr() == Arc::as_ptr(&wanted)) => continue,
            Some(Some(wanted)) => waiting.push(Arc::downgrade(&wanted)),
            Some(None) => {}
        }
        let mut left = Vec::new();
        for documents in std::mem::take(&mut waiting) {
            let Some(knowledge) = documents.upgrade().filter(|knowledge| !knowledge.has_vectors()) else { continue };
            match of_documents(&endpoint, &file, &knowledge).await {
                Ok(()) => failures = 0,
                Err(why) => {
                    failures += 1;
                    metrics::counter!("switchboard_embedding_failures_total", "reason" => why.reason()).increment(1);
                    tracing::warn!(%why, "documents cannot be embedded: they are searched by words alone until they are");
                    left.push(documents);
                }
            }
        }
        waiting = left;
        again_at = Instant::now() + Duration::from_secs(PAUSES_S[usize::min(failures, PAUSES_S.len() - 1)]);
    }
}

/// The vectors of a bot's documents, from the disk and from the endpoint.
async fn of_documents(endpoint: &Endpoint, file: &VectorFile, knowledge: &Knowledge) -> Result<(), EmbeddingFault> {
    let texts = knowledge.texts();
    let keys: Vec<Key> = texts.iter().map(|text| file.key(text)).collect();
    let reads = file.clone();
    let mut known = tokio::task::spawn_blocking(move || reads.read()).await.unwrap_or_default();
    let mut seen = HashSet::new();
    let missing: Vec<(Key, String)> = keys
        .iter()
        .zip(&texts)
        .filter(|(key, _)| !known.contains_key(*key) && seen.insert(**key))
        .map(|(key, text)| (*key, text.clone()))
        .collect();
    let (asked, mut fault) = (missing.len(), None);
    for batch in missing.chunks(endpoint.plan.batch.max(1) as usize) {
        let texts: Vec<String> = batch.iter().map(|(_, text)| text.clone()).collect();
        match endpoint.ask(&texts, Of::Passage, endpoint.plan.limit_s.into()).await {
            Ok(vectors) if is_usable(&vectors) => {
                let dimensions = vectors.first().map_or(0, Vec::len);
                // The model of this name is another one now: what it made before is asked for again.
                if known.values().any(|known| known.len() != dimensions) {
                    known.retain(|_, known| known.len() == dimensions);
                    fault = Some(EmbeddingFault::OtherModel);
                }
                known.extend(batch.iter().map(|(key, _)| *key).zip(vectors));
            }
            Ok(_) => fault = Some(EmbeddingFault::Shape),
            Err(why) => fault = Some(why),
        }
        if fault.is_some() {
            break;
        }
    }
    // What was made before a failure is not asked for again.
    if asked > 0 {
        keep(file, keys.clone(), &known).await;
    }
    if let Some(fault) = fault {
        return Err(fault);
    }
    let vectors: Vec<Vec<f32>> = keys.iter().filter_map(|key| known.get(key).cloned()).collect();
    knowledge.take_vectors(&vectors).map_err(|_| EmbeddingFault::OtherModel)?;
    tracing::info!(passages = keys.len(), asked, "documents are embedded");
    Ok(())
}

/// Whether these are vectors at all.
fn is_usable(vectors: &[Vec<f32>]) -> bool {
    let dimensions = vectors.first().map_or(0, Vec::len);
    dimensions > 0
        && vectors.iter().all(|vector| {
            let length: f64 = vector.iter().map(|part| f64::from(*part).powi(2)).sum();
            length.is_finite() && length > 0.0 && vector.len() == dimensions
        })
}

async fn keep(file: &VectorFile, keys: Vec<Key>, known: &HashMap<Key, Vec<f32>>) {
    let (file, known) = (file.clone(), known.clone());
    let written = tokio::task::spawn_blocking(move || file.write(&keys, &known)).await;
    if let Ok(Err(why)) = written {
        tracing::warn!(%why, "vectors cannot be kept: documents are embedded again after the next start");
    }
}

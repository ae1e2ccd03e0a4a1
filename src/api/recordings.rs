//! Recordings: a WAV or Ogg Opus file, whole or in part (RFC 9110 section 14), decrypted on the way; and their pauses.
use super::calls::{of_right, shared_with};
use super::wire::{Pause, ProblemDocument, RecordedOf, RecordedQuery};
use super::{Problem, SharedState};
use crate::security::{Action, Principal, Right};
use crate::store::Recorded;
use axum::Json;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use media::record::{Playback, RecordFault, people_path};
use serde_json::json;
use std::io;
use std::path::PathBuf;
use std::time::UNIX_EPOCH;

const PIECE: u64 = 64 * 1024;

/// The recording of a call: the caller left, what the caller heard right; or of people beside the caller: the agent left, supervisors
/// right. While the call lasts, as much as there is.
#[utoipa::path(get, path = "/api/v1/calls/{id}/recording", operation_id = "read_recording", tag = "calls",
    params(("id" = String, Path), RecordedQuery, ("range" = Option<String>, Header, description = "One range of bytes, `bytes=0-1023`")),
    responses(
        (status = OK, description = "All of it; `x-recording-whole: false` where some of the call is missing",
            content((Vec<u8> = "audio/wav"), (Vec<u8> = "audio/ogg"))),
        (status = PARTIAL_CONTENT, description = "The part that was asked for",
            content((Vec<u8> = "audio/wav"), (Vec<u8> = "audio/ogg"))),
        (status = RANGE_NOT_SATISFIABLE, description = "Content-Range tells the length"),
        (status = BAD_REQUEST, body = ProblemDocument, content_type = "application/problem+json", description = "`of` is neither `call` nor `people`"),
        (status = NOT_FOUND, body = ProblemDocument, content_type = "application/problem+json"),
        (status = SERVICE_UNAVAILABLE, body = ProblemDocument, content_type = "application/problem+json",
            description = "It is encrypted, and its key is not at hand"),
        (status = INTERNAL_SERVER_ERROR, body = ProblemDocument, content_type = "application/problem+json",
            description = "It was changed or is damaged"),
))]
pub(super) async fn recording(
    State(state): SharedState,
    principal: Principal,
    Path(id): Path<String>,
    Query(RecordedQuery { of }): Query<RecordedQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let principal = shared_with(&state, principal, &id).await?;
    let call = of_right(&state, &principal, Right::HearRecordings, &id).await?;
    let none = || Problem::new(StatusCode::NOT_FOUND, "this call has no recording");
    let path = state.app.store.recording(&call).ok_or_else(none)?;
    let (path, detail) = match of {
        RecordedOf::Call => (path, json!({})),
        RecordedOf::People => (people_path(&path), json!({"of": "people"})),
    };
    // A player asks for it part by part.
    state.app.access.audit().note_once(&principal, Action::RecordingRead, Some(&id), detail).await?;
    let kind = kind(&path);
    let vault = state.app.recording_policy.vault().cloned();
    let opened = tokio::task::spawn_blocking(move || {
        let playback = Playback::open(&path, vault.as_deref())?;
        Ok::<_, RecordFault>((tag(&path, playback.len()), playback))
    });
    let (tag, mut playback) = opened.await.map_err(|_| none())?.map_err(problem)?;
    let (len, complete) = (playback.len(), playback.whole() && call.recorded == Recorded::Whole);
    let whole = || (StatusCode::OK, 0, len, None);
    let asked = headers.get(header::RANGE).and_then(|range| range.to_str().ok());
    let fresh = headers.get(header::IF_RANGE).is_none_or(|known| known.as_bytes() == tag.as_bytes());
    let (status, from, count, range) = match asked.filter(|_| fresh).map(|asked| part(asked, len)) {
        None | Some(Part::Whole) => whole(),
        Some(Part::Bytes { from, to }) => {
            (StatusCode::PARTIAL_CONTENT, from, to - from + 1, Some(format!("bytes {from}-{to}/{len}")))
        }
        Some(Part::Beyond) => {
            let range = [(header::CONTENT_RANGE, format!("bytes */{len}"))];
            return Ok((StatusCode::RANGE_NOT_SATISFIABLE, range).into_response());
        }
    };
    // What is wrong with the beginning can still be said in words.
    let first = tokio::task::spawn_blocking(move || {
        let bytes = playback.read(from, usize::try_from(count.min(PIECE)).unwrap_or(0))?;
        Ok::<_, RecordFault>((bytes, playback))
    });
    let (first, playback) = first.await.map_err(|_| none())?.map_err(problem)?;
    let mut response = Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, kind)
        .header(header::CONTENT_LENGTH, count)
        .header(header::ACCEPT_RANGES, "bytes")
        .header(header::ETAG, tag)
        .header(header::CACHE_CONTROL, "private, no-cache")
        .header("x-recording-whole", if complete { "true" } else { "false" });
    if let Some(range) = range {
        response = response.header(header::CONTENT_RANGE, range);
    }
    let at = from + first.len() as u64;
    let rest = futures::stream::try_unfold((playback, at, from + count - at), read);
    let body = futures::StreamExt::chain(futures::stream::iter([Ok(Bytes::from(first))]), rest);
    response.body(Body::from_stream(body)).map_err(|_| none())
}

/// Stops a live call's recording for what must not be kept: silence is written on both sides and time goes on. `false` lets it go
/// on. A bot that asks for a secret pauses by itself, whatever is set here.
#[utoipa::path(put, path = "/api/v1/calls/{id}/recording", operation_id = "pause_recording", tag = "calls", params(("id" = String, Path)), request_body = Pause,
    responses(
        (status = NO_CONTENT),
        (status = BAD_REQUEST, body = ProblemDocument, content_type = "application/problem+json"),
        (status = NOT_FOUND, body = ProblemDocument, content_type = "application/problem+json"),
        (status = CONFLICT, body = ProblemDocument, content_type = "application/problem+json", description = "It is not being recorded"),
))]
pub(super) async fn pause(
    State(state): SharedState,
    principal: Principal,
    Path(id): Path<String>,
    Json(Pause { paused }): Json<Pause>,
) -> Result<StatusCode, Problem> {
    let call = of_right(&state, &principal, Right::PauseRecording, &id).await?;
    let unrecorded = || Problem::new(StatusCode::CONFLICT, "this call is not being recorded");
    if !call.is_recording() {
        return Err(unrecorded());
    }
    let action = if paused { Action::RecordingPaused } else { Action::RecordingResumed };
    state.app.access.audit().require(&principal, action, Some(&id), json!({})).await?;
    if !state.app.calls.pause_recording(&id, paused) {
        return Err(unrecorded());
    }
    Ok(StatusCode::NO_CONTENT)
}

fn kind(path: &std::path::Path) -> &'static str {
    let name = path.to_string_lossy();
    if name.trim_end_matches(".sealed").ends_with(".opus") { "audio/ogg; codecs=opus" } else { "audio/wav" }
}

/// Changes with the file.
fn tag(path: &PathBuf, len: u64) -> String {
    let changed = std::fs::metadata(path).and_then(|about| about.modified()).ok();
    let changed = changed.and_then(|at| at.duration_since(UNIX_EPOCH).ok()).map_or(0, |since| since.as_micros());
    format!("\"{len:x}-{changed:x}\"")
}

fn problem(fault: RecordFault) -> Problem {
    let status = match &fault {
        RecordFault::Unreadable { .. } => return Problem::new(StatusCode::NOT_FOUND, "this call has no recording"),
        RecordFault::Locked(_) | RecordFault::OtherKey { .. } | RecordFault::Version(_) => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    tracing::error!(why = %fault, "a recording cannot be served");
    Problem::new(status, fault.to_string())
}

/// The next piece of a file; files are read off the async threads.
async fn read((mut playback, from, left): (Playback, u64, u64)) -> io::Result<Option<(Bytes, (Playback, u64, u64))>> {
    if left == 0 {
        return Ok(None);
    }
    let piece = tokio::task::spawn_blocking(move || {
        let piece = playback.read(from, usize::try_from(left.min(PIECE)).unwrap_or(0)).map_err(|why| {
            // The answer ends short of its length, which the client sees; the log has the reason.
            tracing::error!(%why, "a recording cannot be served to its end");
            io::Error::other(why)
        })?;
        let len = piece.len() as u64;
        if len == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(Some((Bytes::from(piece), (playback, from + len, left - len))))
    });
    piece.await.map_err(io::Error::other)?
}

#[derive(Debug, PartialEq, Eq)]
enum Part {
    Whole,
    /// Both ends belong to it.
    Bytes {
        from: u64,
        to: u64,
    },
    Beyond,
}

/// Several ranges, other units and nonsense get the whole, as RFC 9110 section 14.2 allows.
fn part(asked: &str, len: u64) -> Part {
    let Some((from, to)) = asked.trim().strip_prefix("bytes=").and_then(|range| range.trim().split_once('-')) else {
        return Part::Whole;
    };
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse::<u64>().ok()).flatten();
    match (digits(from), digits(to)) {
        (Some(from), _) if to.is_empty() => within(from, u64::MAX, len),
        (Some(from), Some(to)) if from <= to => within(from, to, len),
        (_, Some(0)) if from.is_empty() => Part::Beyond,
        (_, Some(last)) if from.is_empty() => within(len.saturating_sub(last), u64::MAX, len),
        _ => Part::Whole,
    }
}

fn within(from: u64, to: u64, len: u64) -> Part {
    if from < len { Part::Bytes { from, to: to.min(len - 1) } } else { Part::Beyond }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_follow_rfc_9110() {
        for (asked, expected) in [
            ("bytes=0-0", Part::Bytes { from: 0, to: 0 }),
            ("bytes=10-19", Part::Bytes { from: 10, to: 19 }),
            ("bytes=90-500", Part::Bytes { from: 90, to: 99 }),
            ("bytes=90-", Part::Bytes { from: 90, to: 99 }),
            ("bytes=-10", Part::Bytes { from: 90, to: 99 }),
            ("bytes=-500", Part::Bytes { from: 0, to: 99 }),
            ("bytes=100-", Part::Beyond),
            ("bytes=-0", Part::Beyond),
            ("bytes=20-10", Part::Whole),
            ("bytes=0-1,5-6", Part::Whole),
            ("bytes=-", Part::Whole),
            ("bytes=+1-2", Part::Whole),
            ("lines=0-1", Part::Whole),
            ("bytes=99999999999999999999999-", Part::Whole),
        ] {
            assert_eq!(part(asked, 100), expected, "{asked}");
        }
        assert_eq!(part("bytes=0-", 0), Part::Beyond);
        assert_eq!(part("bytes=-5", 0), Part::Beyond);
    }
}

//! Recordings: a WAV file, whole or in part (RFC 9110 section 14).
use super::wire::ProblemDocument;
use super::{Here, Problem};
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::time::UNIX_EPOCH;

const PIECE: u64 = 64 * 1024;

/// The recording of a call: caller left, bot right. While the call lasts, as much as there is.
#[utoipa::path(get, path = "/api/v1/calls/{id}/recording", tag = "calls",
    params(("id" = String, Path), ("range" = Option<String>, Header, description = "One range of bytes, `bytes=0-1023`")),
    responses(
        (status = OK, body = Vec<u8>, content_type = "audio/wav"),
        (status = PARTIAL_CONTENT, body = Vec<u8>, content_type = "audio/wav"),
        (status = RANGE_NOT_SATISFIABLE, description = "Content-Range tells the length"),
        (status = NOT_FOUND, body = ProblemDocument, content_type = "application/problem+json"),
))]
pub(super) async fn recording(
    State(room): Here,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    room.app.store.call(&id).await?.ok_or_else(Problem::no_call)?;
    let none = || Problem::new(StatusCode::NOT_FOUND, "this call has no recording");
    let path = room.app.store.recording(&id).await?.ok_or_else(none)?;
    let opened = tokio::task::spawn_blocking(move || {
        let file = File::open(path)?;
        let about = file.metadata()?;
        let changed = about.modified()?.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros());
        Ok::<_, io::Error>((file, about.len(), format!("\"{:x}-{changed:x}\"", about.len())))
    });
    let (file, len, tag) = opened.await.map_err(|_| none())?.map_err(|_| none())?;
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
    let mut response = Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, "audio/wav")
        .header(header::CONTENT_LENGTH, count)
        .header(header::ACCEPT_RANGES, "bytes")
        .header(header::ETAG, tag)
        .header(header::CACHE_CONTROL, "private, no-cache");
    if let Some(range) = range {
        response = response.header(header::CONTENT_RANGE, range);
    }
    let body = Body::from_stream(futures::stream::try_unfold((file, from, count), read));
    response.body(body).map_err(|_| none())
}

/// The next piece of a file; files are read off the async threads.
async fn read((mut file, from, left): (File, u64, u64)) -> io::Result<Option<(Bytes, (File, u64, u64))>> {
    if left == 0 {
        return Ok(None);
    }
    let piece = tokio::task::spawn_blocking(move || {
        let mut piece = vec![0; usize::try_from(left.min(PIECE)).unwrap_or(0)];
        file.seek(SeekFrom::Start(from))?;
        file.read_exact(&mut piece)?;
        let len = piece.len() as u64;
        Ok(Some((Bytes::from(piece), (file, from + len, left - len))))
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

//! A file over HTTP, from where it broke off, checked before anybody sees it (RFC 9110, sections 13.1.5 and 14).
use super::folder::{FolderFault, remove, validator};
use super::progress::Progress;
use media::asr::whisper::file::sha256;
use reqwest::StatusCode;
use reqwest::header::{CONTENT_RANGE, ETAG, HeaderValue, IF_RANGE, RANGE};
use std::error::Error as _;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

/// Attempts in a row that bring nothing new.
const ATTEMPTS: u32 = 3;

/// What is fetched.
#[derive(Clone, Copy, Debug)]
pub struct Download<'a> {
    pub url: &'a str,
    pub bytes: u64,
    pub sha256: &'a str,
}

#[derive(Debug, thiserror::Error)]
pub enum FetchFault {
    #[error("it cannot be reached: {0}")]
    Unreachable(String),
    #[error("no https address can be asked ({0}): install certificates of authorities (package ca-certificates)")]
    NoCertificates(String),
    #[error("it answers {0}")]
    Refused(StatusCode),
    #[error("it gives another file: {found} bytes instead of {expected}")]
    Length { found: u64, expected: u64 },
    #[error("it gives another file: sha256 {found} instead of {expected}")]
    Checksum { found: String, expected: String },
    /// Nothing that another address could fix.
    #[error(transparent)]
    Folder(#[from] FolderFault),
}

/// How long to wait for what.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    pub connect: Duration,
    /// Without a byte for this long the connection counts as broken.
    pub silence: Duration,
    /// Before the next attempt.
    pub pause: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { connect: seconds(10), silence: seconds(30), pause: seconds(2) }
    }
}

/// Whether addresses without TLS are asked too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schemes {
    HttpsOnly,
    #[cfg(test)]
    Any,
}

pub struct Fetcher {
    client: reqwest::Client,
    pause: Duration,
}

/// How an attempt ended that may be repeated.
enum Attempt {
    Whole,
    Broken(String),
}

impl Fetcher {
    /// Proxies are taken from the environment, as curl does.
    ///
    /// # Errors
    /// Where the system's certificates cannot be had.
    pub fn new(pace: Pace, schemes: Schemes) -> Result<Self, FetchFault> {
        // Installed by whoever came first; a second installation is refused, and that is fine.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .user_agent(concat!("switchboard/", env!("CARGO_PKG_VERSION")))
            .https_only(schemes == Schemes::HttpsOnly)
            .connect_timeout(pace.connect)
            .read_timeout(pace.silence)
            .build()
            .map_err(|why| FetchFault::NoCertificates(reason(&why)))?;
        Ok(Self { client, pause: pace.pause })
    }

    /// Fetches into `part`, going on with what is there of it, until it is whole and its checksum is right.
    ///
    /// # Errors
    /// What is there of the file stays, for the next time, unless it is another file.
    pub async fn fetch(&self, what: Download<'_>, part: &Path, progress: &mut Progress) -> Result<(), FetchFault> {
        let mut is_resumed = length(part) > 0;
        loop {
            let done = self.repeat(what, part, progress).await;
            progress.end();
            done?;
            let found = sha256(part).map_err(|why| unwritten(part, why))?;
            if found == what.sha256 {
                return Ok(());
            }
            forget(part)?;
            // What lay there from before may be what is wrong.
            if !std::mem::take(&mut is_resumed) {
                return Err(FetchFault::Checksum { found, expected: what.sha256.into() });
            }
        }
    }

    /// Tries until the file is as long as it should be, or until some attempts in a row bring no more of it than there was at most.
    async fn repeat(&self, what: Download<'_>, part: &Path, progress: &mut Progress) -> Result<(), FetchFault> {
        let (mut idle, mut most) = (0, length(part));
        loop {
            match self.attempt(what, part, progress).await? {
                Attempt::Whole => return Ok(()),
                Attempt::Broken(why) => {
                    let now = length(part);
                    idle = if now > most { 0 } else { idle + 1 };
                    most = most.max(now);
                    if idle == ATTEMPTS {
                        return Err(FetchFault::Unreachable(why));
                    }
                }
            }
            tokio::time::sleep(self.pause).await;
        }
    }

    async fn attempt(&self, what: Download<'_>, part: &Path, progress: &mut Progress) -> Result<Attempt, FetchFault> {
        let mut have = length(part);
        let known = fs::read(validator(part)).ok().and_then(|etag| HeaderValue::from_bytes(&etag).ok());
        if have == what.bytes {
            return Ok(Attempt::Whole);
        }
        let mut request = self.client.get(what.url);
        match known.filter(|_| have > 0 && have < what.bytes) {
            Some(etag) => request = request.header(RANGE, format!("bytes={have}-")).header(IF_RANGE, etag),
            None => have = 0,
        }
        let mut answer = match request.send().await {
            Ok(answer) => answer,
            Err(why) => return Ok(Attempt::Broken(reason(&why))),
        };
        match answer.status() {
            StatusCode::PARTIAL_CONTENT if goes_on(&answer, have, what.bytes) => {}
            StatusCode::OK => {
                if let Some(found) = answer.content_length().filter(|found| *found != what.bytes) {
                    return Err(FetchFault::Length { found, expected: what.bytes });
                }
                have = 0;
            }
            // What is there of it is of no use to this server.
            StatusCode::PARTIAL_CONTENT | StatusCode::RANGE_NOT_SATISFIABLE => {
                forget(part)?;
                return Ok(Attempt::Broken("it does not go on where it broke off".into()));
            }
            busy if busy.is_server_error()
                || [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_MANY_REQUESTS].contains(&busy) =>
            {
                return Ok(Attempt::Broken(format!("it answers {busy}")));
            }
            refused => return Err(FetchFault::Refused(refused)),
        }
        let mut file = begin(part, have, &answer).map_err(|why| unwritten(part, why))?;
        progress.show(have);
        loop {
            match answer.chunk().await {
                Ok(Some(bytes)) => {
                    have += bytes.len() as u64;
                    if have > what.bytes {
                        forget(part)?;
                        return Err(FetchFault::Length { found: have, expected: what.bytes });
                    }
                    file.write_all(&bytes).map_err(|why| unwritten(part, why))?;
                    progress.show(have);
                }
                Ok(None) if have == what.bytes => return Ok(Attempt::Whole),
                Ok(None) => return Ok(Attempt::Broken("it ends before its end".into())),
                Err(why) => return Ok(Attempt::Broken(reason(&why))),
            }
        }
    }
}

/// Opens the part to go on at `have`; from the beginning it is known by the validator that the answer gives, if that is a strong one.
fn begin(part: &Path, have: u64, answer: &reqwest::Response) -> io::Result<File> {
    if have > 0 {
        return OpenOptions::new().append(true).open(part);
    }
    let file = File::create(part)?;
    match answer.headers().get(ETAG).filter(|etag| !etag.as_bytes().starts_with(b"W/")) {
        Some(etag) => fs::write(validator(part), etag.as_bytes())?,
        None => remove(&validator(part))?,
    }
    Ok(file)
}

/// Whether a partial answer begins at `have` and is of a file of that length.
fn goes_on(answer: &reqwest::Response, have: u64, bytes: u64) -> bool {
    let range = answer.headers().get(CONTENT_RANGE).and_then(|range| range.to_str().ok());
    range.is_some_and(|range| range.trim() == format!("bytes {have}-{}/{bytes}", bytes - 1))
}

fn length(part: &Path) -> u64 {
    fs::metadata(part).map_or(0, |about| about.len())
}

fn forget(part: &Path) -> Result<(), FetchFault> {
    remove(part).and_then(|()| remove(&validator(part))).map_err(|why| unwritten(part, why))
}

fn unwritten(part: &Path, why: io::Error) -> FetchFault {
    FolderFault::Unwritten { file: part.to_owned(), why }.into()
}

/// The innermost reason of a failed request; the outer ones name the address again.
fn reason(why: &reqwest::Error) -> String {
    let mut source = why.source();
    let mut text = why.to_string();
    while let Some(inner) = source {
        text = inner.to_string();
        source = inner.source();
    }
    text
}

#[cfg(test)]
pub mod tests;

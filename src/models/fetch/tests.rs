//! A server on a real socket, with the faults that servers and networks have.
use super::*;
use crate::models::progress::Screen;
use std::collections::VecDeque;
use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

/// How the server answers one request.
#[derive(Clone, Debug)]
pub enum Answer {
    /// As asked, with this strong validator.
    Whole(&'static str),
    /// The first so many bytes of what was asked for, then the connection ends.
    Cut(&'static str, usize),
    /// So many bytes, then nothing more.
    Stall(&'static str, usize),
    /// All of it from the beginning, whatever was asked for.
    NoRanges,
    /// The whole without a validator.
    Unnamed,
    Status(&'static str),
    Redirect(String),
    /// Another file of that length.
    Other(usize),
}

pub struct Server {
    pub address: String,
    /// The lines of each request.
    asked: Arc<Mutex<Vec<Vec<String>>>>,
}

/// Serves `file`, one answer for each request; beyond those it answers 500.
pub fn serve(file: Vec<u8>, answers: impl IntoIterator<Item = Answer>) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/model", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let (mut answers, seen) = (answers.into_iter().collect::<VecDeque<_>>(), asked.clone());
    std::thread::spawn(move || {
        // Connections that stall stay open until the test ends.
        let mut open = Vec::new();
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { break };
            let lines: Vec<String> = BufReader::new(stream.try_clone().unwrap())
                .lines()
                .map_while(Result::ok)
                .take_while(|line| !line.is_empty())
                .collect();
            let from = lines.iter().find_map(|line| {
                line.to_lowercase().strip_prefix("range: bytes=")?.strip_suffix('-')?.parse::<usize>().ok()
            });
            let if_range =
                lines.iter().find_map(|line| Some(line.to_lowercase().strip_prefix("if-range: ")?.to_owned()));
            seen.lock().unwrap().push(lines);
            let answer = answers.pop_front().unwrap_or(Answer::Status("500 Internal Server Error"));
            let _ = give(&mut stream, &file, from.map(|from| (from, if_range)), &answer);
            if matches!(answer, Answer::Stall(..)) {
                open.push(stream);
            }
        }
    });
    Server { address, asked }
}

fn give(
    stream: &mut TcpStream,
    file: &[u8],
    range: Option<(usize, Option<String>)>,
    answer: &Answer,
) -> std::io::Result<()> {
    let close = "Connection: close\r\n\r\n";
    let (etag, most) = match answer {
        Answer::Status(status) => return write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 0\r\n{close}"),
        Answer::Redirect(to) => {
            return write!(stream, "HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n{close}");
        }
        Answer::Other(bytes) => {
            write!(stream, "HTTP/1.1 200 OK\r\nETag: \"o\"\r\nContent-Length: {bytes}\r\n{close}")?;
            return stream.write_all(&vec![b'x'; *bytes]);
        }
        Answer::NoRanges | Answer::Unnamed => {
            let etag = if matches!(answer, Answer::NoRanges) { "ETag: \"v\"\r\n" } else { "ETag: W/\"v\"\r\n" };
            write!(stream, "HTTP/1.1 200 OK\r\n{etag}Content-Length: {}\r\n{close}", file.len())?;
            return stream.write_all(file);
        }
        Answer::Whole(etag) => (*etag, file.len()),
        Answer::Cut(etag, most) | Answer::Stall(etag, most) => (*etag, *most),
    };
    // RFC 9110, 13.1.5: the range counts only where the validator is still the file's.
    let from = match range {
        Some((from, if_range)) if if_range.as_ref().is_none_or(|known| *known == format!("\"{etag}\"")) => from,
        _ => 0,
    };
    let body = &file[from..];
    let head = if from > 0 {
        format!("206 Partial Content\r\nContent-Range: bytes {from}-{}/{}", file.len() - 1, file.len())
    } else {
        "200 OK".into()
    };
    write!(stream, "HTTP/1.1 {head}\r\nETag: \"{etag}\"\r\nContent-Length: {}\r\n{close}", body.len())?;
    stream.write_all(&body[..most.min(body.len())])?;
    stream.flush()
}

fn model() -> Vec<u8> {
    let mut seed = 7_u32;
    let mut byte = || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 24) as u8
    };
    (0..300_000).map(|_| byte()).collect()
}

pub fn sum(bytes: &[u8]) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

struct Bench {
    part: PathBuf,
    file: Vec<u8>,
}

impl Bench {
    fn new() -> Self {
        Self { part: crate::testdir("fetch").join("model.part"), file: model() }
    }

    async fn fetch(&self, url: &str) -> Result<(), FetchFault> {
        let pace = Pace { connect: Duration::from_secs(5), silence: Duration::from_secs(1), pause: Duration::ZERO };
        let fetcher = Fetcher::new(pace, Schemes::Any).unwrap();
        let sha256 = sum(&self.file);
        let what = Download { url, bytes: self.file.len() as u64, sha256: &sha256 };
        fetcher.fetch(what, &self.part, &mut Progress::new("model", what.bytes, Screen::Plain)).await
    }

    fn arrived(&self) -> bool {
        std::fs::read(&self.part).is_ok_and(|bytes| bytes == self.file)
    }
}

impl Server {
    /// The line of request `nth` that begins so.
    fn header(&self, nth: usize, name: &str) -> Option<String> {
        let asked = self.asked.lock().unwrap();
        asked[nth].iter().find_map(|line| Some(line.to_lowercase().strip_prefix(name)?.trim().to_owned()))
    }

    pub fn requests(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

#[tokio::test]
async fn a_download_that_is_cut_goes_on_where_it_was() {
    let bench = Bench::new();
    let answers = [Answer::Cut("v1", 100_000), Answer::Stall("v1", 50_000), Answer::Whole("v1")];
    let server = serve(bench.file.clone(), answers);
    bench.fetch(&server.address).await.unwrap();
    assert!(bench.arrived());
    assert_eq!(server.requests(), 3);
    assert_eq!(server.header(0, "range:"), None);
    assert_eq!(server.header(1, "range:").as_deref(), Some("bytes=100000-"));
    assert_eq!(server.header(1, "if-range:").as_deref(), Some("\"v1\""));
    assert_eq!(server.header(2, "range:").as_deref(), Some("bytes=150000-"));
}

#[tokio::test]
async fn the_next_run_goes_on_with_what_the_last_one_left() {
    let bench = Bench::new();
    let first = serve(bench.file.clone(), [Answer::Cut("v1", 200_000)]);
    let why = bench.fetch(&first.address).await.unwrap_err().to_string();
    assert!(why.contains("500"), "{why}");
    let second = serve(bench.file.clone(), [Answer::Whole("v1")]);
    bench.fetch(&second.address).await.unwrap();
    assert!(bench.arrived());
    assert_eq!(second.header(0, "range:").as_deref(), Some("bytes=200000-"));
}

#[tokio::test]
async fn a_file_that_changed_meanwhile_comes_from_its_beginning() {
    let bench = Bench::new();
    // What lies there is of another version: it must not end up in the file.
    std::fs::write(&bench.part, vec![b'?'; 10_000]).unwrap();
    std::fs::write(validator(&bench.part), "\"v0\"").unwrap();
    let server = serve(bench.file.clone(), [Answer::Whole("v1")]);
    bench.fetch(&server.address).await.unwrap();
    assert!(bench.arrived());
    assert_eq!(server.header(0, "if-range:").as_deref(), Some("\"v0\""));
}

#[tokio::test]
async fn a_server_without_ranges_or_validators_gives_it_from_the_beginning() {
    let bench = Bench::new();
    let server = serve(bench.file.clone(), [Answer::Cut("v", 1_000), Answer::NoRanges]);
    bench.fetch(&server.address).await.unwrap();
    assert!(bench.arrived());
    // A weak validator is none for ranges (RFC 9110, 13.1.5).
    let bench = Bench::new();
    std::fs::write(&bench.part, b"some of another file").unwrap();
    let server = serve(bench.file.clone(), [Answer::Unnamed]);
    bench.fetch(&server.address).await.unwrap();
    assert!(bench.arrived());
    assert_eq!(server.header(0, "range:"), None);
}

#[tokio::test]
async fn redirects_are_followed_and_a_busy_server_is_asked_again() {
    let bench = Bench::new();
    let there = serve(bench.file.clone(), [Answer::Status("503 Service Unavailable"), Answer::Whole("v")]);
    let here = serve(Vec::new(), [1, 2].map(|_| Answer::Redirect(there.address.clone())));
    bench.fetch(&here.address).await.unwrap();
    assert!(bench.arrived());
    assert_eq!((here.requests(), there.requests()), (2, 2));
}

#[tokio::test]
async fn what_is_not_there_is_told_at_once() {
    let bench = Bench::new();
    let server = serve(Vec::new(), [Answer::Status("404 Not Found")]);
    let why = bench.fetch(&server.address).await.unwrap_err();
    assert!(matches!(why, FetchFault::Refused(StatusCode::NOT_FOUND)), "{why}");
    assert_eq!(server.requests(), 1);
    // Nobody listens there.
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let why = bench.fetch(&format!("http://{nobody}/model")).await.unwrap_err().to_string();
    assert!(why.contains("refused"), "{why}");
}

#[tokio::test]
async fn another_file_is_refused_and_does_not_stay() {
    let bench = Bench::new();
    let server = serve(Vec::new(), [Answer::Other(300_000)]);
    let why = bench.fetch(&server.address).await.unwrap_err();
    assert!(matches!(why, FetchFault::Checksum { .. }) && why.to_string().contains(&sum(&bench.file)), "{why}");
    assert!(!bench.part.exists() && !validator(&bench.part).exists(), "the next attempt begins afresh");
    // The page of a portal that wants a login: its length tells it before any byte is written.
    let server = serve(Vec::new(), [Answer::Other(5_000)]);
    let why = bench.fetch(&server.address).await.unwrap_err();
    assert!(matches!(why, FetchFault::Length { found: 5_000, expected: 300_000 }), "{why}");
    assert!(!bench.part.exists());
}

#[tokio::test]
async fn a_full_disk_is_told_with_the_file() {
    let bench = Bench::new();
    // Every write there fails as on a full disk (full(4)).
    std::os::unix::fs::symlink("/dev/full", &bench.part).unwrap();
    let server = serve(bench.file.clone(), [Answer::Whole("v")]);
    let why = bench.fetch(&server.address).await.unwrap_err();
    assert!(matches!(&why, FetchFault::Folder(_)) && why.to_string().contains("model.part"), "{why}");
    assert!(why.to_string().contains("No space left"), "{why}");
    assert_eq!(server.requests(), 1, "another address would not fix it");
}

#[tokio::test]
async fn an_address_without_tls_is_not_asked() {
    let bench = Bench::new();
    let server = serve(bench.file.clone(), [Answer::Whole("v")]);
    let fetcher = Fetcher::new(Pace { pause: Duration::ZERO, ..Pace::default() }, Schemes::HttpsOnly).unwrap();
    let what = Download { url: &server.address, bytes: 300_000, sha256: "" };
    let fault = fetcher.fetch(what, &bench.part, &mut Progress::new("m", 1, Screen::Plain)).await.unwrap_err();
    assert!(matches!(fault, FetchFault::Unreachable(_)), "{fault}");
    assert_eq!(server.requests(), 0);
}

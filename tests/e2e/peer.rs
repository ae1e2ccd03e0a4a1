//! A bare caller: just enough SIP (RFC 3261) and RTP (RFC 3550, 4733) over UDP to hold a call and to know when each packet
//! came. It shares no code with the server, so that neither is the other's judge.
use crate::sound::{PER_MS, Sound, from_ulaw, ulaw};
use crate::speech;
use crate::testbed::{HERE, pause, seconds};
use std::collections::VecDeque;
use std::net::{SocketAddr, UdpSocket as Plain};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::time::timeout;

const TICK: Duration = Duration::from_millis(20);
const FRAME: usize = 20 * PER_MS;
/// Louder than this is somebody who speaks; comfort noise lies far below.
pub const VOICE: f64 = -50.0;

/// A call in progress.
pub struct Peer {
    socket: Arc<UdpSocket>,
    server: SocketAddr,
    user: String,
    /// Further header lines of the INVITE.
    bringing: String,
    /// What of the keypad is offered.
    events: Events,
    call_id: String,
    to: String,
    sequence: u32,
    answers: mpsc::Receiver<String>,
    over: Arc<AtomicBool>,
    /// The server's port for this call's sound.
    far: u16,
    media: Arc<Mutex<Media>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    /// When the 200 came.
    pub answered: Instant,
}

/// Whether a peer offers telephone-events (RFC 4733).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Events {
    Offered,
    /// Its keys are tones in its sound.
    Unknown,
}

#[derive(Default)]
struct Media {
    queue: VecDeque<[i16; FRAME]>,
    /// When the first frame of what was queued last left.
    began: Option<Instant>,
    keys: VecDeque<u8>,
    packets: Vec<Arrived>,
    /// Where sound goes on from now on.
    moved: Option<Plain>,
}

struct Arrived {
    at: Instant,
    timestamp: u32,
    pcm: Vec<i16>,
}

/// What a peer has heard so far: `sound` begins at `began`.
pub struct Heard {
    pub began: Instant,
    pub sound: Sound,
}

impl Heard {
    /// The place of a moment in the sound, in milliseconds.
    pub fn place(&self, at: Instant) -> usize {
        at.saturating_duration_since(self.began).as_millis() as usize
    }
}

impl Peer {
    /// Calls `user`; the status where the call is refused.
    pub async fn call(server: SocketAddr, user: &str) -> Result<Self, u16> {
        Self::call_with(server, user, Events::Offered).await
    }

    pub async fn call_with(server: SocketAddr, user: &str, events: Events) -> Result<Self, u16> {
        Self::new(server, user, events).await.placed().await
    }

    /// Calls with these further header lines.
    pub async fn call_bringing(server: SocketAddr, user: &str, lines: &str) -> Result<Self, u16> {
        let mut peer = Self::new(server, user, Events::Offered).await;
        peer.bringing = lines.into();
        peer.placed().await
    }

    /// What OPTIONS to this user is answered with.
    pub async fn options(server: SocketAddr, user: &str) -> u16 {
        status(&Self::new(server, user, Events::Offered).await.ask("OPTIONS", "", "").await)
    }

    /// The header line by which another call takes the place of this one (RFC 3891).
    pub fn replaces(&self) -> String {
        let tag = self.to.split("tag=").nth(1).expect("a tag");
        format!("Replaces: {};to-tag={tag};from-tag=a\r\n", self.call_id)
    }

    async fn new(server: SocketAddr, user: &str, events: Events) -> Self {
        let socket = Arc::new(UdpSocket::bind((HERE, 0)).await.expect("a socket"));
        socket.connect(server).await.expect("a route");
        let (sender, answers) = mpsc::channel(32);
        let over = Arc::new(AtomicBool::new(false));
        tokio::spawn(listen(socket.clone(), sender, over.clone()));
        static NUMBER: AtomicU32 = AtomicU32::new(1);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        Self {
            call_id: format!("peer-{number}-{}", std::process::id()),
            to: format!("<sip:{user}@{server}>"),
            user: user.into(),
            events,
            bringing: String::new(),
            socket,
            server,
            sequence: 0,
            answers,
            over,
            far: 0,
            media: Arc::default(),
            stop: Arc::default(),
            thread: None,
            answered: Instant::now(),
        }
    }

    async fn placed(mut self) -> Result<Self, u16> {
        let rtp = Plain::bind((HERE, 0)).expect("a socket for sound");
        self.offer(&rtp).await?;
        self.bringing.clear();
        self.answered = Instant::now();
        let (media, stop) = (self.media.clone(), self.stop.clone());
        self.thread = Some(std::thread::spawn(move || carry(rtp, &media, &stop)));
        Ok(self)
    }

    /// Offers to be reached at `rtp`, and connects it to what the answer names.
    async fn offer(&mut self, rtp: &Plain) -> Result<(), u16> {
        let (port, version) = (rtp.local_addr().expect("its address").port(), self.sequence + 1);
        let (list, map) = match self.events {
            Events::Offered => ("0 101", "a=rtpmap:101 telephone-event/8000\r\n"),
            Events::Unknown => ("0", ""),
        };
        let sdp = format!(
            "v=0\r\no=- 1 {version} IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {port} RTP/AVP {list}\r\n\
             a=rtpmap:0 PCMU/8000\r\n{map}"
        );
        let answer = self.ask("INVITE", "application/sdp", &sdp).await;
        self.to = header(&answer, "To").to_owned();
        self.send("ACK", "", "").await;
        let status = status(&answer);
        if status != 200 {
            return Err(status);
        }
        let far = answer.lines().find_map(|line| line.strip_prefix("m=audio ")?.split(' ').next()?.parse::<u16>().ok());
        self.far = far.expect("a port in the answer");
        rtp.connect((HERE, self.far)).expect("a route");
        Ok(())
    }

    /// Goes on from another port without a word, as a phone does whose NAT has forgotten it.
    pub fn rebinds(&self) {
        let rtp = Plain::bind((HERE, 0)).expect("a socket for sound");
        rtp.connect((HERE, self.far)).expect("a route");
        self.media().moved = Some(rtp);
    }

    /// Goes on from another port, as a phone does that changes its network.
    pub async fn moves(&mut self) {
        let rtp = Plain::bind((HERE, 0)).expect("a socket for sound");
        self.offer(&rtp).await.expect("agreed");
        self.media().moved = Some(rtp);
    }

    fn media(&self) -> MutexGuard<'_, Media> {
        self.media.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says this from the next packet on; returns when the first of it has left, with that moment.
    pub async fn say(&self, sound: &Sound) -> Instant {
        {
            let mut media = self.media();
            media.began = None;
            let frame = |chunk: &[i16]| std::array::from_fn(|at| chunk.get(at).copied().unwrap_or(0));
            media.queue.extend(sound.0.chunks(FRAME).map(frame));
        }
        loop {
            if let Some(at) = self.media().began {
                return at;
            }
            pause(5).await;
        }
    }

    /// Presses keys as telephone-events, 100 ms each.
    pub fn press(&self, keys: &str) {
        self.media().keys.extend(keys.bytes().map(|key| match key {
            b'*' => 10,
            b'#' => 11,
            digit => digit - b'0',
        }));
    }

    /// Presses one key by SIP INFO.
    pub async fn press_by_info(&mut self, key: char) {
        let body = format!("Signal={key}\r\nDuration=120\r\n");
        let answer = self.ask("INFO", "application/dtmf-relay", &body).await;
        assert_eq!(status(&answer), 200, "{answer}");
    }

    /// Waits until the far end has spoken after `since` and then been quiet for 700 ms, or hung up; gives the first moment
    /// of its sound, which lies before `since` when it spoke then.
    pub async fn hears_out(&self, since: Instant, limit: Duration) -> Instant {
        let end = Instant::now() + limit;
        loop {
            let heard = self.heard();
            let spoken: Vec<_> =
                heard.sound.spans(VOICE, 700).into_iter().filter(|span| span.to > heard.place(since)).collect();
            if let (Some(first), Some(last)) = (spoken.first(), spoken.last())
                && (heard.sound.ms() >= last.to + 700 || self.is_over())
            {
                return heard.began + Duration::from_millis(first.from as u64);
            }
            assert!(!self.is_over(), "the call ended instead of an answer");
            assert!(Instant::now() < end, "no whole answer within {limit:?}");
            pause(50).await;
        }
    }

    /// What was heard up to now. Packets lie where their timestamps put them; the earliest of them sets the clock.
    pub fn heard(&self) -> Heard {
        let media = self.media();
        let Some(first) = media.packets.first().map(|packet| packet.timestamp) else {
            return Heard { began: self.answered, sound: Sound::default() };
        };
        let place = |packet: &Arrived| packet.timestamp.wrapping_sub(first) as usize;
        let clock = |packet: &Arrived| packet.at.checked_sub(Duration::from_millis((place(packet) / PER_MS) as u64));
        let began = media.packets.iter().filter_map(clock).min().unwrap_or(self.answered);
        let mut pcm = Vec::new();
        for packet in &media.packets {
            let (from, to) = (place(packet), place(packet) + packet.pcm.len());
            assert!(to < 8000 * 3600, "timestamps leap");
            if pcm.len() < to {
                pcm.resize(to, 0);
            }
            pcm[from..to].copy_from_slice(&packet.pcm);
        }
        Heard { began, sound: Sound(pcm) }
    }

    /// How far each packet was from its place on its stream's own schedule, which is that of the timestamps. It holds what waking this
    /// caller's thread took.
    pub fn pacing(&self) -> Vec<Duration> {
        let media = self.media();
        let Some(first) = media.packets.first() else { return Vec::new() };
        // Against a moment before all of them, so that no place is negative.
        let before = self.answered.checked_sub(seconds(1)).unwrap_or(self.answered);
        let place = |packet: &Arrived| {
            let due = u64::from(packet.timestamp.wrapping_sub(first.timestamp)) * 125_000;
            (packet.at - before).as_nanos() as i128 - i128::from(due)
        };
        let mut places: Vec<i128> = media.packets.iter().map(place).collect();
        places.sort_unstable();
        let middle = places[places.len() / 2];
        places.iter().map(|place| Duration::from_nanos(place.abs_diff(middle) as u64)).collect()
    }

    /// The far end has hung up.
    pub fn is_over(&self) -> bool {
        self.over.load(Ordering::Acquire)
    }

    pub async fn hang_up(mut self) -> Heard {
        if !self.is_over() {
            let answer = self.ask("BYE", "", "").await;
            assert!(matches!(status(&answer), 200 | 481), "{answer}");
        }
        self.heard()
    }

    /// Stops sending and answering, as a phone whose battery is empty does.
    pub fn vanish(self) {}

    /// Sends a request until an answer that is final comes; it must within eight seconds.
    async fn ask(&mut self, method: &str, kind: &str, body: &str) -> String {
        self.sequence += 1;
        for wait in [500, 1000, 2000, 4000] {
            self.send(method, kind, body).await;
            let end = tokio::time::Instant::now() + Duration::from_millis(wait);
            while let Ok(answer) = tokio::time::timeout_at(end, self.answers.recv()).await {
                let answer = answer.expect("the listener lives");
                let of_this = header(&answer, "CSeq") == format!("{} {method}", self.sequence);
                if of_this && status(&answer) >= 200 {
                    return answer;
                }
            }
        }
        panic!("no answer to {method}");
    }

    async fn send(&self, method: &str, kind: &str, body: &str) {
        let here = self.socket.local_addr().expect("an address");
        let branch =
            if method == "ACK" { format!("{}ack", self.sequence) } else { format!("{}{method}", self.sequence) };
        let kind = if kind.is_empty() { String::new() } else { format!("Content-Type: {kind}\r\n") };
        let bringing = if method == "INVITE" { self.bringing.as_str() } else { "" };
        let text = format!(
            "{method} sip:{}@{} SIP/2.0\r\nVia: SIP/2.0/UDP {here};branch=z9hG4bK-{}-{branch};rport\r\nMax-Forwards: 70\r\n\
             From: \"Ada Lovelace\" <sip:441632960123@{here}>;tag=a\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: {} {method}\r\n\
             Contact: <sip:441632960123@{here}>\r\n{kind}{bringing}Content-Length: {}\r\n\r\n{body}",
            self.user,
            self.server,
            self.call_id,
            self.to,
            self.call_id,
            self.sequence,
            body.len(),
        );
        self.socket.send(text.as_bytes()).await.ok();
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

/// Hands on answers, and answers what the far end asks: 200 to everything.
async fn listen(socket: Arc<UdpSocket>, answers: mpsc::Sender<String>, over: Arc<AtomicBool>) {
    let mut buffer = [0; 4096];
    while let Ok(Ok(length)) = timeout(seconds(600), socket.recv(&mut buffer)).await {
        let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
        if text.starts_with("SIP/2.0 ") {
            if answers.send(text).await.is_err() {
                return;
            }
            continue;
        }
        if text.starts_with("ACK ") {
            continue;
        }
        let kept = ["Via", "From", "To", "Call-ID", "CSeq"].map(|name| format!("{name}: {}\r\n", header(&text, name)));
        let answer = format!("SIP/2.0 200 OK\r\n{}Content-Length: 0\r\n\r\n", kept.concat());
        socket.send(answer.as_bytes()).await.ok();
        if text.starts_with("BYE ") {
            over.store(true, Ordering::Release);
        }
    }
}

fn header<'a>(text: &'a str, name: &str) -> &'a str {
    let of = |line: &'a str| line.split_once(':').filter(|(key, _)| key.trim().eq_ignore_ascii_case(name));
    text.lines().find_map(of).map_or("", |(_, value)| value.trim())
}

fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0)
}

/// Sends a packet every 20 ms and notes what comes, until told to stop.
fn carry(mut socket: Plain, media: &Mutex<Media>, stop: &AtomicBool) {
    let (mut next, mut sequence, mut timestamp) = (Instant::now(), 100u16, 8000u32);
    let mut pressed: Option<(u8, u32, u16)> = None;
    let mut rest = 0;
    let mut buffer = [0; 2048];
    while !stop.load(Ordering::Acquire) {
        let wait = next.saturating_duration_since(Instant::now());
        if !wait.is_zero() {
            socket.set_read_timeout(Some(wait)).expect("a timeout");
            let Ok(length) = socket.recv(&mut buffer) else { continue };
            note(media, &buffer[..length]);
            continue;
        }
        let mut media = media.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(other) = media.moved.take() {
            socket = other;
        }
        rest = usize::saturating_sub(rest, 1);
        if pressed.is_none() && rest == 0 {
            pressed = media.keys.pop_front().map(|key| (key, timestamp, 0));
        }
        let packet = match &mut pressed {
            // Five packets of a key that is held, then its end three times.
            Some((key, down, sent)) => {
                *sent += 1;
                let duration = (*sent * FRAME as u16).min(5 * FRAME as u16);
                let end = if *sent > 5 { 0x80 } else { 0 };
                let marker = if *sent == 1 { 0x80 } else { 0 };
                let [high, low] = duration.to_be_bytes();
                let packet = rtp(101 | marker, sequence, *down, &[*key, end | 10, high, low]);
                if *sent == 8 {
                    (pressed, rest) = (None, 4);
                }
                packet
            }
            None => {
                let frame = media.queue.pop_front();
                if frame.is_some() {
                    media.began.get_or_insert_with(Instant::now);
                }
                let frame =
                    frame.unwrap_or_else(|| std::array::from_fn(|n| speech::room(u64::from(timestamp) + n as u64)));
                rtp(0, sequence, timestamp, &frame.map(ulaw))
            }
        };
        drop(media);
        socket.send(&packet).ok();
        sequence = sequence.wrapping_add(1);
        timestamp = timestamp.wrapping_add(FRAME as u32);
        next += TICK;
    }
}

fn rtp(kind: u8, sequence: u16, timestamp: u32, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x80, kind];
    packet.extend(sequence.to_be_bytes());
    packet.extend(timestamp.to_be_bytes());
    packet.extend(0x5eed_u32.to_be_bytes());
    packet.extend(payload);
    packet
}

fn note(media: &Mutex<Media>, packet: &[u8]) {
    let at = Instant::now();
    if packet.len() < 12 || packet[0] >> 6 != 2 || packet[1] & 0x7f != 0 {
        return;
    }
    let timestamp = u32::from_be_bytes([packet[4], packet[5], packet[6], packet[7]]);
    let pcm = packet[12..].iter().map(|byte| from_ulaw(*byte)).collect();
    media.lock().unwrap_or_else(PoisonError::into_inner).packets.push(Arrived { at, timestamp, pcm });
}

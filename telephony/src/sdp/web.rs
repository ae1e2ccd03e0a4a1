//! Descriptions of browsers (RFC 8829, 8839, 8842, 8841): one audio stream and one data channel over one transport.
//!
//! What a browser says is read here and put again in few words of our own ([`Web::tidy`]): no more than that reaches the stack
//! beneath, and the answer it gets ([`Ours::text`]) is written here too.
use super::read::{self, Line};
use super::{Choice, Fault, Order, PTIME, Prefs, SendReceive, format, ptime, write};
use media::codec::Codec;
use media::leg::{Direction, LegPlan};
use std::fmt::Write;

/// The most candidates read out of one description.
pub(crate) const MOST_CANDIDATES: usize = 32;
/// The longest message taken on the data channel, in bytes.
pub(crate) const MESSAGE: usize = 4_096;

/// How a transport is opened and secured, as one side says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Transport {
    pub ufrag: String,
    pub pwd: String,
    pub lite: bool,
    /// `sha-256 AB:CD:…`.
    pub fingerprint: String,
}

/// A description that was understood.
#[derive(Clone, Debug)]
pub(crate) struct Web {
    lines: Vec<Line>,
    audio: usize,
    data: Option<usize>,
    choice: Choice,
    /// The source their sound has, where they say.
    ssrc: Option<u32>,
    pub transport: Transport,
    /// As they were written, from `foundation` on.
    pub candidates: Vec<String>,
}

/// Which of the two a description is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Offer,
    Answer,
}

/// Attributes of one m-line, or of the session.
#[derive(Default)]
struct Part<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Part<'a> {
    fn value(&self, key: &str) -> Option<&'a str> {
        self.0.iter().find(|(k, _)| *k == key).map(|(_, v)| *v)
    }

    fn values(&self, key: &'static str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(k, _)| *k == key).map(|(_, v)| *v)
    }
}

const fn fault<T>(what: &'static str) -> Result<T, Fault> {
    Err(Fault::Browser(what))
}

impl Web {
    pub(crate) fn read(text: &str, kind: Kind, prefs: &Prefs) -> Result<Self, Fault> {
        let lines = read::read(text.as_bytes())?;
        let parts = parts(text);
        let (session, streams) = parts.split_first().ok_or(Fault::Browser("it is empty"))?;
        if streams.len() != lines.len() {
            return fault("its m-lines cannot be told apart");
        }
        let secured = |line: &Line| line.proto.ends_with("/TLS/RTP/SAVPF") || line.proto == "RTP/SAVPF";
        // Port 0 with `bundle-only` is no refusal (RFC 8843 section 6): Firefox offers its data channel so.
        let only = |at: usize| streams.get(at).is_some_and(|stream| stream.value("bundle-only").is_some());
        let usable = |at: usize, line: &Line| (line.port != 0 || only(at)) && line.mid.is_some();
        let choose = |line: &Line| Choice::of(line, prefs, Order::Ours);
        let sound = lines.iter().enumerate().filter(|(at, l)| l.media == "audio" && usable(*at, l) && secured(l));
        let mut refused = Fault::NoAudio;
        let mut found = None;
        for (at, line) in sound {
            match choose(line) {
                Some(choice) => {
                    found = Some((at, choice));
                    break;
                }
                None => refused = Fault::NoCommonCodec("Opus".into()),
            }
        }
        let (audio, choice) = found.ok_or(refused)?;
        let own = streams.get(audio).ok_or(Fault::NoAudio)?;
        if !lines.get(audio).is_some_and(|line| line.rtcp_mux) {
            return fault("its audio needs a=rtcp-mux");
        }
        let said = |key: &'static str| own.value(key).or_else(|| session.value(key));
        let transport = Transport {
            ufrag: said("ice-ufrag").unwrap_or_default().to_owned(),
            pwd: said("ice-pwd").unwrap_or_default().to_owned(),
            lite: session.value("ice-lite").is_some(),
            fingerprint: own
                .values("fingerprint")
                .chain(session.values("fingerprint"))
                .find_map(fingerprint)
                .ok_or(Fault::Browser("it needs a=fingerprint with sha-256, sha-384 or sha-512"))?,
        };
        if !credentials(&transport.ufrag, &transport.pwd) {
            return fault("it needs a=ice-ufrag (4 to 256 characters) and a=ice-pwd (22 to 256)");
        }
        match (kind, said("setup").unwrap_or("actpass")) {
            (Kind::Offer, "actpass" | "active") | (Kind::Answer, "passive" | "active") => {}
            (Kind::Offer, _) => return fault("this server is the DTLS server: offer a=setup:actpass"),
            (Kind::Answer, _) => return fault("its a=setup does not say who begins"),
        }
        // One transport carries all of it: a data channel outside the bundle would need a second one.
        let bundled = |line: &Line| {
            let both = [lines.get(audio).and_then(|l| l.mid.as_deref()), line.mid.as_deref()];
            let mut groups = session.values("group").filter_map(|g| g.strip_prefix("BUNDLE"));
            groups.any(|g| both.iter().all(|mid| mid.is_some_and(|mid| g.split_whitespace().any(|m| m == mid))))
        };
        let channel = |l: &Line| {
            l.media == "application"
                && l.proto.ends_with("DTLS/SCTP")
                && l.formats.iter().any(|f| f == "webrtc-datachannel")
        };
        let data = (0..).zip(&lines).find(|(at, l)| usable(*at, l) && channel(l) && bundled(l)).map(|(at, _)| at);
        let candidates = streams.iter().flat_map(|part| part.values("candidate"));
        let ssrc = own.value("ssrc").and_then(|v| v.split_whitespace().next()).and_then(|v| v.parse().ok());
        Ok(Self {
            candidates: candidates.take(MOST_CANDIDATES).map(str::to_owned).collect(),
            lines,
            audio,
            data,
            choice,
            ssrc,
            transport,
        })
    }

    fn line(&self) -> Option<&Line> {
        self.lines.get(self.audio)
    }

    /// The name of the sound's m-line.
    pub(crate) fn mid(&self) -> Option<&str> {
        self.line()?.mid.as_deref()
    }

    /// Whether there is a data channel's m-line in it.
    pub(crate) fn has_data(&self) -> bool {
        self.data.is_some()
    }

    /// The codec and the keys beside it, each with its payload type: `(number, clock)` of the keys.
    pub(crate) fn codec(&self) -> (u8, Codec, Option<(u8, u32)>) {
        (self.choice.payload_type, self.choice.codec, self.choice.telephone_event)
    }

    /// What a leg is to be told. Comfort noise is Opus' own affair.
    pub(crate) fn plan(&self, prefs: &Prefs) -> LegPlan {
        let (ours, theirs) = (
            SendReceive::of(prefs.direction),
            SendReceive::of(self.line().map_or(Direction::Inactive, |l| l.direction)),
        );
        let events = self.choice.telephone_event;
        LegPlan {
            codec: self.choice.codec,
            payload_type: self.choice.payload_type,
            also: Vec::new(),
            telephone_event: events.map(|(p, _)| p),
            // The answer names one clock, and browsers keep to it.
            also_events: Vec::new(),
            event_clock: events.map_or(self.choice.codec.clock(), |(_, clock)| clock),
            comfort_noise: None,
            ptime: self.choice.codec.ptime(self.line().map_or(prefs.ptime, |line| ptime(line, prefs))),
            direction: SendReceive { sends: ours.sends && theirs.receives, receives: ours.receives && theirs.sends }
                .direction(),
        }
    }

    /// The same in few words: what was chosen, two ways, and no candidates. `mids` are the stack's own names.
    pub(crate) fn tidy(&self, kind: Kind, mids: (&str, &str), transport: &Transport) -> String {
        let (payload_type, codec, events) = self.codec();
        let setup = match kind {
            Kind::Offer => "actpass",
            // The answerer of ours is always the DTLS server.
            Kind::Answer => "passive",
        };
        let mut text = String::from("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n");
        let data = self.has_data();
        let bundle = if data { format!("{} {}", mids.0, mids.1) } else { mids.0.to_owned() };
        // Writing to a String cannot fail.
        let _ = write!(text, "a=group:BUNDLE {bundle}\r\n");
        if transport.lite {
            text.push_str("a=ice-lite\r\n");
        }
        let carried = format!(
            "c=IN IP4 0.0.0.0\r\na=ice-ufrag:{}\r\na=ice-pwd:{}\r\na=ice-options:trickle\r\na=fingerprint:{}\r\na=setup:{setup}\r\n",
            transport.ufrag, transport.pwd, transport.fingerprint
        );
        let _ = write!(text, "m=audio 9 UDP/TLS/RTP/SAVPF {payload_type}");
        if let Some((events, _)) = events {
            let _ = write!(text, " {events}");
        }
        let _ = write!(text, "\r\n{carried}a=mid:{}\r\na=sendrecv\r\na=rtcp-mux\r\n", mids.0);
        let _ = write!(text, "a=rtpmap:{payload_type} {}/{}/2\r\n", codec.name(), codec.clock());
        if let Some((events, clock)) = events {
            let _ = write!(text, "a=rtpmap:{events} telephone-event/{clock}\r\n");
        }
        if let Some(ssrc) = self.ssrc {
            let _ = write!(text, "a=ssrc:{ssrc} cname:far\r\na=ssrc:{ssrc} msid:far far\r\n");
        }
        if data {
            let _ = write!(
                text,
                "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n{carried}a=mid:{}\r\na=sctp-port:5000\r\n\
                 a=max-message-size:262144\r\n",
                mids.1
            );
        }
        text
    }
}

/// Our side of a transport and what goes over it.
#[derive(Clone, Debug)]
pub(crate) struct Ours {
    pub session_id: u64,
    pub transport: Transport,
    pub setup: &'static str,
    /// `candidate:…` in full; the first is the default one.
    pub candidates: Vec<String>,
    /// Address and port of the default candidate.
    pub default: Option<std::net::SocketAddr>,
    /// No more candidates will come.
    pub complete: bool,
    pub ssrc: u32,
    pub cname: String,
    pub plan: LegPlan,
}

impl Ours {
    /// An answer to `theirs`, every other stream refused in its place.
    pub(crate) fn answer(&self, theirs: &Web) -> String {
        let mid = |at: Option<usize>| at.and_then(|at| theirs.lines.get(at)).and_then(|line| line.mid.as_deref());
        let mids: Vec<&str> = [mid(Some(theirs.audio)), mid(theirs.data)].into_iter().flatten().collect();
        let mut text = self.head(&mids);
        for (at, line) in theirs.lines.iter().enumerate() {
            let _ = if at == theirs.audio {
                self.sound(&mut text, &line.proto, mid(Some(at)).unwrap_or_default(), &[])
            } else if Some(at) == theirs.data {
                self.channel(&mut text, mid(Some(at)).unwrap_or_default())
            } else {
                // Without a c-line in the session each m-line needs one (RFC 8866 section 5.7): Firefox reads no other.
                write::refused(&mut text, line, "c=IN IP4 0.0.0.0\r\n")
            };
        }
        text
    }

    /// An offer of sound and a data channel, with these m-line names; `events` are the other clocks keys may be told in.
    pub(crate) fn offer(&self, mids: (&str, &str), events: &[(u8, u32)]) -> String {
        let mut text = self.head(&[mids.0, mids.1]);
        let _ = self.sound(&mut text, "UDP/TLS/RTP/SAVPF", mids.0, events);
        let _ = self.channel(&mut text, mids.1);
        text
    }

    fn head(&self, mids: &[&str]) -> String {
        let lite = if self.transport.lite { "a=ice-lite\r\n" } else { "" };
        format!(
            "v=0\r\no=- {} 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE {}\r\na=msid-semantic: WMS *\r\n{lite}",
            self.session_id,
            mids.join(" ")
        )
    }

    fn sound(&self, text: &mut String, proto: &str, mid: &str, events: &[(u8, u32)]) -> std::fmt::Result {
        let LegPlan { codec, payload_type, telephone_event, event_clock, ptime, direction, .. } = &self.plan;
        let keys = telephone_event.map(|p| (p, *event_clock)).into_iter().chain(events.iter().copied());
        write!(text, "m=audio {} {proto} {payload_type}", self.port())?;
        for (payload_type, _) in keys.clone() {
            write!(text, " {payload_type}")?;
        }
        text.push_str("\r\n");
        self.carried(text, mid)?;
        write!(text, "a={}\r\na=rtcp-mux\r\n", write::direction(*direction))?;
        write!(text, "a=rtpmap:{payload_type} {}/{}/2\r\n", codec.name(), codec.clock())?;
        if let Some(parameters) = format::parameters(*codec) {
            write!(text, "a=fmtp:{payload_type} minptime=10;{parameters}\r\n")?;
        }
        for (payload_type, clock) in keys {
            write!(text, "a=rtpmap:{payload_type} telephone-event/{clock}\r\na=fmtp:{payload_type} 0-16\r\n")?;
        }
        write!(text, "a=ptime:{}\r\na=maxptime:{}\r\n", ptime.as_millis(), PTIME.1)?;
        write!(text, "a=msid:switchboard sound\r\na=ssrc:{} cname:{}\r\n", self.ssrc, self.cname)
    }

    fn channel(&self, text: &mut String, mid: &str) -> std::fmt::Result {
        write!(text, "m=application {} UDP/DTLS/SCTP webrtc-datachannel\r\n", self.port())?;
        self.carried(text, mid)?;
        write!(text, "a=sctp-port:5000\r\na=max-message-size:{MESSAGE}\r\n")
    }

    fn port(&self) -> u16 {
        self.default.map_or(9, |default| default.port())
    }

    /// What every m-line of the bundle repeats; the candidates stand at the first, as browsers write them.
    fn carried(&self, text: &mut String, mid: &str) -> std::fmt::Result {
        let first = !text.contains("\r\nm=application");
        let address = self.default.map_or(std::net::IpAddr::from([0, 0, 0, 0]), |default| default.ip());
        write!(text, "c=IN {} {address}\r\na=mid:{mid}\r\n", super::family(address))?;
        if first || !text.contains("\r\na=candidate:") {
            self.candidates.iter().try_for_each(|c| write!(text, "a={c}\r\n"))?;
            if self.complete {
                text.push_str("a=end-of-candidates\r\n");
            }
        }
        let Transport { ufrag, pwd, fingerprint, .. } = &self.transport;
        write!(text, "a=ice-ufrag:{ufrag}\r\na=ice-pwd:{pwd}\r\n")?;
        if !self.transport.lite {
            text.push_str("a=ice-options:trickle\r\n");
        }
        write!(text, "a=fingerprint:{fingerprint}\r\na=setup:{}\r\n", self.setup)
    }
}

/// The attributes of the session and of each m-line.
pub(crate) fn attributes(text: &str) -> Vec<Vec<(&str, &str)>> {
    parts(text).into_iter().map(|part| part.0).collect()
}

fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts = vec![Part::default()];
    for line in text.split('\n').map(|line| line.trim_matches(['\r', '\0', ' ', '\t'])) {
        if line.starts_with("m=") {
            parts.push(Part::default());
        } else if let Some(attribute) = line.strip_prefix("a=")
            && let Some(part) = parts.last_mut()
        {
            let (key, value) = attribute.split_once(':').unwrap_or((attribute, ""));
            part.0.push((key.trim(), value.trim()));
        }
    }
    parts
}

/// RFC 8122 section 5, written anew.
fn fingerprint(value: &str) -> Option<String> {
    let (hash, print) = value.split_once(char::is_whitespace)?;
    let hash = hash.to_ascii_lowercase();
    let bytes = match hash.as_str() {
        "sha-256" => 32,
        "sha-384" => 48,
        "sha-512" => 64,
        _ => return None,
    };
    let print = print.trim();
    let octet = |o: &str| o.len() == 2 && o.bytes().all(|b| b.is_ascii_hexdigit());
    (print.split(':').count() == bytes && print.split(':').all(octet))
        .then(|| format!("{hash} {}", print.to_ascii_uppercase()))
}

/// RFC 8839 section 5.4.
pub(crate) fn credentials(ufrag: &str, pwd: &str) -> bool {
    let chars = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'+' || b == b'/');
    // `-`, `_`, `=` are what some write all the same.
    let lenient = |text: &str| chars(&text.replace(['-', '_', '='], "+"));
    (4..=256).contains(&ufrag.len()) && (22..=256).contains(&pwd.len()) && lenient(ufrag) && lenient(pwd)
}

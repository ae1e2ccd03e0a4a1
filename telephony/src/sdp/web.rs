//! Descriptions of browsers (RFC 8829, 8839, 8842, 8841): one audio stream and one data channel over one transport.
//!
//! A browser's description is read here and written again with only what is used ([`BrowserDescription::reduced`]): the `rtc` library
//! gets no more than that. The descriptions that browsers get ([`OurDescription`]) are written here too.
use super::read::{self, MediaLine};
use super::{Choice, Fault, Order, PTIME, Prefs, SendReceive, format, ptime, write};
use media::codec::Codec;
use media::leg::{Direction, LegPlan};
use std::fmt::Write;

/// The most candidates read out of one description.
pub(crate) const MAX_CANDIDATES: usize = 32;
/// The longest message taken on the data channel, in bytes.
pub(crate) const MESSAGE: usize = 4_096;

/// One side's ICE credentials and DTLS fingerprint.
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
pub(crate) struct BrowserDescription {
    lines: Vec<MediaLine>,
    audio: usize,
    data: Option<usize>,
    choice: Choice,
    /// The SSRC of their sound, where their description names it.
    ssrc: Option<u32>,
    pub transport: Transport,
    /// The values of `a=candidate`, from the foundation on.
    pub candidates: Vec<String>,
}

/// Whether a description is an offer or an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DescriptionKind {
    Offer,
    Answer,
}

/// The attributes of one m-line or of the session, in order.
#[derive(Default)]
struct Attributes<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Attributes<'a> {
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

/// A description as it was written: its m-lines, and the attributes of each and of the session.
struct Description<'a> {
    lines: Vec<MediaLine>,
    session: Attributes<'a>,
    streams: Vec<Attributes<'a>>,
}

impl<'a> Description<'a> {
    fn parse(text: &'a str) -> Result<Self, Fault> {
        let lines = read::read(text.as_bytes())?;
        // The session's attributes stand before the first m-line.
        let mut sections = sections(text).into_iter();
        let (session, streams) = (sections.next().unwrap_or_default(), sections.collect::<Vec<_>>());
        if streams.len() != lines.len() {
            return fault("its m-lines cannot be told apart");
        }
        Ok(Self { lines, session, streams })
    }

    /// Whether a stream is not refused. Port 0 with `bundle-only` is no refusal (RFC 8843 section 6): Firefox offers its data
    /// channel so.
    fn is_usable(&self, at: usize) -> bool {
        let bundle_only = || self.streams.get(at).is_some_and(|stream| stream.value("bundle-only").is_some());
        self.lines.get(at).is_some_and(|line| line.mid.is_some() && (line.port != 0 || bundle_only()))
    }

    /// The first stream of sound that can be taken.
    fn sound(&self, prefs: &Prefs) -> Result<(usize, Choice), Fault> {
        let secured = |line: &MediaLine| line.proto.ends_with("/TLS/RTP/SAVPF") || line.proto == "RTP/SAVPF";
        let is_sound = |(at, line): &(usize, &MediaLine)| line.media == "audio" && self.is_usable(*at) && secured(line);
        let mut refused = Fault::NoAudio;
        for (at, line) in self.lines.iter().enumerate().filter(is_sound) {
            match Choice::of(line, prefs, Order::Ours) {
                Some(_) if !line.rtcp_mux => return fault("its audio needs a=rtcp-mux"),
                Some(choice) => return Ok((at, choice)),
                None => refused = Fault::NoCommonCodec("Opus".into()),
            }
        }
        Err(refused)
    }

    /// The transport of the stream at this place.
    fn transport(&self, at: usize, kind: DescriptionKind) -> Result<Transport, Fault> {
        let (own, session) = (self.streams.get(at).ok_or(Fault::NoAudio)?, &self.session);
        let said = |key: &'static str| own.value(key).or_else(|| session.value(key));
        let mut fingerprints = own.values("fingerprint").chain(session.values("fingerprint"));
        let transport = Transport {
            ufrag: said("ice-ufrag").unwrap_or_default().to_owned(),
            pwd: said("ice-pwd").unwrap_or_default().to_owned(),
            lite: session.value("ice-lite").is_some(),
            fingerprint: fingerprints
                .find_map(fingerprint)
                .ok_or(Fault::Browser("it needs a=fingerprint with sha-256, sha-384 or sha-512"))?,
        };
        if !credentials(&transport.ufrag, &transport.pwd) {
            return fault("it needs a=ice-ufrag (4 to 256 characters) and a=ice-pwd (22 to 256)");
        }
        match (kind, said("setup").unwrap_or("actpass")) {
            (DescriptionKind::Offer, "actpass" | "active") | (DescriptionKind::Answer, "passive" | "active") => {
                Ok(transport)
            }
            (DescriptionKind::Offer, _) => fault("this server is the DTLS server: offer a=setup:actpass"),
            (DescriptionKind::Answer, _) => fault("its a=setup does not say which side opens the DTLS connection"),
        }
    }

    /// The data channel that shares the transport of the sound at `audio`. One outside that bundle would need a transport of
    /// its own, and is refused.
    fn data(&self, audio: usize) -> Option<usize> {
        let mid = |at: usize| self.lines.get(at).and_then(|line| line.mid.as_deref());
        let bundled = |at: usize| {
            let mut groups = self.session.values("group").filter_map(|group| group.strip_prefix("BUNDLE"));
            let in_group = |group: &str, mid: &str| group.split_whitespace().any(|member| member == mid);
            groups.any(|group| [audio, at].iter().all(|at| mid(*at).is_some_and(|mid| in_group(group, mid))))
        };
        let is_channel = |line: &MediaLine| {
            let is_data = line.formats.iter().any(|format| format == "webrtc-datachannel");
            line.media == "application" && line.proto.ends_with("DTLS/SCTP") && is_data
        };
        let mut channels = self.lines.iter().enumerate().filter(|(_, line)| is_channel(line));
        channels.find(|(at, _)| self.is_usable(*at) && bundled(*at)).map(|(at, _)| at)
    }

    /// The source of the stream at this place.
    fn ssrc(&self, at: usize) -> Option<u32> {
        self.streams.get(at)?.value("ssrc")?.split_whitespace().next()?.parse().ok()
    }
}

impl BrowserDescription {
    pub(crate) fn read(text: &str, kind: DescriptionKind, prefs: &Prefs) -> Result<Self, Fault> {
        let description = Description::parse(text)?;
        let (audio, choice) = description.sound(prefs)?;
        let transport = description.transport(audio, kind)?;
        let (data, ssrc) = (description.data(audio), description.ssrc(audio));
        let candidates = description.streams.iter().flat_map(|stream| stream.values("candidate"));
        let candidates = candidates.take(MAX_CANDIDATES).map(str::to_owned).collect();
        Ok(Self { lines: description.lines, audio, data, choice, ssrc, transport, candidates })
    }

    fn line(&self) -> Option<&MediaLine> {
        self.lines.get(self.audio)
    }

    /// The `mid` of the audio m-line.
    pub(crate) fn mid(&self) -> Option<&str> {
        self.line()?.mid.as_deref()
    }

    /// Whether it has an m-line of a data channel.
    pub(crate) fn has_data(&self) -> bool {
        self.data.is_some()
    }

    /// The codec and telephone-event, each with its payload type; telephone-event also with its clock rate.
    pub(crate) fn codec(&self) -> (u8, Codec, Option<(u8, u32)>) {
        (self.choice.payload_type, self.choice.codec, self.choice.telephone_event)
    }

    /// The configuration of the leg. Without comfort noise: Opus encodes it itself.
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
            // The answer names one clock rate, and browsers use no other.
            also_events: Vec::new(),
            event_clock: events.map_or(self.choice.codec.clock(), |(_, clock)| clock),
            comfort_noise: None,
            ptime: self.choice.codec.ptime(self.line().map_or(prefs.ptime, |line| ptime(line, prefs))),
            direction: ours.facing(theirs).direction(),
        }
    }

    /// The description with only what is used: the chosen codec, sent and received, and no candidates. `mids`: the names that the
    /// `rtc` library uses for the m-lines.
    pub(crate) fn reduced(&self, kind: DescriptionKind, mids: (&str, &str), transport: &Transport) -> String {
        let (payload_type, codec, events) = self.codec();
        let setup = match kind {
            DescriptionKind::Offer => "actpass",
            // Where this server answers, it is the DTLS server.
            DescriptionKind::Answer => "passive",
        };
        let mut text = String::from("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n");
        let data = self.has_data();
        let bundle = if data { format!("{} {}", mids.0, mids.1) } else { mids.0.to_owned() };
        // Writing to a String cannot fail.
        let _ = write!(text, "a=group:BUNDLE {bundle}\r\n");
        if transport.lite {
            text.push_str("a=ice-lite\r\n");
        }
        let transport_lines = format!(
            "c=IN IP4 0.0.0.0\r\na=ice-ufrag:{}\r\na=ice-pwd:{}\r\na=ice-options:trickle\r\na=fingerprint:{}\r\na=setup:{setup}\r\n",
            transport.ufrag, transport.pwd, transport.fingerprint
        );
        let _ = write!(text, "m=audio 9 UDP/TLS/RTP/SAVPF {payload_type}");
        if let Some((events, _)) = events {
            let _ = write!(text, " {events}");
        }
        let _ = write!(text, "\r\n{transport_lines}a=mid:{}\r\na=sendrecv\r\na=rtcp-mux\r\n", mids.0);
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
                "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n{transport_lines}a=mid:{}\r\na=sctp-port:5000\r\n\
                 a=max-message-size:262144\r\n",
                mids.1
            );
        }
        text
    }
}

/// What our description says: our side of the transport, and what is sent over it.
#[derive(Clone, Debug)]
pub(crate) struct OurDescription {
    pub session_id: u64,
    pub transport: Transport,
    pub setup: &'static str,
    /// `candidate:…` in full; the first is the default candidate.
    pub candidates: Vec<String>,
    /// Address and port of the default candidate.
    pub default: Option<std::net::SocketAddr>,
    /// No more candidates will come.
    pub complete: bool,
    pub ssrc: u32,
    pub cname: String,
    pub plan: LegPlan,
}

impl OurDescription {
    /// The answer to `theirs`; every other stream is refused at its place.
    pub(crate) fn answer(&self, theirs: &BrowserDescription) -> String {
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

    /// An offer of sound and a data channel with these `mid`s; `events`: further payload types and clock rates of telephone-event.
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
        self.transport_lines(text, mid)?;
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
        self.transport_lines(text, mid)?;
        write!(text, "a=sctp-port:5000\r\na=max-message-size:{MESSAGE}\r\n")
    }

    fn port(&self) -> u16 {
        self.default.map_or(9, |default| default.port())
    }

    /// The lines of the transport, which every m-line of the bundle repeats. The candidates stand in the first m-line, as in browsers'
    /// descriptions.
    fn transport_lines(&self, text: &mut String, mid: &str) -> std::fmt::Result {
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
    sections(text).into_iter().map(|part| part.0).collect()
}

fn sections(text: &str) -> Vec<Attributes<'_>> {
    let mut sections = vec![Attributes::default()];
    for line in text.split('\n').map(|line| line.trim_matches(['\r', '\0', ' ', '\t'])) {
        if line.starts_with("m=") {
            sections.push(Attributes::default());
        } else if let Some(attribute) = line.strip_prefix("a=")
            && let Some(part) = sections.last_mut()
        {
            let (key, value) = attribute.split_once(':').unwrap_or((attribute, ""));
            part.0.push((key.trim(), value.trim()));
        }
    }
    sections
}

/// The value of `a=fingerprint` (RFC 8122 section 5) in canonical form.
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
    // Some implementations use `-`, `_` and `=` too.
    let lenient = |text: &str| chars(&text.replace(['-', '_', '='], "+"));
    (4..=256).contains(&ufrag.len()) && (22..=256).contains(&pwd.len()) && lenient(ufrag) && lenient(pwd)
}

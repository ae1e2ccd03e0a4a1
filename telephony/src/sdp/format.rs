//! `PayloadTypes`: the payload types of a call, which keep their meaning; and the format parameters of Opus.
use super::read::MediaLine;
use media::codec::{Codec, OpusPlan};

/// The payload types of our offers until the other side has named its own (those that browsers use).
const OURS: [(&str, u32, u8); 6] = [
    ("opus", 48_000, 111),
    ("L16", 16_000, 118),
    ("L16", 8_000, 119),
    ("telephone-event", 8_000, 101),
    ("telephone-event", 16_000, 113),
    ("telephone-event", 48_000, 110),
];

/// Payload types do not change their meaning through a call (RFC 3264 section 8.3.2).
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct PayloadTypes(Vec<(String, u32, u8)>);

impl PayloadTypes {
    /// Takes over the dynamic payload types of the other side.
    pub(super) fn learn(&mut self, line: &MediaLine) {
        for (name, clock, payload_type) in line.dynamic() {
            self.0.retain(|(n, c, p)| *p != payload_type && !(n.eq_ignore_ascii_case(name) && *c == clock));
            self.0.push((name.to_owned(), clock, payload_type));
        }
    }

    pub(super) fn of_codec(&self, codec: Codec) -> u8 {
        codec.static_type().unwrap_or_else(|| self.of_format(codec.name(), codec.clock()))
    }

    /// The other side's payload type where it has named one, else ours, else the first that is unused.
    pub(super) fn of_format(&self, name: &str, clock: u32) -> u8 {
        let is = |n: &str, c: u32| n.eq_ignore_ascii_case(name) && c == clock;
        let free = |p: u8| self.0.iter().all(|(_, _, named)| *named != p);
        let theirs = self.0.iter().find(|(n, c, _)| is(n, *c)).map(|(_, _, p)| *p);
        let ours = || OURS.iter().find(|(n, c, p)| is(n, *c) && free(*p)).map(|(_, _, p)| *p);
        // Formats that need a new payload type at the same time must not get the same one: each takes another of the unused ones.
        let place = OURS.iter().position(|(n, c, _)| is(n, *c)).unwrap_or(OURS.len());
        let unused = |p: &u8| free(*p) && OURS.iter().all(|(_, _, ours)| ours != p);
        theirs.or_else(ours).or_else(|| (96..128).filter(unused).nth(place)).unwrap_or(127)
    }
}

/// How we encode Opus, by what the other side says it can receive (RFC 7587 section 6.1).
pub(super) fn opus(ours: OpusPlan, line: &MediaLine, payload_type: u8) -> OpusPlan {
    let mut plan = OpusPlan { fec: false, dtx: false, constant: false, far_hz: 48_000, ..ours };
    for (key, value) in line.parameters(payload_type) {
        match key.to_ascii_lowercase().as_str() {
            "useinbandfec" => plan.fec = ours.fec && value == "1",
            "usedtx" => plan.dtx = ours.dtx && value == "1",
            "cbr" => plan.constant = value == "1",
            "maxplaybackrate" => plan.far_hz = value.parse().unwrap_or(48_000).clamp(8_000, 48_000),
            "maxaveragebitrate" => {
                let most = value.parse().unwrap_or(u32::MAX).clamp(6_000, 510_000);
                plan.bitrate = ours.bitrate.min(most);
            }
            // Parameters of what the other side sends are not needed: packets describe themselves, and stereo is mixed down.
            _ => {}
        }
    }
    plan
}

/// The format parameters of what we receive, where a codec has some.
pub(super) fn parameters(codec: Codec) -> Option<String> {
    let Codec::Opus(plan) = codec else { return None };
    let hz = plan.rate.hz();
    Some(format!("maxplaybackrate={hz};sprop-maxcapturerate={hz};stereo=0;useinbandfec=1"))
}

//! `Choice`: a codec, with its payload types and what is sent beside it, out of one m-line.
use super::read::MediaLine;
use super::{Prefs, format};
use media::codec::Codec;

/// Whose order of codecs decides.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Ours,
    Theirs,
}

/// A codec and what goes beside it, with the payload types of one m-line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Choice {
    pub(super) codec: Codec,
    pub(super) payload_type: u8,
    /// The other codecs that both sides support.
    pub(super) others: Vec<(u8, Codec)>,
    /// Payload type and clock rate.
    pub(super) telephone_event: Option<(u8, u32)>,
    pub(super) comfort_noise: Option<u8>,
}

impl Choice {
    pub(super) fn of(line: &MediaLine, prefs: &Prefs, order: Order) -> Option<Self> {
        let find = |codec: &Codec| {
            let payload_type = line.payload_type(codec.name(), codec.clock())?;
            let codec = match *codec {
                Codec::Opus(ours) => Codec::Opus(format::opus(ours, line, payload_type)),
                codec => codec,
            };
            Some((payload_type, codec))
        };
        let mut others: Vec<(u8, Codec)> = prefs.codecs.iter().filter_map(find).collect();
        if order == Order::Theirs {
            others.sort_by_key(|(payload_type, _)| line.place(*payload_type));
        }
        if others.is_empty() {
            return None;
        }
        let (payload_type, codec) = others.remove(0);
        let beside = |wanted: bool, name, clock| line.payload_type(name, clock).filter(|_| wanted);
        // Many phones offer telephone-event/8000 beside every codec, though RFC 4733 section 2.1 asks for the codec's clock rate.
        let event = |clock| beside(prefs.telephone_event, "telephone-event", clock).map(|p| (p, clock));
        Some(Self {
            codec,
            payload_type,
            others,
            telephone_event: event(codec.clock()).or_else(|| event(8_000)),
            comfort_noise: beside(prefs.comfort_noise, "CN", codec.clock()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sdp::read;

    fn line(formats: &str) -> MediaLine {
        let text = format!(
            "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 6000 RTP/AVP {formats}\r\n"
        );
        read::read(text.as_bytes()).unwrap().remove(0)
    }

    #[test]
    fn the_first_codec_of_the_order_that_counts_is_chosen_and_the_others_are_kept() {
        let prefs = Prefs { codecs: vec![Codec::Pcma, Codec::Pcmu], ..Prefs::default() };
        let ours = Choice::of(&line("0 8 13"), &prefs, Order::Ours).unwrap();
        assert_eq!((ours.codec, ours.payload_type, ours.comfort_noise), (Codec::Pcma, 8, Some(13)));
        assert_eq!(ours.others, [(0, Codec::Pcmu)]);
        let theirs = Choice::of(&line("0 8 13"), &prefs, Order::Theirs).unwrap();
        assert_eq!((theirs.codec, theirs.others), (Codec::Pcmu, vec![(8, Codec::Pcma)]));
        assert_eq!(Choice::of(&line("18 13"), &prefs, Order::Ours), None, "G.729 alone");
    }
}

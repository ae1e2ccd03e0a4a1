//! `OggOpus`: two sides as Ogg Opus (RFC 7845). Each side is a mono stream of its own (channel mapping family 1 with two
//! uncoupled streams), so that joint coding causes no crosstalk.
use ogg::{PacketWriteEndInfo, PacketWriter};
use opus::{Application, Bitrate, MSEncoder};
use std::io;

/// Granule positions count 48 kHz samples whatever the rate (RFC 7845 section 4).
const PER_TICK: u64 = 960;
const SERIAL: u32 = 1;
/// The longest packet of two streams of 20 ms (RFC 6716 section 3.2.1: 1275 bytes of frame each).
const LONGEST: usize = 2 * 1280;

pub(super) struct OggOpus {
    encoder: MSEncoder,
    pages: PacketWriter<'static, Vec<u8>>,
    /// Interleaved samples of one tick.
    tick: usize,
    /// Samples of an incomplete tick.
    pcm: Vec<i16>,
    /// Delay of the encoder, which a player leaves out at the beginning, in granules.
    pre_skip: u64,
    /// Granules of sound taken, and of packets encoded.
    taken: u64,
    made: u64,
    /// The last packet, held until it is known whether it ends its page.
    held: Option<(Vec<u8>, u64)>,
}

impl OggOpus {
    /// `rate` is 16 or 48 kHz: the bandwidth that is kept. Speech is clear at 24 kbit/s a side, the full band at 32.
    pub(super) fn new(rate: u32) -> io::Result<Self> {
        let mut encoder = MSEncoder::new(rate, 2, 0, &[0, 1], Application::Voip).map_err(io::Error::other)?;
        let bits = if rate > 16_000 { 64_000 } else { 48_000 };
        let tuned = encoder.set_bitrate(Bitrate::Bits(bits)).and_then(|()| encoder.set_complexity(3));
        tuned.map_err(io::Error::other)?;
        let lookahead = encoder.get_lookahead().map_err(io::Error::other)?;
        let pre_skip = u64::from(lookahead.unsigned_abs()) * 48_000 / u64::from(rate);
        let mut pages = PacketWriter::new(Vec::new());
        pages.write_packet(head(pre_skip as u16, rate), SERIAL, PacketWriteEndInfo::EndPage, 0)?;
        pages.write_packet(tags(), SERIAL, PacketWriteEndInfo::EndPage, 0)?;
        let tick = rate as usize / 50 * 2;
        Ok(Self { encoder, pages, tick, pcm: Vec::new(), pre_skip, taken: 0, made: 0, held: None })
    }

    pub(super) fn push(&mut self, pcm: &[i16], out: &mut Vec<u8>) -> io::Result<()> {
        self.taken += pcm.len() as u64 * PER_TICK / self.tick as u64;
        self.pcm.extend_from_slice(pcm);
        let mut at = 0;
        while let Some(tick) = self.pcm.get(at..at + self.tick) {
            let packet = self.encoder.encode_vec(tick, LONGEST).map_err(io::Error::other)?;
            at += self.tick;
            self.made += PER_TICK;
            if let Some((before, granule)) = self.held.replace((packet, self.made)) {
                self.pages.write_packet(before, SERIAL, PacketWriteEndInfo::NormalPacket, granule)?;
            }
        }
        self.pcm.drain(..at);
        out.append(self.pages.inner_mut());
        Ok(())
    }

    /// Ends the page, so that all sound up to here can be played.
    pub(super) fn flush(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        if let Some((packet, granule)) = self.held.take() {
            self.pages.write_packet(packet, SERIAL, PacketWriteEndInfo::EndPage, granule)?;
        }
        out.append(self.pages.inner_mut());
        Ok(())
    }

    /// Ends the stream at the last sample taken (RFC 7845 section 4.4: the last page's granule position trims its packets).
    pub(super) fn finish(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        let end = self.pre_skip + self.taken;
        let taken = self.taken;
        while self.made < end {
            let missing = self.tick - self.pcm.len();
            self.push(&vec![0; missing], out)?;
        }
        self.taken = taken;
        if let Some((packet, _)) = self.held.take() {
            self.pages.write_packet(packet, SERIAL, PacketWriteEndInfo::EndStream, end)?;
        }
        out.append(self.pages.inner_mut());
        Ok(())
    }
}

/// RFC 7845 section 5.1.
fn head(pre_skip: u16, rate: u32) -> Vec<u8> {
    let mut out = b"OpusHead\x01\x02".to_vec();
    out.extend(pre_skip.to_le_bytes());
    out.extend(rate.to_le_bytes());
    // No gain; mapping family 1: two streams, none of them stereo, left and right.
    out.extend([0, 0, 1, 2, 0, 0, 1]);
    out
}

/// RFC 7845 section 5.2.
fn tags() -> Vec<u8> {
    let mut out = b"OpusTags".to_vec();
    let mut text = |text: &str| {
        out.extend((text.len() as u32).to_le_bytes());
        out.extend(text.as_bytes());
    };
    text("switchboard");
    let comment = "DESCRIPTION=left: the caller, right: what the caller was sent";
    let mut rest = 1u32.to_le_bytes().to_vec();
    rest.extend((comment.len() as u32).to_le_bytes());
    rest.extend(comment.as_bytes());
    out.extend(rest);
    out
}

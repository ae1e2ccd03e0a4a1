//! Opus by libopus: mono, opened at the line's rate, with in-band error correction, its own concealment and DTX.
use super::{Decoder, Encoder};
use crate::Rate;
use opus::{Application, Bandwidth, Bitrate, Channels, Signal};

/// How a line's Opus is opened, and what both sides agreed on (RFC 7587 section 6.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OpusPlan {
    /// Of the sound inside this server. A telephone's microphone has little above 8 kHz: 16 kHz costs a third of 48.
    pub rate: Rate,
    /// Bits per second we send, 6000–510000; the far end's `maxaveragebitrate` may lower it.
    pub bitrate: u32,
    /// How hard the encoder works, 0–10.
    pub complexity: u8,
    /// Each packet carries a coarse copy of the one before it, as far as the reported loss makes it worthwhile; only where the
    /// far end says `useinbandfec=1`.
    pub fec: bool,
    /// Silence is not sent; only where the far end says `usedtx=1`.
    pub dtx: bool,
    /// Every packet has the same size; where the far end says `cbr=1`.
    pub constant: bool,
    /// The far end plays nothing above this rate (`maxplaybackrate`), so no bits go there.
    pub far_hz: u32,
}

impl Default for OpusPlan {
    fn default() -> Self {
        Self {
            rate: Rate::Hz16000,
            bitrate: 24_000,
            complexity: 5,
            fec: true,
            dtx: true,
            constant: false,
            far_hz: 48_000,
        }
    }
}

/// Loss, in per cent, that the encoder reckons with until the far end reports.
const UNTOLD_LOSS: i32 = 5;
/// No payload is longer, so that a packet fits every path.
const LARGEST: usize = 1_200;
/// The longest packet (RFC 6716 section 3.1), in units of 1/48000 s.
const LONGEST: u32 = 5_760;

/// How long a packet lasts in units of 1/48000 s by its table of contents (RFC 6716 section 3.1); 0 where it is none.
pub const fn duration(payload: &[u8]) -> u32 {
    let Some(&toc) = payload.first() else { return 0 };
    let frame = match toc >> 3 {
        // SILK: 10, 20, 40, 60 ms.
        config @ 0..=11 => [480, 960, 1_920, 2_880][(config & 3) as usize],
        // Both: 10, 20 ms.
        config @ 12..=15 => [480, 960][(config & 1) as usize],
        // CELT: 2.5, 5, 10, 20 ms.
        config => 120 << (config & 3),
    };
    let frames = match (toc & 3, payload) {
        (0, _) => 1,
        (3, [_, count, ..]) => (*count & 0x3f) as u32,
        (3, _) => 0,
        _ => 2,
    };
    if frame * frames > LONGEST { 0 } else { frame * frames }
}

/// Whether a packet carries a copy of the one before it (RFC 6716 section 4.2.4: the bit after the frames' voice-activity bits).
fn corrects(packet: &[u8]) -> bool {
    let Some(&toc) = packet.first() else { return false };
    if toc & 0x80 != 0 {
        return false;
    }
    // A SILK frame of 40 or 60 ms is two or three of 20.
    let inner = match toc >> 3 {
        config @ 0..=11 => [1, 1, 2, 3][usize::from(config & 3)],
        _ => 1,
    };
    let Ok(parsed) = opus::packet::parse(packet) else { return false };
    let Some(&first) = parsed.frames.first().and_then(|frame| frame.first()) else { return false };
    let side = if toc & 4 != 0 { first >> (6 - 2 * inner) & 1 } else { 0 };
    (first >> (7 - inner)) & 1 | side == 1
}

pub struct OpusDecoder {
    /// `None`: the machine had no memory for it, and the line is silent.
    decoder: Option<opus::Decoder>,
    rate: Rate,
    /// Something was decoded: there is a sound to go on from.
    begun: bool,
    scratch: Vec<i16>,
}

impl OpusDecoder {
    pub fn new(plan: OpusPlan) -> Self {
        let decoder = opus::Decoder::new(plan.rate.hz(), Channels::Mono)
            .inspect_err(|why| tracing::error!(%why, "no Opus decoder: this line is not heard"))
            .ok();
        Self { decoder, rate: plan.rate, begun: false, scratch: Vec::new() }
    }

    /// The decoder makes whole pieces of 2.5 ms.
    const fn whole(&self, samples: usize) -> usize {
        samples.next_multiple_of((self.rate.hz() / 400) as usize)
    }
}

impl Decoder for OpusDecoder {
    fn decode(&mut self, payload: &[u8], out: &mut Vec<i16>) {
        let samples = (duration(payload) * (self.rate.hz() / 1_000) / 48) as usize;
        if samples == 0 {
            return;
        }
        let at = out.len();
        out.resize(at + samples, 0);
        let Some(decoder) = &mut self.decoder else { return };
        self.begun = true;
        if decoder.decode(payload, &mut out[at..], false).is_err() {
            // A broken packet is a lost one; where even that fails its place stays silent.
            let _ = decoder.decode(&[], &mut out[at..], false);
        }
    }

    fn fec(&mut self, next: &[u8], samples: usize, out: &mut Vec<i16>) -> bool {
        let whole = self.whole(samples);
        let Some(decoder) = &mut self.decoder else { return false };
        if samples == 0 || whole > self.rate.hz() as usize / 8 || !corrects(next) {
            return false;
        }
        self.scratch.clear();
        self.scratch.resize(whole, 0);
        if decoder.decode(next, &mut self.scratch, true).is_err() {
            return false;
        }
        self.begun = true;
        // It ends where `next` begins.
        out.extend_from_slice(&self.scratch[whole - samples..]);
        true
    }

    fn conceal(&mut self, samples: usize, out: &mut Vec<i16>) -> bool {
        let whole = self.whole(samples);
        let Some(decoder) = self.decoder.as_mut().filter(|_| self.begun) else { return false };
        self.scratch.clear();
        self.scratch.resize(whole, 0);
        for piece in self.scratch.chunks_mut(self.rate.per_tick()) {
            if decoder.decode(&[], piece, false).is_err() {
                return false;
            }
        }
        out.extend_from_slice(&self.scratch[..samples]);
        true
    }

    fn reset(&mut self) {
        self.begun = false;
        if let Some(decoder) = &mut self.decoder {
            let _ = decoder.reset_state();
        }
    }
}

pub struct OpusEncoder {
    /// `None`: the machine had no memory for it, and nothing is sent.
    encoder: Option<opus::Encoder>,
    plan: OpusPlan,
    loss: i32,
}

impl OpusEncoder {
    pub fn new(plan: OpusPlan) -> Self {
        let encoder =
            open(plan).inspect_err(|why| tracing::error!(%why, "no Opus encoder: this line stays silent")).ok();
        Self { encoder, plan, loss: UNTOLD_LOSS }
    }

    /// Samples of sound that come out later than they went in, beyond the packet's own length.
    pub fn lookahead(&mut self) -> usize {
        self.encoder.as_mut().and_then(|encoder| encoder.get_lookahead().ok()).unwrap_or(0).max(0) as usize
    }
}

fn open(plan: OpusPlan) -> opus::Result<opus::Encoder> {
    let mut encoder = opus::Encoder::new(plan.rate.hz(), Channels::Mono, Application::Voip)?;
    encoder.set_signal(Signal::Voice)?;
    encoder.set_complexity(i32::from(plan.complexity.min(10)))?;
    encoder.set_bitrate(Bitrate::Bits(plan.bitrate.clamp(6_000, 510_000) as i32))?;
    encoder.set_vbr(!plan.constant)?;
    encoder.set_inband_fec(plan.fec)?;
    encoder.set_packet_loss_perc(if plan.fec { UNTOLD_LOSS } else { 0 })?;
    encoder.set_dtx(plan.dtx)?;
    // RFC 7587 table 2: a bandwidth is half of the rate that plays it.
    encoder.set_max_bandwidth(match plan.far_hz {
        ..12_000 => Bandwidth::Narrowband,
        12_000..16_000 => Bandwidth::Mediumband,
        16_000..24_000 => Bandwidth::Wideband,
        24_000..48_000 => Bandwidth::Superwideband,
        48_000.. => Bandwidth::Fullband,
    })?;
    Ok(encoder)
}

impl Encoder for OpusEncoder {
    fn encode(&mut self, pcm: &[i16], out: &mut Vec<u8>) {
        let Some(encoder) = &mut self.encoder else { return };
        let at = out.len();
        out.resize(at + LARGEST, 0);
        let made = encoder.encode(pcm, &mut out[at..]).unwrap_or(0);
        // Two bytes or fewer say: the far end's decoder can make this silence itself.
        let made = if self.plan.dtx && made <= 2 { 0 } else { made };
        out.truncate(at + made);
    }

    fn expect(&mut self, loss: f32) {
        let loss = (loss.clamp(0.0, 1.0) * 100.0).round() as i32;
        // Worse news counts at once, better news slowly: bursts are reported one by one.
        self.loss = loss.max((self.loss * 3 + loss) / 4);
        if let Some(encoder) = self.encoder.as_mut().filter(|_| self.plan.fec) {
            let _ = encoder.set_packet_loss_perc(self.loss);
        }
    }
}

//! `Encoder`: encodes interleaved sound at the line's rate for a file at the file's rate.
use super::Format;
use super::ogg_opus::OggOpus;
use super::track::Piece;
use super::wav;
use crate::resample::Resampler;
use std::io;

pub(super) struct Encoder {
    /// The file's rate.
    rate: u32,
    container: Container,
    /// From the line's present rate, where it differs.
    resample: Option<[Resampler; 2]>,
    side: Vec<i16>,
    pcm: Vec<i16>,
}

enum Container {
    Wav { begun: bool },
    Opus(Box<OggOpus>),
}

impl Encoder {
    /// WAV has the line's first rate; Opus 16 kHz, or 48 kHz for a line that begins at that.
    pub(super) fn new(format: Format, line: u32) -> io::Result<Self> {
        let (rate, container) = match format {
            Format::Wav => (line, Container::Wav { begun: false }),
            Format::Opus => {
                let rate = if line > 16_000 { 48_000 } else { 16_000 };
                (rate, Container::Opus(Box::new(OggOpus::new(rate)?)))
            }
        };
        Ok(Self { rate, container, resample: None, side: Vec::new(), pcm: Vec::new() })
    }

    pub(super) fn push(&mut self, piece: &Piece, out: &mut Vec<u8>) -> io::Result<()> {
        if piece.rate == self.rate {
            self.resample = None;
            return self.container.push(self.rate, &piece.pcm, out);
        }
        if self.resample.as_ref().is_none_or(|[left, _]| left.from_hz() != piece.rate) {
            self.resample = Some([Resampler::new(piece.rate, self.rate), Resampler::new(piece.rate, self.rate)]);
        }
        // All rates are multiples of one another, so each piece keeps its duration exactly.
        let samples = piece.pcm.len() as u64 / 2 * u64::from(self.rate) / u64::from(piece.rate);
        self.pcm.clear();
        self.pcm.resize(samples as usize * 2, 0);
        for (n, resampler) in self.resample.iter_mut().flatten().enumerate() {
            let side: Vec<i16> = piece.pcm.iter().skip(n).step_by(2).copied().collect();
            self.side.clear();
            resampler.push(&side, &mut self.side);
            self.pcm.iter_mut().skip(n).step_by(2).zip(&self.side).for_each(|(to, from)| *to = *from);
        }
        self.container.push(self.rate, &self.pcm, out)
    }

    /// Completes the output so that all pushed sound can be played.
    pub(super) fn flush(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        match &mut self.container {
            Container::Wav { .. } => Ok(()),
            Container::Opus(opus) => opus.flush(out),
        }
    }

    pub(super) fn finish(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        match &mut self.container {
            Container::Wav { .. } => Ok(()),
            Container::Opus(opus) => opus.finish(out),
        }
    }
}

impl Container {
    fn push(&mut self, rate: u32, pcm: &[i16], out: &mut Vec<u8>) -> io::Result<()> {
        match self {
            Self::Wav { begun } => {
                if !std::mem::replace(begun, true) {
                    out.extend(wav::header(rate));
                }
                out.extend(pcm.iter().flat_map(|sample| sample.to_le_bytes()));
                Ok(())
            }
            Self::Opus(opus) => opus.push(pcm, out),
        }
    }
}

//! L16: samples of 16 bits in network byte order (RFC 3551 section 4.5.11).
use super::{Decoder, Encoder};

pub struct L16;

impl Decoder for L16 {
    fn decode(&mut self, payload: &[u8], out: &mut Vec<i16>) {
        // Half a sample at the end is none.
        out.extend(payload.as_chunks().0.iter().map(|&bytes| i16::from_be_bytes(bytes)));
    }
    fn reset(&mut self) {}
}

impl Encoder for L16 {
    fn encode(&mut self, pcm: &[i16], out: &mut Vec<u8>) {
        out.extend(pcm.iter().flat_map(|sample| sample.to_be_bytes()));
    }
}

//! Sizes of datagrams that carry RTP and RTCP.

/// The largest datagram sent.
pub(super) const MTU: usize = 1_500;
/// The largest datagram read, reassembled from IP fragments: 240 ms of L16 at 16 kHz are 7,680 bytes.
pub(super) const LARGEST: usize = 8_192;

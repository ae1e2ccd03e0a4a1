//! What touches a wire: SIP, SDP and RTP. Sound and its codecs belong to `media`, which this crate feeds.

pub mod rtp;
pub mod sdp;

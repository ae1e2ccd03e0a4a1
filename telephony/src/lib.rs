//! SIP, SDP, RTP and WebRTC: all that touches a wire.
//!
//! An incoming call is a [`Ring`], answered or declined once; an answered call, inbound or outbound, is a [`Line`].
//! [`sip::Sip`] is the driver. Apart from [`sip::gate`], the public interface has no types of `rsipstack` or `rtc`.

pub mod address;
pub mod bucket;
pub mod headers;
pub mod line;
pub mod number;
pub mod party;
mod percent;
pub mod ring;
pub mod rtp;
pub mod sdp;
pub mod sip;
pub mod webrtc;

pub use headers::Headers;
pub use line::{Change, Ended, EndedBy, Line, Referral, Transferrer};
pub use number::{Called, NumberPlan};
pub use party::Party;
pub use ring::{CallOrigin, Decline, Refused, Ring};

/// Log targets of `rsipstack` and `rtc` that log whole messages, with phone numbers and names, at `info` and below. Log filters switch
/// them off.
pub const QUIET_LOG_TARGETS: &[&str] = &[
    "rsipstack",
    "rtc",
    "rtc_sdp",
    "rtc_rtp",
    "rtc_rtcp",
    "rtc_ice",
    "rtc_stun",
    "rtc_turn",
    "rtc_dtls",
    "rtc_srtp",
    "rtc_sctp",
    "rtc_datachannel",
    "rtc_interceptor",
    "rtc_mdns",
    "hickory_resolver",
    "hickory_proto",
];

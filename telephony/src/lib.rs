//! What touches a wire: SIP, SDP and RTP.
//!
//! An incoming call is a [`Ring`], answered or declined once; an answered call, inbound or outbound, is a [`Line`].
//! [`sip::Sip`] is the driver; who uses this crate meets no type of the SIP stack beneath it.

pub mod line;
pub mod party;
pub mod ring;
pub mod rtp;
pub mod sdp;
pub mod sip;

pub use line::{By, Change, Ended, Line};
pub use party::Party;
pub use ring::{Decline, Refused, Ring, Via};

/// Log targets of crates beneath this one that log whole messages, numbers and names in them, at `info` and below: a log
/// filter keeps them off.
pub const QUIET_LOG_TARGETS: &[&str] =
    &["rsipstack", "rtc_sdp", "rtc_rtp", "rtc_rtcp", "hickory_resolver", "hickory_proto"];

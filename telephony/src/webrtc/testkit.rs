//! Entry points of the fuzz targets: each parser of what a page sends, as this crate calls it. None may panic.
use super::fragment::Fragment;
use super::stack::MIDS;
use crate::sdp::Prefs;
use crate::sdp::web::{BrowserDescription, DescriptionKind};
use media::codec::{Codec, OpusPlan};

/// Reads a description either way and puts it again in our words; whether it was understood.
pub fn description(text: &str) -> bool {
    let prefs = Prefs { codecs: vec![Codec::Opus(OpusPlan::default())], ..Prefs::default() };
    let read = [DescriptionKind::Offer, DescriptionKind::Answer].map(|kind| {
        BrowserDescription::read(text, kind, &prefs).is_ok_and(|web| {
            web.plan(&prefs);
            // Our own words must be readable by our own reader.
            BrowserDescription::read(&web.reduced(kind, MIDS, &web.transport), kind, &prefs).is_ok()
        })
    });
    read.contains(&true)
}

/// Reads a fragment and every candidate in it.
pub fn fragment(text: &str) -> bool {
    Fragment::read(text).is_ok()
}

/// Reads a message of the data channel.
pub fn message(is_text: bool, bytes: &[u8]) -> super::Message {
    super::message(is_text, bytes)
}

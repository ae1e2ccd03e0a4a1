//! `KeyNegotiation`: the SRTP keys of one call, as offers and answers agree on them (RFC 4568 section 5).
use super::Fault;
use super::crypto::{Crypto, Profile, Security};
use super::read::MediaLine;
use crate::rtp::{Keys, Secrets, Suite};

/// How an offered m-line can be accepted: encrypted by this attribute, or plain (`None`).
pub(super) fn choose<'a>(
    line: &'a MediaLine,
    security: Security,
    suites: &[Suite],
) -> Result<Option<&'a Crypto>, Fault> {
    let usable = || line.crypto.iter().find(|crypto| suites.contains(&crypto.keys.suite));
    let other = || Fault::Profile(line.proto.clone());
    match (Profile::of(&line.proto).ok_or_else(other)?.is_secure(), security) {
        (false, Security::Off) => Ok(None),
        (false, Security::Offered) => Ok(usable()),
        (false, Security::Required) => usable().map(Some).ok_or(Fault::Plain),
        (true, Security::Offered | Security::Required) => usable().map(Some).ok_or(Fault::NoCrypto),
        (true, Security::Off) => Err(other()),
    }
}

/// The keys of one call, from our side.
#[derive(Clone, Debug, Default)]
pub(super) struct KeyNegotiation {
    /// The keys of our last offer, with tags from 1 on.
    offered: Vec<Keys>,
    profile: Profile,
    agreed: Option<Secrets>,
    /// An offer has been answered: with keys, or with plain RTP.
    settled: bool,
}

impl KeyNegotiation {
    /// The keys that answer this attribute. Where the other side repeats its key, ours stays too, so that a hold changes no key. A new
    /// key of the other side gets a new one of ours: after a transfer, the former far end does not know it.
    pub(super) fn secrets(&self, theirs: &Crypto) -> Secrets {
        match &self.agreed {
            Some(agreed) if agreed.theirs == theirs.keys => agreed.clone(),
            _ => Secrets { ours: Keys::random(theirs.keys.suite), theirs: theirs.keys.clone() },
        }
    }

    pub(super) fn settle(&mut self, profile: Profile, agreed: Option<Secrets>) {
        // A key that was in use is never offered again: the packet counters of a new stream begin at zero.
        self.offered.clear();
        (self.profile, self.agreed, self.settled) = (profile, agreed, true);
    }

    /// Profile and attributes of our offer: the keys in force, or one key for each suite that is supported.
    pub(super) fn offer(&mut self, security: Security, suites: &[Suite]) -> (Profile, Vec<Crypto>) {
        if !self.settled && self.offered.is_empty() {
            (self.profile, self.offered) = match security {
                Security::Off => (Profile::Avp, vec![]),
                // Within RTP/AVP the attributes are optional for the other side: two suites are enough, and keep the INVITE small.
                Security::Offered => (Profile::Avp, suites.iter().take(2).copied().map(Keys::random).collect()),
                Security::Required => (Profile::Savp, suites.iter().copied().map(Keys::random).collect()),
            };
        } else if let Some(agreed) = &self.agreed {
            self.offered = vec![agreed.ours.clone()];
        }
        let crypto = (1..).zip(&self.offered).map(|(tag, keys)| Crypto { tag, keys: keys.clone() });
        (self.profile, crypto.collect())
    }

    /// What the answer to our offer agrees on.
    pub(super) fn accept(&self, line: &MediaLine, security: Security) -> Result<(Profile, Option<Secrets>), Fault> {
        let offered = |crypto: &&Crypto| {
            let ours = (crypto.tag as usize).checked_sub(1).and_then(|at| self.offered.get(at));
            ours.is_some_and(|ours| ours.suite == crypto.keys.suite)
        };
        // A phone may answer an offer of RTP/AVP with keys by RTP/SAVP.
        let fits = |p: &Profile| p.is_secure() == self.profile.is_secure() || !self.offered.is_empty();
        let profile = Profile::of(&line.proto).filter(fits);
        let profile = profile.ok_or(Fault::Answer("its m-line is not the audio stream that was offered"))?;
        let taken = line.crypto.iter().find(offered);
        let ours = taken.and_then(|crypto| self.offered.get((crypto.tag as usize).checked_sub(1)?));
        match taken.zip(ours) {
            Some((theirs, ours)) => Ok((profile, Some(Secrets { ours: ours.clone(), theirs: theirs.keys.clone() }))),
            None if profile.is_secure() || self.profile.is_secure() || security == Security::Required => {
                Err(Fault::Answer("it takes none of the keys that were offered"))
            }
            None => Ok((profile, None)),
        }
    }
}

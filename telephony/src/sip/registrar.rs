//! `Registrar`: the bindings of phones (RFC 3261 section 10.3). It is told the time; requests are authenticated before.
use super::flow::SipTransport;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use thiserror::Error;

/// The shortest registration accepted.
pub const SHORTEST: Duration = Duration::from_secs(60);
const LONGEST: Duration = Duration::from_secs(3600);

/// One contact of an address of record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The contact's URI as the phone wrote it.
    pub contact: String,
    /// The source of the REGISTER, which leads back through a NAT.
    pub source: SocketAddr,
    pub transport: SipTransport,
    pub expires: Instant,
    call_id: String,
    cseq: u32,
}

/// The binding that a REGISTER asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub contact: String,
    /// Zero removes.
    pub expires: Duration,
}

/// A parsed REGISTER.
#[derive(Clone, Debug)]
pub struct Register<'a> {
    pub user: &'a str,
    pub source: SocketAddr,
    pub transport: SipTransport,
    pub call_id: &'a str,
    pub cseq: u32,
    pub wanted: Wants,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wants {
    /// No Contact: a query of the bindings.
    Query,
    /// `Contact: *` with `Expires: 0`.
    RemoveAll,
    Contacts(Vec<Wanted>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Fault {
    /// 423 with Min-Expires.
    #[error("register for at least {} s", SHORTEST.as_secs())]
    TooBrief,
    /// 403: the limit of contacts of one phone.
    #[error("too many contacts for one phone")]
    TooMany,
    /// 500: the CSeq is lower than that of an earlier request of the same registration.
    #[error("out of order")]
    OutOfOrder,
}

/// Bindings by user. Bounded: users are the configured ones, contacts per user are limited.
#[derive(Debug)]
pub struct Registrar {
    most: usize,
    bindings: HashMap<String, Vec<Binding>>,
}

impl Registrar {
    pub fn new(contacts_per_user: usize) -> Self {
        Self { most: contacts_per_user.max(1), bindings: HashMap::new() }
    }

    /// Applies a request as a whole or, with a fault, not at all. Returns the bindings of the user after it, the newest last.
    pub fn register(&mut self, now: Instant, request: Register) -> Result<Vec<Binding>, Fault> {
        self.sweep(now);
        let mut bindings = self.bindings.get(request.user).cloned().unwrap_or_default();
        let in_order = |b: &Binding| b.call_id != request.call_id || b.cseq < request.cseq;
        match request.wanted {
            Wants::Query => {}
            Wants::RemoveAll if bindings.iter().all(in_order) => bindings.clear(),
            Wants::RemoveAll => return Err(Fault::OutOfOrder),
            Wants::Contacts(contacts) => {
                for Wanted { contact, expires } in contacts {
                    if !expires.is_zero() && expires < SHORTEST {
                        return Err(Fault::TooBrief);
                    }
                    if let Some(at) = bindings.iter().position(|b| b.contact == contact) {
                        if !in_order(&bindings[at]) {
                            return Err(Fault::OutOfOrder);
                        }
                        bindings.remove(at);
                    }
                    if !expires.is_zero() {
                        let (call_id, cseq, source) = (request.call_id.to_owned(), request.cseq, request.source);
                        let expires = now + expires.min(LONGEST);
                        bindings.push(Binding {
                            contact,
                            source,
                            transport: request.transport,
                            expires,
                            call_id,
                            cseq,
                        });
                    }
                }
                if bindings.len() > self.most {
                    return Err(Fault::TooMany);
                }
            }
        }
        if bindings.is_empty() {
            self.bindings.remove(request.user);
        } else {
            self.bindings.insert(request.user.to_owned(), bindings.clone());
        }
        Ok(bindings)
    }

    /// The newest live binding of a user.
    pub fn locate(&self, now: Instant, user: &str) -> Option<&Binding> {
        self.bindings.get(user)?.iter().rev().find(|b| b.expires > now)
    }

    /// How many users can be reached.
    pub fn count(&mut self, now: Instant) -> usize {
        self.sweep(now);
        self.bindings.len()
    }

    fn sweep(&mut self, now: Instant) {
        self.bindings.retain(|_, bindings| {
            bindings.retain(|b| b.expires > now);
            !bindings.is_empty()
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask<'a>(cseq: u32, contacts: &[(&str, u64)]) -> Register<'a> {
        let wanted = |(contact, seconds): &(&str, u64)| Wanted {
            contact: (*contact).into(),
            expires: Duration::from_secs(*seconds),
        };
        let wanted = Wants::Contacts(contacts.iter().map(wanted).collect());
        Register {
            user: "100",
            source: ([192, 0, 2, 1], 5060).into(),
            transport: SipTransport::Udp,
            call_id: "c",
            cseq,
            wanted,
        }
    }

    #[test]
    fn a_phone_registers_refreshes_and_leaves() {
        let (mut registrar, now) = (Registrar::new(2), Instant::now());
        assert_eq!(registrar.register(now, ask(1, &[("sip:a@1", 300)])).expect("registered").len(), 1);
        let refreshed = registrar.register(now + SHORTEST, ask(2, &[("sip:a@1", 300)])).expect("refreshed");
        assert_eq!(refreshed[0].expires, now + SHORTEST + Duration::from_secs(300));
        assert!(registrar.locate(now, "100").is_some());
        assert!(registrar.register(now + SHORTEST, ask(3, &[("sip:a@1", 0)])).expect("removed").is_empty());
        assert_eq!(registrar.count(now + SHORTEST), 0);
    }

    #[test]
    fn a_registration_ends_by_itself() {
        let (mut registrar, now) = (Registrar::new(2), Instant::now());
        registrar.register(now, ask(1, &[("sip:a@1", 100_000)])).expect("registered");
        assert!(registrar.locate(now + LONGEST - Duration::from_secs(1), "100").is_some());
        assert!(registrar.locate(now + LONGEST, "100").is_none());
        assert_eq!(registrar.count(now + LONGEST), 0);
    }

    #[test]
    fn too_brief_too_many_and_out_of_order_change_nothing() {
        let (mut registrar, now) = (Registrar::new(2), Instant::now());
        registrar.register(now, ask(5, &[("sip:a@1", 300)])).expect("registered");
        assert_eq!(registrar.register(now, ask(6, &[("sip:b@1", 5)])), Err(Fault::TooBrief));
        assert_eq!(registrar.register(now, ask(6, &[("sip:b@1", 60), ("sip:c@1", 60)])), Err(Fault::TooMany));
        assert_eq!(registrar.register(now, ask(5, &[("sip:a@1", 0)])), Err(Fault::OutOfOrder));
        let query = Register { wanted: Wants::Query, ..ask(7, &[]) };
        assert_eq!(registrar.register(now, query).expect("told").len(), 1);
        let all = Register { wanted: Wants::RemoveAll, ..ask(8, &[]) };
        assert!(registrar.register(now, all).expect("removed").is_empty());
    }
}

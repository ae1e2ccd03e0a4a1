//! Who may call and register: by network, by trunk, or by a phone's password; and the refusal of others.
use super::core::{Core, lock};
use super::digest::{Proof, Request as Signed};
use super::name;
use crate::address::Network;
use crate::ring::Via;
use rsipstack::sip::Header;
use rsipstack::sip::headers::make_header;
use rsipstack::transaction::transaction::Transaction;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tracing::debug;

pub(super) fn retry_after(after: Duration) -> Vec<Header> {
    vec![make_header("Retry-After", after.as_secs().max(1).to_string())]
}

/// The refusal of a request whose source has been charged for it.
pub(super) struct Refusal {
    pub status: u16,
    pub headers: Vec<Header>,
    pub why: &'static str,
}

impl Refusal {
    pub(super) async fn reply(self, core: &Arc<Core>, tx: Transaction, source: SocketAddr) {
        let Self { status, headers, why } = self;
        debug!(status, why, source = %source.ip(), method = %tx.original.method, "refused");
        core.reply_soon(tx, status, headers).await;
    }
}

/// The refusal where no one may register or call from `source`.
pub(super) fn forbidden(core: &Core, source: SocketAddr) -> Refusal {
    core.refuse(source, "forbidden");
    Refusal { status: 403, headers: vec![], why: "forbidden" }
}

/// By what right this INVITE may call.
pub(super) fn right(core: &Core, tx: &Transaction, source: SocketAddr) -> Result<Via, Refusal> {
    let from = |networks: &[Network]| networks.iter().any(|network| network.contains(source.ip()));
    if let Some(trunk) = core.plan.trunks.iter().find(|trunk| from(&trunk.networks)) {
        return Ok(Via::Trunk(trunk.name.clone()));
    }
    let registered =
        lock(&core.trunks).iter().find(|t| t.registrar.is_some_and(|r| r.ip() == source.ip())).map(|t| t.name.clone());
    // A provider on loopback is a test of this server: there the open network decides.
    if let Some(name) = registered.filter(|_| !from(&core.plan.open)) {
        return Ok(Via::Trunk(name));
    }
    if from(&core.plan.open) {
        return Ok(Via::Open);
    }
    if core.plan.phones.is_empty() {
        return Err(forbidden(core, source));
    }
    phone(core, tx, source).map(Via::Phone)
}

/// The phone whose password the request proves. Each password that is wrong is charged.
pub(super) fn phone(core: &Core, tx: &Transaction, source: SocketAddr) -> Result<String, Refusal> {
    let now = Instant::now();
    let challenge = |stale, why| {
        let values = lock(&core.verifier).challenges(now, stale);
        let headers = values.into_iter().map(|value| make_header("WWW-Authenticate", value)).collect();
        Refusal { status: 401, headers, why }
    };
    let given = tx.original.headers.iter().filter_map(|header| match header {
        Header::Authorization(value) => Some(value.value()),
        _ => None,
    });
    let given = lock(&core.verifier).ours(given);
    let (method, uri) = (tx.original.method.to_string(), name::written(&tx.original.uri));
    let signed = Signed { method: &method, uri: &uri, body: &tx.original.body };
    let find = |user: &str| core.plan.phones.iter().find(|phone| phone.credentials.user == user);
    let mut why = "challenged";
    for header in given {
        let password = |user: &str| find(user).map(|phone| phone.credentials.password.as_str());
        let proof = lock(&core.verifier).verify(now, header, &signed, password);
        match proof {
            Proof::Good(user) => {
                if let Some(phone) = find(&user) {
                    return Ok(phone.name.clone());
                }
            }
            Proof::Stale => {
                core.count("challenged");
                return Err(challenge(true, "stale nonce"));
            }
            Proof::Wrong => {
                why = "wrong password";
                core.refuse(source, why);
            }
        }
    }
    if why == "challenged" {
        // Every call with a password begins with a challenge, which costs no more than a message.
        core.count(why);
    }
    Err(challenge(false, why))
}

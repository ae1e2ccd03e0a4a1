//! Authorisation of INVITE, REGISTER and OPTIONS: by network, by trunk, or by a phone's password; and the refusals.
use super::core::{Core, lock};
use super::digest::{Proof, SignedRequest};
use super::name;
use crate::address::Network;
use crate::ring::CallOrigin;
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

/// Refuses a request and counts it against the rate limit of its source.
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

/// The refusal where no phone, trunk or open network allows requests from `source`.
pub(super) fn forbidden(core: &Core, source: SocketAddr) -> Refusal {
    core.refuse(source, "forbidden");
    Refusal { status: 403, headers: vec![], why: "forbidden" }
}

/// By which network, trunk or phone this INVITE is allowed.
pub(super) fn authorise(core: &Core, tx: &Transaction, source: SocketAddr) -> Result<CallOrigin, Refusal> {
    let from = |networks: &[Network]| networks.iter().any(|network| network.contains(source.ip()));
    if let Some(trunk) = core.plan.trunks.iter().find(|trunk| from(&trunk.networks)) {
        return Ok(CallOrigin::Trunk(trunk.name.clone()));
    }
    let registered =
        lock(&core.trunks).iter().find(|t| t.registrar.is_some_and(|r| r.ip() == source.ip())).map(|t| t.name.clone());
    // On loopback, where tests run providers, the open network takes precedence over trunks.
    if let Some(name) = registered.filter(|_| !from(&core.plan.open)) {
        return Ok(CallOrigin::Trunk(name));
    }
    if from(&core.plan.open) {
        return Ok(CallOrigin::Open);
    }
    if core.plan.phones.is_empty() {
        return Err(forbidden(core, source));
    }
    authenticated_phone(core, tx, source).map(CallOrigin::Phone)
}

/// The phone whose password the request proves. A wrong password counts against the rate limit of its source.
pub(super) fn authenticated_phone(core: &Core, tx: &Transaction, source: SocketAddr) -> Result<String, Refusal> {
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
    let signed = SignedRequest { method: &method, uri: &uri, body: &tx.original.body };
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
        // Every authenticated request begins with a challenge: it counts as one message, not as a refusal.
        core.count(why);
    }
    Err(challenge(false, why))
}

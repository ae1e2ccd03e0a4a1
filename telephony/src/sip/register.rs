//! REGISTER (RFC 3261 section 10.3): parses the request, applies it to the registrar, and answers.
use super::access::{authenticated_phone, forbidden};
use super::core::{Core, lock};
use super::flow::Flow;
use super::name;
use super::registrar::{self, Register, Wanted, Wants};
use rsipstack::sip::Request;
use rsipstack::sip::headers::make_header;
use rsipstack::sip::prelude::*;
use rsipstack::transaction::transaction::Transaction;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub(super) async fn answer(core: &Arc<Core>, tx: Transaction, flow: &Flow) {
    let source = flow.remote;
    if core.plan.phones.is_empty() {
        return forbidden(core, source).reply(core, tx, source).await;
    }
    let name = match authenticated_phone(core, &tx, source) {
        Ok(name) => name,
        Err(refusal) => return refusal.reply(core, tx, source).await,
    };
    flow.peer.mark_known();
    let request = &tx.original;
    let Some(wanted) = requested_bindings(request) else {
        return core.reply_soon(tx, 400, vec![]).await;
    };
    let call_id = request.call_id_header().map(|id| id.value().to_owned()).unwrap_or_default();
    let cseq = request.cseq_header().and_then(|cseq| cseq.seq()).unwrap_or_default();
    let now = Instant::now();
    let asked = Register { user: &name, source, transport: flow.transport, call_id: &call_id, cseq, wanted };
    let done = lock(&core.registrar).register(now, asked);
    let (status, headers) = match done {
        Ok(bindings) => {
            let left = |at: Instant| at.saturating_duration_since(now).as_secs();
            let one =
                |b: &registrar::Binding| make_header("Contact", format!("<{}>;expires={}", b.contact, left(b.expires)));
            (200, bindings.iter().map(one).collect())
        }
        Err(registrar::Fault::TooBrief) => {
            (423, vec![make_header("Min-Expires", registrar::SHORTEST.as_secs().to_string())])
        }
        Err(registrar::Fault::TooMany) => (403, vec![]),
        Err(registrar::Fault::OutOfOrder) => (500, vec![]),
    };
    core.reply_soon(tx, status, headers).await;
}

/// The bindings that a REGISTER asks for; `None` where it is malformed.
fn requested_bindings(request: &Request) -> Option<Wants> {
    let seconds = |text: &str| text.trim().parse::<u32>().ok().map(|s| Duration::from_secs(s.into()));
    let expires = request.expires_header().map(|header| header.value());
    let whole = expires.and_then(seconds).unwrap_or(Duration::from_secs(3600));
    let mut wanted = Vec::new();
    for header in request.contact_headers() {
        if header.value().trim() == "*" {
            return (expires.map(str::trim) == Some("0")).then_some(Wants::RemoveAll);
        }
        for one in name::list(header.value()) {
            let (_, contact) = name::split(one);
            name::uri(contact)?;
            if contact.contains(['<', '>', '"', ' ']) || wanted.len() == 16 {
                return None;
            }
            let expires = name::param(one, "expires").and_then(seconds).unwrap_or(whole);
            wanted.push(Wanted { contact: contact.to_owned(), expires });
        }
    }
    Some(if wanted.is_empty() { Wants::Query } else { Wants::Contacts(wanted) })
}

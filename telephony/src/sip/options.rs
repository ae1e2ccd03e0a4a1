//! OPTIONS outside a dialog (RFC 3261 section 11.2): answered with the status that an INVITE to the same address would get now.
//! Dispatchers and carriers route calls by it.
use super::access::{authorise, retry_after};
use super::call;
use super::core::{Core, lock};
use super::flow::Flow;
use super::name;
use crate::number::Called;
use crate::ring::Decline;
use rsipstack::sip::Header;
use rsipstack::transaction::transaction::Transaction;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

pub(super) async fn answer(core: &Arc<Core>, tx: Transaction, flow: &Flow) {
    let called = Called::of(&name::written(&tx.original.uri));
    // Without a user part the request asks for the state of the server, which needs no authorisation.
    let whole = called.user().is_empty();
    if !whole {
        if let Err(refusal) = authorise(core, &tx, flow.remote) {
            return refusal.reply(core, tx, flow.remote).await;
        }
        flow.peer.mark_known();
    }
    let (status, headers) = match refusal_of_a_call(core, &called, whole) {
        Ok(()) => (200, call::capabilities()),
        Err(refused) => refused,
    };
    core.reply_soon(tx, status, headers).await;
}

/// Why a call would be refused; with `whole`, why calls in general would be.
fn refusal_of_a_call(core: &Core, called: &Called, whole: bool) -> Result<(), (u16, Vec<Header>)> {
    let limits = &core.plan.limits;
    let later = |status| Err((status, retry_after(limits.retry_after)));
    if core.draining.load(Ordering::Acquire) {
        return later(503);
    }
    if lock(&core.admission).is_full() {
        // A called user is busy; a server that has no room is unavailable.
        return later(if whole { 503 } else { limits.full_status });
    }
    if core.ports.free(Instant::now()) == 0 || core.rings.capacity() == 0 {
        return later(503);
    }
    match core.availability.get().map(|decides| decides(called)) {
        None | Some(Ok(())) => Ok(()),
        Some(Err(Decline::Overloaded(after))) => Err((503, retry_after(after))),
        // That nobody has the empty user part says nothing about the server.
        Some(Err(_)) if whole => Ok(()),
        Some(Err(why)) => Err((why.status(), vec![])),
    }
}

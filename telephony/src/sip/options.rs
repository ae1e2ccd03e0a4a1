//! OPTIONS outside a dialog (RFC 3261 section 11.2): what an INVITE to the same address would get at this moment. Dispatchers
//! and carriers send calls by it.
use super::call;
use super::core::{Core, lock};
use super::flow::Flow;
use super::inbound::{retry_after, right};
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
    // Without a user it is the server that is asked for, and anybody may ask how it is.
    let whole = called.user().is_empty();
    if !whole {
        if let Err(refusal) = right(core, &tx, flow.remote) {
            return refusal.reply(core, tx, flow.remote).await;
        }
        flow.peer.welcome();
    }
    let (status, headers) = match foretell(core, (!whole).then_some(&called)) {
        Ok(()) => (200, call::capabilities()),
        Err(refused) => refused,
    };
    core.reply_soon(tx, status, headers).await;
}

/// What keeps a call from being taken; of the server itself (`None`) what keeps all calls.
fn foretell(core: &Core, called: Option<&Called>) -> Result<(), (u16, Vec<Header>)> {
    let limits = &core.plan.limits;
    let later = |status| Err((status, retry_after(limits.retry_after)));
    if core.draining.load(Ordering::Acquire) {
        return later(503);
    }
    if lock(&core.admission).is_full() {
        // A called user is busy; a server that has no room is unavailable.
        return later(if called.is_some() { limits.full_status } else { 503 });
    }
    if core.ports.free(Instant::now()) == 0 || core.rings.capacity() == 0 {
        return later(503);
    }
    match called.zip(core.forecast.get()).map(|(called, decides)| decides(called)) {
        None | Some(Ok(())) => Ok(()),
        Some(Err(Decline::Overloaded(after))) => Err((503, retry_after(after))),
        Some(Err(why)) => Err((why.status(), vec![])),
    }
}

//! Incoming requests: each goes to its call, or to what answers its method.
use super::access::{Refusal, retry_after, right};
use super::core::{Core, DialogEvent, allow, lock};
use super::dialog::Key;
use super::flow::{Carrier, Flow};
use super::ringing::Ringing;
use super::{gate, options, register, replace};
use rsipstack::sip::Method;
use rsipstack::transaction::transaction::Transaction;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::sync::mpsc;

/// Hands each new transaction to its call, or answers it. Never waits for a peer.
pub(super) async fn route(core: Arc<Core>, mut incoming: mpsc::UnboundedReceiver<Transaction>) {
    loop {
        let tx = tokio::select! {
            tx = incoming.recv() => tx,
            () = core.stop.cancelled() => None,
        };
        let Some(mut tx) = tx else { return };
        let Some(flow) = core.flow_of(&tx) else {
            core.leave_unanswered("stream gone");
            continue;
        };
        if flow.carrier == Carrier::Udp {
            // Where the responses go: read once, not for each of them.
            let to = gate::return_path(&tx.original).map_or(flow.remote, |(_, answers)| answers);
            tx.destination = Some(Flow { remote: to, ..flow.clone() }.destination());
        }
        if let Some(key) = Key::of(&tx.original) {
            within(&core, &key, tx, &flow).await;
            continue;
        }
        match tx.original.method {
            Method::Invite => invite(&core, tx, flow).await,
            Method::Register => register::answer(&core, tx, &flow).await,
            Method::Options => options::answer(&core, tx, &flow).await,
            // Unasked news, such as of a mailbox (RFC 3842 section 4.1), changes nothing here.
            Method::Notify => core.reply_soon(tx, 200, vec![]).await,
            Method::Bye | Method::Info | Method::Update | Method::PRack => core.reply_soon(tx, 481, vec![]).await,
            Method::Ack | Method::Cancel => core.leave_unanswered("no transaction"),
            _ => core.reply_soon(tx, 405, vec![allow()]).await,
        }
    }
}

async fn within(core: &Arc<Core>, key: &Key, tx: Transaction, flow: &Flow) {
    let events = lock(&core.dialogs).get(key).map(|entry| entry.events.clone());
    let Some(events) = events else {
        return match tx.original.method {
            Method::Ack => core.leave_unanswered("stray ACK"),
            _ => core.reply_soon(tx, 481, vec![]).await,
        };
    };
    flow.peer.mark_known();
    match events.try_send(DialogEvent::Request(Box::new(tx))) {
        Ok(()) => {}
        Err(mpsc::error::TrySendError::Full(DialogEvent::Request(tx))) => core.reply_soon(*tx, 500, vec![]).await,
        Err(mpsc::error::TrySendError::Closed(DialogEvent::Request(tx))) => core.reply_soon(*tx, 481, vec![]).await,
        Err(_) => {}
    }
}

async fn invite(core: &Arc<Core>, tx: Transaction, flow: Flow) {
    let source = flow.remote;
    let via = match right(core, &tx, source) {
        Ok(via) => via,
        Err(refusal) => return refusal.reply(core, tx, source).await,
    };
    flow.peer.mark_known();
    match replace::wanted(&tx.original) {
        Ok(None) => {}
        Ok(Some(replaces)) => return replace::hand_over(core, tx, flow, replaces).await,
        Err(replace::Malformed) => {
            core.count("malformed Replaces");
            return core.reply_soon(tx, 400, vec![]).await;
        }
    }
    let full = core.plan.limits.full_status;
    if core.draining.load(Ordering::Acquire) {
        core.count("draining");
        return core.reply_soon(tx, 503, retry_after(core.plan.limits.retry_after)).await;
    }
    let slot = lock(&core.admission).take_call();
    let Some(slot) = slot else {
        core.count("calls");
        return core.reply_soon(tx, full, retry_after(core.plan.limits.retry_after)).await;
    };
    match Ringing::prepare(core, &tx, flow, via, slot) {
        Ok((ringing, ring)) => {
            tokio::spawn(ringing.run(tx, ring));
        }
        Err(Refusal { status, mut headers, why }) => {
            core.count(why);
            if status == 503 {
                headers = retry_after(core.plan.limits.retry_after);
            }
            core.reply_soon(tx, status, headers).await;
        }
    }
}

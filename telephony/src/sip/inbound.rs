//! Incoming requests: dispatches each to its call, or to the module that answers its method.
use super::access::{Refusal, authorise, retry_after};
use super::core::{Core, allow, lock};
use super::dialog::Key;
use super::dialog_event::DialogEvent;
use super::flow::{Flow, SipTransport};
use super::ringing::Ringing;
use super::{gate, options, register, replace};
use rsipstack::sip::Method;
use rsipstack::transaction::transaction::Transaction;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::sync::mpsc;

/// Dispatches each new transaction to its call, or answers it. Never waits for a peer.
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
        if flow.transport == SipTransport::Udp {
            // The destination of the responses, determined once.
            let to = gate::return_path(&tx.original).map_or(flow.remote, |(_, answers)| answers);
            tx.destination = Some(Flow { remote: to, ..flow.clone() }.destination());
        }
        if let Some(key) = Key::of(&tx.original) {
            in_dialog(&core, &key, tx, &flow).await;
            continue;
        }
        match tx.original.method {
            Method::Invite => invite(&core, tx, flow).await,
            Method::Register => register::answer(&core, tx, &flow).await,
            Method::Options => options::answer(&core, tx, &flow).await,
            // Unsolicited NOTIFY, such as of a mailbox (RFC 3842 section 4.1), is accepted and has no effect.
            Method::Notify => core.reply_soon(tx, 200, vec![]).await,
            Method::Bye | Method::Info | Method::Update | Method::PRack => core.reply_soon(tx, 481, vec![]).await,
            Method::Ack | Method::Cancel => core.leave_unanswered("no transaction"),
            _ => core.reply_soon(tx, 405, vec![allow()]).await,
        }
    }
}

async fn in_dialog(core: &Arc<Core>, key: &Key, tx: Transaction, flow: &Flow) {
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
    let via = match authorise(core, &tx, source) {
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

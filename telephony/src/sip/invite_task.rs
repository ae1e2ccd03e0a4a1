//! Drives the server transaction of an INVITE, from its first response to the ACK, in a task of its own: neither the transaction nor
//! the call waits for the other.
use super::core::Core;
use super::dialog_event::DialogEvent;
use super::invite::Invite;
use rsipstack::sip::{Method, SipMessage, StatusCodeKind};
use rsipstack::transaction::transaction::Transaction;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Starts the task of a transaction. Its events go to `events`; the returned [`Invite`] sends the responses. `tag`: the To tag of
/// every response but 100.
pub(super) fn drive(core: &Arc<Core>, mut tx: Transaction, tag: &str, events: mpsc::Sender<DialogEvent>) -> Invite {
    let invite = Invite::new(&tx, tag, &core.endpoint, &core.merged);
    let seq = invite.seq;
    let limit = core.plan.timers.patience() + core.plan.timers.t4 * 2;
    let answered = invite.finished().clone();
    tokio::spawn(async move {
        let mut acked = false;
        // A transaction whose response could not be sent would never end: it is ended here.
        let give_up = async {
            answered.cancelled().await;
            tokio::time::sleep(limit).await;
        };
        tokio::pin!(give_up);
        loop {
            let message = tokio::select! {
                message = tx.receive() => message,
                () = &mut give_up => None,
            };
            let event = match message {
                Some(SipMessage::Request(request)) if request.method == Method::Ack => {
                    acked = true;
                    DialogEvent::Acked { seq, body: request.body }
                }
                Some(SipMessage::Request(request)) if request.method == Method::Cancel => DialogEvent::Cancelled,
                Some(_) => continue,
                None => break,
            };
            events.send(event).await.ok();
        }
        let accepted = tx.last_response.as_ref().is_some_and(|r| r.status_code.kind() == StatusCodeKind::Successful);
        if accepted && !acked {
            events.send(DialogEvent::Unacked { seq }).await.ok();
        }
    });
    invite
}

//! `DialogEvent`: what reaches a dialog from the transaction layer.
use super::flow::Flow;
use super::invite::Invite;
use rsipstack::sip::Request;
use rsipstack::transaction::transaction::Transaction;
use tokio::sync::mpsc;

/// An event of a dialog, for the task of its call.
pub(super) enum DialogEvent {
    /// A request within the dialog.
    Request(Box<Transaction>),
    /// The ACK of INVITE number `seq`, with the answer where we made the offer.
    Acked { seq: u32, body: Vec<u8> },
    /// The ACK of a 2xx did not come within 64*T1.
    Unacked { seq: u32 },
    /// The INVITE is cancelled.
    Cancelled,
    /// The final response to our REFER.
    Referred { status: u16 },
    /// The peer answered a refresh of ours with 481, or not at all.
    Lost,
    /// An INVITE with Replaces that names this dialog.
    Replace(Box<Replacement>),
}

/// An INVITE with Replaces. Dropping it answers 500.
pub(super) struct Replacement {
    pub invite: Invite,
    pub request: Request,
    pub flow: Flow,
    /// Of our side, in its To.
    pub tag: String,
    pub early_only: bool,
    pub events: mpsc::Receiver<DialogEvent>,
    pub events_in: mpsc::Sender<DialogEvent>,
}

impl Replacement {
    /// Refuses to replace an early dialog that the peer initiated (RFC 3891 section 3).
    pub(super) fn refuse_early(self) {
        self.invite.respond(481, vec![], None);
    }

    /// Refuses to replace a dialog that has ended (RFC 3891 section 3).
    pub(super) fn refuse_late(self) {
        self.invite.respond(603, vec![], None);
    }
}

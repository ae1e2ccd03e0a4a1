//! `Leaving`: a dialog that is over on our side: its BYE, and an answer to all that still comes.
use super::core::{Core, DialogEvent, Registered};
use super::dialog::Dialog;
use super::digest::Credentials;
use super::flow::{Carrier, Flow};
use rsipstack::sip::Method;
use rsipstack::sip::headers::make_header;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Whether the far end is still to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bye {
    /// With this text in the Reason header (RFC 3326).
    Due(&'static str),
    /// It has sent its own.
    Received,
}

pub(super) struct Leaving<'a> {
    pub core: &'a Arc<Core>,
    pub dialog: &'a mut Dialog,
    pub events: &'a mut mpsc::Receiver<DialogEvent>,
    pub entry: &'a Registered,
    pub credentials: Option<&'a Credentials>,
    /// An INVITE of theirs whose 2xx is not acknowledged yet.
    pub unacked: Option<u32>,
}

impl Leaving<'_> {
    /// Sends BYE where it is due, and answers what comes until that is answered.
    pub(super) async fn run(mut self, bye: Bye) {
        if let Bye::Due(reason) = bye
            && self.acknowledged().await
        {
            let Self { core, dialog, events, credentials, .. } = &mut self;
            let told = tell(core, dialog, *credentials, reason);
            tokio::pin!(told);
            // A far end that is gone lets a BYE wait for 64*T1; who asks for the dialog meanwhile does not wait with it.
            loop {
                tokio::select! {
                    () = &mut told => break,
                    Some(event) = events.recv() => answer(core, event).await,
                }
            }
        }
        // Nobody finds the dialog from here on; what was already on its way to it is answered.
        self.entry.leave();
        self.events.close();
        while let Some(event) = self.events.recv().await {
            answer(self.core, event).await;
        }
    }

    /// Waits for the ACK, for the callee sends no BYE before it (RFC 3261 section 15); false when their BYE comes instead.
    async fn acknowledged(&mut self) -> bool {
        while let Some(waiting) = self.unacked {
            match self.events.recv().await {
                Some(DialogEvent::Request(tx)) if tx.original.method == Method::Bye => {
                    self.core.reply(*tx, 200, vec![], None).await;
                    return false;
                }
                Some(DialogEvent::Acked { seq, .. } | DialogEvent::Unacked { seq }) if seq == waiting => {
                    self.unacked = None
                }
                Some(event) => answer(self.core, event).await,
                None => self.unacked = None,
            }
        }
        true
    }
}

/// Sends the BYE, with credentials where they are asked for.
async fn tell(core: &Arc<Core>, dialog: &mut Dialog, credentials: Option<&Credentials>, reason: &str) {
    let why = make_header("Reason", format!("SIP;cause=200;text=\"{reason}\""));
    let mut bye = dialog.request(Method::Bye, &core.plan.user_agent);
    bye.headers.push(why);
    let flow = core.flow_within(dialog).await;
    let answer = core.transact(bye.clone(), &flow).await;
    if let Some(who) = credentials
        && matches!(answer.status_code.code(), 401 | 407)
        && let Some(again) = Core::signed(&bye, &answer, who, &flow)
    {
        core.transact(again, &flow).await;
    }
}

async fn answer(core: &Arc<Core>, event: DialogEvent) {
    match event {
        DialogEvent::Request(tx) => core.reply(*tx, 481, vec![], None).await,
        DialogEvent::Replace(replacement) => replacement.refuse_late(),
        DialogEvent::Acked { .. } | DialogEvent::Unacked { .. } | DialogEvent::Cancelled | DialogEvent::Lost => {}
    }
}

impl Core {
    /// The way of the next request within a dialog.
    pub(super) async fn flow_within(self: &Arc<Self>, dialog: &Dialog) -> Flow {
        let flow = &dialog.flow;
        if flow.carrier == Carrier::Tcp && flow.is_open() {
            return flow.clone();
        }
        match self.flow_to(&dialog.next_hop(), flow.carrier).await {
            // A Contact that is not where the peer sends from is behind a NAT: the way it came is the way back.
            Ok(found) if !dialog.is_routed() && found.remote.ip() != flow.remote.ip() => flow.clone(),
            Ok(found) => found,
            Err(_) => flow.clone(),
        }
    }
}

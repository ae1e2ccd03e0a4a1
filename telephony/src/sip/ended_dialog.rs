//! `EndedDialog`: a dialog that this server has ended: sends BYE and answers the requests that still arrive.
use super::core::{Core, Registered};
use super::dialog::Dialog;
use super::dialog_event::DialogEvent;
use super::digest::Credentials;
use rsipstack::sip::Method;
use rsipstack::sip::headers::make_header;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Whether BYE has to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bye {
    /// BYE is sent, with this text in Reason (RFC 3326).
    Due(&'static str),
    /// The far end has sent BYE.
    Received,
}

pub(super) struct EndedDialog<'a> {
    pub core: &'a Arc<Core>,
    pub dialog: &'a mut Dialog,
    pub events: &'a mut mpsc::Receiver<DialogEvent>,
    pub entry: &'a Registered,
    pub credentials: Option<&'a Credentials>,
    /// The CSeq number of an INVITE of the far end whose 2xx is not acknowledged yet.
    pub unacked: Option<u32>,
}

impl EndedDialog<'_> {
    /// Sends BYE where it is due, and answers requests until BYE is answered.
    pub(super) async fn run(mut self, bye: Bye) {
        if let Bye::Due(reason) = bye
            && self.acknowledged().await
        {
            let Self { core, dialog, events, credentials, .. } = &mut self;
            let told = send_bye(core, dialog, *credentials, reason);
            tokio::pin!(told);
            // A BYE to a far end that is gone lasts 64*T1; requests are answered meanwhile.
            loop {
                tokio::select! {
                    () = &mut told => break,
                    Some(event) = events.recv() => answer(core, event).await,
                }
            }
        }
        // From here on the dialog is not in the table; events that are already queued are answered.
        self.entry.leave();
        self.events.close();
        while let Some(event) = self.events.recv().await {
            answer(self.core, event).await;
        }
    }

    /// Waits for the ACK: a callee sends no BYE before it (RFC 3261 section 15). False where the far end sends BYE instead.
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
async fn send_bye(core: &Arc<Core>, dialog: &mut Dialog, credentials: Option<&Credentials>, reason: &str) {
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
        DialogEvent::Referred { .. } => {}
    }
}

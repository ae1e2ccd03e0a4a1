//! INVITE with Replaces (RFC 3891): another far end takes the call over.
use super::{Call, described, timer_of, warning};
use crate::line::{Change, Ended};
use crate::sdp;
use crate::sip::core::Registered;
use crate::sip::dialog::Dialog;
use crate::sip::dialog_event::Replacement;
use crate::sip::ended_dialog::{Bye, EndedDialog};
use crate::sip::name;
use crate::sip::timer::Timer;
use rsipstack::sip::prelude::*;
use std::time::Instant;
use tracing::debug;

impl Call {
    /// Continues the call with another far end; the former one is sent BYE. A fault changes nothing.
    pub(in crate::sip) async fn replace(&mut self, replacement: Replacement) -> Option<Ended> {
        if self.unacked.is_some() && !replacement.early_only && self.successor.is_none() {
            replacement.invite.respond(100, vec![], None);
            self.successor = Some(Box::new(replacement));
            return None;
        }
        let Replacement { invite, request, flow, tag, early_only, events, events_in } = replacement;
        let refuse = |status, headers| {
            invite.respond(status, headers, None);
            None
        };
        if early_only {
            // RFC 3891 section 3: `early-only` does not match a confirmed dialog.
            return refuse(486, vec![]);
        }
        if self.unacked.is_some() {
            // Another INVITE with Replaces waits already.
            return refuse(491, vec![]);
        }
        let (contact, peer) = (flow.contact("switchboard"), flow.remote.ip());
        let Some(dialog) = Dialog::answering(&request, &tag, contact, flow) else { return refuse(400, vec![]) };
        let (agreed, mut headers) = match timer_of(&request, dialog.allows_update) {
            Ok(agreed) => agreed,
            Err(headers) => return refuse(422, headers),
        };
        let mut session = self.media.session.for_another();
        session.signalled_from(peer);
        let negotiated = if request.body.is_empty() {
            None
        } else {
            match sdp::Offer::parse(&request.body).and_then(|offer| session.answer(&offer)) {
                Ok(negotiated) => Some(negotiated),
                Err(fault) => return refuse(fault.status(), vec![warning(&fault)]),
            }
        };
        debug!(call = self.id, "another dialog takes the place of this call's");
        headers.extend(described(&dialog.contact));
        let text = negotiated.as_ref().map_or_else(|| session.offer(), |negotiated| negotiated.text.clone());
        let entry = Registered::new(&self.core, &dialog.key, events_in.clone());
        let (mut old, old_entry) =
            (std::mem::replace(&mut self.dialog, dialog), std::mem::replace(&mut self.entry, entry));
        let mut old_events = std::mem::replace(&mut self.events, events);
        let (core, credentials) = (self.core.clone(), self.credentials.take());
        self.events_in = events_in;
        self.media.session = session;
        self.timer = Timer::default();
        self.timer.refreshed(Instant::now(), agreed);
        self.unacked = Some((invite.seq, negotiated.is_none()));
        invite.respond(200, headers, Some(text));
        tokio::spawn(async move {
            let credentials = credentials.as_ref();
            let (events, entry) = (&mut old_events, &old_entry);
            let ended = EndedDialog { core: &core, dialog: &mut old, events, entry, credentials, unacked: None };
            ended.run(Bye::Due("replaced")).await;
        });
        let from = request.from_header().map(|from| name::party(from.value())).unwrap_or_default();
        let told = self.tell(Change::Replaced(from));
        told.or(negotiated.and_then(|negotiated| self.settle(negotiated)))
    }
}

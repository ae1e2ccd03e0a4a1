//! Calls that take the place of another (RFC 3891): a colleague who was asked first hands the caller on, a call is picked up
//! on another phone. The bot's line goes on: what changes is the far end.
use super::call::{self, Call, EVENTS};
use super::core::{Core, DialogEvent, Registered, lock};
use super::dialog::{Dialog, Key};
use super::flow::Flow;
use super::invite::Invite;
use super::leave::{Bye, Leaving};
use super::name;
use super::timer::Timer;
use crate::line::{Change, Ended};
use crate::sdp;
use rsipstack::sip::Request;
use rsipstack::sip::prelude::*;
use rsipstack::transaction::transaction::Transaction;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::mpsc;
use tracing::debug;

/// What a Replaces header names.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Replaces {
    key: Key,
    early_only: bool,
}

/// A Replaces header that cannot be read, or two of them.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Malformed;

/// An INVITE that wants a dialog's place. It is answered with 500 where nobody does.
pub(super) struct Replacement {
    pub invite: Invite,
    request: Request,
    flow: Flow,
    tag: String,
    early_only: bool,
    events: mpsc::Receiver<DialogEvent>,
    events_in: mpsc::Sender<DialogEvent>,
}

/// The dialog that `request` wants to replace, by our side's tags.
pub(super) fn wanted(request: &Request) -> Result<Option<Replaces>, Malformed> {
    let mut all = request.headers.iter().filter(|header| header.name().eq_ignore_ascii_case("Replaces"));
    let Some(header) = all.next() else { return Ok(None) };
    if all.next().is_some() {
        return Err(Malformed);
    }
    parse(header.value()).map(Some)
}

fn parse(value: &str) -> Result<Replaces, Malformed> {
    let mut parts = value.split(';').map(str::trim);
    let call_id = parts.next().unwrap_or_default().to_owned();
    let (mut to, mut from, mut early_only) = (None, None, false);
    for part in parts {
        let (name, value) = part.split_once('=').map_or((part, ""), |(name, value)| (name.trim(), value.trim()));
        let slot = match name.to_ascii_lowercase().as_str() {
            "to-tag" => &mut to,
            "from-tag" => &mut from,
            "early-only" => {
                early_only = true;
                continue;
            }
            _ => continue,
        };
        if value.is_empty() || slot.replace(value.to_owned()).is_some() {
            return Err(Malformed);
        }
    }
    match (to, from) {
        (Some(local_tag), Some(remote_tag)) if !call_id.is_empty() => {
            Ok(Replaces { key: Key { call_id, local_tag, remote_tag }, early_only })
        }
        _ => Err(Malformed),
    }
}

/// Hands an INVITE from somebody who may call to the dialog whose place it wants. It takes no room of its own: the call is
/// the same.
pub(super) async fn hand_over(core: &Arc<Core>, tx: Transaction, flow: Flow, replaces: Replaces) {
    let target = lock(&core.dialogs).get(&replaces.key).map(|entry| entry.events.clone());
    let Some(target) = target else {
        core.count("replaces nothing");
        return core.reply_soon(tx, 481, vec![]).await;
    };
    let (request, tag) = (tx.original.clone(), rsipstack::transaction::random_text(12));
    let (events_in, events) = mpsc::channel(EVENTS);
    let invite = Invite::drive(core, tx, &tag, events_in.clone());
    let early_only = replaces.early_only;
    let replacement = Box::new(Replacement { invite, request, flow, tag, early_only, events, events_in });
    match target.try_send(DialogEvent::Replace(replacement)) {
        Ok(()) => {}
        // Busy: the peer may try again. Closed: the dialog has just ended.
        Err(mpsc::error::TrySendError::Full(DialogEvent::Replace(refused))) => {
            refused.invite.respond(500, vec![], None)
        }
        Err(mpsc::error::TrySendError::Closed(DialogEvent::Replace(refused))) => {
            refused.invite.respond(481, vec![], None)
        }
        Err(_) => {}
    }
}

impl Replacement {
    /// A ringing call of theirs has no place to take (RFC 3891 section 3).
    pub(super) fn refuse_early(self) {
        self.invite.respond(481, vec![], None);
    }

    /// The call is over (RFC 3891 section 3).
    pub(super) fn refuse_late(self) {
        self.invite.respond(603, vec![], None);
    }
}

impl Call {
    /// Goes on with another far end; the one before gets BYE. A fault leaves the call as it was.
    pub(super) async fn replace(&mut self, replacement: Replacement) -> Option<Ended> {
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
            // RFC 3891 section 3: the call it was meant for is answered.
            return refuse(486, vec![]);
        }
        if self.unacked.is_some() {
            // Another one waits already.
            return refuse(491, vec![]);
        }
        let (contact, peer) = (flow.contact("switchboard"), flow.remote.ip());
        let Some(dialog) = Dialog::answering(&request, &tag, contact, flow) else { return refuse(400, vec![]) };
        let (agreed, mut headers) = match call::timer_of(&request, dialog.allows_update) {
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
                Err(fault) => return refuse(fault.status(), vec![call::warning(&fault)]),
            }
        };
        debug!(call = self.id, "another dialog takes the place of this call's");
        headers.extend(call::described(&dialog.contact));
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
            let leaving = Leaving { core: &core, dialog: &mut old, events, entry, credentials, unacked: None };
            leaving.run(Bye::Due("replaced")).await;
        });
        let from = request.from_header().map(|from| name::party(from.value())).unwrap_or_default();
        let told = self.tell(Change::Replaced(from));
        told.or(negotiated.and_then(|negotiated| self.settle(negotiated)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dialog_is_named_by_its_call_id_and_both_tags() {
        let key = |call_id: &str, to: &str, from: &str| Key {
            call_id: call_id.into(),
            local_tag: to.into(),
            remote_tag: from.into(),
        };
        assert_eq!(
            parse("98732@sip.example.com;from-tag=r33th4x0r ; To-Tag=ff87ff"),
            Ok(Replaces { key: key("98732@sip.example.com", "ff87ff", "r33th4x0r"), early_only: false })
        );
        assert_eq!(
            parse("12adf2f34456gs5;to-tag=12345;from-tag=54321;early-only;x=y"),
            Ok(Replaces { key: key("12adf2f34456gs5", "12345", "54321"), early_only: true })
        );
        for wrong in [
            "",
            "a",
            "a;to-tag=1",
            "a;from-tag=1",
            ";to-tag=1;from-tag=2",
            "a;to-tag=1;to-tag=2;from-tag=3",
            "a;to-tag=;from-tag=2",
        ] {
            assert_eq!(parse(wrong), Err(Malformed), "{wrong}");
        }
    }
}

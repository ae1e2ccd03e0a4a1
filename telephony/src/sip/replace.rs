//! INVITE with Replaces (RFC 3891): attended transfer, or pickup on another phone. The line of the replaced call goes on with another far
//! end.
use super::call::EVENTS;
use super::core::{Core, lock};
use super::dialog::Key;
use super::dialog_event::{DialogEvent, Replacement};
use super::flow::Flow;
use super::invite_task;
use rsipstack::sip::Request;
use rsipstack::transaction::transaction::Transaction;
use std::sync::Arc;
use tokio::sync::mpsc;

/// The dialog that a Replaces header names.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Replaces {
    key: Key,
    early_only: bool,
}

/// A malformed Replaces header, or two of them.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Malformed;

/// The dialog that `request` is to replace, with tags as seen from our side.
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

/// Passes an authorised INVITE to the dialog that it replaces. It takes no call slot of its own.
pub(super) async fn hand_over(core: &Arc<Core>, tx: Transaction, flow: Flow, replaces: Replaces) {
    let target = lock(&core.dialogs).get(&replaces.key).map(|entry| entry.events.clone());
    let Some(target) = target else {
        core.count("replaces nothing");
        return core.reply_soon(tx, 481, vec![]).await;
    };
    let (request, tag) = (tx.original.clone(), rsipstack::transaction::random_text(12));
    let (events_in, events) = mpsc::channel(EVENTS);
    let invite = invite_task::drive(core, tx, &tag, events_in.clone());
    let early_only = replaces.early_only;
    let replacement = Box::new(Replacement { invite, request, flow, tag, early_only, events, events_in });
    match target.try_send(DialogEvent::Replace(replacement)) {
        Ok(()) => {}
        // Full: the peer may try again. Closed: the dialog has just ended.
        Err(mpsc::error::TrySendError::Full(DialogEvent::Replace(refused))) => {
            refused.invite.respond(500, vec![], None)
        }
        Err(mpsc::error::TrySendError::Closed(DialogEvent::Replace(refused))) => {
            refused.invite.respond(481, vec![], None)
        }
        Err(_) => {}
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

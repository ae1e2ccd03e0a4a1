//! `Invite`: the server transaction of an INVITE, from its first response to the ACK.
use super::core::{Core, DialogEvent, lock};
use rsipstack::sip::prelude::*;
use rsipstack::sip::{Header, Method, Request, SipMessage, StatusCode, StatusCodeKind};
use rsipstack::transaction::transaction::{Transaction, TransactionEvent, TransactionEventSender};
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Driven in a task of its own so that it never waits for the call nor the call for it.
pub(super) struct Invite {
    pub request: Request,
    pub seq: u32,
    respond: TransactionEventSender,
    core: Arc<Core>,
    finished: CancellationToken,
}

impl Invite {
    /// `tag` goes into To of every response but 100. Of the request only what responses repeat is kept.
    pub(super) fn drive(core: &Arc<Core>, mut tx: Transaction, tag: &str, events: mpsc::Sender<DialogEvent>) -> Self {
        let seq = tx.original.cseq_header().and_then(|cseq| cseq.seq()).unwrap_or_default();
        let mut request = stub(&tx.original);
        if let Ok(to) = request.to_header_mut()
            && to.tag().is_ok_and(|tag| tag.is_none())
        {
            to.replace(format!("{};tag={tag}", to.value()));
        }
        let (respond, finished) = (tx.tu_sender.clone(), CancellationToken::new());
        let limit = core.plan.timers.patience() + core.plan.timers.t4 * 2;
        let answered = finished.clone();
        tokio::spawn(async move {
            let mut acked = false;
            // A response that could not be sent leaves the transaction waiting for ever: it is ended then.
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
            let accepted =
                tx.last_response.as_ref().is_some_and(|r| r.status_code.kind() == StatusCodeKind::Successful);
            if accepted && !acked {
                events.send(DialogEvent::Unacked { seq }).await.ok();
            }
        });
        Self { request, seq, respond, core: core.clone(), finished }
    }

    pub(super) fn respond(&self, status: u16, headers: Vec<Header>, body: Option<String>) {
        if status >= 300 {
            lock(&self.core.merged).forget(&self.request);
        }
        let body = body.map(String::into_bytes);
        let mut response = self.core.endpoint.make_response(&self.request, StatusCode::from(status), body);
        if (101..300).contains(&status) {
            let routes = self.request.headers.iter().filter(|header| matches!(header, Header::RecordRoute(_)));
            response.headers.extend(routes.cloned().collect());
        }
        response.headers.extend(headers);
        self.respond.send(TransactionEvent::Respond(response)).ok();
        if status >= 200 {
            self.finished.cancel();
        }
    }
}

/// The headers of a request that go into its responses (RFC 3261 sections 8.2.6.2 and 12.1.1).
fn stub(request: &Request) -> Request {
    let repeated = |header: &&Header| {
        matches!(
            header,
            Header::Via(_)
                | Header::From(_)
                | Header::To(_)
                | Header::CallId(_)
                | Header::CSeq(_)
                | Header::RecordRoute(_)
        )
    };
    let headers: Vec<Header> = request.headers.iter().filter(repeated).cloned().collect();
    Request {
        method: request.method,
        uri: request.uri.clone(),
        version: request.version,
        headers: headers.into(),
        body: vec![],
    }
}

impl Drop for Invite {
    /// An INVITE is always answered.
    fn drop(&mut self) {
        if !self.finished.is_cancelled() {
            self.respond(500, vec![], None);
        }
    }
}

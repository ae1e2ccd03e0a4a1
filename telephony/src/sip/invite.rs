//! `Invite`: the server side of an INVITE. It sends the responses; dropping it answers 500.
use super::lock::lock;
use super::merged::Merged;
use rsipstack::sip::prelude::*;
use rsipstack::sip::{Header, Request, StatusCode};
use rsipstack::transaction::endpoint::EndpointInnerRef;
use rsipstack::transaction::transaction::{Transaction, TransactionEvent, TransactionEventSender};
use std::sync::{Arc, Mutex};
use tokio_util::sync::CancellationToken;

/// Sends the responses to an INVITE through the task that drives its transaction ([`super::invite_task`]).
pub(super) struct Invite {
    pub request: Request,
    pub seq: u32,
    respond: TransactionEventSender,
    endpoint: EndpointInnerRef,
    merged: Arc<Mutex<Merged>>,
    finished: CancellationToken,
}

impl Invite {
    /// `tag`: the To tag of every response but 100. Only the header fields that responses repeat are kept of the request.
    pub(super) fn new(tx: &Transaction, tag: &str, endpoint: &EndpointInnerRef, merged: &Arc<Mutex<Merged>>) -> Self {
        let seq = tx.original.cseq_header().and_then(|cseq| cseq.seq()).unwrap_or_default();
        let mut request = with_response_fields(&tx.original);
        if let Ok(to) = request.to_header_mut()
            && to.tag().is_ok_and(|tag| tag.is_none())
        {
            to.replace(format!("{};tag={tag}", to.value()));
        }
        let (respond, endpoint, merged) = (tx.tu_sender.clone(), endpoint.clone(), merged.clone());
        Self { request, seq, respond, endpoint, merged, finished: CancellationToken::new() }
    }

    /// Cancelled when the final response is sent.
    pub(super) const fn finished(&self) -> &CancellationToken {
        &self.finished
    }

    pub(super) fn respond(&self, status: u16, headers: Vec<Header>, body: Option<String>) {
        if status >= 300 {
            lock(&self.merged).forget(&self.request);
        }
        let body = body.map(String::into_bytes);
        let mut response = self.endpoint.make_response(&self.request, StatusCode::from(status), body);
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

/// The header fields of a request that its responses repeat (RFC 3261 sections 8.2.6.2 and 12.1.1).
fn with_response_fields(request: &Request) -> Request {
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

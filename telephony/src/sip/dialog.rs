//! `Dialog`: the dialog state (RFC 3261 section 12), and the requests that are made from it.
use super::flow::Flow;
use super::name;
use rsipstack::sip::headers::make_header;
use rsipstack::sip::prelude::*;
use rsipstack::sip::{Header, Method, Request, Response, Uri, Version};
use std::fmt;

/// The dialog ID, from our side.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub call_id: String,
    pub local_tag: String,
    pub remote_tag: String,
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({}/{})", self.local_tag, self.remote_tag)
    }
}

impl Key {
    /// The dialog a request belongs to; `None` without a To tag.
    pub(super) fn of(request: &Request) -> Option<Self> {
        let local_tag = name::tag(request.to_header().ok()?.value())?.to_owned();
        let remote_tag = name::tag(request.from_header().ok()?.value())?.to_owned();
        Some(Self { call_id: request.call_id_header().ok()?.value().to_owned(), local_tag, remote_tag })
    }

    /// The dialog a response to a request of ours belongs to.
    pub(super) fn of_response(response: &Response) -> Option<Self> {
        let local_tag = name::tag(response.from_header().ok()?.value())?.to_owned();
        let remote_tag = name::tag(response.to_header().ok()?.value())?.to_owned();
        Some(Self { call_id: response.call_id_header().ok()?.value().to_owned(), local_tag, remote_tag })
    }
}

pub(super) struct Dialog {
    pub key: Key,
    /// From value of our requests, tag included.
    local: String,
    /// To value of our requests, tag included.
    remote: String,
    local_seq: u32,
    pub remote_seq: u32,
    /// The peer's Contact: where requests within the dialog go.
    target: Uri,
    /// Record-Route values in the order in which they become Route.
    routes: Vec<String>,
    pub contact: String,
    pub flow: Flow,
    /// UPDATE stands in the peer's Allow.
    pub allows_update: bool,
}

impl Dialog {
    /// The dialog of an INVITE that is answered with `tag`; `None` where its Contact cannot be used.
    pub(super) fn answering(invite: &Request, tag: &str, contact: String, flow: Flow) -> Option<Self> {
        let remote = invite.from_header().ok()?;
        let key = Key {
            call_id: invite.call_id_header().ok()?.value().to_owned(),
            local_tag: tag.to_owned(),
            remote_tag: name::tag(remote.value())?.to_owned(),
        };
        Some(Self {
            key,
            local: format!("{};tag={tag}", invite.to_header().ok()?.value()),
            remote: remote.value().to_owned(),
            local_seq: 0,
            remote_seq: invite.cseq_header().ok()?.seq().ok()?,
            target: target(invite)?,
            routes: record_routes(invite),
            contact,
            flow,
            allows_update: allows(invite, "UPDATE"),
        })
    }

    /// The dialog of a 2xx to our INVITE.
    pub(super) fn answered(invite: &Request, response: &Response, contact: String, flow: Flow) -> Option<Self> {
        let mut routes = record_routes(response);
        routes.reverse();
        Some(Self {
            key: Key::of_response(response)?,
            local: invite.from_header().ok()?.value().to_owned(),
            remote: response.to_header().ok()?.value().to_owned(),
            local_seq: invite.cseq_header().ok()?.seq().ok()?,
            remote_seq: 0,
            target: target(response).or_else(|| Some(invite.uri.clone()))?,
            routes,
            contact,
            flow,
            allows_update: allows(response, "UPDATE"),
        })
    }

    /// Takes the remote target from a target refresh request or its response (re-INVITE, UPDATE).
    pub(super) fn refresh(&mut self, message: &impl HeadersExt, flow: Option<Flow>) {
        if let Some(target) = target(message) {
            self.target = target;
        }
        if let Some(flow) = flow {
            self.flow = flow;
        }
    }

    /// The next request within the dialog.
    pub(super) fn request(&mut self, method: Method, user_agent: &str) -> Request {
        self.local_seq += 1;
        self.build(method, self.local_seq, user_agent)
    }

    /// Leaves a CSeq number to the last request, which may be sent again with credentials.
    pub(super) fn skip_number(&mut self) {
        self.local_seq += 1;
    }

    /// The ACK of a 2xx to our INVITE number `seq` (RFC 3261 section 13.2.2.4).
    pub(super) fn ack(&self, seq: u32, user_agent: &str) -> Request {
        self.build(Method::Ack, seq, user_agent)
    }

    fn build(&self, method: Method, seq: u32, user_agent: &str) -> Request {
        let mut headers = vec![
            make_header("Via", self.flow.via()),
            make_header("Max-Forwards", "70".into()),
            make_header("From", self.local.clone()),
            make_header("To", self.remote.clone()),
            make_header("Call-ID", self.key.call_id.clone()),
            make_header("CSeq", format!("{seq} {method}")),
        ];
        headers.extend(self.routes.iter().map(|route| make_header("Route", route.clone())));
        if matches!(method, Method::Invite | Method::Update | Method::Refer) {
            headers.push(make_header("Contact", self.contact.clone()));
        }
        headers.push(make_header("User-Agent", user_agent.to_owned()));
        headers.push(make_header("Content-Length", "0".into()));
        Request { method, uri: self.target.clone(), version: Version::V2, headers: headers.into(), body: vec![] }
    }

    /// The URI of our Contact.
    pub(super) fn contact_uri(&self) -> &str {
        name::split(&self.contact).1
    }

    /// The next hop of requests: the first route, else the peer's Contact.
    pub(super) fn next_hop(&self) -> Uri {
        let first = self.routes.first().and_then(|route| name::uri(name::split(route).1));
        first.unwrap_or_else(|| self.target.clone())
    }

    /// Whether the dialog has a route set.
    pub(super) fn is_routed(&self) -> bool {
        !self.routes.is_empty()
    }
}

fn target(message: &impl HeadersExt) -> Option<Uri> {
    let value = message.contact_header().ok()?.value();
    let first = super::gate::first_of_list(value);
    let mut uri = name::uri(name::split(first).1)?;
    uri.headers.clear();
    Some(uri)
}

fn record_routes(message: &impl HeadersExt) -> Vec<String> {
    let headers = message.record_route_headers();
    let uris = headers.iter().flat_map(|header| name::list(header.value())).map(|one| name::split(one).1);
    uris.map(|uri| format!("<{uri}>")).collect()
}

/// Whether `token` stands in the Allow header.
fn allows(message: &impl HeadersExt, token: &str) -> bool {
    message.headers().iter().any(|header| match header {
        Header::Allow(allow) => allow.value().split(',').any(|item| item.trim().eq_ignore_ascii_case(token)),
        _ => false,
    })
}

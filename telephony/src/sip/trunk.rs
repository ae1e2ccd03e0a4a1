//! The registrations of trunks: REGISTER to each provider, repeated before it expires (RFC 3261 section 10.2).
use super::core::{Core, lock};
use super::flow::Flow;
use super::name;
use super::plan::Registration;
use super::trunk_state::RegistrationState;
use rsipstack::sip::headers::make_header;
use rsipstack::sip::prelude::*;
use rsipstack::sip::{Header, Method, Request, Response, Version};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;
use tracing::{info, warn};

const FIRST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// Registers one trunk and repeats that until the server stops.
pub(super) async fn keep_registered(core: Arc<Core>, at: usize, registration: Registration) {
    let mut client = Client::new(&core, registration);
    let mut pause = FIRST_PAUSE;
    loop {
        let outcome = tokio::select! {
            outcome = client.register(client.registration.expires) => outcome,
            () = core.ending.cancelled() => break,
        };
        let wait = match outcome {
            Ok((granted, registrar)) => {
                set_registration(&core, at, RegistrationState::Registered, Some(registrar));
                pause = FIRST_PAUSE;
                // Early enough for a second attempt before the registration expires.
                granted.mul_f32(0.8).max(Duration::from_secs(1))
            }
            Err(status) => {
                set_registration(&core, at, RegistrationState::Refused(status), None);
                let wait = pause;
                pause = (pause * 2).min(LONGEST_PAUSE);
                wait
            }
        };
        tokio::select! {
            () = sleep(wait) => {}
            () = core.ending.cancelled() => break,
        }
    }
}

/// Removes all registrations (Expires: 0). Called at shutdown, before the sockets close.
pub(super) async fn unregister_all(core: &Arc<Core>) {
    let registered =
        |at: usize| lock(&core.trunks).get(at).is_some_and(|t| t.registration == RegistrationState::Registered);
    for (at, trunk) in core.plan.trunks.iter().enumerate() {
        if let Some(registration) = trunk.registration.clone().filter(|_| registered(at)) {
            let mut client = Client::new(core, registration);
            tokio::time::timeout(Duration::from_secs(2), client.register(Duration::ZERO)).await.ok();
            set_registration(core, at, RegistrationState::Trying, None);
        }
    }
}

fn set_registration(core: &Core, at: usize, registration: RegistrationState, registrar: Option<SocketAddr>) {
    if let Some(state) = lock(&core.trunks).get_mut(at) {
        if state.registration != registration {
            match &registration {
                RegistrationState::Refused(status) => {
                    warn!(
                        trunk = state.name,
                        status, "the provider refuses the registration: check user, password, registrar"
                    );
                }
                registration => info!(trunk = state.name, ?registration, "trunk"),
            }
        }
        state.registration = registration;
        state.registrar = registrar;
    }
}

/// The client side of one trunk's registration.
struct Client {
    core: Arc<Core>,
    registration: Registration,
    call_id: String,
    tag: String,
    seq: u32,
}

impl Client {
    fn new(core: &Arc<Core>, registration: Registration) -> Self {
        let random = rsipstack::transaction::random_text;
        Self { core: core.clone(), registration, call_id: random(24), tag: random(12), seq: 0 }
    }

    /// One REGISTER, repeated with credentials or a longer interval where the registrar asks for them. Returns the interval granted
    /// and the registrar's address, or the status of the refusal.
    async fn register(&mut self, mut expires: Duration) -> Result<(Duration, SocketAddr), u16> {
        let uri = name::uri(&self.registration.registrar).filter(|uri| uri.scheme.is_some()).ok_or(400u16)?;
        let proxy = self.registration.outbound_proxy.as_deref().and_then(name::uri);
        let flow =
            self.core.flow_to(proxy.as_ref().unwrap_or(&uri), self.registration.transport).await.map_err(|_| 503u16)?;
        let record = format!("<sip:{}@{}>", self.registration.user, uri.host_with_port.host);
        let mut request = self.request(&uri, &record, &flow, expires);
        if let Some(proxy) = &proxy {
            request.headers.push(make_header("Route", format!("<{proxy};lr>")));
        }
        for _ in 0..4 {
            let response = self.core.transact(request.clone(), &flow).await;
            match response.status_code.code() {
                200..=299 => return Ok((self.granted_interval(&response, &flow).unwrap_or(expires), flow.remote)),
                401 | 407 => {
                    let again = Core::signed(&request, &response, &self.registration.credentials, &flow);
                    request = again.ok_or(response.status_code.code())?;
                    self.seq = request.cseq_header().and_then(|cseq| cseq.seq()).unwrap_or(self.seq);
                }
                423 => {
                    let least = response.min_expires_header().and_then(|h| h.value().trim().parse::<u32>().ok());
                    let least = Duration::from_secs(least.ok_or(423u16)?.into());
                    if least <= expires {
                        return Err(423);
                    }
                    expires = least;
                    let fresh = self.request(&uri, &record, &flow, expires);
                    request.headers = fresh.headers;
                }
                status => return Err(status),
            }
        }
        Err(401)
    }

    fn request(&mut self, uri: &rsipstack::sip::Uri, record: &str, flow: &Flow, expires: Duration) -> Request {
        self.seq += 1;
        let headers = vec![
            make_header("Via", flow.via()),
            make_header("Max-Forwards", "70".into()),
            make_header("From", format!("{record};tag={}", self.tag)),
            make_header("To", record.to_owned()),
            make_header("Call-ID", self.call_id.clone()),
            make_header("CSeq", format!("{} REGISTER", self.seq)),
            make_header("Contact", flow.contact(&self.registration.user)),
            make_header("Expires", expires.as_secs().to_string()),
            make_header("User-Agent", self.core.plan.user_agent.clone()),
        ];
        Request {
            method: Method::Register,
            uri: uri.clone(),
            version: Version::V2,
            headers: headers.into(),
            body: vec![],
        }
    }

    /// The interval granted: the `expires` parameter of our own Contact in the response, else its Expires.
    fn granted_interval(&self, response: &Response, flow: &Flow) -> Option<Duration> {
        let ours = flow.contact(&self.registration.user);
        let ours = name::split(&ours).1;
        let own = response.headers.iter().filter_map(|header| match header {
            Header::Contact(contact) => Some(contact.value()),
            _ => None,
        });
        let own = own.flat_map(name::list).find(|one| one.contains(ours)).and_then(|one| name::param(one, "expires"));
        let text = own.or(response.expires_header().map(|header| header.value()))?;
        text.trim().parse::<u32>().ok().map(|seconds| Duration::from_secs(seconds.into()))
    }
}

//! `Calls`: all calls of the server, and the answering of those that ring.
use super::agents::Agents;
use super::assemble::{AnsweredLine, Assembly, CallInfo};
use super::dial_in::{DialIns, code_of};
use super::end::{Blame, End, Reason};
use super::peers::PagePeers;
use super::people::People;
use super::registry::{EarlyOrders, Order, Registered, Registry};
use super::resources::Resources;
use super::route::{NoRoute, Router};
use super::seats::SeatTable;
use crate::store::{Direction, Store};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use telephony::sip::Sip;
use telephony::webrtc::WebRtc;
use telephony::{CallOrigin, Decline, Ring};
use tokio::sync::mpsc;

/// All calls of the server. Cheap to clone.
#[derive(Clone)]
pub struct Calls(pub(super) Arc<Shared>);

pub(super) struct Shared {
    pub(super) assembly: Assembly,
    pub(super) router: Router,
    pub(super) registry: Registry,
    pub(super) sip: OnceLock<Arc<Sip>>,
    pub(super) web: OnceLock<WebRtc>,
    pub(super) peers: PagePeers,
    pub(super) seats: SeatTable,
    pub(super) dial_ins: DialIns,
    people: People,
    pub(super) agents: Agents,
}

impl Calls {
    pub fn new(resources: Resources) -> Self {
        let registry = Registry::new(resources.store.clone());
        let agents = Agents::new(registry.clone());
        let people = People::new(resources.config.clone(), registry.clone(), agents.clone());
        Self(Arc::new(Shared {
            router: Router::new(&resources, registry.clone()),
            assembly: Assembly::new(resources, people.clone()),
            registry,
            sip: OnceLock::new(),
            web: OnceLock::new(),
            peers: PagePeers::default(),
            seats: SeatTable::default(),
            dial_ins: DialIns::default(),
            people,
            agents,
        }))
    }

    /// Connects the SIP stack: calls can be placed, and OPTIONS is answered with what an INVITE would be answered with.
    pub fn connect(&self, sip: Arc<Sip>) {
        let calls = Arc::downgrade(&self.0);
        sip.answer_options_by(move |called| {
            let calls = calls.upgrade().ok_or(Decline::Overloaded(Duration::from_secs(30)))?;
            calls.router.availability(called)
        });
        self.0.people.connect(sip.clone());
        self.0.sip.set(sip).ok();
    }

    /// Connects the WebRTC stack: calls from pages can be answered.
    pub fn connect_web(&self, web: WebRtc) {
        self.0.web.set(web).ok();
    }

    /// Answers calls until the SIP stack stops. Each call is a task of its own.
    pub async fn receive(self, mut rings: mpsc::Receiver<Ring>) {
        while let Some(ring) = rings.recv().await {
            tokio::spawn(self.clone().answer(ring));
        }
    }

    /// No new calls from now on; returns when the live ones have ended, or have been ended at `limit`.
    pub async fn drain(&self, limit: Duration) {
        self.0.registry.close();
        if let Some(sip) = self.0.sip.get() {
            sip.drain();
        }
        if let Some(web) = self.0.web.get() {
            web.drain();
        }
        self.0.registry.drain(limit).await;
    }

    /// Ends the live calls of a drain now, with BYE or a message to the page.
    pub fn end_now(&self) {
        self.0.registry.end_now();
    }

    /// Calls in progress, ringing ones included.
    pub fn count(&self) -> usize {
        self.0.registry.count()
    }

    pub(super) fn resources(&self) -> &Resources {
        &self.0.assembly.resources
    }

    /// Begins a call's record and adds it to the live ones.
    pub(super) fn register(&self, info: &CallInfo) -> (Registered, mpsc::Receiver<Order>) {
        self.0.assembly.begin_record(info);
        self.0.registry.add(&info.id)
    }

    async fn answer(self, mut ring: Ring) {
        let dial_in = self.resources().config.supervisor_dial_in.as_deref();
        if let Some(code) = dial_in.and_then(|user| code_of(user, ring.called.user())) {
            let code = code.to_owned();
            return self.0.dial_ins.take(&code, ring).await;
        }
        let route = match self.0.router.route(&ring.called) {
            Ok(route) => route,
            Err(why) => {
                self.count_refusal(&why);
                return ring.decline(Decline::from(&why)).await;
            }
        };
        let info = CallInfo {
            id: Store::new_id(),
            direction: Direction::Inbound,
            via: match &ring.origin {
                CallOrigin::Phone(name) => format!("phone {name}"),
                CallOrigin::Trunk(name) => format!("trunk {name}"),
                CallOrigin::Open => "open".into(),
            },
            from: ring.from.uri(),
            to: ring.to.uri(),
            headers: ring.headers.clone(),
            route,
        };
        let assembly = &self.0.assembly;
        let (_registered, orders) = self.register(&info);
        let delay: Duration = self.resources().config.call.answer_delay_ms.into();
        if !delay.is_zero() {
            ring.ringing().await;
            let cancelled = End::new(Blame::RemoteParty, Reason::Cancelled);
            tokio::select! {
                () = tokio::time::sleep(delay) => {}
                () = ring.cancelled() => return assembly.end_record(&info.id, cancelled),
            }
        }
        match ring.answer().await {
            Ok(line) => {
                let orders = EarlyOrders::new(orders);
                assembly.run(&info, AnsweredLine { line, orders, page: None }).await;
            }
            Err(refused) => {
                let reason = if refused.status == 487 { Reason::Cancelled } else { Reason::NotAnswered };
                assembly.end_record(&info.id, reason.into());
            }
        }
    }

    /// Logs or counts a call that no bot answers.
    fn count_refusal(&self, why: &NoRoute) {
        match why {
            NoRoute::Draining => {}
            NoRoute::Busy => self.0.router.count_busy(),
            NoRoute::Unknown => tracing::info!("a call to a user that no [[route]] names was refused"),
            NoRoute::Broken(bot) => tracing::error!(
                bot,
                "a call was refused: this bot's file cannot be used; correct it and reload, see `switchboard check`"
            ),
            NoRoute::Voiceless(bot) => {
                tracing::error!(
                    bot,
                    "a call was refused: no voice for this bot's language works; see `switchboard check`"
                );
            }
        }
    }
}

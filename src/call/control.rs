//! The API's access to calls: placing and ending them, health and gauges.
use super::assemble::{AnsweredLine, CallInfo};
use super::calls::Calls;
use super::end::{Blame, End, Reason};
use super::port::{CallControl, CallHealth, DialFault, DialOrder};
use super::registry::{EarlyOrders, Order, Registered};
use crate::bots::{BotCatalog, BotStatus};
use crate::outbound;
use crate::store::vault::RecordingPolicy;
use crate::store::{Direction, Store};
use futures::future::BoxFuture;
use media::Language;
use telephony::Headers;
use telephony::sip::{CallSlot, RegistrationState};
use tokio::sync::mpsc;

/// What the server holds at this moment, for health, metrics and tests.
#[derive(Clone, Debug)]
pub struct CallsReport {
    /// Calls, ringing ones included.
    pub calls: usize,
    pub sip: Option<telephony::sip::SipReport>,
    /// Browsers' connections.
    pub web: Option<telephony::webrtc::WebRtcReport>,
    pub media: media::engine::EngineReport,
    pub speech: media::pool::PoolReport,
}

impl Calls {
    pub fn report(&self) -> CallsReport {
        CallsReport {
            calls: self.count(),
            sip: self.0.sip.get().map(|sip| sip.report()),
            web: self.0.web.get().map(|web| web.report()),
            media: self.resources().engine.report(),
            speech: self.resources().pool.report(),
        }
    }

    /// Dials, and runs the call once it is answered.
    async fn call_out(
        self,
        info: CallInfo,
        (dial, slot): (telephony::sip::Dial, Option<CallSlot>),
        orders: mpsc::Receiver<Order>,
        _listed: Registered,
    ) {
        let Some((sip, slot)) = self.0.sip.get().cloned().zip(slot) else {
            return self.0.assembly.end_record(&info.id, End::new(Blame::Server, Reason::NoTelephone));
        };
        let mut orders = EarlyOrders::new(orders);
        let line = tokio::select! {
            line = sip.dial_from(slot, dial) => line,
            end = orders.end() => return self.0.assembly.end_record(&info.id, end),
        };
        match line {
            Ok(line) => self.0.assembly.run(&info, AnsweredLine { line, orders, page: None }).await,
            Err(refused) => {
                let reason = match refused.status {
                    486 | 600 => Reason::Busy,
                    603 | 403 => Reason::Declined,
                    404 | 410 | 484 | 604 => Reason::NoSuchNumber,
                    408 | 480 | 487 => Reason::NoAnswer,
                    _ => Reason::NotConnected,
                };
                self.0.assembly.end_record(&info.id, reason.into());
            }
        }
    }
}

impl CallControl for Calls {
    fn dial(&self, dial: DialOrder) -> BoxFuture<'_, Result<String, DialFault>> {
        let dialled = self.begin_dial(dial);
        Box::pin(std::future::ready(dialled))
    }

    fn hang_up(&self, id: &str) -> bool {
        self.0.registry.end(id, End::new(Blame::Nobody, Reason::Operator))
    }

    fn pause_recording(&self, id: &str, paused: bool) -> bool {
        self.0.registry.pause(id, paused)
    }

    fn health(&self) -> CallHealth {
        let mut faults = self.resources().engines.resting();
        if let RecordingPolicy::Refused(why) = &self.resources().recording_policy {
            faults.push(format!("no call is recorded: {why}"));
        }
        let report = self.report();
        faults.extend(report.sip.iter().flat_map(|sip| &sip.trunks).filter_map(
            |(name, registration)| match registration {
                RegistrationState::Trusted | RegistrationState::Registered => None,
                RegistrationState::Trying | RegistrationState::Refused(_) => {
                    Some(format!("trunk {name} is not registered"))
                }
            },
        ));
        for language in Language::ALL {
            let (code, name) = (Some(language.code()), language.name());
            let wanted = self.resources().bots.list().iter().any(|status| status.language.as_deref() == code);
            if wanted && !self.resources().engines.can_speak(language) {
                faults.push(format!("there is no voice for {name}: its bots take no calls"));
            }
        }
        faults.extend(self.resources().bots.list().iter().filter_map(BotStatus::problem));
        CallHealth { draining: self.0.registry.is_draining(), busy: self.0.router.is_busy(), faults }
    }

    fn is_draining(&self) -> bool {
        self.0.registry.is_draining()
    }

    fn is_busy(&self) -> bool {
        self.0.router.is_busy()
    }

    fn gauges(&self) -> Vec<(&'static str, f64)> {
        let report = self.report();
        let mut gauges = vec![
            ("switchboard_rooms", report.media.rooms as f64),
            ("switchboard_media_missed_ticks_total", report.media.missed_ticks as f64),
            ("switchboard_media_late_verdicts_total", report.media.late_verdicts as f64),
            ("switchboard_media_lost_events_total", report.media.lost_events as f64),
            ("switchboard_media_broken_rooms_total", report.media.broken_rooms as f64),
            ("switchboard_media_busy_seconds_total", report.media.busy.as_secs_f64()),
            ("switchboard_speech_urgent", report.speech.urgent as f64),
            ("switchboard_speech_later", report.speech.later as f64),
            ("switchboard_speech_workers_abandoned", report.speech.abandoned as f64),
            ("switchboard_speech_wait_seconds", report.speech.wait.as_secs_f64()),
            ("switchboard_speech_full", f64::from(u8::from(report.speech.full))),
        ];
        if let Some(sip) = report.sip {
            gauges.extend([
                ("switchboard_sip_dialogs", sip.dialogs as f64),
                ("switchboard_sip_transactions", sip.transactions as f64),
                ("switchboard_sip_finished_transactions", sip.finished as f64),
                ("switchboard_rtp_ports", sip.ports as f64),
            ]);
        }
        if let Some(web) = report.web {
            gauges.extend([
                ("switchboard_webrtc_peers", web.peers as f64),
                ("switchboard_webrtc_sockets", web.sockets as f64),
            ]);
        }
        gauges
    }

    fn refused(&self) -> Vec<(&'static str, u64)> {
        self.report().sip.map(|sip| sip.refused.into_iter().collect()).unwrap_or_default()
    }

    fn unanswered(&self) -> Vec<(&'static str, u64)> {
        self.report().sip.map(|sip| sip.unanswered.into_iter().collect()).unwrap_or_default()
    }
}

impl Calls {
    fn begin_dial(&self, dial: DialOrder) -> Result<String, DialFault> {
        if self.0.registry.is_draining() {
            return Err(DialFault::Draining);
        }
        let route = self.0.router.bot(&dial.bot).ok_or(DialFault::Bot)?;
        if self.0.router.is_busy() {
            self.0.router.count_busy();
            return Err(DialFault::Busy);
        }
        let plan = outbound::dial(&self.resources().config, &dial.to, dial.from.as_deref())?;
        // Counted by the same limit as inbound SIP calls (sip.max_calls); browsers' calls are not.
        let place = self.0.sip.get().map(|sip| sip.reserve().ok_or(DialFault::Full)).transpose()?;
        let info = CallInfo {
            id: Store::new_id(),
            direction: Direction::Outbound,
            via: "api".into(),
            from: dial.from.unwrap_or_default(),
            to: dial.to,
            headers: Headers::default(),
            route,
        };
        let (registered, orders) = self.register(&info);
        let id = info.id.clone();
        tokio::spawn(self.clone().call_out(info, (plan, place), orders, registered));
        Ok(id)
    }
}

//! Seats and guidance over HTTP: what each fault comes to, and what is refused before a call is asked. Whole seats are in tests/e2e.
use super::*;
use crate::call::{
    DialIn, PhoneAct, PhoneCommand, PhoneOrder, SeatAddress, SeatAnswer, SeatFault, SeatOffer, TakenSeat,
};
use dialog::guidance::{Guidance, GuidanceFault};
use media::hears::Supervision;
use media::room::Seat;

/// Supervisors without lines: whatever is asked fails by `fault`, where there is one.
#[derive(Default)]
pub(super) struct Table {
    pub fault: Mutex<Option<SeatFault>>,
    pub given: Mutex<Vec<Guidance>>,
    pub modes: Mutex<Vec<(Seat, Supervision)>>,
    /// What is told of the seat that was taken last, when its line is lost.
    pub left: Mutex<Option<SeatEnd>>,
    pub seats_left: Mutex<usize>,
    /// What the keys of the telephone do that was called last.
    pub keys: Mutex<Option<PhoneAct>>,
}

type SeatEnd = Box<dyn FnOnce(Seat, &'static str) + Send>;

impl Table {
    fn answer<T>(&self, good: T) -> Result<T, SeatFault> {
        self.fault.lock().unwrap().clone().map_or(Ok(good), Err)
    }

    fn soon<'a, T: Send + 'a>(&self, good: T) -> BoxFuture<'a, Result<T, SeatFault>> {
        Box::pin(std::future::ready(self.answer(good)))
    }
}

impl Supervisors for Table {
    fn join<'a>(&'a self, _: &'a str, offer: SeatOffer) -> BoxFuture<'a, Result<SeatAnswer, SeatFault>> {
        assert_eq!(offer.who, "admin.token");
        *self.left.lock().unwrap() = Some(offer.left);
        self.soon(SeatAnswer { seat: Seat(2), etag: 1, sdp: "v=0\r\nanswer".into() })
    }

    fn call(&self, call: &str, order: PhoneOrder) -> Result<SeatAddress, SeatFault> {
        let at = self.answer(SeatAddress { call: call.into(), seat: Seat(2) })?;
        *self.left.lock().unwrap() = Some(order.left);
        *self.keys.lock().unwrap() = Some(order.act);
        Ok(at)
    }

    fn expect(&self, call: &str, order: PhoneOrder) -> Result<DialIn, SeatFault> {
        let at = self.call(call, order)?;
        let (dial, pin) = ("701234".into(), "123456".into());
        Ok(DialIn { at, dial, pin, time: std::time::Duration::from_secs(120) })
    }

    fn seats(&self, _: &str) -> Vec<TakenSeat> {
        vec![TakenSeat { seat: Seat(3), name: "anna".into(), mode: Supervision::TakeOver, connected: true }]
    }

    fn set_mode<'a>(
        &'a self,
        at: &'a SeatAddress,
        _: &'a str,
        mode: Supervision,
    ) -> BoxFuture<'a, Result<(), SeatFault>> {
        self.modes.lock().unwrap().push((at.seat, mode));
        self.soon(())
    }

    fn trickle<'a>(
        &'a self,
        _: &'a SeatAddress,
        _: &'a str,
        etag: u32,
        _: &'a str,
    ) -> BoxFuture<'a, Result<(), SeatFault>> {
        assert_eq!(etag, 1);
        self.soon(())
    }

    fn restart<'a>(
        &'a self,
        _: &'a SeatAddress,
        _: &'a str,
        _: &'a str,
    ) -> BoxFuture<'a, Result<(String, u32), SeatFault>> {
        self.soon(("a=ice-ufrag:ours".into(), 2))
    }

    fn leave<'a>(&'a self, _: &'a SeatAddress, _: &'a str) -> BoxFuture<'a, Result<(), SeatFault>> {
        *self.seats_left.lock().unwrap() += 1;
        self.soon(())
    }

    fn hand_back<'a>(
        &'a self,
        _: &'a str,
        _: &'a str,
        guidance: Guidance,
        _: Option<String>,
    ) -> BoxFuture<'a, Result<u64, SeatFault>> {
        self.guide("", "", guidance)
    }

    fn guide<'a>(&'a self, _: &'a str, _: &'a str, guidance: Guidance) -> BoxFuture<'a, Result<u64, SeatFault>> {
        self.given.lock().unwrap().push(guidance);
        self.soon(7)
    }
}

/// A live call that is answered.
fn answered(site: &Site) -> String {
    let id = begin(&site.store, "sip:a@example.test");
    site.store.note(&id, CallEvent::Answered);
    id
}

async fn sent(request: RequestBuilder) -> (u16, reqwest::header::HeaderMap, String) {
    let answer = request.bearer_auth(TOKEN).send().await.unwrap();
    (answer.status().as_u16(), answer.headers().clone(), answer.text().await.unwrap())
}

#[tokio::test]
async fn a_seat_is_taken_changed_and_left() {
    let site = Site::open("seats").await;
    let id = answered(&site);
    let url = |rest: &str| format!("http://{}/api/v1/calls/{id}/seats{rest}", site.address);
    let offer = |mode: &str| site.client.post(url(mode)).header("content-type", "application/sdp").body("v=0");
    let (status, headers, body) = sent(offer("?mode=whisper")).await;
    assert_eq!((status, body.as_str()), (201, "v=0\r\nanswer"));
    assert_eq!(headers["location"], format!("/api/v1/calls/{id}/seats/2"));
    assert_eq!(
        (&headers["etag"], &headers["accept-patch"]),
        (&"\"1\"".parse().unwrap(), &"application/trickle-ice-sdpfrag".parse().unwrap())
    );
    assert!(headers.contains_key("link") && !headers.contains_key("access-control-allow-origin"));
    assert_eq!(sent(offer("?mode=shout")).await.0, 400);
    assert_eq!(sent(site.client.post(url("")).body("v=0")).await.0, 415);
    let (status, _, body) = sent(site.client.get(url(""))).await;
    let list: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        (status, list),
        (
            200,
            json!({"seats": [{"seat": 3, "name": "anna", "mode": "takeover", "connected": true, "waits": "disclosure"}]})
        )
    );
    let patch = |kind: &str, body: &'static str| site.client.patch(url("/2")).header("content-type", kind).body(body);
    assert_eq!(sent(patch("application/json", r#"{"mode": "barge"}"#)).await.0, 204);
    assert_eq!(sent(patch("application/json", r#"{"mode": "loud"}"#)).await.0, 422);
    assert_eq!(*site.supervisors.modes.lock().unwrap(), [(Seat(2), Supervision::Barge)]);
    let fragment = || patch("application/trickle-ice-sdpfrag", "a=candidate:1");
    assert_eq!(sent(fragment()).await.0, 428);
    assert_eq!(sent(fragment().header("if-match", "\"1\"")).await.0, 204);
    assert_eq!(sent(fragment().header("if-match", "x")).await.0, 412);
    let (status, headers, body) = sent(fragment().header("if-match", "*")).await;
    assert_eq!((status, &headers["etag"], body.as_str()), (200, &"\"2\"".parse().unwrap(), "a=ice-ufrag:ours"));
    assert_eq!(sent(site.client.delete(url("/2"))).await.0, 200);
}

#[tokio::test]
async fn a_seat_whose_line_is_lost_is_in_the_audit() {
    let site = Site::open("seats-lost").await;
    let id = answered(&site);
    let url = format!("http://{}/api/v1/calls/{id}/seats", site.address);
    let offer = site.client.post(url).header("content-type", "application/sdp").body("v=0");
    assert_eq!(sent(offer).await.0, 201);
    let left = site.supervisors.left.lock().unwrap().take().unwrap();
    left(Seat(2), "connection lost");
    let noted = async {
        loop {
            let records = site.access.audit().read(1, None, Some(&id)).await.unwrap();
            match &records[..] {
                [record] if record.action == "seat_left" => return record.clone(),
                _ => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
    };
    let record = tokio::time::timeout(Duration::from_secs(5), noted).await.unwrap();
    assert_eq!(
        (record.name.as_str(), record.detail.as_str()),
        ("admin.token", r#"{"seat":2,"why":"connection lost"}"#)
    );
}

/// What the database of a test's server refuses from now on.
async fn refuse(site: &Site, name: &str, table: &str) {
    let sql = format!("create trigger {name} before insert on {table} begin select raise(abort, 'no space left'); end");
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&site.store.access().write).await.unwrap();
}

/// Longer than a failure keeps the next record from being tried.
async fn retry() {
    tokio::time::sleep(Duration::from_millis(1100)).await;
}

#[tokio::test]
async fn what_cannot_be_recorded_is_refused_and_does_not_stay() {
    let site = Site::open("seats-unrecorded").await;
    let id = answered(&site);
    let url = |rest: &str| format!("http://{}/api/v1/calls/{id}{rest}", site.address);
    let offer = || site.client.post(url("/seats")).header("content-type", "application/sdp").body("v=0");
    let calls = format!("http://{}/api/v1/calls", site.address);
    let dial = || site.client.post(&calls).json(&json!({"to": "sip:a@b.test", "bot": "booking.en"}));
    let mode = || {
        let request = site.client.patch(url("/seats/3")).header("content-type", "application/json");
        request.body(r#"{"mode": "whisper"}"#)
    };
    assert_eq!(sent(offer()).await.0, 201);
    // A record that fails although the one before it was written: what was done meanwhile is undone.
    refuse(&site, "broken", "audit").await;
    let (status, headers, body) = sent(mode()).await;
    assert!(status == 503 && headers.contains_key("retry-after"), "{body}");
    assert!(body.contains("no space left") && body.contains("audit_unwritten"), "{body}");
    let modes = site.supervisors.modes.lock().unwrap().clone();
    assert_eq!(modes, [(Seat(3), Supervision::Whisper), (Seat(3), Supervision::TakeOver)], "as it was before");
    retry().await;
    assert_eq!(sent(offer()).await.0, 503);
    assert_eq!(*site.supervisors.seats_left.lock().unwrap(), 1, "who joined is sent away");
    retry().await;
    assert_eq!(sent(dial()).await.0, 503);
    assert_eq!(site.store.health().live, 1, "the call that was placed is ended");
    assert_eq!(sent(site.client.delete(url(""))).await.0, 503);
    assert!(site.store.live(&id).is_some(), "and this one is not");
    // A database that takes nothing: nothing is done at all.
    refuse(&site, "broken_head", "audit_head").await;
    retry().await;
    let guide = || site.client.post(url("/guidance")).json(&json!({"task": "book"}));
    for request in [mode(), offer(), dial(), guide()] {
        assert_eq!(sent(request).await.0, 503);
    }
    assert_eq!(site.supervisors.modes.lock().unwrap().len(), 2);
    assert_eq!(*site.supervisors.seats_left.lock().unwrap(), 1);
    assert!(site.supervisors.given.lock().unwrap().is_empty());
    let repair = "drop trigger broken; drop trigger broken_head";
    sqlx::raw_sql(repair).execute(&site.store.access().write).await.unwrap();
    retry().await;
    assert_eq!(sent(mode()).await.0, 204);
    let actions: Vec<_> = site.access.audit().after(0).await.unwrap().into_iter().map(|record| record.action).collect();
    assert_eq!(actions, ["seat_taken", "seat_mode_changed"]);
}

#[tokio::test]
async fn a_call_that_nobody_could_hear_takes_no_supervisor() {
    let site = Site::open("seats-none").await;
    let url = |id: &str| format!("http://{}/api/v1/calls/{id}/seats", site.address);
    let ringing = begin(&site.store, "sip:a@example.test");
    let ended = answered(&site);
    site.store.note(&ended, CallEvent::Ended(Reason::Operator.into()));
    for (id, status) in [(ringing.as_str(), 409), (&ended, 409), ("019a0000-0000-7000-8000-000000000000", 404)] {
        let offer = site.client.post(url(id)).header("content-type", "application/sdp").body("v=0");
        assert_eq!(sent(offer).await.0, status, "{id}");
        assert_eq!(sent(site.client.get(url(id))).await.0, status, "{id}");
    }
    let without = site.client.get(url(&ringing)).send().await.unwrap();
    assert_eq!(without.status().as_u16(), 401);
}

#[tokio::test]
async fn every_fault_has_its_status_and_says_what_it_is_about() {
    let site = Site::open("seats-faults").await;
    let id = answered(&site);
    let faults = [
        (SeatFault::Draining, 503, "stopping"),
        (SeatFault::Off, 503, "rtc.bind"),
        (SeatFault::NoCall, 409, "over"),
        (SeatFault::Busy, 503, "again"),
        (SeatFault::Full, 409, "taken"),
        (SeatFault::TakenOver("anna".into()), 409, "anna"),
        (SeatFault::NotTakenOver, 409, "taken this call over"),
        (SeatFault::OfAnother("anna".into()), 403, "anna"),
        (SeatFault::Silent(Supervision::Barge), 422, "barge"),
        (SeatFault::Gone, 404, "seat"),
        (SeatFault::NoPort, 503, "port"),
        (SeatFault::Offer("no sound".into()), 422, "no sound"),
        (SeatFault::Fragment("odd"), 400, "odd"),
        (SeatFault::Stale, 412, "ETag"),
        (GuidanceFault::Value("time".into()).into(), 422, "`time`"),
        (GuidanceFault::Slot { task: "book".into(), slot: "time".into() }.into(), 422, "`time`"),
        (GuidanceFault::Task("fly".into()).into(), 422, "`fly`"),
        (GuidanceFault::NoTask.into(), 422, "`task`"),
        (GuidanceFault::Busy.into(), 409, "tool"),
        (GuidanceFault::Over.into(), 409, "goodbye"),
        (GuidanceFault::Full.into(), 429, "when nobody speaks"),
        (SeatFault::NotDisclosed, 409, "`disclosure`"),
        (GuidanceFault::NotTakenOver.into(), 409, "hand back"),
        (GuidanceFault::NoBot.into(), 409, "no bot"),
    ];
    for (fault, status, word) in faults {
        *site.supervisors.fault.lock().unwrap() = Some(fault.clone());
        let url = format!("http://{}/api/v1/calls/{id}/guidance", site.address);
        let (got, headers, body) = sent(site.client.post(url).json(&json!({"task": "book"}))).await;
        assert_eq!(got, status, "{fault:?}");
        assert!(body.contains(word), "{fault:?}: {body}");
        assert_eq!(headers.contains_key("retry-after"), status == 503, "{fault:?}");
    }
}

#[tokio::test]
async fn what_a_bot_is_given_arrives_as_it_was_written() {
    let site = Site::open("guidance").await;
    let id = answered(&site);
    let post = |what: &str, body: Value| {
        site.client.post(format!("http://{}/api/v1/calls/{id}/{what}", site.address)).json(&body)
    };
    let (status, _, body) = sent(post("guidance", json!({"say": "Hello.", "slots": {"time": "15:00"}}))).await;
    assert_eq!((status, body.as_str()), (202, r#"{"id":7}"#));
    let (status, _, body) =
        sent(post("handback", json!({"slots": {"time": null, "people": 2}, "promise": null}))).await;
    assert_eq!((status, body.as_str()), (200, r#"{"id":7}"#));
    let given = site.supervisors.given.lock().unwrap().clone();
    assert_eq!((given[0].say.as_deref(), &given[0].slots["time"]), (Some("Hello."), &json!("15:00")));
    assert_eq!((&given[1].slots["time"], &given[1].slots["people"]), (&Value::Null, &json!(2)));
    for (what, body) in [
        ("guidance", json!({})),
        ("guidance", json!({"say": " "})),
        ("guidance", json!({"say": "two\nlines"})),
        ("guidance", json!({"say": "x".repeat(501)})),
        ("guidance", json!({"shout": "Hello."})),
        ("handback", json!({"promise": "x".repeat(2_001)})),
        ("handback", json!({"task": "x".repeat(65)})),
        ("guidance", json!({"slots": {"x".repeat(65): 1}})),
        ("guidance", json!({"slots": {"time": "x".repeat(1_000)}})),
        ("guidance", json!({"slots": (0..65).map(|n| (n.to_string(), json!(n))).collect::<serde_json::Map<_, _>>()})),
    ] {
        assert_eq!(sent(post(what, body.clone())).await.0, 422, "{what} {body}");
    }
    assert_eq!(site.supervisors.given.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn who_may_whisper_and_not_guide_does_not_whisper_since_the_bot_hears_it() {
    let site = Site::open("seats-whisper").await;
    let id = answered(&site);
    let expires_at = jiff::Timestamp::now().checked_add(jiff::SignedDuration::from_hours(1)).unwrap();
    let form = json!({"name": "ear", "rights": ["monitor", "whisper"], "expires_at": expires_at});
    let made: Value = site.ask(Method::POST, "/api/v1/tokens").json(&form).send().await.unwrap().json().await.unwrap();
    let path = format!("/api/v1/calls/{id}/seats?mode=whisper");
    let offer = site.bare(Method::POST, &path).bearer_auth(made["token"].as_str().unwrap());
    let answer = offer.header("content-type", "application/sdp").body("v=0").send().await.unwrap();
    assert_eq!(answer.status(), 403);
    assert_eq!(answer.json::<Value>().await.unwrap()["code"], "right_missing");
}

#[tokio::test]
async fn the_keys_of_a_telephone_do_what_its_supervisor_may_and_are_recorded() {
    use dialog::seat_words::SeatWords;
    let site = Site::open("api-phone-seat").await;
    let id = begin(&site.store, "sip:a@b.test");
    site.store.note(&id, CallEvent::Answered);
    let path = format!("/api/v1/calls/{id}/seats/phone");
    for (fault, status) in [(SeatFault::NoPhone("admin.token".into()), 409), (SeatFault::Phone, 503)] {
        *site.supervisors.fault.lock().unwrap() = Some(fault);
        assert_eq!(site.problem(site.ask(Method::POST, &path)).await.0, status);
    }
    *site.supervisors.fault.lock().unwrap() = None;
    let answer = site.ask(Method::POST, &path).send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.json::<Value>().await.unwrap()), (202, json!({"seat": 2})));
    let keys = site.supervisors.keys.lock().unwrap().take().unwrap();
    let press = async |command| keys(SeatAddress { call: id.clone(), seat: Seat(2) }, command).await;
    for mode in [Supervision::Monitor, Supervision::Whisper, Supervision::Barge, Supervision::TakeOver] {
        assert_eq!(press(PhoneCommand::Mode(mode)).await, Ok(()));
    }
    assert_eq!(site.supervisors.modes.lock().unwrap().len(), 4);
    for (fault, command, words) in [
        (SeatFault::TakenOver("ben".into()), PhoneCommand::Mode(Supervision::TakeOver), SeatWords::Taken),
        (SeatFault::NotTakenOver, PhoneCommand::HandBack, SeatWords::NotTakenOver),
        (SeatFault::Busy, PhoneCommand::Mode(Supervision::Barge), SeatWords::Failed),
    ] {
        *site.supervisors.fault.lock().unwrap() = Some(fault);
        assert_eq!(press(command).await, Err(words));
    }
    let audit = site.json(&format!("/api/v1/audit?call={id}")).await;
    let actions = audit["records"].as_array().unwrap().iter().filter(|record| record["action"] == "seat_mode_changed");
    assert_eq!(actions.count(), 4, "{audit}");
}

#[tokio::test]
async fn who_dials_in_is_told_what_to_dial_and_to_enter_and_no_cache_keeps_it() {
    let site = Site::open("api-dial-in").await;
    let id = begin(&site.store, "sip:a@b.test");
    site.store.note(&id, CallEvent::Answered);
    let path = format!("/api/v1/calls/{id}/seats/dial-in");
    *site.supervisors.fault.lock().unwrap() = Some(SeatFault::NoDialIn);
    assert_eq!(site.problem(site.ask(Method::POST, &path)).await.0, 409);
    *site.supervisors.fault.lock().unwrap() = None;
    let answer = site.ask(Method::POST, &path).send().await.unwrap();
    assert_eq!(answer.status(), 202);
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let told = json!({"seat": 2, "dial": "701234", "pin": "123456", "seconds": 120});
    assert_eq!(answer.json::<Value>().await.unwrap(), told);
    let audit = site.json(&format!("/api/v1/audit?call={id}")).await;
    let taken = audit["records"].as_array().unwrap().iter().find(|record| record["action"] == "seat_taken").unwrap();
    let detail: Value = serde_json::from_str(taken["detail"].as_str().unwrap()).unwrap();
    assert_eq!(detail, json!({"by": "dial_in", "mode": "absent", "seat": 2}), "the PIN is in no record");
}

//! Agents, offers and the queue over HTTP and on the wall. Whole hand-overs are in tests/e2e.
use super::rights::Browser;
use super::*;
use crate::call::{
    Agent, AgentDesk, AgentRow, Entry, OfferFault, OfferGone, OfferView, QueueRow, QueueView, SeatAnswer, SeatFault,
    SeatOffer,
};
use crate::security::Role;
use dialog::conversation::{GivenSlot, HandOver};
use jiff::Timestamp;
use media::room::Seat;
use tokio::sync::watch;

/// A desk without lines: the call that is offered is in `offered`, to the agent `an`.
#[derive(Default)]
pub(super) struct Desk {
    pub here: Mutex<Vec<Agent>>,
    pub offered: Mutex<Option<Entry>>,
    pub declined: Mutex<Vec<String>>,
    pub fault: Mutex<Option<OfferFault>>,
    changes: watch::Sender<u64>,
}

impl Desk {
    fn offer(&self, call: &str) {
        *self.offered.lock().unwrap() = Some(Entry {
            call: call.into(),
            bot: "booking.en".into(),
            destination: "desk".into(),
            skills: ["billing".to_owned()].into(),
            ring: Duration::from_secs(30),
            wait: Duration::from_secs(600),
            most: 10,
        });
        self.changes.send_modify(|count| *count += 1);
    }

    fn entry(&self) -> Option<Entry> {
        self.offered.lock().unwrap().clone()
    }
}

impl AgentDesk for Desk {
    fn arrive(&self, agent: Agent, _: BoxFuture<'static, ()>) {
        self.here.lock().unwrap().push(agent);
    }

    fn go(&self, name: &str) {
        self.here.lock().unwrap().retain(|agent| agent.name != name);
    }

    fn agents(&self) -> Vec<(AgentRow, Timestamp)> {
        let here = self.here.lock().unwrap().clone();
        here.into_iter().map(|agent| (AgentRow { agent, offer: None, call: None }, Timestamp::UNIX_EPOCH)).collect()
    }

    fn queue(&self) -> Vec<QueueView> {
        let row = |entry| QueueRow {
            entry,
            since: std::time::Instant::now(),
            place: 1,
            wait: Some(Duration::from_secs(90)),
            offer: None,
        };
        self.entry().into_iter().map(|entry| QueueView { row: row(entry), waited: Duration::from_secs(12) }).collect()
    }

    fn offers(&self, agent: &str) -> Vec<OfferView> {
        let slots = vec![GivenSlot { name: "people".into(), value: json!(2) }];
        let hand_over = HandOver {
            to: "desk".into(),
            why: "asked for a person",
            brief: "Booking: two.".into(),
            task: Some("book".into()),
            slots,
            next: Some("date".into()),
        };
        let (waited, left) = (Duration::from_secs(12), Duration::from_secs(20));
        let own = self.entry().filter(|_| agent == "an").into_iter();
        own.map(|entry| OfferView { id: 7, entry, waited, hand_over: hand_over.clone(), left }).collect()
    }

    fn accept(&self, id: u64, offer: SeatOffer) -> BoxFuture<'_, Result<(String, SeatAnswer), OfferFault>> {
        let answer = match (self.entry(), self.fault.lock().unwrap().clone()) {
            (_, Some(fault)) => Err(fault),
            (Some(entry), None) if id == 7 && offer.who == "an" => {
                Ok((entry.call, SeatAnswer { seat: Seat::AGENT, etag: 3, sdp: "v=0\r\nanswer".into() }))
            }
            _ => Err(OfferFault::Gone(OfferGone)),
        };
        Box::pin(std::future::ready(answer))
    }

    fn decline(&self, id: u64, agent: &str, why: &str) -> Result<Entry, OfferFault> {
        let entry = self.entry().filter(|_| id == 7 && agent == "an").ok_or(OfferGone)?;
        self.declined.lock().unwrap().push(why.into());
        Ok(entry)
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }
}

/// A live call in which two turns were taken.
fn spoken(site: &Site) -> String {
    let id = begin(&site.store, "sip:a@b.test");
    site.store.note(&id, CallEvent::Answered);
    id
}

async fn read(site: &Site, browser: &Browser, path: &str) -> Value {
    let answer = site.by(browser, Method::GET, path).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{path}");
    answer.json().await.unwrap()
}

#[tokio::test]
async fn an_agent_says_whether_they_take_calls_and_with_which_skills() {
    let site = Site::open("api-agents").await;
    let an = site.user("an", Role::Agent, Some(&["booking.en"])).await;
    let put = async |body: Value| {
        let answer = site.by(&an, Method::PUT, "/api/v1/agents/me").json(&body).send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };
    let (status, own) = put(json!({"available": true, "skills": ["billing"]})).await;
    assert_eq!(
        (status, &own["name"], &own["available"], &own["skills"]),
        (200, &json!("an"), &json!(true), &json!(["billing"]))
    );
    let here = site.desk.here.lock().unwrap().clone();
    assert_eq!(here[0].bots, Some(vec!["booking.en".to_owned()]), "calls of their bots alone");
    let listed = read(&site, &an, "/api/v1/agents").await;
    assert_eq!(listed["agents"][0]["name"], "an");
    for wrong in [json!({"available": true, "skills": [" "]}), json!({"available": true, "skills": ["x".repeat(65)]})] {
        assert_eq!(put(wrong).await.0, 422);
    }
    let (status, own) = put(json!({"available": false})).await;
    assert_eq!((status, &own["available"], &own["skills"]), (200, &json!(false), &json!(null)));
    assert!(site.desk.here.lock().unwrap().is_empty());
}

#[tokio::test]
async fn an_offer_shows_who_it_is_for_what_they_may_see_and_is_accepted_or_declined_once() {
    let site = Site::open("api-offers").await;
    let an = site.user("an", Role::Agent, None).await;
    let ben = site.user("ben", Role::Agent, None).await;
    let other = site.user("cho", Role::Viewer, Some(&["places.vi"])).await;
    let id = spoken(&site);
    site.desk.offer(&id);
    let offers = read(&site, &an, "/api/v1/offers").await;
    let offer = &offers["offers"][0];
    let expected = [
        ("id", json!(7)),
        ("call", json!(id)),
        ("destination", json!("desk")),
        ("why", json!("asked for a person")),
        ("waited_s", json!(12)),
        ("task", json!("book")),
        ("slots", json!([{"name": "people", "value": 2}])),
        ("next", json!("date")),
        ("mood", json!(null)),
    ];
    for (key, value) in expected {
        assert_eq!(offer[key], value, "{key}: {offer}");
    }
    let mood = json!({"state": "tense", "trend": "rising", "why": [{"code": "repeats", "value": 3.0, "at_ms": 900}]});
    site.store.note(&id, CallEvent::Mark(Mark { name: "mood".into(), data: Private(mood.clone()) }));
    let shown = async || read(&site, &an, "/api/v1/offers").await["offers"][0]["mood"].clone();
    for _ in 0..100 {
        if shown().await == mood {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(shown().await, mood);
    assert_eq!(read(&site, &ben, "/api/v1/offers").await, json!({"offers": []}));
    let queue = read(&site, &ben, "/api/v1/queue").await;
    assert_eq!((&queue["queue"][0]["position"], &queue["queue"][0]["expected_s"]), (&json!(1), &json!(90)));
    assert_eq!(read(&site, &other, "/api/v1/queue").await, json!({"queue": []}), "calls of other bots are not theirs");
    let accept = async |browser: &Browser, path: &str, kind: &str| {
        let request = site.by(browser, Method::POST, path).header("content-type", kind).body("v=0\r\n");
        request.send().await.unwrap()
    };
    assert_eq!(accept(&an, "/api/v1/offers/7", "text/plain").await.status(), 415);
    for (browser, path) in [(&ben, "/api/v1/offers/7"), (&an, "/api/v1/offers/8"), (&an, "/api/v1/offers/x")] {
        assert_eq!(accept(browser, path, "application/sdp").await.status(), 404, "{path}");
    }
    let answer = accept(&an, "/api/v1/offers/7", "application/sdp").await;
    assert_eq!(answer.status(), 201);
    let at = answer.headers()["location"].to_str().unwrap().to_owned();
    assert!(at.ends_with(&format!("/api/v1/calls/{id}/seats/1")), "{at}");
    for (fault, status) in [(OfferFault::NoMicrophone, 422), (OfferFault::Seat(SeatFault::Off), 503)] {
        *site.desk.fault.lock().unwrap() = Some(fault);
        assert_eq!(accept(&an, "/api/v1/offers/7", "application/sdp").await.status(), status);
    }
    let decline = async |browser: &Browser, body: Value| {
        let request = site.by(browser, Method::DELETE, "/api/v1/offers/7").json(&body);
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(decline(&ben, json!({"why": "lunch"})).await, 404);
    assert_eq!(decline(&an, json!({"why": "x".repeat(201)})).await, 422);
    assert_eq!(decline(&an, json!({"why": "lunch"})).await, 204);
    assert_eq!(*site.desk.declined.lock().unwrap(), ["lunch"]);
}

#[tokio::test]
async fn who_wants_to_be_called_back_is_listed_until_somebody_has_done_it() {
    let site = Site::open("api-callbacks").await;
    let an = site.user("an", Role::Agent, None).await;
    let viewer = site.user("vi", Role::Viewer, None).await;
    let other = site.user("cho", Role::Agent, Some(&["places.vi"])).await;
    let (id, talked) = (begin(&site.store, "sip:+84912345678@b.test"), begin(&site.store, "sip:x@b.test"));
    let wanted = Mark { name: "callback_wanted".into(), data: Private(json!({"ms": 9, "destination": "desk"})) };
    site.store.note(&id, CallEvent::Mark(wanted));
    site.store.note(&id, CallEvent::Ended(End::new(Blame::Nobody, Reason::CallBack)));
    site.store.note(&talked, CallEvent::Ended(End::new(Blame::RemoteParty, Reason::HungUp)));
    site.store.flush().await.unwrap();
    let listed = async |browser: &Browser, query: &str| {
        read(&site, browser, &format!("/api/v1/callbacks{query}")).await["callbacks"].as_array().unwrap().clone()
    };
    let all = listed(&an, "?open=true").await;
    assert_eq!(all.len(), 1, "{all:?}");
    let caller = all[0]["caller"].as_str().unwrap();
    assert_eq!(
        (&all[0]["call"], &all[0]["destination"], &all[0]["done_by"]),
        (&json!(id), &json!("desk"), &json!(null))
    );
    assert!(caller.contains("+84912345678"), "{caller}");
    let masked = listed(&viewer, "").await[0]["caller"].clone();
    assert_eq!(masked, "•••78");
    assert!(listed(&other, "").await.is_empty(), "calls of other bots are not theirs");
    let done = async |browser: &Browser, id: &str| {
        let answer = site.by(browser, Method::PUT, &format!("/api/v1/callbacks/{id}/done")).send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap()["done_by"].clone())
    };
    assert_eq!(done(&viewer, &id).await.0, 403);
    assert_eq!(done(&other, &id).await.0, 403);
    assert_eq!(done(&an, &talked).await.0, 404);
    assert_eq!(done(&an, &id).await, (200, json!("an")));
    site.user("ben", Role::Agent, None).await;
    let ben = site.sign_in("ben").await;
    assert_eq!(done(&ben, &id).await, (200, json!("an")), "the first one stays");
    assert!(listed(&an, "?open=true").await.is_empty() && listed(&an, "").await.len() == 1);
    assert!(listed(&an, &format!("?before={id}")).await.is_empty());
}

#[tokio::test]
async fn the_wall_pushes_the_queue_to_all_and_an_offer_to_whom_it_is_for() {
    let site = Site::open("api-offers-wall").await;
    let an = site.user("an", Role::Agent, None).await;
    let ben = site.user("ben", Role::Agent, None).await;
    let mut walls = Vec::new();
    for browser in [&an, &ben] {
        let mut wall = site.socket_by(browser, "/api/v1/wall", Some(&site.origin())).await.unwrap();
        assert_eq!(next(&mut wall).await["event"], "wall");
        walls.push(wall);
    }
    let id = spoken(&site);
    site.desk.offer(&id);
    let mut told = Vec::new();
    for wall in &mut walls {
        let mut events = Vec::new();
        while events.len() < 2 {
            let message = tokio::time::timeout(Duration::from_secs(1), next(wall)).await;
            match message {
                // Every agent is told at first that none is offered to them.
                Ok(message) if message["event"] == "rows" || message["offers"] == json!([]) => {}
                Ok(message) => events.push(message),
                Err(_) => break,
            }
        }
        told.push(events);
    }
    assert_eq!(told[0].len(), 2, "{told:?}");
    assert_eq!((&told[0][0]["event"], &told[0][0]["queue"][0]["call"]), (&json!("queue"), &json!(id)));
    assert_eq!((&told[0][1]["event"], &told[0][1]["offers"][0]["id"]), (&json!("offers"), &json!(7)));
    assert_eq!(told[1].len(), 1, "the offer is an's: {told:?}");
}

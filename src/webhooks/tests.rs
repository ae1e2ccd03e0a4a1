//! Webhooks against a service on loopback.
use super::*;
use crate::config::{AlertsFile, WebhookEvent};
use crate::store::{NewDelivery, Store, WAITING};
use ring::hmac;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

const SECRET: &str = "a secret of more than sixteen";

/// A service that answers with these statuses in turn, the last one for ever, and hands out what it was sent.
async fn service(statuses: &'static [u16]) -> (String, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let (sent, received) = mpsc::channel(64);
    tokio::spawn(async move {
        let mut asked = 0;
        while let Ok((mut stream, _)) = listener.accept().await {
            let status = statuses[asked.min(statuses.len() - 1)];
            asked += 1;
            let (mut text, mut buffer) = (String::new(), [0; 4096]);
            while !text.ends_with('}') {
                let length = stream.read(&mut buffer).await.unwrap();
                if length == 0 {
                    break;
                }
                text.push_str(std::str::from_utf8(&buffer[..length]).unwrap());
            }
            let answer = format!("HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
            let _ = stream.write_all(answer.as_bytes()).await;
            let _ = sent.send(text).await;
        }
    });
    (url, received)
}

struct Setup {
    store: Store,
    dir: std::path::PathBuf,
}

impl Setup {
    async fn new(name: &str) -> Self {
        let dir = crate::testdir(name);
        std::fs::write(dir.join("secret"), format!("{SECRET}\n")).unwrap();
        Self { store: Store::open(&dir).await.unwrap(), dir }
    }

    fn webhook(&self, name: &str, url: &str, networks: &str) -> Webhook {
        let text = format!(
            "[[webhook]]\nname = {name:?}\nurl = {url:?}\non = ['alert']\nsecret_file = {:?}\nnetworks = [{networks}]\n",
            self.dir.join("secret")
        );
        AlertsFile::parse(&text).unwrap().webhook.remove(0)
    }

    fn start(&self, webhooks: Vec<Webhook>) -> Webhooks {
        Webhooks::start(self.store.deliveries(), webhooks)
    }

    async fn add(&self, webhook: &str) -> String {
        let id = Store::new_id();
        let body = format!("{{\"id\":\"{id}\"}}");
        let (webhook, event) = (webhook.to_owned(), WebhookEvent::Alert.name());
        let new = NewDelivery { id: id.clone(), webhook, event, about: "alert".into(), body, at: Timestamp::now() };
        self.store.alerts().add(None, &[new]).await.unwrap();
        id
    }

    /// A message, once it was tried so often.
    async fn tried(&self, id: &str, tries: u32) -> Delivery {
        for _ in 0..1_000 {
            let delivery = self.store.deliveries().one(id).await.unwrap().unwrap();
            if delivery.tries >= tries {
                return delivery;
            }
            sleep(Duration::from_millis(10)).await;
        }
        panic!("{id} was not tried {tries} times");
    }
}

const LOOPBACK: &str = "'127.0.0.0/8'";

async fn next(received: &mut mpsc::Receiver<String>) -> (String, String) {
    let text = timeout(Duration::from_secs(5), received.recv()).await.unwrap().unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    (head.to_ascii_lowercase(), body.to_owned())
}

fn field<'a>(head: &'a str, name: &str) -> &'a str {
    head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).unwrap()
}

#[tokio::test]
async fn a_message_is_signed_and_named_so_that_its_receiver_can_tell_who_sent_it_and_whether_it_came_before() {
    let setup = Setup::new("webhook-signed").await;
    let (url, mut received) = service(&[200]).await;
    let webhooks = setup.start(vec![setup.webhook("desk", &url, LOOPBACK)]);
    let id = setup.add("desk").await;
    webhooks.wake();
    let (head, body) = next(&mut received).await;
    assert!(head.starts_with("post /hook ") && field(&head, "content-type") == "application/json", "{head}");
    assert_eq!(field(&head, "idempotency-key"), format!("\"{id}\""));
    assert_eq!(field(&head, "switchboard-event"), "alert");
    let (at, tag) = field(&head, signature::HEADER).strip_prefix("t=").unwrap().split_once(",v1=").unwrap();
    let tag: Vec<u8> = (0..tag.len()).step_by(2).map(|i| u8::from_str_radix(&tag[i..i + 2], 16).unwrap()).collect();
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    hmac::verify(&key, format!("{at}.{body}").as_bytes(), &tag).unwrap();
    assert!((Timestamp::now().as_second() - at.parse::<i64>().unwrap()).abs() < 10);
    let delivery = setup.tried(&id, 1).await;
    assert_eq!((delivery.state, delivery.status, delivery.why), (DeliveryState::Delivered, Some(200), None));
}

#[tokio::test]
async fn what_fails_waits_longer_each_time_and_comes_again_with_the_same_id() {
    let setup = Setup::new("webhook-again").await;
    let (url, mut received) = service(&[503, 200]).await;
    let webhooks = setup.start(vec![setup.webhook("desk", &url, LOOPBACK)]);
    let id = setup.add("desk").await;
    webhooks.wake();
    let failed = setup.tried(&id, 1).await;
    assert_eq!((failed.state, failed.status), (DeliveryState::Waiting, Some(503)));
    assert!(failed.why.unwrap().contains("503"));
    let wait = failed.next_at.unwrap().duration_since(Timestamp::now()).as_secs_f64();
    assert!((2.0..6.1).contains(&wait), "{wait}");
    setup.store.deliveries().replay(&id, Timestamp::now()).await.unwrap();
    webhooks.wake();
    let (first, again) = (next(&mut received).await, next(&mut received).await);
    assert_eq!(field(&first.0, "idempotency-key"), field(&again.0, "idempotency-key"));
    assert_eq!(first.1, again.1);
    assert_eq!(setup.tried(&id, 1).await.state, DeliveryState::Delivered);
    // Everything since a moment comes again.
    let since = Timestamp::now() - SignedDuration::from_secs(60);
    assert_eq!(setup.store.deliveries().replay_since("desk", since, Timestamp::now()).await.unwrap(), 1);
    webhooks.wake();
    assert_eq!(next(&mut received).await.1, first.1);
}

#[tokio::test]
async fn who_is_gone_is_told_no_more() {
    let setup = Setup::new("webhook-gone").await;
    let (url, _received) = service(&[410]).await;
    let webhooks = setup.start(vec![setup.webhook("desk", &url, LOOPBACK)]);
    let id = setup.add("desk").await;
    webhooks.wake();
    let gone = setup.tried(&id, 1).await;
    assert_eq!((gone.state, gone.status, gone.next_at), (DeliveryState::Failed, Some(410), None));
}

#[tokio::test]
async fn loopback_is_refused_unless_a_network_that_is_listed_holds_it() {
    let setup = Setup::new("webhook-private").await;
    let (url, mut received) = service(&[200]).await;
    let named = url.replace("127.0.0.1", "localhost");
    let webhooks = setup.start(vec![
        setup.webhook("address", &url, ""),
        setup.webhook("name", &named, "'10.0.0.0/8'"),
        setup.webhook("listed", &named, "'127.0.0.0/8', '::1/128'"),
    ]);
    let ids = [setup.add("address").await, setup.add("name").await, setup.add("listed").await];
    webhooks.wake();
    for id in &ids[..2] {
        let refused = setup.tried(id, 1).await;
        assert_eq!((refused.state, refused.status), (DeliveryState::Waiting, None));
        assert!(refused.why.unwrap().contains("`networks`"));
    }
    assert_eq!(next(&mut received).await.1, format!("{{\"id\":\"{}\"}}", ids[2]));
    assert!(received.try_recv().is_err(), "nobody else was told");
}

#[tokio::test]
async fn messages_outlive_a_restart_and_one_that_hangs_keeps_no_other_webhook_waiting() {
    let setup = Setup::new("webhook-restart").await;
    let (url, mut received) = service(&[200]).await;
    // It accepts, and never answers.
    let hanging = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let hangs = format!("http://{}/", hanging.local_addr().unwrap());
    for _ in 0..6 {
        setup.add("hangs").await;
    }
    let id = setup.add("desk").await;
    let dir = setup.dir.clone();
    setup.store.close().await.unwrap();
    drop(setup);
    let setup = Setup { store: Store::open(&dir).await.unwrap(), dir };
    let webhooks = [setup.webhook("hangs", &hangs, LOOPBACK), setup.webhook("desk", &url, LOOPBACK)];
    let _webhooks = setup.start(webhooks.into());
    assert!(next(&mut received).await.1.contains(&id));
    assert_eq!(setup.tried(&id, 1).await.state, DeliveryState::Delivered);
}

#[tokio::test]
async fn the_queue_of_a_webhook_is_bounded_and_what_finds_it_full_can_be_replayed() {
    let setup = Setup::new("webhook-full").await;
    let new = |number: i64| NewDelivery {
        id: format!("{number:06}"),
        webhook: "desk".into(),
        event: WebhookEvent::Alert.name(),
        about: "alert".into(),
        body: "{}".into(),
        at: Timestamp::now(),
    };
    let all: Vec<_> = (0..=WAITING).map(new).collect();
    setup.store.alerts().add(None, &all).await.unwrap();
    let deliveries = setup.store.deliveries();
    assert_eq!(deliveries.waiting().await.unwrap(), WAITING as u64);
    let last = deliveries.one(&all[WAITING as usize].id).await.unwrap().unwrap();
    assert_eq!((last.state, last.tries), (DeliveryState::Failed, 0));
    assert!(last.why.unwrap().contains("too many"));
    assert_eq!(deliveries.prune(Timestamp::now() + SignedDuration::from_secs(60)).await.unwrap(), 1);
}

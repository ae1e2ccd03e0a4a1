//! Calls between two ends of ours on loopback, with real sockets.
use super::*;
use crate::line::{Change, Ended, EndedBy};
use media::Rate;
use media::keys::{Clocks, KeysIn};
use media::packet::{Packet, Report, Rtcp, Rtp};
use media::testkit::tone;
use tokio::time::{sleep, timeout};

mod hostile;

const MS: Duration = Duration::from_millis(1);
const PATIENT: Duration = Duration::from_secs(10);

fn plan(ice: Ice) -> WebRtcPlan {
    WebRtcPlan { ice, ..WebRtcPlan::default() }
}

/// Both ends of a call: the server's, and the page's.
struct Pair {
    server: WebRtc,
    client: WebRtc,
    bot: End,
    page: End,
}

struct End {
    call: Answered,
    wire: Box<dyn media::Wire>,
    sequence: u16,
}

impl End {
    fn new(mut call: Answered) -> Self {
        let wire = call.line.wire.take().unwrap();
        Self { call, wire, sequence: 0 }
    }

    fn send(&mut self, payload: Vec<u8>) {
        self.sequence += 1;
        let (sequence, arrived) = (self.sequence, Instant::now());
        let timestamp = u32::from(sequence) * 960;
        let payload = bytes::Bytes::from(payload);
        self.wire.send(&Packet::Rtp(Rtp {
            arrived,
            payload_type: 111,
            marker: false,
            sequence,
            timestamp,
            ssrc: 77,
            payload,
        }));
    }

    fn heard(&mut self) -> Vec<Packet> {
        let now = Instant::now();
        std::iter::from_fn(|| self.wire.recv(now)).collect()
    }

    /// The next change but that the path is open.
    async fn change(&mut self) -> Change {
        loop {
            match timeout(PATIENT, self.call.line.next()).await.expect("a change") {
                Change::Up => {}
                change => return change,
            }
        }
    }
}

async fn pair(plan: WebRtcPlan) -> Pair {
    let (server, client) = (WebRtc::start(plan).unwrap(), WebRtc::start(WebRtcPlan::default()).unwrap());
    let (bot, page) = call(&server, &client).await;
    Pair { server, client, bot, page }
}

async fn call(server: &WebRtc, client: &WebRtc) -> (End, End) {
    let offered = client.offer().await.unwrap();
    let bot = server.answer(&offered.sdp).await.unwrap();
    let page = offered.accept(&bot.sdp).await.unwrap();
    (End::new(bot), End::new(page))
}

/// Sends both ways until both have heard; how long that took.
async fn up(bot: &mut End, page: &mut End) -> Duration {
    let start = Instant::now();
    let (mut bot_heard, mut page_heard) = (false, false);
    while start.elapsed() < PATIENT {
        bot.send(vec![1; 50]);
        page.send(vec![2; 50]);
        sleep(5 * MS).await;
        bot_heard |= bot.heard().iter().any(|p| is(p, 2));
        page_heard |= page.heard().iter().any(|p| is(p, 1));
        if bot_heard && page_heard {
            return start.elapsed();
        }
    }
    panic!("bot heard {bot_heard}, page heard {page_heard}");
}

fn is(packet: &Packet, byte: u8) -> bool {
    matches!(packet, Packet::Rtp(rtp) if rtp.payload_type == 111 && rtp.payload.iter().all(|b| *b == byte))
}

/// Until it holds.
async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < PATIENT, "waited in vain for {what}");
        sleep(5 * MS).await;
    }
}

async fn said(end: &mut End) -> Message {
    timeout(PATIENT, end.call.data.inbox.recv()).await.expect("a message").expect("a channel")
}

#[tokio::test]
async fn a_call_connects_in_either_ice_mode_and_we_are_the_dtls_server() {
    for ice in [Ice::Lite, Ice::Full] {
        let Pair { mut bot, mut page, .. } = pair(plan(ice)).await;
        let sdp = &bot.call.sdp;
        assert_eq!(sdp.contains("a=ice-lite"), ice == Ice::Lite);
        assert!(sdp.contains("a=setup:passive") && sdp.contains("a=candidate:") && sdp.contains("a=end-of-candidates"));
        assert!(sdp.contains("useinbandfec=1") && sdp.contains("a=rtpmap:110 telephone-event/48000"), "{sdp}");
        println!("{ice:?}: sound both ways after {:?}", up(&mut bot, &mut page).await);
    }
}

#[tokio::test]
async fn each_side_hears_the_others_tone() {
    let Pair { mut bot, mut page, .. } = pair(plan(Ice::Lite)).await;
    up(&mut bot, &mut page).await;
    let codec = Codec::Opus(OpusPlan::default());
    let mut ends = [(&mut bot, 440.0), (&mut page, 1_000.0)].map(|(end, hz)| {
        (end, tone::sine(hz, Rate::Hz16000, 16_000, 8_000), codec.encoder(), codec.decoder(), Vec::<i16>::new())
    });
    for tick in 0..50 {
        for (end, sound, encoder, decoder, heard) in &mut ends {
            let mut payload = Vec::new();
            encoder.encode(&sound[tick * 320..][..320], &mut payload);
            end.send(payload);
            for packet in end.heard() {
                if let Packet::Rtp(rtp) = packet
                    && rtp.payload.iter().any(|b| *b != rtp.payload[0])
                {
                    decoder.decode(&rtp.payload, heard);
                }
            }
        }
        sleep(10 * MS).await;
    }
    let [(.., at_bot), (.., at_page)] = ends;
    for (heard, theirs, own) in [(at_bot, 1_000.0, 440.0), (at_page, 440.0, 1_000.0)] {
        assert!(heard.len() > 12_000, "{}", heard.len());
        let heard = &heard[4_000..];
        assert!(tone::has(heard, theirs, Rate::Hz16000) && !tone::has(heard, own, Rate::Hz16000));
    }
}

#[tokio::test]
async fn keys_of_rfc_4733_arrive_once_each_in_order() {
    let Pair { mut bot, mut page, .. } = pair(plan(Ice::Lite)).await;
    up(&mut bot, &mut page).await;
    assert_eq!((bot.call.line.plan.telephone_event, bot.call.line.plan.event_clock), (Some(110), 48_000));
    let (mut keys, mut found) = (KeysIn::default(), String::new());
    for (place, event) in [5u8, 11].into_iter().enumerate() {
        for (n, end) in [(1u16, 0u8), (2, 0), (3, 0x80), (3, 0x80), (3, 0x80)] {
            page.sequence += 1;
            let duration = (n * 960).to_be_bytes();
            let payload = bytes::Bytes::from(vec![event, end | 10, duration[0], duration[1]]);
            let (sequence, timestamp) = (page.sequence, 4_800_000 + place as u32 * 48_000);
            let marker = n == 1;
            page.wire.send(&Packet::Rtp(Rtp {
                arrived: Instant::now(),
                payload_type: 110,
                marker,
                sequence,
                timestamp,
                ssrc: 77,
                payload,
            }));
            sleep(10 * MS).await;
            for packet in bot.heard() {
                if let Packet::Rtp(rtp) = packet
                    && rtp.payload_type == 110
                {
                    found.extend(keys.push(&rtp, Clocks { sound: 48_000, events: 48_000 }));
                }
            }
        }
    }
    assert_eq!(found, "5#");
}

#[tokio::test]
async fn reports_come_through_with_the_legs_own_source_and_a_round_trip() {
    let Pair { mut bot, mut page, .. } = pair(plan(Ice::Lite)).await;
    up(&mut bot, &mut page).await;
    bot.wire.send(&Packet::Rtcp(Rtcp::Sender { ssrc: 77, rtp_timestamp: 5, packets: 6, octets: 7, report: None }));
    let mut heard = Vec::new();
    let rtcp =
        |packets: Vec<Packet>| packets.into_iter().filter_map(|p| if let Packet::Rtcp(r) = p { Some(r) } else { None });
    until("the sender report", || {
        heard.extend(rtcp(page.heard()));
        !heard.is_empty()
    })
    .await;
    let Rtcp::Sender { ssrc, packets: 6, .. } = heard[0] else { panic!("{heard:?}") };
    let report = Report { ssrc, fraction_lost: 0.25, lost: 3, highest_sequence: 9, jitter: 4, round_trip: None };
    page.wire.send(&Packet::Rtcp(Rtcp::Receiver { ssrc: 77, report: Some(report) }));
    let mut answers = Vec::new();
    until("the report about us", || {
        answers.extend(rtcp(bot.heard()));
        !answers.is_empty()
    })
    .await;
    let Rtcp::Receiver { report: Some(Report { ssrc: 77, lost: 3, round_trip: Some(_), .. }), .. } = answers[0] else {
        panic!("{answers:?}")
    };
    assert!(bot.call.peer.stats().round_trip.is_some());
}

#[tokio::test]
async fn messages_go_both_ways_and_bad_ones_are_told() {
    let Pair { mut bot, mut page, .. } = pair(plan(Ice::Lite)).await;
    // Before there is a channel: what is said waits.
    bot.call.data.outbox.send("{\"type\":\"hello\"}".into()).await.unwrap();
    assert_eq!((said(&mut bot).await, said(&mut page).await), (Message::Opened, Message::Opened));
    assert_eq!(said(&mut page).await, Message::Text("{\"type\":\"hello\"}".into()));
    for text in ["{\"type\":\"text\",\"text\":\"phòng họp\"}".to_owned(), "x".repeat(MESSAGE)] {
        page.call.data.outbox.send(text.clone()).await.unwrap();
        assert_eq!(said(&mut bot).await, Message::Text(text));
    }
    page.call.data.outbox.send("x".repeat(MESSAGE + 1)).await.unwrap();
    assert_eq!(said(&mut bot).await, Message::Bad);
    assert_eq!(message(false, b"binary"), Message::Bad);
    assert_eq!(message(true, &[0xFF, 0xFE]), Message::Bad);
    drop(page);
    assert!(matches!(bot.change().await, Change::Ended(Ended { by: EndedBy::Caller, .. })));
}

#[tokio::test]
async fn a_flood_of_messages_is_bounded() {
    let Pair { mut bot, mut page, .. } = pair(plan(Ice::Lite)).await;
    assert_eq!((said(&mut bot).await, said(&mut page).await), (Message::Opened, Message::Opened));
    for n in 0..500 {
        page.call.data.outbox.send(format!("{n}")).await.unwrap();
    }
    page.call.data.outbox.send("last".into()).await.unwrap();
    sleep(100 * MS).await;
    let mut taken = 0;
    while bot.call.data.inbox.try_recv().is_ok() {
        taken += 1;
    }
    assert_eq!(taken, WAITING);
}

#[tokio::test]
async fn candidates_trickle_and_those_of_another_session_are_refused() {
    let Pair { mut bot, mut page, .. } = pair(plan(Ice::Full)).await;
    up(&mut bot, &mut page).await;
    let candidate = "m=audio 9 RTP/AVP 0\r\na=mid:0\r\na=candidate:1 1 udp 1 127.0.0.1 9 typ host\r\n";
    bot.call.peer.trickle(1, candidate).await.unwrap();
    bot.call.peer.trickle(1, "a=end-of-candidates\r\n").await.unwrap();
    assert!(matches!(bot.call.peer.trickle(2, candidate).await, Err(Fault::Stale)));
    let stale = format!("a=ice-ufrag:other\r\na=ice-pwd:0123456789012345678901\r\n{candidate}");
    assert!(matches!(bot.call.peer.trickle(1, &stale).await, Err(Fault::Fragment(_))));
    assert!(matches!(bot.call.peer.trickle(1, "nonsense").await, Err(Fault::Fragment(_))));
    assert!(matches!(bot.call.peer.restart(candidate).await, Err(Fault::Fragment(_))));
    bot.call.line.hang_up("done").await;
    assert!(matches!(bot.call.peer.trickle(1, candidate).await, Err(Fault::Gone)));
}

#[tokio::test]
async fn ice_restarts_in_mid_call_and_the_sound_goes_on() {
    for ice in [Ice::Lite, Ice::Full] {
        let Pair { mut bot, mut page, .. } = pair(plan(ice)).await;
        up(&mut bot, &mut page).await;
        assert_eq!((said(&mut bot).await, said(&mut page).await), (Message::Opened, Message::Opened));
        for round in 2..4 {
            let asked = page.call.peer.renew().await.unwrap();
            // Candidates of the session before, sent while it restarts, are not taken for the new one's.
            let (restarted, late) = tokio::join!(
                bot.call.peer.restart(&asked),
                bot.call.peer.trickle(round - 1, "a=end-of-candidates\r\n")
            );
            let (answer, etag) = restarted.unwrap();
            assert!(answer.contains("a=ice-ufrag:") && answer.contains("a=candidate:"), "{answer}");
            assert!(matches!(late, Err(Fault::Stale)), "{late:?}");
            page.call.peer.restart(&answer).await.unwrap();
            assert_eq!((etag, bot.call.peer.etag()), (round, round));
            drop((bot.heard(), page.heard()));
            let took = up(&mut bot, &mut page).await;
            println!("{ice:?}: sound again {took:?} after the restart");
            assert!(took < 1_400 * MS, "the restart would have been taken for a loss: {took:?}");
        }
        // The channel has outlived it.
        page.call.data.outbox.send("still here".into()).await.unwrap();
        assert_eq!(said(&mut bot).await, Message::Text("still here".into()));
    }
}

#[tokio::test]
async fn a_silent_peer_is_lost_comes_back_and_is_given_up_in_the_end() {
    let quick = WebRtcPlan { lost: 150 * MS, grace: 300 * MS, ..plan(Ice::Lite) };
    let Pair { mut bot, mut page, .. } = pair(quick).await;
    up(&mut bot, &mut page).await;
    assert_eq!(bot.change().await, Change::Lost(true));
    page.send(vec![2; 50]);
    assert_eq!(bot.change().await, Change::Lost(false));
    assert_eq!(bot.change().await, Change::Lost(true));
    let lost = Instant::now();
    assert_eq!(bot.change().await, Change::Ended(Ended { by: EndedBy::Network, reason: "connection lost" }));
    assert!(lost.elapsed() >= 250 * MS);
    assert_eq!(
        bot.change().await,
        Change::Ended(Ended { by: EndedBy::Network, reason: "connection lost" }),
        "asked again"
    );
}

#[tokio::test]
async fn a_page_that_never_connects_is_given_up() {
    let server = WebRtc::start(WebRtcPlan { connect: 200 * MS, ..plan(Ice::Lite) }).unwrap();
    let client = WebRtc::start(WebRtcPlan::default()).unwrap();
    let offered = client.offer().await.unwrap();
    let mut bot = End::new(server.answer(&offered.sdp).await.unwrap());
    assert_eq!(bot.change().await, Change::Ended(Ended { by: EndedBy::Network, reason: "no connection came about" }));
    until("its task to end", || server.report() == super::WebRtcReport::default()).await;
}

#[tokio::test]
async fn either_side_can_hang_up_and_the_other_learns_it_at_once() {
    let Pair { mut bot, mut page, .. } = pair(plan(Ice::Lite)).await;
    up(&mut bot, &mut page).await;
    page.call.line.hang_up("enough").await;
    let Change::Ended(Ended { by: EndedBy::Caller, .. }) = bot.change().await else { panic!("not ended by the page") };
    let Pair { mut bot, mut page, .. } = pair(plan(Ice::Lite)).await;
    up(&mut bot, &mut page).await;
    bot.call.peer.hang_up("asked by HTTP");
    assert_eq!(bot.change().await, Change::Ended(Ended { by: EndedBy::Us, reason: "asked by HTTP" }));
    let Change::Ended(Ended { by: EndedBy::Caller, .. }) = page.change().await else { panic!("not told") };
}

#[tokio::test]
async fn a_flood_of_packets_fills_no_more_than_the_ring() {
    let Pair { mut bot, mut page, .. } = pair(plan(Ice::Lite)).await;
    up(&mut bot, &mut page).await;
    let before = bot.call.peer.stats();
    for n in 0..2_000 {
        page.send(vec![2; 1_000]);
        if n % 8 == 0 {
            tokio::task::yield_now().await;
        }
    }
    sleep(100 * MS).await;
    let stats = bot.call.peer.stats();
    let (received, dropped) = (stats.received - before.received, stats.dropped_in - before.dropped_in);
    let kept = bot.heard().len() as u64;
    assert!(received > 100 && kept <= wire::INWARD as u64 && dropped + kept >= received, "{stats:?}, kept {kept}");
}

#[tokio::test]
async fn a_hundred_calls_leave_no_port_and_no_task_behind() {
    let (server, client) = (WebRtc::start(plan(Ice::Lite)).unwrap(), WebRtc::start(WebRtcPlan::default()).unwrap());
    let descriptors = || std::fs::read_dir("/proc/self/fd").unwrap().count();
    let metrics = tokio::runtime::Handle::current().metrics();
    let mut before = None;
    for round in 0..10 {
        let mut ends = Vec::new();
        for _ in 0..10 {
            ends.push(call(&server, &client).await);
        }
        for (bot, page) in &mut ends {
            up(bot, page).await;
        }
        assert_eq!(server.report().peers, 10);
        for (mut bot, page) in ends {
            if round % 2 == 0 {
                bot.call.line.hang_up("over").await;
            }
            drop((bot, page));
        }
        let none = super::WebRtcReport::default();
        until("every task to end", || server.report() == none && client.report() == none).await;
        // What the runtime needs once is there after the first round. Other tests run beside this one and open files too.
        let tasks = metrics.num_alive_tasks();
        let first = *before.get_or_insert(tasks);
        assert!(tasks <= first, "{tasks} tasks in round {round}, {first} at first");
    }
    println!("{} files open", descriptors());
}

#[tokio::test]
async fn a_draining_server_answers_no_more() {
    let Pair { server, client, .. } = pair(plan(Ice::Lite)).await;
    server.drain();
    let offer = client.offer().await.unwrap();
    assert!(matches!(server.answer(&offer.sdp).await, Err(Fault::Draining)));
}

#[tokio::test]
async fn ports_come_out_of_the_range_and_candidates_name_the_public_address() {
    let from = crate::rtp::test_range(8);
    let ports = Some(from..=from + 15);
    let public = "198.51.100.7".parse().ok();
    let Pair { bot, .. } = pair(WebRtcPlan { ports, public, ..plan(Ice::Lite) }).await;
    let line = bot.call.sdp.lines().find(|l| l.starts_with("a=candidate:")).unwrap();
    let words: Vec<&str> = line.split(' ').collect();
    assert_eq!(words[4], "198.51.100.7");
    assert!((from..from + 16).contains(&words[5].parse().unwrap()), "{line}");
}

#[tokio::test(flavor = "multi_thread")]
async fn both_ends_say_once_that_they_can_be_heard() {
    let Pair { mut bot, mut page, .. } = pair(WebRtcPlan::default()).await;
    for end in [&mut bot, &mut page] {
        assert_eq!(timeout(PATIENT, end.call.line.next()).await.expect("a change"), Change::Up);
    }
    page.call.line.hang_up("over").await;
    assert!(matches!(bot.change().await, Change::Ended(_)));
}

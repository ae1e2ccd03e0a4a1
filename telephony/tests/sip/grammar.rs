//! What the grammar of RFC 3261 lets a peer write is taken, what it forbids is told so, and nothing ends in silence: by
//! datagrams and by streams.
use crate::SECOND;
use crate::bot::{self, Bot, Manner, password, plan, until};
use crate::raw::{OFFER, Raw, header, octets, status};
use crate::torture::prove;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use telephony::Decline;
use telephony::sip::{Limits, ReplyPort, SipPlan, SipTransport};
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, UdpSocket};
use tokio::time::timeout;

const BOTH: [SipTransport; 2] = [SipTransport::Udp, SipTransport::Tcp];

/// An INVITE of a new call in the plainest spelling.
fn invite(transport: &str, here: SocketAddr) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let call = NEXT.fetch_add(1, Ordering::Relaxed);
    format!(
        "INVITE sip:echo@example.com SIP/2.0\r\nVia: SIP/2.0/{transport} {here};branch=z9hG4bK{call};rport\r\n\
         Max-Forwards: 70\r\nFrom: \"A\" <sip:a@{here}>;tag=1\r\nTo: <sip:echo@example.com>\r\nCall-ID: grammar-{call}\r\n\
         CSeq: 1 INVITE\r\nContact: <sip:a@{here}>\r\nContent-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{OFFER}",
        OFFER.len()
    )
}

#[track_caller]
fn changed(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from:?} in {text}");
    text.replacen(from, to, 1)
}

/// Pieces of the plain INVITE, and other spellings of them. `HERE` is the address of the far end.
const SPELLINGS: &[(&str, &str)] = &[
    // EQUAL and SEMI with white space and folds around them.
    (";tag=1", ";tag = ab1"),
    (";tag=1", " ;  tag  =  ab1 ; x = \"y;tag=2\""),
    (";tag=1", "\r\n ;\r\n\ttag\r\n =\r\n  ab1"),
    (";tag=1", ";TAG=ab1"),
    // RFC 3261 section 12.1.1: a tag that is absent is null.
    (";tag=1", ""),
    ("Max-Forwards: 70", "Max-Forwards: 0068"),
    ("Max-Forwards: 70", "Max-Forwards: 256"),
    ("Max-Forwards: 70", "mAX-fORWARDS : \r\n 184467440737095516160"),
    ("Max-Forwards: 70\r\n", ""),
    // Octets that are no UTF-8.
    ("\"A\"", "\"caf\u{e9} \u{ff}\""),
    ("Max-Forwards: 70", "Subject: caf\u{e9}\r\n  au lait\r\nX-Latin: \u{80}\u{e8}"),
    ("\"A\"", "\"A \\\" ;tag=9 <sip:x@y> , \\\\\""),
    ("\"A\" ", "A  b.c\t "),
    ("\"A\" ", ""),
    ("application/sdp", "application / sdp"),
    ("application/sdp", "Application/SDP ; charset = \"utf-8\""),
    ("Content-Type: application/sdp", "c :\r\n application\r\n / sdp"),
    ("Content-Length: ", "l: "),
    ("Content-Length: ", "l\t:\r\n 000"),
    ("Content-Length: ", "CONTENT-LENGTH :\r\n\t"),
    ("CSeq: 1 INVITE", "cseq:\t0001\r\n   INVITE"),
    ("Call-ID: ", "i:"),
    ("Via: SIP/2.0/", "v: SIP / 2.0\r\n / "),
    (";branch=", " ; x ; branch\r\n = "),
    (
        ";rport\r\n",
        ";rport , SIP/2.0/TCP far.example.com ; branch = z9hG4bKfar\r\nV :SIP/2.0/SCTP [2001:db8::1]:5070\r\n",
    ),
    ("From: ", "f:"),
    ("To: <sip:echo@example.com>", "t: sip:echo@example.com ; x = y"),
    ("To: <sip:echo@example.com>", "TO : \r\n \"E <f>\" <sip:echo;a=b@example.com;c=d?e=f>  ; g"),
    ("Contact: <", "m:\"x, <y> ; \\\"z\\\"\"<"),
    ("Contact: <sip:a@HERE>", "m : sip:a@HERE ; q = 0.5"),
    (
        "Contact: ",
        "Record-Route : <sip:HERE;lr> , \"p, q\"<sip:HERE;lr> ; x\r\nrecord-route:<sip:HERE;lr>\r\nContact: ",
    ),
    ("Max-Forwards: 70", "Require : timer ,\r\n replaces\r\nk:timer\r\nx : 1800 ; refresher = uac"),
    ("Max-Forwards: 70", "Allow:INVITE,ACK ,\tBYE\r\nAccept : text/plain ; q = 0.1 , application / sdp"),
    ("Max-Forwards: 70", "X-Odd: ;;,,;\"<\r\nNew.Field!: a:b\r\nRoute: <sip:example.com;lr>,<sip:HERE;lr>"),
    ("INVITE sip:echo@", "\r\n\r\nINVITE SIP:%65cho;npdi;rn=+12065550100@"),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_spelling_that_the_grammar_allows_makes_a_call() {
    for transport in BOTH {
        let bot = Arc::new(Bot::start(plan()).await);
        let mut failed = Vec::new();
        for spelling in SPELLINGS {
            let done = tokio::spawn(call(bot.clone(), transport, spelling)).await;
            if done.is_err() {
                failed.push(spelling);
            }
        }
        assert!(failed.is_empty(), "{failed:?}");
        let calls = bot.calls(SPELLINGS.len()).await;
        assert!(calls.iter().all(|call| call.user == "echo"));
        bot.gone().await;
    }
}

async fn call(bot: Arc<Bot>, transport: SipTransport, (from, to): &(&str, &str)) {
    let mut raw = Raw::new(&bot, transport).await;
    let here = raw.here().to_string();
    let (from, to) = (from.replace("HERE", &here), to.replace("HERE", &here));
    let text = changed(&invite(raw.transport(), raw.here()), &from, &to);
    // By a stream an empty line is a ping, which has an answer of its own.
    let text = if transport == SipTransport::Tcp { text.trim_start().to_owned() } else { text };
    raw.send(&octets(&text)).await;
    let answer = raw.answer_to("INVITE").await;
    assert_eq!(status(&answer), 200, "{from:?} → {to:?}: {answer}");
    raw.hang_up(&answer).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_answer_repeats_it_repeats_as_it_came() {
    for transport in BOTH {
        let bot = Bot::start(plan()).await;
        let mut raw = Raw::new(&bot, transport).await;
        let text = invite(raw.transport(), raw.here());
        let text = changed(&text, "\"A\"", "\"caf\u{e9} \u{ff} <x>\"");
        let text = changed(&text, ";tag=1", "");
        let text = changed(&text, "To: <sip:echo@example.com>", "To: \"\u{fc}\" <sip:echo;a=b@example.com;c=d>");
        let text = changed(&text, ";rport\r\n", ";rport, SIP/2.0/TCP far;branch=z9hG4bKfar\r\n");
        let routes = "Record-Route: <sip:HERE;lr;x=y>, <sip:far.example.com:5070;lr>\r\nRecord-Route: <sip:c;lr>\r\n";
        let routes = routes.replace("HERE", &raw.here().to_string());
        let text = changed(&text, "Contact: ", &format!("{routes}Contact: "));
        raw.send(&octets(&text)).await;
        let answer = raw.answer_to("INVITE").await;
        assert_eq!(status(&answer), 200, "{answer}");
        assert_eq!(header(&answer, "From"), header(&text, "From"));
        let to = header(&answer, "To");
        assert!(to.starts_with("\"\u{fc}\" <sip:echo;a=b@example.com;c=d>;tag="), "{to}");
        for repeated in ["SIP/2.0/TCP far;branch=z9hG4bKfar", "<sip:far.example.com:5070;lr>", "<sip:c;lr>", ";lr;x=y>"]
        {
            assert!(answer.contains(repeated), "{repeated}: {answer}");
        }
        raw.hang_up(&answer).await;
        bot.calls(1).await;
        bot.gone().await;
    }
}

/// A party without a tag is addressed without one (RFC 3261 section 12.2.1.1), in the octets that it wrote.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_of_ours_names_the_caller_as_the_caller_did() {
    for transport in BOTH {
        let bot = Bot::with(plan(), Manner::HangUp).await;
        let mut raw = Raw::new(&bot, transport).await;
        let text = changed(&invite(raw.transport(), raw.here()), "\"A\"", "\"caf\u{e9}\"");
        let text = changed(&text, ";tag=1", "");
        raw.send(&octets(&text)).await;
        let answer = raw.answer_to("INVITE").await;
        raw.acknowledge(&answer).await;
        let bye = loop {
            let text = raw.next().await.expect("a message");
            if text.starts_with("BYE ") {
                break text;
            }
        };
        assert_eq!(header(&bye, "To"), header(&text, "From"));
        raw.accept(&bye).await;
        bot.calls(1).await;
        bot.gone().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_without_a_length_is_taken_from_a_datagram_and_refused_on_a_stream_that_goes_on() {
    let bot = Bot::start(plan()).await;
    let without = |raw: &Raw| {
        let text = invite(raw.transport(), raw.here());
        let length = format!("Content-Length: {}\r\n", OFFER.len());
        changed(&text, &length, "")
    };
    let mut raw = Raw::new(&bot, SipTransport::Udp).await;
    raw.send(without(&raw).as_bytes()).await;
    let answer = raw.answer_to("INVITE").await;
    assert_eq!(status(&answer), 200, "{answer}");
    raw.hang_up(&answer).await;
    bot.calls(1).await;

    let mut raw = Raw::new(&bot, SipTransport::Tcp).await;
    for _ in 0..2 {
        raw.send(without(&raw).as_bytes()).await;
        assert_eq!(status(&raw.answer().await), 400);
        raw.nothing_comes().await;
    }
    assert_eq!(bot.sip.report().refused["no Content-Length on a stream"], 2);
    bot.gone().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_too_large_is_told_so() {
    let bot = Bot::start(plan()).await;
    for transport in BOTH {
        let mut raw = Raw::new(&bot, transport).await;
        let body = "x".repeat(20_000);
        let text = invite(raw.transport(), raw.here()).replace(OFFER, &body);
        let text = changed(&text, &format!("Length: {}", OFFER.len()), &format!("Length: {}", body.len()));
        raw.send(text.as_bytes()).await;
        let answer = raw.answer().await;
        assert_eq!(status(&answer), 513, "{answer}");
        match transport {
            SipTransport::Udp => raw.nothing_comes().await,
            SipTransport::Tcp => assert!(raw.closes().await),
        }
    }
    assert_eq!(bot.sip.report().refused["oversize"], 2);
    bot.calls(0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_grammar_forbids_is_refused_by_name() {
    for transport in BOTH {
        let bot = Bot::start(plan()).await;
        let mut raw = Raw::new(&bot, transport).await;
        for (from, to, why) in [
            ("Contact: <sip:a@HERE>", "Contact: *", "malformed Contact"),
            ("Contact: <sip:a@HERE>", "m : \t*", "malformed Contact"),
            ("Contact: <sip:a@HERE>", "Contact: <sip:a@HERE>, *", "malformed Contact"),
            ("Contact: <sip:a@HERE>", "Contact: <>", "malformed Contact"),
            ("Contact: <sip:a@HERE>\r\n", "", "no Contact"),
            ("Contact: <sip:a@HERE>", "Contact: <sip:a@HERE>,,<sip:b@HERE>", "stray separators"),
            ("Max-Forwards: 70", "Max-Forwards: 7O", "malformed Max-Forwards"),
            ("Call-ID: ", "Call-ID: a b", "malformed Call-ID"),
            ("CSeq: 1 INVITE", "CSeq: 4294967296 INVITE", "malformed CSeq"),
            ("CSeq: 1 INVITE", "CSeq: 1 invite", "CSeq names another method"),
            ("\"A\"", "\"A", "malformed From or To"),
            ("Max-Forwards: 70", "Max Forwards: 70", "malformed header line"),
        ] {
            let text = invite(raw.transport(), raw.here());
            let text = changed(&text, &from.replace("HERE", &raw.here().to_string()), to);
            raw.send(octets(&text.replace("HERE", "x.example.com")).as_slice()).await;
            let answer = raw.answer().await;
            assert_eq!(status(&answer), 400, "{to:?}: {answer}");
            let count = bot.sip.report().refused.get(why).copied();
            assert!(count.is_some(), "{to:?}: {why}: {:?}", bot.sip.report().refused);
        }
        raw.nothing_comes().await;
        bot.calls(0).await;
    }
}

/// RFC 3261 section 20.10: without brackets the parameters are the Contact's, not the address's.
#[tokio::test(flavor = "multi_thread")]
async fn a_registration_lasts_as_long_as_its_contact_says() {
    let bot = Bot::start(SipPlan { phones: vec![password("lan")], ..plan() }).await;
    let mut raw = Raw::new(&bot, SipTransport::Udp).await;
    for (number, (contact, expected)) in [
        ("m: sip:one@h ; expires = 120", "<sip:one@h>;expires=1"),
        ("Contact : \"a > b\"<sip:two@h;x=y> ;q=0.5; EXPIRES = 120", "<sip:two@h;x=y>;expires=1"),
        ("Contact: <sip:three@h>\r\n ;\r\n expires\r\n =\r\n 120 , <sip:four@h>;expires=120", "<sip:four@h>;expires=1"),
    ]
    .into_iter()
    .enumerate()
    {
        let here = raw.here();
        let text = format!(
            "REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/UDP {here};branch=z9hG4bKr{number};rport\r\n\
             From: <sip:lan@example.com>;tag=1\r\nTo: <sip:lan@example.com>\r\nCall-ID: r{number}\r\nCSeq: 1 REGISTER\r\n\
             Expires: 600\r\n{contact}\r\nContent-Length: 0\r\n\r\n"
        );
        raw.send(text.as_bytes()).await;
        let challenge = raw.answer().await;
        let answer = prove(&mut raw, text.as_bytes(), &challenge).await;
        assert!(answer.contains(expected), "{contact}: {answer}");
    }
}

/// A far end that sends by one port and listens at another.
struct Split {
    out: UdpSocket,
    listening: UdpSocket,
}

impl Split {
    async fn new(bot: &Bot) -> Self {
        let out = UdpSocket::bind("127.0.0.1:0").await.expect("a socket");
        out.connect(bot.udp()).await.expect("a way");
        Self { out, listening: UdpSocket::bind("127.0.0.1:0").await.expect("a socket") }
    }

    fn heard_at(&self) -> SocketAddr {
        self.listening.local_addr().expect("an address")
    }

    async fn send(&self, text: &str) {
        self.out.send(text.as_bytes()).await.expect("sent");
    }

    /// The next message, and whether it came to where the far end listens.
    async fn next(&self) -> (bool, String) {
        let (mut here, mut back) = ([0; 4096], [0; 4096]);
        let received = async {
            tokio::select! {
                length = self.listening.recv(&mut here) => (true, length.expect("received")),
                length = self.out.recv(&mut back) => (false, length.expect("received")),
            }
        };
        let (at, length) = timeout(5 * SECOND, received).await.expect("in time");
        let bytes = if at { &here[..length] } else { &back[..length] };
        (at, String::from_utf8_lossy(bytes).into_owned())
    }

    /// The next answer with this status to this method; all messages until then come to the same place.
    async fn answer(&self, listening: bool, method: &str, wanted: u16) -> String {
        loop {
            let (at, text) = self.next().await;
            assert_eq!(at, listening, "{text}");
            if status(&text) == wanted && header(&text, "CSeq").ends_with(method) {
                return text;
            }
        }
    }
}

/// RFC 3261 section 18.2.2 and RFC 3581 section 4.
#[tokio::test(flavor = "multi_thread")]
async fn answers_go_to_the_port_of_the_via_unless_it_asks_for_the_one_it_came_from() {
    for (reply_port, rport, listening) in
        [(ReplyPort::Via, "", true), (ReplyPort::Via, ";rport", false), (ReplyPort::Source, "", false)]
    {
        let bot = Bot::start(SipPlan { reply_port, ..plan() }).await;
        let far = Split::new(&bot).await;
        let plain = |text: String| changed(&text, ";rport", rport);
        let text = plain(invite("UDP", far.heard_at()));
        far.send(&text).await;
        let ok = far.answer(listening, "INVITE", 200).await;
        assert_eq!(header(&ok, "Via").contains(";rport="), !listening, "{ok}");
        // A copy of the 200 for a copy of the INVITE, and for the want of an ACK, takes the same way.
        far.send(&text).await;
        for _ in 0..2 {
            far.answer(listening, "INVITE", 200).await;
        }
        let to = header(&ok, "To").to_owned();
        let within = |method: &str, number: u32| {
            let text = text.replace("INVITE", method).replace("CSeq: 1 ", &format!("CSeq: {number} "));
            let text = text.replace("z9hG4bK", &format!("z9hG4bK{method}"));
            let text = changed(&text, "To: <sip:echo@example.com>", &format!("To: {to}"));
            changed(&text, &format!("Length: {}", OFFER.len()), "Length: 0").replace(OFFER, "")
        };
        far.send(&within("ACK", 1)).await;
        for _ in 0..2 {
            far.send(&within("BYE", 2)).await;
            let answer = far.answer(listening, "BYE", 200).await;
            assert_eq!(header(&answer, "Via").contains(";rport="), !listening, "{answer}");
            until(|| bot.sip.report().transactions == 0, "the transaction to be over").await;
        }
        // What the gate refuses, and what has no transaction, is answered there too.
        let refused = changed(&plain(invite("UDP", far.heard_at())), "Max-Forwards", "Require: x\r\nMax-Forwards");
        far.send(&refused).await;
        far.answer(listening, "INVITE", 420).await;
        far.send(&within("CANCEL", 7).replace("Call-ID: ", "Call-ID: no-")).await;
        far.answer(listening, "CANCEL", 481).await;
        bot.calls(1).await;
        bot.gone().await;

        let bot = Bot::with(SipPlan { reply_port, ..plan() }, Manner::Ring).await;
        let far = Split::new(&bot).await;
        let text = changed(&invite("UDP", far.heard_at()), ";rport", rport);
        far.send(&text).await;
        far.answer(listening, "INVITE", 180).await;
        let cancel = text.replace("INVITE", "CANCEL").replace("Content-Type: application/sdp\r\n", "");
        let cancel = changed(&cancel, &format!("Length: {}", OFFER.len()), "Length: 0").replace(OFFER, "");
        far.send(&cancel).await;
        far.answer(listening, "INVITE", 487).await;
        bot.calls(1).await;
    }
}

/// RFC 3261 section 18.2.2: by a new connection to the address it came from and the port of the Via.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_whose_stream_is_gone_takes_a_new_one_or_is_counted() {
    let mut brief = plan();
    brief.limits.ring = SECOND / 2;
    let bot = Bot::with(brief, Manner::Ring).await;
    let listening = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
    let closed = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
    let addresses = [&listening, &closed].map(|listener| listener.local_addr().expect("an address"));
    drop(closed);
    for address in addresses {
        let mut raw = Raw::new(&bot, SipTransport::Tcp).await;
        raw.send(invite("TCP", address).as_bytes()).await;
        assert_eq!(status(&raw.next().await.expect("an answer")), 180);
    }
    let (mut stream, _) = timeout(5 * SECOND, listening.accept()).await.expect("in time").expect("connected");
    let mut buffer = [0; 4096];
    let length = timeout(5 * SECOND, stream.read(&mut buffer)).await.expect("in time").expect("received");
    assert!(buffer[..length].starts_with(b"SIP/2.0 480 "), "{}", String::from_utf8_lossy(&buffer[..length]));
    until(|| bot.sip.report().unanswered.contains_key("answer not sent"), "the other answer to be counted").await;
    bot.calls(2).await;
}

/// RFC 3261 section 8.2.2.2.
#[tokio::test(flavor = "multi_thread")]
async fn an_invite_that_came_another_way_before_is_a_loop() {
    for transport in BOTH {
        for manner in [Manner::Answer, Manner::Ring] {
            let bot = Bot::with(plan(), manner).await;
            let mut raw = Raw::new(&bot, transport).await;
            let text = invite(raw.transport(), raw.here());
            raw.send(text.as_bytes()).await;
            let answered = loop {
                let text = raw.next().await.expect("an answer");
                if status(&text) >= 180 {
                    break text;
                }
            };
            let mut other = Raw::new(&bot, transport).await;
            let copy = changed(&text, "branch=z9hG4bK", "branch=z9hG4bKother");
            for _ in 0..2 {
                other.send(copy.as_bytes()).await;
                assert_eq!(status(&other.answer().await), 482);
            }
            // Another CSeq, Call-ID or From tag is another request.
            for (from, to) in [("CSeq: 1 ", "CSeq: 2 "), ("tag=1", "tag=2"), ("Call-ID: ", "Call-ID: not-")] {
                let text = changed(&changed(&copy, from, to), "z9hG4bK", "z9hG4bKyet");
                let text = changed(&text, "application/sdp", "text/plain");
                other.send(text.as_bytes()).await;
                assert_eq!(status(&other.answer().await), 415, "{to}");
            }
            assert_eq!(bot.sip.report().refused["merged"], 2);
            if manner == Manner::Answer {
                raw.hang_up(&answered).await;
                bot.calls(1).await;
                bot.gone().await;
            }
        }
    }
}

/// A request that is refused may come again by another way, at once and though the first refusal is not acknowledged.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_request_that_comes_another_way_is_refused_for_itself() {
    let full = |calls| SipPlan { limits: Limits { calls, ..Limits::default() }, ..plan() };
    let closed = SipPlan { open: vec![], phones: vec![password("lan")], ..plan() };
    for transport in BOTH {
        for (plan, manner, method, expected) in [
            (plan(), Manner::Decline(Decline::Busy), "INVITE", 486),
            (plan(), Manner::Decline(Decline::Overloaded(SECOND)), "INVITE", 503),
            (full(0), Manner::Answer, "INVITE", 486),
            (closed.clone(), Manner::Answer, "INVITE", 401),
            (full(0), Manner::Answer, "OPTIONS", 486),
            (closed.clone(), Manner::Answer, "OPTIONS", 401),
            (closed.clone(), Manner::Answer, "REGISTER", 401),
            (plan(), Manner::Answer, "SUBSCRIBE", 405),
            (plan(), Manner::Answer, "BYE", 481),
        ] {
            let bot = Bot::with(plan, manner).await;
            let mut raw = Raw::new(&bot, transport).await;
            let text = invite(raw.transport(), raw.here()).replace("INVITE", method);
            for branch in ["z9hG4bKfirst", "z9hG4bKsecond"] {
                let attempt = changed(&text, "z9hG4bK", branch);
                raw.send(attempt.as_bytes()).await;
                let answer = loop {
                    let answer = raw.answer().await;
                    if header(&answer, "Via").contains(branch) {
                        break answer;
                    }
                };
                assert_eq!(status(&answer), expected, "{method} by {}: {answer}", raw.transport());
                // A late copy of what was refused changes nothing.
                raw.send(attempt.as_bytes()).await;
            }
            assert!(!bot.sip.report().refused.contains_key("merged"), "{method}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_reaches_us_ends_in_silence() {
    bot::listen_to_logs();
    let bot = Bot::start(plan()).await;
    let mut raw = Raw::new(&bot, SipTransport::Udp).await;
    let here = raw.here();
    let fields = |method: &str| {
        format!(
            "Via: SIP/2.0/UDP {here};branch=z9hG4bKstray;rport\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\n\
             Call-ID: stray\r\nCSeq: 1 {method}\r\nContent-Length: 0\r\n\r\n"
        )
    };
    let stun = [&[0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42][..], &[7; 12]].concat();
    for (message, why) in [
        (vec![], "keepalive"),
        (b"\r\n\r\n".to_vec(), "keepalive"),
        (b"\0\0\0\0".to_vec(), "keepalive"),
        (b"hello".to_vec(), "not SIP"),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(), "not SIP"),
        (b"\x16\x03\x01\x02\0\x01\0".to_vec(), "not SIP"),
        (stun, "not SIP"),
        (vec![b'x'; 20_000], "oversize"),
        (format!("ACK sip:a@b SIP/2.0\r\n{}", fields("ACK")).into_bytes(), "stray ACK"),
        (format!("ACK sip:a@b SIP/2.0\r\n{}", fields("INVITE")).into_bytes(), "CSeq names another method"),
        (format!("SIP/2.0 200 OK\r\n{}", fields("INVITE")).into_bytes(), "stray response"),
        (format!("SIP/2.0 2000 OK\r\n{}", fields("INVITE")).into_bytes(), "malformed response"),
        (b"INVITE sip:a@b SIP/2.0\r\nCSeq: 1 INVITE\r\n\r\n".to_vec(), "no Via"),
        (b"INVITE sip:a@b SIP/2.0\r\n".to_vec(), "no end of headers"),
    ] {
        let count = || {
            let report = bot.sip.report();
            report.refused.get(why).or(report.unanswered.get(why)).copied().unwrap_or_default()
        };
        let before = count();
        raw.send(&message).await;
        until(|| count() == before + 1, why).await;
        let said = format!("why={why:?}");
        until(|| bot::logged().iter().any(|line| line.contains(&said)), "a line in the log").await;
        raw.nothing_comes().await;
    }
    bot.calls(0).await;
}

#[test]
fn every_reason_that_signalling_counts_stands_in_the_operators_document() {
    let docs = include_str!("../../../docs/operations.md");
    let (mut folders, mut files) = (vec![PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src/sip"))], Vec::new());
    while let Some(folder) = folders.pop() {
        let within = std::fs::read_dir(folder).expect("the sources").map(|entry| entry.expect("a file").path());
        for path in within {
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    let mut found = 0;
    for path in files {
        let text = std::fs::read_to_string(&path).expect("a source");
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for opening in
            ["count(\"", "leave_unanswered(\"", "refuse(source, \"", "bad(\"", "Drop(\"", "why: \"", "why = \""]
        {
            for reason in code.split(opening).skip(1).filter_map(|rest| rest.split('"').next()) {
                found += 1;
                let kind = ["no", "two", "malformed"].into_iter().find(|kind| reason.split(' ').next() == Some(kind));
                let written = kind.map_or_else(|| format!("`{reason}`"), |kind| format!("`{kind} …`"));
                assert!(docs.contains(&written), "{}: {reason}", path.display());
            }
        }
    }
    assert!(found > 50, "{found}");
}

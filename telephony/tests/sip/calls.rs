//! Who is called, what a call brings along, and calls that take the place of others, by a far end that is bare text.
use crate::bot::{Bot, Manner, Taken, password, plan, until};
use crate::{HUNG_UP, SECOND, exchange};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;
use telephony::sip::digest::{Challenge, SignedRequest};
use telephony::sip::{Credentials, SipPlan};
use telephony::{CallOrigin, Change, Decline, Referral};
use tokio::net::UdpSocket;
use tokio::time::timeout;

/// A far end with a socket for SIP and one for sound.
struct Far {
    sip: UdpSocket,
    rtp: UdpSocket,
    server: SocketAddr,
    call_id: String,
    /// To of the dialog, once there is one.
    to: String,
    from: String,
    sequence: u32,
}

impl Far {
    async fn new(bot: &Bot) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let sip = UdpSocket::bind("127.0.0.1:0").await.expect("a socket");
        sip.connect(bot.udp()).await.expect("a way");
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Self {
            rtp: UdpSocket::bind("127.0.0.1:0").await.expect("a socket"),
            server: bot.udp(),
            call_id: format!("far-{number}"),
            to: "<sip:echo@far.test>".into(),
            from: format!("<sip:tester@far.test>;tag=f{number}"),
            sequence: 0,
            sip,
        }
    }

    async fn request(&self, method: &str, uri: &str, more: &str, body: &str) {
        let here = self.sip.local_addr().expect("an address");
        // A CANCEL has the branch of what it cancels (RFC 3261 section 9.1).
        let of = if method == "CANCEL" { "INVITE" } else { method };
        let branch = format!("{}-{}-{of}", self.call_id, self.sequence);
        let Self { from, to, call_id, sequence, .. } = self;
        let text = format!(
            "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {here};branch=z9hG4bK{branch};rport\r\nMax-Forwards: 70\r\n\
             From: {from}\r\nTo: {to}\r\nCall-ID: {call_id}\r\nCSeq: {sequence} {method}\r\nContact: <sip:far@{here}>\r\n\
             {more}Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.sip.send(text.as_bytes()).await.expect("sent");
    }

    async fn receive(&self) -> String {
        let mut buffer = [0; 8192];
        let length = timeout(5 * SECOND, self.sip.recv(&mut buffer)).await.expect("in time").expect("a message");
        String::from_utf8_lossy(&buffer[..length]).into_owned()
    }

    /// The final answer to a request.
    async fn ask(&mut self, method: &str, uri: &str, more: &str, body: &str) -> String {
        self.sequence += 1;
        self.request(method, uri, more, body).await;
        loop {
            let answer = self.receive().await;
            let of_this = header(&answer, "CSeq") == format!("{} {method}", self.sequence);
            if answer.starts_with("SIP/2.0 ") && of_this && status(&answer) >= 200 {
                return answer;
            }
        }
    }

    fn offer(&self) -> String {
        let port = self.rtp.local_addr().expect("an address").port();
        format!("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {port} RTP/AVP 0\r\n")
    }

    /// Calls `uri` and acknowledges the answer, whatever it is.
    async fn invite(&mut self, uri: &str, more: &str) -> String {
        let more = format!("Content-Type: application/sdp\r\n{more}");
        let answer = self.ask("INVITE", uri, &more, &self.offer()).await;
        self.acknowledge(uri, &answer, "").await;
        answer
    }

    async fn acknowledge(&mut self, uri: &str, answer: &str, body: &str) {
        let to = std::mem::replace(&mut self.to, header(answer, "To").to_owned());
        let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
        if status(answer) == 200 {
            if let Some(port) = answer.lines().find_map(|line| line.strip_prefix("m=audio ")?.split(' ').next()) {
                self.rtp.connect(("127.0.0.1", port.parse().expect("a port"))).await.expect("a way");
            }
            self.request("ACK", uri, kind, body).await;
        } else {
            // The ACK of a refusal belongs to the transaction of the INVITE (RFC 3261 section 17.1.1.3).
            let here = self.sip.local_addr().expect("an address");
            let branch = format!("{}-{}-INVITE", self.call_id, self.sequence);
            let text = format!(
                "ACK {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {here};branch=z9hG4bK{branch};rport\r\nMax-Forwards: 70\r\nFrom: {}\r\n\
                 To: {}\r\nCall-ID: {}\r\nCSeq: {} ACK\r\nContent-Length: 0\r\n\r\n",
                self.from, self.to, self.call_id, self.sequence
            );
            self.sip.send(text.as_bytes()).await.expect("sent");
            self.to = to;
        }
    }

    async fn hang_up(&mut self) {
        let answer = self.ask("BYE", &format!("sip:{}", self.server), "", "").await;
        assert_eq!(status(&answer), 200, "{answer}");
    }

    /// What this far end's dialog is called in a Replaces header.
    fn replaces(&self, more: &str) -> String {
        let tag = |value: &str| value.split("tag=").nth(1).expect("a tag").to_owned();
        // The tags are told by the side that answered: its own first.
        format!("Replaces: {};to-tag={};from-tag={}{more}\r\n", self.call_id, tag(&self.to), tag(&self.from))
    }

    /// Waits for a request of the server's and answers it with 200.
    async fn hears(&self, method: &str) -> String {
        loop {
            let request = self.receive().await;
            if request.starts_with("SIP/2.0 ") {
                continue;
            }
            assert!(request.starts_with(&format!("{method} ")), "{request}");
            let kept =
                ["Via", "From", "To", "Call-ID", "CSeq"].map(|name| format!("{name}: {}\r\n", header(&request, name)));
            let answer = format!("SIP/2.0 200 OK\r\n{}Content-Length: 0\r\n\r\n", kept.concat());
            self.sip.send(answer.as_bytes()).await.expect("sent");
            return request;
        }
    }

    /// Whether sound that is sent comes back.
    async fn is_echoed(&self, sequence: u16) -> bool {
        let [high, low] = sequence.to_be_bytes();
        let mut packet = vec![0x80, 0, high, low, 0, 0, high, low, 1, 2, 3, 4];
        packet.extend([0x55; 160]);
        for _ in 0..20 {
            self.rtp.send(&packet).await.expect("sent");
            let mut buffer = [0; 512];
            if let Ok(Ok(length)) = timeout(Duration::from_millis(100), self.rtp.recv(&mut buffer)).await
                && buffer[12..length] == packet[12..]
            {
                return true;
            }
        }
        false
    }
}

fn header<'a>(text: &'a str, name: &str) -> &'a str {
    let of = |line: &'a str| line.split_once(':').filter(|(key, _)| key.trim().eq_ignore_ascii_case(name));
    text.lines().find_map(of).map_or("", |(_, value)| value.trim())
}

fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0)
}

/// One call to `uri` with these header lines, as the bot saw it.
async fn called(bot: &Bot, calls: usize, uri: &str, more: &str) -> Taken {
    let mut far = Far::new(bot).await;
    let answer = far.invite(uri, more).await;
    assert_eq!(status(&answer), 200, "{uri}: {answer}");
    far.hang_up().await;
    bot.calls(calls).await.swap_remove(calls - 1)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_called_user_ends_at_its_parameters_and_a_number_may_come_as_a_tel_uri() {
    let bot = Bot::start(plan()).await;
    let server = bot.udp();
    let cases = [
        (format!("sip:echo;npdi;rn=+12065550100@{server}"), "echo"),
        (format!("sip:%65cho;phone-context=+1@{server};user=phone"), "echo"),
        (format!("sip:Echo@{server}"), "Echo"),
        (format!("sip:+1-206-555-0100@{server};user=phone"), "+12065550100"),
        ("tel:+1-206-555-0100;phone-context=example.com".into(), "+12065550100"),
        (format!("sip:{server}"), ""),
    ];
    for (at, (uri, user)) in cases.iter().enumerate() {
        assert_eq!(called(&bot, at + 1, uri, "").await.user, *user, "{uri}");
    }
    bot.gone().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trunk_brings_what_its_list_names_and_says_who_calls() {
    let trunk = exchange(&["X-Customer", "History-Info", "User-to-User", "X-Long"]);
    let bot = Bot::start(SipPlan { trunks: vec![trunk], ..plan() }).await;
    let uri = format!("sip:echo@{}", bot.udp());
    let long = "x".repeat(2000);
    let more = format!(
        "P-Asserted-Identity: \"Ada\" <tel:+44-1632-960123>\r\nx-customer: 4711\r\nX-Other: no\r\nX-Long: {long}\r\n\
         History-Info: <sip:a@far.test>;index=1\r\nUser-to-User: 56a3;encoding=hex\r\nHistory-Info: <sip:b@far.test>;index=1.1\r\n"
    );
    let call = called(&bot, 1, &uri, &more).await;
    assert_eq!(call.origin, CallOrigin::Trunk("provider".into()));
    assert_eq!(call.from.expose(), "\"Ada\" <tel:+441632960123>");
    let headers: Vec<_> = call.headers.iter().collect();
    assert_eq!(
        headers,
        [
            ("History-Info", "<sip:a@far.test>;index=1, <sip:b@far.test>;index=1.1"),
            ("User-to-User", "56a3;encoding=hex"),
            ("X-Customer", "4711"),
        ]
    );
    assert_eq!(bot.sip.report().refused["long header field"], 1);
    let private = "P-Asserted-Identity: <tel:+441632960123>\r\nPrivacy: id\r\n";
    assert_eq!(called(&bot, 2, &uri, private).await.from.user(), "tester");
    // Who is no trunk asserts nothing and brings nothing.
    let open = Bot::start(plan()).await;
    let call = called(&open, 1, &format!("sip:echo@{}", open.udp()), &more).await;
    assert_eq!((call.from.user(), call.headers.is_empty()), ("tester", true));
}

#[tokio::test(flavor = "multi_thread")]
async fn options_tell_what_an_invite_would_get() {
    let mut small = plan();
    small.limits.calls = 1;
    let bot = Bot::start(small).await;
    let behind = Arc::new(AtomicBool::new(false));
    let late = behind.clone();
    bot.sip.answer_options_by(move |called| match called.user() {
        "echo" => Ok(()),
        "" if late.load(Ordering::Relaxed) => Err(Decline::Overloaded(7 * SECOND)),
        "mute" => Err(Decline::Overloaded(60 * SECOND)),
        _ => Err(Decline::Unknown),
    });
    let server = bot.udp();
    let ask = async |user: &str| {
        let uri = if user.is_empty() { format!("sip:{server}") } else { format!("sip:{user}@{server}") };
        let answer = Far::new(&bot).await.ask("OPTIONS", &uri, "", "").await;
        (status(&answer), header(&answer, "Retry-After").to_owned(), answer)
    };
    let (free, later, text) = ask("echo").await;
    assert_eq!((free, later.as_str()), (200, ""));
    for (name, word) in [("Allow", "NOTIFY"), ("Accept", "application/sdp"), ("Supported", "replaces")] {
        assert!(header(&text, name).contains(word), "{text}");
    }
    assert_eq!(ask("echo;npdi").await.0, 200);
    assert_eq!(ask("nobody").await.0, 404);
    let (mute, later, _) = ask("mute").await;
    assert_eq!((mute, later.as_str()), (503, "60"));
    // The server itself, which no user names.
    assert_eq!(ask("").await.0, 200);
    behind.store(true, Ordering::Relaxed);
    let (full, later, _) = ask("").await;
    assert_eq!((full, later.as_str()), (503, "7"));
    behind.store(false, Ordering::Relaxed);
    let mut far = Far::new(&bot).await;
    far.invite(&format!("sip:echo@{server}"), "").await;
    for (user, expected) in [("echo", 486), ("nobody", 486), ("", 503)] {
        let (status, later, _) = ask(user).await;
        assert_eq!((status, later.as_str()), (expected, "10"), "{user}");
    }
    // Within the call, and for a call that is none.
    let within = far.ask("OPTIONS", &format!("sip:echo@{server}"), "", "").await;
    assert!(status(&within) == 200 && header(&within, "Allow").contains("INVITE"), "{within}");
    far.hang_up().await;
    let after = far.ask("OPTIONS", &format!("sip:echo@{server}"), "", "").await;
    assert_eq!(status(&after), 481, "{after}");
    bot.sip.drain();
    for user in ["echo", "nobody", ""] {
        let (status, later, _) = ask(user).await;
        assert_eq!((status, later.as_str()), (503, "10"), "{user}");
    }
    bot.gone().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn options_of_who_may_not_call_say_so_but_the_server_answers_for_itself() {
    for (phones, expected) in [(vec![], 403), (vec![password("lan")], 401)] {
        let bot = Bot::start(SipPlan { open: vec![], phones, ..plan() }).await;
        let uri = format!("sip:echo@{}", bot.udp());
        assert_eq!(status(&Far::new(&bot).await.ask("OPTIONS", &uri, "", "").await), expected);
        assert_eq!(status(&Far::new(&bot).await.invite(&uri, "").await), expected, "an INVITE gets the same");
        let server = format!("sip:{}", bot.udp());
        assert_eq!(status(&Far::new(&bot).await.ask("OPTIONS", &server, "", "").await), 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn news_is_taken_and_changes_nothing() {
    let bot = Bot::start(plan()).await;
    let uri = format!("sip:echo@{}", bot.udp());
    let mailbox = "Event: message-summary\r\nContent-Type: application/simple-message-summary\r\n";
    let answer = Far::new(&bot).await.ask("NOTIFY", &uri, mailbox, "Messages-Waiting: no\r\n").await;
    assert_eq!(status(&answer), 200, "{answer}");
    let mut far = Far::new(&bot).await;
    far.invite(&uri, "").await;
    let refer = "Event: refer\r\nSubscription-State: active\r\nContent-Type: message/sipfrag\r\n";
    let answer = far.ask("NOTIFY", &uri, refer, "SIP/2.0 100 Trying\r\n").await;
    assert_eq!(status(&answer), 200, "{answer}");
    far.hang_up().await;
    assert_eq!(bot.calls(1).await[0].changes, [HUNG_UP]);
    bot.gone().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_far_end_is_asked_to_call_somebody_else_and_tells_how_that_went() {
    for (last, outcome) in [("200 OK", 200), ("486 Busy Here", 486), ("603 Decline", 603)] {
        let bot = Bot::with(plan(), Manner::Refer).await;
        let uri = format!("sip:echo@{}", bot.udp());
        let mut far = Far::new(&bot).await;
        far.invite(&uri, "").await;
        let refer = far.hears("REFER").await;
        assert_eq!(header(&refer, "Refer-To"), "<sip:desk@127.0.0.1:9>");
        assert!(header(&refer, "Referred-By").starts_with("<sip:") && !header(&refer, "Contact").is_empty(), "{refer}");
        for (line, state) in [("100 Trying", "active;expires=60"), (last, "terminated;reason=noresource")] {
            let more =
                format!("Event: refer\r\nSubscription-State: {state}\r\nContent-Type: message/sipfrag;version=2.0\r\n");
            let answer = far.ask("NOTIFY", &uri, &more, &format!("SIP/2.0 {line}\r\n")).await;
            assert_eq!(status(&answer), 200, "{answer}");
        }
        far.hang_up().await;
        let told = [Referral::Progress(100), Referral::Outcome(outcome)].map(Change::Referral);
        assert_eq!(bot.calls(1).await[0].changes, [&told[..], &[HUNG_UP]].concat());
        bot.gone().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outcome_that_does_not_come_in_time_is_told_as_late() {
    let bot = Bot::with(plan(), Manner::Refer).await;
    let uri = format!("sip:echo@{}", bot.udp());
    let mut far = Far::new(&bot).await;
    far.invite(&uri, "").await;
    far.hears("REFER").await;
    tokio::time::sleep(Duration::from_millis(2_300)).await;
    far.hang_up().await;
    assert_eq!(bot.calls(1).await[0].changes, [Change::Referral(Referral::Late), HUNG_UP]);
    bot.gone().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_takes_the_place_of_another_and_the_bots_line_goes_on() {
    let mut small = plan();
    small.limits.calls = 1;
    let bot = Bot::with(small, Manner::Echo).await;
    let uri = format!("sip:echo@{}", bot.udp());
    let (mut first, mut second) = (Far::new(&bot).await, Far::new(&bot).await);
    first.invite(&uri, "").await;
    assert!(first.is_echoed(1).await);
    // While no other call is taken, and while the server drains: the call is the same.
    bot.sip.drain();
    let replaces = format!("Require: replaces\r\n{}", first.replaces(""));
    let answer = second.invite(&uri, &replaces).await;
    assert_eq!(status(&answer), 200, "{answer}");
    let bye = first.hears("BYE").await;
    assert!(header(&bye, "Reason").contains("replaced"), "{bye}");
    assert!(second.is_echoed(2).await, "the sound goes on with the new far end");
    assert_eq!(bot.sip.report().calls, 1);
    // The dialog before knows nothing of the call any more, and the new one may be replaced in turn, with our offer.
    until(|| bot.sip.report().dialogs == 1, "the old dialog to be gone").await;
    assert_eq!(status(&first.ask("INFO", &uri, "", "").await), 481);
    let mut third = Far::new(&bot).await;
    let answer = third.ask("INVITE", &uri, &second.replaces(""), "").await;
    assert_eq!(status(&answer), 200, "{answer}");
    let described = third.offer();
    third.acknowledge(&uri, &answer, &described).await;
    second.hears("BYE").await;
    assert!(third.is_echoed(3).await);
    third.hang_up().await;
    let changes = &bot.calls(1).await[0].changes;
    let replaced = changes.iter().filter(|change| matches!(change, Change::Replaced(from) if from.user() == "tester"));
    assert_eq!((replaced.count(), changes.last()), (2, Some(&HUNG_UP)), "{changes:?}");
    bot.gone().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_wants_the_place_of_a_far_end_that_lets_its_bye_wait_is_answered_meanwhile() {
    let bot = Bot::with(plan(), Manner::Echo).await;
    let uri = format!("sip:echo@{}", bot.udp());
    let (mut first, mut second, mut third) = (Far::new(&bot).await, Far::new(&bot).await, Far::new(&bot).await);
    first.invite(&uri, "").await;
    assert_eq!(status(&second.invite(&uri, &first.replaces("")).await), 200);
    let answer = third.invite(&uri, &first.replaces("")).await;
    assert_eq!(status(&answer), 603, "{answer}");
    assert_eq!(status(&first.ask("INFO", &uri, "", "").await), 481);
    assert_eq!(bot.sip.report().dialogs, 2, "the BYE is not answered yet");
    first.hears("BYE").await;
    second.hang_up().await;
    bot.gone().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_that_cannot_be_taken_is_refused_and_the_call_goes_on() {
    let bot = Bot::start(plan()).await;
    let uri = format!("sip:echo@{}", bot.udp());
    let mut first = Far::new(&bot).await;
    first.invite(&uri, "").await;
    let good = first.replaces("");
    for (header, expected) in [
        ("Replaces: nobody;to-tag=1;from-tag=2\r\n".to_owned(), 481),
        (good.replace("to-tag=", "to-tag=x"), 481),
        (first.replaces(";early-only"), 486),
        (format!("{good}{good}"), 400),
        ("Replaces: nothing\r\n".to_owned(), 400),
    ] {
        let answer = Far::new(&bot).await.invite(&uri, &header).await;
        assert_eq!(status(&answer), expected, "{header}{answer}");
    }
    // Nor by a description that does not fit.
    let mut other = Far::new(&bot).await;
    let odd = other.offer().replace("RTP/AVP 0", "RTP/AVP 97");
    let answer = other.ask("INVITE", &uri, &format!("Content-Type: application/sdp\r\n{good}"), &odd).await;
    assert_eq!(status(&answer), 488, "{answer}");
    other.acknowledge(&uri, &answer, "").await;
    first.hang_up().await;
    assert_eq!(bot.calls(1).await[0].changes, [HUNG_UP]);
    // A call that still rings has no place to take.
    let ringing = Bot::with(plan(), Manner::Ring).await;
    let uri = format!("sip:echo@{}", ringing.udp());
    let mut caller = Far::new(&ringing).await;
    caller.sequence = 1;
    let offer = caller.offer();
    caller.request("INVITE", &uri, "Content-Type: application/sdp\r\n", &offer).await;
    loop {
        let answer = caller.receive().await;
        if status(&answer) == 180 {
            let early = Far { to: header(&answer, "To").to_owned(), ..Far::new(&ringing).await };
            let replaces = early.replaces("").replace(&early.call_id, &caller.call_id);
            let tag = |from: &str| from.split("tag=").nth(1).expect("a tag").to_owned();
            let replaces =
                replaces.replace(&format!("from-tag={}", tag(&early.from)), &format!("from-tag={}", tag(&caller.from)));
            assert_eq!(status(&Far::new(&ringing).await.invite(&uri, &replaces).await), 481);
            break;
        }
    }
    caller.request("CANCEL", &uri, "", "").await;
    ringing.calls(1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_call_takes_no_place() {
    let bot = Bot::start(SipPlan { phones: vec![password("lan")], ..plan() }).await;
    let closed = Bot::start(SipPlan { open: vec![], ..plan() }).await;
    let mut first = Far::new(&bot).await;
    first.invite(&format!("sip:echo@{}", bot.udp()), "").await;
    let answer = Far::new(&closed).await.invite(&format!("sip:echo@{}", closed.udp()), &first.replaces("")).await;
    assert_eq!(status(&answer), 403, "{answer}");
    first.hang_up().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_proves_its_password_for_an_address_with_parameters_and_escapes_in_its_user_part() {
    let bot = Bot::start(SipPlan { open: vec![], phones: vec![password("lan")], ..plan() }).await;
    let uri = format!("sip:%65cho;phone-context=+1;ext=2@{}", bot.udp());
    let mut far = Far::new(&bot).await;
    let answer = far.invite(&uri, "").await;
    let challenge = Challenge::best([header(&answer, "WWW-Authenticate")].into_iter()).expect("a challenge");
    let who = Credentials { user: "lan".into(), password: "open sesame".into() };
    let proof = challenge.answer(&who, &SignedRequest { method: "INVITE", uri: &uri, body: far.offer().as_bytes() });
    let answer = far.invite(&uri, &format!("Authorization: {proof}\r\n")).await;
    assert_eq!(status(&answer), 200, "{answer}");
    far.hang_up().await;
    let call = bot.calls(1).await.swap_remove(0);
    assert_eq!((call.user.as_str(), call.origin), ("echo", CallOrigin::Phone("lan".into())));
}

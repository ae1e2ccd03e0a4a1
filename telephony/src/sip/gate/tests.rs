//! The gate against messages as they come, as they must not come, and as nobody meant them.
use super::*;
use rsipstack::sip::Request;
use rsipstack::sip::prelude::*;

const INVITE: &str = "INVITE sip:echo@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK77;rport\r\n\
    Max-Forwards: 70\r\nFrom: \"A\" <sip:a@192.0.2.1>;tag=1\r\nTo: <sip:echo@127.0.0.1>\r\nCall-ID: x@192.0.2.1\r\n\
    CSeq: 1 INVITE\r\nContact: <sip:a@192.0.2.1>\r\nContent-Type: application/sdp\r\nContent-Length: 5\r\n\r\nv=0\r\n";

fn changed(from: &str, to: &str) -> Vec<u8> {
    assert!(INVITE.contains(from), "{from}");
    INVITE.replace(from, to).into_bytes()
}

fn arrival(stream: bool) -> Arrival<'static> {
    let source = ([198, 51, 100, 7], 4242).into();
    Arrival { source, stream, reply_port: ReplyPort::Via, networks: &[] }
}

fn datagram(bytes: &[u8]) -> Verdict {
    inspect(bytes, &arrival(false))
}

#[track_caller]
fn accepted(bytes: &[u8]) -> Request {
    match datagram(bytes) {
        Verdict::Accept(message) => match *message {
            SipMessage::Request(request) => request,
            SipMessage::Response(_) => panic!("a response"),
        },
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn refused(bytes: &[u8]) -> Reply {
    match datagram(bytes) {
        Verdict::Reply { reply, .. } => reply,
        other => panic!("{other:?}"),
    }
}

/// The status of the reply; 200 where accepted, 0 where dropped.
fn status(bytes: &[u8]) -> u16 {
    match datagram(bytes) {
        Verdict::Accept(_) => 200,
        Verdict::Reply { status, .. } => status,
        Verdict::Drop(_) => 0,
    }
}

#[track_caller]
fn check(from: &str, to: &str, expected: u16) {
    assert_eq!(status(&changed(from, to)), expected, "{from:?} → {to:?}: {:?}", datagram(&changed(from, to)));
}

#[test]
fn a_to_that_no_answer_could_repeat_is_refused() {
    for to in ["To: <sip:echo@h:99999>", "To: <sip:a@h>;transport=pigeon"] {
        let bytes = changed("To: ", &format!("{to}\r\nSubject: "));
        assert_eq!(status(&bytes), 400, "{to}");
    }
}

#[test]
fn an_honest_invite_passes() {
    check("CSeq", "CSeq", 200);
    check("Via:", "v:", 200);
    check("Max-Forwards: 70\r\n", "", 200);
    check("\"A\" <sip:a@192.0.2.1>;tag=1", "sip:a@192.0.2.1;tag=1", 200);
    check("\"A\"", "\"A \\\" ; , < b\"", 200);
    check("sip:echo@127.0.0.1 SIP", "sip:%65cho;isub=1@[2001:db8::1]:5070;transport=tcp SIP", 200);
    check("sip:echo@127.0.0.1 SIP", "tel:+15551212 SIP", 200);
    check("CSeq: 1 INVITE", "cseq:\t1\r\n  INVITE", 200);
    check("INVITE sip", "\r\n\r\nINVITE sip", 200);
}

#[test]
fn what_rfc_3261_forbids_is_a_bad_request() {
    for (from, to) in [
        ("Contact: <sip:a@192.0.2.1>", "Contact: <sip:a@192.0.2.1>;;,;,,"),
        (";branch=z9hG4bK77;rport", ";branch=z9hG4bK77;rport;;,;,,"),
        ("Content-Length: 5", "Content-Length: -999"),
        ("Content-Length: 5", "Content-Length: 6"),
        ("Content-Length: 5", "Content-Length: 5\r\nContent-Length: 5"),
        ("Content-Length: 5", "Content-Length: 99999999999999999999"),
        ("CSeq: 1 INVITE", "CSeq: 1 INVITE\r\nCSeq: 2 INVITE"),
        ("CSeq: 1 INVITE", "CSeq: 1 OPTIONS"),
        ("CSeq: 1 INVITE", "CSeq: 36893488147419103232 INVITE"),
        ("CSeq: 1 INVITE", "CSeq: -1 INVITE"),
        ("CSeq: 1 INVITE", "CSeq: one INVITE"),
        ("INVITE sip:echo@127.0.0.1", "INVITE <sip:echo@127.0.0.1>"),
        ("INVITE sip:echo@127.0.0.1", "INVITE  sip:echo@127.0.0.1"),
        ("INVITE sip:echo@127.0.0.1", "INVITE sip:echo@127.0.0.1; lr"),
        ("INVITE sip:echo@127.0.0.1", "INVITE sip:echo@127.0.0.1?Route=%3Csip:x%3E"),
        ("INVITE sip:echo@127.0.0.1", "INVITE sip:"),
        ("INVITE sip:echo@127.0.0.1", "INVITE echo"),
        ("SIP/2.0\r\nVia", "SIP/2.0 \r\nVia"),
        ("To: <sip:echo@127.0.0.1>", "To: \"Mr. Jones <sip:echo@127.0.0.1>"),
        ("To: <sip:echo@127.0.0.1>", "To: <sip:echo@127.0.0.1"),
        ("To: <sip:echo@127.0.0.1>", "To: <sip:echo@127.0.0.1>\r\nTo: <sip:b@c>"),
        ("To: <sip:echo@127.0.0.1>\r\n", ""),
        ("From: \"A\" <sip:a@192.0.2.1>;tag=1\r\n", ""),
        ("Call-ID: x@192.0.2.1\r\n", ""),
        ("Contact: <sip:a@192.0.2.1>\r\n", ""),
        ("Max-Forwards: 70", "Max-Forwards: -1"),
        ("Max-Forwards: 70", "Max-Forwards:"),
        ("Max-Forwards: 70", "Max-Forwards: 7\r\nMax-Forwards: 7"),
        ("Contact: <sip:a@192.0.2.1>", "Contact: *"),
        ("Contact: <sip:a@192.0.2.1>", "Contact: <sip:a@192.0.2.1>, *"),
        ("Contact: <sip:a@192.0.2.1>", "Contact: sip:a@192.0.2.1?Route=%3Csip:b%3E"),
        ("branch=z9hG4bK77;", "branch=;"),
        ("Max-Forwards: 70", "no colon here"),
        ("Max-Forwards: 70", "Bad Name: 70"),
        ("Via: SIP/2.0/UDP 192", "Via: SIP/3.0/UDP 192"),
        ("Via: SIP/2.0/UDP 192.0.2.1:5060;", "Via: SIP/2.0/UDP ;"),
        ("\r\n\r\nv=0", "\r\nv=0"),
        ("Max-Forwards: 70\r\n", "Max-Forwards: 70\n"),
        ("Max-Forwards: 70", "Subject: a\0b"),
        ("Content-Type: application/sdp\r\n", ""),
    ] {
        check(from, to, 400);
    }
}

#[test]
fn what_rfc_3261_lets_a_sender_write_is_taken() {
    for (from, to) in [
        (";tag=1", "\t;  tag = 1"),
        (";tag=1", "\r\n ;\r\n\ttag\r\n =\r\n 1"),
        ("Content-Length: 5\r\n", ""),
        ("Content-Length: 5", "l\t:\r\n 0005"),
        ("Max-Forwards: 70", "Max-Forwards: 0068"),
        ("Max-Forwards: 70", "Max-Forwards: 256"),
        ("Max-Forwards: 70", "Max-Forwards: 99999999999999999999999"),
        ("Max-Forwards: 70", "Max-Forwards: 0"),
        ("application/sdp", "application / sdp ; charset = utf-8"),
        ("application/sdp", "APPLICATION/SDP"),
        (
            "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK77;rport",
            "SIP / 2.0\r\n / UDP 192.0.2.1 : 5060 ; branch = z9hG4bK77",
        ),
        ("branch=z9hG4bK77;rport", "branch=77"),
        ("<sip:echo@127.0.0.1>", "<sip:echo;npdi;rn=+12065550100@127.0.0.1;user=phone>"),
        ("sip:echo@127.0.0.1 SIP", "sip:echo;phone-context=+1@127.0.0.1 SIP"),
        ("<sip:echo@127.0.0.1>", "<tel:+15551212>"),
        ("Max-Forwards: 70", "Subject: caf\u{e9} \u{202e}"),
        ("Contact: <sip:a@192.0.2.1>", "Contact: \"x, y\" <sip:a@192.0.2.1;a=b?Subject=x> ; q = 0.5"),
    ] {
        check(from, to, 200);
    }
}

#[test]
fn a_party_without_a_tag_has_a_null_one_that_never_leaves() {
    let request = accepted(&changed(";tag=1", ""));
    let from = request.from_header().expect("From").value().to_owned();
    let tag = name::tag(&from).expect("a tag for the tables").to_owned();
    assert_eq!(tag, NULL_TAG.to_string());
    let answer = format!("SIP/2.0 200 OK\r\nFrom: {from}\r\n\r\n");
    assert_eq!(&*syntax::restore(answer.as_bytes()), b"SIP/2.0 200 OK\r\nFrom: \"A\" <sip:a@192.0.2.1>\r\n\r\n");
    let refusal = refused(
        &String::from_utf8(changed(";tag=1", ""))
            .expect("text")
            .replace("sip:echo@127.0.0.1 SIP", "x: SIP")
            .into_bytes(),
    );
    assert!(String::from_utf8(refusal.bytes).expect("text").contains("From: \"A\" <sip:a@192.0.2.1>\r\n"));
}

#[test]
fn octets_that_are_no_utf_8_come_back_as_they_came() {
    let mut latin = INVITE.as_bytes().to_vec();
    let at = INVITE.find("\"A\"").expect("A") + 1;
    latin[at] = 0xe9;
    let request = accepted(&latin);
    let from = request.from_header().expect("From").value();
    assert_eq!(name::party(from).display(), Some("é"), "read as ISO 8859-1");
    let back = format!("From: {from}\r\n\r\n");
    assert_eq!(&*syntax::restore(back.as_bytes()), b"From: \"\xe9\" <sip:a@192.0.2.1>;tag=1\r\n\r\n");
    // The same in a reply of the gate.
    let at = latin.windows(11).position(|w| w == b"Max-Forward").expect("Max-Forwards");
    latin.splice(at..at, *b"Require: x\r\n");
    assert!(refused(&latin).bytes.windows(10).any(|w| w == b"From: \"\xe9\" "));
}

#[test]
fn the_length_of_a_body_has_to_be_said_on_a_stream_alone() {
    let without = changed("Content-Length: 5\r\n", "");
    assert_eq!(accepted(&without).body, b"v=0\r\n");
    let Verdict::Reply { status, why, .. } = inspect(&without, &arrival(true)) else { panic!("a reply") };
    assert_eq!((status, why), (400, "no Content-Length on a stream"));
    assert_eq!(accepted(&changed("Content-Length: 5", "Content-Length: 3")).body, b"v=0", "the rest is padding");
    let padding = INVITE.replace("Content-Type: application/sdp\r\n", "").replace("Content-Length: 5\r\n", "");
    assert_eq!(accepted(padding.as_bytes()).body, b"");
}

#[test]
fn a_request_too_large_is_told_so() {
    let big = [INVITE.as_bytes(), &vec![b'x'; MAX_MESSAGE]].concat();
    assert_eq!(status(&big), 513);
    assert!(refused(&big).bytes.starts_with(b"SIP/2.0 513 Message Too Large\r\nVia: "));
    let head = changed("Max-Forwards: 70", &format!("Subject: {}", "x".repeat(MAX_MESSAGE)));
    assert_eq!(status(&head), 513, "wherever what is too long stands");
    let reply = refused(&head).bytes;
    assert!(reply.len() < 1_000 && String::from_utf8_lossy(&reply).contains("\r\nCSeq: "), "{}", reply.len());
}

#[test]
fn answers_go_where_the_top_via_asks() {
    for (via, to) in [
        ("SIP/2.0/UDP 192.0.2.1:5070;branch=z9hG4bK77;rport", "198.51.100.7:4242"),
        ("SIP/2.0/UDP 192.0.2.1:5070;branch=z9hG4bK77", "198.51.100.7:5070"),
        ("SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK77", "198.51.100.7:5060"),
    ] {
        let request = accepted(&changed("SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK77;rport", via));
        let (source, answers) = return_path(&request).expect("a way");
        assert_eq!((source.to_string().as_str(), answers.to_string().as_str()), ("198.51.100.7:4242", to));
        let refusal =
            refused(&changed("SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK77;rport", &format!("{via}\r\nRequire: x")));
        assert_eq!(refusal.to.to_string(), to);
    }
}

#[test]
fn other_refusals_have_their_own_status() {
    check("SIP/2.0\r\nVia", "SIP/7.0\r\nVia", 505);
    check("sip:echo@127.0.0.1 SIP", "nobodyKnowsThisScheme:totallyopaquecontent SIP", 416);
    check("sip:echo@127.0.0.1 SIP", "soap.beep://192.0.2.103:3002 SIP", 416);
    check("Max-Forwards: 70", "Require: nothingSupportsThis, timer", 420);
    check("Max-Forwards: 70", "Require: timer", 200);
    check("Max-Forwards: 70", "Proxy-Require: noProxiesSupportThis", 200);
    check("application/sdp", "application/unknown", 415);
    check("Content-Length", "Content-Encoding: gzip\r\nContent-Length", 415);
    let dance = INVITE.replace("INVITE", "NEWMETHOD").into_bytes();
    assert_eq!(status(&dance), 501);
    assert_eq!(status(&INVITE.replace("INVITE", "invite").into_bytes()), 501);
}

#[test]
fn some_messages_are_not_worth_a_word() {
    for text in ["", "\r\n\r\n", "\0\0\0\0", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "hello", "\u{16}\u{3}\u{1}"] {
        assert_eq!(status(text.as_bytes()), 0, "{text:?}");
    }
    assert_eq!(status(&vec![b'x'; MAX_MESSAGE + 1]), 0);
    let ack = INVITE.replace("INVITE", "ACK").replace("Call-ID: x@192.0.2.1\r\n", "");
    assert_eq!(status(ack.as_bytes()), 0, "an ACK is never answered");
    assert_eq!(status(INVITE.replace("Via", "Vya").as_bytes()), 0, "nowhere to send the answer");
    let many = INVITE.replace("Max-Forwards: 70\r\n", &"X-A: b\r\n".repeat(200));
    assert_eq!(status(many.as_bytes()), 0, "nobody sends 200 headers");
}

#[test]
fn a_reply_echoes_what_the_transaction_needs_and_nothing_else() {
    let bytes =
        changed("Max-Forwards: 70", "Via: SIP/2.0/TCP second;branch=z9hG4bK2\r\nRequire: foo, bar\r\nSubject: secret");
    let first = refused(&bytes).bytes;
    let text = String::from_utf8(first.clone()).expect("text");
    let lines: Vec<&str> = text.split("\r\n").collect();
    assert_eq!(lines[0], "SIP/2.0 420 Bad Extension");
    assert_eq!(lines[1], "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK77;received=198.51.100.7;rport=4242");
    assert_eq!(lines[2], "Via: SIP/2.0/TCP second;branch=z9hG4bK2");
    assert_eq!(lines[3], "From: \"A\" <sip:a@192.0.2.1>;tag=1");
    assert!(lines[4].starts_with("To: <sip:echo@127.0.0.1>;tag=g"));
    assert_eq!(
        lines[5..],
        ["Call-ID: x@192.0.2.1", "CSeq: 1 INVITE", "Unsupported: foo, bar", "Content-Length: 0", "", ""]
    );
    assert_eq!(first, refused(&bytes).bytes, "a copy of the request gets a copy of the reply");
}

/// What a reply may be longer than its request.
const OVERHEAD: usize = 512;

#[test]
fn a_reply_is_hardly_longer_than_its_request() {
    let vias = |fields: usize, each: usize| format!("v:{}\r\n", ["S/U h"].repeat(each).join(",")).repeat(fields);
    let tags = |number: usize| format!("Require:{}\r\n", ["a"].repeat(number).join(","));
    for (more, dropped) in [
        (vias(1, MAX_VIAS - 1), false),
        (vias(MAX_VIAS - 1, 1), false),
        (vias(7, 9), false),
        (vias(1, MAX_VIAS), true),
        (vias(MAX_VIAS, 1), true),
        (vias(1, 2000), true),
        (vias(100, 20), true),
        (tags(5000), false),
    ] {
        // Both ways to a refusal, and a request that is taken.
        for (from, to) in [("Max-Forwards: 70", "Require: x"), ("CSeq: 1 INVITE", "CSeq: 1 BYE"), ("70", "70")] {
            let bytes = String::from_utf8(changed(from, to)).expect("text").replace("From: ", &format!("{more}From: "));
            match datagram(bytes.as_bytes()) {
                Verdict::Reply { reply, .. } => {
                    assert!(!dropped && reply.bytes.len() <= bytes.len() + OVERHEAD, "{}", reply.bytes.len());
                    let reply = String::from_utf8(reply.bytes).expect("text");
                    let given = |text: &str| text.matches("S/U h").count();
                    assert_eq!(given(&reply), given(&bytes), "{reply}");
                }
                Verdict::Drop(why) => assert!(dropped && why == "too many Vias", "{why}"),
                Verdict::Accept(_) => assert!(!dropped && to == "70"),
            }
        }
    }
}

#[test]
fn responses_are_taken_or_dropped_but_never_answered() {
    let ok = "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\n\
        To: <sip:b@c>;tag=2\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(status(ok.as_bytes()), 200);
    for (from, to) in [
        ("200 OK", "4294967301 better not break the receiver"),
        ("SIP/2.0 200", "SIP/7.0 200"),
        ("200 OK", ""),
        ("CSeq: 1 INVITE", "CSeq: 9292394834772304023312 OPTIONS"),
        ("Via: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK1\r\n", ""),
        ("Call-ID: 1\r\n", ""),
    ] {
        assert_eq!(status(ok.replacen(from, to, 1).as_bytes()), 0, "{from:?} → {to:?}");
    }
}

#[test]
fn the_true_source_is_written_into_the_top_via() {
    let via = "SIP/2.0/UDP h;received=1.1.1.1;rport=1;branch=z, SIP/2.0/UDP i;branch=y";
    let request = accepted(&changed("SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK77;rport", via));
    let header = request.via_header().expect("Via");
    assert_eq!(header.value(), "SIP/2.0/UDP h;branch=z;received=198.51.100.7;rport=4242, SIP/2.0/UDP i;branch=y");
    // The transaction layer reads from it where a copy of an answer goes.
    let (_, back) = rsipstack::transport::SipConnection::parse_target_from_via(header).expect("target");
    assert_eq!(SocketAddr::try_from(back).expect("address"), arrival(false).source);
}

/// xorshift64*: the mutations are the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % limit.max(1)
    }
}

#[test]
fn twenty_thousand_mutated_messages_neither_panic_nor_answer_an_ack() {
    let seeds = [
        INVITE.to_owned(),
        INVITE.replace("INVITE", "ACK"),
        INVITE.replace("INVITE", "BYE"),
        INVITE
            .replace("CSeq: 1 INVITE", "CSeq: 1 REGISTER\r\nAuthorization: Digest username=\"a\"")
            .replace("INVITE", "REGISTER"),
        "SIP/2.0 180 Ringing\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:b@c>;tag=2\r\n\
         Call-ID: 1\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n"
            .to_owned(),
    ];
    let spice: &[&[u8]] = &[
        b"\r\n",
        b"\r\n\r\n",
        b"\"",
        b"<",
        b">",
        b";",
        b",",
        b":",
        b" ",
        b"%",
        b"\0",
        b"\xff",
        b"\xc3\xa9",
        b"-1",
        b"99999999999",
        b"[",
        b"]",
        b"@",
        b"\\",
        b"=",
        b"\t",
    ];
    let mut random = Random(0x5eed);
    let mut framer = crate::sip::frame::Framer::default();
    let mut accepted = 0;
    for round in 0..20_000 {
        let mut bytes = seeds[round % seeds.len()].clone().into_bytes();
        for _ in 0..=random.below(4) {
            if bytes.is_empty() {
                bytes.push(b'I');
            }
            let at = random.below(bytes.len());
            match random.below(5) {
                0 => bytes[at] = random.below(256) as u8,
                1 => drop(bytes.splice(at..at, spice[random.below(spice.len())].iter().copied())),
                2 => drop(bytes.drain(at..(at + random.below(20)).min(bytes.len()))),
                3 => bytes.truncate(at.max(1)),
                _ => {
                    let from = random.below(bytes.len());
                    let piece = bytes[from..(from + random.below(60)).min(bytes.len())].to_vec();
                    drop(bytes.splice(at..at, piece));
                }
            }
        }
        match inspect(&bytes, &arrival(round % 2 == 0)) {
            Verdict::Accept(message) => {
                accepted += 1;
                if let SipMessage::Request(request) = &*message {
                    assert!(return_path(request).is_some());
                    name::party(request.from_header().expect("From").value());
                }
                drop(syntax::restore(&message.to_bytes()));
            }
            Verdict::Reply { reply: Reply { bytes: reply, .. }, .. } => {
                assert!(!bytes.trim_ascii_start().starts_with(b"ACK "), "{}", String::from_utf8_lossy(&bytes));
                assert!(
                    reply.starts_with(b"SIP/2.0 ")
                        && reply.ends_with(b"\r\n\r\n")
                        && reply.len() <= bytes.len() + OVERHEAD
                );
            }
            Verdict::Drop(_) => {}
        }
        framer.push(&bytes);
        while let Ok(Some(_)) = framer.cut() {}
    }
    assert!(accepted > 1_000, "the mutations are gentle enough to get past the gate: {accepted}");
}

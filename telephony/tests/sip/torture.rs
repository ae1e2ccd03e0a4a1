//! The 49 messages of RFC 4475, each by a datagram and by a stream, with the answer that the RFC expects of an endpoint.
//! rfc4475.txt holds them in the RFC's own notation (its section 2).
use crate::SECOND;
use crate::bot::{Bot, password, plan, until};
use crate::raw::{Raw, header, status};
use Gets::{Answer, Binding, Call, Refused, Unanswered};
use std::collections::BTreeMap;
use std::sync::Arc;
use telephony::sip::digest::{Challenge, SignedRequest};
use telephony::sip::{Credentials, ReplyPort, SipPlan, SipTransport};

/// What a message gets.
#[derive(Clone, Copy, Debug)]
enum Gets {
    /// This status.
    Answer(u16),
    /// A call for this user: 200, and its dialog is found by ACK and BYE.
    Call(&'static str),
    /// 401, and with a password 200 with these contacts.
    Binding(&'static [&'static str]),
    /// No answer: it is refused for this reason.
    Refused(&'static str),
    /// No answer: it is well-formed and asks for none, or belongs to nothing.
    Unanswered(&'static str),
}

const MESSAGES: &[(&str, Gets)] = &[
    // Well-formed; its To tag says that it belongs to a dialog, which nobody here knows (RFC 3261 section 12.2.2).
    ("wsinv", Answer(481)),
    ("intmeth", Answer(501)),
    ("esc01", Call("sips:user@example.com")),
    ("escnull", Binding(&["<sip:%00@host5.example.com>", "<sip:%00%00@host5.example.com>"])),
    // A method whose name has percent signs is another method, C%6Fntact another field.
    ("esc02", Answer(501)),
    ("lwsdisp", Answer(200)),
    ("longreq", Call("user")),
    ("dblreq", Binding(&["<sip:j.user@host.example.com>"])),
    // A parameter in the user part leaves the user as it is: 404 where a server does not know the user.
    ("semiuri", Answer(200)),
    ("transports", Answer(200)),
    // Well-formed; MESSAGE is a method that this endpoint does not take.
    ("mpart01", Answer(405)),
    ("unreason", Unanswered("stray response")),
    ("noreason", Unanswered("stray response")),
    ("badinv01", Answer(400)),
    ("clerr", Answer(400)),
    ("ncl", Answer(400)),
    ("scalar02", Answer(400)),
    ("scalarlg", Refused("malformed response")),
    ("quotbal", Answer(400)),
    ("ltgtruri", Answer(400)),
    ("lwsruri", Answer(400)),
    ("lwsstart", Answer(400)),
    ("trws", Answer(400)),
    ("escruri", Answer(400)),
    // 400 is for those who read Date: an endpoint that needs no date may pass over a wrong one, and takes the call.
    ("baddate", Call("user")),
    ("regbadct", Answer(400)),
    // The RFC leaves it open whether blanks around an address in brackets are passed over; they are, as most peers do.
    ("badaspec", Answer(200)),
    // The RFC leaves it open whether the missing quotes of a name are added in mind; a name decides nothing here.
    ("baddn", Answer(200)),
    ("badvers", Answer(505)),
    ("mismatch01", Answer(400)),
    // Either 400 or 501 by the RFC.
    ("mismatch02", Answer(501)),
    ("bigcode", Refused("malformed response")),
    // The branch identifies nothing: the transaction is told by the other fields, as RFC 2543 has it.
    ("badbranch", Answer(200)),
    ("insuf", Answer(400)),
    ("unkscm", Answer(416)),
    ("novelsc", Answer(416)),
    // The address of record is no SIP URI (RFC 3261 section 10.3 item 5).
    ("unksm2", Answer(400)),
    ("bext01", Answer(420)),
    ("invut", Answer(415)),
    ("regaut01", Binding(&[])),
    ("multi01", Answer(400)),
    ("mcl01", Answer(400)),
    // Its second Via says that somebody else asked (RFC 3261 section 8.1.3.3). Nothing is sent on, least of all to that address.
    ("bcast", Refused("response for another")),
    ("zeromf", Answer(200)),
    // Without brackets a parameter is the field's, with them the address's.
    ("cparam01", Binding(&["<sip:+19725552222@gw1.example.net>"])),
    ("cparam02", Binding(&["<sip:+19725552222@gw1.example.net;unknownparam>"])),
    ("regescrt", Binding(&["<sip:user@example.com?Route=%3Csip:sip.example.com%3E>"])),
    ("sdp01", Answer(406)),
    ("inv2543", Call("UserB")),
];

/// Where a stream makes a difference.
const BY_STREAM: &[(&str, Gets)] = &[
    // The 9,999 octets that it announces are waited for.
    ("clerr", Refused("half a message")),
    // RFC 3261 section 18.3: the length has to be said.
    ("inv2543", Answer(400)),
];

/// The messages by name, as they stand in rfc4475.txt.
fn messages() -> BTreeMap<&'static str, Vec<u8>> {
    let text = include_str!("rfc4475.txt");
    let each = text.split("=== ").skip(1).map(|part| {
        let (title, lines) = part.split_once('\n').expect("a title");
        (title.split(' ').next().expect("a name"), expand(lines))
    });
    each.collect()
}

/// RFC 4475 section 2: lines end in CR LF but within `allOneLine`, `repeat` and `hex` stand for what they say.
fn expand(lines: &str) -> Vec<u8> {
    let (mut out, mut joined) = (Vec::new(), false);
    for line in lines.lines() {
        match line {
            "<allOneLine>" => joined = true,
            "</allOneLine>" => {
                joined = false;
                out.extend_from_slice(b"\r\n");
            }
            _ => {
                let mut rest = line;
                while let Some((before, tagged)) = rest.split_once('<') {
                    out.extend_from_slice(before.as_bytes());
                    let element = |open: &str, close: &str| tagged.strip_prefix(open)?.split_once(close);
                    rest = if let Some((hex, after)) = element("hex>", "</hex>") {
                        let octet = |at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hexadecimal digits");
                        out.extend((0..hex.len()).step_by(2).map(octet));
                        after
                    } else if let Some((repeat, after)) = element("repeat count=", "</repeat>") {
                        let (count, what) = repeat.split_once('>').expect("a count");
                        out.extend_from_slice(what.repeat(count.parse().expect("a count")).as_bytes());
                        after
                    } else {
                        out.push(b'<');
                        tagged
                    };
                }
                out.extend_from_slice(rest.as_bytes());
                if !joined {
                    out.extend_from_slice(b"\r\n");
                }
            }
        }
    }
    out
}

async fn bot() -> Bot {
    // Their Vias name hosts and ports of others.
    let mut plan = SipPlan { phones: vec![password("lan")], reply_port: ReplyPort::Source, ..plan() };
    plan.limits.contacts = 32;
    plan.limits.half_message = SECOND / 5;
    Bot::start(plan).await
}

/// Sends a REGISTER again with a password.
pub async fn prove(raw: &mut Raw, message: &[u8], challenge: &str) -> String {
    let challenge = Challenge::best([header(challenge, "WWW-Authenticate")].into_iter()).expect("a challenge");
    let who = Credentials { user: "lan".into(), password: "open sesame".into() };
    let text: String = message.iter().map(|octet| char::from(*octet)).collect();
    let (request, _) = text.split_once("\r\n\r\n").expect("an end");
    let uri = request.split(' ').nth(1).expect("a URI");
    let proof = challenge.answer(&who, &SignedRequest { method: "REGISTER", uri, body: b"" });
    let lines = request.split("\r\n").filter(|line| !line.starts_with("Authorization:"));
    let next =
        |line: &str| match line.strip_prefix("CSeq: ").and_then(|rest| rest.split(' ').next()?.parse::<u32>().ok()) {
            Some(number) => format!("CSeq: {} REGISTER", number + 1),
            None => line.to_owned(),
        };
    let lines: Vec<String> = lines.map(next).collect();
    raw.send(format!("{}\r\nAuthorization: {proof}\r\n\r\n", lines.join("\r\n")).as_bytes()).await;
    raw.answer().await
}

/// What an answer repeats, and what has to stand in it.
fn check(name: &str, answer: &str) {
    let of_this = match name {
        "mpart01" => "3d9485ad0c49859b@",
        // It has none.
        "insuf" => "",
        name => name,
    };
    assert!(header(answer, "Call-ID").starts_with(of_this), "{name}: {answer}");
    assert!(header(answer, "Via").contains(";received=127.0.0.1"), "{name}: {answer}");
    assert!(name == "insuf" || header(answer, "To").contains("tag="), "{name}: {answer}");
    let vias: usize = answer.split("\r\n").filter(|line| line.starts_with("Via:")).map(|v| v.split(", ").count()).sum();
    let expected = match name {
        "wsinv" => 3,
        "longreq" => 34,
        "transports" => 5,
        _ => 1,
    };
    assert_eq!(vias, expected, "{name}: {answer}");
    match status(answer) {
        501 | 405 => assert!(header(answer, "Allow").contains("INVITE"), "{name}: {answer}"),
        415 => assert!(header(answer, "Accept").contains("application/sdp"), "{name}: {answer}"),
        420 => assert_eq!(header(answer, "Unsupported"), "nothingSupportsThis, nothingSupportsThisEither"),
        _ => {}
    }
}

async fn try_all(transport: SipTransport) {
    let bot = Arc::new(bot().await);
    let mut messages = messages();
    let (mut calls, mut failed) = (Vec::new(), Vec::new());
    for (name, gets) in MESSAGES {
        let differs = BY_STREAM.iter().find(|(other, _)| transport == SipTransport::Tcp && other == name);
        let gets = differs.map_or(*gets, |(_, gets)| *gets);
        if let Call(user) = gets {
            calls.push(user);
        }
        let message = messages.remove(name).expect("a message");
        let done = tokio::spawn(send(bot.clone(), transport, name, message, gets)).await;
        if done.is_err() {
            failed.push(*name);
        }
    }
    assert!(failed.is_empty(), "{failed:?}");
    let taken = bot.calls(calls.len()).await;
    assert_eq!(taken.iter().map(|call| call.user.as_str()).collect::<Vec<_>>(), calls);
    bot.gone().await;
}

async fn send(bot: Arc<Bot>, transport: SipTransport, name: &'static str, message: Vec<u8>, gets: Gets) {
    let mut raw = Raw::new(&bot, transport).await;
    let before = bot.sip.report();
    raw.send(&message).await;
    match gets {
        Answer(expected) => {
            let answer = raw.answer().await;
            assert_eq!(status(&answer), expected, "{name}: {answer}");
            check(name, &answer);
        }
        Call(_) => {
            let answer = raw.answer_to("INVITE").await;
            assert_eq!(status(&answer), 200, "{name}: {answer}");
            check(name, &answer);
            raw.hang_up(&answer).await;
        }
        Binding(contacts) => {
            let mut challenge = raw.answer().await;
            if name == "dblreq" {
                match transport {
                    // What follows the length of a datagram's message is nothing (RFC 3261 section 18.3).
                    SipTransport::Udp => raw.nothing_comes().await,
                    // On a stream it is the next message: an INVITE without a Contact (section 8.1.1.8).
                    SipTransport::Tcp => {
                        let mut both = [challenge, raw.answer().await];
                        both.sort_by_key(|answer| status(answer));
                        assert_eq!(both.each_ref().map(|answer| status(answer)), [400, 401], "{both:?}");
                        [_, challenge] = both;
                        // Its body is longer than it says: what is left stands before the next message.
                        raw = Raw::new(&bot, transport).await;
                    }
                }
            }
            assert_eq!(status(&challenge), 401, "{name}: {challenge}");
            check(name, &challenge);
            let answer = prove(&mut raw, &message, &challenge).await;
            assert_eq!(status(&answer), 200, "{name}: {answer}");
            for contact in contacts {
                let line = format!("\r\nContact: {contact};expires=");
                assert!(answer.contains(&line), "{name}: {answer}");
            }
        }
        Refused(why) => {
            let count = |refused: &BTreeMap<&str, u64>| refused.get(why).copied().unwrap_or_default();
            until(|| count(&bot.sip.report().refused) == count(&before.refused) + 1, name).await;
            if why == "half a message" {
                assert!(raw.closes().await, "{name}");
            } else {
                raw.nothing_comes().await;
            }
        }
        Unanswered(why) => {
            let count = |unanswered: &BTreeMap<&str, u64>| unanswered.get(why).copied().unwrap_or_default();
            until(|| count(&bot.sip.report().unanswered) == count(&before.unanswered) + 1, name).await;
            raw.nothing_comes().await;
        }
    }
    if transport == SipTransport::Tcp && ["ncl", "mcl01"].contains(&name) {
        assert!(raw.closes().await, "{name}: nobody knows where the next message begins");
    }
}

#[test]
fn all_messages_of_rfc_4475_are_there_and_as_long_as_they_say() {
    let messages = messages();
    let mut named: Vec<&str> = MESSAGES.iter().map(|(name, _)| *name).collect();
    named.sort_unstable();
    assert_eq!(messages.keys().copied().collect::<Vec<_>>(), named);
    assert_eq!(named.len(), 49);
    for (name, message) in &messages {
        let end = message.windows(4).position(|four| four == b"\r\n\r\n").expect("an end");
        let head = String::from_utf8_lossy(&message[..end]).into_owned();
        let said = ["Content-Length", "l"].map(|name| header(&head, name)).concat();
        let body = message.len() - end - 4;
        // What these five say of their length is what is wrong with them, or their point.
        if !["dblreq", "clerr", "ncl", "mcl01", "inv2543"].contains(name) {
            assert_eq!(said, body.to_string(), "{name}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_message_of_rfc_4475_in_a_datagram_gets_the_answer_it_should() {
    try_all(SipTransport::Udp).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_message_of_rfc_4475_on_a_stream_gets_the_answer_it_should() {
    try_all(SipTransport::Tcp).await;
}

/// RFC 4475 section 3.2.1: a branch that is only the magic cookie joins nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_branch_that_says_nothing_does_not_make_two_requests_one() {
    let bot = bot().await;
    let mut raw = Raw::new(&bot, SipTransport::Udp).await;
    let first = String::from_utf8(messages()["badbranch"].clone()).expect("text");
    for other in
        [first.clone(), first.replace("Call-ID: badbranch.", "Call-ID: another."), first.replace("tag=33242", "tag=1")]
    {
        raw.send(other.as_bytes()).await;
        let answer = raw.answer().await;
        assert_eq!(status(&answer), 200, "{answer}");
        for name in ["Call-ID", "From"] {
            assert_eq!(header(&answer, name), header(&other, name));
        }
    }
}

//! Header fields in every spelling that the grammar allows, and in one that leaves.
use super::*;

fn message(fields: &str) -> String {
    format!("INVITE sip:a@b SIP/2.0\r\n{fields}\r\n\r\nbody")
}

#[track_caller]
fn value(fields: &str, name: &str) -> String {
    let text = message(fields);
    let message = Message::read(text.as_bytes());
    assert_eq!(message.defect, None, "{fields:?}");
    message.first(name).unwrap_or_else(|| panic!("{fields:?}")).to_owned()
}

#[test]
fn one_spelling_comes_out_whatever_goes_in() {
    for (field, name, expected) in [
        ("Via: SIP/2.0/UDP h:5060;branch=z", "via", "SIP/2.0/UDP h:5060;branch=z"),
        (
            "v :  SIP\r\n / 2.0 /\r\n\tUDP   h : 5060 ; branch = z , SIP/2.0/TCP i",
            "via",
            "SIP/2.0/UDP h:5060;branch=z, SIP/2.0/TCP i",
        ),
        ("TO :\r\n sip:a@b ;   tag    = 1", "to", "sip:a@b;tag=1"),
        ("f:\"J  R \\\\\\\"\"   <sip:a@b>\r\n ;\r\n tag = 9", "from", "\"J  R \\\\\\\"\" <sip:a@b>;tag=9"),
        ("m: < sip:a@b > ; q = 0.1", "contact", "<sip:a@b>;q=0.1"),
        ("CSEQ:\t0009\r\n  INVITE ", "cseq", "0009 INVITE"),
        ("l  : \r\n 5", "content-length", "5"),
        ("c: application / sdp ; a = b", "content-type", "application/sdp;a=b"),
        ("s :", "subject", ""),
        ("Call-ID: a b:c;d = e", "call-id", "a b:c;d = e"),
        ("X-Odd: ;;,,  ; , x", "X-Odd", ";;,,  ; , x"),
        ("x-odd:a\r\n  b", "x-odd", "a b"),
    ] {
        assert_eq!(value(field, name), expected, "{field:?}");
    }
    let text = message("Route: <sip:a;lr>, <sip:b;lr>\r\nroute: <sip:c>");
    let message = Message::read(text.as_bytes());
    let routes: Vec<&str> = message.all("route").flat_map(elements).collect();
    assert_eq!(routes, ["<sip:a;lr>", "<sip:b;lr>", "<sip:c>"]);
    assert_eq!((&*message.start, message.body), ("INVITE sip:a@b SIP/2.0", &b"body"[..]));
}

#[test]
fn what_no_reading_allows_is_a_defect() {
    for (fields, defect) in [
        ("no colon", "malformed header line"),
        ("Bad Name: x", "malformed header line"),
        (": x", "malformed header line"),
        ("A: b\0c", "malformed header line"),
        ("A: b\nC: d", "bare CR or LF"),
        ("A: b\rC: d", "malformed header line"),
        (" folded: first", "malformed header line"),
    ] {
        assert_eq!(Message::read(message(fields).as_bytes()).defect, Some(defect), "{fields:?}");
    }
    assert_eq!(Message::read(b"INVITE sip:a@b SIP/2.0\r\nA: b\r\n").defect, Some("no end of headers"));
    let many = vec!["A: b"; MAX_FIELDS + 1].join("\r\n");
    assert_eq!(Message::read(message(&many).as_bytes()).defect, Some("malformed header line"));
    assert_eq!(Message::read(message(&many[6..]).as_bytes()).defect, None);
    // A quoted pair may be a control character (RFC 3261 section 25.1).
    value("To: \"NUL:\\\0 DEL:\\\u{7f}\" <sip:a@b>", "to");
}

#[test]
fn an_answer_repeats_a_party_as_it_came() {
    for (party, shown) in [
        (&b"\"caf\xe9\" <sip:a@b>;tag=1"[..], "\"café\" <sip:a@b>;tag=1"),
        (b"\"<a> \xff\" <sip:a;b?c@d;e>;tag=1", "\"<a> ÿ\" <sip:a;b?c@d;e>;tag=1"),
        (b"\"\x85\" <sip:a@b>", "\"\u{fffd}\" <sip:a@b>"),
        // Characters that the protect itself is made of.
        ("\"é \u{e0c3}\" <sip:a@b>;tag=\u{e100}".as_bytes(), "\"é î\u{fffd}\u{fffd}\" <sip:a@b>;tag=î\u{fffd}\u{fffd}"),
    ] {
        let text = [b"INVITE sip:a@b SIP/2.0\r\nTo: ", party, b"\r\n\r\n"].concat();
        let message = Message::read(&text);
        let to = message.first("to").expect("To");
        assert_eq!(readable(to), shown);
        let address = crate::sip::name::split(to).1;
        assert!(!address.contains([';', '?']), "the parser below sees no parameters: {to}");
        let answer = format!("SIP/2.0 200 OK\r\nTo: {to}\r\n\r\n");
        let sent = restore(answer.as_bytes()).into_owned();
        assert_eq!(sent, [b"SIP/2.0 200 OK\r\nTo: ", party, b"\r\n\r\n"].concat(), "{shown}");
    }
}

#[test]
fn a_body_leaves_as_it_is() {
    let text = "SIP/2.0 200 OK\r\nTo: <sip:a@b>\u{e100}\r\n\r\n\u{e0ff}\u{e100}".as_bytes();
    let sent = restore(text);
    assert!(sent.ends_with("\r\n\r\n\u{e0ff}\u{e100}".as_bytes()));
}

#[test]
fn a_length_on_a_stream_is_found_or_wrong() {
    for (fields, expected) in [
        ("l: 5", Ok(Some(5))),
        ("Content-Length\t:\r\n 007", Ok(Some(7))),
        ("A: b", Ok(None)),
        ("l: 5\r\nContent-Length: 5", Ok(Some(5))),
        ("l: 5\r\nContent-Length: 6", Err("two Content-Length")),
        ("l: -5", Err("malformed Content-Length")),
        ("l: 5 5", Err("malformed Content-Length")),
        ("l:", Err("malformed Content-Length")),
        ("l: 1234567890", Err("malformed Content-Length")),
        ("Content-Length: +5", Err("malformed Content-Length")),
    ] {
        assert_eq!(content_length(message(fields).as_bytes()), expected, "{fields:?}");
    }
}

#[test]
fn quotes_and_brackets_close_or_not() {
    for (text, closed) in [
        ("\"a\" <sip:b@c>", true),
        ("sip:b@c", true),
        ("\"a <b> \\\" c\" <sip:b@c>;x=\"y\"", true),
        ("\"a <sip:b@c>", false),
        ("<sip:b@c", false),
        ("sip:b@c>", false),
        ("<a> <b>", false),
        ("<a<b>", false),
        ("\"a\\", false),
    ] {
        assert_eq!(is_balanced(text), closed, "{text}");
    }
    let all: Vec<&str> = elements("\"a,b\" <c,d>, e ,,f").collect();
    assert_eq!(all, ["\"a,b\" <c,d>", "e", "", "f"]);
}

//! A far end that sends bare octets, by datagrams or by a stream, and reads what comes back. Text is ISO 8859-1 here: one
//! character for each octet.
use crate::SECOND;
use crate::bot::Bot;
use std::net::SocketAddr;
use telephony::sip::SipTransport;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

pub const OFFER: &str =
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\n";

enum Link {
    Datagrams(UdpSocket),
    Stream(TcpStream, Vec<u8>),
}

pub struct Raw {
    link: Link,
    server: SocketAddr,
    pings: u32,
}

impl Raw {
    pub async fn new(bot: &Bot, transport: SipTransport) -> Self {
        match transport {
            SipTransport::Udp => {
                let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a socket");
                socket.connect(bot.udp()).await.expect("a route");
                Self { link: Link::Datagrams(socket), server: bot.udp(), pings: 0 }
            }
            SipTransport::Tcp => {
                let stream = TcpStream::connect(bot.tcp()).await.expect("connected");
                Self { link: Link::Stream(stream, Vec::new()), server: bot.tcp(), pings: 0 }
            }
        }
    }

    pub fn here(&self) -> SocketAddr {
        match &self.link {
            Link::Datagrams(socket) => socket.local_addr().expect("an address"),
            Link::Stream(stream, _) => stream.local_addr().expect("an address"),
        }
    }

    pub fn transport(&self) -> &'static str {
        match self.link {
            Link::Datagrams(_) => "UDP",
            Link::Stream(..) => "TCP",
        }
    }

    pub async fn send(&mut self, octets: &[u8]) {
        match &mut self.link {
            Link::Datagrams(socket) => drop(socket.send(octets).await.expect("sent")),
            Link::Stream(stream, _) => stream.write_all(octets).await.expect("sent"),
        }
    }

    /// The next message, or `None` where the stream has closed.
    pub async fn next(&mut self) -> Option<String> {
        let octets = timeout(5 * SECOND, self.read()).await.expect("in time")?;
        Some(octets.into_iter().map(char::from).collect())
    }

    async fn read(&mut self) -> Option<Vec<u8>> {
        let mut buffer = vec![0; 65_535];
        match &mut self.link {
            Link::Datagrams(socket) => {
                let length = socket.recv(&mut buffer).await.expect("received");
                Some(buffer[..length].to_vec())
            }
            Link::Stream(stream, read) => loop {
                if let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") {
                    let head = String::from_utf8_lossy(&read[..end]).into_owned();
                    let total = end + 4 + header(&head, "Content-Length").parse::<usize>().expect("a length");
                    if read.len() >= total {
                        return Some(read.drain(..total).collect());
                    }
                }
                match stream.read(&mut buffer).await {
                    Ok(0) | Err(_) => return None,
                    Ok(length) => read.extend_from_slice(&buffer[..length]),
                }
            },
        }
    }

    /// The next final answer.
    pub async fn answer(&mut self) -> String {
        loop {
            let text = self.next().await.expect("an answer");
            if text.starts_with("SIP/2.0 ") && status(&text) >= 200 {
                return text;
            }
        }
    }

    /// The next final answer to a request of this method.
    pub async fn answer_to(&mut self, method: &str) -> String {
        loop {
            let answer = self.answer().await;
            if header(&answer, "CSeq").ends_with(method) {
                return answer;
            }
        }
    }

    /// Whether the stream closes.
    pub async fn closes(&mut self) -> bool {
        while let Some(text) = self.next().await {
            assert!(text.starts_with("SIP/2.0 "), "{text}");
        }
        true
    }

    /// Fails where anything is on its way: the next message has to be the answer to a request that goes out now.
    pub async fn nothing_comes(&mut self) {
        self.pings += 1;
        let (server, here, transport, number) = (self.server, self.here(), self.transport(), self.pings);
        let call_id = format!("ping-{number}-{here}");
        let text = format!(
            "OPTIONS sip:{server} SIP/2.0\r\nVia: SIP/2.0/{transport} {here};branch=z9hG4bKping{number};rport\r\n\
             From: <sip:ping@{here}>;tag=1\r\nTo: <sip:{server}>\r\nCall-ID: {call_id}\r\nCSeq: 1 OPTIONS\r\n\
             Content-Length: 0\r\n\r\n"
        );
        self.send(text.as_bytes()).await;
        let answer = self.next().await.expect("an answer");
        assert_eq!(header(&answer, "Call-ID"), call_id, "{answer}");
    }

    /// A request within the dialog that a 200 to an INVITE has made.
    async fn within(&mut self, ok: &str, method: &str) {
        let contact = header(ok, "Contact");
        let uri = contact.trim_start_matches('<').split('>').next().expect("a URI");
        let [from, to, call_id] = ["From", "To", "Call-ID"].map(|name| header(ok, name));
        let number: u32 = header(ok, "CSeq").split(' ').next().expect("a number").parse().expect("a number");
        let number = if method == "ACK" { number } else { number + 1 };
        let (here, transport) = (self.here(), self.transport());
        let text = format!(
            "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/{transport} {here};branch=z9hG4bK{method}{number};rport\r\n\
             From: {from}\r\nTo: {to}\r\nCall-ID: {call_id}\r\nCSeq: {number} {method}\r\nContent-Length: 0\r\n\r\n"
        );
        self.send(&octets(&text)).await;
    }

    pub async fn acknowledge(&mut self, ok: &str) {
        self.within(ok, "ACK").await;
    }

    /// Acknowledges a 200 and hangs up: the dialog is found both times.
    pub async fn hang_up(&mut self, ok: &str) {
        self.acknowledge(ok).await;
        self.within(ok, "BYE").await;
        let answer = self.answer_to("BYE").await;
        assert_eq!(status(&answer), 200, "{answer}");
    }

    /// Answers a request with 200.
    pub async fn accept(&mut self, request: &str) {
        let fields =
            ["Via", "From", "To", "Call-ID", "CSeq"].map(|name| format!("{name}: {}\r\n", header(request, name)));
        self.send(&octets(&format!("SIP/2.0 200 OK\r\n{}Content-Length: 0\r\n\r\n", fields.concat()))).await;
    }
}

pub fn octets(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(c).expect("one octet")).collect()
}

/// A field's value, without its line end.
pub fn header<'a>(text: &'a str, name: &str) -> &'a str {
    let head = text.split("\r\n\r\n").next().unwrap_or_default();
    let of = |line: &'a str| line.split_once(':').filter(|(key, _)| key.trim().eq_ignore_ascii_case(name));
    head.split("\r\n").find_map(of).map_or("", |(_, value)| value.trim_matches([' ', '\t']))
}

pub fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0)
}

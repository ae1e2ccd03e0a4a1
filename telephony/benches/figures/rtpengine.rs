//! rtpengine in user space, as Debian packages it: the same calls through a peer of long standing.
use super::callers::{Callers, Sound};
use super::{Figure, Plan, cost, sound};
use std::net::{SocketAddr, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Its RTP ports.
const PORTS: (u16, u16) = (28_000, 29_998);

struct Rtpengine {
    child: Child,
    /// Connected to where it takes orders.
    orders: UdpSocket,
    count: u32,
}

impl Drop for Rtpengine {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Rtpengine {
    fn start() -> Result<Self, String> {
        let orders = UdpSocket::bind("127.0.0.1:0").map_err(|why| why.to_string())?;
        orders.set_read_timeout(Some(Duration::from_secs(2))).map_err(|why| why.to_string())?;
        // A port that was free a moment ago.
        let free = UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.local_addr());
        let at = free.map_err(|why| why.to_string())?;
        orders.connect(at).map_err(|why| why.to_string())?;
        let child = Command::new("rtpengine")
            .args(["--config-file=none", "--table=-1", "--interface=127.0.0.1", "--foreground", "--log-stderr"])
            .arg(format!("--listen-ng={at}"))
            .args([format!("--port-min={}", PORTS.0), format!("--port-max={}", PORTS.1)])
            .args(["--num-threads=1", "--media-num-threads=1", "--log-level=3", "--timeout=600"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|why| format!("rtpengine does not start ({why}): apt-get install rtpengine-daemon"))?;
        let mut engine = Self { child, orders, count: 0 };
        for _ in 0..50 {
            if engine.ask("d7:command4:pinge").is_ok_and(|answer| answer.contains("pong")) {
                return Ok(engine);
            }
            if let Ok(Some(status)) = engine.child.try_wait() {
                return Err(format!("rtpengine ended at once ({status})"));
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Err(format!("rtpengine does not answer at {at}"))
    }

    /// One order of the NG protocol: a cookie, a bencoded dictionary, over UDP.
    fn ask(&mut self, order: &str) -> Result<String, String> {
        self.count += 1;
        let cookie = self.count.to_string();
        self.orders.send(format!("{cookie} {order}").as_bytes()).map_err(|why| why.to_string())?;
        let mut buffer = [0; 8192];
        loop {
            let length = self.orders.recv(&mut buffer).map_err(|why| why.to_string())?;
            let answer = String::from_utf8_lossy(&buffer[..length]).into_owned();
            if let Some(rest) = answer.strip_prefix(&format!("{cookie} ")) {
                return Ok(rest.to_owned());
            }
        }
    }

    /// An offer or an answer; the address at which rtpengine now waits for whoever gets this SDP, and the SDP.
    fn tell(&mut self, order: Vec<(&str, String)>) -> Result<(SocketAddr, String), String> {
        let answer = self.ask(&dictionary(order))?;
        let port = answer.split_once("m=audio ").and_then(|(_, rest)| rest.split(' ').next()?.parse().ok());
        let port: u16 = port.ok_or_else(|| format!("rtpengine refuses: {answer}"))?;
        Ok((SocketAddr::from(([127, 0, 0, 1], port)), answer))
    }
}

fn string(text: &str) -> String {
    format!("{}:{text}", text.len())
}

/// Values are bencoded already; keys are sorted here, as bencoding wants them.
fn dictionary(mut entries: Vec<(&str, String)>) -> String {
    entries.sort();
    let entries: String = entries.into_iter().map(|(key, value)| string(key) + &value).collect();
    format!("d{entries}e")
}

fn list(words: &[&str]) -> String {
    format!("l{}e", words.iter().map(|word| string(word)).collect::<String>())
}

fn sdp(at: SocketAddr, codec: &str) -> String {
    let (ip, port) = (at.ip(), at.port());
    string(&format!(
        "v=0\r\no=- 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio {port} RTP/AVP {}\r\na=rtpmap:{codec}\r\na=ptime:20\r\n",
        codec.split(' ').next().unwrap_or("0")
    ))
}

/// The payload type under which an SDP has Opus.
fn opus(sdp: &str) -> Option<u8> {
    sdp.split("a=rtpmap:").find_map(|line| line.split_once(" opus/48000")?.0.parse().ok())
}

/// Two phones per call, each gets what the other sends.
pub fn relay(plan: &Plan) -> Result<Figure, String> {
    between(plan, vec![sound::g711()], &[])
}

/// A G.711 phone and an Opus phone per call.
pub fn transcode(plan: &Plan) -> Result<Figure, String> {
    // rtpengine numbers what it adds from 96.
    let codecs = dictionary(vec![("mask", list(&["PCMU"])), ("transcode", list(&["opus"]))]);
    between(plan, vec![sound::g711(), sound::encoded(sound::opus(), 96)], &[("codec", codecs)])
}

fn between(plan: &Plan, sounds: Vec<Sound>, wishes: &[(&'static str, String)]) -> Result<Figure, String> {
    let mut engine = Rtpengine::start()?;
    let mut callers = Callers::new(plan.calls * 2, sounds);
    for (n, pair) in callers.all.chunks_mut(2).enumerate() {
        let [a, b] = pair else { continue };
        let call = || ("call-id", string(&format!("figures-{n}")));
        let common =
            || vec![call(), ("from-tag", string("a")), ("ICE", string("remove")), ("flags", list(&["port-latching"]))];
        let mut offer = common();
        offer.extend([("command", string("offer")), ("sdp", sdp(a.address(), "0 PCMU/8000"))]);
        offer.extend_from_slice(wishes);
        let offered;
        (b.to, offered) = engine.tell(offer)?;
        let codec = match opus(&offered) {
            _ if wishes.is_empty() => "0 PCMU/8000",
            Some(96) => "96 opus/48000/2",
            _ => return Err(format!("rtpengine offers no Opus as 96: {offered}")),
        };
        let mut answer = common();
        answer.extend([("command", string("answer")), ("to-tag", string("b")), ("sdp", sdp(b.address(), codec))]);
        (a.to, _) = engine.tell(answer)?;
    }
    Ok(cost(plan, &mut callers, Some(engine.child.id())))
}

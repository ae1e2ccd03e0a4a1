//! Calls between two ends of ours on loopback, with real sockets.
use super::*;
use crate::line::{By, Change, Ended};
use media::packet::{Packet, Rtp};
use tokio::time::{sleep, timeout};

mod hostile;

fn plan(ice: Ice) -> WebRtcPlan {
    WebRtcPlan { ice, ..WebRtcPlan::default() }
}

/// Both ends of a call.
struct Pair {
    server: WebRtc,
    bot: Answered,
    page: Answered,
    bot_wire: Box<dyn media::Wire>,
    page_wire: Box<dyn media::Wire>,
}

async fn pair(plan: WebRtcPlan) -> Pair {
    let (server, client) = (WebRtc::start(plan).unwrap(), WebRtc::start(WebRtcPlan::default()).unwrap());
    let offered = client.offer().await.unwrap();
    let mut bot = server.answer(&offered.sdp).await.unwrap();
    let mut page = offered.accept(&bot.sdp).await.unwrap();
    let (bot_wire, page_wire) = (bot.line.wire.take().unwrap(), page.line.wire.take().unwrap());
    Pair { server, bot, page, bot_wire, page_wire }
}

fn rtp(sequence: u16, byte: u8) -> Packet {
    let (payload, arrived) = (bytes::Bytes::from(vec![byte; 50]), Instant::now());
    let timestamp = u32::from(sequence) * 960;
    Packet::Rtp(Rtp { arrived, payload_type: 111, marker: false, sequence, timestamp, ssrc: 77, payload })
}

impl Pair {
    /// Sends both ways until both have heard; how long that took.
    async fn up(&mut self) -> Duration {
        let start = Instant::now();
        let (mut bot_heard, mut page_heard) = (false, false);
        for n in 0..2_000 {
            self.bot_wire.send(&rtp(n, 1));
            self.page_wire.send(&rtp(n, 2));
            sleep(Duration::from_millis(5)).await;
            let now = Instant::now();
            bot_heard |= std::iter::from_fn(|| self.bot_wire.recv(now)).any(|p| is(&p, 2));
            page_heard |= std::iter::from_fn(|| self.page_wire.recv(now)).any(|p| is(&p, 1));
            if bot_heard && page_heard {
                return start.elapsed();
            }
        }
        panic!("bot heard {bot_heard}, page heard {page_heard}");
    }
}

fn is(packet: &Packet, byte: u8) -> bool {
    matches!(packet, Packet::Rtp(rtp) if rtp.payload_type == 111 && rtp.payload.iter().all(|b| *b == byte))
}

#[tokio::test]
async fn a_call_connects_in_either_ice_mode_and_sound_flows_both_ways() {
    for ice in [Ice::Lite, Ice::Full] {
        let mut pair = pair(plan(ice)).await;
        assert_eq!(pair.bot.sdp.contains("a=ice-lite"), ice == Ice::Lite);
        let took = pair.up().await;
        println!("{ice:?}: connected after {took:?}");
    }
}

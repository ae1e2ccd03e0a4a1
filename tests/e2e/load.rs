//! Many calls: none fails, and nothing of them is left.
use crate::server::Inside;
use crate::sipp;
use crate::testbed::{alone, ports, seconds, until};
use std::sync::Arc;
use switchboard::config::Ms;

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_calls_a_second_for_ten_seconds_all_succeed_and_leave_nothing() {
    let machine = alone().await;
    let voice = Arc::new(media::tts::scripted::Scripted::new(media::tts::scripted::Manner::Prompt));
    let inside = Inside::start("load", vec![], vec![voice], |config| {
        (config.rtp.ports_from, config.rtp.ports_to) = ports(2000);
        config.rtp.drain_ms = Ms(1000);
        config.sip.max_calls = 1000;
    })
    .await;
    // The metrics are the process's: other tests count there too.
    let before = inside.metric("switchboard_calls_ended_total").await;
    let more = ["-r", "200", "-m", "2000", "-l", "900", "-timeout", "40s", "-recv_timeout", "10000"];
    let outcome = sipp::start(inside.sip, "brief_call", &more).finish().await.succeeded();
    println!("{} requests sent again", outcome.repeated);
    assert_eq!((outcome.successful, outcome.failed), (2000, 0));
    let left = || {
        let report = inside.server.report();
        let sip = report.sip.expect("a telephone");
        let tables = [sip.calls, sip.dialogs, sip.transactions, report.media.rooms, report.speech.sessions];
        (report.calls, tables, inside.server.ports.in_use(), sip.finished)
    };
    until(seconds(10), "every call, dialog, transaction, room and port to be gone", || async {
        let (calls, tables, ports, _) = left();
        (calls == 0 && tables == [0; 5] && ports == 0).then_some(())
    })
    .await;
    drop(machine);
    // Finished transactions are remembered for 64 T1, so that copies of their requests get the same answer (RFC 3261 section 17).
    until(seconds(40), "finished transactions to be forgotten", || async { (left().3 == 0).then_some(()) }).await;
    let ended = inside.metric("switchboard_calls_ended_total").await - before;
    assert_eq!(ended as u64, 2000);
    inside.server.stop().await;
}

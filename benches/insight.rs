//! What insight costs of a call: CPU in milliseconds for each second of it. Voice: every second is speech, the worst there is. Words: a turn of the
//! caller's, one of the bot's and what else is recorded with them every three seconds, by the rules that are shipped.
use jiff::{SignedDuration, Timestamp};
use media::prosody::Prosody;
use media::testkit::voice::speechlike;
use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::{Duration, Instant};
use switchboard::config::{AlertsFile, Config};
use switchboard::insight::monitor::Monitor;
use switchboard::plans;
use switchboard::store::{
    CallEvent, Direction, Floor, Latency, LiveChange, LiveEvent, Mark, Private, Speaker, Started, TimelineEvent, Turn,
};

/// Calls at once, and how long each is.
const CALLS: usize = 60;
const SECONDS: u64 = 300;

fn main() {
    let voice = of_voice();
    let (words, found) = of_words();
    let ms = |cost: Duration| cost.as_secs_f64() * 1_000.0;
    println!("voice: {:.3} ms of CPU for a second of speech", ms(voice));
    println!("words, alerts, next steps: {:.3} ms of CPU for a second of a call ({found} findings)", ms(words));
    println!("together: {:.3} ms for a call-second (budget: 1 ms)", ms(voice + words));
}

fn of_voice() -> Duration {
    const LENGTH: u32 = 60;
    let sound = speechlike(7, 16_000, f64::from(LENGTH), 0.95);
    let mut prosody = Prosody::default();
    let begun = Instant::now();
    // Utterances of three seconds, in frames of 20 ms.
    for utterance in sound.chunks(48_000) {
        prosody.begin();
        utterance.chunks(320).for_each(|frame| prosody.push(frame));
        black_box(prosody.features());
    }
    begun.elapsed() / LENGTH
}

fn turn(speaker: Speaker, text: &str, from: u64) -> CallEvent {
    CallEvent::Turn(Turn {
        speaker,
        text: text.into(),
        heard: text.into(),
        interrupted: false,
        started_ms: from,
        ended_ms: from + 900,
        confidence: None,
        by: None,
    })
}

fn of_words() -> (Duration, usize) {
    let rules = AlertsFile::parse(include_str!("../configs/alerts.toml")).expect("the shipped rules").rule;
    let files =
        [include_str!("../dialog/src/insight/labelled/en.txt"), include_str!("../dialog/src/insight/labelled/vi.txt")];
    let texts = files
        .map(|file| file.lines().filter_map(|line| line.split_once('\t')).map(|(_, text)| text).collect::<Vec<_>>());
    let mut monitor = Monitor::new(plans::health(&Config::default()));
    let start: Timestamp = "2026-11-30T08:00:00Z".parse().expect("a time");
    let ids: Vec<String> = (0..CALLS).map(|number| format!("call-{number}")).collect();
    let event = |call: &String, ms: u64, event: CallEvent| {
        let at = start + SignedDuration::from_millis(ms as i64);
        TimelineEvent { call: call.clone(), at, at_ms: ms, event }
    };
    for (number, id) in ids.iter().enumerate() {
        let started = Started {
            direction: Direction::Inbound,
            via: "open".into(),
            from: "sip:a@b.test".into(),
            to: "sip:c@d.test".into(),
            bot: "booking.en".into(),
            language: if number % 2 == 0 { "en" } else { "vi" }.into(),
            headers: BTreeMap::new(),
        };
        monitor.note(&rules, &event(id, 0, CallEvent::Started(started)));
        monitor.note(&rules, &event(id, 1, CallEvent::Answered));
    }
    let (mut found, begun) = (0, Instant::now());
    for half in 0..2 * SECONDS {
        let ms = half * 500;
        for (number, id) in ids.iter().enumerate().filter(|_| half.is_multiple_of(6)) {
            let own = &texts[number % 2];
            let text = own[(half as usize / 6 + number) % own.len()];
            let data = Private(
                serde_json::json!({"ms": ms, "from_ms": ms, "level_db": -30.0, "pitch_hz": 120.0, "rate": 40.0}),
            );
            let floor = LiveChange::Floor { floor: Floor::Caller };
            monitor
                .live(start + SignedDuration::from_millis(ms as i64), &LiveEvent { call: id.clone(), change: floor });
            monitor.note(&rules, &event(id, ms, CallEvent::Mark(Mark { name: "voice".into(), data })));
            monitor.note(&rules, &event(id, ms, turn(Speaker::Caller, text, ms)));
            monitor.note(&rules, &event(id, ms, CallEvent::Latency(Latency::of(1, [200, 100, 5, 50, 20]))));
            monitor.note(
                &rules,
                &event(id, ms, turn(Speaker::Bot, "For which day would you like the table?", ms + 1_000)),
            );
        }
        monitor.tick(&rules, start + SignedDuration::from_millis(ms as i64));
        while let Some(one) = monitor.poll() {
            black_box(one);
            found += 1;
        }
    }
    (begun.elapsed() / (CALLS as u32 * SECONDS as u32), found)
}

//! Whole test calls of the core under simulated time, against a bot made of tones.
use super::clip::Clip;
use super::clip::tests::tone;
use super::level::{ActivityPlan, decibels, power};
use super::phone::{Act, Input, Output, Plan, Softphone};
use super::report::{Observation, Report};
use media::Bytes;
use media::codec::Codec;
use media::leg::LegPlan;
use media::packet::Rtp;
use std::time::{Duration, Instant};

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn line(codec: Codec) -> LegPlan {
    let plan = LegPlan::new(codec, codec.static_type().unwrap_or(96));
    LegPlan { telephone_event: Some(101), comfort_noise: Some(13), ..plan }
}

/// A clip with 100 ms of silence, so much speech, and 300 ms of silence.
fn clip(speech_ms: u64) -> Clip {
    let mut pcm = vec![0; 800];
    pcm.extend(super::clip::resample(&tone(300.0, 8000, speech_ms as f64 / 1000.0, 0.3), 8000));
    pcm.extend([0; 2400]);
    Clip::new(pcm).unwrap()
}

/// A bot that speaks as tones over comfort noise: what it says it plans in ms since the answer.
struct Bot {
    greeting: Option<u64>,
    /// From the caller's last loud packet to the answer, and how long the answer is.
    answer: Option<(u64, u64)>,
    /// From the caller's first loud packet until it is lowered, and until it stops.
    duck_after: Option<u64>,
    stop_after: Option<u64>,
    /// How long the caller has to be quiet to have ended.
    endpoint: u64,
    noise_db: f64,
    // What happens.
    speaks: Vec<(u64, u64)>,
    caller: Option<(u64, u64)>,
    ducked_at: Option<u64>,
}

impl Bot {
    fn new() -> Self {
        Self {
            greeting: Some(1000),
            answer: Some((430, 800)),
            duck_after: None,
            stop_after: None,
            endpoint: 200,
            noise_db: -71.0,
            speaks: vec![],
            caller: None,
            ducked_at: None,
        }
    }

    /// A packet of the caller that left at `now`.
    fn hear(&mut self, now: u64, packet: &Rtp) {
        let mut pcm = vec![];
        Codec::of_static(packet.payload_type).unwrap().decoder().decode(&packet.payload, &mut pcm);
        if decibels(power(&pcm)) > -40.0 {
            let first = self.caller.map_or(now, |c| c.0);
            self.caller = Some((first, now));
        }
    }

    fn act(&mut self, now: u64) {
        if let Some(length) = self.greeting.take() {
            self.speaks.push((200, 200 + length));
        }
        let Some((first, last)) = self.caller else { return };
        let speaking = self.speaks.iter().position(|s| s.0 <= now && now < s.1);
        if self.duck_after.is_some_and(|after| now >= first + after) && speaking.is_some() {
            self.ducked_at.get_or_insert(first + self.duck_after.unwrap());
        }
        if let (Some(after), Some(index)) = (self.stop_after, speaking)
            && now >= first + after
        {
            self.speaks[index].1 = first + after;
        }
        if now >= last + self.endpoint {
            if let Some((after, length)) = self.answer {
                self.speaks.push((last + 20 + after, last + 20 + after + length));
            }
            (self.caller, self.ducked_at) = (None, None);
        }
    }

    /// The packet that begins at `now`.
    fn sound(&self, now: u64, codec: Codec) -> Bytes {
        let mut noise = 12345u32 + now as u32 * 7919;
        let pcm: Vec<i16> = (0..160u64)
            .map(|i| {
                let at = now + i / 8;
                noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let quiet = (f64::from(noise) / f64::from(u32::MAX) - 0.5) * 3.46 * 10f64.powf(self.noise_db / 20.0);
                let speaks = self.speaks.iter().any(|s| s.0 <= at && at < s.1);
                let gain = if self.ducked_at.is_some_and(|ducked| at >= ducked) { 0.126 } else { 1.0 };
                let phase = (now * 8 + i) as f64 * 2.0 * std::f64::consts::PI * 500.0 / 8000.0;
                ((if speaks { 0.25 * gain * phase.sin() } else { 0.0 } + quiet) * 32768.0) as i16
            })
            .collect();
        let mut payload = vec![];
        codec.encoder().encode(&pcm, &mut payload);
        payload.into()
    }
}

struct Call {
    zero: Instant,
    seen: Vec<Observation>,
    report: Report,
    heard: Vec<i16>,
    hung_up: bool,
}

impl Call {
    fn at(&self, at: Instant) -> i64 {
        at.duration_since(self.zero).as_millis() as i64
    }
}

struct Script {
    acts: Vec<Act>,
    interrupt: Option<Duration>,
    codec: Codec,
    /// The driver comes so late to its deadlines, in turn.
    lateness: &'static [u64],
}

impl Script {
    fn say(speech_ms: &[u64]) -> Self {
        let acts = speech_ms.iter().map(|&length| Act::Say(clip(length))).collect();
        Self { acts, interrupt: None, codec: Codec::Pcmu, lateness: &[0] }
    }
}

/// A caller's plan, whose patience is one second.
fn plan(acts: Vec<Act>) -> Plan {
    Plan {
        line: line(Codec::Pcmu),
        ssrc: 7,
        sequence: 0,
        timestamp: 0,
        acts,
        interrupt: None,
        finished: ms(700),
        patience: ms(1000),
        activity: ActivityPlan::default(),
        directed: false,
    }
}

/// Runs a call for at most a minute; the network takes 3 ms.
fn run(mut bot: Bot, script: Script) -> Call {
    let zero = Instant::now();
    let plan = Plan {
        line: line(script.codec),
        sequence: 65_530,
        timestamp: u32::MAX - 1000,
        interrupt: script.interrupt,
        patience: ms(4000),
        ..plan(script.acts)
    };
    let mut phone = Softphone::new(zero, plan, Duration::from_secs(60));
    let mut call = Call { zero, seen: vec![], report: Report::new(zero), heard: vec![], hung_up: false };
    let mut ticks = 0;
    for now in 0..60_000u64 {
        if now % 20 == 0 {
            bot.act(now);
        }
        if now % 20 == 3 {
            let n = now / 20;
            let (sequence, timestamp) = (n as u16, n as u32 * 160);
            let payload = bot.sound(now - 3, script.codec);
            let payload_type = line(script.codec).payload_type;
            let arrived = zero + ms(now);
            phone.handle(
                arrived,
                Input::Packet(Rtp { arrived, payload_type, marker: false, sequence, timestamp, ssrc: 9, payload }),
            );
        }
        let late = script.lateness[ticks % script.lateness.len()];
        if phone.deadline().is_some_and(|(at, _)| zero + ms(now) >= at + ms(late)) {
            phone.handle(zero + ms(now), Input::Tick);
            ticks += 1;
        }
        while let Some(output) = phone.poll() {
            match output {
                Output::Send(packet) => bot.hear(now, &packet),
                Output::Observed(observation) => call.seen.push(observation),
                Output::HangUp => call.hung_up = true,
            }
        }
        if call.hung_up {
            break;
        }
    }
    (call.report, call.heard) = phone.finish();
    call
}

#[test]
fn each_input_waits_for_the_bot_and_its_answer_is_timed_to_the_sample() {
    for codec in [Codec::Pcmu, Codec::Pcma] {
        let call = run(Bot::new(), Script { codec, ..Script::say(&[700, 333]) });
        assert!(call.hung_up && call.report.is_complete());
        let greeting = call.report.greeting.map(|(began, finished)| (call.at(began), call.at(finished)));
        // Sent 3 ms before it arrives; silence is told in blocks of 5 ms.
        assert_eq!(greeting, Some((203, 1203)));
        for turn in &call.report.turns {
            assert!(!turn.interrupts && turn.spoken_over.is_none());
            let response = turn.response_ms().unwrap();
            // The bot answers 430 ms after the packet that held the last of the speech was over.
            assert!((430.0..=456.0).contains(&response), "{response}");
        }
        assert_eq!(call.report.lost + call.report.late + call.report.stalls, 0);
        let gap = call.at(call.report.turns[0].began) - 1203;
        assert!((800..=830).contains(&gap), "700 ms of quiet, then 100 ms of the clip's own: {gap}");
    }
}

#[test]
fn speech_sent_is_the_length_of_the_clip_and_times_do_not_depend_on_the_drivers_rhythm() {
    let script = Script { lateness: &[0, 9, 3, 17, 1], ..Script::say(&[1000]) };
    let call = run(Bot::new(), script);
    let turn = call.report.turns[0];
    let spoke = call.at(turn.stopped.unwrap()) - call.at(turn.began);
    assert!((980..=1020).contains(&spoke), "{spoke}");
    assert!(call.report.is_complete());
}

#[test]
fn an_interrupted_bot_is_seen_to_be_lowered_to_fall_silent_and_to_answer() {
    let bot = Bot { greeting: Some(5000), duck_after: Some(140), stop_after: Some(420), ..Bot::new() };
    let call = run(bot, Script { interrupt: Some(ms(1000)), ..Script::say(&[800]) });
    let turn = call.report.turns[0];
    assert!(turn.interrupts);
    let began = call.at(turn.began);
    assert!((1203..=1225).contains(&began), "the turn began at 203: {began}");
    let ducked = call.at(turn.ducked.unwrap()) - began;
    assert!((130..=165).contains(&ducked), "{ducked}");
    let silent = call.at(turn.silent.unwrap()) - began;
    assert!((410..=435).contains(&silent), "{silent}");
    assert!(turn.response_ms().is_some_and(|response| (430.0..=456.0).contains(&response)), "{turn:?}");
    assert!(call.report.is_complete());
}

#[test]
fn a_bot_that_is_lowered_and_comes_back_was_not_silenced() {
    let bot = Bot { greeting: Some(4000), duck_after: Some(100), answer: None, ..Bot::new() };
    let call = run(bot, Script { interrupt: Some(ms(1000)), ..Script::say(&[300]) });
    let turn = call.report.turns[0];
    assert!(turn.interrupts && turn.ducked.is_some());
    // It fell silent only when it had said all it had to say.
    assert!(turn.silent.is_none_or(|silent| call.at(silent) >= 4190), "{turn:?}");
    assert!(turn.answered.is_none() && !call.report.is_complete());
}

#[test]
fn a_mute_bot_answers_nothing_and_the_call_still_ends() {
    let bot = Bot { greeting: None, answer: None, ..Bot::new() };
    let call = run(bot, Script::say(&[500, 500]));
    assert!(call.hung_up && !call.report.is_complete());
    assert_eq!(call.report.turns.len(), 2);
    assert!(call.seen.contains(&Observation::Unanswered { turn: 1 }));
    assert!(!call.seen.iter().any(|o| matches!(o, Observation::BotBegan { .. })), "comfort noise is no speech");
}

#[test]
fn a_loud_background_is_no_answer() {
    let bot = Bot { answer: None, noise_db: -52.0, ..Bot::new() };
    let call = run(bot, Script::say(&[500]));
    assert!(call.report.turns[0].answered.is_none());
    assert!(call.report.greeting.is_some());
}

#[test]
fn an_answer_that_begins_before_the_caller_has_ended_is_an_early_answer() {
    // The clip has 600 ms of speech with a pause of 300 ms inside; this bot takes the pause for the end.
    let mut pcm = clip(600).pcm[..5600].to_vec();
    pcm.extend([0; 2400]);
    pcm.extend(&clip(200).pcm[800..]);
    let acts = vec![Act::Say(Clip::new(pcm).unwrap())];
    let call = run(Bot { answer: Some((220, 3000)), ..Bot::new() }, Script { acts, ..Script::say(&[]) });
    let turn = call.report.turns[0];
    assert!(turn.spoken_over.is_some() && turn.response_ms().is_some_and(|response| response < 0.0), "{turn:?}");
}

#[test]
fn keys_are_pressed_as_events_and_an_answer_to_them_counts() {
    let zero = Instant::now();
    let script = Script { acts: vec![Act::Keys("42#".into())], ..Script::say(&[]) };
    let mut phone = Softphone::new(zero, plan(script.acts), Duration::ZERO);
    let (mut events, mut seen) = (vec![], vec![]);
    for now in (0..20_000).step_by(20) {
        phone.handle(zero + ms(now), Input::Tick);
        while let Some(output) = phone.poll() {
            match output {
                Output::Send(packet) if packet.payload_type == 101 => events.push(packet.payload[0]),
                Output::Observed(observation) => seen.push(observation),
                _ => {}
            }
        }
    }
    events.dedup();
    assert_eq!(events, [4, 2, 11]);
    let kinds: Vec<_> = seen.iter().map(|o| format!("{o:?}").split(' ').next().unwrap().to_owned()).collect();
    assert_eq!(kinds, ["CallerBegan", "CallerStopped", "Unanswered"]);
}

#[test]
fn lost_late_and_repeated_packets_are_counted_and_the_recording_keeps_time() {
    let zero = Instant::now();
    let mut phone = Softphone::new(zero, plan(vec![]), Duration::from_secs(10));
    for (n, sequence) in [0u16, 1, 1, 4, 3, 5].into_iter().enumerate() {
        let arrived = zero + ms(n as u64 * 20);
        let (timestamp, payload) = (u32::from(sequence) * 160, Bytes::from(vec![0u8; 160]));
        let packet = Rtp { arrived, payload_type: 0, marker: false, sequence, timestamp, ssrc: 9, payload };
        phone.handle(arrived, Input::Packet(packet));
    }
    let (report, heard) = phone.finish();
    assert_eq!((report.received, report.lost, report.late), (6, 2, 2));
    assert_eq!(heard.len(), 6 * 160);
    assert_eq!(heard.iter().filter(|&&sample| sample == 0).count(), 2 * 160);
}

#[test]
fn a_phone_that_was_stalled_leaves_time_out_instead_of_bursting() {
    let zero = Instant::now();
    let plan = Plan { patience: Duration::from_secs(30), ..plan(vec![]) };
    let mut phone = Softphone::new(zero, plan, Duration::ZERO);
    let mut sent = vec![];
    for now in (0..100).chain(1000..1100) {
        phone.handle(zero + ms(now), Input::Tick);
        while let Some(output) = phone.poll() {
            if let Output::Send(packet) = output {
                sent.push((now, packet.sequence, packet.timestamp));
            }
        }
    }
    assert_eq!(sent.iter().filter(|s| s.0 >= 1000).count(), 5);
    assert!(sent.windows(2).all(|w| w[1].1 == w[0].1 + 1), "no sequence number is left out");
    assert!(sent.iter().all(|&(now, _, timestamp)| u64::from(timestamp) / 8 == now - now % 20), "{sent:?}");
    assert_eq!(phone.finish().0.stalls, 1);
}

#[test]
fn a_directed_caller_speaks_when_told_over_what_sounds_behind_them_and_hangs_up_never() {
    let zero = Instant::now();
    let plan = Plan { directed: true, ..plan(vec![]) };
    let mut phone = Softphone::new(zero, plan, Duration::ZERO);
    let (mut levels, mut seen) = (Vec::new(), Vec::new());
    for now in 0..8_000 {
        match now {
            1_000 => phone.handle(zero + ms(now), Input::Background((0..800).map(|i| 300 - 600 * (i % 2)).collect())),
            2_000 => phone.handle(zero + ms(now), Input::Do(Act::Say(clip(500)))),
            _ => {}
        }
        if phone.deadline().is_some_and(|(at, _)| at <= zero + ms(now)) {
            phone.handle(zero + ms(now), Input::Tick);
        }
        while let Some(output) = phone.poll() {
            match output {
                Output::Send(packet) => {
                    let mut pcm = vec![];
                    Codec::Pcmu.decoder().decode(&packet.payload, &mut pcm);
                    levels.push((now, decibels(power(&pcm))));
                }
                Output::Observed(observation) => seen.push(observation),
                Output::HangUp => panic!("nobody told the caller to"),
            }
        }
    }
    let level = |from: u64, to: u64| -> Vec<f32> {
        levels.iter().filter(|(at, _)| (from..to).contains(at)).map(|(_, level)| *level).collect()
    };
    assert!(level(0, 1_000).iter().all(|level| *level < -60.0));
    for behind in [level(1_040, 1_980), level(3_200, 8_000)] {
        assert!(!behind.is_empty() && behind.iter().all(|level| (-43.0..-38.0).contains(level)), "{behind:?}");
    }
    assert!(level(2_200, 2_500).iter().all(|level| *level > -20.0));
    let [Observation::CallerBegan { at: began, .. }, Observation::CallerStopped { at: stopped, .. }] = seen[..] else {
        panic!("{seen:?}")
    };
    let at = |moment: Instant| moment.duration_since(zero).as_millis();
    assert!((2_080..=2_140).contains(&at(began)) && (2_580..=2_660).contains(&at(stopped)), "{seen:?}");
}

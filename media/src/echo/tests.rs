//! Echo control against hard echoes, through real ears. The long tables are in `benches/echo.rs`.
mod circuits;
mod onsets;

use super::*;
use crate::Rate;
use crate::codec::Codec;
use crate::codec::g711::{ULAW_TO_PCM, ulaw};
use crate::ear::{Ear, EarPlan, EchoControl};
use crate::ear_input::EarInput;
use crate::frame::TICK;
use crate::leg::LineRules;
use crate::packet::{Packet, Rtp};
use crate::room::{BotMode, Input, Output, Room, Seat};
use crate::testkit::acoustics::{Acoustics, Place};
use crate::testkit::detectors;
use crate::testkit::netem::{Impairments, Netem};
use crate::testkit::sim::plan;
use crate::testkit::ticks::{admit, frame};
use crate::testkit::voices;
use crate::tts::{Sound, UtteranceId};
use crate::vad::{Edge, Models};
use std::time::{Duration, Instant};

/// Silero with earshot where its model is present, and earshot alone.
fn models() -> Vec<Models> {
    let mut models = vec![Models::load(None).unwrap()];
    models.extend(detectors::silero().map(|silero| Models::load(Some(&silero)).unwrap()));
    models
}

fn ear(models: &Models, echo: EchoControl) -> Ear {
    Ear::new(EarPlan { echo, ..EarPlan::default() }, models)
}

/// When the ear noticed speech (s), while the bot speaks and a caller (`voice`) speaks over it.
fn starts(ear: &mut Ear, place: Place, bot: &[i16], voice: &[i16]) -> Vec<f32> {
    spoken(ear, place, bot, voice).into_iter().map(|(start, _)| start).collect()
}

/// When the ear noticed speech (s), and how long it lasted.
fn spoken(ear: &mut Ear, place: Place, bot: &[i16], voice: &[i16]) -> Vec<(f32, f32)> {
    let mut phone = Acoustics::new(place);
    let mut spoken: Vec<(f32, f32)> = Vec::new();
    let mut speaks = false;
    for (tick, far) in bot.chunks_exact(160).enumerate() {
        let said = voice.get(tick * 160..(tick + 1) * 160).unwrap_or_default();
        let near = frame(tick, Rate::Hz8000, &phone.tick(far, said));
        let near = admit(ear, near, frame(tick, Rate::Hz8000, far));
        let now = (tick + 1) as f32 / 50.0;
        match ear.hear(&near) {
            Some(Edge::Start { .. }) => {
                speaks = true;
                spoken.push((now, 0.0));
            }
            Some(Edge::End { .. }) => speaks = false,
            None => {}
        }
        if let Some((start, length)) = spoken.last_mut().filter(|_| speaks) {
            *length = now - *start;
        }
    }
    spoken
}

/// The phone far away: loss, delay, and a step of the delay in the middle.
fn place(loss_db: f32, ms: u64) -> Place {
    let (delay, step_every) = (Duration::from_millis(ms), Duration::from_secs(4));
    Place { loss_db, delay, step_every, seed: ms, ..Place::default() }
}

#[test]
fn a_bot_on_a_speakerphone_does_not_interrupt_itself_from_its_first_word_on() {
    for models in models() {
        let mut without = 0;
        for (number, (loss, ms)) in [(6.0, 400), (10.0, 40), (6.0, 120), (15.0, 250)].into_iter().enumerate() {
            let bot = voices::talk(number, 8.0);
            let with = starts(&mut ear(&models, EchoControl::On), place(loss, ms), &bot, &[]);
            assert!(with.is_empty(), "{}, {loss} dB, {ms} ms: {with:?}", models.describe());
            without += starts(&mut ear(&models, EchoControl::Off), place(loss, ms), &bot, &[]).len();
        }
        assert!(without >= 4, "{without} without echo control: the test shows nothing");
    }
}

#[test]
fn who_speaks_over_the_bot_is_noticed_on_a_phone_without_echo_always_and_on_a_speakerphone_nearly_always() {
    let Some(models) = models().into_iter().find(Models::are_fused) else { return };
    // With the echo 8 dB down a short word as loud as the bot may drown in it: a bot that interrupts itself would be worse.
    for (loss, soon, lost) in [(8.0, 0.75, 2), (60.0, 1.0, 0)] {
        let mut delays = Vec::new();
        for (number, ms) in [60, 180, 350].into_iter().enumerate() {
            let bot = voices::talk(number, 12.0);
            let (mut voice, mut begins) = (vec![0; bot.len()], Vec::new());
            for (n, at) in (24_000..80_000).step_by(18_000).enumerate() {
                let reply = voices::reply(number * 4 + n);
                let length = reply.len().min(12_000);
                voice[at..at + length].copy_from_slice(&reply[..length]);
                begins.push((at as f32 / 8_000.0, (at + length) as f32 / 8_000.0));
            }
            let heard = starts(&mut ear(&models, EchoControl::On), place(loss, ms), &bot, &voice);
            for (begin, end) in begins {
                let start = heard.iter().find(|start| **start > begin && **start < end + 0.3);
                delays.push(start.map_or(f32::INFINITY, |start| start - begin));
            }
        }
        delays.sort_by(f32::total_cmp);
        println!("echo {loss} dB down: {delays:?}");
        let count = |within: f32| delays.iter().filter(|delay| **delay <= within).count();
        assert!(count(0.47) as f32 >= soon * delays.len() as f32, "echo {loss} dB down: {delays:?}");
        assert!(delays.len() - count(f32::MAX) <= lost, "missed at {loss} dB: {delays:?}");
    }
}

#[test]
fn a_greeting_played_into_a_speakerphone_crosses_a_whole_room_and_starts_no_speech() {
    greeting(None);
}

#[test]
fn an_echo_that_the_network_holds_back_is_compared_with_what_was_sent_in_its_time() {
    for from in [1_500, 3_000, 4_500] {
        greeting(Some((from, from + 1_500)));
    }
}

#[test]
fn sound_that_comes_after_the_wait_for_it_was_over_is_compared_with_what_was_sent_in_its_time() {
    use crate::ear::wait::{SpeechState, Wait};
    // A caller pauses as the network stops; a pause is waited for a second, and the echo comes two seconds late.
    let (from, ticks) = (250, 100);
    enum Comes {
        OnTime,
        Late,
        /// Late, and the far-end sound of its time is not kept.
        Forgotten,
    }
    let run = |comes: Comes| {
        let mut phone = Acoustics::new(Place { step: Duration::ZERO, ..place(6.0, 150) });
        let (mut echo, mut wait, bot) = (Echo::new(), Wait::default(), voices::talk(1, 10.0));
        let (mut held, mut came, mut left, mut silences) = (Vec::new(), Vec::new(), Vec::new(), 0);
        for (tick, far) in bot.chunks_exact(160).enumerate() {
            let near = frame(tick, Rate::Hz8000, &phone.tick(far, &[]));
            let stalled = !matches!(comes, Comes::OnTime) && (from..from + ticks).contains(&tick);
            let said = match held.is_empty() {
                true if !stalled => EarInput::Now(Box::new(near)),
                _ => {
                    held.push(near);
                    if stalled {
                        EarInput::Awaited { concealment: None, suppresses: false }
                    } else {
                        EarInput::Late(std::mem::take(&mut held))
                    }
                }
            };
            let mut frames = Vec::new();
            wait.take(SamplePos::of_tick(tick as u64), said, Rate::Hz8000, SpeechState::Pausing, &mut frames);
            let line = |frame: &Frame| frame.origin != Origin::Idle;
            let (real, made): (Vec<bool>, usize) =
                (frames.iter().map(line).collect(), frames.iter().filter(|frame| !line(frame)).count());
            silences += made;
            let before = frames.clone();
            if matches!(comes, Comes::Forgotten) {
                echo.unheard.clear();
            }
            echo.pair(frame(tick, Rate::Hz8000, far), &mut frames, |_, _| {});
            if (from..=from + ticks).contains(&tick) {
                for ((real, before), after) in real.iter().zip(&before).zip(&frames) {
                    if *real {
                        came.extend_from_slice(before.pcm());
                        left.extend_from_slice(after.pcm());
                    }
                }
            }
        }
        (silences, came.len(), 20.0 * (rms(&came) / rms(&left)).log10())
    };
    let ((none, in_time, lower), (silences, late, late_lower)) = (run(Comes::OnTime), run(Comes::Late));
    let (_, _, without) = run(Comes::Forgotten);
    println!("echo {lower:.1} dB lower in time, {late_lower:.1} dB late, {without:.1} dB where nothing is remembered");
    assert!(none == 0 && silences > 50 && in_time == late, "{none}, {silences} silences; {in_time}, {late} samples");
    assert!(late_lower > lower - 3.0 && late_lower > without + 3.0, "{lower}, {late_lower} dB; {without} dB without");
}

/// A greeting echoes while the network from the phone stalls between these milliseconds.
fn greeting(still: Option<(u32, u32)>) {
    let models = models().pop().unwrap();
    let (start, mut now) = (Instant::now(), Instant::now());
    let mut room = Room::new(start, BotMode::Speaks, LineRules::default());
    room.handle(now, Input::Join { seat: Seat::CALLER, plan: plan(Codec::Pcmu), seed: 5 });
    let (utterance, pcm, rate) = (UtteranceId(1), voices::talk(2, 6.0), Rate::Hz8000);
    let greeting = Sound { utterance, pcm, rate, upto_char: 80, interruptible: true, last: true };
    room.handle(now, Input::sound(Seat::CALLER, greeting));
    let impairments =
        Impairments { delay: Duration::from_millis(30), jitter: Duration::from_millis(25), ..Impairments::default() };
    let (mut phone, mut back) = (Acoustics::new(place(6.0, 150)), Netem::new(impairments, 8));
    let mut ear = ear(&models, EchoControl::On);
    let (mut edges, mut loudest) = (Vec::new(), 0.0f32);
    let at = |ms: u32| start + Duration::from_millis(u64::from(ms));
    back.still = still.map(|(from, to)| at(from)..at(to));
    for tick in 0..350u32 {
        now += TICK;
        while let Some((arrived, packet)) = back.recv(now) {
            let Packet::Rtp(packet) = packet else { continue };
            room.handle(now, Input::packet(Seat::CALLER, Packet::Rtp(Rtp { arrived, ..packet })));
        }
        room.handle(now, Input::Tick);
        while let Some(output) = room.poll() {
            match output {
                Output::Send { packet: Packet::Rtp(packet), .. } => {
                    let far: Vec<i16> = packet.payload.iter().map(|code| ULAW_TO_PCM[usize::from(*code)]).collect();
                    let echo = phone.tick(&far, &[]);
                    let payload = echo.into_iter().map(ulaw).collect();
                    let (sequence, timestamp) = (tick as u16, tick * 160);
                    let packet =
                        Rtp { payload_type: 0, marker: false, sequence, timestamp, ssrc: 7, payload, arrived: now };
                    back.send(now, Packet::Rtp(packet));
                }
                Output::Frame { received, sent, .. } => {
                    if let EarInput::Now(frame) = &received {
                        loudest = loudest.max(rms(frame.pcm()));
                    }
                    let mut frames = Vec::new();
                    ear.admit(received, *sent, &mut frames);
                    edges.extend(frames.iter().filter_map(|frame| ear.hear(frame)));
                }
                _ => {}
            }
        }
    }
    assert!(loudest > 500.0, "the echo is there: {loudest}");
    assert!(edges.is_empty(), "{edges:?}");
}

#[test]
fn where_nothing_was_played_an_ear_gets_the_line_as_it_came() {
    let (mut echo, voice) = (Echo::new(), voices::murmur(3, 2.0));
    let mut out = Vec::new();
    for (tick, said) in voice.chunks_exact(160).enumerate() {
        let mut near = frame(tick, Rate::Hz8000, said);
        echo.clean(&mut near, &frame(tick, Rate::Hz8000, &[3; 160]));
        assert_eq!(near.origin, Origin::Line);
        out.extend_from_slice(near.pcm());
    }
    let late = canceller::delay(Rate::Hz8000);
    assert_eq!(out[late..], voice[..out.len() - late]);
    assert!(echo.line.unwrap().processor.is_none(), "nothing was built for it");
}

#[test]
fn a_wide_line_and_one_that_hears_in_another_rate_than_it_sends_are_cleaned_as_well() {
    let models = models().pop().unwrap();
    let (wide, narrow, full) = (Rate::Hz16000, Rate::Hz8000, Rate::Hz48000);
    let still = Place { step: Duration::ZERO, wobble: Duration::ZERO, ..place(8.0, 150) };
    let (mut phone, bot) = (Acoustics::new(still), voices::talk(1, 6.0));
    let sound: Vec<(&[i16], Vec<i16>)> = bot.chunks_exact(160).map(|far| (far, phone.tick(far, &[]))).collect();
    for (came, sent) in [(wide, wide), (wide, narrow), (narrow, wide), (narrow, full)] {
        let at = |rate: Rate| Resampler::new(8_000, rate.hz());
        let (mut ear, mut up_near, mut up_far) = (ear(&models, EchoControl::On), at(came), at(sent));
        let (mut starts, mut before, mut after) = (0, Vec::new(), Vec::new());
        for (tick, (far, echo)) in sound.iter().enumerate() {
            let (mut near_pcm, mut far_pcm) = (Vec::new(), Vec::new());
            up_near.push(echo, &mut near_pcm);
            up_far.push(far, &mut far_pcm);
            let (near, far) = (frame(tick, came, &near_pcm), frame(tick, sent, &far_pcm));
            let near = admit(&mut ear, near, far);
            if tick > sound.len() / 2 {
                before.extend_from_slice(&near_pcm);
                after.extend_from_slice(near.pcm());
            }
            starts += usize::from(matches!(ear.hear(&near), Some(Edge::Start { .. })));
        }
        let lower = 20.0 * (rms(&before) / rms(&after)).log10();
        println!("{came:?} heard, {sent:?} sent: {starts} starts, echo {lower:.1} dB lower");
        assert!(starts == 0 && lower > 6.0, "{came:?} heard, {sent:?} sent: {starts} starts, {lower} dB");
    }
}

#[test]
fn after_the_bot_has_been_silent_for_two_seconds_nothing_is_touched_and_what_was_learned_is_kept() {
    let (mut echo, bot) = (Echo::new(), voices::talk(1, 6.0));
    let mut phone = Acoustics::new(Place { step: Duration::ZERO, wobble: Duration::ZERO, ..place(8.0, 100) });
    let left = |echo: &mut Echo, phone: &mut Acoustics, from: usize| {
        let (mut came, mut left) = (Vec::new(), Vec::new());
        for (tick, far) in bot[from * 8_000..(from + 1) * 8_000].chunks_exact(160).enumerate() {
            let mut near = frame(tick, Rate::Hz8000, &phone.tick(far, &[]));
            came.extend_from_slice(near.pcm());
            echo.clean(&mut near, &frame(tick, Rate::Hz8000, far));
            left.extend_from_slice(near.pcm());
        }
        20.0 * (rms(&came) / rms(&left)).log10()
    };
    for second in 0..5 {
        left(&mut echo, &mut phone, second);
    }
    let voice = voices::murmur(9, 5.0);
    for (tick, said) in voice.chunks_exact(160).enumerate() {
        let came = phone.tick(&[0; 160], said);
        let mut near = frame(tick, Rate::Hz8000, &came);
        echo.clean(&mut near, &frame(tick, Rate::Hz8000, &[0; 160]));
        if tick > REST as usize {
            assert_eq!(near.origin, Origin::Line);
            assert_eq!(near.pcm()[96..], came[..64], "untouched");
        }
    }
    let again = left(&mut echo, &mut phone, 5);
    assert!(again > 5.0, "{again} dB in the first second after the rest");
}

#[test]
fn an_echo_path_is_learned_in_half_a_second_and_a_voice_over_it_stands_out() {
    let mut path = EchoPath::new();
    let mut rng = crate::noise::Rng::new(4);
    let mut sent = || std::array::from_fn::<f32, { bands::COUNT }, _>(|_| 1e6 * rng.unit().powi(4));
    let mut late = VecDeque::from(vec![[0.0; bands::COUNT]; 9]);
    let mut arrives = |path: &mut EchoPath, sent: bands::Spectrum, loss: f32| {
        path.play(&sent);
        late.push_back(sent);
        let came = late.pop_front().unwrap().map(|power| power * loss + 100.0);
        let own = path.near_share(&came);
        path.learn(&came, own);
        own
    };
    let first: Vec<f32> = (0..120).map(|_| arrives(&mut path, sent(), 0.1)).collect();
    assert!(first[9..].iter().all(|own| *own < NEAR_SHARE), "never more than itself: {first:?}");
    assert!(path.near_share(&[4e5; bands::COUNT]) > NEAR_SHARE, "a voice 6 dB above the loudest echo is heard");
    let louder: Vec<f32> = (0..60).map(|_| arrives(&mut path, sent(), 0.12)).collect();
    assert!(louder.iter().filter(|own| **own < NEAR_SHARE).count() > 55, "{louder:?}");
}

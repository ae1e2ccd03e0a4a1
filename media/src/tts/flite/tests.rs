//! flite over its real library: voices, marks, stopping early.
use super::*;
use crate::Rate;
use std::ops::ControlFlow::{Break, Continue};

fn voice(name: &str, rate: Rate) -> Voice {
    Voice { language: Language::En, name: name.into(), rate }
}

fn say(name: &str, rate: Rate, text: &str) -> (Vec<i16>, Vec<(usize, u32)>) {
    let (mut pcm, mut marks) = (Vec::new(), Vec::new());
    let mut sink = |chunk: Chunk<'_>| {
        pcm.extend_from_slice(chunk.pcm);
        // Another test may hold the turn.
        if !chunk.pcm.is_empty() || chunk.upto_char > 0 || text.is_empty() {
            marks.push((pcm.len(), chunk.upto_char));
        }
        Continue(())
    };
    Flite::load().speak(&voice(name, rate), text, &mut sink).unwrap();
    (pcm, marks)
}

#[test]
fn every_voice_speaks_at_every_line_rate_without_silence_ahead() {
    for name in Flite::VOICES {
        for rate in [Rate::Hz8000, Rate::Hz16000, Rate::Hz48000] {
            let (pcm, marks) = say(name, rate, "You have booked a room for two people.");
            let seconds = pcm.len() as f64 / f64::from(rate.hz());
            assert!((1.2..4.0).contains(&seconds), "{name}: {seconds} s");
            let lead = pcm.iter().position(|s| s.unsigned_abs() > 160).unwrap();
            assert!(lead <= rate.hz() as usize * 20 / 1000, "{name}: {lead} samples of silence");
            assert!(marks.len() > 20 && marks.is_sorted() && marks.last().unwrap().1 == 38, "{name}");
        }
    }
}

#[test]
fn marks_follow_the_words() {
    let text = "For three people, on Friday at two thirty.";
    let (pcm, marks) = say("rms", Rate::Hz8000, text);
    let said: Vec<u32> = marks.iter().map(|mark| mark.1).collect();
    for end in ["For", "For three", "For three people,", "For three people, on Friday"] {
        assert!(said.contains(&(end.len() as u32)), "no mark at {end:?}");
    }
    let friday = marks.iter().find(|mark| mark.1 as usize >= "For three people, on Friday".len()).unwrap().0;
    let part = friday as f64 / pcm.len() as f64;
    assert!((0.5..0.85).contains(&part), "Friday ends at {part} of the clause");
}

#[test]
fn a_break_stops_the_speech_at_once() {
    let mut chunks = 0;
    let mut sink = |chunk: Chunk<'_>| {
        chunks += usize::from(!chunk.pcm.is_empty());
        if chunks == 3 { Break(()) } else { Continue(()) }
    };
    Flite::load().speak(&voice("rms", Rate::Hz8000), "One two three four five six seven.", &mut sink).unwrap();
    assert_eq!(chunks, 3);
}

#[test]
fn odd_texts_are_no_faults() {
    for text in ["", " ", "...", "đường\0phố", "\u{1f600}", "a"] {
        let (_, marks) = say("kal16", Rate::Hz8000, text);
        assert_eq!(marks.last().map(|mark| mark.1), Some(text.chars().count() as u32), "{text:?}");
    }
}

#[test]
fn ten_threads_may_speak_at_once() {
    std::thread::scope(|scope| {
        for i in 0..10 {
            scope.spawn(move || {
                let (pcm, marks) = say(Flite::VOICES[i % 3], Rate::Hz8000, "Hello there, how are you?");
                assert!(pcm.len() > 6_000 && marks.last().is_some_and(|mark| mark.1 == 25));
            });
        }
    });
}

#[test]
fn every_voice_is_as_fast_as_is_asked_for() {
    for name in Flite::VOICES {
        let [slow, usual, fast] = [60, 100, 150].map(|percent| {
            let mut samples = 0;
            let mut sink = |chunk: Chunk<'_>| {
                samples += chunk.pcm.len();
                ControlFlow::Continue(())
            };
            let delivery = Delivery::new(percent, []);
            let text = "We are open from nine to five on every day.";
            Flite::load().deliver(&voice(name, Rate::Hz8000), text, &delivery, &mut sink).unwrap();
            samples as f64
        });
        assert!(slow > usual * 1.4 && usual > fast * 1.25, "{name}: {slow} {usual} {fast}");
    }
}

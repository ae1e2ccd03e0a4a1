//! Music for who waits.
use super::*;
use crate::music::HoldMusic;

#[test]
fn music_is_played_while_the_bot_says_nothing() {
    let mut sim = bot();
    let heard = |sim: &Sim, hz: f32| {
        let pcm = sim.sound(Seat::CALLER);
        amplitude(&pcm[pcm.len() - 2_400..], hz, Rate::Hz8000)
    };
    sim.run(MS * 600);
    assert!(heard(&sim, 220.0) < 60.0);
    sim.input(Input::Leg(Seat::CALLER, LegInput::Music(Some(HoldMusic::Made))));
    sim.run(MS * 500);
    assert!(heard(&sim, 220.0) > 200.0, "{}", heard(&sim, 220.0));
    sim.input(sound(8, sine(1_000.0, Rate::Hz8000, 8_000, 8_000), true));
    sim.run(MS * 800);
    assert!(heard(&sim, 1_000.0) > 5_000.0);
    for hz in [220.0, 277.18, 329.63, 440.0] {
        assert!(heard(&sim, hz) < 60.0, "the bot speaks: {hz}");
    }
    sim.input(Input::Leg(Seat::CALLER, LegInput::Music(None)));
    sim.run(MS * 1_500);
    for hz in [220.0, 277.18, 329.63, 440.0, 554.37] {
        assert!(heard(&sim, hz) < 60.0, "{hz}");
    }
}

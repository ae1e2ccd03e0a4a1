//! What a mood is concluded from, and for how long it holds.
use super::*;

fn said(at: u64, text: &str) -> CallEvent {
    CallEvent::Turn(Turn {
        speaker: Speaker::Caller,
        text: text.into(),
        heard: text.into(),
        interrupted: false,
        started_ms: at - 1_500,
        ended_ms: at,
        confidence: Some(0.9),
        by: None,
    })
}

fn voice(at: u64, level_db: f64, pitch_hz: f64) -> CallEvent {
    let data =
        serde_json::json!({"ms": at, "from_ms": at - 1_500, "level_db": level_db, "pitch_hz": pitch_hz, "rate": 40.0});
    CallEvent::Mark(Mark { name: "voice".into(), data: Private(data) })
}

fn mark(name: &str) -> CallEvent {
    CallEvent::Mark(Mark { name: name.into(), data: Private::default() })
}

fn watch(language: Language, events: &[(u64, CallEvent)]) -> MoodWatch {
    let mut watch = MoodWatch::new(language);
    events.iter().for_each(|(at, event)| watch.note(*at, event));
    watch
}

fn codes(mood: &Mood) -> Vec<MoodCode> {
    mood.why.iter().map(|why| why.code).collect()
}

#[test]
fn words_move_the_mood_and_stand_as_its_reason() {
    let mut calls = [
        watch(Language::En, &[(2_000, said(2_000, "This is ridiculous, I already told you."))]),
        watch(Language::Vi, &[(2_000, said(2_000, "Vô lý hết sức, tôi đã nói rồi mà."))]),
    ];
    for watch in &mut calls {
        let mood = watch.mood(2_100).unwrap();
        assert_eq!((mood.state, mood.trend), (MoodState::Upset, Trend::Falling));
        assert!(codes(&mood).contains(&MoodCode::Anger) && codes(&mood).contains(&MoodCode::Frustration), "{mood:?}");
        assert!(mood.why.iter().all(|why| why.words.as_ref().is_some_and(|words| !words.0.is_empty())));
        assert!(mood.without_words().why.iter().all(|why| why.words == Some(Private::<String>::withheld())));
        // It passes.
        let mood = watch.mood(120_000).unwrap();
        assert_eq!((mood.state, mood.why.len()), (MoodState::Calm, 0));
        assert_eq!(watch.mood(60_000).unwrap().trend, Trend::Rising);
    }
}

#[test]
fn a_caller_who_is_not_understood_says_it_again_and_interrupts_grows_tense_without_an_angry_word() {
    let cut = |at| {
        let CallEvent::Turn(turn) = said(at, "When would you") else { unreachable!() };
        CallEvent::Turn(Turn { speaker: Speaker::Bot, interrupted: true, ..turn })
    };
    let mut watch = watch(
        Language::En,
        &[
            (3_000, said(3_000, "a table for four on friday")),
            (3_100, mark("not_understood")),
            (8_000, said(8_000, "a table for four on friday evening")),
            (8_100, mark("not_understood")),
            (9_000, cut(9_000)),
            (9_500, cut(9_000)),
        ],
    );
    let mood = watch.mood(10_000).unwrap();
    assert_eq!((mood.state, mood.trend), (MoodState::Tense, Trend::Falling));
    let value = |code| mood.why.iter().find(|why| why.code == code).and_then(|why| why.value);
    assert_eq!(value(MoodCode::NotUnderstood), Some(2.0));
    assert_eq!(value(MoodCode::Repeats), Some(1.0));
    assert_eq!(value(MoodCode::Interrupts), Some(1.0), "a turn that is told again is one");
}

#[test]
fn a_voice_is_raised_against_the_callers_own_and_words_make_it_worse() {
    let loud =
        [(2_000, voice(2_000, -32.0, 110.0)), (6_000, voice(6_000, -31.0, 112.0)), (9_000, voice(9_000, -20.0, 150.0))];
    let mut by_voice = watch(Language::En, &loud);
    let mood = by_voice.mood(9_100).unwrap();
    assert_eq!(mood.state, MoodState::Tense);
    assert_eq!(codes(&mood), [MoodCode::RaisedVoice, MoodCode::HigherPitch]);
    assert_eq!(mood.why[0].value, Some(12.0));
    assert_eq!(by_voice.compared().unwrap().from_ms, 7_500);
    by_voice.note(9_200, &said(9_200, "no, that's wrong again"));
    assert_eq!(by_voice.mood(9_300).unwrap().state, MoodState::Upset);
    // A loud caller is loud all the time.
    let steady =
        [(2_000, voice(2_000, -12.0, 150.0)), (6_000, voice(6_000, -12.0, 150.0)), (9_000, voice(9_000, -12.0, 150.0))];
    let mut steady = watch(Language::En, &steady);
    steady.note(9_200, &said(9_200, "on friday"));
    assert_eq!(steady.mood(9_300).unwrap().state, MoodState::Calm);
}

#[test]
fn who_has_said_nothing_has_no_mood_and_secrets_have_none() {
    let mut quiet = watch(Language::En, &[(1_000, CallEvent::Answered), (2_000, said(2_000, WITHHELD))]);
    assert_eq!(quiet.mood(3_000), None);
}

#[test]
fn a_pleased_caller_is_seen_as_well() {
    let mut pleased = watch(Language::Vi, &[(2_000, said(2_000, "Tuyệt vời quá, cảm ơn em nhiều nhé"))]);
    let mood = pleased.mood(2_100).unwrap();
    assert_eq!((mood.state, mood.trend), (MoodState::Pleased, Trend::Rising));
    assert_eq!(codes(&mood)[0], MoodCode::Pleased);
}

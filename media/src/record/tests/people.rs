//! The file of people beside the caller.
use super::*;

/// These ticks of the caller's file, and of the agent at 600 Hz and supervisors at 1200 Hz in those of `people`.
fn feed_both(recorder: &Recorder, tap: &mut dyn Tap, ticks: Range<u64>, people: Range<u64>) {
    let (rate, n) = (Rate::Hz8000, Rate::Hz8000.per_tick());
    for tick in ticks {
        feed_all(recorder, tap, rate, tick..tick + 1);
        if people.contains(&tick) {
            let mut sides = [600.0, 1200.0].map(|hz| {
                let mut frame = Frame::silence(SamplePos::of_tick(tick), rate);
                frame.pcm_mut().copy_from_slice(&sine_from(hz, rate, tick * n as u64, n, 5000));
                frame
            });
            let [agent, supervisors] = &mut sides;
            tap.take_people(agent, supervisors);
            while recorder.people.waiting.load(Ordering::Acquire) > WAITING / 2 {
                thread::sleep(Duration::from_millis(1));
            }
        }
    }
}

fn closed(recorder: &Recorder) -> RecordOutcome {
    let (told, outcome) = std::sync::mpsc::sync_channel(1);
    recorder.on_people_end(move |kept| told.send(kept).unwrap());
    outcome.recv_timeout(Duration::from_secs(10)).unwrap()
}

#[test]
fn what_people_say_is_in_a_file_of_its_own_in_which_the_same_sample_is_the_same_moment() -> Outcome {
    for (format, key) in [(Format::Wav, None), (Format::Wav, Some(KEY)), (Format::Opus, None)] {
        let folder = Folder::new("people");
        let plan = folder.plan(format, key);
        let path = people_path(&plan.path);
        let (recorder, mut tap) = Recorder::start(&plan)?;
        // Two seconds alone, a second with people of which a half is secret, a minute alone, and half a second with people.
        feed_both(&recorder, tap.as_mut(), 3..103, 0..0);
        assert!(!path.exists(), "nobody is there yet");
        feed_both(&recorder, tap.as_mut(), 103..128, 103..128);
        recorder.pause(PausedBy::Bot, true);
        feed_both(&recorder, tap.as_mut(), 128..153, 128..153);
        recorder.pause(PausedBy::Bot, false);
        let later = 153 + 60 * 50;
        feed_both(&recorder, tap.as_mut(), 153..later + 25, later..later + 25);
        drop(tap);
        wait(&recorder);
        assert_eq!(closed(&recorder), RecordOutcome::Whole);
        let (bytes, whole) = play(&path, plan.vault.as_deref())?;
        let (rate, channels) = sound(format, &bytes);
        let per_tick = rate as usize / 50;
        assert!(whole);
        assert_eq!(channels[0].len(), (later as usize + 25 - 3) * per_tick, "{format:?}");
        // Without the edges, over which an Opus packet fades.
        let span = |from: u64, to: u64| {
            (from as usize - 3) * per_tick + rate as usize / 20..(to as usize - 3) * per_tick - rate as usize / 20
        };
        let rate = if rate == 8_000 { Rate::Hz8000 } else { Rate::Hz48000 };
        for (channel, hz, other) in [(0, 600.0, 1200.0), (1, 1200.0, 600.0)] {
            let channel = &channels[channel];
            for said in [span(103, 128), span(later, later + 25)] {
                assert!(has(&channel[said.clone()], hz, rate) && !has(&channel[said], other, rate), "{format:?} {hz}");
            }
            for silent in [span(3, 103), span(128, 153), span(153, later)] {
                assert!(channel[silent].iter().all(|sample| sample.unsigned_abs() < 40), "{format:?} {hz}");
            }
        }
    }
    Ok(())
}

#[test]
fn who_does_not_want_to_be_recorded_ends_the_file_of_people_too() -> Outcome {
    for keeps in [true, false] {
        let folder = Folder::new("people-stop");
        let plan = folder.plan(Format::Wav, None);
        let path = people_path(&plan.path);
        let (recorder, mut tap) = Recorder::start(&plan)?;
        feed_both(&recorder, tap.as_mut(), 0..50, 0..50);
        recorder.stop(keeps);
        feed_both(&recorder, tap.as_mut(), 50..100, 50..100);
        wait(&recorder);
        let outcome = closed(&recorder);
        drop(tap);
        assert_eq!(path.exists(), keeps);
        if keeps {
            let (_, channels) = pcm_wav::read(&path)?;
            assert_eq!((outcome, channels[0].len()), (RecordOutcome::Whole, 50 * 160));
        } else {
            assert_eq!(outcome, RecordOutcome::Nothing(None));
        }
        // Nobody was heard before it was stopped: there is no file, whatever is said later.
        let other = Folder::new("people-none");
        let plan = other.plan(Format::Wav, None);
        let (recorder, mut tap) = Recorder::start(&plan)?;
        feed_both(&recorder, tap.as_mut(), 0..50, 0..0);
        recorder.stop(keeps);
        feed_both(&recorder, tap.as_mut(), 50..100, 50..100);
        drop(tap);
        wait(&recorder);
        assert_eq!((closed(&recorder), people_path(&plan.path).exists()), (RecordOutcome::Nothing(None), false));
    }
    Ok(())
}

#[test]
fn a_file_of_people_that_cannot_be_made_ends_alone() -> Outcome {
    let folder = Folder::new("people-broken");
    let plan = folder.plan(Format::Wav, None);
    let (recorder, mut tap) = Recorder::start(&plan)?;
    fs::create_dir(people_path(&plan.path))?;
    feed_both(&recorder, tap.as_mut(), 0..60, 0..60);
    drop(tap);
    wait(&recorder);
    assert!(matches!(closed(&recorder), RecordOutcome::Nothing(Some(RecordFault::Disk { .. }))));
    assert_eq!((recorder.fault(), pcm_wav::read(&plan.path)?.1[0].len()), (None, 60 * 160));
    Ok(())
}

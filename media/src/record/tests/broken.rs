//! Recordings that end early: what is left of them, and the reported outcome.
use super::*;
use std::sync::mpsc::{self, Receiver};

/// The outcome that the recorder reports.
fn ended(recorder: &Recorder) -> Receiver<RecordOutcome> {
    let (tell, told) = mpsc::sync_channel(4);
    recorder.on_end(move |kept| drop(tell.try_send(kept)));
    told
}

fn patiently(told: &Receiver<RecordOutcome>) -> RecordOutcome {
    told.recv_timeout(Duration::from_secs(10)).expect("the recorder tells")
}

#[test]
fn a_recording_that_ends_with_its_call_is_whole_however_short() -> Outcome {
    let folder = Folder::new("short");
    for (ticks, expected) in [
        (0, RecordOutcome::Nothing(None)),
        (1, RecordOutcome::Whole),
        (9, RecordOutcome::Whole),
        (35, RecordOutcome::Whole),
    ] {
        for key in [None, Some(KEY)] {
            for format in [Format::Wav, Format::Opus] {
                let plan = folder.plan(format, key);
                let (recorder, mut tap) = Recorder::start(&plan)?;
                let told = ended(&recorder);
                assert!(feed(tap.as_mut(), Rate::Hz8000, 0..ticks).is_continue());
                assert!(told.try_recv().is_err() && !recorder.done());
                drop(tap);
                assert_eq!(patiently(&told), expected, "{ticks} ticks");
                assert!(recorder.done() && patiently(&ended(&recorder)) == expected, "who asks later is told too");
                assert_eq!(plan.path.exists(), ticks > 0, "no file without a sound");
                if ticks > 0 {
                    let (bytes, whole) = play(&plan.path, plan.vault.as_deref())?;
                    assert!(whole && !sound(format, &bytes).1[0].is_empty());
                }
            }
        }
    }
    Ok(())
}

#[test]
fn a_disk_that_takes_nothing_leaves_no_recording_and_says_so() -> Outcome {
    let full = Path::new("/dev/full");
    if !full.exists() {
        println!("skipped: no /dev/full here");
        return Ok(());
    }
    for vault in [None, Some(Arc::new(vault(KEY)))] {
        let (recorder, mut tap) = Recorder::start(&RecordPlan { path: full.to_owned(), format: Format::Wav, vault })?;
        let told = ended(&recorder);
        let mut tick = 0;
        while feed(tap.as_mut(), Rate::Hz8000, tick..tick + 10).is_continue() {
            tick += 10;
            assert!(tick < 100_000, "it never notices");
            thread::sleep(Duration::from_millis(1));
        }
        // Reported during the call, not at its end.
        let kept = patiently(&told);
        assert!(matches!(kept, RecordOutcome::Nothing(Some(RecordFault::Disk { .. }))), "{kept:?}");
        assert!(matches!(recorder.fault(), Some(RecordFault::Disk { .. })) && full.exists());
    }
    Ok(())
}

/// Where the child of the next test writes.
const PLACE: &str = "MEDIA_RECORD_FULL";
/// How large a file may grow there, in the 512 bytes that `ulimit` counts.
const BLOCKS: usize = 100;

#[test]
#[ignore = "runs only as the child of the test below"]
fn filling() {
    let Some(place) = std::env::var_os(PLACE) else { return };
    for (name, format, key, rate, ticks) in [
        ("a.wav", Format::Wav, None, Rate::Hz8000, 3_000),
        ("a.opus", Format::Opus, None, Rate::Hz8000, 3_000),
        ("b.wav.sealed", Format::Wav, Some(KEY), Rate::Hz8000, 3_000),
        // Only closing it exceeds the limit: 60 ticks are on the disk by then, and 25 more are too many.
        ("c.wav", Format::Wav, None, Rate::Hz8000, 85),
        // The first write exceeds the limit.
        ("d.wav", Format::Wav, None, Rate::Hz48000, 50),
    ] {
        let path = Path::new(&place).join(name);
        let vault = key.map(|key| Arc::new(vault(key)));
        let (recorder, mut tap) = Recorder::start(&RecordPlan { path: path.clone(), format, vault }).unwrap();
        let told = ended(&recorder);
        for tick in 0..ticks {
            if feed(tap.as_mut(), rate, tick..tick + 1).is_break() {
                break;
            }
            thread::sleep(Duration::from_millis(1));
        }
        drop(tap);
        let kept = patiently(&told);
        println!("\n{name} {kept:?}");
    }
}

#[cfg(unix)]
#[test]
fn a_disk_that_fills_leaves_what_came_before_in_order() -> Outcome {
    let folder = Folder::new("filling");
    fs::create_dir_all(&folder.0)?;
    // No file may grow past this, and the signal that says so is ignored, so that writing fails as on a full disk.
    let limit = format!("trap '' XFSZ; ulimit -f {BLOCKS}; exec \"$0\" \"$@\"");
    let out = std::process::Command::new("sh")
        .args(["-c", &limit])
        .arg(std::env::current_exe()?)
        .args(["--exact", "record::tests::broken::filling", "--ignored", "--nocapture", "--test-threads=1"])
        .env(PLACE, &folder.0)
        .output()?;
    let said = String::from_utf8_lossy(&out.stdout);
    assert!(out.status.success(), "{said}{}", String::from_utf8_lossy(&out.stderr));
    for name in ["a.wav", "a.opus", "b.wav.sealed", "c.wav"] {
        assert!(said.contains(&format!("{name} Part(Disk")), "{name}: {said}");
        let path = folder.0.join(name);
        let size = fs::metadata(&path)?.len();
        assert!(size > 20_000 && size <= 512 * BLOCKS as u64, "{name}: {size} bytes");
        let (bytes, whole) = play(&path, Some(&vault(KEY)))?;
        let format = if name.ends_with("opus") { Format::Opus } else { Format::Wav };
        let (hz, sides) = sound(format, &bytes);
        let rate = if hz == 8_000 { Rate::Hz8000 } else { Rate::Hz48000 };
        assert!(sides[0].len() > rate.hz() as usize && has(&sides[0], 400.0, rate), "{name} plays");
        // A WAV header fits its file: that sound is missing is in the call's record.
        assert_eq!(whole, name.ends_with("wav"), "{name}");
    }
    assert_eq!(fs::metadata(folder.0.join("c.wav"))?.len(), 44 + 60 * 640);
    assert!(said.contains("d.wav Nothing(Some(Disk") && !folder.0.join("d.wav").exists(), "{said}");
    Ok(())
}

#[test]
fn a_machine_that_stood_still_breaks_the_recording_and_what_came_before_is_part_of_it() -> Outcome {
    let folder = Folder::new("stalled");
    for format in [Format::Wav, Format::Opus] {
        for key in [None, Some(KEY)] {
            let plan = folder.plan(format, key);
            let (recorder, mut tap) = Recorder::start(&plan)?;
            let told = ended(&recorder);
            assert!(feed(tap.as_mut(), Rate::Hz8000, 0..100).is_continue());
            let later = 100 + 50 * 60 * 60;
            assert!(feed(tap.as_mut(), Rate::Hz8000, later..later + 1).is_break());
            drop(tap);
            assert_eq!(patiently(&told), RecordOutcome::Part(RecordFault::Stalled));
            let (bytes, whole) = play(&plan.path, plan.vault.as_deref())?;
            assert!(sound(format, &bytes).1[0].len() > 10_000);
            // Formats that can tell show that the end is missing.
            assert_eq!(whole, format == Format::Wav && key.is_none());
        }
    }
    Ok(())
}

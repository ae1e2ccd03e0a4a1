//! Recordings: alignment, pauses, formats, encryption and interruption.
use super::feed::WAITING;
use super::seal::Sealer;
use super::*;
use crate::testkit::tone::{has, sine_from};
use crate::testkit::wav as pcm_wav;
use crate::{Rate, SamplePos};
use std::fs::{self, OpenOptions};
use std::io;
use std::io::Write as _;
use std::ops::Range;
use std::path::Path;
use std::thread;
use std::time::Duration;

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// A folder of one test's own.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        Self(std::env::temp_dir().join(format!("media-record-{}-{name}", std::process::id())))
    }

    fn plan(&self, format: Format, key: Option<&str>) -> RecordPlan {
        let sealed = if key.is_some() { ".sealed" } else { "" };
        let path = self.0.join(format!("call.{}{sealed}", format.extension()));
        RecordPlan { path, format, vault: key.map(|key| Arc::new(vault(key))) }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const SAME_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const OTHER_KEY: &str = "ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

fn vault(keys: &str) -> Vault {
    Vault::parse(keys).unwrap()
}

/// Ticks with 400 Hz on the left and 900 Hz on the right.
fn feed(tap: &mut dyn Tap, rate: Rate, ticks: Range<u64>) -> ControlFlow<()> {
    let n = rate.per_tick();
    for tick in ticks {
        let mut left = Frame::silence(SamplePos::of_tick(tick), rate);
        let mut right = left.clone();
        left.pcm_mut().copy_from_slice(&sine_from(400.0, rate, tick * n as u64, n, 5000));
        right.pcm_mut().copy_from_slice(&sine_from(900.0, rate, tick * n as u64, n, 5000));
        tap.take(&left, &right)?;
    }
    ControlFlow::Continue(())
}

/// The same, at the pace of the writer.
fn feed_all(recorder: &Recorder, tap: &mut dyn Tap, rate: Rate, ticks: Range<u64>) {
    for tick in ticks {
        assert!(feed(tap, rate, tick..tick + 1).is_continue(), "{:?}", recorder.fault());
        while recorder.state.waiting.load(Ordering::Acquire) > WAITING / 2 {
            thread::sleep(Duration::from_millis(1));
        }
    }
}

fn wait(recorder: &Recorder) {
    for _ in 0..1000 {
        if recorder.done() || recorder.fault().is_some() {
            return;
        }
        thread::sleep(Duration::from_millis(10));
    }
    panic!("the writer does not end");
}

fn written(recorder: &Recorder) {
    while recorder.state.waiting.load(Ordering::Acquire) > 0 {
        thread::sleep(Duration::from_millis(2));
    }
}

fn play(path: &Path, vault: Option<&Vault>) -> Result<(Vec<u8>, bool), RecordFault> {
    let mut playback = Playback::open(path, vault)?;
    let mut bytes = Vec::new();
    while (bytes.len() as u64) < playback.len() {
        bytes.extend(playback.read(bytes.len() as u64, 10_000)?);
    }
    Ok((bytes, playback.whole()))
}

/// Both channels of the sound in these bytes, and their rate.
fn sound(format: Format, bytes: &[u8]) -> (u32, Vec<Vec<i16>>) {
    match format {
        Format::Wav => {
            let mut reader = hound::WavReader::new(bytes).unwrap();
            let rate = reader.spec().sample_rate;
            let all: Vec<i16> = reader.samples().map(Result::unwrap).collect();
            (rate, (0..2).map(|side| all.iter().skip(side).step_by(2).copied().collect()).collect())
        }
        Format::Opus => (48_000, unopus(bytes)),
    }
}

/// A player after RFC 7845, as strict as it can be.
fn unopus(bytes: &[u8]) -> Vec<Vec<i16>> {
    let mut packets = ogg::PacketReader::new(io::Cursor::new(bytes));
    let head = packets.read_packet_expected().unwrap().data;
    assert_eq!((&head[..8], head[8], head[9], head[18], &head[19..]), (&b"OpusHead"[..], 1, 2, 1, &[2, 0, 0, 1][..]));
    let pre_skip = usize::from(u16::from_le_bytes([head[10], head[11]]));
    assert!(packets.read_packet_expected().unwrap().data.starts_with(b"OpusTags"));
    let mut decoder = opus::MSDecoder::new(48_000, 2, 0, &[0, 1]).unwrap();
    let mut all = Vec::new();
    let mut end = None;
    while let Ok(Some(packet)) = packets.read_packet() {
        let mut pcm = vec![0; 2 * 5760];
        let samples = decoder.decode(&packet.data, &mut pcm, false).unwrap();
        all.extend_from_slice(&pcm[..2 * samples]);
        if packet.last_in_stream() {
            end = Some(packet.absgp_page() as usize);
        } else if packet.last_in_page() {
            assert_eq!(packet.absgp_page() as usize, all.len() / 2, "the granule position counts what was decoded");
        }
    }
    all.truncate(2 * end.unwrap_or(usize::MAX).min(all.len() / 2));
    (0..2).map(|side| all.iter().skip(2 * pre_skip + side).step_by(2).copied().collect()).collect()
}

#[test]
fn both_sides_are_aligned_by_tick_across_stalls_and_pauses() -> Outcome {
    let folder = Folder::new("aligned");
    let plan = folder.plan(Format::Wav, None);
    let (recorder, mut tap) = Recorder::start(&plan)?;
    feed_all(&recorder, tap.as_mut(), Rate::Hz8000, 5..105);
    // One second is missing, then one is secret, whoever asks for that.
    feed_all(&recorder, tap.as_mut(), Rate::Hz8000, 155..205);
    recorder.pause(PausedBy::Bot, true);
    recorder.pause(PausedBy::Operator, true);
    feed_all(&recorder, tap.as_mut(), Rate::Hz8000, 205..230);
    recorder.pause(PausedBy::Operator, false);
    feed_all(&recorder, tap.as_mut(), Rate::Hz8000, 230..255);
    recorder.pause(PausedBy::Bot, false);
    feed_all(&recorder, tap.as_mut(), Rate::Hz8000, 255..258);
    drop(tap);
    wait(&recorder);
    let (rate, channels) = pcm_wav::read(&plan.path)?;
    assert_eq!((rate, channels.len(), channels[0].len(), channels[1].len()), (8000, 2, 253 * 160, 253 * 160));
    for (channel, hz) in [(0, 400.0), (1, 900.0)] {
        let said: Vec<i16> = sine_from(hz, Rate::Hz8000, 5 * 160, 253 * 160, 5000);
        assert_eq!(channels[channel][..16_000], said[..16_000]);
        assert!(channels[channel][16_000..24_000].iter().all(|&x| x == 0), "the stall");
        assert_eq!(channels[channel][24_000..32_000], said[24_000..32_000]);
        assert!(channels[channel][32_000..40_000].iter().all(|&x| x == 0), "the secret");
        assert_eq!(channels[channel][40_000..], said[40_000..]);
    }
    Ok(())
}

/// A click in both sides at the beginning of these ticks; where they are found, in samples at 48 kHz.
fn clicks(found: &[i16], rate: u32) -> Vec<u64> {
    let mut places: Vec<u64> = Vec::new();
    let mut at = 0;
    while at < found.len() {
        let window = &found[at..found.len().min(at + rate as usize / 5)];
        if window.first().is_some_and(|x| x.abs() > 1500) {
            let peak = window.iter().enumerate().max_by_key(|(_, x)| x.unsigned_abs()).map_or(0, |(at, _)| at);
            places.push((at + peak) as u64 * 48_000 / u64::from(rate));
            at += window.len();
        } else {
            at += 1;
        }
    }
    places
}

#[test]
fn opus_keeps_every_click_in_its_place_and_each_side_to_itself() -> Outcome {
    let folder = Folder::new("opus");
    for rate in [Rate::Hz8000, Rate::Hz16000, Rate::Hz48000] {
        let plan = folder.plan(Format::Opus, None);
        let (recorder, mut tap) = Recorder::start(&plan)?;
        let n = rate.per_tick();
        let mut click = |at: u64, side: Option<usize>| {
            let mut sides =
                [Frame::silence(SamplePos::of_tick(at), rate), Frame::silence(SamplePos::of_tick(at), rate)];
            if let Some(side) = side {
                sides[side].pcm_mut()[..n / 10].fill(12_000);
            }
            assert!(tap.take(&sides[0], &sides[1]).is_continue());
            while recorder.state.waiting.load(Ordering::Acquire) > WAITING / 2 {
                thread::sleep(Duration::from_millis(1));
            }
        };
        // A click each second, left and right in turn; a stall of 1.5 s; the last tick is the 499th.
        let (mut left, mut right) = (Vec::new(), Vec::new());
        for tick in (0..200).chain(275..500) {
            let side = (tick % 50 == 7).then_some(tick as usize / 50 % 2);
            click(tick, side);
            match side {
                Some(0) => left.push(tick * 960),
                Some(_) => right.push(tick * 960),
                None => {}
            }
        }
        drop(tap);
        wait(&recorder);
        assert_eq!(recorder.fault(), None);
        let channels = unopus(&fs::read(&plan.path)?);
        assert_eq!((channels[0].len(), channels[1].len()), (500 * 960, 500 * 960), "not a sample more or less");
        for (channel, expected) in channels.iter().zip([left, right]) {
            let found = clicks(channel, 48_000);
            assert_eq!(found.len(), expected.len(), "{rate:?}: {found:?} {expected:?}");
            // The click is 2 ms long and the resampler delays by 2.
            assert!(found.iter().zip(&expected).all(|(a, b)| a.abs_diff(*b) < 250), "{rate:?}: {found:?} {expected:?}");
        }
    }
    Ok(())
}

#[test]
fn a_pause_is_silence_in_opus_too_and_time_goes_on() -> Outcome {
    let folder = Folder::new("opus-pause");
    let plan = folder.plan(Format::Opus, Some(KEY));
    let (recorder, mut tap) = Recorder::start(&plan)?;
    feed_all(&recorder, tap.as_mut(), Rate::Hz16000, 0..50);
    recorder.pause(PausedBy::Bot, true);
    feed_all(&recorder, tap.as_mut(), Rate::Hz16000, 50..100);
    recorder.pause(PausedBy::Bot, false);
    feed_all(&recorder, tap.as_mut(), Rate::Hz16000, 100..150);
    drop(tap);
    wait(&recorder);
    let (bytes, whole) = play(&plan.path, plan.vault.as_deref())?;
    assert!(whole);
    for (channel, hz, other) in
        unopus(&bytes).iter().zip([400.0, 900.0]).zip([900.0, 400.0]).map(|((a, b), c)| (a, b, c))
    {
        assert_eq!(channel.len(), 150 * 960);
        for second in [0..48_000, 96_000..144_000] {
            let heard = &channel[second];
            assert!(has(&heard[4800..], hz, Rate::Hz48000) && !has(&heard[4800..], other, Rate::Hz48000));
        }
        // The codec smears the sound before the pause by a few milliseconds.
        let secret = channel[48_000..96_000].chunks(480).map(|piece| piece.iter().map(|x| x.abs()).max().unwrap_or(0));
        let secret: Vec<i16> = secret.collect();
        // The last piece holds the start of the sound after the pause.
        assert!(secret[3..99].iter().all(|peak| *peak < 60), "the secret: {secret:?}");
    }
    Ok(())
}

#[test]
fn a_line_that_changes_its_rate_is_recorded_on() -> Outcome {
    for (format, key) in [(Format::Wav, None), (Format::Opus, Some(KEY))] {
        let folder = Folder::new(format.extension());
        let plan = folder.plan(format, key);
        let (recorder, mut tap) = Recorder::start(&plan)?;
        // PCMU, Opus, PCMU again, and something unheard of; a stall at a change, and changes within a piece.
        for (rate, ticks) in [
            (Rate::Hz8000, 0..95),
            (Rate::Hz48000, 95..203),
            (Rate::Hz8000, 253..300),
            (Rate::Hz16000, 300..301),
            (Rate::Hz8000, 301..400),
        ] {
            feed_all(&recorder, tap.as_mut(), rate, ticks);
        }
        drop(tap);
        wait(&recorder);
        assert_eq!(recorder.fault(), None);
        let (bytes, whole) = play(&plan.path, plan.vault.as_deref())?;
        let (rate, channels) = sound(format, &bytes);
        assert!(whole);
        let (second, rate) = (rate as usize, if rate == 8000 { Rate::Hz8000 } else { Rate::Hz48000 });
        for (channel, hz) in channels.iter().zip([400.0, 900.0]) {
            assert_eq!(channel.len(), 8 * second, "{format:?}");
            for from in [0, 2, 3, 6, 7] {
                assert!(has(&channel[from * second..(from + 1) * second], hz, rate), "{format:?}, second {from}");
            }
            let stall = &channel[second * 204 / 50..second * 252 / 50];
            assert!(!has(stall, hz, rate), "{format:?}: the stall");
        }
    }
    Ok(())
}

#[test]
fn sides_of_different_rates_stay_together() {
    let mut track = track::Track::default();
    let mut pcm = Vec::new();
    for tick in 0..100 {
        let mut left = Frame::silence(SamplePos::of_tick(tick), Rate::Hz8000);
        let mut right = Frame::silence(SamplePos::of_tick(tick), Rate::Hz48000);
        left.pcm_mut().copy_from_slice(&sine_from(400.0, Rate::Hz8000, tick * 160, 160, 5000));
        right.pcm_mut().copy_from_slice(&sine_from(900.0, Rate::Hz48000, tick * 960, 960, 5000));
        if let ControlFlow::Continue(Some(piece)) = track.take(&left, &right, false) {
            assert_eq!(piece.rate, 48_000);
            pcm.extend(piece.pcm);
        }
    }
    assert_eq!(pcm.len(), 2 * 96_000);
    for (side, hz) in [(0, 400.0), (1, 900.0)] {
        let side: Vec<i16> = pcm.iter().skip(side).step_by(2).copied().collect();
        let worst = crate::testkit::tone::worst_residue(&side[960..], hz, Rate::Hz48000);
        assert!(has(&side, hz, Rate::Hz48000) && worst < 50.0, "{worst}");
    }
}

#[test]
fn a_recording_that_was_cut_off_is_whole_up_to_its_last_second() -> Outcome {
    let folder = Folder::new("cut");
    for (format, key) in
        [(Format::Wav, None), (Format::Wav, Some(KEY)), (Format::Opus, None), (Format::Opus, Some(KEY))]
    {
        let plan = folder.plan(format, key);
        let (recorder, mut tap) = Recorder::start(&plan)?;
        feed_all(&recorder, tap.as_mut(), Rate::Hz8000, 0..500);
        written(&recorder);
        // The file at this moment, as after a kill.
        let cut = folder.0.join(format!("cut-{}", plan.path.file_name().and_then(|n| n.to_str()).ok_or("a name")?));
        fs::copy(&plan.path, &cut)?;
        for torn in [0, 1, 643] {
            // With part of another write.
            let mut file = OpenOptions::new().append(true).open(&cut)?;
            file.write_all(&vec![1; torn])?;
            if plan.vault.is_none() && format == Format::Wav {
                finalise(&cut)?;
            }
            let (bytes, whole) = play(&cut, plan.vault.as_deref())?;
            let tells = key.is_some() || format == Format::Opus;
            assert_eq!(whole, !tells, "a sealed file, and an Ogg one, tell that their end is missing");
            let (rate, channels) = sound(format, &bytes);
            assert!(channels[0].len() >= 9 * rate as usize, "{format:?}: {} samples", channels[0].len());
            let rate = if rate == 8000 { Rate::Hz8000 } else { Rate::Hz48000 };
            assert!(has(&channels[1], 900.0, rate));
        }
        drop(tap);
        wait(&recorder);
        assert!(play(&plan.path, plan.vault.as_deref())?.1);
    }
    let nothing = folder.0.join("nothing.wav");
    fs::write(&nothing, b"RIFF")?;
    assert_eq!(finalise(&nothing), Err(RecordFault::NotWav(nothing)));
    Ok(())
}

#[test]
fn a_sealed_recording_plays_from_any_place_and_holds_nothing_in_the_clear() -> Outcome {
    let folder = Folder::new("sealed");
    let (open, sealed) = (folder.plan(Format::Wav, None), folder.plan(Format::Wav, Some(KEY)));
    for plan in [&open, &sealed] {
        let (recorder, mut tap) = Recorder::start(plan)?;
        feed_all(&recorder, tap.as_mut(), Rate::Hz16000, 0..233);
        drop(tap);
        wait(&recorder);
    }
    let clear = fs::read(&open.path)?;
    let same = vault(SAME_KEY);
    assert_eq!(play(&sealed.path, Some(&same))?, (clear.clone(), true));
    let mut playback = Playback::open(&sealed.path, Some(&same))?;
    assert_eq!(playback.len(), clear.len() as u64);
    for (from, most) in [(0, 6), (5, 3), (7, 1), (38, 20), (12_345, 1), (clear.len() - 3, 100), (38_000, 100_000)] {
        let bytes = playback.read(from as u64, most)?;
        assert!(!bytes.is_empty() && bytes.len() <= most);
        assert_eq!(bytes, clear[from..from + bytes.len()], "from {from}");
    }
    let hidden = fs::read(&sealed.path)?;
    assert!(
        !clear[44..].chunks_exact(16).any(|some| hidden.windows(16).step_by(1).take(4096).any(|seen| seen == some))
    );
    let again = folder.plan(Format::Wav, Some(KEY));
    let first: Vec<u8> = hidden[..48].to_vec();
    let _ = Recorder::start(&again)?;
    assert_ne!(Sealer::new(&same)?.header()[16..48], first[16..48], "every file has a salt of its own");
    Ok(())
}

#[test]
fn a_sealed_recording_that_was_changed_says_so() -> Outcome {
    let folder = Folder::new("tampered");
    let plan = folder.plan(Format::Opus, Some(KEY));
    let (recorder, mut tap) = Recorder::start(&plan)?;
    feed_all(&recorder, tap.as_mut(), Rate::Hz8000, 0..200);
    drop(tap);
    wait(&recorder);
    let good = fs::read(&plan.path)?;
    let vault = plan.vault.as_deref();
    let (clear, _) = play(&plan.path, vault)?;
    let damaged = |bytes: &[u8]| {
        fs::write(&plan.path, bytes).unwrap();
        play(&plan.path, vault)
    };
    // Whatever byte is changed, only sealed sound is played.
    for at in (0..good.len()).step_by(37).chain(0..60) {
        let mut bytes = good.clone();
        bytes[at] ^= 0x40;
        match damaged(&bytes) {
            Ok((played, whole)) => assert!(!whole && clear.starts_with(&played), "byte {at}"),
            Err(fault) => assert!(
                matches!(
                    fault,
                    RecordFault::Damaged { .. }
                        | RecordFault::OtherKey { .. }
                        | RecordFault::Version(_)
                        | RecordFault::Locked(_)
                ),
                "byte {at}: {fault:?}"
            ),
        }
    }
    // Cut at any length: the rest plays, and is known to be a part.
    for length in (56..good.len()).step_by(211) {
        let (played, whole) = damaged(&good[..length])?;
        assert!(!whole && clear.starts_with(&played), "{length} bytes");
    }
    // Two pieces change places.
    let size = |at: usize| u32::from_be_bytes(std::array::from_fn(|n| good[at + n])) as usize + 20;
    let (first, second) = (56, 56 + size(56));
    let third = second + size(second);
    let swapped = [&good[..first], &good[second..third], &good[first..second], &good[third..]].concat();
    assert!(matches!(damaged(&swapped), Err(RecordFault::Damaged { piece: 0, .. })));
    // One is left out at the end, after which the last one is missing.
    assert!(!damaged(&good[..third])?.1);
    Ok(())
}

#[test]
fn a_missing_or_wrong_key_says_what_to_do_and_old_keys_still_open() -> Outcome {
    let folder = Folder::new("keys");
    let plan = folder.plan(Format::Wav, Some(KEY));
    let (recorder, mut tap) = Recorder::start(&plan)?;
    feed_all(&recorder, tap.as_mut(), Rate::Hz8000, 0..50);
    drop(tap);
    wait(&recorder);
    let missing = Playback::open(&plan.path, None).err().ok_or("it opens")?;
    assert!(missing.to_string().contains("recording_key_file"), "{missing}");
    let wrong = Playback::open(&plan.path, Some(&vault(OTHER_KEY))).err().ok_or("it opens")?;
    assert!(wrong.to_string().contains(&vault(KEY).id()), "{wrong}");
    let rotated = format!("# new since May\n{OTHER_KEY}\n\n{KEY}\n");
    assert!(play(&plan.path, Some(&vault(&rotated)))?.1);
    assert_eq!(vault(&rotated).id(), vault(OTHER_KEY).id());
    assert_eq!(vault(SAME_KEY).id(), vault(KEY).id());
    assert_eq!(Vault::parse("# none\n").err(), Some(BadKeys::Empty));
    for wrong in ["abc", &KEY[1..], &format!("{KEY}0"), &"z".repeat(64), "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg=="]
    {
        assert_eq!(Vault::parse(&format!("\n{wrong}")).err(), Some(BadKeys::Line(2)), "{wrong}");
    }
    assert!(!format!("{:?}", vault(KEY)).contains("00"));
    Ok(())
}

#[cfg(unix)]
#[test]
fn nobody_else_on_this_machine_can_read_a_recording() -> Outcome {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new("private");
    let plan = folder.plan(Format::Wav, None);
    let (_recorder, _tap) = Recorder::start(&plan)?;
    let mode = |path: &Path| fs::metadata(path).map(|about| about.permissions().mode() & 0o777);
    assert_eq!((mode(&folder.0)?, mode(&plan.path)?), (0o700, 0o600));
    Ok(())
}

mod broken;
mod hour;
mod people;

#[test]
fn a_recording_that_is_stopped_for_good_keeps_what_came_before_or_nothing_and_the_tap_goes_on() -> Outcome {
    for (name, keeps) in [("stop-keeps", true), ("stop-drops", false)] {
        let folder = Folder::new(name);
        let plan = folder.plan(Format::Wav, None);
        let (recorder, mut tap) = Recorder::start(&plan)?;
        feed_all(&recorder, tap.as_mut(), Rate::Hz8000, 0..50);
        written(&recorder);
        recorder.stop(keeps);
        assert!(feed(tap.as_mut(), Rate::Hz8000, 50..100).is_continue(), "the room keeps its tap");
        wait(&recorder);
        let (told, outcome) = std::sync::mpsc::sync_channel(1);
        recorder.on_end(move |outcome| told.send(outcome).unwrap());
        let expected = if keeps { RecordOutcome::Whole } else { RecordOutcome::Nothing(None) };
        assert_eq!(outcome.recv()?, expected, "while the call goes on");
        assert_eq!(plan.path.exists(), keeps);
        assert!(feed(tap.as_mut(), Rate::Hz8000, 100..150).is_continue());
        recorder.stop(!keeps);
        drop(tap);
        if keeps {
            // One second of 16-bit stereo at 8 kHz, behind its header.
            let len = fs::metadata(&plan.path)?.len();
            assert!((32_000..=32_100).contains(&len), "{len}");
        }
        assert_eq!(plan.path.exists(), keeps);
    }
    Ok(())
}

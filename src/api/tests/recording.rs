//! Recordings over real HTTP: whole, in part, sealed, paused.
use super::*;
use crate::store::{Recorded, Recording};

/// A recording that is closed.
fn kept(file: &std::path::Path, recorded: Recorded) -> Recording {
    Recording { path: file.display().to_string(), recorded, closed: true }
}

#[tokio::test]
async fn a_recording_is_served_whole_in_part_and_by_head() {
    let site = Site::open("api-recording").await;
    let id = begin(&site.store, "sip:a@b.test");
    let path = format!("/api/v1/calls/{id}/recording");
    assert_eq!(site.problem(site.ask(Method::GET, &path)).await.1["detail"], "this call has no recording");
    let sound: Vec<u8> = (0..200_000_u32).map(|n| (n % 251) as u8).collect();
    let file = site.store.recordings().join(format!("{id}.wav"));
    std::fs::write(&file, &sound).unwrap();
    site.store.note(&id, CallEvent::Recording(kept(&file, Recorded::Whole)));
    // What people beside the caller said.
    let people = format!("{path}?of=people");
    assert_eq!(site.problem(site.ask(Method::GET, &people)).await.0, 404, "there were none");
    std::fs::write(site.store.recordings().join(format!("{id}.people.wav")), "people").unwrap();
    assert_eq!(site.ask(Method::GET, &people).send().await.unwrap().bytes().await.unwrap(), "people".as_bytes());
    assert_eq!(site.problem(site.ask(Method::GET, &format!("{path}?of=bot"))).await.0, 400);
    let whole = site.ask(Method::GET, &format!("{path}?of=call")).send().await.unwrap();
    assert_eq!((whole.status().as_u16(), &whole.headers()["content-type"]), (200, &"audio/wav".parse().unwrap()));
    let tag = whole.headers()["etag"].to_str().unwrap().to_owned();
    assert_eq!(whole.bytes().await.unwrap(), sound);
    let part = site.ask(Method::GET, &path).header("range", "bytes=1000-150999").send().await.unwrap();
    assert_eq!(
        (part.status().as_u16(), &part.headers()["content-range"]),
        (206, &"bytes 1000-150999/200000".parse().unwrap())
    );
    assert_eq!(part.bytes().await.unwrap(), sound[1_000..151_000]);
    let last = site.ask(Method::GET, &path).header("range", "bytes=-5").header("if-range", &tag).send().await.unwrap();
    assert_eq!(last.bytes().await.unwrap(), sound[199_995..]);
    let changed =
        site.ask(Method::GET, &path).header("range", "bytes=-5").header("if-range", "\"old\"").send().await.unwrap();
    assert_eq!(changed.status(), 200);
    let beyond = site.ask(Method::GET, &path).header("range", "bytes=200000-").send().await.unwrap();
    assert_eq!(
        (beyond.status().as_u16(), &beyond.headers()["content-range"]),
        (416, &"bytes */200000".parse().unwrap())
    );
    let head = site.ask(Method::HEAD, &path).send().await.unwrap();
    assert_eq!((head.status().as_u16(), &head.headers()["content-length"]), (200, &"200000".parse().unwrap()));
    assert!(head.bytes().await.unwrap().is_empty());
}

/// A sealed recording as the recorder writes it: its path, and the sound in the clear.
fn sealed(site: &Site, id: &str, key: &str) -> (std::path::PathBuf, Vec<u8>) {
    use media::record::{Format, Playback, RecordPlan, Recorder};
    use media::{Frame, Rate, SamplePos};
    let path = site.store.recordings().join(format!("{id}.wav.sealed"));
    let vault = Arc::new(Vault::parse(key).unwrap());
    let plan = RecordPlan { path: path.clone(), format: Format::Wav, vault: Some(vault.clone()) };
    let (recorder, mut tap) = Recorder::start(&plan).unwrap();
    for tick in 0..400 {
        let mut frame = Frame::silence(SamplePos::of_tick(tick), Rate::Hz8000);
        frame.pcm_mut().fill(tick as i16);
        assert!(tap.take(&frame, &frame).is_continue());
    }
    drop(tap);
    while !recorder.done() {
        std::thread::sleep(Duration::from_millis(10));
    }
    let mut playback = Playback::open(&path, Some(&vault)).unwrap();
    let mut clear = Vec::new();
    while (clear.len() as u64) < playback.len() {
        clear.extend(playback.read(clear.len() as u64, 100_000).unwrap());
    }
    (path, clear)
}

#[tokio::test]
async fn a_sealed_recording_is_opened_on_the_way_out_and_a_stranger_s_says_which_key_it_needs() {
    let site = Site::open("api-sealed").await;
    let id = begin(&site.store, "sip:a@b.test");
    let path = format!("/api/v1/calls/{id}/recording");
    let (file, sound) = sealed(&site, &id, KEY);
    site.store.note(&id, CallEvent::Recording(kept(&file, Recorded::Whole)));
    let whole = site.ask(Method::GET, &path).send().await.unwrap();
    assert_eq!((whole.status().as_u16(), &whole.headers()["content-type"]), (200, &"audio/wav".parse().unwrap()));
    assert_eq!(whole.headers()["x-recording-whole"], "true");
    assert_eq!(whole.bytes().await.unwrap(), sound);
    assert_eq!(&sound[40..44], &(400u32 * 640).to_le_bytes(), "the header has the length");
    // The file has its end, and yet the call went on after it.
    site.store.note(&id, CallEvent::Recording(kept(&file, Recorded::Part)));
    let less = site.ask(Method::HEAD, &path).send().await.unwrap();
    assert_eq!((less.status().as_u16(), &less.headers()["x-recording-whole"]), (200, &"false".parse().unwrap()));
    site.store.note(&id, CallEvent::Recording(kept(&file, Recorded::No)));
    assert_eq!(site.problem(site.ask(Method::GET, &path)).await.0, 404, "nothing of it was kept");
    site.store.note(&id, CallEvent::Recording(kept(&file, Recorded::Whole)));
    let part = site.ask(Method::GET, &path).header("range", "bytes=1000-150999").send().await.unwrap();
    assert_eq!(part.headers()["content-range"], format!("bytes 1000-150999/{}", sound.len()));
    assert_eq!(part.bytes().await.unwrap(), sound[1_000..151_000]);
    // Cut off, changed, and sealed by somebody else.
    let good = std::fs::read(&file).unwrap();
    std::fs::write(&file, &good[..good.len() / 2]).unwrap();
    let cut = site.ask(Method::GET, &path).send().await.unwrap();
    assert_eq!((cut.status().as_u16(), &cut.headers()["x-recording-whole"]), (200, &"false".parse().unwrap()));
    let mut changed = good.clone();
    changed[200] ^= 1;
    std::fs::write(&file, &changed).unwrap();
    let (status, problem) = site.problem(site.ask(Method::GET, &path)).await;
    assert_eq!(status, 500);
    assert!(problem["detail"].as_str().unwrap().contains("damaged"), "{problem}");
    sealed(&site, &id, &KEY.replace('0', "9"));
    let (status, problem) = site.problem(site.ask(Method::GET, &path)).await;
    assert_eq!(status, 503);
    assert!(problem["detail"].as_str().unwrap().contains("recording_key_file"), "{problem}");
}

#[tokio::test]
async fn a_recording_can_be_paused_and_resumed_while_the_call_lasts() {
    let site = Site::open("api-pause").await;
    let id = begin(&site.store, "sip:a@b.test");
    let path = format!("/api/v1/calls/{id}/recording");
    let set = |paused: bool| site.ask(Method::PUT, &path).json(&json!({ "paused": paused }));
    assert_eq!(site.problem(set(true)).await.0, 409, "it is not recorded");
    site.store.note(&id, CallEvent::Recording(Recording::started("recordings/x.wav".into())));
    assert_eq!(set(true).send().await.unwrap().status(), 204);
    assert_eq!(set(false).send().await.unwrap().status(), 204);
    site.store.note(&id, CallEvent::Ended(End::new(Blame::RemoteParty, Reason::HungUp)));
    assert_eq!(site.problem(set(true)).await.0, 409, "it is over");
    let none = site.ask(Method::PUT, "/api/v1/calls/none/recording").json(&json!({ "paused": true }));
    assert_eq!(site.problem(none).await.0, 404);
}

//! `start`: starts a call's recording and notes its outcome in the record, the log and the metrics. A call whose recording fails goes
//! on.
use super::bleep::{Bleep, Bleeper};
use crate::config::Config;
use crate::store::vault::RecordingPolicy;
use crate::store::{CallEvent, Mark, Private, Recorded, Recording, Store};
use media::engine::RoomHandle;
use media::levels::Levels;
use media::record::{Format, PausedBy, RecordOutcome, RecordPlan, Recorder, SEALED};

/// What a recording is started with.
pub(super) struct RecordingSetup<'a> {
    pub config: &'a Config,
    pub store: &'a Store,
    pub recording_policy: &'a RecordingPolicy,
    /// What is masked becomes a tone.
    pub bleeps: bool,
}

/// The recording of a call.
pub(super) struct CallRecording {
    recorder: Recorder,
    bleeper: Option<Bleeper>,
}

impl CallRecording {
    pub fn pause(&self, by: PausedBy, paused: bool) {
        match &self.bleeper {
            // What it holds is of before.
            Some(bleeper) => bleeper.pause(by, paused),
            None => self.recorder.pause(by, paused),
        }
    }

    pub fn bleep(&self, bleep: Bleep) {
        self.bleeper.iter().for_each(|bleeper| bleeper.order(bleep));
    }

    pub fn stop(&self, keeps: bool) {
        self.recorder.stop(keeps);
    }
}

/// Starts the recording of call `id`, if recordings are kept.
pub(super) fn start(setup: &RecordingSetup<'_>, id: &str, room: &RoomHandle) -> Option<CallRecording> {
    let RecordingSetup { config, store, recording_policy, bleeps } = setup;
    if !config.store.recording {
        return None;
    }
    if let RecordingPolicy::Refused(why) = recording_policy {
        tracing::error!(call = id, %why, "this call is not recorded, because there is no key to encrypt it");
        failed(store, id);
        return None;
    }
    let (format, vault) = (Format::from(config.store.recording_format), recording_policy.vault().cloned());
    let mut path = format!("recordings/{id}.{}", format.extension());
    if vault.is_some() {
        path = format!("{path}.{SEALED}");
    }
    let (recorder, tap) = match Recorder::start(&RecordPlan { path: config.store.dir.join(&path), format, vault }) {
        Ok(started) => started,
        Err(why) => {
            tracing::error!(call = id, %why, "this call is not recorded");
            failed(store, id);
            return None;
        }
    };
    let (bleeper, tap) = match bleeps {
        true => {
            let (bleeper, tap) = Bleeper::before(tap);
            (Some(bleeper), tap)
        }
        false => (None, tap),
    };
    let (levels, tap) = Levels::before(tap);
    store.measure(id, &levels);
    store.note(id, CallEvent::Recording(Recording::started(path.clone())));
    let (told, call) = (Store::clone(store), id.to_owned());
    let of_people = call.clone();
    recorder.on_end(move |kept| closed(&told, &call, path, kept));
    recorder.on_people_end(move |kept| people_closed(&of_people, &kept));
    if room.record(tap).is_err() {
        // The refused order drops the tap, which closes its file.
        tracing::error!(call = id, "this call is not recorded: its room takes no orders");
        store.note(id, mark());
        return None;
    }
    Some(CallRecording { recorder, bleeper })
}

/// Notes that a recording could not be started.
fn failed(store: &Store, id: &str) {
    count(Recorded::No);
    store.note(id, mark());
}

fn mark() -> CallEvent {
    CallEvent::Mark(Mark { name: "recording_broken".into(), data: Private::default() })
}

/// Notes how much of the call is in the file, which is closed. Runs on the recordings' writer thread.
fn closed(store: &Store, call: &str, path: String, kept: RecordOutcome) {
    let (recorded, why) = match kept {
        RecordOutcome::Whole => (Recorded::Whole, None),
        RecordOutcome::Part(why) => (Recorded::Part, Some(why)),
        RecordOutcome::Nothing(why) => (Recorded::No, why),
    };
    if let Some(why) = &why {
        tracing::error!(call, %why, "this call's recording broke off; the call goes on");
    }
    // A call that ends before its first sound has nothing to record.
    if recorded != Recorded::No || why.is_some() {
        count(recorded);
    }
    store.note(call, CallEvent::Recording(Recording { path, recorded, closed: true }));
}

/// What people beside the caller said is a file of its own, whose faults the call's record does not name.
fn people_closed(call: &str, kept: &RecordOutcome) {
    if let RecordOutcome::Part(why) | RecordOutcome::Nothing(Some(why)) = kept {
        tracing::error!(call, %why, "the recording of the people beside this call's caller broke off; the caller's goes on");
        metrics::counter!("switchboard_people_recordings_broken_total").increment(1);
    }
}

fn count(recorded: Recorded) {
    metrics::counter!("switchboard_recordings_total", "recorded" => crate::store::name_of(&recorded)).increment(1);
}

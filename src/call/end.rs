//! From the ends that lines and conversations report to the [`End`] that is recorded.
pub use crate::store::{Blame, End, Reason};
use telephony::{Ended, EndedBy};

impl End {
    /// The end of a call whose conversation hung up for the reason `why`. `deaf`: no recogniser worked.
    pub fn of_talk(why: &'static str, deaf: bool) -> Self {
        match known(why) {
            reason @ (Reason::NoInput | Reason::NotUnderstood) if deaf => Self::new(Blame::Engine, reason),
            reason => reason.into(),
        }
    }
}

/// The end of a line as it is recorded.
impl From<Ended> for End {
    fn from(ended: Ended) -> Self {
        let reason = known(ended.reason);
        let blame = match ended.by {
            EndedBy::Caller => Blame::RemoteParty,
            EndedBy::Network => Blame::Network,
            EndedBy::Us => reason.blame(),
        };
        Self::new(blame, reason)
    }
}

/// The reason of this name; a test below holds that dialog and telephony give no other.
fn known(name: &'static str) -> Reason {
    let reason = Reason::of(name);
    if reason == Reason::Unknown {
        tracing::error!(reason = name, "a call ended for a reason that is not in the list of reasons");
    }
    reason
}

#[cfg(test)]
mod tests {
    use super::*;
    use dialog::conversation::HangUpReason;
    use std::path::{Path, PathBuf};

    #[test]
    fn who_is_to_blame_is_told_by_who_ended_the_call_and_else_by_the_reason() {
        let end = |by, reason| End::from(Ended { by, reason });
        assert_eq!(end(EndedBy::Caller, "hung up"), End::new(Blame::RemoteParty, Reason::HungUp));
        assert_eq!(end(EndedBy::Network, "no ACK came"), End::new(Blame::Network, Reason::NoAck));
        assert_eq!(end(EndedBy::Us, "the server stops"), End::new(Blame::Server, Reason::ServerStopped));
        assert_eq!(end(EndedBy::Us, "the line was dropped").blame, Blame::Server);
        assert_eq!(End::of_talk(HangUpReason::NoInput.text(), false).blame, Blame::Nobody);
        assert_eq!(End::of_talk(HangUpReason::NoInput.text(), true).blame, Blame::Engine);
        assert_eq!(End::of_talk(HangUpReason::ToolFailed.text(), false), Reason::ToolFailed.into());
    }

    fn sources(dir: &Path, found: &mut Vec<PathBuf>) {
        for path in std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()) {
            let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
            match path.is_dir() {
                _ if name.ends_with("tests") => {}
                true => sources(&path, found),
                false => found.push(path),
            }
        }
    }

    #[test]
    fn every_reason_that_a_conversation_or_a_line_gives_has_a_name() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut files = Vec::new();
        sources(&root.join("telephony/src"), &mut files);
        let mut given: Vec<String> = HangUpReason::ALL.iter().map(|reason| reason.text().to_owned()).collect();
        for file in files {
            let text = std::fs::read_to_string(&file).unwrap();
            let reasons = text.split("reason: \"").skip(1);
            given.extend(reasons.filter_map(|rest| Some(rest.split('"').next()?.to_owned())));
        }
        assert!(given.len() > 20, "they are found: {given:?}");
        let nameless: Vec<_> = given.iter().filter(|text| Reason::of(text) == Reason::Unknown).collect();
        assert!(nameless.is_empty(), "name them in src/store/end.rs and docs/api.md: {nameless:?}");
    }
}

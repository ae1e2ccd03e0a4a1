//! `[destinations.NAME]`: where a bot puts a caller through to a person. Bots name one by `person`.
use super::{Secs, blank};
use media::music::HoldMusic;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use telephony::sip::is_address;

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Destination {
    /// A SIP URI, or a number or extension by the first trunk that registers.
    #[serde(with = "blank")]
    pub sip: Option<String>,
    pub how: TransferBy,
    /// What follows where the caller's telephone does not know REFER.
    pub fallback: Fallback,
    /// An agent in a browser who has these skills, where one is free.
    pub seat: Option<Vec<String>>,
    /// The same, and who comes while none is free waits.
    pub queue: Option<Vec<String>>,
    /// The longest a caller waits in the queue.
    pub wait_max_s: Secs,
    /// So many callers may wait.
    pub waiting_max: u32,
    /// A WAV file that who waits hears, in place of music that the server makes.
    #[serde(with = "blank::path")]
    pub music: Option<PathBuf>,
    /// The longest the person's line may ring, and an agent may take to accept.
    pub ring_s: Secs,
    pub after: AfterPerson,
}

/// How a caller reaches somebody by SIP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TransferBy {
    /// The server calls the person and joins both: the call stays here, with its recording and its supervisors.
    #[default]
    Bridge,
    /// The caller's telephone is asked to call the person (REFER): the call leaves the server.
    Refer,
}

/// What follows where a REFER is refused for lack of support.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Fallback {
    /// The bot goes on, and says that it could not put the caller through.
    #[default]
    Bot,
    /// The server calls the person itself, and joins both.
    Bridge,
}

/// What becomes of the caller when the person has hung up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AfterPerson {
    /// The call ends.
    #[default]
    End,
    /// The bot goes on.
    Bot,
}

impl Default for Destination {
    fn default() -> Self {
        Self {
            sip: None,
            how: TransferBy::default(),
            fallback: Fallback::default(),
            seat: None,
            queue: None,
            wait_max_s: Secs(600),
            waiting_max: 100,
            music: None,
            ring_s: Secs(30),
            after: AfterPerson::default(),
        }
    }
}

impl Destination {
    /// What an agent in a browser has to be able to do; `None`: it leads elsewhere.
    pub fn skills(&self) -> Option<&[String]> {
        self.queue.as_ref().or(self.seat.as_ref()).map(Vec::as_slice)
    }

    /// What is wrong with it, in plain words.
    pub(super) fn problems(&self, name: &str, found: &mut Vec<String>) {
        let key = format!("destinations.{name}");
        if name.is_empty() || name.contains(|c: char| !c.is_ascii_alphanumeric() && !"_-".contains(c)) {
            found.push(format!("[{key}]: use ASCII letters, digits, `-` and `_` in the name of a destination"));
        }
        let ways = [self.sip.is_some(), self.seat.is_some(), self.queue.is_some()];
        if ways.into_iter().filter(|way| *way).count() > 1 {
            found.push(format!("[{key}] leads to several places: keep one of `sip`, `seat` and `queue`"));
        }
        match &self.sip {
            _ if self.skills().is_some() => {}
            None => found.push(format!(
                "[{key}] leads nowhere: set `sip` to the address of a person, such as \"sip:200@pbx.example\", or to a number, \
                 or `seat` or `queue` to the skills of agents in browsers, such as []"
            )),
            Some(to) if !is_sip(to) && !is_number(to) => found.push(format!(
                "{key}.sip = {to:?}: write a SIP URI (sip:user@host) or a number of digits"
            )),
            Some(to) if self.how == TransferBy::Refer && !is_sip(to) => found.push(format!(
                "{key}.sip = {to:?}: with how = \"refer\" the caller's own exchange dials it: write a SIP URI (sip:user@host)"
            )),
            Some(_) => {}
        }
        if self.fallback == Fallback::Bridge && self.how != TransferBy::Refer {
            found.push(format!(
                "{key}.fallback = \"bridge\" has no effect without how = \"refer\": remove one, or set the other"
            ));
        }
        if !(10..=86_400).contains(&self.wait_max_s.0) {
            found.push(format!("{key}.wait_max_s = {}: must be 10 to 86400", self.wait_max_s.0));
        }
        if let Some(Err(why)) = self.music.as_deref().map(HoldMusic::check) {
            found.push(format!("{key}.music: {why}"));
        }
        if self.waiting_max == 0 {
            found.push(format!("{key}.waiting_max = 0: nobody could wait; set at least 1"));
        }
        if !(5..=300).contains(&self.ring_s.0) {
            found.push(format!("{key}.ring_s = {}: must be 5 to 300", self.ring_s.0));
        }
    }
}

/// Whether somebody can be called there: a SIP URI, or a number.
pub(super) fn is_callable(to: &str) -> bool {
    is_sip(to) || is_number(to)
}

fn is_sip(to: &str) -> bool {
    to.get(..4).is_some_and(|scheme| scheme.eq_ignore_ascii_case("sip:")) && is_address(to)
}

fn is_number(to: &str) -> bool {
    !to.is_empty() && to.chars().all(|c| c.is_ascii_digit() || "+*#".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> Vec<String> {
        let destination: Destination = toml::from_str(text).unwrap();
        let mut found = Vec::new();
        destination.problems("desk", &mut found);
        found
    }

    #[test]
    fn a_destination_leads_to_an_address_that_can_be_called() {
        for fine in [
            "sip = 'sip:200@pbx.example'",
            "sip = '+842412345678'",
            "sip = '200'\nring_s = 10\nafter = 'bot'",
            "sip = 'sip:200@pbx.example:5070'\nhow = 'refer'",
            "sip = 'sip:200@pbx.example'\nhow = 'refer'\nfallback = 'bridge'",
            "seat = []",
            "queue = ['billing']\nwait_max_s = 60",
        ] {
            assert!(problems(fine).is_empty(), "{fine}: {:?}", problems(fine));
        }
        for (wrong, key) in [
            ("", "leads nowhere"),
            ("sip = 'call me'", "desk.sip"),
            ("sip = '200'\nhow = 'refer'", "how = \"refer\""),
            ("sip = '200'\nring_s = 2", "desk.ring_s"),
            ("sip = '200'\nfallback = 'bridge'", "desk.fallback"),
            ("queue = []\nwaiting_max = 0", "desk.waiting_max"),
            ("queue = []\nmusic = '/nowhere.wav'", "desk.music"),
            ("queue = []\nwait_max_s = 1", "desk.wait_max_s"),
            ("queue = []\nsip = '200'", "several places"),
        ] {
            assert!(matches!(&problems(wrong)[..], [one] if one.contains(key)), "{wrong}: {:?}", problems(wrong));
        }
        assert!(toml::from_str::<Destination>("sip = '200'\nhow = 'pigeon'").is_err());
    }
}

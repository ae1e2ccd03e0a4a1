//! `Role` and `Right`: who may do what, in one table. What a role sees of a call follows from three of the rights: numbers,
//! words, recordings.
use std::fmt;

/// What a person is to this server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Sees that calls go on, and neither numbers nor words.
    Viewer,
    /// Answers calls that a bot hands over.
    Agent,
    /// Listens to calls, helps bots, takes calls over.
    Supervisor,
    Admin,
}

impl Role {
    pub const ALL: [Self; 4] = [Self::Viewer, Self::Agent, Self::Supervisor, Self::Admin];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Agent => "agent",
            Self::Supervisor => "supervisor",
            Self::Admin => "admin",
        }
    }

    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }

    pub fn rights(self) -> Rights {
        Right::ALL.into_iter().filter(|right| TABLE[*right as usize].roles[self as usize]).collect()
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One thing that somebody may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Right {
    /// Calls: when, which bot, for how long, how the line is; and the bots.
    SeeCalls,
    /// Numbers, addresses and names of the parties, and header fields of the trunk.
    SeeNumbers,
    /// What was said, and the values of slots.
    SeeTranscripts,
    HearRecordings,
    Monitor,
    Whisper,
    Barge,
    TakeOver,
    /// Whispers to the bot: slots, tasks, lines that it shall say.
    Guide,
    /// Decides on actions that wait for a supervisor.
    Approve,
    EndCalls,
    /// Makes bots call somebody, and tokens with which a page calls a bot.
    Dial,
    PauseRecording,
    /// Takes calls that a bot hands over to a person.
    Answer,
    /// Writes notes and tags of calls.
    Annotate,
    Erase,
    /// Gives others a link to a call.
    Export,
    ReadAudit,
    ManageUsers,
    ManageBots,
    ReadMetrics,
}

/// How far a right reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// The calls of some bots, or of all.
    Bots,
    /// The whole server: nobody who is restricted to some bots has it.
    Server,
}

struct Row {
    right: Right,
    name: &'static str,
    reach: Reach,
    /// In the order of [`Role::ALL`].
    roles: [bool; 4],
}

const fn row(right: Right, name: &'static str, reach: Reach, roles: [bool; 4]) -> Row {
    Row { right, name, reach, roles }
}

const Y: bool = true;
const N: bool = false;

/// Every right, in the order of [`Right`].
const TABLE: [Row; Right::ALL.len()] = [
    //                                                                      viewer, agent, supervisor, admin
    row(Right::SeeCalls, "see_calls", Reach::Bots, [Y, Y, Y, Y]),
    row(Right::SeeNumbers, "see_numbers", Reach::Bots, [N, Y, Y, Y]),
    row(Right::SeeTranscripts, "see_transcripts", Reach::Bots, [N, Y, Y, Y]),
    row(Right::HearRecordings, "hear_recordings", Reach::Bots, [N, N, Y, Y]),
    row(Right::Monitor, "monitor", Reach::Bots, [N, N, Y, Y]),
    row(Right::Whisper, "whisper", Reach::Bots, [N, N, Y, Y]),
    row(Right::Barge, "barge", Reach::Bots, [N, N, Y, Y]),
    row(Right::TakeOver, "take_over", Reach::Bots, [N, N, Y, Y]),
    row(Right::Guide, "guide", Reach::Bots, [N, N, Y, Y]),
    row(Right::Approve, "approve", Reach::Bots, [N, N, Y, Y]),
    row(Right::EndCalls, "end_calls", Reach::Bots, [N, N, Y, Y]),
    row(Right::Dial, "dial", Reach::Bots, [N, N, Y, Y]),
    row(Right::PauseRecording, "pause_recording", Reach::Bots, [N, Y, Y, Y]),
    row(Right::Answer, "answer", Reach::Bots, [N, Y, Y, Y]),
    row(Right::Annotate, "annotate", Reach::Bots, [N, Y, Y, Y]),
    row(Right::Erase, "erase", Reach::Bots, [N, N, N, Y]),
    row(Right::Export, "export", Reach::Bots, [N, N, Y, Y]),
    row(Right::ReadAudit, "read_audit", Reach::Server, [N, N, N, Y]),
    row(Right::ManageUsers, "manage_users", Reach::Server, [N, N, N, Y]),
    row(Right::ManageBots, "manage_bots", Reach::Server, [N, N, N, Y]),
    row(Right::ReadMetrics, "read_metrics", Reach::Server, [N, N, Y, Y]),
];

// The table is looked up by position.
const _: () = {
    let mut at = 0;
    while at < TABLE.len() {
        assert!(TABLE[at].right as usize == at && Right::ALL[at] as usize == at);
        at += 1;
    }
};

impl Right {
    pub const ALL: [Self; 21] = [
        Self::SeeCalls,
        Self::SeeNumbers,
        Self::SeeTranscripts,
        Self::HearRecordings,
        Self::Monitor,
        Self::Whisper,
        Self::Barge,
        Self::TakeOver,
        Self::Guide,
        Self::Approve,
        Self::EndCalls,
        Self::Dial,
        Self::PauseRecording,
        Self::Answer,
        Self::Annotate,
        Self::Erase,
        Self::Export,
        Self::ReadAudit,
        Self::ManageUsers,
        Self::ManageBots,
        Self::ReadMetrics,
    ];

    pub const fn name(self) -> &'static str {
        TABLE[self as usize].name
    }

    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|right| right.name() == name)
    }

    pub const fn reach(self) -> Reach {
        TABLE[self as usize].reach
    }
}

impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A set of rights.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Rights(u32);

impl Rights {
    pub fn all() -> Self {
        Right::ALL.into_iter().collect()
    }

    pub const fn contains(self, right: Right) -> bool {
        self.0 & (1 << right as u32) != 0
    }

    /// What is in both.
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// In the order of [`Right::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Right> {
        Right::ALL.into_iter().filter(move |right| self.contains(*right))
    }
}

impl FromIterator<Right> for Rights {
    fn from_iter<I: IntoIterator<Item = Right>>(rights: I) -> Self {
        Self(rights.into_iter().fold(0, |set, right| set | 1 << right as u32))
    }
}

impl fmt::Debug for Rights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(Right::name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back_to_what_they_name() {
        for right in Right::ALL {
            assert_eq!(Right::of(right.name()), Some(right));
        }
        for role in Role::ALL {
            assert_eq!(Role::of(role.name()), Some(role));
        }
        assert_eq!((Right::of("no_such"), Role::of("root")), (None, None));
    }

    #[test]
    fn each_role_has_what_the_one_before_it_has() {
        for (lower, upper) in Role::ALL.into_iter().zip(Role::ALL.into_iter().skip(1)) {
            assert_eq!(lower.rights().and(upper.rights()), lower.rights(), "{lower} and {upper}");
        }
        assert_eq!(Role::Admin.rights(), Rights::all());
        assert_eq!(Role::Viewer.rights().iter().collect::<Vec<_>>(), [Right::SeeCalls]);
    }

    #[test]
    fn a_set_holds_what_was_put_in() {
        let set: Rights = [Right::Dial, Right::SeeCalls].into_iter().collect();
        assert_eq!(set.iter().collect::<Vec<_>>(), [Right::SeeCalls, Right::Dial]);
        assert!(!set.contains(Right::Erase) && set.and(Role::Viewer.rights()).contains(Right::SeeCalls));
        assert_eq!(format!("{set:?}"), "{\"see_calls\", \"dial\"}");
    }
}

//! `Act`: what `Turn` decides, and what it waits for.

/// Who has the floor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Floor {
    #[default]
    Free,
    /// The bot speaks and may be interrupted.
    Bot,
    /// The bot says something that must be heard.
    Closed,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// Stop the bot's sound where it is, for now.
    Pause,
    /// Let it go on.
    Resume,
    /// Nothing the bot has said so far is to be heard any more.
    Hush,
    /// The caller is silent, and this may be all that they say: what follows from it may be prepared. Next comes `Taken` with the same
    /// words, or `EagerWithdrawn`.
    EagerEnd { text: String },
    /// It was not all of it.
    EagerWithdrawn,
    /// The caller has finished, and said this.
    Taken { text: String, confidence: f32 },
    /// The caller has finished, and what they said was nothing that was asked for.
    NotUnderstood,
    /// The caller has finished, and the recogniser is late: its words are still taken.
    Late,
    /// The caller has finished, and no words came of it.
    Unheard,
    /// The caller tells something long, and is silent for a moment: a sign that the bot listens may be given, which takes no floor. `text`: what
    /// they have said so far.
    Backchannel { text: String },
    /// It was no turn: a cough, a backchannel. The bot goes on.
    Dropped,
}

/// What `Turn` wants to be woken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TurnTimer {
    Pause,
    Hush,
    /// A sound over the bot is over, and no words have come of it.
    Resume,
    /// A moment for a sign that the bot listens.
    Backchannel,
    /// Silence long enough for what was said.
    End,
    /// Words stay away.
    Words,
    /// Late words are waited for no longer.
    Unheard,
    /// The caller does not stop.
    Longest,
}

//! What the system grants a thread.

/// How a media thread is scheduled, the least first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    /// Like everybody else: other load on the machine can be heard.
    #[default]
    Normal,
    /// Before others (nice -11).
    Raised,
    /// As soon as it is due (SCHED_FIFO).
    Realtime,
}

impl Priority {
    pub(super) const fn of(number: usize) -> Self {
        match number {
            2 => Self::Realtime,
            1 => Self::Raised,
            _ => Self::Normal,
        }
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Raised => "raised",
            Self::Realtime => "real time",
        }
    }
}

/// Gets the calling thread what it can have, and timers without slack.
pub(super) fn ask(realtime: bool) -> Priority {
    #[cfg(target_os = "linux")]
    {
        // SAFETY: plain numbers; a refusal changes nothing.
        unsafe { libc::prctl(libc::PR_SET_TIMERSLACK, 1u64) };
        let wanted = libc::sched_param { sched_priority: 10 };
        // SAFETY: thread 0 is the calling one, and the parameter outlives the call.
        if realtime && unsafe { libc::sched_setscheduler(0, libc::SCHED_FIFO, &raw const wanted) } == 0 {
            return Priority::Realtime;
        }
    }
    if realtime && raise(-11) { Priority::Raised } else { Priority::Normal }
}

/// Gives the calling thread this niceness; whether the system agreed.
pub(super) fn raise(nice: i32) -> bool {
    #[cfg(target_os = "linux")]
    {
        // SAFETY: plain numbers; on Linux 0 is the calling thread.
        unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, nice) == 0 }
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = nice;
        false
    }
}

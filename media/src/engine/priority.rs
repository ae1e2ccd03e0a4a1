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

/// What a media thread of this process would get now, tried out on a thread.
pub fn granted() -> Priority {
    std::thread::spawn(|| ask(true)).join().unwrap_or_default()
}

/// How long a thread may run before the scheduler looks again, in ns. Those that ask for little at a time are served sooner.
#[cfg(target_os = "linux")]
const SLICE: u64 = 100_000;

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
    let raised = raise(-11);
    #[cfg(target_os = "linux")]
    hurry();
    if raised { Priority::Raised } else { Priority::Normal }
}

/// Asks for a short slice (sched_setattr(2), Linux 6.12 and later; others take no notice): no privilege is needed for it.
#[cfg(target_os = "linux")]
fn hurry() {
    /// `struct sched_attr` of sched_setattr(2), its first version.
    #[repr(C)]
    struct Attributes {
        size: u32,
        policy: u32,
        flags: u64,
        nice: i32,
        priority: u32,
        runtime: u64,
        deadline: u64,
        period: u64,
    }
    // SAFETY: plain numbers; on Linux 0 is the calling thread.
    let nice = unsafe { libc::getpriority(libc::PRIO_PROCESS, 0) };
    let attributes = Attributes {
        size: size_of::<Attributes>() as u32,
        policy: libc::SCHED_OTHER as u32,
        flags: 0,
        nice,
        priority: 0,
        runtime: SLICE,
        deadline: 0,
        period: 0,
    };
    // SAFETY: the struct has the size it names and outlives the call; a refusal changes nothing.
    unsafe { libc::syscall(libc::SYS_sched_setattr, 0, &raw const attributes, 0) };
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

//! Reads datagrams in batches with the kernel's arrival times (`recvmmsg`, `SO_TIMESTAMPNS`). All wires of a thread read into the same
//! buffers, so that these stay in the processor's cache.
use crate::rtp::limits::LARGEST;
use std::cell::RefCell;
use std::mem::MaybeUninit;
use std::net::{Ipv6Addr, SocketAddr, SocketAddrV6};
use std::os::fd::RawFd;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A datagram that seems older than this has a wrong timestamp: the wall clock has been set.
const MAX_AGE: Duration = Duration::from_secs(30);
/// A timestamp may be later than the last reading of the clocks, but not by more than this.
const MAX_AHEAD: Duration = Duration::from_secs(1);

/// Two readings of clocks within this time count as simultaneous.
const SIMULTANEOUS: Duration = Duration::from_micros(100);

/// The most datagrams read at once.
pub(crate) const BATCH: usize = 8;

thread_local! {
    static INBOX: RefCell<Inbox> = RefCell::new(Inbox::new());
}

/// A batch of datagrams.
struct Inbox {
    slots: Box<[Slot; BATCH]>,
    vectors: Box<[libc::iovec; BATCH]>,
    /// These point into the boxes above.
    heads: Box<[libc::mmsghdr; BATCH]>,
    /// The tick in which both clocks were last read, and their readings.
    moment: Option<(Instant, Instant, Duration)>,
}

struct Slot {
    data: [u8; LARGEST],
    name: libc::sockaddr_storage,
    /// Aligned for `cmsghdr`; one timestamp needs 32 bytes.
    control: [u64; 8],
}

/// One datagram.
pub(crate) struct Datagram<'a> {
    /// `None` where it was larger than a slot.
    pub(crate) bytes: Option<&'a [u8]>,
    pub(crate) from: Option<SocketAddr>,
    pub(crate) arrived: Instant,
    /// How long it had waited when it was read.
    pub(crate) age: Duration,
}

/// Reads the waiting datagrams, [`BATCH`] at most, passes each to `take`, and returns their number; never blocks. `now` is the same during
/// the whole tick, and replaces a missing or impossible timestamp.
pub(crate) fn receive(socket: RawFd, now: Instant, mut take: impl FnMut(Datagram<'_>)) -> usize {
    INBOX.with_borrow_mut(|inbox| {
        let read = inbox.fill(socket);
        for at in 0..read {
            take(inbox.get(at, now));
            inbox.ready(at);
        }
        read
    })
}

impl Inbox {
    fn new() -> Self {
        // SAFETY: all zeroes is a valid value of these C structs: null pointers, zero lengths, an address of no family.
        let mut inbox: Self = unsafe {
            let slot = || Slot { data: [0; LARGEST], name: MaybeUninit::zeroed().assume_init(), control: [0; 8] };
            Self {
                slots: Box::new(std::array::from_fn(|_| slot())),
                vectors: Box::new(MaybeUninit::zeroed().assume_init()),
                heads: Box::new(MaybeUninit::zeroed().assume_init()),
                moment: None,
            }
        };
        for at in 0..BATCH {
            inbox.ready(at);
        }
        inbox
    }

    /// Prepares a slot for the kernel, which has overwritten its lengths.
    fn ready(&mut self, at: usize) {
        let (slot, vector, head) = (&mut self.slots[at], &mut self.vectors[at], &mut self.heads[at].msg_hdr);
        *vector = libc::iovec { iov_base: slot.data.as_mut_ptr().cast(), iov_len: LARGEST };
        head.msg_name = (&raw mut slot.name).cast();
        head.msg_namelen = size_of::<libc::sockaddr_storage>() as libc::socklen_t;
        head.msg_iov = vector;
        head.msg_iovlen = 1;
        head.msg_control = slot.control.as_mut_ptr().cast();
        head.msg_controllen = size_of_val(&slot.control) as _;
    }

    fn fill(&mut self, socket: RawFd) -> usize {
        // SAFETY: each head points to a slot of ours and to its vector, with their true lengths; all outlive the call.
        let read = unsafe {
            let (heads, none) = (self.heads.as_mut_ptr(), std::ptr::null_mut());
            libc::recvmmsg(socket, heads, BATCH as _, libc::MSG_DONTWAIT as _, none)
        };
        usize::try_from(read).unwrap_or(0)
    }

    fn get(&mut self, at: usize, now: Instant) -> Datagram<'_> {
        let (clock, wall) = self.moment(now);
        let (slot, head) = (&self.slots[at], &self.heads[at]);
        let (length, truncated) = ((head.msg_len as usize).min(LARGEST), head.msg_hdr.msg_flags & libc::MSG_TRUNC != 0);
        let (mut arrived, mut age) = (now, Duration::ZERO);
        if let Some(stamp) = timestamp(&head.msg_hdr) {
            match wall.checked_sub(stamp) {
                Some(past) if past <= MAX_AGE => (arrived, age) = (clock.checked_sub(past).unwrap_or(now), past),
                None if stamp - wall <= MAX_AHEAD => arrived = clock + (stamp - wall),
                _ => {}
            }
        }
        Datagram { bytes: (!truncated).then(|| &slot.data[..length]), from: address(&slot.name), arrived, age }
    }

    /// Readings of both clocks at the same moment, once per tick. They convert timestamps.
    fn moment(&mut self, now: Instant) -> (Instant, Duration) {
        match self.moment {
            Some((tick, clock, wall)) if tick == now => (clock, wall),
            _ => {
                let (clock, wall) = moment();
                self.moment = Some((now, clock, wall));
                (clock, wall)
            }
        }
    }
}

/// Reads both clocks, again where the thread was interrupted between the two readings.
fn moment() -> (Instant, Duration) {
    let read = || {
        let (clock, wall) = (Instant::now(), SystemTime::now());
        (clock, wall.duration_since(UNIX_EPOCH).unwrap_or_default())
    };
    let mut moment = read();
    for _ in 0..3 {
        if moment.0.elapsed() < SIMULTANEOUS {
            break;
        }
        moment = read();
    }
    moment
}

/// The kernel's timestamp, since 1970.
fn timestamp(head: &libc::msghdr) -> Option<Duration> {
    // SAFETY: the kernel has filled `msg_control` and set `msg_controllen`; the macros walk inside these bounds, and the
    // payload is read unaligned.
    unsafe {
        let mut message = libc::CMSG_FIRSTHDR(head);
        while !message.is_null() {
            let (level, kind) = ((*message).cmsg_level, (*message).cmsg_type);
            if level == libc::SOL_SOCKET && kind == libc::SCM_TIMESTAMPNS {
                let time = libc::CMSG_DATA(message).cast::<libc::timespec>().read_unaligned();
                return Some(Duration::new(time.tv_sec.try_into().ok()?, time.tv_nsec.try_into().ok()?));
            }
            message = libc::CMSG_NXTHDR(head, message);
        }
    }
    None
}

fn address(name: &libc::sockaddr_storage) -> Option<SocketAddr> {
    let at = &raw const *name;
    match libc::c_int::from(name.ss_family) {
        libc::AF_INET => {
            // SAFETY: the family says what the kernel wrote, and the storage is large and aligned enough for it.
            let v4 = unsafe { at.cast::<libc::sockaddr_in>().read() };
            Some(SocketAddr::from((v4.sin_addr.s_addr.to_ne_bytes(), u16::from_be(v4.sin_port))))
        }
        libc::AF_INET6 => {
            // SAFETY: as above.
            let v6 = unsafe { at.cast::<libc::sockaddr_in6>().read() };
            let (ip, port) = (Ipv6Addr::from(v6.sin6_addr.s6_addr), u16::from_be(v6.sin6_port));
            Some(SocketAddr::V6(SocketAddrV6::new(ip, port, 0, v6.sin6_scope_id)))
        }
        _ => None,
    }
}

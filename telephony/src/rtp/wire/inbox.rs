//! Datagrams of one socket, read in batches with the kernel's arrival times (`recvmmsg`, `SO_TIMESTAMPNS`).
use super::MTU;
use std::mem::MaybeUninit;
use std::net::{Ipv6Addr, SocketAddr, SocketAddrV6, UdpSocket};
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// An older datagram than this has a stamp that cannot be believed: the wall clock was set.
const OLDEST: Duration = Duration::from_secs(30);

/// Two readings of clocks this close count as one moment.
const TOGETHER: Duration = Duration::from_micros(100);

/// A batch of datagrams and the one place they are read into.
pub(super) struct Inbox {
    slots: Box<[Slot; Inbox::BATCH]>,
    count: usize,
    next: usize,
    /// Nothing arrives before what has arrived: a stamp from a clock set back is raised to the last.
    latest: Option<Instant>,
}

struct Slot {
    data: [u8; MTU],
    name: libc::sockaddr_storage,
    /// Aligned for `cmsghdr`; one timestamp needs 32 bytes.
    control: [u64; 8],
    length: usize,
    truncated: bool,
    arrived: Instant,
    age: Duration,
}

/// One datagram.
pub(super) struct Datagram<'a> {
    /// `None` where it was larger than a slot.
    pub(super) bytes: Option<&'a [u8]>,
    pub(super) from: Option<SocketAddr>,
    pub(super) arrived: Instant,
    /// How long it had waited when it was read.
    pub(super) age: Duration,
}

impl std::fmt::Debug for Inbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Inbox({} of {})", self.next, self.count)
    }
}

impl Inbox {
    pub(super) const BATCH: usize = 8;

    pub(super) fn new() -> Self {
        // Any instant will do: a slot is read only after it was filled.
        let arrived = Instant::now();
        let slots = Box::new(std::array::from_fn(|_| Slot {
            data: [0; MTU],
            // SAFETY: all zeroes is a valid address storage, of the family "unspecified".
            name: unsafe { MaybeUninit::zeroed().assume_init() },
            control: [0; 8],
            length: 0,
            truncated: false,
            arrived,
            age: Duration::ZERO,
        }));
        Self { slots, count: 0, next: 0, latest: None }
    }

    /// The place of the next datagram of the batch.
    pub(super) fn next(&mut self) -> Option<usize> {
        (self.next < self.count).then(|| {
            self.next += 1;
            self.next - 1
        })
    }

    pub(super) fn get(&self, at: usize) -> Datagram<'_> {
        let slot = &self.slots[at];
        Datagram {
            bytes: (!slot.truncated).then(|| &slot.data[..slot.length]),
            from: address(&slot.name),
            arrived: slot.arrived,
            age: slot.age,
        }
    }

    /// Reads what waits, up to a batch, and tells how many; never blocks. `now` stands in for a stamp that is missing or
    /// cannot be true.
    pub(super) fn receive(&mut self, socket: &UdpSocket, now: Instant) -> usize {
        (self.count, self.next) = (0, 0);
        // SAFETY: all zeroes is a valid value of both C structs (null pointers, zero lengths).
        let mut vectors: [libc::iovec; Self::BATCH] = unsafe { MaybeUninit::zeroed().assume_init() };
        let mut heads: [libc::mmsghdr; Self::BATCH] = unsafe { MaybeUninit::zeroed().assume_init() };
        for ((slot, vector), head) in self.slots.iter_mut().zip(&mut vectors).zip(&mut heads) {
            *vector = libc::iovec { iov_base: slot.data.as_mut_ptr().cast(), iov_len: MTU };
            let head = &mut head.msg_hdr;
            head.msg_name = (&raw mut slot.name).cast();
            head.msg_namelen = size_of::<libc::sockaddr_storage>() as libc::socklen_t;
            head.msg_iov = vector;
            head.msg_iovlen = 1;
            head.msg_control = slot.control.as_mut_ptr().cast();
            head.msg_controllen = size_of_val(&slot.control) as _;
        }
        // SAFETY: each head points to a slot of ours and to its vector, with their true lengths; all outlive the call.
        let read = unsafe {
            let (heads, none) = (heads.as_mut_ptr(), std::ptr::null_mut());
            libc::recvmmsg(socket.as_raw_fd(), heads, Self::BATCH as _, libc::MSG_DONTWAIT as _, none)
        };
        let Ok(read) = usize::try_from(read) else { return 0 };
        if read == 0 {
            return 0;
        }
        let (clock, wall) = moment();
        for (slot, head) in self.slots.iter_mut().zip(&heads).take(read) {
            slot.length = (head.msg_len as usize).min(MTU);
            slot.truncated = head.msg_hdr.msg_flags & libc::MSG_TRUNC != 0;
            let age = stamp(&head.msg_hdr).and_then(|stamp| wall.checked_sub(stamp)).filter(|age| *age <= OLDEST);
            let arrived = age.and_then(|age| clock.checked_sub(age)).unwrap_or(now);
            slot.age = age.unwrap_or_default();
            slot.arrived = self.latest.map_or(arrived, |latest| latest.max(arrived));
            self.latest = Some(slot.arrived);
        }
        self.count = read;
        read
    }
}

/// The same moment on both clocks: a datagram's age is the same on either. A thread that was put to sleep between the
/// two readings tries again, or the sleep would look like travel.
fn moment() -> (Instant, Duration) {
    let read = || {
        let (clock, wall) = (Instant::now(), SystemTime::now());
        (clock, wall.duration_since(UNIX_EPOCH).unwrap_or_default())
    };
    let mut moment = read();
    for _ in 0..3 {
        if moment.0.elapsed() < TOGETHER {
            break;
        }
        moment = read();
    }
    moment
}

/// The kernel's stamp, since 1970.
fn stamp(head: &libc::msghdr) -> Option<Duration> {
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

//! `Callers`: N phones on one thread. Each sends a packet every 20 ms, spread over the tick as real ones are, and keeps
//! when the kernel took what came back.
use super::cpu;
use std::mem::MaybeUninit;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

pub const TICK: Duration = Duration::from_millis(20);
/// Parts of a tick at which some of the phones send.
const SLICES: usize = 10;
/// How long packets under way are waited for.
const LINGER: Duration = Duration::from_millis(60);
const HEADER: usize = 12;

/// What a phone sends: a payload for each tick, from the beginning again at the end.
pub struct Sound {
    pub payload_type: u8,
    /// RTP clock units in a tick.
    pub units: u32,
    pub payloads: Vec<Vec<u8>>,
}

pub struct Caller {
    socket: UdpSocket,
    /// Where it sends.
    pub to: SocketAddr,
    sound: usize,
    ssrc: u32,
    /// RTP packets that came back in the last run: when the kernel had them, in ns, and their timestamps.
    got: Vec<(u64, u32)>,
}

pub struct Callers {
    pub all: Vec<Caller>,
    sounds: Vec<Sound>,
    /// Ticks sent so far.
    tick: u32,
}

/// What one run told.
pub struct Run {
    pub sent: u64,
    pub back: u64,
    /// What this thread itself cost.
    pub own: Duration,
    pub lasted: Duration,
}

impl Callers {
    /// `count` phones; phone number n says `sounds[n % sounds.len()]`.
    pub fn new(count: usize, sounds: Vec<Sound>) -> Self {
        let caller = |n| {
            let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
            socket.set_nonblocking(true).expect("a socket that does not block");
            let on: libc::c_int = 1;
            // SAFETY: the option's value is an int that outlives the call.
            unsafe {
                let (value, length) = ((&raw const on).cast(), size_of_val(&on) as _);
                libc::setsockopt(socket.as_raw_fd(), libc::SOL_SOCKET, libc::SO_TIMESTAMPNS, value, length);
            }
            let to = socket.local_addr().expect("an address");
            Caller { socket, to, sound: n % sounds.len(), ssrc: 0x5000 + n as u32, got: Vec::new() }
        };
        Self { all: (0..count).map(caller).collect(), sounds, tick: 0 }
    }

    /// Sends from all phones for `time`.
    pub fn drive(&mut self, time: Duration) -> Run {
        let (before, started) = (cpu::thread(), Instant::now());
        let ticks = (time.as_millis() / TICK.as_millis()) as u32;
        for caller in &mut self.all {
            caller.got.clear();
            caller.got.reserve(ticks as usize + 50);
        }
        let mut packet = [0u8; 1500];
        for tick in 0..ticks {
            for slice in 0..SLICES {
                let due = TICK * tick + TICK * slice as u32 / SLICES as u32;
                std::thread::sleep(due.saturating_sub(started.elapsed()));
                for caller in self.all.iter_mut().skip(slice).step_by(SLICES) {
                    let sound = &self.sounds[caller.sound];
                    let payload = &sound.payloads[self.tick as usize % sound.payloads.len()];
                    packet[..2].copy_from_slice(&[0x80, sound.payload_type]);
                    packet[2..4].copy_from_slice(&(self.tick as u16).to_be_bytes());
                    packet[4..8].copy_from_slice(&self.tick.wrapping_mul(sound.units).to_be_bytes());
                    packet[8..HEADER].copy_from_slice(&caller.ssrc.to_be_bytes());
                    packet[HEADER..HEADER + payload.len()].copy_from_slice(payload);
                    // A packet the machine has no room for is lost, as on any network.
                    let _ = caller.socket.send_to(&packet[..HEADER + payload.len()], caller.to);
                    caller.listen();
                }
            }
            self.tick = self.tick.wrapping_add(1);
        }
        std::thread::sleep((TICK * ticks).saturating_sub(started.elapsed()));
        let (lasted, own) = (started.elapsed(), cpu::thread().saturating_sub(before));
        std::thread::sleep(LINGER);
        self.all.iter_mut().for_each(Caller::listen);
        let back = self.all.iter().map(|caller| (caller.got.len() as u64).min(u64::from(ticks))).sum();
        Run { sent: u64::from(ticks) * self.all.len() as u64, back, own, lasted }
    }

    /// How far each packet that came back in the last run was from its place on its stream's own schedule, sorted. The
    /// schedule is the RTP timestamps'; `clock` is their rate.
    pub fn pacing(&self, clock: u64) -> Vec<Duration> {
        let mut off = Vec::new();
        for caller in &self.all {
            let Some(&(_, first)) = caller.got.first() else { continue };
            let place = |&(at, ts): &(u64, u32)| {
                // Signed: a packet that was overtaken lies before the first that came.
                at as i128 - i128::from(ts.wrapping_sub(first) as i32) * 1_000_000_000 / i128::from(clock)
            };
            let mut places: Vec<i128> = caller.got.iter().map(place).collect();
            places.sort_unstable();
            let middle = places[places.len() / 2];
            off.extend(places.iter().map(|place| Duration::from_nanos(place.abs_diff(middle) as u64)));
        }
        off.sort_unstable();
        off
    }
}

impl Caller {
    pub fn address(&self) -> SocketAddr {
        self.socket.local_addr().expect("an address")
    }

    fn listen(&mut self) {
        let mut data = [0u8; 1500];
        let mut control = [0u64; 8];
        loop {
            let mut vector = libc::iovec { iov_base: data.as_mut_ptr().cast(), iov_len: data.len() };
            // SAFETY: all zeroes is a valid message head.
            let mut head: libc::msghdr = unsafe { MaybeUninit::zeroed().assume_init() };
            head.msg_iov = &raw mut vector;
            head.msg_iovlen = 1;
            head.msg_control = control.as_mut_ptr().cast();
            head.msg_controllen = size_of_val(&control) as _;
            // SAFETY: the head points to buffers of this function with their true lengths; the kernel fills them, and the
            // macros walk inside what it says it filled.
            let (length, stamp) = unsafe {
                let length = libc::recvmsg(self.socket.as_raw_fd(), &raw mut head, libc::MSG_DONTWAIT);
                let message = libc::CMSG_FIRSTHDR(&raw const head);
                let stamped = length > 0 && !message.is_null() && (*message).cmsg_type == libc::SCM_TIMESTAMPNS;
                let time = stamped.then(|| libc::CMSG_DATA(message).cast::<libc::timespec>().read_unaligned());
                (length, time.map_or(0, |time| time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64))
            };
            if length < 0 {
                return;
            }
            // RTCP (RFC 5761 section 4) has no timestamp in that place; a packet without the kernel's time has no place at all.
            let rtp = length as usize > HEADER && !(192..=223).contains(&data[1]) && stamp > 0;
            if rtp && self.got.len() < self.got.capacity() {
                self.got.push((stamp, u32::from_be_bytes([data[4], data[5], data[6], data[7]])));
            }
        }
    }
}

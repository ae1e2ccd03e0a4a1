//! The floor: a thread that sends back what it gets, at the same ticks, and does nothing else.
use super::callers::{Callers, TICK};
use super::{Figure, Plan, cost};
use std::net::UdpSocket;
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

pub fn echo(plan: &Plan) -> Result<Figure, String> {
    run(plan, 1)
}

/// Two phones per call, each gets what the other sends.
pub fn relay(plan: &Plan) -> Result<Figure, String> {
    run(plan, 2)
}

fn run(plan: &Plan, legs: usize) -> Result<Figure, String> {
    let mut callers = Callers::new(plan.calls * legs, vec![super::sound::g711()]);
    let bind = || UdpSocket::bind("127.0.0.1:0");
    let sockets =
        (0..callers.all.len()).map(|_| bind()).collect::<Result<Vec<_>, _>>().map_err(|why| why.to_string())?;
    for (caller, socket) in callers.all.iter_mut().zip(&sockets) {
        caller.to = socket.local_addr().map_err(|why| why.to_string())?;
    }
    let targets: Vec<_> = callers.all.iter().map(|caller| Address::from(caller.address())).collect();
    let running = Arc::new(AtomicBool::new(true));
    let going = running.clone();
    let reflector = std::thread::spawn(move || {
        let (mut buffer, started, mut tick) = ([0u8; 2048], Instant::now(), 0);
        while going.load(Ordering::Relaxed) {
            for (n, socket) in sockets.iter().enumerate() {
                // Calls of two legs: 0 and 1 are one, 2 and 3 the next.
                let other = if legs == 2 { n ^ 1 } else { n };
                while let Some(length) = receive(socket, &mut buffer) {
                    send(&sockets[other], &buffer[..length], &targets[other]);
                }
            }
            tick += 1;
            std::thread::sleep((TICK * tick).saturating_sub(started.elapsed()));
        }
    });
    let figure = cost(plan, &mut callers, None);
    running.store(false, Ordering::Relaxed);
    reflector.join().map_err(|_| "the reflector panicked".to_owned())?;
    Ok(figure)
}

/// An address as the kernel wants it, made once.
struct Address(libc::sockaddr_in);

impl From<std::net::SocketAddr> for Address {
    fn from(address: std::net::SocketAddr) -> Self {
        let std::net::SocketAddr::V4(v4) = address else { panic!("phones are on IPv4") };
        let ip = libc::in_addr { s_addr: u32::from(*v4.ip()).to_be() };
        let family = libc::AF_INET as libc::sa_family_t;
        Self(libc::sockaddr_in { sin_family: family, sin_port: v4.port().to_be(), sin_addr: ip, sin_zero: [0; 8] })
    }
}

fn receive(socket: &UdpSocket, buffer: &mut [u8]) -> Option<usize> {
    let (at, length) = (buffer.as_mut_ptr().cast(), buffer.len());
    // SAFETY: the buffer outlives the call and has the length given.
    usize::try_from(unsafe { libc::recv(socket.as_raw_fd(), at, length, libc::MSG_DONTWAIT) }).ok()
}

fn send(socket: &UdpSocket, packet: &[u8], to: &Address) {
    let (at, length) = (packet.as_ptr().cast(), size_of::<libc::sockaddr_in>() as libc::socklen_t);
    // SAFETY: packet and address outlive the call and have the lengths given.
    unsafe { libc::sendto(socket.as_raw_fd(), at, packet.len(), libc::MSG_DONTWAIT, (&raw const to.0).cast(), length) };
}

//! `Datagram`: what arrived from a peer, by UDP or as one packet of a TCP connection.
use bytes::BytesMut;
use rtc::shared::TransportProtocol;
use std::net::SocketAddr;
use std::time::Instant;

pub(super) struct Datagram {
    pub local: SocketAddr,
    pub from: SocketAddr,
    pub over: TransportProtocol,
    pub arrived: Instant,
    pub bytes: BytesMut,
}

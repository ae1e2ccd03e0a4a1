//! Locates a peer (RFC 3263): its addresses, and the socket or stream that reaches them.
use super::core::{Core, lock};
use super::dialog::Dialog;
use super::flow::{Carrier, Flow};
use super::socket;
use crate::address::same_family;
use rsipstack::sip::{Host, Param, Transport, Uri};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Why a peer cannot be reached.
#[derive(Clone, Debug, thiserror::Error)]
pub(super) enum Unreachable {
    #[error("the host name has no address")]
    Name,
    #[error("no socket for this transport: set sip.udp or sip.tcp")]
    Transport,
    #[error("cannot connect")]
    Connect,
}

impl Core {
    /// The flow to a URI's host (RFC 3263); a stream to that address that is open is used again.
    pub(super) async fn flow_to(self: &Arc<Self>, uri: &Uri, carrier: Carrier) -> Result<Flow, Unreachable> {
        let transport = uri.params.iter().find_map(|param| match param {
            Param::Transport(transport) => Some(*transport),
            _ => None,
        });
        let carrier = match transport {
            None => carrier,
            Some(Transport::Udp) => Carrier::Udp,
            Some(Transport::Tcp) => Carrier::Tcp,
            Some(_) => return Err(Unreachable::Transport),
        };
        let port = uri.host_with_port.port.map(|port| port.0);
        let remote = match &uri.host_with_port.host {
            Host::IpAddr(ip) => SocketAddr::new(*ip, port.unwrap_or(5060)),
            Host::Domain(name) => self.resolve(&name.0, port, carrier).await?,
        };
        self.flow_at(remote, carrier).await
    }

    pub(super) async fn flow_at(self: &Arc<Self>, remote: SocketAddr, carrier: Carrier) -> Result<Flow, Unreachable> {
        lock(&self.admission).expect_answers(Instant::now(), remote.ip());
        match carrier {
            Carrier::Udp => {
                let flow = self.udp.iter().find(|flow| same_family(flow.local.ip(), remote.ip()));
                flow.cloned().map(|flow| Flow { remote, ..flow }).ok_or(Unreachable::Transport)
            }
            Carrier::Tcp => socket::dial(self, remote, socket::Opener::Us).await.map_err(|_| Unreachable::Connect),
        }
    }

    async fn resolve(&self, host: &str, port: Option<u16>, carrier: Carrier) -> Result<SocketAddr, Unreachable> {
        // Addresses of an IP family that we have a socket of come first, otherwise in the order of the answer.
        let own: Vec<SocketAddr> = match carrier {
            Carrier::Udp => self.udp.iter().map(|flow| flow.local).collect(),
            Carrier::Tcp => self.tcp.iter().copied().chain(self.udp.iter().map(|flow| flow.local)).collect(),
        };
        let served = |address: &SocketAddr| own.iter().any(|ours| same_family(ours.ip(), address.ip()));
        if port.is_none() {
            // Without a port the name may have SRV records (RFC 3263 section 4.2).
            let target = rsipstack::transport::SipAddr {
                r#type: Some(carrier.transport()),
                addr: rsipstack::sip::Domain::from(host).into(),
            };
            let found = self.endpoint.transport_layer.inner.domain_resolver.resolve(&target);
            if let Ok(Ok(found)) = tokio::time::timeout(Duration::from_secs(5), found).await
                && let Ok(address) = found.get_socketaddr()
                && served(&address)
            {
                return Ok(address);
            }
        }
        let found = tokio::net::lookup_host((host, port.unwrap_or(5060))).await.map_err(|_| Unreachable::Name)?;
        let found: Vec<SocketAddr> = found.collect();
        found.iter().find(|a| served(a)).or(found.first()).copied().ok_or(Unreachable::Name)
    }

    /// The flow of the next request within a dialog.
    pub(super) async fn flow_within(self: &Arc<Self>, dialog: &Dialog) -> Flow {
        let flow = &dialog.flow;
        if flow.carrier == Carrier::Tcp && flow.is_open() {
            return flow.clone();
        }
        match self.flow_to(&dialog.next_hop(), flow.carrier).await {
            // A Contact with another address than the peer's source is behind a NAT: the flow of the dialog is used.
            Ok(found) if !dialog.is_routed() && found.remote.ip() != flow.remote.ip() => flow.clone(),
            Ok(found) => found,
            Err(_) => flow.clone(),
        }
    }
}

//! Locates a peer (RFC 3263): its addresses, and the socket or stream that reaches them.
use super::core::{Core, lock};
use super::dialog::Dialog;
use super::flow::{Flow, SipTransport};
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
    pub(super) async fn flow_to(self: &Arc<Self>, uri: &Uri, transport: SipTransport) -> Result<Flow, Unreachable> {
        let asked = uri.params.iter().find_map(|param| match param {
            Param::Transport(asked) => Some(*asked),
            _ => None,
        });
        let transport = match asked {
            None => transport,
            Some(Transport::Udp) => SipTransport::Udp,
            Some(Transport::Tcp) => SipTransport::Tcp,
            Some(_) => return Err(Unreachable::Transport),
        };
        let port = uri.host_with_port.port.map(|port| port.0);
        let remote = match &uri.host_with_port.host {
            Host::IpAddr(ip) => SocketAddr::new(*ip, port.unwrap_or(5060)),
            Host::Domain(name) => self.resolve(&name.0, port, transport).await?,
        };
        self.flow_at(remote, transport).await
    }

    pub(super) async fn flow_at(
        self: &Arc<Self>,
        remote: SocketAddr,
        transport: SipTransport,
    ) -> Result<Flow, Unreachable> {
        lock(&self.admission).expect_answers(Instant::now(), remote.ip());
        match transport {
            SipTransport::Udp => {
                let flow = self.udp.iter().find(|flow| same_family(flow.local.ip(), remote.ip()));
                flow.cloned().map(|flow| Flow { remote, ..flow }).ok_or(Unreachable::Transport)
            }
            SipTransport::Tcp => socket::dial(self, remote, socket::Opener::Us).await.map_err(|_| Unreachable::Connect),
        }
    }

    async fn resolve(&self, host: &str, port: Option<u16>, transport: SipTransport) -> Result<SocketAddr, Unreachable> {
        // Addresses of an IP family that we have a socket of come first, otherwise in the order of the answer.
        let own: Vec<SocketAddr> = match transport {
            SipTransport::Udp => self.udp.iter().map(|flow| flow.local).collect(),
            SipTransport::Tcp => self.tcp.iter().copied().chain(self.udp.iter().map(|flow| flow.local)).collect(),
        };
        let served = |address: &SocketAddr| own.iter().any(|ours| same_family(ours.ip(), address.ip()));
        if port.is_none() {
            // Without a port the name may have SRV records (RFC 3263 section 4.2).
            let target = rsipstack::transport::SipAddr {
                r#type: Some(transport.to_stack()),
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
        if flow.transport == SipTransport::Tcp && flow.is_open() {
            return flow.clone();
        }
        match self.flow_to(&dialog.next_hop(), flow.transport).await {
            // A Contact with another address than the peer's source is behind a NAT: the flow of the dialog is used.
            Ok(found) if !dialog.is_routed() && found.remote.ip() != flow.remote.ip() => flow.clone(),
            Ok(found) => found,
            Err(_) => flow.clone(),
        }
    }
}

//! `Sockets`: the bound sockets of both transports, before and as they are served.
use super::core::Core;
use super::flow::Flow;
use super::plan::SipPlan;
use super::{Fault, socket};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::{TcpListener, UdpSocket};

pub(super) struct Sockets {
    datagram: Vec<(Arc<UdpSocket>, Flow)>,
    listening: Vec<TcpListener>,
}

impl Sockets {
    /// Binds what the plan names: one socket at least.
    pub(super) async fn bind(plan: &SipPlan) -> Result<Self, Fault> {
        let (mut datagram, mut listening) = (Vec::new(), Vec::new());
        for at in &plan.udp {
            let bound = socket::bind_udp(*at, &plan.advertise).await;
            datagram.push(bound.map_err(|why| Fault::Bind("UDP", why, *at))?);
        }
        for at in &plan.tcp {
            listening.push(socket::bind_tcp(*at).map_err(|why| Fault::Bind("TCP", why, *at))?);
        }
        if datagram.is_empty() && listening.is_empty() {
            Err(Fault::NoSocket)
        } else {
            Ok(Self { datagram, listening })
        }
    }

    pub(super) fn udp(&self) -> Vec<Flow> {
        self.datagram.iter().map(|(_, flow)| flow.clone()).collect()
    }

    /// Where connections are accepted.
    pub(super) fn tcp(&self) -> Vec<SocketAddr> {
        self.listening.iter().filter_map(|listener| listener.local_addr().ok()).collect()
    }

    /// Serves each in a task of its own, until [`Core::stop`].
    pub(super) fn serve(self, core: &Arc<Core>) {
        for (socket, flow) in self.datagram {
            tokio::spawn(socket::serve_udp(core.clone(), socket, flow));
        }
        for listener in self.listening {
            tokio::spawn(socket::listen_tcp(core.clone(), listener));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_plan_without_sockets_and_an_address_in_use_are_refused() {
        let none = SipPlan { udp: vec![], tcp: vec![], ..SipPlan::default() };
        assert!(matches!(Sockets::bind(&none).await, Err(Fault::NoSocket)));
        let any: Vec<SocketAddr> = vec![([127, 0, 0, 1], 0).into()];
        let plan = SipPlan { udp: any.clone(), tcp: any, ..SipPlan::default() };
        let sockets = Sockets::bind(&plan).await.expect("bound");
        assert_eq!((sockets.udp().len(), sockets.tcp().len()), (1, 1));
        let taken = sockets.udp()[0].local;
        let again = SipPlan { udp: vec![taken], tcp: vec![], ..SipPlan::default() };
        assert!(matches!(Sockets::bind(&again).await, Err(Fault::Bind("UDP", _, at)) if at == taken));
    }
}

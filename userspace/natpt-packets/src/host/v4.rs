// SPDX-License-Identifier: GPL-2.0
//! IPv4 packets on their way to IPv6.

use std::net::Ipv6Addr;

use natpt_core::xlate::{
    checksum::{pseudo_v6, Sum},
    ext::{self, Fragment},
    header::{self, Payload},
    icmp, ipv4, ipv6,
    l4::{self, Ports},
    mtu::{self, Fit},
    tuple::Tuple4,
    Reason,
};

use super::{
    target::Target,
    v6::{rewrite_echo, rewrite_ports},
    Host, Outcome,
};

impl Host {
    pub(super) fn packet4(&mut self, packet: &[u8]) -> Result<Outcome, Outcome> {
        let header = ipv4::Header::parse(packet).map_err(|_| Outcome::Silent)?;
        let end = usize::from(header.total_len);
        let packet = packet.get(..end).ok_or(Outcome::Silent)?;
        let for_pool = self.config.rules.iter().any(|it| it.pool == header.daddr);
        match for_pool {
            false if self.config.is_stateless() => return self.stateless4(&header, packet),
            false => return Err(Outcome::Untouched),
            true if header.is_fragment() => return Err(Outcome::Kernel),
            true => {}
        }
        let at = usize::from(header.header_len);
        let header_len = l4::header_len(header.protocol).filter(|_| header.protocol != l4::ICMPV6);
        let header_len = header_len.ok_or(Reason::UnknownProtocol)?;
        let transport = packet.get(at..).unwrap_or_default();
        if transport.len() < header_len {
            return Err(Reason::Truncated.into());
        }
        if header.protocol == l4::ICMP && icmp::is_error4(transport[0]) {
            return self.error_to_v6(&header, transport);
        }
        let ports = Ports::read(header.protocol, transport)?;
        let tuple = Tuple4 {
            saddr: header.daddr,
            daddr: header.saddr,
            sport: ports.dport,
            dport: ports.sport,
        };
        let protocol = header.protocol;
        let session = match self.state.find4(protocol, &tuple) {
            Some(session) => session,
            None => self
                .state
                .open4(&self.config, protocol, &tuple, transport)?,
        };
        ext::check_options(packet, &header)?;
        self.rewrite6(&header, transport, &Target::of_session6(&session))
    }

    /// The IPv6 packet, if it fits the link.
    pub(super) fn rewrite6(
        &self,
        header: &ipv4::Header,
        transport: &[u8],
        target: &Target<Ipv6Addr>,
    ) -> Result<Outcome, Outcome> {
        let protocol = header.protocol;
        let touched = match header.frag_off {
            0 => l4::touched(protocol),
            _ => 0,
        };
        if transport.len() < touched {
            return Err(Reason::Truncated.into());
        }
        let fragment = Fragment::of_v4(header);
        let payload = Payload {
            protocol,
            len: transport.len() as u32,
            fragment,
            segment: None,
        };
        let (saddr, daddr) = (target.saddr, target.daddr);
        let class = self.traffic_class();
        let new = header::to_v6(header, saddr, daddr, &payload, target.hop, class)?;
        let len = ipv6::LEN as u32 + u32::from(new.payload_len);
        let df = header.df || target.back;
        let lowest = self.config.value("lowest-ipv6-mtu").unwrap_or(mtu::MIN_V6);
        let fit = mtu::fit_v6(len, df, fragment.is_some(), self.mtu.six, lowest);
        if let Fit::TooBig(_) = fit {
            return Err(Outcome::Dropped("packet-too-big"));
        }
        let mut out = new.emit().to_vec();
        if let Some(fragment) = fragment {
            out.extend(fragment.emit(l4::protocol_to_v6(protocol)));
        }
        let at = out.len();
        out.extend(transport);
        let transport = &mut out[at..];
        match protocol {
            _ if touched == 0 => {}
            l4::ICMP => {
                let from = icmp::Echo::read(transport)?;
                let to = icmp::Echo {
                    kind: icmp::echo_to_v6(from.kind)?,
                    id: target.ports.map_or(from.id, |ports| ports.1),
                };
                let delta = icmp::echo_delta(saddr, daddr, payload.len, to, from).inverse();
                rewrite_echo(transport, to, delta);
            }
            protocol => {
                let absent = protocol == l4::UDP && l4::check_udp6(transport).is_err();
                let len = match absent {
                    true => l4::udp_len(transport, payload.len)?,
                    false => 0,
                };
                rewrite_ports(transport, protocol, target.ports, target.delta);
                if absent {
                    transport[6..8].fill(0);
                    let pseudo = pseudo_v6(saddr, daddr, l4::UDP, len);
                    let check = pseudo.then(Sum::of(&transport[..len as usize])).check_udp();
                    transport[6..8].copy_from_slice(&check.to_be_bytes());
                }
            }
        }
        match fit {
            Fit::Fragments(_) => Err(Outcome::Kernel),
            _ => Ok(Outcome::Out(out)),
        }
    }

    /// The traffic class that replaces the type of service.
    pub(super) fn traffic_class(&self) -> Option<u8> {
        self.config.is_on("zero-traffic-class").then_some(0)
    }
}

// SPDX-License-Identifier: GPL-2.0
//! IPv4 packets on their way to IPv6.

use natpt_core::xlate::{
    checksum::{pseudo_v6, Delta, Sum},
    ext,
    header::{self, Hop, Payload},
    icmp, ipv4, ipv6,
    l4::{self, Ports},
    mtu::{self, Fit},
    tuple::Tuple4,
    Reason,
};

use super::{
    v6::{rewrite_echo, rewrite_ports},
    Host, Outcome,
};

impl Host {
    pub(super) fn packet4(&mut self, packet: &[u8]) -> Result<Outcome, Outcome> {
        let header = ipv4::Header::parse(packet).map_err(|_| Outcome::Silent)?;
        let end = usize::from(header.total_len);
        let packet = packet.get(..end).ok_or(Outcome::Silent)?;
        if !self
            .config
            .rules
            .iter()
            .any(|rule| rule.pool == header.daddr)
        {
            return Err(Outcome::Untouched);
        }
        if header.is_fragment() {
            return Err(Outcome::Kernel);
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

        let payload = Payload {
            protocol,
            len: transport.len() as u32,
            fragment: None,
            segment: None,
        };
        let (saddr, daddr) = (session.v6.daddr, session.v6.saddr);
        let class = self.traffic_class();
        let new = header::to_v6(&header, saddr, daddr, &payload, Hop::Count, class)?;
        let len = ipv6::LEN as u32 + payload.len;
        let lowest = self.config.value("lowest-ipv6-mtu").unwrap_or(mtu::MIN_V6);
        match mtu::fit_v6(len, header.df, false, self.mtu.six, lowest) {
            Fit::Whole => {}
            Fit::Fragments(_) => return Err(Outcome::Kernel),
            Fit::TooBig(_) => return Err(Outcome::Dropped("packet-too-big")),
        }
        let mut out = [&new.emit(), transport].concat();
        let transport = &mut out[ipv6::LEN..];
        if protocol == l4::ICMP {
            let kind = transport[0];
            let from = icmp::Echo {
                kind,
                id: session.v4.sport,
            };
            let to = icmp::Echo {
                kind: icmp::echo_to_v6(kind)?,
                id: session.v6.sport,
            };
            let delta = icmp::echo_delta(saddr, daddr, payload.len, to, from).inverse();
            rewrite_echo(transport, to, delta);
            return Ok(Outcome::Out(out));
        }
        let absent = protocol == l4::UDP && transport[6..8] == [0, 0];
        let ports = (session.v6.dport, session.v6.sport);
        let delta = Delta::of(session.v4.sum(), session.v6.sum());
        rewrite_ports(transport, protocol, ports, delta);
        if absent {
            transport[6..8].fill(0);
            let pseudo = pseudo_v6(saddr, daddr, l4::UDP, payload.len);
            let check = pseudo.then(Sum::of(transport)).check_udp();
            transport[6..8].copy_from_slice(&check.to_be_bytes());
        }
        Ok(Outcome::Out(out))
    }

    /// The traffic class that replaces the type of service.
    pub(super) fn traffic_class(&self) -> Option<u8> {
        self.config.is_on("zero-traffic-class").then_some(0)
    }
}

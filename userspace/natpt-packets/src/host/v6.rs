// SPDX-License-Identifier: GPL-2.0
//! IPv6 packets on their way to IPv4.

use std::net::Ipv4Addr;

use natpt_core::xlate::{
    checksum::Delta,
    ext::{walk, Walk},
    header::{self, Payload},
    icmp, ipv4, ipv6,
    l4::{self, Ports},
    mtu::{self, Fit},
    tuple::Tuple6,
    Reason,
};

use super::{target::Target, Host, Outcome};

/// The identification of packets that have none of their own.
pub const ID: u16 = 0x4242;

impl Host {
    pub(super) fn packet6(&mut self, packet: &[u8]) -> Result<Outcome, Outcome> {
        let header = ipv6::Header::parse(packet).map_err(|_| Outcome::Silent)?;
        let end = ipv6::LEN + usize::from(header.payload_len);
        let packet = packet.get(..end).ok_or(Outcome::Silent)?;
        // The stack refuses these at once.
        if header.saddr.is_multicast() || header.saddr.is_loopback() {
            return Err(Outcome::Silent);
        }
        let mapping = self.config.addresses().mapping6(header.daddr);
        if self.config.prefix_of(header.daddr).is_none() && mapping.is_none() {
            return Err(Outcome::Untouched);
        }
        let walk = walk(packet)?;
        if self.config.is_stateless() {
            if let Some(outcome) = self.stateless6(&header, &walk, packet)? {
                return Ok(outcome);
            }
        }
        if walk.fragment.is_some_and(|it| it.offset != 0 || it.more) {
            return Err(Outcome::Kernel);
        }
        let at = usize::from(walk.l4_offset);
        let header_len = l4::header_len(walk.protocol).filter(|_| walk.protocol != l4::ICMP);
        let header_len = header_len.ok_or(Reason::UnknownProtocol)?;
        let transport = packet.get(at..).unwrap_or_default();
        if transport.len() < header_len {
            return Err(Reason::Truncated.into());
        }
        if walk.protocol == l4::ICMPV6 && icmp::is_error6(transport[0]) {
            return self.error_to_v4(&header, transport);
        }
        let ports = Ports::read(walk.protocol, transport)?;
        let tuple = Tuple6 {
            saddr: header.saddr,
            daddr: header.daddr,
            sport: ports.sport,
            dport: ports.dport,
        };
        let protocol = l4::protocol_to_v4(walk.protocol);
        let session = match self.state.find6(protocol, &tuple) {
            Some(session) => session,
            None => self
                .state
                .open6(&self.config, protocol, &tuple, transport)?,
        };
        self.rewrite4(&header, &walk, transport, &Target::of_session4(&session))
    }

    /// The IPv4 packet, if it fits the link.
    pub(super) fn rewrite4(
        &self,
        header: &ipv6::Header,
        walk: &Walk,
        transport: &[u8],
        target: &Target<Ipv4Addr>,
    ) -> Result<Outcome, Outcome> {
        touched(walk, transport)?;
        let new = self.header4(header, walk, transport, target)?;
        let fit = mtu::fit_v4(new.total_len.into(), new.df, self.mtu.four);
        if let Fit::TooBig(_) = fit {
            return Err(Outcome::Dropped("packet-too-big"));
        }
        let packet = self.turn4(header, walk, transport, target)?;
        match fit {
            Fit::Fragments(_) => Err(Outcome::Kernel),
            _ => Ok(Outcome::Out(packet)),
        }
    }

    fn header4(
        &self,
        header: &ipv6::Header,
        walk: &Walk,
        transport: &[u8],
        target: &Target<Ipv4Addr>,
    ) -> Result<ipv4::Header, Reason> {
        let payload = Payload {
            protocol: walk.protocol,
            len: transport.len() as u32,
            fragment: walk.fragment,
            segment: None,
        };
        let (saddr, daddr) = (target.saddr, target.daddr);
        header::to_v4(header, saddr, daddr, &payload, ID, target.hop, self.tos())
    }

    /// The IPv4 packet, whatever its size.
    pub(super) fn turn4(
        &self,
        header: &ipv6::Header,
        walk: &Walk,
        transport: &[u8],
        target: &Target<Ipv4Addr>,
    ) -> Result<Vec<u8>, Outcome> {
        let touched = touched(walk, transport)?;
        let new = self.header4(header, walk, transport, target)?;
        let len = transport.len() as u32;
        let mut out = [&new.emit(), transport].concat();
        let transport = &mut out[ipv4::LEN..];
        match walk.protocol {
            _ if touched == 0 => {}
            l4::ICMPV6 => {
                let from = icmp::Echo::read(transport)?;
                let to = icmp::Echo {
                    kind: icmp::echo_to_v4(from.kind)?,
                    id: target.ports.map_or(from.id, |ports| ports.0),
                };
                let delta = icmp::echo_delta(header.saddr, header.daddr, len, from, to);
                rewrite_echo(transport, to, delta);
            }
            protocol => {
                let bare = protocol == l4::UDP && l4::check_udp6(transport).is_err();
                if bare && !self.config.is_on("udp6-zero-checksum") {
                    return Err(Reason::UdpChecksumZero.into());
                }
                rewrite_ports(transport, protocol, target.ports, target.delta);
                if bare {
                    transport[6..8].fill(0);
                }
            }
        }
        Ok(out)
    }

    /// The type of service that replaces the traffic class.
    pub(super) fn tos(&self) -> Option<u8> {
        let config = &self.config;
        let tos = config.value("tos").unwrap_or(0) as u8;
        config.is_on("ignore-traffic-class").then_some(tos)
    }
}

/// Octets of the transport header that translation changes; all of them must be there.
fn touched(walk: &Walk, transport: &[u8]) -> Result<usize, Reason> {
    let later = walk.fragment.is_some_and(|it| it.offset != 0);
    let touched = if later { 0 } else { l4::touched(walk.protocol) };
    match transport.len() < touched {
        true => Err(Reason::Truncated),
        false => Ok(touched),
    }
}

pub(super) fn rewrite_echo(transport: &mut [u8], to: icmp::Echo, delta: Delta) {
    transport[0] = to.kind;
    transport[4..6].copy_from_slice(&to.id.to_be_bytes());
    let check = u16::from_be_bytes([transport[2], transport[3]]);
    transport[2..4].copy_from_slice(&delta.apply(check).to_be_bytes());
}

pub(super) fn rewrite_ports(
    transport: &mut [u8],
    protocol: u8,
    ports: Option<(u16, u16)>,
    delta: Delta,
) {
    if let Some((sport, dport)) = ports {
        transport[0..2].copy_from_slice(&sport.to_be_bytes());
        transport[2..4].copy_from_slice(&dport.to_be_bytes());
    }
    let Some(at) = l4::check_offset(protocol) else {
        return;
    };
    let check = u16::from_be_bytes([transport[at], transport[at + 1]]);
    let check = match protocol {
        l4::TCP => delta.apply(check),
        _ => delta.apply_udp(check),
    };
    transport[at..at + 2].copy_from_slice(&check.to_be_bytes());
}

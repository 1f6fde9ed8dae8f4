// SPDX-License-Identifier: GPL-2.0
//! Packets of stateless rules: each is translated for itself, fragments too.

use natpt_core::xlate::{
    addr,
    eam::Ends,
    ext::{self, Fragment, Walk},
    icmp, ipv4, ipv6, l4, Reason,
};

use super::{target::Target, Host, Outcome};

impl Host {
    /// An IPv6 packet, if stateless rules are for it.
    pub(super) fn stateless6(
        &self,
        header: &ipv6::Header,
        walk: &Walk,
        packet: &[u8],
    ) -> Result<Option<Outcome>, Outcome> {
        let addresses = self.config.addresses();
        let transport = &packet[usize::from(walk.l4_offset)..];
        let first = walk.fragment.is_none_or(|it| it.offset == 0);
        let kind = transport.first();
        if first && walk.protocol == l4::ICMPV6 && kind.is_some_and(|it| icmp::is_error6(*it)) {
            return Ok(None);
        }
        let (saddr, daddr) = (header.saddr, header.daddr);
        let ends = Ends { saddr, daddr };
        let Some(pair) = addresses.claim6(ends) else {
            let prefix = self.config.prefix_of(daddr);
            let for_others = prefix.is_none() || addresses.is_done(ends);
            return Ok(for_others.then_some(Outcome::Untouched));
        };
        if addr::illegal_source6(saddr) {
            return Err(Reason::MartianSource.into());
        }
        let pair = pair?;
        if walk.protocol == l4::ICMP {
            return Err(Reason::UnknownProtocol.into());
        }
        if let Some(fragment) = walk.fragment.filter(|it| it.offset != 0 || it.more) {
            if walk.protocol == l4::ICMPV6 {
                return Err(Outcome::Kernel);
            }
            ext::check_fragment(walk.protocol, fragment, transport.len())?;
        }
        let target = Target::of_pair4(&pair);
        let back = addresses.claim4(pair.v4);
        match back.filter(|_| addresses.is_hairpin(pair.v4.daddr)) {
            None => self.rewrite4(header, walk, transport, &target).map(Some),
            Some(back) => {
                let packet = self.turn4(header, walk, transport, &target)?;
                let target = Target::of_pair6(&back?, true);
                let header = ipv4::Header::read(&packet)?;
                match self.rewrite6(&header, &packet[ipv4::LEN..], &target)? {
                    Outcome::Out(packet) => Ok(Some(Outcome::Turned(packet))),
                    outcome => Ok(Some(outcome)),
                }
            }
        }
    }

    /// An IPv4 packet that is for no pool.
    pub(super) fn stateless4(
        &self,
        header: &ipv4::Header,
        packet: &[u8],
    ) -> Result<Outcome, Outcome> {
        let transport = packet.get(usize::from(header.header_len)..);
        let transport = transport.unwrap_or_default();
        let kind = transport.first().filter(|_| transport.len() >= icmp::LEN);
        let whole_icmp = header.protocol == l4::ICMP && !header.is_fragment();
        if whole_icmp && kind.is_some_and(|it| icmp::is_error4(*it)) {
            return self.error_to_v6(header, transport);
        }
        let (saddr, daddr) = (header.saddr, header.daddr);
        let pair = self.config.addresses().claim4(Ends { saddr, daddr });
        let pair = pair.filter(|_| !addr::is_unroutable4(daddr));
        let pair = pair.ok_or(Outcome::Untouched)??;
        if matches!(header.protocol, l4::ICMPV6 | l4::IGMP) {
            return Err(Reason::UnknownProtocol.into());
        }
        ext::check_options(packet, header)?;
        let fragment = Fragment::of_v4(header);
        if let Some(fragment) = fragment {
            if header.protocol == l4::ICMP {
                return Err(Outcome::Kernel);
            }
            ext::check_fragment(header.protocol, fragment, transport.len())?;
        }
        let sum_up = fragment.is_none() && self.config.value("udp-zero-checksum") != Some(0);
        if header.protocol == l4::UDP && header.frag_off == 0 && !sum_up {
            l4::check_udp6(transport)?;
        }
        self.rewrite6(header, transport, &Target::of_pair6(&pair, false))
    }
}

// SPDX-License-Identifier: GPL-2.0
//! ICMP errors about translated packets.

use natpt_core::xlate::{
    header::{self, Hop, Payload},
    icmp,
    icmp_error::{self, InnerCheck, Quote4, Quote6, MAX_V6},
    ipv4, ipv6, l4,
    mtu::NextHops,
    tuple::{Tuple4, Tuple6},
};

use super::{v6::ID, Host, Outcome};

impl Host {
    pub(super) fn error_to_v4(
        &self,
        header: &ipv6::Header,
        message: &[u8],
    ) -> Result<Outcome, Outcome> {
        icmp::verify6(message, header.saddr, header.daddr)?;
        let quote = Quote6::parse(message)?;
        let sent = quote.tuple;
        let tuple = Tuple6 {
            saddr: sent.daddr,
            daddr: sent.saddr,
            sport: sent.dport,
            dport: sent.sport,
        };
        let session = self.state.find6(quote.protocol(), &tuple);
        let v4 = session.ok_or(Outcome::Dropped("no-session"))?.v4;
        let prefix = self.config.prefix_of(header.saddr);
        let saddr = prefix.map_or(v4.saddr, |prefix| prefix.extract(header.saddr));
        let inner = Tuple4 {
            saddr: v4.daddr,
            daddr: v4.saddr,
            sport: v4.dport,
            dport: v4.sport,
        };
        let mut out = [0; MAX_V6];
        let len = icmp_error::error_to_v4(&quote, &inner, None, self.hops(), &mut out)?;
        let payload = whole(l4::ICMPV6, len);
        let hop = Hop::Count;
        let new = header::to_v4(header, saddr, v4.daddr, &payload, ID, hop, self.tos())?;
        Ok(Outcome::Out([&new.emit(), &out[..len]].concat()))
    }

    pub(super) fn error_to_v6(
        &self,
        header: &ipv4::Header,
        message: &[u8],
    ) -> Result<Outcome, Outcome> {
        icmp::verify4(message)?;
        let quote = Quote4::parse(message, InnerCheck::Ignore)?;
        let session = self.state.find4(quote.header.protocol, &quote.tuple);
        let v6 = session.ok_or(Outcome::Dropped("no-session"))?.v6;
        let prefix = self
            .config
            .prefix_of(v6.daddr)
            .ok_or(Outcome::Dropped("no-prefix"))?;
        prefix.check_global(header.saddr)?;
        let saddr = prefix.embed(header.saddr);
        let mut out = [0; MAX_V6];
        let hops = self.hops();
        let len = icmp_error::error_to_v6(&quote, saddr, v6.saddr, &v6, hops, &mut out)?;
        let payload = whole(l4::ICMP, len);
        let class = self.traffic_class();
        let new = header::to_v6(header, saddr, v6.saddr, &payload, Hop::Count, class)?;
        Ok(Outcome::Out([&new.emit(), &out[..len]].concat()))
    }

    fn hops(&self) -> NextHops {
        NextHops {
            v6: self.mtu.six,
            v4: self.mtu.four,
        }
    }
}

fn whole(protocol: u8, len: usize) -> Payload {
    Payload {
        protocol,
        len: len as u32,
        fragment: None,
        segment: None,
    }
}

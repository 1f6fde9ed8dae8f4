// SPDX-License-Identifier: GPL-2.0
//! ICMP errors about translated packets.

use std::net::{Ipv4Addr, Ipv6Addr};

use natpt_core::xlate::{
    addr,
    eam::{Ends, ErrorPair},
    header::{self, Hop, Payload},
    icmp,
    icmp_error::{self, InnerCheck, Quote4, Quote6, MAX_V6},
    ipv4, ipv6, l4,
    mtu::NextHops,
    Reason,
};

use super::{v6::ID, Host, Outcome};

/// Longest ICMPv4 error: it quotes a whole minimum IPv6 packet and may name its reporter.
const MAX_V4: usize = MAX_V6 + 32;

/// Source of errors about stateless packets from IPv6 routers that have no IPv4 form.
const DUMMY: Ipv4Addr = Ipv4Addr::new(192, 0, 0, 8);

impl Host {
    pub(super) fn error_to_v4(
        &self,
        header: &ipv6::Header,
        message: &[u8],
    ) -> Result<Outcome, Outcome> {
        let under_prefix = self.config.prefix_of(header.daddr).is_some();
        let quote = icmp::verify6(message, header.saddr, header.daddr)
            .and_then(|()| Quote6::parse_bare(message));
        let quote = match quote {
            Err(_) if !under_prefix => return Err(Outcome::Untouched),
            quote => quote?,
        };
        let addresses = self.config.addresses();
        let outer = Ends {
            saddr: header.saddr,
            daddr: header.daddr,
        };
        let stateless = addresses.error6(outer, quote.tuple.ends());
        let stateless = stateless.filter(|_| self.config.is_stateless());
        let (pair, inner) = match stateless {
            Some(pair) => (pair, quote.tuple.in_v4(pair.quoted)),
            None if !under_prefix => return Err(Outcome::Untouched),
            None => {
                if let Some(reason) = quote.bare {
                    return Err(reason.into());
                }
                let session = self.state.find6(quote.protocol(), &quote.tuple.turned());
                let v4 = session.ok_or(Outcome::Dropped("no-session"))?.v4.turned();
                let pair = ErrorPair {
                    saddr: addresses.v4_of(header.saddr),
                    daddr: v4.saddr,
                    quoted: v4.ends(),
                };
                (pair, v4)
            }
        };
        if addr::illegal_source6(header.saddr) {
            return Err(Reason::MartianSource.into());
        }
        if !addresses.may_report6(header.saddr, quote.tuple.ends()) {
            return Err(Reason::SourceInPrefix.into());
        }
        let source = self.config.value("error-source").filter(|it| *it != 0);
        let source = source.map(Ipv4Addr::from_bits);
        let source = source.or(stateless.map(|_| DUMMY));
        let saddr = pair.saddr.or(source).unwrap_or(inner.daddr);
        let reporter = (pair.saddr.is_none() && source.is_some()).then_some(header.saddr);
        let mut out = [0; MAX_V4];
        let len = icmp_error::error_to_v4(&quote, &inner, reporter, self.hops(), &mut out)?;
        let payload = whole(l4::ICMPV6, len);
        let hop = Hop::Count;
        let new = header::to_v4(header, saddr, pair.daddr, &payload, ID, hop, self.tos())?;
        if stateless.is_some() && addresses.is_hairpin(pair.daddr) {
            return match self.error_on_to_v6(&new, &out[..len], Hop::Keep)? {
                Outcome::Out(packet) => Ok(Outcome::Turned(packet)),
                _ => Err(Outcome::Dropped("no-route")),
            };
        }
        Ok(Outcome::Out([&new.emit(), &out[..len]].concat()))
    }

    pub(super) fn error_to_v6(
        &self,
        header: &ipv4::Header,
        message: &[u8],
    ) -> Result<Outcome, Outcome> {
        self.error_on_to_v6(header, message, Hop::Count)
    }

    fn error_on_to_v6(
        &self,
        header: &ipv4::Header,
        message: &[u8],
        hop: Hop,
    ) -> Result<Outcome, Outcome> {
        let for_pool = self.config.rules.iter().any(|it| it.pool == header.daddr);
        let not_ours = |outcome| match for_pool {
            true => outcome,
            false => Outcome::Untouched,
        };
        let quote = icmp::verify4(message)
            .and_then(|()| Quote4::parse_bare(message, InnerCheck::Ignore))
            .map_err(|reason| not_ours(reason.into()))?;
        let outer = Ends {
            saddr: header.saddr,
            daddr: header.daddr,
        };
        let addresses = self.config.addresses();
        let stateless = addresses.error4(outer, quote.tuple.ends());
        let stateless = stateless.filter(|_| self.config.is_stateless());
        let (saddr, inner) = match stateless {
            Some(_) if addr::is_unroutable4(header.daddr) => return Err(Outcome::Untouched),
            Some(pair) => {
                let pair = pair?;
                let saddr = pair.saddr.ok_or(Reason::MartianSource)?;
                (saddr, quote.tuple.in_v6(pair.quoted))
            }
            None => {
                let session = self.state.find4(quote.header.protocol, &quote.tuple);
                let session = session.filter(|_| quote.bare.is_none());
                let Some(session) = session else {
                    let cause = quote.bare.map(Outcome::from);
                    return Err(not_ours(cause.unwrap_or(Outcome::Dropped("no-session"))));
                };
                let prefix = self.config.prefix_of(session.v6.daddr);
                let prefix = prefix.ok_or(Outcome::Dropped("no-prefix"))?;
                (prefix.source(header.saddr)?, session.v6)
            }
        };
        if addr::is_unroutable4(header.saddr) {
            return Err(Reason::MartianSource.into());
        }
        let daddr: Ipv6Addr = inner.saddr;
        let mut out = [0; MAX_V6];
        let hops = self.hops();
        let len = icmp_error::error_to_v6(&quote, saddr, daddr, &inner, hops, &mut out)?;
        let payload = whole(l4::ICMP, len);
        let class = self.traffic_class();
        let new = header::to_v6(header, saddr, daddr, &payload, hop, class)?;
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

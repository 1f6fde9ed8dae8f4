// SPDX-License-Identifier: GPL-2.0
//! Addresses of stateless translation: explicit mappings (RFC 7757) beside the prefixes (RFC 6052).

use core::net::{Ipv4Addr, Ipv6Addr};

use super::{
    addr::{is_unroutable4, Prefix},
    eam::Eam,
    order::last_of,
    side::Side,
    DropReason,
};

/// Source and destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Addrs<A> {
    /// Source address.
    pub saddr: A,
    /// Destination address.
    pub daddr: A,
}

/// A packet's addresses in both families.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddrXlat {
    /// In IPv6.
    pub v6: Addrs<Ipv6Addr>,
    /// In IPv4.
    pub v4: Addrs<Ipv4Addr>,
}

/// How an error is translated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorXlat<A> {
    /// The reporter; nothing if the reporter has no address of the other family.
    pub saddr: Option<A>,
    /// The receiver.
    pub daddr: A,
    /// The quoted packet.
    pub quoted: Addrs<A>,
}

/// All that translates addresses. Mappings do not overlap each other.
#[derive(Clone, Copy, Debug)]
pub struct Addresses<'a> {
    /// Explicit mappings in the order of their IPv6 addresses.
    pub by6: &'a [Eam],
    /// All mappings in the order of their IPv4 addresses.
    pub by4: &'a [Eam],
    /// The translation prefixes; the first one is for IPv4 addresses without a mapping.
    pub prefixes: &'a [Prefix],
}

impl<'a> Addresses<'a> {
    /// The mapping that an IPv4 address is in.
    #[inline]
    pub fn eam4(&self, addr: Ipv4Addr) -> Option<&'a Eam> {
        last_of(self.by4, |it| it.order4() <= addr.to_bits()).filter(|it| it.contains4(addr))
    }

    /// The mapping that an IPv6 address is in, unless a longer prefix has it (RFC 7757 section
    /// 3.3).
    #[inline]
    pub fn eam6(&self, addr: Ipv6Addr) -> Option<&'a Eam> {
        let explicit = last_of(self.by6, |it| {
            it.order6().is_some_and(|bits| bits <= addr.to_bits())
        })
        .filter(|it| it.v4_of(addr).is_some());
        let Some(prefix) = self.prefix_of(addr) else {
            return explicit;
        };
        if let Some(mapping) = explicit.filter(|it| it.v6().1 >= prefix.len()) {
            return Some(mapping);
        }
        self.eam4(prefix.extract(addr))
            .filter(|it| it.prefix() == Some(prefix))
    }

    /// The prefix that an IPv6 address is under.
    #[inline]
    pub fn prefix_of(&self, addr: Ipv6Addr) -> Option<&'a Prefix> {
        self.prefixes.iter().find(|prefix| prefix.contains(addr))
    }

    fn is_host6(&self, addr: Ipv6Addr) -> bool {
        self.eam6(addr).is_some_and(|it| it.hosts() == Side::V6)
    }

    /// Return true if there are IPv6 hosts with mappings.
    pub fn has_hosts6(&self) -> bool {
        self.by4.iter().any(|it| it.hosts() == Side::V6)
    }

    /// Return true if packets under a prefix are to go on as they are: to a neighbour of their
    /// sender's, or made from those of an IPv4 host just now.
    pub fn already_translated(&self, v6: Addrs<Ipv6Addr>) -> bool {
        let from = self.eam6(v6.saddr);
        self.is_host6(v6.daddr) || from.is_some_and(|it| it.hosts() == Side::V4)
    }

    /// The mapping of an IPv6 host's IPv4 address.
    pub fn host6(&self, addr: Ipv4Addr) -> Option<&'a Eam> {
        self.eam4(addr).filter(|it| it.hosts() == Side::V6)
    }

    /// Return true if packets to an IPv4 address turn straight back to IPv6 (RFC 7757 section
    /// 4.2.2).
    pub fn is_hairpin(&self, addr: Ipv4Addr) -> bool {
        self.host6(addr).is_some()
    }

    fn is_host4(&self, addr: Ipv4Addr) -> bool {
        self.eam4(addr).is_some_and(|it| it.hosts() == Side::V4)
    }

    /// The IPv4 form of any address that has one.
    pub fn v4_of(&self, addr: Ipv6Addr) -> Option<Ipv4Addr> {
        match self.eam6(addr) {
            Some(mapping) => mapping.v4_of(addr),
            None => Some(self.prefix_of(addr)?.extract(addr)),
        }
    }

    /// The IPv6 form of an address under a prefix, mappings left aside.
    fn embed(&self, addr: Ipv4Addr, strict: bool) -> Result<Ipv6Addr, DropReason> {
        let prefix = self.prefixes.first().ok_or(DropReason::NotGlobal)?;
        match strict {
            true => prefix.source(addr),
            false => {
                prefix.check_global(addr)?;
                Ok(prefix.embed(addr))
            }
        }
    }

    /// The IPv6 form of the other end of a mapping's host.
    fn peer(&self, mapping: &Eam, addr: Ipv4Addr, strict: bool) -> Result<Ipv6Addr, DropReason> {
        match mapping.prefix() {
            Some(prefix) if strict => prefix.source(addr),
            Some(prefix) => Ok(prefix.embed(addr)),
            None => self.embed(addr, strict),
        }
    }

    /// Return the new form of an IPv6 packet, if it is for stateless translation and no ICMPv6
    /// error.
    pub fn claim6(&self, v6: Addrs<Ipv6Addr>) -> Option<Result<AddrXlat, DropReason>> {
        let to = self.eam6(v6.daddr);
        let from_host = self.is_host6(v6.saddr);
        match to {
            // Side of the same side find each other without us.
            Some(mapping) if mapping.hosts() == Side::V6 => None,
            Some(mapping) => {
                let daddr = mapping.v4_of(v6.daddr)?;
                let saddr = self.prefix_of(v6.saddr)?.extract(v6.saddr);
                Some(if is_unroutable4(saddr) {
                    Err(DropReason::MartianSource)
                } else {
                    Ok(AddrXlat {
                        v6,
                        v4: Addrs { saddr, daddr },
                    })
                })
            }
            None if from_host => {
                let target = self.prefix_of(v6.daddr)?.target(v6.daddr);
                let saddr = self.v4_of(v6.saddr)?;
                Some(target.map(|daddr| AddrXlat {
                    v6,
                    v4: Addrs { saddr, daddr },
                }))
            }
            None => None,
        }
    }

    /// Return the new form of an IPv4 packet, if it is for stateless translation and no ICMPv4
    /// error. A source in front of an explicit destination is not mapped, so that hairpinned
    /// packets find their way back (RFC 7757 section 4.2.1).
    pub fn claim4(&self, v4: Addrs<Ipv4Addr>) -> Option<Result<AddrXlat, DropReason>> {
        let pair = |saddr, daddr| AddrXlat {
            v4,
            v6: Addrs { saddr, daddr },
        };
        if let Some(mapping) = self.host6(v4.daddr) {
            let daddr = mapping.v6_of(v4.daddr)?;
            let source = self.peer(mapping, v4.saddr, true);
            return Some(source.map(|saddr| pair(saddr, daddr)));
        }
        let mapping = self.eam4(v4.saddr).filter(|it| it.hosts() == Side::V4)?;
        let saddr = mapping.v6_of(v4.saddr)?;
        let target = match is_unroutable4(v4.daddr) {
            true => Err(DropReason::MartianTarget),
            false => self.embed(v4.daddr, false),
        };
        Some(target.map(|daddr| pair(saddr, daddr)))
    }

    /// Return true if an ICMPv6 error may come from `reporter`: under a prefix are IPv4 hosts,
    /// which are not here, unless a mapping says so or its translator is another one (CLAT).
    pub fn may_report6(&self, reporter: Ipv6Addr, quoted: Addrs<Ipv6Addr>) -> bool {
        let Some(prefix) = self.prefix_of(reporter) else {
            return true;
        };
        let from = self.eam6(quoted.saddr);
        self.eam6(reporter).is_some()
            || from.is_some_and(|it| it.hosts() == Side::V4)
                && !is_unroutable4(prefix.extract(reporter))
    }

    /// Return the new form of an ICMPv6 error with this quoted packet, if we translated that one.
    pub fn error6(
        &self,
        error: Addrs<Ipv6Addr>,
        quoted: Addrs<Ipv6Addr>,
    ) -> Option<ErrorXlat<Ipv4Addr>> {
        let ours = match self.is_host6(quoted.daddr) {
            true => self.prefix_of(quoted.saddr).is_some(),
            false => {
                let from = self.eam6(quoted.saddr)?;
                from.hosts() == Side::V4 && self.prefix_of(quoted.daddr).is_some()
            }
        };
        let saddr = self.v4_of(quoted.saddr)?;
        let daddr = self.v4_of(quoted.daddr)?;
        if !ours || error.daddr != quoted.saddr || is_unroutable4(saddr) || is_unroutable4(daddr) {
            return None;
        }
        Some(ErrorXlat {
            saddr: self.v4_of(error.saddr),
            daddr: saddr,
            quoted: Addrs { saddr, daddr },
        })
    }

    /// Return the new form of an ICMPv4 error with this quoted packet, if we translated that one.
    /// The quoted destination is not mapped, nor is a reporter that is this very destination
    /// (RFC 7757 section 4.2.1).
    pub fn error4(
        &self,
        error: Addrs<Ipv4Addr>,
        quoted: Addrs<Ipv4Addr>,
    ) -> Option<Result<ErrorXlat<Ipv6Addr>, DropReason>> {
        if error.daddr != quoted.saddr {
            return None;
        }
        Some(match self.host6(quoted.saddr) {
            Some(mapping) => self.error_to_host6(mapping, error, quoted),
            None if self.is_host4(quoted.daddr) => self.error_from_host4(error, quoted),
            None => return None,
        })
    }

    fn error_to_host6(
        &self,
        mapping: &Eam,
        error: Addrs<Ipv4Addr>,
        quoted: Addrs<Ipv4Addr>,
    ) -> Result<ErrorXlat<Ipv6Addr>, DropReason> {
        let host = mapping
            .v6_of(quoted.saddr)
            .ok_or(DropReason::MartianTarget)?;
        let peer = self.peer(mapping, quoted.daddr, false)?;
        let saddr = match error.saddr == quoted.daddr {
            true => peer,
            false => self.reporter(error.saddr)?,
        };
        Ok(ErrorXlat {
            saddr: Some(saddr),
            daddr: host,
            quoted: Addrs {
                saddr: host,
                daddr: peer,
            },
        })
    }

    fn error_from_host4(
        &self,
        error: Addrs<Ipv4Addr>,
        quoted: Addrs<Ipv4Addr>,
    ) -> Result<ErrorXlat<Ipv6Addr>, DropReason> {
        let peer = self.embed(quoted.saddr, false)?;
        let mapping = self.eam4(quoted.daddr).ok_or(DropReason::MartianSource)?;
        let host = mapping
            .v6_of(quoted.daddr)
            .ok_or(DropReason::MartianSource)?;
        Ok(ErrorXlat {
            saddr: Some(self.reporter(error.saddr)?),
            daddr: peer,
            quoted: Addrs {
                saddr: peer,
                daddr: host,
            },
        })
    }

    /// The IPv6 form of whoever reports an ICMPv4 error.
    fn reporter(&self, addr: Ipv4Addr) -> Result<Ipv6Addr, DropReason> {
        match self.eam4(addr).and_then(|it| it.v6_of(addr)) {
            Some(saddr) => Ok(saddr),
            None => self.embed(addr, true),
        }
    }
}

// SPDX-License-Identifier: GPL-2.0
//! One `map` statement: which hosts go out under which addresses.

use core::net::Ipv6Addr;

use crate::xlate::{
    addr::{self, Range4},
    proto,
};

/// Bit of ICMP in a set of protocols, numbered as `protos` of the netlink family.
pub const ICMP: u32 = 1 << 0;
/// Bit of TCP.
pub const TCP: u32 = 1 << 1;
/// Bit of UDP.
pub const UDP: u32 = 1 << 2;

const ALL: u32 = ICMP | TCP | UDP;

/// The bit of a transport protocol, 0 for one that is not translated.
#[inline]
pub const fn proto_bit(protocol: u8) -> u32 {
    match protocol {
        proto::ICMP | proto::ICMPV6 => ICMP,
        proto::TCP => TCP,
        proto::UDP => UDP,
        _ => 0,
    }
}

/// The IPv6 hosts of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source6 {
    /// Address.
    pub addr: Ipv6Addr,
    /// Prefix length.
    pub len: u8,
}

impl Source6 {
    /// Every host: `any6`.
    pub const ANY: Source6 = Source6 {
        addr: Ipv6Addr::UNSPECIFIED,
        len: 0,
    };

    /// Return true if `addr` is one of the hosts.
    #[inline]
    pub const fn contains(&self, addr: Ipv6Addr) -> bool {
        (addr.to_bits() ^ self.addr.to_bits()) & addr::mask(self.len as u32) == 0
    }
}

/// Which packets of IPv4 hosts open sessions under a mapping (RFC 4787 section 5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Filtering {
    /// All: endpoint-independent filtering.
    #[default]
    None,
    /// Those of addresses that the host has sessions with: address-dependent filtering.
    Address,
    /// None: address and port-dependent filtering.
    Port,
}

impl Filtering {
    /// Return true if a packet that has no session is for the host, who may have others with its
    /// sender.
    #[inline]
    pub fn admits(self, knows_sender: impl FnOnce() -> bool) -> bool {
        match self {
            Filtering::None => true,
            Filtering::Address => knows_sender(),
            Filtering::Port => false,
        }
    }
}

/// Whose packets keep sessions alive that have no connection (RFC 4787 REQ-6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Refresh {
    /// Those of both sides.
    #[default]
    Both,
    /// Those of the IPv6 host only.
    Outbound,
}

/// One `map` statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// IPv6 hosts.
    pub from: Source6,
    /// IPv4 addresses of the pool.
    pub to: Range4,
    /// First and last port of each address; all that are free to use if not given.
    pub ports: Option<(u16, u16)>,
    /// Set of protocols; 0 is all of them.
    pub protos: u32,
    /// Which packets of IPv4 hosts open sessions.
    pub filter: Filtering,
    /// Whose packets keep sessions alive.
    pub refresh: Refresh,
}

/// Why a rule is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleError {
    /// Source prefix longer than an address.
    SourceLength,
    /// Source has bits beyond its prefix length.
    SourceHostBits,
    /// Pool address in 0/8.
    PoolUnspecified,
    /// Pool address in 127/8.
    PoolLoopback,
    /// Pool address in 224/4.
    PoolMulticast,
    /// Pool address in 240/4.
    PoolReserved,
    /// Last pool address before the first one.
    PoolReversed,
    /// Port 0.
    PortZero,
    /// Last port before the first one.
    PortsReversed,
    /// Unknown bit in the set of protocols.
    Protocols,
}

impl RuleError {
    /// One line for the user.
    pub const fn text(self) -> &'static str {
        match self {
            RuleError::SourceLength => "source prefix length must not be above 128",
            RuleError::SourceHostBits => "source has bits set beyond its prefix length",
            RuleError::PoolUnspecified => "pool address must not be in 0.0.0.0/8",
            RuleError::PoolLoopback => "pool address must not be a loopback address",
            RuleError::PoolMulticast => "pool address must not be a multicast address",
            RuleError::PoolReserved => "pool address must not be broadcast or in 240.0.0.0/4",
            RuleError::PoolReversed => "last pool address must not be below the first one",
            RuleError::PortZero => "port 0 cannot be used",
            RuleError::PortsReversed => "last port must not be below the first port",
            RuleError::Protocols => "unknown protocol",
        }
    }
}

impl Rule {
    /// Tells whether the rule makes sense.
    pub fn check(&self) -> Result<(), RuleError> {
        if self.from.len > 128 {
            return Err(RuleError::SourceLength);
        }
        if self.from.addr.to_bits() & !addr::mask(u32::from(self.from.len)) != 0 {
            return Err(RuleError::SourceHostBits);
        }
        let ([first, ..], [last, ..]) = (self.to.first.octets(), self.to.last.octets());
        match (first, last) {
            _ if self.to.last.to_bits() < self.to.first.to_bits() => {
                return Err(RuleError::PoolReversed)
            }
            (0, _) => return Err(RuleError::PoolUnspecified),
            (..=127, 127..) => return Err(RuleError::PoolLoopback),
            (..=239, 224..) => return Err(RuleError::PoolMulticast),
            (_, 240..) => return Err(RuleError::PoolReserved),
            _ => {}
        }
        match self.ports {
            Some((0, _) | (_, 0)) => return Err(RuleError::PortZero),
            Some((first, last)) if last < first => return Err(RuleError::PortsReversed),
            _ => {}
        }
        if self.protos & !ALL != 0 {
            return Err(RuleError::Protocols);
        }
        Ok(())
    }

    /// Return true if the rule is for packets of this host and transport protocol.
    #[inline]
    pub const fn matches(&self, saddr: Ipv6Addr, protocol: u8) -> bool {
        self.is_for(protocol) && self.from.contains(saddr)
    }

    /// Return true if the rule is for packets of this transport protocol.
    #[inline]
    pub const fn is_for(&self, protocol: u8) -> bool {
        let protos = if self.protos == 0 { ALL } else { self.protos };
        protos & proto_bit(protocol) != 0
    }
}

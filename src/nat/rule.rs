// SPDX-License-Identifier: GPL-2.0
//! One `map` statement: which hosts go out under which addresses.

use core::net::{Ipv4Addr, Ipv6Addr};

use crate::xlate::{
    addr::{self, Range4},
    l4, proto,
};

/// Bit of ICMP in a set of protocols, numbered as `protos` of the netlink family.
pub const ICMP: u32 = 1 << 0;
/// Bit of TCP.
pub const TCP: u32 = 1 << 1;
/// Bit of UDP.
pub const UDP: u32 = 1 << 2;
/// All protocols that are neither, for [`Rule::protos`].
pub const OTHER: u32 = 1 << 3;

const ALL: u32 = ICMP | TCP | UDP;

/// The bit of a transport protocol, 0 for one that is not translated.
#[inline(always)]
pub const fn proto_bit(protocol: u8) -> u32 {
    match protocol {
        proto::ICMP | proto::ICMPV6 => ICMP,
        proto::TCP => TCP,
        proto::UDP => UDP,
        _ if l4::is_other(protocol) => OTHER,
        _ => 0,
    }
}

/// The IPv6 hosts of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
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
        self.len == 0 || (addr.to_bits() ^ self.addr.to_bits()) & addr::mask(self.len as u32) == 0
    }
}

/// Which packets of IPv4 hosts open sessions under a mapping (RFC 4787 section 5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd)]
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd)]
pub enum Refresh {
    /// Those of both sides.
    #[default]
    Both,
    /// Those of the IPv6 host only.
    Outbound,
}

/// Into what the ports of a rule's addresses are parted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
pub struct Blocks {
    /// How many ports each host has of every protocol.
    pub size: u16,
    /// Length of the hosts' prefixes: those with one address each have 128.
    pub host_len: u8,
}

/// What a static mapping has: its hosts and its IPv4 addresses stand for each other, one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
pub struct Fixed {
    /// The port of the host that stands for the rule's first one; those behind it for the next ones.
    pub port6: u16,
    /// IPv4 hosts that may open sessions.
    pub peers: Range4,
}

/// One `map` statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
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
    /// It is a static mapping.
    pub fixed: Option<Fixed>,
    /// Each host has ports of its own, which are known beforehand.
    pub blocks: Option<Blocks>,
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
    /// Not as many hosts as IPv4 addresses.
    StaticCount,
    /// Ports of several hosts.
    StaticPorts,
    /// Ports of ICMP, or of other protocols.
    StaticProtocols,
    /// Ports of the host beyond 65535, or 0.
    StaticPort6,
    /// Hosts that no packet may come from.
    StaticHosts,
    /// Blocks that no address has room for, or of no ports.
    BlockPorts,
    /// Prefixes of hosts that are shorter than the rule's, or longer than an address.
    BlockHosts,
    /// More hosts than blocks.
    BlockRoom,
    /// Blocks of a static mapping.
    BlockStatic,
    /// Blocks of protocols whose ports stay as they are.
    BlockProtocols,
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
            RuleError::StaticCount => "a static mapping has as many IPv4 addresses as IPv6 hosts",
            RuleError::StaticPorts => "only a static mapping of one host has ports of its own",
            RuleError::StaticProtocols => "ports are of TCP and UDP: give the protocols",
            RuleError::StaticPort6 => "ports of the IPv6 host are 1 to 65535",
            RuleError::StaticHosts => "no packet may come from such IPv6 addresses",
            RuleError::BlockPorts => "a block has 1 port or more, and no more than an address has",
            RuleError::BlockHosts => {
                "hosts' prefixes are no shorter than the source, nor above 128"
            }
            RuleError::BlockRoom => "there are more hosts than blocks of ports",
            RuleError::BlockStatic => "a static mapping has no blocks",
            RuleError::BlockProtocols => "other protocols keep their ports: they have no blocks",
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
        if self.protos & !(ALL | OTHER) != 0 {
            return Err(RuleError::Protocols);
        }
        match (self.fixed, self.blocks) {
            (Some(_), Some(_)) => Err(RuleError::BlockStatic),
            (Some(fixed), None) => self.check_fixed(&fixed),
            (None, Some(blocks)) => self.check_blocks(&blocks),
            (None, None) => Ok(()),
        }
    }

    fn check_fixed(&self, fixed: &Fixed) -> Result<(), RuleError> {
        let rest = !addr::mask(self.from.len.into());
        let first = self.to.first.to_bits();
        if u128::from(self.to.count()) != rest.saturating_add(1) || u128::from(first) & rest != 0 {
            return Err(RuleError::StaticCount);
        }
        if addr::illegal_source6(self.from.addr) {
            return Err(RuleError::StaticHosts);
        }
        let Some((first, last)) = self.ports else {
            return Ok(());
        };
        if rest != 0 {
            return Err(RuleError::StaticPorts);
        }
        if self.protos() & !(TCP | UDP) != 0 {
            return Err(RuleError::StaticProtocols);
        }
        let last6 = fixed.port6.checked_add(last.saturating_sub(first));
        if fixed.port6 == 0 || last6.is_none() {
            return Err(RuleError::StaticPort6);
        }
        Ok(())
    }

    /// First and last IPv4 address and port of a static mapping.
    pub fn static4(&self) -> ((u32, u16), (u32, u16)) {
        let (first, last) = self.ports.unwrap_or((0, u16::MAX));
        (
            (self.to.first.to_bits(), first),
            (self.to.last.to_bits(), last),
        )
    }

    /// First and last IPv6 address and port of a static mapping.
    pub fn static6(&self) -> ((u128, u16), (u128, u16)) {
        let (first, last) = match (self.fixed, self.ports) {
            (Some(fixed), Some((first, last))) => {
                let count = last.saturating_sub(first);
                (fixed.port6, fixed.port6.saturating_add(count))
            }
            _ => (0, u16::MAX),
        };
        let (addr, rest) = (self.from.addr.to_bits(), !addr::mask(self.from.len.into()));
        ((addr, first), (addr | rest, last))
    }

    /// The IPv4 address and port that stand for a host's port, if this is a static mapping that has it.
    #[inline(always)]
    pub fn fixed4(&self, host: (Ipv6Addr, u16)) -> Option<(Ipv4Addr, u16)> {
        self.fixed.and_then(|_| self.static4_of(host))
    }

    #[cold]
    fn static4_of(&self, (addr, port): (Ipv6Addr, u16)) -> Option<(Ipv4Addr, u16)> {
        let (first, last) = self.static6();
        let number = addr.to_bits().checked_sub(first.0)? as u32;
        let offset = port.checked_sub(first.1)?;
        let addr4 = self.to.first.to_bits().checked_add(number)?;
        let port4 = self.static4().0 .1.checked_add(offset)?;
        let is_its = addr.to_bits() <= last.0 && port <= last.1;
        is_its.then_some((Ipv4Addr::from_bits(addr4), port4))
    }

    /// The host and port that an IPv4 address and port stand for, if this is a static mapping that has
    /// them.
    pub fn fixed6(&self, (addr, port): (Ipv4Addr, u16)) -> Option<(Ipv6Addr, u16)> {
        self.fixed?;
        let (first, last) = self.static4();
        let number = addr.to_bits().checked_sub(first.0)?;
        let offset = port.checked_sub(first.1)?;
        let addr6 = self.from.addr.to_bits().checked_add(number.into())?;
        let port6 = self.static6().0 .1.checked_add(offset)?;
        let is_its = addr.to_bits() <= last.0 && port <= last.1;
        is_its.then_some((Ipv6Addr::from_bits(addr6), port6))
    }

    /// Return true if the rule is for packets of this host and transport protocol.
    #[inline(always)]
    pub const fn matches(&self, saddr: Ipv6Addr, protocol: u8) -> bool {
        self.is_for(protocol) && self.from.contains(saddr)
    }

    /// Return true if the rule is for packets of this transport protocol.
    #[inline(always)]
    pub const fn is_for(&self, protocol: u8) -> bool {
        self.protos() & proto_bit(protocol) != 0
    }

    /// The set of transport protocols that the rule is for.
    #[inline(always)]
    pub const fn protos(&self) -> u32 {
        if self.protos == 0 {
            ALL
        } else {
            self.protos
        }
    }
}

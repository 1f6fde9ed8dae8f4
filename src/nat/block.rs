// SPDX-License-Identifier: GPL-2.0
//! Deterministic mapping (RFC 7422): a host's ports follow from its address, and the host from a port,
//! by the rule alone.

use core::net::{Ipv4Addr, Ipv6Addr};

use super::rule::{Blocks, Rule, RuleError, Source6, OTHER};
use crate::xlate::addr;

/// The ports of one host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// The host: an address or a prefix.
    pub host: Source6,
    /// IPv4 address.
    pub addr: Ipv4Addr,
    /// First and last port.
    pub ports: (u16, u16),
}

impl Blocks {
    /// Ports that are parted if a rule names none: system ports belong to no host (RFC 7422 section 2).
    pub const PORTS: (u16, u16) = (1024, 65535);

    /// Blocks of so many ports for the hosts under a network; their prefixes have 64 bits if nothing
    /// is said, or are single addresses where the network is smaller.
    pub fn new(size: u16, host_len: Option<u8>, network: &Source6) -> Self {
        let usual = if network.len > 64 { 128 } else { 64 };
        Self {
            size,
            host_len: host_len.unwrap_or(usual),
        }
    }

    /// How many blocks an address has of these ports.
    pub const fn each(&self, (first, last): (u16, u16)) -> u32 {
        let ports = (last as u32).wrapping_sub(first as u32).wrapping_add(1);
        match ports.checked_div(self.size as u32) {
            Some(blocks) => blocks,
            None => 0,
        }
    }
}

impl Rule {
    /// One of the two has blocks of ports, of which the other has some: whose they are would not be
    /// known.
    pub fn blurs(&self, other: &Rule) -> bool {
        let ports = |rule: &Rule| rule.ports.unwrap_or((1, u16::MAX));
        let ((first, last), (first2, last2)) = (ports(self), ports(other));
        (self.blocks.is_some() || other.blocks.is_some())
            && self != other
            && self.to.overlaps(&other.to)
            && self.protos() & other.protos() != 0
            && first <= last2
            && first2 <= last
    }

    /// Tells whether there is a block for each host.
    pub(super) fn check_blocks(&self, blocks: &Blocks) -> Result<(), RuleError> {
        if self.protos & OTHER != 0 {
            return Err(RuleError::BlockProtocols);
        }
        let Some(ports) = self.ports else {
            return Err(RuleError::BlockPorts);
        };
        let each = blocks.each(ports);
        if each == 0 {
            return Err(RuleError::BlockPorts);
        }
        let Some(bits) = blocks.host_len.checked_sub(self.from.len) else {
            return Err(RuleError::BlockHosts);
        };
        if blocks.host_len > 128 {
            return Err(RuleError::BlockHosts);
        }
        let hosts = 1u64.checked_shl(bits.into());
        let room = self.to.count().wrapping_mul(each.into());
        match hosts {
            Some(hosts) if hosts <= room => Ok(()),
            _ => Err(RuleError::BlockRoom),
        }
    }

    /// The block of a host that the rule is for; nothing if its hosts have none.
    pub fn block_of(&self, host: Ipv6Addr) -> Option<Block> {
        let blocks = self.blocks.filter(|_| self.from.contains(host))?;
        let number = (host.to_bits() & !addr::mask(self.from.len.into()))
            .checked_shr(128u32.checked_sub(blocks.host_len.into())?)
            .unwrap_or(0);
        self.block(u64::try_from(number).ok()?)
    }

    /// The block that a port of an IPv4 address is in; nothing if it is in none.
    pub fn block_with(&self, addr: Ipv4Addr, port: u16) -> Option<Block> {
        let (blocks, ports) = self.blocks.zip(self.ports)?;
        let of_addr = u32::from(port.checked_sub(ports.0)?).checked_div(blocks.size.into())?;
        let each = blocks.each(ports);
        if !self.to.contains(addr) || of_addr >= each {
            return None;
        }
        let before = addr.to_bits().checked_sub(self.to.first.to_bits())?;
        self.block(
            u64::from(before)
                .wrapping_mul(each.into())
                .wrapping_add(of_addr.into()),
        )
    }

    /// The block of the host with a number.
    fn block(&self, number: u64) -> Option<Block> {
        let (blocks, ports) = self.blocks.zip(self.ports)?;
        let each = u64::from(blocks.each(ports));
        let bits = blocks.host_len.checked_sub(self.from.len)?;
        if number.checked_shr(bits.into()).unwrap_or(0) != 0 {
            return None;
        }
        let before = u32::try_from(number.checked_div(each)?).ok()?;
        let of_addr = u16::try_from(number.checked_rem(each)?).ok()?;
        let first = ports.0.checked_add(of_addr.checked_mul(blocks.size)?)?;
        let suffix = u128::from(number)
            .checked_shl(128u32.checked_sub(blocks.host_len.into())?)
            .unwrap_or(0);
        Some(Block {
            host: Source6 {
                addr: Ipv6Addr::from_bits(self.from.addr.to_bits() | suffix),
                len: blocks.host_len,
            },
            addr: Ipv4Addr::from_bits(self.to.first.to_bits().checked_add(before)?),
            ports: (first, first.checked_add(blocks.size.checked_sub(1)?)?),
        })
    }
}

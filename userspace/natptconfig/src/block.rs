// SPDX-License-Identifier: GPL-2.0

//! The blocks of ports of deterministic rules (RFC 7422): what the kernel does with a rule, it tells
//! beforehand.

use std::net::{Ipv4Addr, Ipv6Addr};

use natpt_core::nat::block::Block;
use natpt_core::nat::rule::{Blocks, Rule as Pure, RuleError, Source6};
use natpt_core::xlate::addr::Range4;
use natpt_netlink::spec::attr::rule as attr;
use natpt_netlink::spec::Rule;

/// Whose block of ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    Host(Ipv6Addr),
    /// The host that has a port of an address.
    Port(Ipv4Addr, u16),
}

/// A deterministic rule as the kernel knows it.
fn pure(rule: &Rule) -> Option<Pure> {
    let first = rule.to?;
    let len = rule.from_length.unwrap_or(0);
    let from = rule.from.map_or(Source6::ANY, |addr| Source6 { addr, len });
    let blocks = Blocks::new(rule.block_size?, rule.block_host_length, &from);
    Some(Pure {
        from,
        to: Range4 {
            first,
            last: rule.to_last.unwrap_or(first),
        },
        ports: rule.port_min.zip(rule.port_max).or(Some(Blocks::PORTS)),
        protos: rule.protos.unwrap_or(0),
        filter: Default::default(),
        refresh: Default::default(),
        fixed: None,
        blocks: Some(blocks),
    })
}

/// Fill in what the kernel does where a rule with blocks says nothing.
pub fn fill(rule: &mut Rule) {
    if let Some(Pure {
        blocks: Some(blocks),
        ports: Some(ports),
        ..
    }) = pure(rule)
    {
        rule.block_host_length = Some(blocks.host_len);
        (rule.port_min, rule.port_max) = (Some(ports.0), Some(ports.1));
    }
}

/// Check that there is a block for each host. The attribute that is wrong, if one is, and what to do
/// about it.
pub fn check(rule: &Rule) -> Result<(), (u16, String)> {
    let Some(pure) = pure(rule) else {
        return Ok(());
    };
    let (Err(why), Some(blocks), Some(ports)) = (pure.check(), pure.blocks, pure.ports) else {
        return Ok(());
    };
    let all = u32::from(ports.1) - u32::from(ports.0) + 1;
    let room = pure.to.count() * u64::from(blocks.each(ports));
    let (hosts, from) = (blocks.host_len, pure.from.len);
    Err(match why {
        RuleError::BlockPorts => (
            attr::BLOCK_SIZE,
            format!("a block of an address has 1 to {all} ports"),
        ),
        RuleError::BlockHosts => (
            attr::BLOCK_HOST_LENGTH,
            format!("the hosts are under /{from}: give /{from} or more"),
        ),
        RuleError::BlockRoom => {
            let bits = hosts - from;
            let most = blocks.each(ports).max(1);
            let needed = 1u128.checked_shl(bits.into()).unwrap_or(u128::MAX);
            let needed = needed.div_ceil(most.into());
            let advice = match u32::try_from(needed) {
                Ok(addresses) => format!("give {addresses} addresses, or blocks of fewer ports"),
                Err(_) => format!(
                    "name the hosts' network: /{} has as many",
                    from_for(hosts, room)
                ),
            };
            let message = format!("there are 2^{bits} hosts and {room} blocks: {advice}");
            (attr::BLOCK_SIZE, message)
        }
        _ => return Ok(()),
    })
}

/// The length of a network that has no more hosts than there are blocks.
fn from_for(hosts: u8, room: u64) -> u8 {
    hosts.saturating_sub(room.checked_ilog2().unwrap_or(0) as u8)
}

/// The blocks that are meant, each with the number of its rule.
pub fn of(rules: &[Rule], whose: &Whose) -> Vec<(u32, Block)> {
    let blocks = rules.iter().filter_map(|rule| {
        let pure = pure(rule)?;
        let block = match *whose {
            Whose::Host(host) => pure.block_of(host),
            Whose::Port(addr, port) => pure.block_with(addr, port),
        };
        Some((rule.number.unwrap_or_default(), block?))
    });
    blocks.collect()
}

/// The host of a block: `2001:db8:1:7::/64`
pub fn host(block: &Block) -> String {
    match block.host.len {
        128 => block.host.addr.to_string(),
        len => format!("{}/{len}", block.host.addr),
    }
}

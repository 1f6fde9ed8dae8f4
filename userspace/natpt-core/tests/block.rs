// SPDX-License-Identifier: GPL-2.0
//! Blocks of ports (RFC 7422).

use natpt_core::nat::block::Block;
use natpt_core::nat::rule::{Blocks, Filtering, Refresh, Rule, RuleError, Source6, OTHER, TCP};
use natpt_core::xlate::addr::{mask, Range4};
use proptest::prelude::*;
use std::net::{Ipv4Addr, Ipv6Addr};

fn rule(from: (u128, u8), to: (u32, u32), ports: (u16, u16), (size, host_len): (u16, u8)) -> Rule {
    let (addr, len) = from;
    Rule {
        from: Source6 {
            addr: Ipv6Addr::from_bits(addr & mask(len.into())),
            len,
        },
        to: Range4 {
            first: Ipv4Addr::from_bits(to.0),
            last: Ipv4Addr::from_bits(to.1),
        },
        ports: Some(ports),
        protos: 0,
        filter: Filtering::None,
        refresh: Refresh::Both,
        fixed: None,
        blocks: Some(Blocks { size, host_len }),
    }
}

const NET: u128 = 0x2001_0db8_0001_0000 << 64;
const POOL: u32 = 0xc000_0200;

/// The example of RFC 7422 section 2: a subscriber's block, and whose a port is.
// req: D-161
#[test]
fn one_by_one() {
    let rule = rule((NET, 56), (POOL, POOL + 7), (1024, 65535), (2016, 64));
    assert_eq!(rule.check(), Ok(()));
    let host = |n: u128| Ipv6Addr::from_bits(NET | (n << 64) | 0xabcd);
    let expected = |n: u128, addr: u32, ports| Block {
        host: Source6 {
            addr: Ipv6Addr::from_bits(NET | (n << 64)),
            len: 64,
        },
        addr: Ipv4Addr::from_bits(POOL + addr),
        ports,
    };
    for (n, addr, ports) in [
        (0, 0, (1024, 3039)),
        (1, 0, (3040, 5055)),
        (31, 0, (63520, 65535)),
        (32, 1, (1024, 3039)),
        (255, 7, (63520, 65535)),
    ] {
        let block = expected(n, addr, ports);
        assert_eq!(rule.block_of(host(n)), Some(block), "{n}");
        for port in [ports.0, ports.0 + 1000, ports.1] {
            assert_eq!(rule.block_with(block.addr, port), Some(block), "{n} {port}");
        }
    }
    assert_eq!(rule.block_of(host(256)), None);
    assert_eq!(rule.block_with(Ipv4Addr::from_bits(POOL), 1023), None);
    assert_eq!(rule.block_with(Ipv4Addr::from_bits(POOL + 8), 1024), None);
    assert_eq!(rule.block_with(Ipv4Addr::from_bits(POOL - 1), 1024), None);
}

#[test]
fn refused() {
    let of =
        |from, to: u32, ports, blocks| rule((NET, from), (POOL, POOL + to), ports, blocks).check();
    let all = (1024, 65535);
    assert_eq!(of(56, 7, all, (2016, 64)), Ok(()));
    assert_eq!(of(56, 7, all, (2017, 64)), Err(RuleError::BlockRoom));
    assert_eq!(of(56, 6, all, (2016, 64)), Err(RuleError::BlockRoom));
    assert_eq!(of(55, 7, all, (2016, 64)), Err(RuleError::BlockRoom));
    assert_eq!(of(56, 7, all, (0, 64)), Err(RuleError::BlockPorts));
    assert_eq!(of(64, 7, (1, 9), (10, 64)), Err(RuleError::BlockPorts));
    assert_eq!(of(64, 7, (1, 9), (9, 64)), Ok(()));
    assert_eq!(of(64, 7, (1, 65535), (65535, 64)), Ok(()));
    assert_eq!(of(64, 7, all, (1, 63)), Err(RuleError::BlockHosts));
    assert_eq!(of(64, 7, all, (1, 129)), Err(RuleError::BlockHosts));
    assert_eq!(of(0, 7, all, (1, 64)), Err(RuleError::BlockRoom));
    assert_eq!(of(0, 7, all, (1, 128)), Err(RuleError::BlockRoom));
    let mut no_ports = rule((NET, 64), (POOL, POOL), all, (1, 64));
    no_ports.ports = None;
    assert_eq!(no_ports.check(), Err(RuleError::BlockPorts));
    let mut other = rule((NET, 64), (POOL, POOL), all, (1, 64));
    other.protos = TCP | OTHER;
    assert_eq!(other.check(), Err(RuleError::BlockProtocols));
}

proptest! {
    /// Blocks of different hosts have no port in common, and tell whose they are.
    #[test]
    fn apart(
        host_len in 64u8..=128, bits: u8, count in 0u32..300,
        first in 1u16..60000, more in 0u16..5000, size: u16,
        a: u128, b: u128,
    ) {
        let size = size % (more + 1) + 1;
        let room = (count + 1) * u32::from((more + 1) / size);
        let len = host_len - bits % (room.ilog2() as u8 + 1);
        let rule = rule((NET, len), (POOL, POOL + count), (first, first + more), (size, host_len));
        prop_assert_eq!(rule.check(), Ok(()));
        let host = |n: u128| Ipv6Addr::from_bits(rule.from.addr.to_bits() | n & !mask(len.into()));
        let (a, b) = (host(a), host(b));
        let (of_a, of_b) = (rule.block_of(a).unwrap(), rule.block_of(b).unwrap());
        prop_assert!(of_a.host.contains(a));
        prop_assert!(of_a.ports.0 >= first && of_a.ports.1 <= first + more);
        prop_assert_eq!(of_a.ports.1 - of_a.ports.0, size - 1);
        prop_assert!(rule.to.contains(of_a.addr));
        if of_a.host == of_b.host {
            prop_assert_eq!(of_a, of_b);
        } else if of_a.addr == of_b.addr {
            prop_assert!(of_a.ports.1 < of_b.ports.0 || of_b.ports.1 < of_a.ports.0);
        }
        for port in [of_a.ports.0, of_a.ports.1] {
            prop_assert_eq!(rule.block_with(of_a.addr, port), Some(of_a));
        }
    }

    /// Whatever is asked, of a rule that is refused, too.
    #[test]
    fn never_panics(
        addr: u128, len in 0u8..=128, to: (u32, u32), ports: (u16, u16), blocks: (u16, u8),
        host: u128, v4: u32, port: u16,
    ) {
        let rule = rule((addr, len), to, ports, blocks);
        let _ = rule.check();
        let _ = rule.block_of(Ipv6Addr::from_bits(host));
        let _ = rule.block_with(Ipv4Addr::from_bits(v4), port);
    }
}

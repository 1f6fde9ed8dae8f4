// SPDX-License-Identifier: GPL-2.0
//! Rules.

use natpt_core::{
    nat::rule::{
        proto_bit, Filtering, Fixed, Refresh, Rule, RuleError, Source6, ICMP, OTHER, TCP, UDP,
    },
    xlate::addr::Range4,
};

fn rule() -> Rule {
    Rule {
        from: Source6::ANY,
        to: Range4::one("192.0.2.1".parse().unwrap()),
        ports: None,
        protos: 0,
        filter: Filtering::None,
        refresh: Refresh::Both,
        fixed: None,
        blocks: None,
    }
}

fn source(addr: &str, len: u8) -> Source6 {
    Source6 {
        addr: addr.parse().unwrap(),
        len,
    }
}

#[test]
fn a_plain_rule_is_good() {
    assert_eq!(rule().check(), Ok(()));
    let full = Rule {
        from: source("2001:db8:6::", 48),
        ports: Some((1024, 65535)),
        protos: ICMP | TCP | UDP,
        ..rule()
    };
    assert_eq!(full.check(), Ok(()));
}

#[test]
fn pool_addresses() {
    for (addr, error) in [
        ("0.0.0.0", RuleError::PoolUnspecified),
        ("0.1.2.3", RuleError::PoolUnspecified),
        ("127.0.0.1", RuleError::PoolLoopback),
        ("224.0.0.1", RuleError::PoolMulticast),
        ("239.255.255.255", RuleError::PoolMulticast),
        ("240.0.0.1", RuleError::PoolReserved),
        ("255.255.255.255", RuleError::PoolReserved),
    ] {
        let to = range(addr, addr);
        assert_eq!(Rule { to, ..rule() }.check(), Err(error), "{addr}");
    }
}

fn range(first: &str, last: &str) -> Range4 {
    Range4 {
        first: first.parse().unwrap(),
        last: last.parse().unwrap(),
    }
}

#[test]
fn pools_of_several_addresses() {
    for (first, last, expect) in [
        ("192.0.2.0", "192.0.2.255", Ok(())),
        ("192.0.2.1", "192.0.2.0", Err(RuleError::PoolReversed)),
        ("0.255.255.255", "1.0.0.0", Err(RuleError::PoolUnspecified)),
        ("126.255.255.255", "127.0.0.0", Err(RuleError::PoolLoopback)),
        ("126.0.0.0", "128.0.0.0", Err(RuleError::PoolLoopback)),
        ("126.0.0.0", "126.255.255.255", Ok(())),
        ("128.0.0.0", "223.255.255.255", Ok(())),
        ("223.0.0.0", "224.0.0.0", Err(RuleError::PoolMulticast)),
        ("223.0.0.0", "250.0.0.0", Err(RuleError::PoolMulticast)),
        ("240.0.0.0", "250.0.0.0", Err(RuleError::PoolReserved)),
    ] {
        let to = range(first, last);
        assert_eq!(Rule { to, ..rule() }.check(), expect, "{first} - {last}");
    }
    let some = range("192.0.2.4", "192.0.2.7");
    for (first, last, both) in [
        ("192.0.2.0", "192.0.2.3", false),
        ("192.0.2.0", "192.0.2.4", true),
        ("192.0.2.5", "192.0.2.6", true),
        ("192.0.2.7", "192.0.2.9", true),
        ("192.0.2.8", "192.0.2.9", false),
    ] {
        let other = range(first, last);
        assert_eq!(some.overlaps(&other), both, "{first} - {last}");
        assert_eq!(other.overlaps(&some), both, "{first} - {last}");
        assert_eq!(
            some.contains(other.first) || some.contains(other.last),
            both
        );
    }
    assert_eq!(some.count(), 4);
    assert_eq!(range("0.0.0.0", "255.255.255.255").count(), 1 << 32);
}

#[test]
fn port_ranges() {
    for (ports, expect) in [
        ((1, 65535), Ok(())),
        ((80, 80), Ok(())),
        ((0, 80), Err(RuleError::PortZero)),
        ((80, 0), Err(RuleError::PortZero)),
        ((81, 80), Err(RuleError::PortsReversed)),
    ] {
        let ports = Some(ports);
        assert_eq!(Rule { ports, ..rule() }.check(), expect, "{ports:?}");
    }
}

#[test]
fn sources() {
    for (addr, len, expect) in [
        ("2001:db8:6::1", 128, Ok(())),
        ("2001:db8:6::", 48, Ok(())),
        ("::", 0, Ok(())),
        ("2001:db8:6::", 129, Err(RuleError::SourceLength)),
        ("2001:db8:6::1", 64, Err(RuleError::SourceHostBits)),
        ("2001:db8:6::", 0, Err(RuleError::SourceHostBits)),
        ("2001:db8:6::1", 127, Err(RuleError::SourceHostBits)),
    ] {
        let from = source(addr, len);
        assert_eq!(Rule { from, ..rule() }.check(), expect, "{addr}/{len}");
    }
}

#[test]
fn unknown_protocols() {
    let rule = Rule {
        protos: 16,
        ..rule()
    };
    assert_eq!(rule.check(), Err(RuleError::Protocols));
}

#[test]
fn matches_hosts_under_its_source() {
    let rule = Rule {
        from: source("2001:db8:6::", 48),
        ..rule()
    };
    assert!(rule.matches("2001:db8:6:ffff::1".parse().unwrap(), 6));
    assert!(!rule.matches("2001:db8:7::1".parse().unwrap(), 6));
    let single = Rule {
        from: source("2001:db8:6::1", 128),
        ..rule
    };
    assert!(single.matches("2001:db8:6::1".parse().unwrap(), 6));
    assert!(!single.matches("2001:db8:6::".parse().unwrap(), 6));
}

#[test]
fn matches_its_protocols() {
    let host = "2001:db8::1".parse().unwrap();
    for (protos, numbers) in [
        (0, &[1, 58, 6, 17][..]),
        (TCP, &[6]),
        (UDP | ICMP, &[1, 58, 17]),
        (UDP | OTHER, &[17, 33, 47, 50, 132, 136]),
    ] {
        let rule = Rule { protos, ..rule() };
        for number in [0, 1, 2, 6, 17, 33, 43, 44, 47, 50, 58, 60, 132, 136] {
            let matches = rule.matches(host, number);
            assert_eq!(matches, numbers.contains(&number), "{protos} {number}");
        }
    }
    assert_eq!(proto_bit(47), OTHER);
}

/// A static mapping of `from`/`len` and the addresses from `first` to `last`.
fn fixed(from: &str, len: u8, first: &str, last: &str) -> Rule {
    Rule {
        from: source(from, len),
        to: range(first, last),
        fixed: Some(Fixed {
            port6: 0,
            peers: Range4::ALL,
        }),
        ..rule()
    }
}

/// With these ports of the address, which stand for those from `port6` on.
fn with_ports(rule: Rule, ports: (u16, u16), port6: u16, protos: u32) -> Rule {
    let peers = Range4::ALL;
    Rule {
        ports: Some(ports),
        protos,
        fixed: Some(Fixed { port6, peers }),
        ..rule
    }
}

// req: C-014 C-016
#[test]
fn static_mappings() {
    let one = fixed("2001:db8::7", 128, "192.0.2.9", "192.0.2.9");
    assert_eq!(one.check(), Ok(()));
    let block = fixed("2001:db8::100", 124, "192.0.2.32", "192.0.2.47");
    assert_eq!(block.check(), Ok(()));
    let v6 = |text: &str, port| (text.parse().unwrap(), port);
    let v4 = |text: &str, port| (text.parse().unwrap(), port);
    for (rule, host, addr) in [
        (one, v6("2001:db8::7", 0), v4("192.0.2.9", 0)),
        (one, v6("2001:db8::7", 65535), v4("192.0.2.9", 65535)),
        (block, v6("2001:db8::100", 80), v4("192.0.2.32", 80)),
        (block, v6("2001:db8::10f", 80), v4("192.0.2.47", 80)),
    ] {
        assert_eq!(rule.fixed4(host), Some(addr), "{host:?}");
        assert_eq!(rule.fixed6(addr), Some(host), "{addr:?}");
    }
    for (rule, host, addr) in [
        (one, v6("2001:db8::6", 80), v4("192.0.2.8", 80)),
        (one, v6("2001:db8::8", 80), v4("192.0.2.10", 80)),
        (block, v6("2001:db8::ff", 80), v4("192.0.2.31", 80)),
        (block, v6("2001:db8::110", 80), v4("192.0.2.48", 80)),
        (block, v6("2001:db8:1::100", 80), v4("193.0.2.32", 80)),
        (rule(), v6("2001:db8::7", 80), v4("192.0.2.1", 80)),
    ] {
        assert_eq!(rule.fixed4(host), None, "{host:?}");
        assert_eq!(rule.fixed6(addr), None, "{addr:?}");
    }
}

// req: C-015
#[test]
fn static_ports() {
    let one = fixed("2001:db8::7", 128, "192.0.2.9", "192.0.2.9");
    let ports = with_ports(one, (8000, 8009), 90, TCP);
    assert_eq!(ports.check(), Ok(()));
    let (host, addr) = ("2001:db8::7".parse().unwrap(), "192.0.2.9".parse().unwrap());
    for (port6, port4) in [(90, 8000), (93, 8003), (99, 8009)] {
        assert_eq!(ports.fixed4((host, port6)), Some((addr, port4)));
        assert_eq!(ports.fixed6((addr, port4)), Some((host, port6)));
    }
    for (port6, port4) in [(89, 7999), (100, 8010), (0, 0), (65535, 65535)] {
        assert_eq!(ports.fixed4((host, port6)), None);
        assert_eq!(ports.fixed6((addr, port4)), None);
    }
}

#[test]
fn bad_static_mappings() {
    let one = fixed("2001:db8::7", 128, "192.0.2.9", "192.0.2.9");
    for (rule, why) in [
        (
            fixed("2001:db8::7", 128, "192.0.2.8", "192.0.2.9"),
            RuleError::StaticCount,
        ),
        (
            fixed("2001:db8::", 127, "192.0.2.9", "192.0.2.9"),
            RuleError::StaticCount,
        ),
        (
            fixed("2001:db8::", 127, "192.0.2.9", "192.0.2.10"),
            RuleError::StaticCount,
        ),
        (
            fixed("::", 0, "1.0.0.0", "1.255.255.255"),
            RuleError::StaticCount,
        ),
        (
            fixed("fe80::7", 128, "192.0.2.9", "192.0.2.9"),
            RuleError::StaticHosts,
        ),
        (
            fixed("ff02::7", 128, "192.0.2.9", "192.0.2.9"),
            RuleError::StaticHosts,
        ),
        (
            with_ports(
                fixed("2001:db8::", 127, "192.0.2.8", "192.0.2.9"),
                (1, 2),
                1,
                TCP,
            ),
            RuleError::StaticPorts,
        ),
        (with_ports(one, (1, 2), 1, 0), RuleError::StaticProtocols),
        (with_ports(one, (1, 2), 1, ICMP), RuleError::StaticProtocols),
        (
            with_ports(one, (1, 2), 1, TCP | OTHER),
            RuleError::StaticProtocols,
        ),
        (with_ports(one, (1, 2), 0, TCP), RuleError::StaticPort6),
        (with_ports(one, (1, 2), 65535, UDP), RuleError::StaticPort6),
    ] {
        assert_eq!(rule.check(), Err(why), "{rule:?}");
    }
    let most = with_ports(one, (1, 65535), 1, TCP | UDP);
    assert_eq!(most.check(), Ok(()));
}

#[test]
fn every_error_has_its_text() {
    let mut texts: Vec<_> = [
        RuleError::SourceLength,
        RuleError::SourceHostBits,
        RuleError::PoolUnspecified,
        RuleError::PoolLoopback,
        RuleError::PoolMulticast,
        RuleError::PoolReserved,
        RuleError::PoolReversed,
        RuleError::PortZero,
        RuleError::PortsReversed,
        RuleError::Protocols,
        RuleError::StaticCount,
        RuleError::StaticPorts,
        RuleError::StaticProtocols,
        RuleError::StaticPort6,
        RuleError::StaticHosts,
    ]
    .iter()
    .map(|error| error.text())
    .collect();
    texts.sort_unstable();
    texts.dedup();
    assert_eq!(texts.len(), 15);
}

// SPDX-License-Identifier: GPL-2.0

use natpt_netlink::spec::Statement as S;
use proptest::prelude::*;

use super::*;

fn change(line: &str) -> Change {
    match parse(line.as_bytes()) {
        Ok(Some(Line::Change(change))) => change,
        other => panic!("{line}: {other:?}"),
    }
}

fn statement(line: &str) -> S {
    change(line).statement
}

fn rule(line: &str) -> Rule {
    match statement(line) {
        S::MapAdd(rule) => rule,
        other => panic!("{line}: {other:?}"),
    }
}

/// `column: message`
fn problem(line: impl AsRef<[u8]>) -> String {
    match parse(line.as_ref()) {
        Err(problem) => format!("{}: {}", problem.column, problem.message),
        other => panic!("{other:?}"),
    }
}

#[test]
fn no_statement() {
    for line in ["", "  \t", "# map flush", "\r"] {
        assert_eq!(parse(line.as_bytes()), Ok(None));
    }
}

#[test]
fn prefixes() {
    let prefix = |address: &str, length| {
        S::PrefixAdd(Prefix {
            address: address.parse().ok(),
            length: Some(length),
        })
    };
    assert_eq!(statement("prefix flush"), S::PrefixFlush);
    assert_eq!(statement("prefix flush keep"), S::PrefixFlushKeep);
    assert_eq!(statement("map flush keep"), S::MapFlushKeep);
    assert_eq!(statement("map delete 7 keep"), S::MapDeleteKeep(7));
    assert_eq!(
        statement("PREFIX 2001:db8:64::/96"),
        prefix("2001:db8:64::", 96)
    );
    assert_eq!(statement("prefix 64:ff9b::"), prefix("64:ff9b::", 96));
    assert_eq!(
        statement("prefix 64:ff9b:1::/96"),
        prefix("64:ff9b:1::", 96)
    );
    for length in [32, 40, 48, 56, 64, 96] {
        let line = format!("prefix 2001:db8::/{length} # comment");
        assert_eq!(statement(&line), prefix("2001:db8::", length));
    }
    assert_eq!(
        change(" prefix 2001:db8:: / 96").words,
        [(attr::prefix::ADDRESS, 9), (attr::prefix::LENGTH, 22)]
    );
}

#[test]
fn bad_prefixes() {
    for (line, message) in [
        (
            "prefix 2001:db8::/95",
            "19: prefix length must be 32, 40, 48, 56, 64 or 96",
        ),
        (
            "prefix 2001:db8::/1000",
            "19: prefix length must be 32, 40, 48, 56, 64 or 96",
        ),
        ("prefix 2001:db8::/x", "19: expected a number, not `x`"),
        (
            "prefix 2001:db8::1/96",
            "8: bits are set beyond the length: write 2001:db8::/96",
        ),
        (
            "prefix 2001:db8::1",
            "8: bits are set beyond the length: write 2001:db8::/96",
        ),
        (
            "prefix ::ffff:0:0/96",
            "8: prefix covers IPv4-mapped addresses",
        ),
        ("prefix ff00::/32", "8: prefix covers multicast addresses"),
        ("prefix ff0e:1::/96", "8: prefix covers multicast addresses"),
        (
            "prefix ::/96",
            "8: prefix covers the unspecified and loopback addresses",
        ),
        ("prefix fe80::/64", "8: prefix covers link-local addresses"),
        (
            "prefix 2001:db8::ff00:0:0:0/96",
            "8: bits 64 to 71 of a prefix must be zero",
        ),
        (
            "prefix 64:ff9b::/64",
            "18: the well-known prefix 64:ff9b:: must have length 96",
        ),
        // req: B-029
        (
            "prefix 64:ff9b:1:2::",
            "8: prefixes of 64:ff9b:1::/48 may have any length: give it, e.g. /96",
        ),
        (
            "prefix 192.0.2.0/24",
            "8: unexpected `192.0.2.0`: expected V6/LENGTH or flush",
        ),
        (
            "prefix",
            "7: the statement is incomplete: expected V6/LENGTH or flush",
        ),
        (
            "prefix 2001:db8::/",
            "19: the statement is incomplete: expected LENGTH",
        ),
        (
            "prefix 2001:db8::/96 now",
            "22: unexpected `now`: expected the end",
        ),
        (
            "prefix flush all",
            "14: unexpected `all`: expected keep or the end",
        ),
    ] {
        assert_eq!(problem(line), message, "{line}");
    }
}

#[test]
fn rules() {
    let any = Rule {
        to: "192.0.2.1".parse().ok(),
        ..Rule::default()
    };
    assert_eq!(rule("map from any6 to 192.0.2.1"), any);
    assert_eq!(
        rule("MAP 7 FROM ANY6 TO 192.0.2.1"),
        Rule {
            number: Some(7),
            ..any.clone()
        }
    );
    let prefix = Rule {
        from: "2001:db8::".parse().ok(),
        from_length: Some(32),
        ..any.clone()
    };
    assert_eq!(rule("map from 2001:db8::/32 to 192.0.2.1"), prefix);
    let host = Rule {
        from: "2001:db8::7".parse().ok(),
        from_length: Some(128),
        ..any.clone()
    };
    assert_eq!(rule("map from 2001:db8::7 to 192.0.2.1"), host);
    let ports = Rule {
        port_min: Some(1024),
        port_max: Some(65535),
        ..any.clone()
    };
    for range in ["1024 - 65535", "1024-65535", "1024 : 64512", "1024:64512"] {
        let line = format!("map from any6 to 192.0.2.1 port {range}");
        assert_eq!(rule(&line), ports, "{line}");
    }
    let all = Rule {
        protos: Some(protos::TCP | protos::ICMP),
        ..ports
    };
    assert_eq!(
        rule("map from any6 to 192.0.2.1 port 1024-65535 proto tcp/icmp/TCP"),
        all
    );
    let filtered = Rule {
        filter: Some(filtering::ADDRESS),
        ..any.clone()
    };
    assert_eq!(
        rule("map from any6 to 192.0.2.1 filter address"),
        filtered.clone()
    );
    let outbound = Rule {
        refresh: Some(refreshing::OUTBOUND),
        ..filtered
    };
    assert_eq!(
        rule("map from any6 to 192.0.2.1 FILTER address REFRESH outbound"),
        outbound
    );
    let defaults = Rule {
        protos: Some(protos::UDP),
        filter: Some(filtering::NONE),
        refresh: Some(refreshing::BOTH),
        ..any.clone()
    };
    assert_eq!(
        rule("map from any6 to 192.0.2.1 proto udp filter none refresh both"),
        defaults
    );
    assert_eq!(
        change("map from any6 to 192.0.2.1 proto udp filter port refresh both").words,
        [
            (attr::rule::TO, 18),
            (attr::rule::PROTOS, 34),
            (attr::rule::FILTER, 45),
            (attr::rule::REFRESH, 58),
        ]
    );
    assert_eq!(
        change("map 5 from 2001:db8::/32 to 192.0.2.1 port 1 - 9 proto udp").words,
        [
            (attr::rule::NUMBER, 5),
            (attr::rule::FROM, 12),
            (attr::rule::FROM_LENGTH, 23),
            (attr::rule::TO, 29),
            (attr::rule::PORT_MIN, 44),
            (attr::rule::PORT_MAX, 48),
            (attr::rule::PROTOS, 56),
        ]
    );
}

#[test]
fn comments() {
    let commented = |text: &str| Rule {
        comment: Some(text.into()),
        ..rule("map from any6 to 192.0.2.1")
    };
    for (words, text) in [
        ("lab", "lab"),
        ("\"the lab\"", "the lab"),
        ("\"a; # b\" # c", "a; # b"),
        ("\"caf\u{e9}\"", "caf\u{e9}"),
        ("bidir", "bidir"),
    ] {
        let line = format!("map from any6 to 192.0.2.1 COMMENT {words}");
        assert_eq!(rule(&line), commented(text), "{line}");
    }
    assert_eq!(
        change("map from any6 to 192.0.2.1 proto tcp comment \"x y\"").words[2..],
        [(attr::rule::COMMENT, 46)]
    );
    for line in [
        "map from 2001:db8::/56 to 192.0.2.0/29 port 1024 - 65535 block 9 per /64 filter port refresh both",
        "map from any6 to 192.0.2.0/24",
        "map from any6 to 192.0.2.1 port 1 - 9",
        "map from any6 to 192.0.2.1 filter port",
        "map from 2001:db8::7 to 192.0.2.1 port 1 - 9",
        "map from 2001:db8::7 to 192.0.2.1 bidir",
        "map from 2001:db8::7 to 192.0.2.1 proto tcp bidir",
        "map from 2001:db8::7 to 192.0.2.1 stateless",
        "map from 192.0.0.1 to 2001:db8::7 stateless",
        "map from daddr 192.0.2.1 to daddr 2001:db8::7",
        "map from daddr 192.0.2.1 dport 1 to daddr 2001:db8::7",
        "map from daddr 192.0.2.1 dport 1 to daddr 2001:db8::7 dport 2",
        "map from daddr 192.0.2.1 dport 1 - 2 to daddr 2001:db8::7 dport 2 - 3",
        "map from 203.0.113.0/24 daddr 192.0.2.1 to daddr 2001:db8::7 proto icmp",
        "map from 192.0.2.1 dport 1 to 2001:db8::7",
    ] {
        let made = rule(&format!("{line} comment bidir"));
        assert_eq!(made.comment.as_deref(), Some("bidir"), "{line}");
        let plain = Rule {
            comment: None,
            ..made
        };
        assert_eq!(rule(line), plain);
    }
    let long = format!("\"{}\"", "x".repeat(64));
    for (words, message) in [
        ("", "35: the statement is incomplete: expected TEXT"),
        ("\"\"", "36: a comment has 1 to 63 bytes"),
        (&long, "36: a comment has 1 to 63 bytes"),
        (
            "\"a\tb\"",
            "36: a comment has no control characters and no quotation marks",
        ),
        ("\"a", "36: the string has no end: a second `\"` is missing"),
        ("a b", "38: unexpected `b`: expected the end"),
        ("x proto tcp", "38: unexpected `proto`: expected the end"),
    ] {
        let line = format!("map from any6 to 192.0.2.1 comment {words}");
        assert_eq!(problem(line.trim_end()), message, "{line}");
    }
    assert_eq!(
        problem("map from any6 to 192.0.2.1 coment x"),
        "28: unexpected `coment`: expected /LENGTH, -, port, block, proto, filter, refresh, comment \
         or the end (did you mean comment?)"
    );
}

#[test]
fn blocks() {
    let block = |line: &str| {
        let rule = rule(line);
        (rule.block_size, rule.block_host_length)
    };
    let rule = "map from 2001:db8:1::/56 to 192.0.2.0/29";
    for (rest, wanted) in [
        ("block 1000", (Some(1000), None)),
        ("port 1 - 65535 block 1000 per /60", (Some(1000), Some(60))),
        ("block 64512 per /59 proto udp", (Some(64512), Some(59))),
        ("block 1 filter port refresh outbound", (Some(1), None)),
    ] {
        assert_eq!(block(&format!("{rule} {rest}")), wanted, "{rest}");
    }
    assert_eq!(
        block("map from 2001:db8::/112 to 192.0.2.0/24 block 252"),
        (Some(252), None)
    );
    for (rest, message) in [
        ("block", "47: the statement is incomplete: expected PORTS"),
        ("block x", "48: expected a number, not `x`"),
        ("block 0", "48: a block of an address has 1 to 64512 ports"),
        (
            "block 64513",
            "48: a block of an address has 1 to 64512 ports",
        ),
        (
            "port 1 - 9 block 70000",
            "59: a block of an address has 1 to 9 ports",
        ),
        (
            "block 9 per",
            "53: the statement is incomplete: expected /LENGTH",
        ),
        ("block 9 per 64", "54: unexpected `64`: expected /LENGTH"),
        (
            "block 9 per /129",
            "55: a prefix has at most 128 bits, not 129",
        ),
        (
            "block 9 per /55",
            "55: the hosts are under /56: give /56 or more",
        ),
        (
            "block 2017",
            "48: there are 2^8 hosts and 248 blocks: give 9 addresses, or blocks of fewer ports",
        ),
        (
            "block 100 per /128",
            "48: there are 2^72 hosts and 5160 blocks: name the hosts' network: /116 has as many",
        ),
        (
            "block 9 bidir",
            "50: unexpected `bidir`: expected per, proto, filter, refresh, comment or the end",
        ),
        (
            "block 9 stateless",
            "50: unexpected `stateless`: expected per, proto, filter, refresh, comment or the end",
        ),
    ] {
        assert_eq!(problem(format!("{rule} {rest}")), message, "{rest}");
    }
    let all = "map from any6 to 192.0.2.0/24 block 9";
    let message = "37: there are 2^64 hosts and 1835008 blocks: \
                   name the hosts' network: /44 has as many";
    assert_eq!(problem(all), message);
}

#[test]
fn whose_block() {
    let whose = |line: &str| match parse(line.as_bytes()) {
        Ok(Some(Line::Show(Show::Block(whose)))) => whose,
        other => panic!("{line}: {other:?}"),
    };
    let host = "2001:db8::7".parse().unwrap();
    assert_eq!(whose("show block 2001:db8::7"), Whose::Host(host));
    let addr = "192.0.2.7".parse().unwrap();
    assert_eq!(
        whose("show block 192.0.2.7 port 65535"),
        Whose::Port(addr, 65535)
    );
    for (line, message) in [
        (
            "show block",
            "11: the statement is incomplete: expected V6 or V4",
        ),
        ("show block x", "12: unexpected `x`: expected V6 or V4"),
        (
            "show block 192.0.2.7",
            "21: the statement is incomplete: expected port",
        ),
        (
            "show block 192.0.2.7 port 0",
            "27: `0` is not a port: ports are 1 to 65535",
        ),
        (
            "show block 2001:db8::7 port 9",
            "24: unexpected `port`: expected the end",
        ),
    ] {
        assert_eq!(problem(line), message, "{line}");
    }
}

#[test]
fn bad_rules() {
    for (line, message) in [
        (
            "map from any6 to 0.0.0.0",
            "18: 0.0.0.0 is not the address of a host: give one that IPv4 hosts can answer to",
        ),
        (
            "map from any6 to 224.0.0.1",
            "18: 224.0.0.1 is a multicast address: give one that IPv4 hosts can answer to",
        ),
        (
            "map from any6 to 127.0.0.1",
            "18: 127.0.0.1 is a loopback address: give one that IPv4 hosts can answer to",
        ),
        (
            "map from any6 to 255.255.255.255",
            "18: 255.255.255.255 is the broadcast address: give one that IPv4 hosts can answer to",
        ),
        (
            "map from any6 to 240.0.0.1",
            "18: 240.0.0.1 is a reserved address: give one that IPv4 hosts can answer to",
        ),
        (
            "map from any6 to 192.0.2.256",
            "18: unexpected `192.0.2.256`: expected V4, V4/LENGTH or V4 - V4",
        ),
        (
            "map from any6 to 2001:db8::1",
            "18: unexpected `2001:db8::1`: expected V4, V4/LENGTH or V4 - V4",
        ),
        (
            "map from any6 to 192.0.2.9/24",
            "18: bits are set beyond the length: write 192.0.2.0/24",
        ),
        (
            "map from any6 to 192.0.2.0/33",
            "28: a prefix has at most 32 bits, not 33",
        ),
        (
            "map from any6 to 192.0.2.9 - 192.0.2.1",
            "18: the range is reversed: write 192.0.2.1 - 192.0.2.9",
        ),
        (
            "map from any6 to 192.0.2.9 - 224.0.0.1",
            "30: 224.0.0.1 is a multicast address: give one that IPv4 hosts can answer to",
        ),
        (
            "map from any6 to 192.0.2.9 - port",
            "30: unexpected `port`: expected V4",
        ),
        (
            "map from any6 to 192.0.2.0/24 - 192.0.2.9",
            "31: unexpected `-`: expected port, block, proto, filter, refresh, comment or the end",
        ),
        (
            "map from 2001:db8::/64 to 192.0.2.1 - 192.0.2.9 stateless",
            "49: unexpected `stateless`: expected port, block, proto, filter, refresh, comment or the end",
        ),
        (
            "map from any6 to 192.0.2.1 bidir",
            "28: unexpected `bidir`: expected /LENGTH, -, port, block, proto, filter, refresh, comment or the end",
        ),
        (
            "map from any6 192.0.2.1",
            "15: unexpected `192.0.2.1`: expected to",
        ),
        (
            "map from any4 to 192.0.2.1",
            "10: `any4` is gone: IPv4 hosts as another IPv4 address are nftables' affair: \
             nft add rule ip nat postrouting masquerade",
        ),
        (
            "map from 2001:db8::1/64 to 192.0.2.1",
            "10: bits are set beyond the length: write 2001:db8::/64",
        ),
        (
            "map from 2001:db8::/129 to 192.0.2.1",
            "21: a prefix has at most 128 bits, not 129",
        ),
        (
            "map from ff02::1 to 192.0.2.1",
            "10: a multicast address is no source of packets",
        ),
        (
            "map from ::ffff:192.0.2.9 to 192.0.2.1",
            "10: an IPv4-mapped address is never on the wire: give the address that the host has",
        ),
        (
            "map from any6 to 192.0.2.1 port 0 - 9",
            "33: `0` is not a port: ports are 1 to 65535",
        ),
        (
            "map from any6 to 192.0.2.1 port 1 - 65536",
            "37: `65536` is not a port: ports are 1 to 65535",
        ),
        (
            "map from any6 to 192.0.2.1 port 9 - 1",
            "33: the port range is reversed: write 1 - 9",
        ),
        (
            "map from any6 to 192.0.2.1 port 9 : 0",
            "37: a range has at least 1 port",
        ),
        (
            "map from any6 to 192.0.2.1 port 65530 : 7",
            "41: 7 ports from 65530 on go beyond 65535: 6 at most",
        ),
        (
            "map from any6 to 192.0.2.1 port 9",
            "34: the statement is incomplete: expected - or :",
        ),
        (
            "map from any6 to 192.0.2.1 port 9 , 10",
            "35: unexpected `,`: expected - or :",
        ),
        (
            "map from any6 to 192.0.2.1 port 1 - 9 port",
            "39: unexpected `port`: expected block, proto, filter, refresh, comment or the end",
        ),
        (
            "map from any6 to 192.0.2.1 proto sctp",
            "34: unexpected `sctp`: expected icmp, tcp, udp or other",
        ),
        (
            "map from any6 to 192.0.2.1 filter",
            "34: the statement is incomplete: expected none, address or port",
        ),
        (
            "map from any6 to 192.0.2.1 filter all",
            "35: unexpected `all`: expected none, address or port",
        ),
        (
            "map from any6 to 192.0.2.1 filter port proto udp",
            "40: unexpected `proto`: expected refresh, comment or the end",
        ),
        (
            "map from any6 to 192.0.2.1 refresh inbound",
            "36: unexpected `inbound`: expected both or outbound",
        ),
        (
            "map from any6 to 192.0.2.1 refresh both filter port",
            "41: unexpected `filter`: expected comment or the end",
        ),
        (
            "map from any6 to 192.0.2.1 proto tcp udp",
            "38: unexpected `udp`: expected /, filter, refresh, comment or the end",
        ),
        (
            "map from any6 to 192.0.2.1 proto tcp/",
            "38: the statement is incomplete: expected icmp, tcp, udp or other",
        ),
        (
            "map 4294967296 from any6 to 192.0.2.1",
            "5: `4294967296` is too large, 4294967295 is the most",
        ),
        (
            "map 010 from any6 to 192.0.2.1",
            "5: `010` is ambiguous: write it without the leading 0",
        ),
        ("map 5 enable", "7: unexpected `enable`: expected from"),
        (
            "map -5 from any6",
            "5: unexpected `-`: expected from, N, enable, disable, delete, renum or flush",
        ),
    ] {
        assert_eq!(problem(line), message, "{line}");
    }
}

// req: B-031 B-032
#[test]
fn stateless_rules() {
    let stateless = |v6: &str, length6, v4: &str, length4, hosts| Rule {
        from: v6.parse().ok(),
        from_length: Some(length6),
        to: v4.parse().ok(),
        to_length: length4,
        stateless: Some(hosts),
        ..Rule::default()
    };
    for (line, expected) in [
        (
            "map from 2001:db8::7 to 192.0.2.1 stateless",
            stateless("2001:db8::7", 128, "192.0.2.1", None, hosts::V6),
        ),
        (
            "MAP FROM 2001:db8::/120 TO 192.0.2.0/24 STATELESS",
            stateless("2001:db8::", 120, "192.0.2.0", Some(24), hosts::V6),
        ),
        (
            "map from 192.0.0.1 to 2001:db8:c1a7::1 stateless",
            stateless("2001:db8:c1a7::1", 128, "192.0.0.1", None, hosts::V4),
        ),
        (
            "map from 192.0.2.0/24 to 2001:db8:1::/64 stateless",
            stateless("2001:db8:1::", 64, "192.0.2.0", Some(24), hosts::V4),
        ),
        (
            "map 7 from 2001:db8::7 to 192.0.2.1/32 stateless",
            Rule {
                number: Some(7),
                ..stateless("2001:db8::7", 128, "192.0.2.1", Some(32), hosts::V6)
            },
        ),
    ] {
        assert_eq!(rule(line), expected, "{line}");
    }
    assert_eq!(
        change("map from 192.0.2.0/24 to 2001:db8:1::/64 stateless").words,
        [
            (attr::rule::TO, 10),
            (attr::rule::TO_LENGTH, 20),
            (attr::rule::FROM, 26),
            (attr::rule::FROM_LENGTH, 39),
        ]
    );
}

// req: D-145
#[test]
fn pools_of_several_addresses() {
    let pool = |first: &str, last: &str| Rule {
        to: Some(first.parse().unwrap()),
        to_last: Some(last.parse().unwrap()),
        ..Rule::default()
    };
    for text in [
        "192.0.2.0/30",
        "192.0.2.0 - 192.0.2.3",
        "192.0.2.0-192.0.2.3",
        "192.0.2.0- 192.0.2.3",
    ] {
        let line = format!("map from any6 to {text}");
        assert_eq!(rule(&line), pool("192.0.2.0", "192.0.2.3"), "{line}");
        let line = format!("map from 2001:db8::/32 to {text} port 1 - 9 proto udp");
        let expect = Rule {
            from: Some("2001:db8::".parse().unwrap()),
            from_length: Some(32),
            port_min: Some(1),
            port_max: Some(9),
            protos: Some(protos::UDP),
            ..pool("192.0.2.0", "192.0.2.3")
        };
        assert_eq!(rule(&line), expect, "{line}");
    }
    assert_eq!(
        rule("map from any6 to 192.0.2.7/32"),
        rule("map from any6 to 192.0.2.7")
    );
    assert_eq!(
        change("map from any6 to 192.0.2.0/30").words,
        [(attr::rule::TO, 18), (attr::rule::TO_LAST, 28)]
    );
    assert_eq!(
        change("map from any6 to 192.0.2.1 - 192.0.2.3").words,
        [(attr::rule::TO, 18), (attr::rule::TO_LAST, 30)]
    );
}

// req: B-033
#[test]
fn bad_stateless_rules() {
    rule("map from 2001:db8::/120 to 192.0.2.0/24 stateless");
    for (line, message) in [
        (
            "map from 2001:db8::/122 to 192.0.2.0/24 stateless",
            "21: there are more IPv4 addresses than IPv6 addresses: make the length 120 or less",
        ),
        (
            "map from 192.0.2.0/24 to 2001:db8::1 stateless",
            "26: there are more IPv4 addresses than IPv6 addresses: make the length 120 or less",
        ),
        (
            "map from 2001:db8::1/120 to 192.0.2.0/24 stateless",
            "10: bits are set beyond the length: write 2001:db8::/120",
        ),
        (
            "map from 2001:db8::/120 to 192.0.2.1/24 stateless",
            "28: bits are set beyond the length: write 192.0.2.0/24",
        ),
        (
            "map from 192.0.2.1/24 to 2001:db8::/120 stateless",
            "10: bits are set beyond the length: write 192.0.2.0/24",
        ),
        (
            "map from 192.0.2.0/33 to 2001:db8::/120 stateless",
            "20: a prefix has at most 32 bits, not 33",
        ),
        (
            "map from 192.0.2.0/24 to 2001:db8::/129 stateless",
            "37: a prefix has at most 128 bits, not 129",
        ),
        (
            "map from fe80::1 to 192.0.2.1 stateless",
            "10: IPv6 prefix covers loopback, link-local, multicast or IPv4-mapped addresses: \
             give addresses of hosts",
        ),
        (
            "map from 192.0.2.1 to ff02::1 stateless",
            "23: a multicast address is no source of packets",
        ),
        (
            "map from 127.0.0.1 to 2001:db8::1 stateless",
            "10: 127.0.0.1 is a loopback address: give one that IPv4 hosts can answer to",
        ),
        (
            "map from 2001:db8::/64 to 126.0.0.0/7 stateless",
            "27: IPv4 prefix covers 0/8, 127/8, 224/4 or 240/4: give addresses of hosts",
        ),
        (
            "map from 2001:db8::/120 to 192.0.2.0/24 port 1 - 9 stateless",
            "52: unexpected `stateless`: expected block, proto, filter, refresh, comment or the end",
        ),
        (
            "map from 192.0.0.1 to 2001:db8::1",
            "34: the statement is incomplete: expected stateless",
        ),
        (
            "map from 192.0.0.1 to 192.0.2.1",
            "23: IPv4 addresses for IPv4 hosts are nftables' affair: nft add rule ip nat \
             postrouting ip saddr 192.0.0.1/32 snat to 192.0.2.1",
        ),
        (
            "map from 2001:db8::1 to 2001:db8::2 stateless",
            "25: unexpected `2001:db8::2`: expected V4, V4/LENGTH or V4 - V4",
        ),
        (
            "map from any6 to 192.0.2.1 stateless",
            "28: unexpected `stateless`: \
             expected /LENGTH, -, port, block, proto, filter, refresh, comment or the end",
        ),
        (
            "map from 2001:db8::1 to 192.0.2.1 stateless proto tcp",
            "45: unexpected `proto`: expected comment or the end",
        ),
    ] {
        assert_eq!(problem(line), message, "{line}");
    }
}

// req: C-016
#[test]
fn static_mappings() {
    let pair = |v6: &str, length6, v4: &str, last4: &str| Rule {
        from: v6.parse().ok(),
        from_length: Some(length6),
        to: v4.parse().ok(),
        to_last: last4.parse().ok(),
        bidir: Some(1),
        ..Rule::default()
    };
    let host = || pair("2001:db8::7", 128, "192.0.2.9", "");
    for (line, expected) in [
        ("map from 2001:db8::7 to 192.0.2.9 bidir", host()),
        ("map from 2001:db8::7/128 to 192.0.2.9/32 bidir", host()),
        (
            "MAP 7 FROM 2001:db8::7 TO 192.0.2.9 PROTO icmp/tcp BIDIR FILTER port REFRESH outbound",
            Rule {
                number: Some(7),
                protos: Some(protos::ICMP | protos::TCP),
                filter: Some(filtering::PORT),
                refresh: Some(refreshing::OUTBOUND),
                ..host()
            },
        ),
        (
            "map from 2001:db8::10/124 to 192.0.2.16/28 bidir refresh both",
            Rule {
                refresh: Some(refreshing::BOTH),
                ..pair("2001:db8::10", 124, "192.0.2.16", "192.0.2.31")
            },
        ),
        (
            "map from 2001:db8::/104 to 11.0.0.0/8 bidir",
            pair("2001:db8::", 104, "11.0.0.0", "11.255.255.255"),
        ),
        (
            "map from 2001:db8::/99 to 64.0.0.0/3 proto udp bidir",
            Rule {
                protos: Some(protos::UDP),
                ..pair("2001:db8::", 99, "64.0.0.0", "95.255.255.255")
            },
        ),
    ] {
        assert_eq!(rule(line), expected, "{line}");
    }
    assert_eq!(
        change("map 5 from 2001:db8::/120 to 192.0.2.0/24 proto tcp bidir filter port").words,
        [
            (attr::rule::NUMBER, 5),
            (attr::rule::FROM, 12),
            (attr::rule::FROM_LENGTH, 23),
            (attr::rule::TO, 30),
            (attr::rule::TO_LAST, 40),
            (attr::rule::PROTOS, 49),
            (attr::rule::BIDIR, 53),
            (attr::rule::FILTER, 66),
        ]
    );
}

#[test]
fn bad_static_mappings() {
    rule("map from 2001:db8::/124 to 192.0.2.16/28 bidir");
    for (line, message) in [
        (
            "map from 2001:db8::/124 to 192.0.2.16 bidir",
            "28: there must be as many addresses as hosts: write 192.0.2.16/28",
        ),
        (
            "map from 2001:db8::/124 to 192.0.2.16/29 bidir",
            "39: there must be as many addresses as hosts: write 192.0.2.16/28",
        ),
        (
            "map from 2001:db8::/124 to 192.0.2.0/27 bidir",
            "38: there must be as many addresses as hosts: write 192.0.2.0/28",
        ),
        (
            "map from 2001:db8::7 to 192.0.2.0/24 proto tcp bidir",
            "35: there must be as many addresses as hosts: write 192.0.2.0/32",
        ),
        (
            "map from 2001:db8::/120 to 192.0.2.9 bidir",
            "28: there must be as many addresses as hosts: write 192.0.2.0/24",
        ),
        (
            "map from 2001:db8::/104 to 11.0.0.0/9 bidir",
            "37: there must be as many addresses as hosts: write 11.0.0.0/8",
        ),
        (
            "map from 2001:db8::/103 to 11.0.0.0/8 bidir",
            "21: there must be as many hosts as addresses: write 2001:db8::/104",
        ),
        (
            "map from 2001:db8::/64 to 192.0.2.9 bidir",
            "21: there must be as many hosts as addresses: write 2001:db8::/128",
        ),
        (
            "map from 2001:db8::2000:0/99 to 64.0.0.0/2 bidir",
            "27: there must be as many hosts as addresses: write 2001:db8::/98",
        ),
        (
            "map from 2001:db8::/98 to 64.0.0.0/2 bidir",
            "27: IPv4 prefix covers 0/8, 127/8, 224/4 or 240/4: give addresses of hosts",
        ),
        (
            "map from fe80::7 to 192.0.2.9 bidir",
            "10: IPv6 prefix covers loopback, link-local, multicast or IPv4-mapped addresses: \
             give addresses of hosts",
        ),
        (
            "map from ff02::1 to 192.0.2.9 bidir",
            "10: a multicast address is no source of packets",
        ),
        (
            "map from 2001:db8::7 to 127.0.0.1 bidir",
            "25: 127.0.0.1 is a loopback address: give one that IPv4 hosts can answer to",
        ),
        (
            "map from any6 to 192.0.2.9 proto tcp bidir",
            "38: unexpected `bidir`: expected /, filter, refresh, comment or the end",
        ),
        (
            "map from any6 to 192.0.2.9 port 1 - 9 bidir",
            "39: unexpected `bidir`: expected block, proto, filter, refresh, comment or the end",
        ),
        (
            "map from 2001:db8::/127 to 192.0.2.8 - 192.0.2.9 bidir",
            "50: unexpected `bidir`: expected port, block, proto, filter, refresh, comment or the end",
        ),
        (
            "map from 2001:db8::/127 to 192.0.2.8 - 192.0.2.9 proto tcp bidir",
            "60: unexpected `bidir`: expected /, filter, refresh, comment or the end",
        ),
        (
            "map from 2001:db8::/127 to 192.0.2.8 - 192.0.2.9 port 1 - 9 bidir",
            "61: unexpected `bidir`: expected block, proto, filter, refresh, comment or the end",
        ),
        (
            "map from 2001:db8::7 to 192.0.2.9 port 1 - 9 bidir",
            "46: bidir keeps ports: leave `port` out, or map some with `daddr`",
        ),
        (
            "map from 2001:db8::7 to 192.0.2.9 port 1 : 9 proto tcp BIDIR",
            "56: bidir keeps ports: leave `port` out, or map some with `daddr`",
        ),
        (
            "map from 2001:db8::7 to 192.0.2.9 bidir port 1 - 9",
            "41: unexpected `port`: expected filter, refresh, comment or the end",
        ),
        (
            "map from 2001:db8::7 to 192.0.2.9 bidir proto tcp",
            "41: unexpected `proto`: expected filter, refresh, comment or the end",
        ),
        (
            "map from 2001:db8::7 to 192.0.2.9 bidir stateless",
            "41: unexpected `stateless`: expected filter, refresh, comment or the end",
        ),
        (
            "map from 2001:db8::7 to 192.0.2.9 filter port bidir",
            "47: unexpected `bidir`: expected refresh, comment or the end",
        ),
        (
            "map from 192.0.2.9 to 2001:db8::7 bidir",
            "35: unexpected `bidir`: expected stateless",
        ),
    ] {
        assert_eq!(problem(line), message, "{line}");
    }
}

#[test]
fn inbound_rules() {
    let host = Rule {
        from: "2001:db8::7".parse().ok(),
        from_length: Some(128),
        to: "192.0.2.9".parse().ok(),
        bidir: Some(1),
        ..Rule::default()
    };
    let from = |peer: &str, length| Rule {
        peer: peer.parse().ok(),
        peer_length: Some(length),
        ..host.clone()
    };
    let ports = |min, max, port6| Rule {
        port_min: Some(min),
        port_max: Some(max),
        port6,
        protos: Some(protos::TCP | protos::UDP),
        ..host.clone()
    };
    for (hosts, expected) in [
        ("", host.clone()),
        ("0.0.0.0/0", host.clone()),
        ("198.51.100.7", from("198.51.100.7", 32)),
        ("198.51.100.7/32", from("198.51.100.7", 32)),
        ("203.0.113.0/24", from("203.0.113.0", 24)),
        ("128.0.0.0/1", from("128.0.0.0", 1)),
    ] {
        let line = format!("map from {hosts} daddr 192.0.2.9 to daddr 2001:db8::7");
        assert_eq!(rule(&line), expected, "{line}");
    }
    for (port4, port6, expected) in [
        ("dport 80", "dport 8080", ports(80, 80, Some(8080))),
        ("dport 80", "dport 80", ports(80, 80, None)),
        ("dport 80", "", ports(80, 80, None)),
        ("dport 80", "dport 8080 - 8080", ports(80, 80, Some(8080))),
        ("dport 80 : 1", "dport 81:1", ports(80, 80, Some(81))),
        ("dport 80-89", "", ports(80, 89, None)),
        ("dport 80 - 89", "dport 8080", ports(80, 89, Some(8080))),
        ("dport 80 : 10", "dport 70 - 79", ports(80, 89, Some(70))),
        ("dport 80 - 89", "dport 70 : 10", ports(80, 89, Some(70))),
        ("dport 80 - 89", "dport 80 - 89", ports(80, 89, None)),
        ("dport 1 - 9", "dport 65527", ports(1, 9, Some(65527))),
        ("dport 1 - 65535", "dport 1", ports(1, 65535, None)),
    ] {
        let line = format!("map from daddr 192.0.2.9 {port4} to daddr 2001:db8::7 {port6}");
        assert_eq!(rule(&line), expected, "{line}");
        let tcp = Rule {
            protos: Some(protos::TCP),
            filter: Some(filtering::ADDRESS),
            refresh: Some(refreshing::OUTBOUND),
            ..expected
        };
        let line = format!("{line} proto tcp filter address refresh outbound");
        assert_eq!(rule(&line), tcp, "{line}");
    }
    assert_eq!(
        rule("MAP 7 FROM DADDR 192.0.2.9 TO DADDR 2001:db8::7 PROTO icmp/udp"),
        Rule {
            number: Some(7),
            protos: Some(protos::ICMP | protos::UDP),
            ..host.clone()
        }
    );
    assert_eq!(
        rule("map from daddr 192.0.2.9 to daddr 2001:db8::7"),
        rule("map from 2001:db8::7 to 192.0.2.9 bidir")
    );
    assert_eq!(
        change(
            "map 5 from 203.0.113.0/24 daddr 192.0.2.9 dport 80 - 89 to daddr 2001:db8::7 \
             dport 8080 - 8089 proto udp refresh both"
        )
        .words,
        [
            (attr::rule::NUMBER, 5),
            (attr::rule::PEER, 12),
            (attr::rule::PEER_LENGTH, 24),
            (attr::rule::BIDIR, 27),
            (attr::rule::TO, 33),
            (attr::rule::PORT_MIN, 49),
            (attr::rule::PORT_MAX, 54),
            (attr::rule::FROM, 66),
            (attr::rule::FROM_LENGTH, 66),
            (attr::rule::PORT6, 84),
            (attr::rule::PROTOS, 102),
            (attr::rule::REFRESH, 114),
        ]
    );
    assert_eq!(
        change("map from 198.51.100.7 daddr 192.0.2.9 dport 80 to daddr 2001:db8::7 dport 80")
            .words,
        [
            (attr::rule::PEER, 10),
            (attr::rule::PEER_LENGTH, 10),
            (attr::rule::BIDIR, 23),
            (attr::rule::TO, 29),
            (attr::rule::PORT_MIN, 45),
            (attr::rule::PORT_MAX, 45),
            (attr::rule::FROM, 57),
            (attr::rule::FROM_LENGTH, 57),
        ]
    );
}

#[test]
fn bad_inbound_rules() {
    for (line, message) in [
        (
            "map from daddr",
            "15: the statement is incomplete: expected V4",
        ),
        (
            "map from daddr 2001:db8::7",
            "16: unexpected `2001:db8::7`: expected V4",
        ),
        (
            "map from daddr 127.0.0.1 to daddr 2001:db8::7",
            "16: 127.0.0.1 is a loopback address: give one that IPv4 hosts can answer to",
        ),
        (
            "map from daddr 224.0.0.1 to daddr 2001:db8::7",
            "16: 224.0.0.1 is a multicast address: give one that IPv4 hosts can answer to",
        ),
        (
            "map from daddr 192.0.2.0/24 to daddr 2001:db8::7",
            "25: unexpected `/`: expected dport or to",
        ),
        (
            "map from daddr 192.0.2.9 port 80 to daddr 2001:db8::7",
            "26: unexpected `port`: expected dport or to (did you mean dport?)",
        ),
        (
            "map from daddr 192.0.2.9 to 2001:db8::7",
            "29: unexpected `2001:db8::7`: expected daddr",
        ),
        (
            "map from daddr 192.0.2.9 to daddr 192.0.2.1",
            "35: IPv4 addresses for IPv4 hosts are nftables' affair: nft add rule ip nat \
             prerouting ip daddr 192.0.2.9 dnat to 192.0.2.1",
        ),
        (
            "map from daddr 192.0.2.9 to daddr 2001:db8::/120",
            "45: unexpected `/`: expected proto, filter, refresh, comment or the end",
        ),
        (
            "map from daddr 192.0.2.9 to daddr ff02::1",
            "35: a multicast address is no source of packets",
        ),
        (
            "map from daddr 192.0.2.9 to daddr ::1",
            "35: IPv6 prefix covers loopback, link-local, multicast or IPv4-mapped addresses: \
             give addresses of hosts",
        ),
        (
            "map from daddr 192.0.2.9 to daddr ::ffff:192.0.2.1",
            "35: an IPv4-mapped address is never on the wire: give the address that the host has",
        ),
        (
            "map from daddr 192.0.2.9 to daddr 2001:db8::7 bidir",
            "47: unexpected `bidir`: expected proto, filter, refresh, comment or the end",
        ),
        (
            "map from 192.0.2.9 2001:db8::7",
            "20: unexpected `2001:db8::7`: expected to, daddr or dport",
        ),
        (
            "map from 203.0.113.7/24 daddr 192.0.2.9 to daddr 2001:db8::7",
            "10: bits are set beyond the length: write 203.0.113.0/24",
        ),
        (
            "map from 203.0.113.0/33 daddr 192.0.2.9 to daddr 2001:db8::7",
            "22: a prefix has at most 32 bits, not 33",
        ),
        (
            "map from 224.0.0.1 daddr 192.0.2.9 to daddr 2001:db8::7",
            "10: 224.0.0.1 is a multicast address: give one that IPv4 hosts can answer to",
        ),
        (
            "map from 127.0.0.1/0 daddr 192.0.2.9 to daddr 2001:db8::7",
            "10: 127.0.0.1 is a loopback address: give one that IPv4 hosts can answer to",
        ),
        (
            "map from 0.0.0.0 daddr 192.0.2.9 to daddr 2001:db8::7",
            "10: 0.0.0.0 is not the address of a host: give one that IPv4 hosts can answer to",
        ),
        (
            "map from 0.0.0.0/0 to 2001:db8::/96 stateless",
            "10: 0.0.0.0 is not the address of a host: give one that IPv4 hosts can answer to",
        ),
        (
            "map from any6 daddr 192.0.2.9",
            "15: unexpected `daddr`: expected to",
        ),
        (
            "map from 2001:db8::1 daddr 192.0.2.9",
            "22: unexpected `daddr`: expected to",
        ),
        (
            "map from daddr 192.0.2.9 dport 0 to daddr 2001:db8::7",
            "32: `0` is not a port: ports are 1 to 65535",
        ),
        (
            "map from daddr 192.0.2.9 dport 89 - 80 to daddr 2001:db8::7",
            "32: the port range is reversed: write 80 - 89",
        ),
        (
            "map from daddr 192.0.2.9 dport 65530 : 7 to daddr 2001:db8::7",
            "40: 7 ports from 65530 on go beyond 65535: 6 at most",
        ),
        (
            "map from daddr 192.0.2.9 dport 80 daddr 2001:db8::7",
            "35: unexpected `daddr`: expected -, : or to",
        ),
        (
            "map from daddr 192.0.2.9 dport 80 - 89 - 99",
            "40: unexpected `-`: expected to",
        ),
        (
            "map from daddr 192.0.2.9 to daddr 2001:db8::7 dport 80",
            "47: there is no `dport` before `to`: give it there too, or nowhere",
        ),
        (
            "map from daddr 192.0.2.9 dport 80 to daddr 2001:db8::7 dport 8080 - 8089",
            "69: there must be as many ports as before `to`: write 8080",
        ),
        (
            "map from daddr 192.0.2.9 dport 1 - 9 to daddr 2001:db8::7 dport 80 - 89",
            "70: there must be as many ports as before `to`: write 80 - 88",
        ),
        (
            "map from daddr 192.0.2.9 dport 1 - 9 to daddr 2001:db8::7 dport 80 : 8",
            "70: there must be as many ports as before `to`: write 80 - 88",
        ),
        (
            "map from daddr 192.0.2.9 dport 1 - 9 to daddr 2001:db8::7 dport 65528",
            "65: 9 ports from 65528 on go beyond 65535: begin at 65527 or below",
        ),
        (
            "map from daddr 192.0.2.9 dport 1 - 65535 to daddr 2001:db8::7 dport 2 - 3",
            "69: 65535 ports from 2 on go beyond 65535: begin at 1 or below",
        ),
        (
            "map from daddr 192.0.2.9 dport 80 to daddr 2001:db8::7 proto icmp",
            "62: icmp has no ports: leave it out, or `dport`",
        ),
        (
            "map from daddr 192.0.2.9 dport 80 to daddr 2001:db8::7 dport 8080 proto tcp/icmp",
            "77: icmp has no ports: leave it out, or `dport`",
        ),
        (
            "map from daddr 192.0.2.9 dport 80 to daddr 2001:db8::7 proto sctp",
            "62: unexpected `sctp`: expected tcp or udp",
        ),
        (
            "map from daddr 192.0.2.9 dport 80 to daddr 2001:db8::7 dport 81 dport 82",
            "65: unexpected `dport`: expected -, :, proto, filter, refresh, comment or the end",
        ),
        (
            "map from daddr 192.0.2.9 dport 80 to daddr 2001:db8::7 port 81",
            "56: unexpected `port`: expected dport, proto, filter, refresh, comment or the end \
             (did you mean dport?)",
        ),
        (
            "map from daddr 192.0.2.9 dport 1 - 9 to daddr 2001:db8::7 dport 2 - 10 dport",
            "72: unexpected `dport`: expected proto, filter, refresh, comment or the end",
        ),
        (
            "map from daddr 192.0.2.9 to daddr 2001:db8::7 stateless",
            "47: unexpected `stateless`: expected proto, filter, refresh, comment or the end",
        ),
    ] {
        assert_eq!(problem(line), message, "{line}");
    }
}

#[test]
fn switches_and_numbers() {
    let renum = |start, interval| {
        S::MapRenum(Renum {
            start: Some(start),
            interval: Some(interval),
        })
    };
    assert_eq!(statement("map enable"), S::Enable(1));
    assert_eq!(statement("map disable"), S::Enable(0));
    assert_eq!(statement("map delete 0x10"), S::MapDelete(16));
    assert_eq!(statement("map flush"), S::MapFlush);
    assert_eq!(statement("map renum"), renum(100, 100));
    assert_eq!(statement("map renum 5"), renum(5, 100));
    assert_eq!(statement("map renum 5 1"), renum(5, 1));
    for (line, message) in [
        ("map delete", "11: the statement is incomplete: expected N"),
        ("map delete x", "12: expected a number, not `x`"),
        (
            "map delete 1 2",
            "14: unexpected `2`: expected keep or the end",
        ),
        ("map renum 1 0", "13: the interval is at least 1"),
        ("map renum 1 2 3", "15: unexpected `3`: expected the end"),
        ("map enable all", "12: unexpected `all`: expected the end"),
    ] {
        assert_eq!(problem(line), message, "{line}");
    }
}

#[test]
fn variables() {
    let set = |value| {
        S::Set(Variable {
            name: Some("udp-timeout".into()),
            value: Some(value),
            ..Variable::default()
        })
    };
    assert_eq!(statement("set udp-timeout = 300"), set(300));
    assert_eq!(statement("set UDP-Timeout=0x12c"), set(300));
    assert_eq!(statement("set udp-timeout = 5m"), set(300));
    for (value, notation) in [
        ("300", Notation::Number),
        ("5m", Notation::Duration),
        ("192.0.2.9", Notation::Address),
    ] {
        let line = format!("set x = {value}");
        assert_eq!(change(&line).notation, notation, "{line}");
    }
    for (line, message) in [
        ("set", "4: the statement is incomplete: expected NAME"),
        ("set 5 = 5", "5: unexpected `5`: expected NAME"),
        ("set x 5", "7: unexpected `5`: expected ="),
        ("set x =", "8: the statement is incomplete: expected VALUE"),
        ("set x = -1", "9: expected a number, not `-`"),
        ("set x = 1.5", "9: expected a number, not `1.5`"),
        (
            "set x = 127.0.0.1",
            "9: 127.0.0.1 is a loopback address: give one that IPv4 hosts can answer to",
        ),
        (
            "set x = 18446744073709551616",
            "9: `18446744073709551616` is too large",
        ),
        ("set x = 1 2", "11: unexpected `2`: expected the end"),
        (
            "set aaaaaaaabbbbbbbbccccccccdddddddd = 1",
            "5: names of variables have at most 31 letters",
        ),
    ] {
        assert_eq!(problem(line), message, "{line}");
    }
}

#[test]
fn sessions() {
    assert_eq!(
        statement("session flush"),
        S::SessionDelete(Filter::default())
    );
    let all =
        "session delete proto tcp host 2001:db8::/32 pool 192.0.2.1 port 7 peer 198.51.100.1 \
               state v6-fin-rcv rule 9";
    let place = all.len();
    let all = change(all);
    assert_eq!(
        all.statement,
        S::SessionDelete(Filter {
            proto: Some(6),
            host: "2001:db8::".parse().ok(),
            host_length: Some(32),
            pool: "192.0.2.1".parse().ok(),
            port: Some(7),
            peer: "198.51.100.1".parse().ok(),
            state: Some(4),
            rule: Some(9),
            limit: None,
        })
    );
    assert!(all.words.contains(&(attr::filter::RULE, place)));
    for (line, message) in [
        (
            "session delete",
            "15: the statement is incomplete: expected proto, host, pool, port, peer, state or rule",
        ),
        ("session delete proto tcp proto udp", "26: proto is given twice"),
        (
            "session delete host 2001:db8::1/32",
            "21: bits are set beyond the length: write 2001:db8::/32",
        ),
        ("session delete port 65536", "21: a port is at most 65535"),
        (
            "session delete limit 1",
            "16: unexpected `limit`: expected proto, host, pool, port, peer, state or rule",
        ),
        ("show xlate long short", "17: short is given twice"),
        ("show xlate limit 0", "18: a limit is at least 1"),
        ("session flush now", "15: unexpected `now`: expected the end"),
    ] {
        assert_eq!(problem(line), message, "{line}");
    }
}

#[test]
fn monitors() {
    let monitor = |line: &str| match parse(line.as_bytes()) {
        Ok(Some(Line::Monitor(monitor))) => monitor,
        other => panic!("{line}: {other:?}"),
    };
    assert_eq!(monitor("monitor"), Monitor::default());
    let what = monitor("monitor limits sessions rule 7");
    assert_eq!(what.groups, [2, 1]);
    assert_eq!(what.filter.rule, Some(7));
    assert_eq!(
        problem("monitor limits limits"),
        "16: limits is given twice"
    );
}

#[test]
fn shows() {
    let stats = |nonzero, interval| Show::Stats(Stats { nonzero, interval });
    let xlate = |width, filter| {
        Show::Xlate(Xlate {
            width,
            filter,
            interval: None,
        })
    };
    for (line, show) in [
        ("show prefix", Show::Prefix),
        ("show mapping", Show::Mapping),
        ("show rules", Show::Rules(Form::Statement)),
        ("show sessions", Show::Sessions(Filter::default(), vec![])),
        (
            "show sessions proto udp",
            Show::Sessions(
                Filter {
                    proto: Some(17),
                    ..Filter::default()
                },
                vec![],
            ),
        ),
        ("show xlate", xlate(Width::Regular, Filter::default())),
        ("show xlate long", xlate(Width::Long, Filter::default())),
        ("show xlate SHORT", xlate(Width::Short, Filter::default())),
        (
            "show xlate pool 192.0.2.1 port 0 long limit 10",
            xlate(
                Width::Long,
                Filter {
                    pool: "192.0.2.1".parse().ok(),
                    port: Some(0),
                    limit: Some(10),
                    ..Filter::default()
                },
            ),
        ),
        ("show variables", Show::Variables(Which::All)),
        (
            "show variables A-b",
            Show::Variables(Which::Named("a-b".into())),
        ),
        ("show hosts", Show::Hosts(Filter::default())),
        (
            "show hosts limit 5 peer 198.51.100.1",
            Show::Hosts(Filter {
                peer: "198.51.100.1".parse().ok(),
                limit: Some(5),
                ..Filter::default()
            }),
        ),
        ("show POOL", Show::Pool),
        ("show stats", stats(false, None)),
        ("show stats nonzero", stats(true, None)),
        ("show stats 10", stats(false, Some(10))),
        ("show stats 1 NONZERO", stats(true, Some(1))),
        ("top", Show::Top(2)),
        ("top 0x10", Show::Top(16)),
        ("show config", Show::Config),
    ] {
        assert_eq!(parse(line.as_bytes()), Ok(Some(Line::Show(show))), "{line}");
    }
    assert_eq!(
        problem("show xlate wide"),
        "12: unexpected `wide`: expected long, short, trace, copy, proto, host, pool, port, \
         peer, state, rule, limit, SECONDS or the end"
    );
    assert_eq!(
        problem("show"),
        "5: the statement is incomplete: expected prefix, mapping, rules, sessions, xlate, \
         hosts, pool, variables, stats, block, config, fragment, timer or ttl"
    );
}

#[test]
fn bad_shows() {
    for (line, message) in [
        (
            "show hosts 5",
            "12: unexpected `5`: expected proto, host, pool, port, peer, state, rule, limit or \
             the end",
        ),
        ("show hosts limit 0", "18: a limit is at least 1"),
        ("show hosts rule 1 rule 2", "19: rule is given twice"),
        (
            "show pool 192.0.2.1",
            "11: unexpected `192.0.2.1`: expected the end",
        ),
        (
            "show stats all",
            "12: unexpected `all`: expected nonzero, SECONDS or the end",
        ),
        ("show stats 0", "12: the interval is at least 1"),
        ("show stats 1 2", "14: 2 is given twice"),
        ("show stats nonzero nonzero", "20: nonzero is given twice"),
        ("show stats 1s", "12: expected a number, not `1s`"),
        (
            "show stats 4294967296",
            "12: `4294967296` is too large, 4294967295 is the most",
        ),
        (
            "top now",
            "5: unexpected `now`: expected SECONDS or the end",
        ),
        ("top 0", "5: the interval is at least 1"),
        ("top 1 2", "7: unexpected `2`: expected the end"),
    ] {
        assert_eq!(problem(line), message, "{line}");
    }
}

#[test]
fn options_come_first() {
    for (line, message) in [
        (
            "show rules -j",
            "12: options such as `-j` stand before the statement",
        ),
        (
            "map delete --json 5",
            "12: options such as `--json` stand before the statement",
        ),
    ] {
        assert_eq!(problem(line), message);
    }
}

#[test]
fn unknown_words_and_bytes() {
    assert_eq!(
        problem("mop enable"),
        "1: unexpected `mop`: expected prefix, map, set, session, monitor, metrics, show, top, test, log, break, include or define \
         (did you mean map?)"
    );
    assert_eq!(problem(b"map\0enable"), "4: unexpected NUL byte");
    assert_eq!(
        problem(b"map \xc3\x28"),
        "5: unexpected byte 0xc3, not UTF-8"
    );
    assert_eq!(
        problem(vec![b'x'; 1_000_000]),
        "1: the line has 1000000 bytes, 65536 are the most: one statement per line"
    );
}

/// A `?` is answered wherever a word may stand.
#[test]
fn help_everywhere() {
    for (line, choices) in [
        ("?", g::COMMAND),
        ("prefix ?", g::PREFIX),
        ("prefix 2001:db8:: ?", g::PREFIX_LENGTH),
        ("prefix 2001:db8::/?", g::LENGTH),
        ("prefix 2001:db8::/96 ?", g::END),
        ("map ?", g::MAP),
        ("map 5 ?", g::FROM),
        ("map from ?", g::SOURCE),
        ("map from any6 ?", g::TO),
        ("map from 2001:db8:: ?", g::SOURCE_LENGTH),
        ("map from any6 to ?", g::POOL),
        ("map from any6 to 192.0.2.1 ?", g::AFTER_POOL),
        ("map from any6 to 192.0.2.1 port ?", g::PORT),
        ("map from any6 to 192.0.2.1 port 1 ?", g::RANGE),
        ("map from any6 to 192.0.2.1 port 1 - ?", g::LAST_PORT),
        ("map from any6 to 192.0.2.1 port 1 : ?", g::COUNT),
        ("map from any6 to 192.0.2.1 port 1 - 9 ?", g::AFTER_PORTS),
        ("map from any6 to 192.0.2.1 proto ?", g::PROTO),
        ("map from any6 to 192.0.2.1 proto tcp ?", g::AFTER_PROTO),
        ("map from 2001:db8::7 to ?", g::POOL),
        ("map from 2001:db8::7 to 192.0.2.1 ?", g::AFTER_TARGET4),
        ("map from 2001:db8::7 to 192.0.2.1/?", g::LENGTH),
        ("map from 2001:db8::7 to 192.0.2.1/32 ?", g::AFTER_TARGETS4),
        ("map from any6 to 192.0.2.0/24 ?", g::AFTER_POOLS),
        ("map from any6 to 192.0.2.0 - ?", g::LAST_ADDRESS),
        ("map from any6 to 192.0.2.0 - 192.0.2.1 ?", g::AFTER_POOLS),
        (
            "map from 2001:db8::7 to 192.0.2.1 stateless ?",
            g::AFTER_REFRESH,
        ),
        (
            "map from any6 to 192.0.2.1 refresh both ?",
            g::AFTER_REFRESH,
        ),
        ("map from any6 to 192.0.2.1 comment ?", g::TEXT),
        ("map from any6 to 192.0.2.1 comment x ?", g::END),
        ("include ?", g::FILE),
        ("define ?", g::NAME),
        ("define A ?", g::ASSIGN),
        ("define A = ?", g::ELEMENTS),
        ("define A = ::1 ?", g::END),
        ("define A = { ?", g::ELEMENT),
        ("define A = { ::1 ?", g::MORE_ELEMENTS),
        ("define A = { ::1, ?", g::ELEMENT),
        ("define A = 192.0.2.1 - ?", g::LAST_ADDRESS),
        ("map from 192.0.0.1 ?", g::SOURCE4_LENGTH),
        ("map from 192.0.0.1/32 ?", g::AFTER_SOURCE4),
        ("map from 192.0.0.1 to ?", g::TARGET6),
        ("map from 192.0.0.1 to 2001:db8::1 ?", g::TARGET6_LENGTH),
        ("map from 192.0.0.1 to 2001:db8::1/128 ?", g::STATELESS),
        (
            "map from 2001:db8::7 to 192.0.2.1 proto tcp ?",
            g::AFTER_PROTO_TARGETS,
        ),
        (
            "map from 2001:db8::7 to 192.0.2.1 port 1 - 9 proto tcp ?",
            g::AFTER_PROTO,
        ),
        ("map from 2001:db8::7 to 192.0.2.1 bidir ?", g::AFTER_BIDIR),
        (
            "map from 2001:db8::7 to 192.0.2.1 bidir filter port ?",
            g::AFTER_FILTER,
        ),
        ("map from daddr ?", g::ADDRESS4),
        ("map from 192.0.0.0/24 daddr ?", g::ADDRESS4),
        ("map from daddr 192.0.2.1 ?", g::AFTER_DADDR),
        ("map from daddr 192.0.2.1 dport ?", g::PORT),
        ("map from daddr 192.0.2.1 dport 1 ?", g::AFTER_DPORT),
        ("map from daddr 192.0.2.1 dport 1 - ?", g::LAST_PORT),
        ("map from daddr 192.0.2.1 dport 1 : ?", g::COUNT),
        ("map from daddr 192.0.2.1 dport 1 - 9 ?", g::TO_DADDR),
        ("map from daddr 192.0.2.1 to ?", g::DADDR6),
        ("map from daddr 192.0.2.1 to daddr ?", g::ADDRESS6),
        (
            "map from daddr 192.0.2.1 to daddr 2001:db8::7 ?",
            g::AFTER_DADDR6,
        ),
        (
            "map from daddr 192.0.2.1 to daddr 2001:db8::7 proto ?",
            g::PROTO,
        ),
        (
            "map from daddr 192.0.2.1 dport 1 to daddr 2001:db8::7 ?",
            g::MAY_DPORT6,
        ),
        (
            "map from daddr 192.0.2.1 dport 1 to daddr 2001:db8::7 dport ?",
            g::PORT,
        ),
        (
            "map from daddr 192.0.2.1 dport 1 to daddr 2001:db8::7 dport 2 ?",
            g::AFTER_DPORT6,
        ),
        (
            "map from daddr 192.0.2.1 dport 1 - 9 to daddr 2001:db8::7 dport 1 - 9 ?",
            g::AFTER_DPORTS6,
        ),
        (
            "map from daddr 192.0.2.1 dport 1 to daddr 2001:db8::7 proto ?",
            g::TCP_UDP,
        ),
        (
            "map from daddr 192.0.2.1 dport 1 to daddr 2001:db8::7 proto tcp ?",
            g::AFTER_PROTO,
        ),
        ("map delete ?", g::NUMBER),
        ("map renum ?", g::START),
        ("map renum 1 ?", g::INTERVAL),
        ("map flush ?", g::ALL_GONE),
        ("map flush keep ?", g::END),
        ("map delete 1 ?", g::GONE),
        ("prefix flush ?", g::GONE),
        ("set ?", g::VARIABLE),
        ("set x ?", g::ASSIGN),
        ("set x = ?", g::VALUE),
        ("show ?", g::SHOW),
        ("show xlate ?", g::XLATE),
        ("show xlate long ?", g::XLATE),
        ("show xlate host 2001:db8::1 ?", g::HOST_LENGTH),
        ("show hosts ?", g::HOSTS),
        ("show hosts limit 5 ?", g::HOSTS),
        ("show pool ?", g::END),
        ("show stats ?", g::STATS),
        ("show stats nonzero 5 ?", g::STATS),
        ("top ?", g::TOP),
        ("top 5 ?", g::END),
        ("show sessions ?", g::COUNTED),
        ("show sessions state ?", g::STATE),
        ("monitor ?", g::MONITOR),
        ("monitor limits host 2001:db8::1 ?", g::HOST_LENGTH),
        ("session ?", g::SESSION),
        ("session delete ?", g::ENDED),
        ("session delete rule 5 ?", g::ALSO_ENDED),
        ("show variables ?", g::WHICH),
    ] {
        assert_eq!(
            parse(line.as_bytes()),
            Ok(Some(Line::Help(choices))),
            "{line}"
        );
    }
}

proptest! {
    #[test]
    fn any_bytes_are_survived(line in prop::collection::vec(any::<u8>(), 0..80)) {
        let _ = parse(&line);
    }

    #[test]
    fn any_words_are_survived(words in prop::collection::vec(
        prop::sample::select(vec![
            "prefix", "map", "set", "show", "from", "to", "any6", "port", "proto", "tcp", "/",
            "-", ":", "=", "flush", "1", "65535", "2001:db8::", "192.0.2.1", "renum", "xlate",
            "stateless", "32", "session", "delete", "host", "state", "limit", "sessions", "monitor",
            "filter", "address", "refresh", "outbound", "daddr", "dport", "bidir", "rules", "cui",
            "copy", "test", "log", "\"", "variables", "maxTTLudp", "any4", "hosts", "pool", "stats",
            "nonzero", "top", "comment", "\"x y\"", "include", "define", "{", "}", ",", "$A",
        ]), 0..12)) {
        let _ = parse(words.join(" ").as_bytes());
    }
}

// SPDX-License-Identifier: GPL-2.0
//! totd.conf: the original's, the newer keywords, and what is wrong.

use totd::config::{Clients, Dnssec, Prefixes, Ptr};
use totd::parser::{parse, parse_on};
use totd::wire::Name;

/// Every keyword that totd 1.5 had, spelled as people did.
const ORIGINAL: &str = "\
; totd sample configuration file
# nameservers, in order of preference
forwarder 192.0.2.53
forwarder 2001:db8::53 port 5353
FORWARDER\t198.51.100.53\tPort 54

prefix 3ffe:501:ffff:100::
Prefix 2001:db8:64:: ; the second
port 5300
interfaces eth0 eth1
retry 600
pidfile /var/run/totd.pid
allow 192.0.2.1
allow 2001:db8::1
stf
scoped fec0:0:0:1:: 2001:db8:0:1:: 64
";

#[test]
fn the_originals() {
    let loaded = parse(ORIGINAL).unwrap();
    let config = loaded.config;
    let forwarders: Vec<String> = config.forwarders.iter().map(ToString::to_string).collect();
    assert_eq!(
        forwarders,
        ["192.0.2.53:53", "[2001:db8::53]:5353", "198.51.100.53:54"]
    );
    let Prefixes::Listed(rules) = config.prefixes else {
        panic!("{:?}", config.prefixes);
    };
    let prefixes: Vec<String> = rules
        .iter()
        .map(|rule| format!("{}/{}", rule.prefix.addr(), rule.prefix.len()))
        .collect();
    assert_eq!(prefixes, ["3ffe:501:ffff:100::/96", "2001:db8:64::/96"]);
    assert_eq!(config.port, 5300);
    assert_eq!(config.interfaces, ["eth0", "eth1"]);
    assert_eq!(config.retry, 600_000);
    assert_eq!(config.pidfile.as_deref(), Some("/var/run/totd.pid"));
    assert!(!config.all_prefixes);
    let warnings: Vec<usize> = loaded.warnings.iter().map(|warning| warning.line).collect();
    assert_eq!(warnings, [13, 14, 15, 16]);
}

#[test]
fn all_interfaces() {
    for word in ["*", "all", "ALL", "eth0 all"] {
        let config = parse(&format!("forwarder ::1\ninterfaces {word}"))
            .unwrap()
            .config;
        assert!(config.interfaces.is_empty(), "{word}");
    }
}

// req: F-006 F-021 F-029 F-044 F-055
#[test]
fn defaults() {
    let config = parse("forwarder ::1").unwrap().config;
    let Prefixes::Listed(rules) = &config.prefixes else {
        panic!("{:?}", config.prefixes);
    };
    assert_eq!(rules.len(), 1);
    assert!(rules[0].prefix.is_well_known());
    assert_eq!(config.exclude_aaaa[0].to_string(), "::ffff:0.0.0.0/96");
    assert_eq!(config.clients, Clients::Near);
    assert_eq!(config.dnssec, Dnssec::Synthesise);
    assert_eq!(config.ptr, Ptr::Cname);
    assert_eq!(config.port, 53);
    assert!(config.hide_a.is_empty() && config.listen.is_empty());
}

// req: F-018 F-021
#[test]
fn prefixes() {
    let text =
        "forwarder ::1\nprefix 2001:db8:a::/64 for 10.0.0.0/8 192.168.0.0/16 clients fd00::/8\n\
        prefix 64:ff9b::";
    let Prefixes::Listed(rules) = parse(text).unwrap().config.prefixes else {
        panic!();
    };
    assert_eq!(rules[0].targets.len(), 2);
    assert_eq!(rules[0].clients.len(), 1);
    assert!(rules[1].prefix.is_well_known());
    let source = |word: &str| {
        let text = format!("forwarder ::1\nprefix {word}");
        parse(&text).unwrap().config.prefixes
    };
    assert_eq!(source("auto"), Prefixes::Auto);
    assert_eq!(source("none"), Prefixes::None);
    assert_eq!(source("discover"), Prefixes::Discover(vec![]));
    let links = ["eth0", "wg0"].map(String::from).to_vec();
    assert_eq!(source("discover eth0 wg0"), Prefixes::Discover(links));
}

// fault: names-12
#[test]
fn forwarders_on_a_link() {
    let number = |name: &str| (name == "eth0").then_some(7);
    let forwarders = |text: &str| {
        let loaded = parse_on(&format!("forwarder {text}"), &number);
        loaded.map(|loaded| loaded.config.forwarders[0].to_string())
    };
    assert_eq!(forwarders("fe80::1%eth0").unwrap(), "[fe80::1%7]:53");
    assert_eq!(forwarders("fe80::1%3 port 54").unwrap(), "[fe80::1%3]:54");
    for (text, expected) in [
        (
            "fe80::1",
            "1:11: 'fe80::1' needs its interface: fe80::1%eth0",
        ),
        ("fe80::1%eth9", "1:11: there is no interface 'eth9'"),
        (
            "2001:db8::1%eth0",
            "1:11: '2001:db8::1' is not link-local, and has no zone",
        ),
        (
            "2001:db8::1#5353",
            "1:11: a port is given by 'port': 2001:db8::1 port 5353",
        ),
    ] {
        assert_eq!(forwarders(text).unwrap_err().to_string(), expected);
    }
}

// fault: names-13
#[test]
fn names_without_aaaa() {
    let config = parse("forwarder ::1\nexclude-aaaa www.example *.sub.example. 2001:db8::/32");
    let config = config.unwrap().config;
    let name = |text: &str| Name::from_text(text).unwrap();
    let excluded = |text: &str| {
        let mut names = config.exclude_names.iter();
        names.any(|pattern| pattern.matches(&name(text)))
    };
    assert_eq!(config.exclude_aaaa.len(), 2);
    assert!(excluded("WWW.example") && !excluded("web.example") && !excluded("x.www.example"));
    assert!(excluded("a.b.sub.example") && !excluded("sub.example"));
    for wrong in ["10.0.0.1", "x/8", "::ffff:0:0/129", "..", "*."] {
        assert!(
            parse(&format!("forwarder ::1\nexclude-aaaa {wrong}")).is_err(),
            "{wrong}"
        );
    }
}

// req: B-012 B-013 B-014
#[test]
fn wrong() {
    for (text, expected) in [
        ("", "1:1: no forwarder is named"),
        ("port 53", "1:1: no forwarder is named"),
        ("forwarder", "1:1: an address is missing after 'forwarder'"),
        ("  forwarder x", "1:13: 'x' is no address"),
        ("forwarder ::1 53", "1:15: 'port' belongs here, not '53'"),
        (
            "forwarder ::1 port 0",
            "1:20: '0' is not between 1 and 65535",
        ),
        ("forwarder ::1 port 53 x", "1:23: 'x' is too much"),
        (
            "forwarder ::1\nport 65536",
            "2:6: '65536' is not between 1 and 65535",
        ),
        ("frowarder ::1", "1:1: 'frowarder' is no keyword"),
        (
            "prefix 2001:db8::/33",
            "1:8: prefix length must be 32, 40, 48, 56, 64 or 96",
        ),
        (
            "prefix 2001:db8::/128",
            "1:8: prefix length must be 32, 40, 48, 56, 64 or 96",
        ),
        (
            "prefix 64:ff9b::/64",
            "1:8: the well-known prefix 64:ff9b:: must have length 96",
        ),
        (
            "prefix 2001:db8:1:2:ff00::/96",
            "1:8: bits 64 to 71 of a prefix must be zero",
        ),
        (
            "prefix 2001:db8::1/96",
            "1:8: prefix has bits set beyond its length",
        ),
        // req: B-029
        (
            "prefix 64:ff9b:1:2::",
            "1:8: prefixes of 64:ff9b:1::/48 may have any length: give it, e.g. /96",
        ),
        ("prefix 10.0.0.0/8", "1:8: '10.0.0.0/8' is no IPv6 prefix"),
        (
            "prefix fe80::/64",
            "1:8: prefix covers link-local addresses",
        ),
        (
            "prefix 2001:db8::/32 for",
            "1:22: a network is missing after 'for'",
        ),
        (
            "prefix 2001:db8::/32 for clients",
            "1:26: 'clients' is no network",
        ),
        (
            "prefix 2001:db8::/32 for ::/0",
            "1:26: '::/0' is no IPv4 network",
        ),
        (
            "prefix 2001:db8::/32 10.0.0.0/8",
            "1:22: '10.0.0.0/8' is neither 'for' nor 'clients'",
        ),
        (
            "prefix auto\nprefix 2001:db8::/32",
            "2:8: 'prefix auto', 'discover' and 'none' stand alone",
        ),
        (
            "prefix auto\nprefix discover",
            "2:8: 'prefix discover' stands alone",
        ),
        (
            "prefix 2001:db8::/32\nprefix none",
            "2:8: 'prefix none' stands alone",
        ),
        ("exclude-a ::/0", "1:11: '::/0' is no IPv4 network"),
        (
            "exclude-aaaa 10.0.0.0/8",
            "1:14: '10.0.0.0/8' is no IPv6 network",
        ),
        ("clients", "1:1: a network is missing after 'clients'"),
        ("clients any any", "1:13: 'any' is too much"),
        ("clients 10.0.0.0/33", "1:9: '10.0.0.0/33' is no network"),
        ("ptr maybe", "1:5: 'maybe' is none of cname, translate, off"),
        (
            "dnssec",
            "1:1: one of synthesise, strict is missing after 'dnssec'",
        ),
        ("randomize-case yes", "1:16: 'yes' is none of on, off"),
        ("listen localhost", "1:8: 'localhost' is no address"),
        (
            "interfaces",
            "1:1: an interface is missing after 'interfaces'",
        ),
        ("retry -1", "1:7: '-1' is not between 0 and 1000000"),
    ] {
        assert_eq!(parse(text).unwrap_err().to_string(), expected, "{text}");
    }
}

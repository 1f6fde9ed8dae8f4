// SPDX-License-Identifier: GPL-2.0
//! faithd.conf and its access list.

use faithd::access::Refusal;
use faithd::config::{Config, Services};
use faithd::parser::parse;
use proptest::prelude::*;

const NAMES: &str =
    "# comment\nssh 22/tcp # secure\ntelnet\t23/tcp\ndomain 53/udp\nwww-alt 8080/tcp webcache\n";

fn config(text: &str) -> Config {
    parse(text, NAMES).unwrap()
}

fn problem(text: &str) -> String {
    parse(text, NAMES).unwrap_err().to_string()
}

fn check(text: &str, client: &str, to: &str, port: u16) -> Result<Option<String>, Refusal> {
    let (client, to) = (client.parse().unwrap(), to.parse().unwrap());
    let access = config(text).access;
    access.destination(to)?;
    let source = access.permitted(client, to, port)?;
    Ok(source.map(|addr| addr.to_string()))
}

const ANY: &str = "::/0 permit 0.0.0.0/0";

#[test]
fn all_keywords() {
    let config = config(
        "prefix 2001:db8:46::  # length 96\nprefix 2001:db8:4600::/40\n\
         service ftp ssh 23 webcache\nlocal telnet /usr/sbin/telnetd telnetd -h\n\
         idle 60\nprivate permit\nreserved-port on\nmax-connections 5\n",
    );
    assert_eq!(config.prefixes.len(), 2);
    assert_eq!(config.prefixes[0].len(), 96);
    assert_eq!(config.services, Services::Ports(vec![21, 22, 23, 8080]));
    assert_eq!(config.local[&23], ["/usr/sbin/telnetd", "telnetd", "-h"]);
    assert_eq!((config.idle, config.max_connections), (60, 5));
    assert!(config.access.private && config.reserved_port);
    // req: G-054
    assert!(!Config::default().reserved_port);
    // req: G-058
    assert!(Config::default().idle >= 2 * 3600 + 4 * 60);
}

#[test]
fn any_service_wins() {
    assert_eq!(config("service ssh any http").services, Services::Any);
}

// req: G-047
#[test]
fn all_prefix_lengths() {
    for prefix in [
        "2001:db8::/32",
        "2001:db8:4600::/40",
        "2001:db8:46::/48",
        "2001:db8:46:4600::/56",
        "2001:db8:46:46::/64",
        "2001:db8:46::/96",
        "64:ff9b::/96",
    ] {
        assert_eq!(config(&format!("prefix {prefix}")).prefixes.len(), 1);
    }
}

#[test]
fn problems_tell_where() {
    for (text, expected) in [
        ("\nprefix", "2:1: a prefix is missing after 'prefix'"),
        ("prefix x", "1:8: 'x' is no IPv6 prefix"),
        (
            "prefix 2001:db8::/97",
            "1:8: prefix length must be 32, 40, 48, 56, 64 or 96",
        ),
        (
            "prefix 2001:db8::/32\nprefix 2001:db8:1::/96",
            "2:8: the prefix overlaps another one",
        ),
        // req: B-029
        (
            "prefix 64:ff9b:1:2::",
            "1:8: prefixes of 64:ff9b:1::/48 may have any length: give it, e.g. /96",
        ),
        ("prefix 2001:db8::/32 x", "1:22: 'x' is too much"),
        ("service domain", "1:9: unknown service 'domain'"),
        ("service 0", "1:9: unknown service '0'"),
        ("local any /bin/sh", "1:7: 'any' is no single service"),
        ("local 23 sh", "1:10: a program's path begins with /"),
        ("idle 0", "1:6: '0' is not between 1 and 1000000000"),
        ("private yes", "1:9: 'yes' is none of permit, deny"),
        ("  nonsense", "1:3: unknown keyword 'nonsense'"),
        (
            "::/0 allow 0.0.0.0/0",
            "1:6: 'allow' is none of permit, deny",
        ),
        ("::/129 permit 0.0.0.0/0", "1:1: '::/129' is no network"),
        ("::/0 permit ::/0", "1:13: '::/0' is no IPv4 network"),
        (
            "::/0 permit 0.0.0.0/0 x",
            "1:23: neither an IPv4 address nor 'port'",
        ),
        (
            "::/0 permit 0.0.0.0/0 port 9-7",
            "1:28: not a port or a range of ports",
        ),
    ] {
        assert_eq!(problem(text), expected, "{text}");
    }
}

// req: G-050
#[test]
fn first_match_counts() {
    let rules = "2001:db8:6::/48 deny 192.0.2.128/25\n\
                 2001:db8:6::/48 permit 192.0.2.0/24 198.51.100.1\n\
                 ::/0 permit 203.0.113.0/24 port 22 80-81\n";
    let denied = Err(Refusal::Denied);
    assert_eq!(check(rules, "2001:db8:6::2", "192.0.2.129", 80), denied);
    let source = Ok(Some("198.51.100.1".into()));
    assert_eq!(check(rules, "2001:db8:6::2", "192.0.2.1", 80), source);
    assert_eq!(check(rules, "2001:db8:7::2", "192.0.2.1", 80), denied);
    assert_eq!(check(rules, "2001:db8:7::2", "203.0.113.9", 81), Ok(None));
    assert_eq!(check(rules, "2001:db8:7::2", "203.0.113.9", 82), denied);
    assert_eq!(check("", "2001:db8:6::2", "192.0.2.1", 80), denied);
}

// req: G-051
#[test]
fn never_relayed() {
    let check = |text: &str, to| check(text, "2001:db8:6::2", to, 80);
    for addr in [
        "127.0.0.1",
        "0.0.0.0",
        "0.1.2.3",
        "224.0.0.1",
        "239.255.255.255",
        "255.255.255.255",
        "240.0.0.1",
    ] {
        assert_eq!(check(ANY, addr), Err(Refusal::Martian), "{addr}");
    }
    let permitted = format!("private permit\n{ANY}");
    for addr in [
        "10.0.0.1",
        "172.31.0.1",
        "192.168.0.1",
        "100.64.0.1",
        "169.254.0.1",
    ] {
        assert_eq!(check(ANY, addr), Err(Refusal::Private), "{addr}");
        assert_eq!(check(&permitted, addr), Ok(None), "{addr}");
    }
}

proptest! {
    #[test]
    fn no_text_panics(text in "[ -~\n]{0,80}", names in "[ -~\n]{0,80}") {
        let _ = parse(&text, &names);
    }

    #[test]
    fn no_words_panic(words in prop::collection::vec(prop_oneof![
        Just("::/0"), Just("permit"), Just("0.0.0.0/0"), Just("port"), Just("80-90"), Just("local"),
        Just("prefix"), Just("service"), Just("any"), Just("\n"), Just("#"), Just("/bin/x"),
    ], 0..12)) {
        let _ = parse(&words.join(" "), NAMES);
    }
}

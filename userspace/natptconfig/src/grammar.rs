// SPDX-License-Identifier: GPL-2.0

//! The words that may follow others: the parser's error messages and `?` read them from here.

/// A keyword, in small letters; or in capitals the name of a value.
#[derive(Debug, PartialEq, Eq)]
pub struct Choice {
    pub word: &'static str,
    pub help: &'static str,
}

pub type Choices = &'static [Choice];

impl Choice {
    pub fn is_keyword(&self) -> bool {
        self.word.starts_with(|c: char| c.is_ascii_lowercase())
    }
}

/// "port, proto or the end"
pub fn list(choices: Choices) -> String {
    let mut text = String::new();
    for (index, choice) in choices.iter().enumerate() {
        text.push_str(match index {
            0 => "",
            _ if index + 1 == choices.len() => " or ",
            _ => ", ",
        });
        text.push_str(choice.word);
    }
    text
}

macro_rules! choices {
    ($($name:ident: $($word:literal $help:literal),+;)*) => {
        $(pub const $name: Choices = &[$(Choice { word: $word, help: $help }),+];)*
    };
}

choices! {
    STATEMENT:
        "prefix" "set or remove translation prefixes",
        "map" "set or remove rules, start or stop translation",
        "set" "give a variable another value",
        "session" "end sessions",
        "monitor" "print what happens, as it happens",
        "show" "show configuration and state";
    END: "the end" "the statement is complete";

    PREFIX:
        "V6/LENGTH" "add a prefix, e.g. 2001:db8:64::/96 (the length is 96 if left out)",
        "flush" "remove all prefixes";
    GONE:
        "keep" "its sessions run out instead of ending",
        "the end" "the statement is complete";
    PREFIX_LENGTH:
        "/LENGTH" "length of the prefix: 32, 40, 48, 56, 64 or 96 (if left out)",
        "the end" "the statement is complete";
    LENGTH: "LENGTH" "length of the prefix in bits";

    MAP:
        "from" "add a rule after the last one: from HOSTS to ADDRESS [port ...] [proto ...]",
        "N" "number of the new rule: N from HOSTS to ADDRESS [port ...] [proto ...]",
        "enable" "start translation",
        "disable" "stop translation",
        "delete" "remove the rule with a number",
        "renum" "number the rules anew",
        "flush" "remove all rules";
    FROM: "from" "hosts that the rule is for";
    SOURCE:
        "any6" "every IPv6 host",
        "V6" "one IPv6 host, e.g. 2001:db8::7",
        "V6/LENGTH" "the hosts under a prefix, e.g. 2001:db8::/32",
        "V4" "one IPv4 host, e.g. 192.0.0.1 (stateless)",
        "V4/LENGTH" "the IPv4 hosts under a prefix, e.g. 192.0.2.0/24 (stateless)";
    SOURCE_LENGTH:
        "/LENGTH" "length of the prefix, 0 to 128",
        "to" "IPv4 address that the hosts appear as";
    SOURCE4_LENGTH:
        "/LENGTH" "length of the prefix, 0 to 32 (32 if left out)",
        "to" "IPv6 addresses that the hosts appear as";
    TO6: "to" "IPv6 addresses that the hosts appear as";
    TARGET6:
        "V6" "IPv6 address, e.g. 2001:db8::7",
        "V6/LENGTH" "IPv6 addresses, at least as many as there are hosts";
    TARGET6_LENGTH:
        "/LENGTH" "length of the prefix, 0 to 128 (128 if left out)",
        "stateless" "each host has an address of its own";
    STATELESS: "stateless" "each host has an address of its own";
    TO: "to" "IPv4 address that the hosts appear as";
    POOL: "V4" "IPv4 address, e.g. 192.0.2.1";
    AFTER_POOL:
        "port" "ports to use: A - B, or A : COUNT for COUNT ports from A on (KAME took one more)",
        "proto" "transport protocols that the rule is for: icmp, tcp, udp, or several as tcp/udp",
        "filter" "which packets of IPv4 hosts open sessions: filter address",
        "refresh" "whose packets keep sessions alive: refresh outbound",
        "the end" "the statement is complete";
    TARGET4:
        "V4" "IPv4 address, e.g. 192.0.2.1",
        "V4/LENGTH" "an IPv4 address for each host, e.g. 192.0.2.0/24 (stateless)";
    AFTER_TARGET4:
        "/LENGTH" "an IPv4 address for each host (stateless): length of their prefix, 0 to 32",
        "port" "ports to use: A - B, or A : COUNT for COUNT ports from A on (KAME took one more)",
        "proto" "transport protocols that the rule is for: icmp, tcp, udp, or several as tcp/udp",
        "filter" "which packets of IPv4 hosts open sessions: filter address",
        "refresh" "whose packets keep sessions alive: refresh outbound",
        "stateless" "each host has an address of its own",
        "the end" "the statement is complete";
    PORT: "PORT" "first port, 1 to 65535";
    RANGE:
        "-" "and the last port follows: 1024 - 65535",
        ":" "and the number of ports follows: 1024 : 64512";
    LAST_PORT: "PORT" "last port, 1 to 65535";
    COUNT: "COUNT" "number of ports";
    AFTER_PORTS:
        "proto" "transport protocols that the rule is for: icmp, tcp, udp, or several as tcp/udp",
        "filter" "which packets of IPv4 hosts open sessions: filter address",
        "refresh" "whose packets keep sessions alive: refresh outbound",
        "the end" "the statement is complete";
    PROTO:
        "icmp" "ping and the like",
        "tcp" "TCP",
        "udp" "UDP";
    AFTER_PROTO:
        "/" "and another protocol follows",
        "filter" "which packets of IPv4 hosts open sessions: filter address",
        "refresh" "whose packets keep sessions alive: refresh outbound",
        "the end" "the statement is complete";
    FILTER:
        "none" "all of them, from whatever address (if left out)",
        "address" "those from addresses that the host has sessions with",
        "port" "none: only answers pass";
    AFTER_FILTER:
        "refresh" "whose packets keep sessions alive: refresh outbound",
        "the end" "the statement is complete";
    REFRESH:
        "both" "those of both sides (if left out)",
        "outbound" "those of the IPv6 host only, but for TCP";
    NUMBER: "N" "number of the rule";
    START:
        "START" "number of the first rule (100 if left out)",
        "the end" "the statement is complete";
    INTERVAL:
        "INTERVAL" "distance between two numbers (100 if left out)",
        "the end" "the statement is complete";

    VARIABLE: "NAME" "name of a variable (show variables lists them)";
    ASSIGN: "=" "and the value follows";
    VALUE: "VALUE" "decimal, hexadecimal as 0x10, for seconds a duration as 2h4m, or an address as 192.0.2.9";

    SHOW:
        "prefix" "the translation prefixes",
        "mapping" "whether translation is on",
        "rules" "the rules",
        "sessions" "number of sessions by protocol and state",
        "xlate" "the sessions, with both sides' addresses",
        "variables" "the variables and what they do",
        "stats" "the counters",
        "config" "the configuration as a file for -f";
    MONITOR:
        "mappings" "mappings that are opened and closed",
        "sessions" "sessions that are opened and closed",
        "limits" "limits that packets have met",
        "proto" "what is about a transport protocol: proto tcp",
        "host" "what is about an IPv6 host, or those under a prefix: host 2001:db8::/32",
        "pool" "what is about a pool address: pool 192.0.2.1",
        "port" "what is about a port of the pool address: port 4242",
        "peer" "what is about an IPv4 host: peer 198.51.100.10",
        "rule" "what is about a rule: rule 100",
        "the end" "the statement is complete";
    XLATE:
        "long" "whole addresses, as when the output is not a terminal",
        "short" "the source's two addresses only",
        "proto" "those of a transport protocol: proto tcp",
        "host" "those of an IPv6 host, or of all under a prefix: host 2001:db8::/32",
        "pool" "those that have a pool address: pool 192.0.2.1",
        "port" "those that have a port of the pool address: port 4242",
        "peer" "those with an IPv4 host: peer 198.51.100.10",
        "state" "those in a state: state established",
        "rule" "those that a rule has made: rule 100",
        "limit" "at most so many: limit 100",
        "the end" "the statement is complete";
    COUNTED:
        "proto" "those of a transport protocol: proto tcp",
        "host" "those of an IPv6 host, or of all under a prefix: host 2001:db8::/32",
        "pool" "those that have a pool address: pool 192.0.2.1",
        "port" "those that have a port of the pool address: port 4242",
        "peer" "those with an IPv4 host: peer 198.51.100.10",
        "state" "those in a state: state established",
        "rule" "those that a rule has made: rule 100",
        "the end" "the statement is complete";
    ENDED:
        "proto" "those of a transport protocol: proto tcp",
        "host" "those of an IPv6 host, or of all under a prefix: host 2001:db8::/32",
        "pool" "those that have a pool address: pool 192.0.2.1",
        "port" "those that have a port of the pool address: port 4242",
        "peer" "those with an IPv4 host: peer 198.51.100.10",
        "state" "those in a state: state established",
        "rule" "those that a rule has made: rule 100";
    ALSO_ENDED:
        "proto" "those of a transport protocol: proto tcp",
        "host" "those of an IPv6 host, or of all under a prefix: host 2001:db8::/32",
        "pool" "those that have a pool address: pool 192.0.2.1",
        "port" "those that have a port of the pool address: port 4242",
        "peer" "those with an IPv4 host: peer 198.51.100.10",
        "state" "those in a state: state established",
        "rule" "those that a rule has made: rule 100",
        "the end" "the statement is complete";
    HOST:
        "V6" "one IPv6 host, e.g. 2001:db8::7",
        "V6/LENGTH" "the hosts under a prefix, e.g. 2001:db8::/32";
    HOST_LENGTH:
        "/LENGTH" "length of the prefix, 0 to 128",
        "the end" "the statement is complete";
    ADDRESS4: "V4" "IPv4 address, e.g. 192.0.2.1";
    POOL_PORT: "PORT" "port of the pool address, or ICMP identifier, 0 to 65535";
    STATE:
        "none" "no TCP session",
        "v6-init" "opened by the IPv6 host, not answered",
        "v4-init" "opened by the IPv4 host, not answered",
        "established" "both sides have sent a SYN",
        "v6-fin-rcv" "closed by the IPv6 host",
        "v4-fin-rcv" "closed by the IPv4 host",
        "v6-fin-v4-fin-rcv" "closed by both",
        "trans" "reset, or idle and probed";
    LIMIT: "N" "number of sessions, at least 1";
    SESSION:
        "delete" "end the sessions for which all that follows holds",
        "flush" "end all sessions";
    WHICH:
        "NAME" "this variable only",
        "the end" "the statement is complete";
}

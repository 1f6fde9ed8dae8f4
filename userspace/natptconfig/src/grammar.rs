// SPDX-License-Identifier: GPL-2.0

//! The words that may follow others: the parser's error messages and `?` read them from here.

/// A keyword, in small letters; or in capitals the name of a value.
#[derive(Debug, PartialEq, Eq)]
pub struct Choice {
    pub word: &'static str,
    pub help: &'static str,
}

/// In parts, which other choices may have, too.
pub type Choices = &'static [&'static [Choice]];

impl Choice {
    pub fn is_keyword(&self) -> bool {
        self.word.starts_with(|c: char| c.is_ascii_lowercase())
    }
}

pub fn each(choices: Choices) -> impl Iterator<Item = &'static Choice> {
    choices.iter().copied().flatten()
}

/// "port, proto or the end"
pub fn list(choices: Choices) -> String {
    let mut text = String::new();
    let count = each(choices).count();
    for (index, choice) in each(choices).enumerate() {
        text.push_str(match index {
            0 => "",
            _ if index + 1 == count => " or ",
            _ => ", ",
        });
        text.push_str(choice.word);
    }
    text
}

macro_rules! choices {
    ($($name:ident: $($word:literal $help:literal),* $(+ $part:ident)*;)*) => {
        $(pub const $name: Choices = &[
            &[$(Choice { word: $word, help: $help }),*],
            $($part[0]),*
        ];)*
    };
}

choices! {
    COMMAND:
        "prefix" "set or remove translation prefixes",
        "map" "set or remove rules, start or stop translation",
        "set" "give a variable another value",
        "session" "end sessions",
        "monitor" "print what happens, as it happens",
        "metrics" "print the counters in Prometheus's text format",
        "show" "show configuration and state",
        "top" "what goes on, on one screen, again and again",
        "test" "write a line into the kernel's log: test log",
        "log" "write a text into the kernel's log",
        "break" "write a mark into the kernel's log";
    IN_FILE:
        "include" "carry out another file: include \"FILE\"",
        "define" "give addresses a name: define NAME = { ADDRESS, ... }";
    STATEMENT: + COMMAND + IN_FILE;
    FILE: "\"FILE\"" "name of a file, or of several with *, ? and [...] as in the shell";
    NAME: "NAME" "name of the addresses, e.g. HOSTS, for which $HOSTS stands then";
    ELEMENT:
        "V4" "IPv4 address, e.g. 192.0.2.1",
        "V4/LENGTH" "the IPv4 addresses under a prefix, e.g. 192.0.2.0/26",
        "V4 - V4" "the IPv4 addresses from one to another, e.g. 192.0.2.1 - 192.0.2.9",
        "V6" "IPv6 address, e.g. 2001:db8::7",
        "V6/LENGTH" "the IPv6 addresses under a prefix, e.g. 2001:db8::/32",
        "$NAME" "what was named before";
    ELEMENTS: "{" "several addresses follow: { 192.0.2.1, 192.0.2.8/30 }" + ELEMENT;
    MORE_ELEMENTS:
        "," "and another one follows",
        "}" "these are all";
    END: "the end" "the statement is complete";

    PREFIX:
        "V6/LENGTH" "add a prefix, e.g. 2001:db8:64::/96 (the length is 96 if left out)",
        "flush" "remove all prefixes";
    GONE:
        "keep" "its sessions run out instead of ending"
        + END;
    ALL_GONE: "all" "the same: all rules" + GONE + END;
    PREFIX_LENGTH:
        "/LENGTH" "length of the prefix: 32, 40, 48, 56, 64 or 96 (if left out)"
        + END;
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
        "V4" "one IPv4 host, e.g. 192.0.0.1 (stateless, or before daddr or dport)",
        "V4/LENGTH" "the IPv4 hosts under a prefix, e.g. 192.0.2.0/24 (the same)"
        + DADDR;
    SOURCE_LENGTH:
        "/LENGTH" "length of the prefix, 0 to 128",
        "to" "IPv4 address that the hosts appear as";
    SOURCE4_LENGTH:
        "/LENGTH" "length of the prefix, 0 to 32 (32 if left out)",
        "-" "and the last address follows, if they are a network: 192.0.2.0 - 192.0.2.255"
        + TO6 + DADDR + DPORT4;
    TO6: "to" "IPv6 addresses that the hosts appear as";
    AFTER_SOURCE4: + TO6 + DADDR + DPORT4;
    DPORT4:
        "dport" "ports that IPv4 hosts send to, of this address: the same as daddr V4 dport ...";
    TARGET6:
        "V6" "IPv6 address, e.g. 2001:db8::7",
        "V6/LENGTH" "IPv6 addresses, at least as many as there are hosts";
    TARGET6_LENGTH:
        "/LENGTH" "length of the prefix, 0 to 128 (128 if left out)",
        "stateless" "each host has an address of its own";
    TO: "to" "IPv4 address that the hosts appear as";
    POOL:
        "V4" "IPv4 address, e.g. 192.0.2.1",
        "V4/LENGTH" "the IPv4 addresses under a prefix, e.g. 192.0.2.0/26",
        "V4 - V4" "the IPv4 addresses from one to another, e.g. 192.0.2.1 - 192.0.2.9";
    MORE_POOL:
        "/LENGTH" "length of the prefix, 0 to 32",
        "-" "and the last address follows: 192.0.2.1 - 192.0.2.9";
    LAST_ADDRESS: "V4" "last IPv4 address, e.g. 192.0.2.9";
    RULE_PORT:
        "port" "ports to use: A - B, or A : COUNT for COUNT ports from A on (KAME took one more)";
    RULE_PROTO:
        "proto" "transport protocols that the rule is for, e.g. tcp/udp; icmp, tcp and udp if left out";
    RULE_FILTER: "filter" "which packets of IPv4 hosts open sessions: filter address";
    RULE_REFRESH: "refresh" "whose packets keep sessions alive: refresh outbound";
    RULE_BLOCK:
        "block" "each host has so many ports, which follow from its address: block 1000";
    STATELESS: "stateless" "each host has an address of its own: there are as many on either side";
    RULE_BIDIR:
        "bidir" "hosts and addresses stand for each other one by one, whoever speaks first";
    AFTER_POOL:
        + MORE_POOL + RULE_PORT + RULE_BLOCK + RULE_PROTO + RULE_FILTER + RULE_REFRESH
        + RULE_COMMENT + END;
    AFTER_POOLS:
        + RULE_PORT + RULE_BLOCK + RULE_PROTO + RULE_FILTER + RULE_REFRESH + RULE_COMMENT + END;
    AFTER_TARGET4:
        + MORE_POOL + RULE_PORT + RULE_BLOCK + RULE_PROTO + RULE_BIDIR + RULE_FILTER + RULE_REFRESH
        + STATELESS + RULE_COMMENT + END;
    AFTER_TARGETS4:
        + RULE_PORT + RULE_BLOCK + RULE_PROTO + RULE_BIDIR + RULE_FILTER + RULE_REFRESH + STATELESS
        + RULE_COMMENT + END;
    PORT: "PORT" "first port, 1 to 65535";
    RANGE:
        "-" "and the last port follows: 1024 - 65535",
        ":" "and the number of ports follows: 1024 : 64512";
    LAST_PORT: "PORT" "last port, 1 to 65535";
    COUNT: "COUNT" "number of ports";
    AFTER_PORTS: + RULE_BLOCK + RULE_PROTO + RULE_FILTER + RULE_REFRESH + RULE_COMMENT + END;
    BLOCK: "PORTS" "number of ports that each host has";
    AFTER_BLOCK:
        "per" "the hosts are prefixes, e.g. per /64 (if left out), or addresses: per /128"
        + RULE_PROTO + RULE_FILTER + RULE_REFRESH + RULE_COMMENT + END;
    PER: "/LENGTH" "length of the hosts' prefixes, up to 128";
    AFTER_PER: + RULE_PROTO + RULE_FILTER + RULE_REFRESH + RULE_COMMENT + END;
    ICMP: "icmp" "ping and the like";
    OTHER: "other" "all others, whose ports stay as they are: SCTP, ESP, GRE and so on";
    PROTO: + ICMP + TCP_UDP + OTHER;
    COUNTED_PROTO: + ICMP + TCP_UDP;
    FLOW_PROTO: "P" "name or number of another one, e.g. gre or 47" + ICMP + TCP_UDP;
    TCP_UDP:
        "tcp" "TCP",
        "udp" "UDP";
    MORE_PROTO: "/" "and another protocol follows";
    AFTER_PROTO: + MORE_PROTO + RULE_FILTER + RULE_REFRESH + RULE_COMMENT + END;
    AFTER_PROTO_TARGETS:
        + MORE_PROTO + RULE_BIDIR + RULE_FILTER + RULE_REFRESH + RULE_COMMENT + END;
    AFTER_BIDIR: + RULE_FILTER + RULE_REFRESH + RULE_COMMENT + END;
    RULE_COMMENT: "comment" "a line for people, which show rules and show config print";
    FILTER:
        "none" "all of them, from whatever address (if left out)",
        "address" "those from addresses that the host has sessions with",
        "port" "none: only answers pass";
    AFTER_FILTER: + RULE_REFRESH + RULE_COMMENT + END;
    AFTER_REFRESH: + RULE_COMMENT + END;
    REFRESH:
        "both" "those of both sides (if left out)",
        "outbound" "those of the IPv6 host only, but for TCP";

    DADDR:
        "daddr" "address that IPv4 hosts send to: daddr V4 [dport ...] to daddr V6 [dport ...]";
    AFTER_DADDR: "dport" "ports that they send to: one, A - B, or A : COUNT" + TO_DADDR;
    TO_DADDR: "to" "IPv6 host that gets the packets: to daddr V6 [dport ...]";
    AFTER_DPORT: + RANGE + TO_DADDR;
    DADDR6: "daddr" "address of the IPv6 host";
    TO_HOST: "to" "IPv6 host that gets the packets: to V6 [dport ...]";
    AFTER_DPORT4: + RANGE + TO_HOST;
    ADDRESS6: "V6" "IPv6 address, e.g. 2001:db8::7";
    AFTER_DADDR6: + RULE_PROTO + RULE_FILTER + RULE_REFRESH + RULE_COMMENT + END;
    DPORT6: "dport" "ports of the IPv6 host: the first, or as many (the same if left out)";
    RULE_TCP_UDP:
        "proto" "transport protocols that the rule is for: tcp, udp or tcp/udp (if left out)";
    MAY_DPORT6: + DPORT6 + RULE_TCP_UDP + RULE_FILTER + RULE_REFRESH + RULE_COMMENT + END;
    AFTER_DPORT6: + RANGE + RULE_TCP_UDP + RULE_FILTER + RULE_REFRESH + RULE_COMMENT + END;
    AFTER_DPORTS6: + RULE_TCP_UDP + RULE_FILTER + RULE_REFRESH + RULE_COMMENT + END;

    NUMBER: "N" "number of the rule";
    START:
        "START" "number of the first rule (100 if left out)"
        + END;
    INTERVAL:
        "INTERVAL" "distance between two numbers (100 if left out)"
        + END;

    VARIABLE: "NAME" "name of a variable (show variables lists them)";
    ASSIGN: "=" "and the value follows";
    VALUE: "VALUE" "decimal, hexadecimal as 0x10, for seconds a duration as 2h4m, or an address as 192.0.2.9";

    SHOW:
        "prefix" "the translation prefixes",
        "mapping" "whether translation is on",
        "rules" "the rules",
        "sessions" "number of sessions by protocol and state",
        "xlate" "the sessions, with both sides' addresses",
        "hosts" "the hosts, those with the most sessions first",
        "pool" "the addresses of pools: how many ports are in use",
        "variables" "the variables and what they do",
        "stats" "the counters",
        "block" "the ports of a host of a rule with blocks, or whose a port is",
        "config" "the configuration as a file for -f",
        "fragment" "where packets are cut",
        "timer" "all timers",
        "ttl" "how long idle sessions live, by protocol";
    RULES:
        "cui" "in KAME's short form: masquerade, static or redirect"
        + END;
    TEST: "log" "write a line into the kernel's log";
    TEXT: "TEXT" "a word, or words as \"one two\"";
    MAY_TEXT: + TEXT + END;
    MONITOR:
        "mappings" "mappings that are opened and closed",
        "sessions" "sessions that are opened and closed",
        "limits" "limits that packets have met"
        + FLOW + FLOW_RULE + END;
    FLOW:
        "proto" "those of a transport protocol: proto tcp",
        "host" "those of an IPv6 host, or of all under a prefix: host 2001:db8::/32",
        "pool" "those that have a pool address: pool 192.0.2.1",
        "port" "those that have a port of the pool address: port 4242",
        "peer" "those with an IPv4 host: peer 198.51.100.10";
    FLOW_STATE: "state" "those in a state: state established";
    FLOW_RULE: "rule" "those that a rule has made: rule 100";
    FLOW_LIMIT: "limit" "at most so many: limit 100";
    WIDTH:
        "long" "whole addresses, as when the output is not a terminal",
        "short" "the source's two addresses only",
        "trace" "the first and the last address only: the host, and its IPv4 peer",
        "copy" "as they are at one moment (as always)";
    AGAIN: "SECONDS" "again and again, at this interval";
    XLATE: + WIDTH + FLOW + FLOW_STATE + FLOW_RULE + FLOW_LIMIT + AGAIN + END;
    HOSTS: + FLOW + FLOW_STATE + FLOW_RULE + FLOW_LIMIT + END;
    STATS:
        "nonzero" "only those that are not 0",
        "SECONDS" "how they change, again and again, at this interval"
        + END;
    TOP:
        "SECONDS" "at this interval (2 if left out)"
        + END;
    COUNTED: + ICMP + TCP_UDP + FLOW + FLOW_STATE + FLOW_RULE + END;
    ENDED: + FLOW + FLOW_STATE + FLOW_RULE;
    ALSO_ENDED: + FLOW + FLOW_STATE + FLOW_RULE + END;
    HOST:
        "V6" "one IPv6 host, e.g. 2001:db8::7",
        "V6/LENGTH" "the hosts under a prefix, e.g. 2001:db8::/32";
    HOST_LENGTH:
        "/LENGTH" "length of the prefix, 0 to 128"
        + END;
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
    LIMIT: "N" "how many, at least 1";
    SESSION:
        "delete" "end the sessions for which all that follows holds",
        "flush" "end all sessions";
    WHOSE:
        "V6" "the host, e.g. 2001:db8::7",
        "V4" "the address, and a port follows, e.g. 192.0.2.1 port 4242";
    BLOCK_PORT: "port" "a port of the address";
    WHICH:
        "NAME" "this variable only",
        "all" "all of them (the same if left out)",
        "tslot" "the timers"
        + END;
}

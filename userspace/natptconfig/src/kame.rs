// SPDX-License-Identifier: GPL-2.0

//! KAME's words that mean something else now, and what has come in their place.

use crate::grammar::{self as g, Choices};

/// What became of a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Now {
    /// The same under this name.
    Named(&'static str),
    /// It was the same as `map enable` and `map disable`, and is.
    Switch,
    /// There is this instead.
    Gone(&'static str),
}

const PACKETS: &str = "show stats and the tracepoint natpt:natpt_drop tell of packets";
const EVENTS: &str = "monitor tells of sessions";
const KERNEL: &str = "addresses in the kernel are nobody's business; show rules and show xlate \
                      have what is there";

/// Names in small letters.
const VARIABLES: [(&str, Now); 18] = [
    ("translation", Now::Switch),
    ("debug", Now::Gone(PACKETS)),
    ("dump", Now::Gone(PACKETS)),
    ("prefix", Now::Gone("it is a statement: prefix V6/LENGTH")),
    (
        "forcefragment4",
        Now::Gone(
            "packets that may not be cut are not; mss-clamp and lowest-ipv6-mtu help where \
             errors are lost",
        ),
    ),
    ("uselog", Now::Gone(EVENTS)),
    ("usesyslog", Now::Gone(EVENTS)),
    (
        "sessions",
        Now::Gone("show sessions counts them, and max-sessions is the most"),
    ),
    ("cslothead", Now::Gone(KERNEL)),
    ("tslothead", Now::Gone(KERNEL)),
    (
        "tslottimer",
        Now::Gone("each session ends when its time is over; show timer has the times"),
    ),
    ("maxttlany", Now::Named("other-timeout")),
    ("maxttlicmp", Now::Named("icmp-timeout")),
    ("maxttludp", Now::Named("udp-timeout")),
    ("maxttltcp", Now::Named("tcp-est-timeout")),
    ("tcpt_2msl", Now::Named("tcp-trans-timeout")),
    ("tcp_maxidle", Now::Named("tcp-syn-timeout")),
    (
        "maxfragment",
        Now::Gone(
            "fragments wait as long as the sysctls net.ipv4.ipfrag_time and \
             net.netfilter.nf_conntrack_frag6_timeout say",
        ),
    ),
];

/// What became of the variable with this name, in small letters.
pub fn variable(name: &str) -> Option<Now> {
    let found = VARIABLES.iter().find(|(known, _)| *known == name);
    found.map(|(_, now)| *now)
}

/// Words that stood where others stand now, and what to write.
const WORDS: [(Choices, &str, &str); 12] = [
    (
        g::STATEMENT,
        "interface",
        "rules are for addresses, whatever interface they are on",
    ),
    (g::PREFIX, "natpt", "write prefix V6/LENGTH"),
    (
        g::PREFIX,
        "faith",
        "faithd has its own: prefix in faithd.conf",
    ),
    (
        g::MAP,
        "inbound",
        "write map from daddr V4 dport PORT to daddr V6 dport PORT",
    ),
    (g::MAP, "outbound", "write map from V6/LENGTH to V4"),
    (g::ALL_GONE, "static", "map delete N removes one rule"),
    (g::ALL_GONE, "dynamic", "session flush ends sessions"),
    (
        g::SOURCE,
        "any4",
        "IPv4 hosts as another IPv4 address are nftables' affair: \
         nft add rule ip nat postrouting masquerade",
    ),
    (g::SHOW, "interface", "there are none: show rules"),
    (g::SHOW, "static", "show rules lists rules of all kinds"),
    (g::SHOW, "dynamic", "show xlate lists sessions"),
    (g::WHICH, "caddr", KERNEL),
];

/// What to write in place of a word that KAME had where one of these may stand.
pub fn word(word: &str, may: Choices) -> Option<&'static str> {
    let found = WORDS
        .iter()
        .find(|(place, known, _)| *place == may && word.eq_ignore_ascii_case(known));
    found.map(|(_, _, instead)| *instead)
}

#[cfg(test)]
mod tests {
    use natpt_netlink::spec::{protos, Filter, Rule, Statement};

    use super::*;
    use crate::parser::{self, Change, Form, Line, Show, Which, Width, Xlate};
    use crate::source;

    fn line(text: &str) -> Line {
        match parser::parse(text.as_bytes()) {
            Ok(Some(line)) => line,
            other => panic!("{text}: {other:?}"),
        }
    }

    fn change(text: &str) -> Change {
        match line(text) {
            Line::Change(change) => change,
            other => panic!("{text}: {other:?}"),
        }
    }

    fn show(text: &str) -> Show {
        match line(text) {
            Line::Show(show) => show,
            other => panic!("{text}: {other:?}"),
        }
    }

    /// `column: message`
    fn problem(text: &str) -> String {
        match parser::parse(text.as_bytes()) {
            Err(problem) => format!("{}: {}", problem.column, problem.message),
            other => panic!("{text}: {other:?}"),
        }
    }

    /// Each of the 18 is what it was, or has another name, or is refused with what is there now.
    #[test]
    fn all_variables() {
        let names = "translation debug dump prefix forcefragment4 uselog usesyslog sessions \
                     cSlotHead tSlotHead tSlotTimer maxTTLany maxTTLicmp maxTTLudp maxTTLtcp \
                     tcpt_2msl tcp_maxidle maxFragment";
        assert_eq!(names.split(' ').count(), VARIABLES.len());
        for name in names.split(' ') {
            let (set, shown) = (format!("set {name}=300"), format!("show variables {name}"));
            match variable(&name.to_lowercase()).unwrap() {
                Now::Switch => assert_eq!(change(&set).statement, Statement::Enable(1)),
                Now::Named(now) => {
                    let change = change(&set);
                    let Statement::Set(made) = change.statement else {
                        panic!("{set}");
                    };
                    assert_eq!(made.name.as_deref(), Some(now));
                    assert_eq!(made.value, Some(300));
                    let notice = change.notice.unwrap();
                    assert_eq!(notice.message, format!("{name} is {now} now"));
                    assert_eq!(notice.column, 5);
                    assert_eq!(show(&shown), Show::Variables(Which::Named(now.into())));
                    let options = natpt_core::nat::options::ALL;
                    assert!(options.iter().any(|option| option.name == now), "{now}");
                }
                Now::Gone(instead) => {
                    let message = format!("{name} is no variable now: {instead}");
                    assert_eq!(problem(&set), format!("5: {message}"));
                    assert_eq!(problem(&shown), format!("16: {message}"));
                }
            }
        }
        assert_eq!(
            change("set Translation = 0").statement,
            Statement::Enable(0)
        );
        assert_eq!(
            problem("set translation = 5m"),
            "19: a switch: write 1 or 0"
        );
        assert_eq!(
            problem("show variables translation"),
            "16: translation is no variable now: show mapping tells whether it is on"
        );
    }

    #[test]
    fn classes_of_variables() {
        assert_eq!(show("show variables ALL"), Show::Variables(Which::All));
        assert_eq!(show("show variables tslot"), Show::Variables(Which::Timers));
        assert!(problem("show variables caddr").starts_with("16: `caddr` is gone: addresses"));
    }

    /// What KAME had once is refused with what to write.
    #[test]
    fn words_of_old() {
        for (text, message) in [
            (
                "interface ep0 internal",
                "1: `interface` is gone: rules are for addresses, whatever interface they are on",
            ),
            (
                "prefix natpt 2001:db8::/96",
                "8: `natpt` is gone: write prefix V6/LENGTH",
            ),
            (
                "map inbound from 192.0.2.1 to 2001:db8::1",
                "5: `inbound` is gone: \
                 write map from daddr V4 dport PORT to daddr V6 dport PORT",
            ),
            (
                "map flush static",
                "11: `static` is gone: map delete N removes one rule",
            ),
            (
                "map from any4 to 192.0.2.1",
                "10: `any4` is gone: IPv4 hosts as another IPv4 address are nftables' affair: \
                 nft add rule ip nat postrouting masquerade",
            ),
            (
                "show dynamic",
                "6: `dynamic` is gone: show xlate lists sessions",
            ),
        ] {
            assert_eq!(problem(text), message);
        }
    }

    /// IPv4 hosts as other IPv4 hosts: nftables does it, with the statement that is told.
    #[test]
    fn ipv4_to_ipv4() {
        let nft = "IPv4 addresses for IPv4 hosts are nftables' affair: nft add rule ip nat";
        for (text, rule) in [
            (
                "map from 10.0.0.0/8 to 192.0.2.1 port 1 - 9",
                "24: {} postrouting ip saddr 10.0.0.0/8 snat to 192.0.2.1",
            ),
            (
                "map from 10.0.0.1 to 192.0.2.1 bidir",
                "22: {} postrouting ip saddr 10.0.0.1/32 snat to 192.0.2.1",
            ),
            (
                "map from daddr 192.0.2.1 to daddr 10.0.0.1",
                "35: {} prerouting ip daddr 192.0.2.1 dnat to 10.0.0.1",
            ),
            (
                "map from 203.0.113.7 daddr 192.0.2.1 dport 80 to daddr 10.0.0.1 dport 8080",
                "56: {} prerouting ip daddr 192.0.2.1 tcp dport 80 dnat to 10.0.0.1",
            ),
            (
                "map from 192.0.2.1 dport 80 to 10.0.0.1 dport 8080",
                "32: {} prerouting ip daddr 192.0.2.1 tcp dport 80 dnat to 10.0.0.1",
            ),
        ] {
            assert_eq!(problem(text), rule.replace("{}", nft), "{text}");
        }
    }

    /// The form without `daddr`: the address is the one that IPv4 hosts send to, as the manual said.
    #[test]
    fn old_inbound_rules() {
        for (old, new) in [
            (
                "map from 192.0.2.9 dport 65305 to 2001:db8::1 dport 23",
                "map from daddr 192.0.2.9 dport 65305 to daddr 2001:db8::1 dport 23",
            ),
            (
                "map 7 from 192.0.2.9/32 dport 1 - 9 to 2001:db8::1 dport 11 proto tcp",
                "map 7 from daddr 192.0.2.9 dport 1 - 9 to daddr 2001:db8::1 dport 11 proto tcp",
            ),
        ] {
            assert_eq!(change(old).statement, change(new).statement, "{old}");
        }
        assert_eq!(
            problem("map from 192.0.2.0/24 dport 80 to 2001:db8::1 dport 80"),
            "20: ports are of one address: leave the length out, or write \
             from HOSTS daddr V4 dport"
        );
        assert_eq!(
            problem("map from 192.0.2.9 dport 80 to daddr 2001:db8::1 dport 80"),
            "32: write from daddr 192.0.2.9 dport before it"
        );
        for (text, choices) in [
            ("map from 192.0.2.9 dport 80 ?", g::AFTER_DPORT4),
            ("map from 192.0.2.9 dport 80 - 81 ?", g::TO_HOST),
            ("map from 192.0.2.9 dport 80 to ?", g::ADDRESS6),
        ] {
            assert_eq!(line(text), Line::Help(choices), "{text}");
        }
    }

    /// From one IPv4 host to another, where they are a network.
    #[test]
    fn ranges_of_ipv4_hosts() {
        let statement = |hosts: &str| {
            change(&format!(
                "map from {hosts} daddr 192.0.2.9 to daddr 2001:db8::1"
            ))
            .statement
        };
        assert_eq!(
            statement("203.0.113.0 - 203.0.113.255"),
            statement("203.0.113.0/24")
        );
        assert_eq!(
            statement("203.0.113.7-203.0.113.7"),
            statement("203.0.113.7")
        );
        let to = "daddr 192.0.2.9 to daddr 2001:db8::1";
        assert_eq!(
            problem(&format!("map from 203.0.113.1 - 203.0.113.9 {to}")),
            "10: these hosts are no network: write a rule for each, 203.0.113.1/32, \
             203.0.113.2/31 and so on"
        );
        assert_eq!(
            problem(&format!("map from 203.0.113.9 - 203.0.113.1 {to}")),
            "10: the range is reversed: write 203.0.113.1 - 203.0.113.9"
        );
        assert_eq!(
            line("map from 203.0.113.1 - ?"),
            Line::Help(g::LAST_ADDRESS)
        );
    }

    #[test]
    fn flushes() {
        assert_eq!(change("map flush all").statement, Statement::MapFlush);
        assert_eq!(
            change("map flush all keep").statement,
            Statement::MapFlushKeep
        );
        assert_eq!(line("map flush all ?"), Line::Help(g::GONE));
        assert_eq!(
            problem("map flush all all"),
            "15: unexpected `all`: expected keep or the end"
        );
    }

    #[test]
    fn shows() {
        assert_eq!(show("show rules CUI"), Show::Rules(Form::Short));
        assert_eq!(show("show fragment"), Show::Fragment);
        assert_eq!(show("show timer"), Show::Timer);
        assert_eq!(show("show ttl"), Show::Ttl);
        let counted = |filter, protos: &[u8]| Show::Sessions(filter, protos.to_vec());
        assert_eq!(show("show sessions tcp"), counted(Filter::default(), &[6]));
        let rule = Filter {
            rule: Some(7),
            ..Filter::default()
        };
        assert_eq!(
            show("show sessions tcp/udp/icmp rule 7"),
            counted(rule, &[6, 17, 1])
        );
        let xlate = |text: &str| match show(text) {
            Show::Xlate(xlate) => xlate,
            other => panic!("{text}: {other:?}"),
        };
        assert_eq!(
            xlate("show xlate trace copy 5"),
            Xlate {
                width: Width::Trace,
                filter: Filter::default(),
                interval: Some(5),
            }
        );
        assert_eq!(xlate("show xlate 1 port 5").interval, Some(1));
        assert_eq!(xlate("show xlate copy").width, Width::Regular);
        for (text, message) in [
            ("show xlate 0", "12: the interval is at least 1"),
            ("show xlate 1 2", "14: 2 is given twice"),
            ("show xlate trace long", "18: long is given twice"),
            (
                "show sessions tcp/",
                "19: the statement is incomplete: expected icmp, tcp or udp",
            ),
            (
                "show rules cui cui",
                "16: unexpected `cui`: expected the end",
            ),
        ] {
            assert_eq!(problem(text), message);
        }
        for (text, choices) in [
            ("show rules ?", g::RULES),
            ("show sessions tcp ?", g::COUNTED),
            ("show sessions tcp/?", g::COUNTED_PROTO),
        ] {
            assert_eq!(line(text), Line::Help(choices), "{text}");
        }
    }

    #[test]
    fn logs() {
        let log = |text: &str| Line::Log(text.into());
        assert_eq!(line("test log"), log("the kernel's log can be written to"));
        assert_eq!(line("test log hello"), log("hello"));
        assert_eq!(line("test log \"a %s; # b\" # c"), log("a %s; # b"));
        assert_eq!(line("LOG \"a b\""), log("a b"));
        assert_eq!(line("break"), log("break"));
        for (text, message) in [
            ("log", "4: the statement is incomplete: expected TEXT"),
            ("log a b", "7: unexpected `b`: expected the end"),
            ("test", "5: the statement is incomplete: expected log"),
            (
                "test log \"a",
                "10: the string has no end: a second `\"` is missing",
            ),
        ] {
            assert_eq!(problem(text), message);
        }
        for (text, choices) in [
            ("test ?", g::TEST),
            ("test log ?", g::MAY_TEXT),
            ("log ?", g::TEXT),
        ] {
            assert_eq!(line(text), Line::Help(choices), "{text}");
        }
    }

    /// A file with all that KAME's manual had, in addresses of today.
    #[test]
    fn a_file_of_kames() {
        let text = b"# comment
prefix 2001:db8:ffff:ffff::
map flush all
map from any6 to 192.0.2.22 port 28672 - 32767 proto tcp/udp\t# comment
MAP 100 FROM 2001:db8:4819::/48 TO 192.0.2.23 PORT 28672 : 4096
map 10 from 2001:db8:100::1 to 192.0.2.24 proto icmp bidir
map 0 from daddr 192.0.2.25 to daddr 2001:db8:10a::1
map 5 from daddr 192.0.2.26 dport 8080 to daddr 2001:db8:10a::1 dport 80 proto tcp
map 30 from 192.0.2.27 dport 65305 to 2001:db8:10a::2 dport 23
map renum 100 10
set maxTTLudp=0x12c
set translation=1
map enable
";
        let changes = source::parse(text).unwrap();
        assert_eq!(changes.len(), 12);
        let Statement::MapAdd(Rule { protos, .. }) = &changes[2].change.statement else {
            panic!();
        };
        assert_eq!(*protos, Some(protos::TCP | protos::UDP));
    }
}

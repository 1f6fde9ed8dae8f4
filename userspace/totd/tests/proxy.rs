// SPDX-License-Identifier: GPL-2.0
//! What the caller tells the proxy beside messages: the box's links, and connections that end.

use daemon::net::Net;
use totd::parser;
use totd::proxy::{Action, Client, Key, Proxy, Query, Transport};
use totd::wire::{Header, Name, Question, Writer};

/// The length of the OPT record that questions have.
const OPT: usize = 11;

fn proxy(text: &str) -> Proxy {
    let config = parser::parse(&format!("forwarder 192.0.2.53\n{text}")).unwrap();
    Proxy::new(config.config, Box::new(|| 7))
}

fn client(addr: &str, socket: Key, transport: Transport) -> Client {
    Client {
        addr: addr.parse().unwrap(),
        local: None,
        socket,
        transport,
    }
}

fn writer(id: u16, name: &str) -> Writer {
    let question = Question {
        name: Name::from_text(name).unwrap(),
        rtype: 16,
        class: 1,
    };
    Writer::new(Header::new(id), &question.wire())
}

/// Each about a name of its own.
fn query(id: u16) -> Vec<u8> {
    writer(id, &format!("www{id}.example.")).finish().unwrap()
}

/// The forwarder is asked for a client with this address.
fn is_asked_for(proxy: &mut Proxy, addr: &str) -> bool {
    proxy.actions.clear();
    let client = client(addr, 0, Transport::Udp);
    proxy.query(0, client, &query(client.addr.port()));
    matches!(proxy.actions[..], [Action::Query(_)])
}

#[test]
fn hosts_on_a_link_are_near() {
    let mut proxy = proxy("clients near");
    assert!(!is_asked_for(&mut proxy, "[2001:db8:6::2]:1"));
    let link = Net::new("2001:db8:6::".parse().unwrap(), 64).unwrap();
    proxy.set_links(vec![link]);
    assert!(is_asked_for(&mut proxy, "[2001:db8:6::2]:2"));
    assert!(!is_asked_for(&mut proxy, "[2001:db8:6:1::2]:3"));
    // the same once more, then others
    proxy.set_links(vec![link]);
    assert!(is_asked_for(&mut proxy, "[2001:db8:6::2]:4"));
    proxy.set_links(Vec::new());
    assert!(!is_asked_for(&mut proxy, "[2001:db8:6::2]:5"));
}

#[test]
fn a_connection_that_ends_waits_for_nothing() {
    let mut proxy = proxy("clients any");
    let here = "[2001:db8:6::2]:1";
    proxy.query(0, client(here, 5, Transport::Tcp), &query(1));
    proxy.query(0, client(here, 5, Transport::Tcp), &query(2));
    proxy.query(0, client(here, 6, Transport::Tcp), &query(3));
    // a socket of the same number, but no connection
    proxy.query(0, client(here, 5, Transport::Udp), &query(4));
    assert!(proxy.is_awaited_by(5) && proxy.is_awaited_by(6));
    assert!(!proxy.is_awaited_by(7));
    assert_eq!(proxy.gauges()[0].2, 4);
    proxy.actions.clear();
    proxy.hang_up(5);
    assert!(!proxy.is_awaited_by(5) && proxy.is_awaited_by(6));
    assert_eq!(proxy.gauges()[0].2, 2);
    // their ports are given back
    assert!(matches!(
        proxy.actions[..],
        [Action::Forget(_), Action::Forget(_)]
    ));
}

#[test]
fn the_configuration_is_the_last_one() {
    let mut proxy = proxy("max-queries 5");
    assert_eq!(proxy.config().max_queries, 5);
    let config = parser::parse("forwarder 192.0.2.53\nmax-queries 6").unwrap();
    proxy.configure(config.config);
    assert_eq!(proxy.config().max_queries, 6);
}

#[test]
fn the_kernels_prefixes_are_news_once() {
    let mut proxy = proxy("prefix auto");
    let prefix = natpt_core::xlate::addr::Prefix::new("2001:db8:64::".parse().unwrap(), 96);
    assert!(proxy.set_prefixes(vec![prefix.unwrap()]));
    assert!(!proxy.set_prefixes(vec![prefix.unwrap()]));
    assert_eq!(proxy.gauges()[2].2, 1);
    assert!(proxy.set_prefixes(Vec::new()));
    assert_eq!(proxy.gauges()[2].2, 0);
}

#[test]
fn letters_change_their_case_unless_they_are_signed() {
    let name = |number: u64, on: &str, signed: bool| {
        let text = format!("forwarder 192.0.2.53\nclients any\nrandomize-case {on}");
        let config = parser::parse(&text).unwrap().config;
        let mut proxy = Proxy::new(config, Box::new(move || number));
        let mut query = writer(1, "wWw.x-Y1[.");
        if signed {
            // TSIG
            query.raw(&[0, 0, 250, 0, 255, 0, 0, 0, 0, 0, 0]);
        }
        let query = query.finish().unwrap();
        proxy.query(0, client("[::1]:1", 0, Transport::Udp), &query);
        let Action::Query(Query { message, .. }) = &proxy.actions[0] else {
            panic!("nobody is asked");
        };
        assert_eq!(message[..2], (number as u16).to_be_bytes());
        assert!(message[23..].starts_with(&query[23..27]));
        String::from_utf8(message[12..23].to_vec()).unwrap()
    };
    let (as_it_came, other) = ("\x03wWw\x05x-Y1[\0", "\x03WwW\x05X-y1[\0");
    assert_eq!(name(u64::MAX, "on", false), other);
    assert_eq!(name(0, "on", false), as_it_came);
    // one bit for each letter
    assert_eq!(name(0b00010, "on", false), "\x03www\x05x-Y1[\0");
    assert_eq!(name(0b10001, "on", false), "\x03WWw\x05x-y1[\0");
    assert_eq!(name(u64::MAX, "off", false), as_it_came);
    assert_eq!(name(u64::MAX, "on", true), as_it_came);
}

#[test]
fn an_id_that_is_used_again_stands_for_the_last_query() {
    let mut proxy = proxy("clients any");
    let client = client("[2001:db8:6::2]:1", 0, Transport::Udp);
    let other = writer(1, "ftp.example.").finish().unwrap();
    proxy.query(0, client, &query(1));
    proxy.query(0, client, &other);
    let Action::Query(Query {
        attempt, message, ..
    }) = &proxy.actions[0]
    else {
        panic!("nobody is asked");
    };
    let (attempt, mut answer) = (*attempt, message.clone());
    answer[2] |= 0x80;
    proxy.response(0, attempt, &answer);
    assert_eq!(proxy.stats.replies, 1);
    proxy.query(0, client, &other);
    assert_eq!(proxy.stats.repeated, 1);
    proxy.query(0, client, &query(1));
    assert_eq!(proxy.stats.repeated, 1);
}

#[test]
fn answers_are_cut_where_they_are_longer_than_the_client_takes() {
    for (len, cut) in [(511, false), (512, false), (513, true)] {
        let mut proxy = proxy("clients any");
        proxy.query(0, client("[::1]:1", 0, Transport::Udp), &query(1));
        let Action::Query(Query {
            attempt, message, ..
        }) = &proxy.actions[0]
        else {
            panic!("nobody is asked");
        };
        let (attempt, mut answer) = (*attempt, message.clone());
        // one TXT record, all of whose data is zeros, for the OPT record
        answer.truncate(answer.len() - OPT);
        answer[2] |= 0x80;
        (answer[7], answer[11]) = (1, 0);
        answer.extend([0, 0, 16, 0, 1, 0, 0, 0, 0]);
        let data = len - answer.len() - 2;
        answer.extend((data as u16).to_be_bytes());
        answer.resize(len, 0);
        proxy.response(0, attempt, &answer);
        let reply = proxy.actions.iter().find_map(|action| match action {
            Action::Reply { message, .. } => Some(message),
            _ => None,
        });
        let message = reply.expect("an answer");
        let header = Header::parse(message).unwrap();
        assert_eq!((header.truncated(), message.len() < len), (cut, cut));
    }
}

#[test]
fn answers_to_updates_are_none_of_our_business() {
    const UPDATE: u8 = 5 << 3;
    let mut proxy = proxy("clients any");
    let mut update = query(1);
    update[2] |= UPDATE;
    proxy.query(0, client("[::1]:1", 0, Transport::Udp), &update);
    let Action::Query(Query {
        attempt, message, ..
    }) = &proxy.actions[0]
    else {
        panic!("nobody is asked");
    };
    // without the question
    let mut answer = message[..12].to_vec();
    answer[2] |= 0x80;
    answer[5] = 0;
    let attempt = *attempt;
    proxy.response(0, attempt, &answer);
    answer[..2].copy_from_slice(&[0, 1]);
    let reply = |it: &Action| matches!(it, Action::Reply { message, .. } if *message == answer);
    assert!(proxy.actions.iter().any(reply));
}

#[test]
fn what_was_due_long_ago_is_done() {
    let mut proxy = proxy("prefix discover");
    proxy.expire(5000);
    assert!(matches!(proxy.actions[..], [Action::Query(_)]));
}

// fault: names-12
#[test]
fn what_is_made_here_fits_every_path() {
    let prefixes: Vec<String> = (0..30)
        .map(|n| format!("prefix 2001:db8:{n}::/96"))
        .collect();
    let mut proxy = proxy(&format!("clients any\n{}", prefixes.join("\n")));
    let question = Question {
        name: Name::from_text("ipv4only.arpa.").unwrap(),
        rtype: 28,
        class: 1,
    };
    let mut writer = Writer::new(Header::new(1), &question.wire());
    writer.raw(&[0, 0, 41, 0x10, 0, 0, 0, 0, 0, 0, 0]);
    let query = writer.finish().unwrap();
    proxy.query(0, client("[::1]:1", 0, Transport::Udp), &query);
    let Some(Action::Reply { message, .. }) = proxy.actions.pop() else {
        panic!("no answer");
    };
    let header = Header::parse(&message).unwrap();
    assert!(header.truncated() && message.len() <= 1232);
    assert_eq!(header.counts()[1], 42);
    proxy.query(0, client("[::1]:1", 0, Transport::Tcp), &query);
    let Some(Action::Reply { message, .. }) = proxy.actions.pop() else {
        panic!("no answer");
    };
    assert_eq!(Header::parse(&message).unwrap().counts()[1], 60);
}

// SPDX-License-Identifier: GPL-2.0
//! Decisions that depend on the box around: its addresses, its routes, its policies, its own packets.

mod common;

use std::net::{Ipv4Addr, Ipv6Addr};

use common::{
    ip4, ip6, packet4, packet6, prefix, pseudo4, pseudo6, seal, v4, v6, ICMP, ICMPV6, TCP, UDP,
};
use natpt_core::{
    nat::{
        border::check_source,
        decision::Decision,
        error,
        options::Values,
        v4 as from4, v6 as from6,
        world::{Key, Known, World},
    },
    xlate::{
        addr::Prefix,
        addresses::{Addresses, Addrs},
        checksum::Delta,
        eam::Eam,
        ipv4,
        l4::{self, Ports},
        packet::Packet,
        rewrite::Rewrite,
        side::Side,
        tuple::{Tuple4, Tuple6},
        DropReason,
    },
};

const POOL: &str = "192.0.2.1";
const HOST: &str = "2001:db8:6::1";
const PEER4: &str = "198.51.100.10";
const PEER6: &str = "2001:db8:64::198.51.100.10";

/// A packet, of which so many bytes are at hand; `gso` if it stands for several.
#[derive(Clone)]
struct Bytes {
    bytes: Vec<u8>,
    at_hand: usize,
    gso: bool,
}

impl Packet for Bytes {
    fn linear(&self) -> &[u8] {
        &self.bytes[..self.at_hand]
    }

    fn total_len(&self) -> u32 {
        self.bytes.len() as u32
    }

    fn pull(&mut self, len: usize) -> bool {
        if len > self.bytes.len() {
            return false;
        }
        self.at_hand = self.at_hand.max(len);
        true
    }

    fn is_gso(&self) -> bool {
        self.gso
    }
}

/// One with its IP header at hand, and that of TCP or UDP behind the IPv6 one, as it comes to us.
fn bytes(bytes: Vec<u8>) -> Bytes {
    let at_hand = match bytes[0] >> 4 {
        4 => usize::from(bytes[0] & 0xf) * 4,
        _ => 40,
    };
    Bytes {
        bytes,
        at_hand,
        gso: false,
    }
}

/// The box: what the tests change of it are the fields.
struct Around {
    values: Values,
    prefixes: Vec<Prefix>,
    by6: Vec<Eam>,
    by4: Vec<Eam>,
    pool: bool,
    rule: bool,
    session: bool,
    /// Another protocol that has a session and a rule, if it is one.
    other: u8,
    taken: bool,
    own: bool,
    inverted: bool,
    local6: bool,
    local4: bool,
    proxy: bool,
    native6: Option<u8>,
    native4: Option<u8>,
    policy: bool,
    source: bool,
    error_source: Option<Ipv4Addr>,
}

/// A pool with a session of the host with its peer, from port 4000 to 7, and nothing else.
fn stateful() -> Around {
    Around {
        values: Values::DEFAULT,
        prefixes: vec![prefix("2001:db8:64::/96")],
        by6: Vec::new(),
        by4: Vec::new(),
        pool: true,
        rule: true,
        session: true,
        other: 0,
        taken: false,
        own: false,
        inverted: false,
        local6: false,
        local4: false,
        proxy: false,
        native6: None,
        native4: None,
        policy: true,
        source: true,
        error_source: None,
    }
}

/// Stateless rules, for hosts on this side.
fn stateless(side: Side, six: (&str, u8), four: (&str, u8)) -> Around {
    let mapping = Eam::explicit(side, (v6(six.0), six.1), (v4(four.0), four.1)).unwrap();
    Around {
        by6: vec![mapping],
        by4: vec![mapping],
        pool: false,
        rule: false,
        session: false,
        ..stateful()
    }
}

fn host() -> Around {
    stateless(Side::V6, (HOST, 128), (POOL, 32))
}

fn tuple6() -> Tuple6 {
    Tuple6 {
        saddr: v6(HOST),
        daddr: v6(PEER6),
        sport: 4000,
        dport: 7,
    }
}

/// The session's IPv4 side; stateless, the same ports between the addresses.
fn tuple4() -> Tuple4 {
    Tuple4 {
        saddr: v4(POOL),
        daddr: v4(PEER4),
        sport: 4000,
        dport: 7,
    }
}

impl World for Around {
    type Packet6 = Bytes;
    type Packet4 = Bytes;
    type Rule<'a> = ();
    type To4 = ();
    type To6 = ();

    fn options(&self) -> &Values {
        &self.values
    }

    fn addresses(&self) -> Addresses<'_> {
        Addresses {
            by6: &self.by6,
            by4: &self.by4,
            prefixes: &self.prefixes,
        }
    }

    fn is_stateless(&self) -> bool {
        !self.by4.is_empty()
    }

    fn is_stateful(&self) -> bool {
        self.rule
    }

    fn has_hosts6(&self) -> bool {
        self.addresses().has_hosts6()
    }

    fn prefix_of(&self, addr: Ipv6Addr) -> Option<&Prefix> {
        self.prefixes.iter().find(|prefix| prefix.contains(addr))
    }

    fn is_pool(&self, addr: Ipv4Addr) -> bool {
        self.pool && addr == v4(POOL)
    }

    fn rule(&self, _: &Tuple6, proto: u8) -> Option<()> {
        (self.rule && (!l4::is_other(proto) || proto == self.other)).then_some(())
    }

    fn error_source(&self) -> Option<Ipv4Addr> {
        self.error_source
    }

    fn hash6(&self, _: &Tuple6, _: u8) -> u32 {
        0
    }

    fn hash4(&self, _: &Tuple4, _: u8) -> u32 {
        0
    }

    fn known6(
        &self,
        _: &Bytes,
        key: &Key<Tuple6>,
    ) -> Result<Option<Known<Ipv4Addr, ()>>, DropReason> {
        Ok(self.session6(&key.tuple, key.proto).map(to_v4))
    }

    fn open6(
        &self,
        _: &Key<Tuple6>,
        rule: Option<()>,
    ) -> Result<Option<Known<Ipv4Addr, ()>>, DropReason> {
        Ok(rule.map(|()| to_v4(tuple4())))
    }

    fn known4(
        &self,
        _: &Bytes,
        key: &Key<Tuple4>,
    ) -> Result<Option<Known<Ipv6Addr, ()>>, DropReason> {
        Ok(self.session4(&key.tuple, key.proto).map(to_v6))
    }

    fn open4(&self, _: &Key<Tuple4>) -> Result<Option<Known<Ipv6Addr, ()>>, DropReason> {
        Ok(Some(to_v6(tuple6())))
    }

    fn has_mapping4(&self, tuple: &Tuple4, proto: u8) -> bool {
        self.session && proto == UDP && tuple.saddr == v4(POOL) && tuple.sport == 4000
    }

    fn takes(&self, _: Ipv4Addr, proto: u8) -> bool {
        !l4::is_other(proto) || proto == self.other
    }

    fn is_taken4(&self, _: &Self::Packet4, _: &Tuple4, _: u8) -> bool {
        self.taken
    }

    fn session6(&self, tuple: &Tuple6, proto: u8) -> Option<Tuple4> {
        let (v6, v4) = self.tuples(proto);
        (self.has_session(proto) && *tuple == v6).then_some(v4)
    }

    fn session4(&self, tuple: &Tuple4, proto: u8) -> Option<Tuple6> {
        let (v6, v4) = self.tuples(proto);
        (self.has_session(proto) && *tuple == v4).then_some(v6)
    }

    fn is_own(&self) -> bool {
        self.own
    }

    fn is_inverted(&self) -> bool {
        self.inverted
    }

    fn is_local6(&self, _: Ipv6Addr) -> bool {
        self.local6
    }

    fn is_local4(&self, _: &Bytes, _: Ipv4Addr) -> bool {
        self.local4
    }

    fn is_proxy(&self, _: &Bytes) -> bool {
        self.proxy
    }

    fn native6(&self, _: &Bytes, _: Addrs<Ipv6Addr>) -> Option<u8> {
        self.native6
    }

    fn native4(&self, _: &Bytes, _: Ipv4Addr) -> Option<u8> {
        self.native4
    }

    fn policy6(&self, _: &Bytes) -> Result<(), DropReason> {
        self.policy.then_some(()).ok_or(DropReason::IpsecPolicy)
    }

    fn policy4(&self, _: &Bytes) -> Result<(), DropReason> {
        self.policy.then_some(()).ok_or(DropReason::IpsecPolicy)
    }

    fn source4(&self, _: &Bytes, _: Addrs<Ipv4Addr>) -> Result<(), DropReason> {
        self.source.then_some(()).ok_or(DropReason::ReversePath)
    }
}

impl Around {
    fn has_session(&self, proto: u8) -> bool {
        self.session && (proto == UDP || proto == self.other && proto != 0)
    }

    /// Both sides of the session: GRE and the like have no ports.
    fn tuples(&self, proto: u8) -> (Tuple6, Tuple4) {
        let (mut six, mut four) = (tuple6(), tuple4());
        if ![UDP, 33, 132, 136].contains(&proto) {
            (six.sport, six.dport, four.sport, four.dport) = (0, 0, 0, 0);
        }
        (six, four)
    }
}

fn rewrite<A>(saddr: A, daddr: A, sport: u16, dport: u16) -> Known<A, ()> {
    let rewrite = Rewrite {
        saddr,
        daddr,
        ports: Some(Ports { sport, dport }),
        finished: Delta::NONE,
        partial: Delta::NONE,
    };
    (rewrite, ())
}

fn to_v4(it: Tuple4) -> Known<Ipv4Addr, ()> {
    rewrite(it.saddr, it.daddr, it.sport, it.dport)
}

fn to_v6(it: Tuple6) -> Known<Ipv6Addr, ()> {
    let it = it.inverted();
    rewrite(it.saddr, it.daddr, it.sport, it.dport)
}

/// What becomes of a packet, without the details.
#[derive(Debug, PartialEq)]
enum Fate {
    Passed,
    Unclaimed,
    Defragmented,
    Split,
    Solicitation,
    Error,
    Translated,
    Held(DropReason),
    Dropped(DropReason),
}
use Fate::*;

fn fate<A, S>(decision: Result<Decision<A, S>, DropReason>) -> Fate {
    match decision {
        Ok(Decision::Pass) => Passed,
        Ok(Decision::Unclaimed) => Unclaimed,
        Ok(Decision::Defrag) => Defragmented,
        Ok(Decision::Split) => Split,
        Ok(Decision::Solicitation) => Solicitation,
        Ok(Decision::Error) => Error,
        Ok(Decision::Translate(..)) => Translated,
        Ok(Decision::Hold(_, reason)) => Held(reason),
        Err(reason) => Dropped(reason),
    }
}

fn error_fate<E>(decision: Result<error::Decision<E>, DropReason>) -> Fate {
    match decision {
        Ok(error::Decision::Pass) => Passed,
        Ok(error::Decision::Unclaimed) => Unclaimed,
        Ok(error::Decision::Translate(_)) => Translated,
        Err(reason) => Dropped(reason),
    }
}

/// The fate of an IPv6 packet, errors followed to their end, and whether it is claimed.
fn six(w: &Around, mut packet: Bytes) -> (Fate, bool) {
    let claimed = from6::claims(w, &mut packet.clone());
    let from = from6::headers(&mut packet).unwrap();
    let fate = match fate(from6::decide(w, &mut packet, &from)) {
        Error => {
            assert!(packet.pull(packet.bytes.len()));
            error_fate(error::decide6(w, &packet, &from))
        }
        fate => fate,
    };
    (fate, claimed)
}

/// The same for an IPv4 packet.
fn four(w: &Around, mut packet: Bytes) -> (Fate, bool) {
    let ip = ipv4::Header::read(&packet.bytes).unwrap();
    let for_pool = w.is_pool(ip.daddr);
    let claimed = from4::claims(w, &mut packet.clone(), for_pool);
    let fate = match fate(from4::decide(w, &mut packet, &ip, for_pool)) {
        Error => {
            assert!(packet.pull(packet.bytes.len()));
            error_fate(error::decide4(w, &packet, &ip))
        }
        fate => fate,
    };
    (fate, claimed)
}

fn udp6() -> Bytes {
    bytes(packet6(UDP, &tuple6(), b"data"))
}

fn udp4() -> Bytes {
    bytes(packet4(UDP, &tuple4().inverted(), b"data"))
}

/// An ICMPv6 error from `reporter` about the IPv6 side of what the host has got.
fn error6(reporter: &str) -> Bytes {
    let quoted = packet6(UDP, &tuple6().inverted(), b"data");
    let mut message = vec![1, 0, 0, 0, 0, 0, 0, 0];
    message.extend(quoted);
    let (saddr, daddr) = (v6(reporter), v6(PEER6));
    seal(
        ICMPV6,
        &pseudo6(saddr, daddr, ICMPV6, message.len()),
        &mut message,
    );
    bytes(ip6(ICMPV6, saddr, daddr, &message))
}

/// An ICMPv4 error to `receiver` about what the pool has sent.
fn error4(receiver: &str) -> Bytes {
    let quoted = packet4(UDP, &tuple4(), b"data");
    let mut message = vec![3, 1, 0, 0, 0, 0, 0, 0];
    message.extend(quoted);
    seal(ICMP, &[], &mut message);
    bytes(ip4(ICMP, v4(PEER4), v4(receiver), &[], &message))
}

#[test]
fn what_is_ours_is_translated_and_claimed() {
    for w in [stateful(), host()] {
        assert_eq!(six(&w, udp6()), (Translated, true));
        assert_eq!(four(&w, udp4()), (Translated, true));
        assert_eq!(six(&w, error6(HOST)), (Translated, true));
        assert_eq!(four(&w, error4(POOL)), (Translated, true));
    }
}

#[test]
fn a_port_of_ours_may_be_somebody_elses_for_a_peer() {
    // fault: state-9
    let mut stranger = udp4();
    stranger.bytes[21] ^= 1;
    let mut w = stateful();
    assert_eq!(four(&w, stranger.clone()), (Translated, true));
    w.taken = true;
    assert_eq!(four(&w, stranger), (Unclaimed, false));
    // one that has a session is a host's, whoever else wants it
    assert_eq!(four(&w, udp4()), (Translated, true));
}

#[test]
fn what_is_for_nobody_behind_us_is_the_boxs_own_or_dropped() {
    let mut w = Around {
        session: false,
        ..stateful()
    };
    assert_eq!(four(&w, udp4()), (Dropped(DropReason::NoMapping), true));
    assert_eq!(
        four(&w, error4(POOL)),
        (Dropped(DropReason::NoSession), true)
    );
    w.local4 = true;
    assert_eq!(four(&w, udp4()), (Unclaimed, false));
    assert_eq!(four(&w, error4(POOL)), (Unclaimed, false));
    (w.local4, w.own) = (false, true);
    assert_eq!(four(&w, udp4()), (Unclaimed, false));
    assert_eq!(four(&w, error4(POOL)), (Unclaimed, false));
    // no pool at all
    (w.own, w.pool) = (false, false);
    assert_eq!(four(&w, udp4()), (Passed, false));
    assert_eq!(four(&w, error4(POOL)), (Passed, false));
}

/// A segment from the peer to the pool's port 4000.
fn segment4(flags: u8) -> Bytes {
    let mut segment = vec![
        0, 7, 15, 160, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, flags, 1, 0, 0, 0, 0, 0,
    ];
    let (saddr, daddr) = (v4(PEER4), v4(POOL));
    seal(
        TCP,
        &pseudo4(saddr, daddr, TCP, segment.len()),
        &mut segment,
    );
    bytes(ip4(TCP, saddr, daddr, &[], &segment))
}

// req: D-050 D-051 D-055 D-087
#[test]
fn a_syn_that_nobody_waits_for_is_held() {
    // fault: state-1
    const SYN: u8 = 0x02;
    let mut w = stateful();
    let held = (Held(DropReason::NoMapping), true);
    assert_eq!(four(&w, segment4(SYN)), held);
    for flags in [0x00, 0x01, 0x03, 0x04, 0x06, 0x10, 0x11, 0x12, 0x14] {
        let dropped = (Dropped(DropReason::NoMapping), true);
        assert_eq!(four(&w, segment4(flags)), dropped, "{flags}");
    }
    // of this box's NAT
    w.taken = true;
    assert_eq!(four(&w, segment4(SYN)), (Unclaimed, false));
    // the box looks whether it has a socket itself
    (w.taken, w.local4) = (false, true);
    assert_eq!(four(&w, segment4(SYN)), (Unclaimed, false));
    (w.local4, w.own) = (false, true);
    assert_eq!(four(&w, segment4(SYN)), (Unclaimed, false));
    // one that goes back to IPv6
    (w.own, w.inverted) = (false, true);
    let dropped = (Dropped(DropReason::NoMapping), true);
    assert_eq!(four(&w, segment4(SYN)), dropped);
    // who cannot have sent it is not to be told
    (w.inverted, w.source) = (false, false);
    assert_eq!(four(&w, segment4(SYN)).0, Dropped(DropReason::ReversePath));
    (w.source, w.policy) = (true, false);
    assert_eq!(four(&w, segment4(SYN)).0, Dropped(DropReason::IpsecPolicy));
    w.policy = true;
    w.values.set(b"held-syns", 0).unwrap();
    assert_eq!(four(&w, segment4(SYN)), dropped);
}

#[test]
fn a_delivered_syn_is_held_if_no_host_has_the_port() {
    let w = Around {
        local4: true,
        ..stateful()
    };
    let syn = |mut packet: Bytes| {
        let ip = ipv4::Header::read(&packet.bytes).unwrap();
        from4::unclaimed_syn(&w, &mut packet, &ip)
    };
    assert_eq!(syn(segment4(0x02)), Some(tuple4()));
    assert_eq!(syn(segment4(0x12)), None);
    assert_eq!(syn(udp4()), None);
    let short = bytes(ip4(TCP, v4(PEER4), v4(POOL), &[], &[0, 7, 15, 160]));
    assert_eq!(syn(short), None);
}

#[test]
fn what_leaves_as_if_a_host_had_sent_it_is_told() {
    // fault: state-9
    let leaves = |w: &Around, packet: Vec<u8>| from4::is_hosts(w, &mut bytes(packet));
    let w = stateful();
    assert!(leaves(&w, packet4(UDP, &tuple4(), b"data")));
    let mut piece = packet4(UDP, &tuple4(), b"data");
    piece[6] |= 0x20;
    assert!(!leaves(&w, piece));
    let to_another = Tuple4 {
        dport: 8,
        ..tuple4()
    };
    assert!(!leaves(&w, packet4(UDP, &to_another, b"data")));
    assert!(!leaves(&w, packet4(UDP, &tuple4().inverted(), b"data")));
    let short = ip4(UDP, v4(POOL), v4(PEER4), &[], &[15, 160, 0]);
    assert!(!leaves(&w, short));
    let w = Around { pool: false, ..w };
    assert!(!leaves(&w, packet4(UDP, &tuple4(), b"data")));
}

#[test]
fn an_unfinished_or_unknown_header_is_nobodys() {
    let w = stateful();
    let short = bytes(ip4(UDP, v4(PEER4), v4(POOL), &[], &[0, 7, 15]));
    assert_eq!(four(&w, short), (Dropped(DropReason::Truncated), true));
    for protocol in [47, ICMPV6] {
        let packet = bytes(ip4(
            protocol,
            v4(PEER4),
            v4(POOL),
            &[],
            &[128, 0, 0, 0, 0, 0, 0, 0],
        ));
        assert_eq!(
            four(&w, packet),
            (Dropped(DropReason::UnknownProtocol), true)
        );
    }
}

/// A packet of another protocol from the host, and one to it, between these ports, if it has some.
fn other(protocol: u8, host: u16, peer: u16) -> (Bytes, Bytes) {
    let header = |sport: u16, dport: u16| {
        [&sport.to_be_bytes()[..], &dport.to_be_bytes(), &[1; 12]].concat()
    };
    let six = ip6(protocol, v6(HOST), v6(PEER6), &header(host, peer));
    let four = ip4(protocol, v4(PEER4), v4(POOL), &[], &header(peer, host));
    (bytes(six), bytes(four))
}

// fault: state-17
#[test]
fn other_protocols_are_translated_where_a_rule_says_so() {
    for protocol in [4, 33, 41, 47, 50, 51, 132, 136, 253] {
        let mut w = Around {
            other: protocol,
            ..stateful()
        };
        let (six_, four_) = other(protocol, 4000, 7);
        assert_eq!(six(&w, six_.clone()), (Translated, true), "{protocol}");
        assert_eq!(four(&w, four_.clone()), (Translated, true), "{protocol}");
        // Between other ports, which most do not have.
        let is_another = [33, 132, 136].contains(&protocol);
        let (six_8, four_8) = other(protocol, 4000, 8);
        assert_eq!(six(&w, six_8), (Translated, true));
        let fate = match is_another {
            true => Dropped(DropReason::NoMapping),
            false => Translated,
        };
        assert_eq!(four(&w, four_8), (fate, true), "{protocol}");
        // Nobody waits for it: it may be the box's own.
        w.session = false;
        let refused = Dropped(DropReason::NoMapping);
        assert_eq!(six(&w, six_.clone()), (Translated, true));
        assert_eq!(four(&w, four_.clone()), (refused, true));
        w.taken = true;
        assert_eq!(four(&w, four_.clone()), (Unclaimed, false));
        w.taken = false;
        w.local4 = true;
        assert_eq!(four(&w, four_.clone()), (Unclaimed, false));
        // No rule is for it.
        w = stateful();
        let refused = || (Dropped(DropReason::UnknownProtocol), true);
        assert_eq!(six(&w, six_), refused());
        assert_eq!(four(&w, four_), refused());
    }
}

#[test]
fn other_protocols_have_to_be_transports_and_whole() {
    for protocol in [0, 2, 43, 44, ICMPV6, 59, 60, 135, 140] {
        let w = Around {
            other: protocol,
            ..stateful()
        };
        let (_, packet) = other(protocol, 4000, 7);
        let dropped = (Dropped(DropReason::UnknownProtocol), true);
        assert_eq!(four(&w, packet), dropped, "{protocol}");
    }
    for protocol in [ICMP, 2] {
        let w = Around {
            other: protocol,
            ..stateful()
        };
        let (packet, _) = other(protocol, 4000, 7);
        let dropped = (Dropped(DropReason::UnknownProtocol), true);
        assert_eq!(six(&w, packet), dropped, "{protocol}");
    }
    for (protocol, least) in [(47, 0), (132, 4), (33, 8), (136, 8)] {
        let w = Around {
            other: protocol,
            ..stateful()
        };
        for len in 0..10 {
            let header = &[15, 160, 0, 7, 0, 0, 0, 0, 0, 0][..len];
            let packet = bytes(ip6(protocol, v6(HOST), v6(PEER6), header));
            let fate = match len < least {
                true => Dropped(DropReason::Truncated),
                false => Translated,
            };
            assert_eq!(six(&w, packet), (fate, true), "{protocol} {len}");
        }
    }
}

#[test]
fn errors_about_other_protocols_find_their_session() {
    let error = |protocol: u8| {
        let (_, four) = other(protocol, 4000, 7);
        let mut quoted = four.bytes;
        let addrs = quoted[12..20].to_vec();
        quoted[12..16].copy_from_slice(&addrs[4..]);
        quoted[16..20].copy_from_slice(&addrs[..4]);
        if [33, 132, 136].contains(&protocol) {
            quoted[20..24].copy_from_slice(&[15, 160, 0, 7]);
        }
        let mut message = vec![3, 1, 0, 0, 0, 0, 0, 0];
        message.extend(quoted);
        seal(ICMP, &[], &mut message);
        bytes(ip4(ICMP, v4(PEER4), v4(POOL), &[], &message))
    };
    for protocol in [47, 50, 132, 136] {
        let mut w = Around {
            other: protocol,
            ..stateful()
        };
        assert_eq!(four(&w, error(protocol)), (Translated, true), "{protocol}");
        w.session = false;
        let dropped = (Dropped(DropReason::InnerProtocol), true);
        assert_eq!(four(&w, error(protocol)), dropped, "{protocol}");
    }
}

#[test]
fn sources_are_those_that_the_box_expects() {
    let packet = udp4();
    let from = |saddr| Addrs {
        saddr: v4(saddr),
        daddr: v4(POOL),
    };
    let mut w = stateful();
    assert_eq!(check_source(&w, &packet, from(PEER4)), Ok(()));
    w.source = false;
    let refused = Err(DropReason::ReversePath);
    assert_eq!(check_source(&w, &packet, from(PEER4)), refused);
    w.own = true;
    assert_eq!(check_source(&w, &packet, from(PEER4)), Ok(()));
    (w.own, w.inverted) = (false, true);
    assert_eq!(check_source(&w, &packet, from(PEER4)), Ok(()));
    let martian = Err(DropReason::MartianSource);
    assert_eq!(check_source(&w, &packet, from("127.0.0.1")), martian);
}

#[test]
fn the_source_of_what_opens_a_session_and_of_errors_is_looked_at() {
    for w in [stateful(), host()] {
        let w = Around { source: false, ..w };
        assert_eq!(four(&w, error4(POOL)).0, Dropped(DropReason::ReversePath));
    }
    let w = Around {
        source: false,
        ..host()
    };
    assert_eq!(four(&w, udp4()).0, Dropped(DropReason::ReversePath));
    // from another port, hence without a session
    let w = Around {
        source: false,
        ..stateful()
    };
    let tuple = Tuple4 {
        dport: 8,
        ..tuple4()
    };
    let packet = || bytes(packet4(UDP, &tuple.inverted(), b"data"));
    assert_eq!(four(&w, packet()).0, Dropped(DropReason::ReversePath));
    assert_eq!(four(&stateful(), packet()), (Translated, true));
}

#[test]
fn reporters_are_neither_this_box_nor_beyond_it() {
    for w in [stateful(), host()] {
        let mut w = w;
        let martian = Dropped(DropReason::MartianSource);
        assert_eq!(six(&w, error6("2001:db8:6::fe")).0, Translated);
        assert_eq!(six(&w, error6("fe80::1")).0, martian);
        let beyond = Dropped(DropReason::SourceInPrefix);
        assert_eq!(six(&w, error6("2001:db8:64::203.0.113.1")).0, beyond);
        w.local6 = true;
        assert_eq!(six(&w, error6("2001:db8:6::fe")).0, martian);
        w.own = true;
        assert_eq!(six(&w, error6("2001:db8:6::fe")).0, Translated);
        (w.own, w.inverted) = (false, true);
        assert_eq!(six(&w, error6("2001:db8:6::fe")).0, Translated);
    }
}

#[test]
fn errors_come_from_an_address_that_stands_for_their_reporter() {
    let translate = |w: &Around, reporter| {
        let mut packet = error6(reporter);
        packet.pull(packet.bytes.len());
        let from = from6::headers(&mut packet).unwrap();
        match error::decide6(w, &packet, &from) {
            Ok(error::Decision::Translate(it)) => (it.saddr, it.reporter, it.is_hairpin),
            _ => panic!("not translated"),
        }
    };
    let router = "2001:db8:6::fe";
    let mut w = stateful();
    assert_eq!(translate(&w, router), (v4(POOL), None, false));
    w.error_source = Some(v4("192.0.2.9"));
    let told = (v4("192.0.2.9"), Some(v6(router)), false);
    assert_eq!(translate(&w, router), told);
    let mut w = host();
    let dummy = (v4("192.0.0.8"), Some(v6(router)), false);
    assert_eq!(translate(&w, router), dummy);
    assert_eq!(translate(&w, HOST), (v4(POOL), None, false));
    w.error_source = Some(v4("192.0.2.9"));
    assert_eq!(translate(&w, router), told);
    assert_eq!(translate(&w, HOST), (v4(POOL), None, false));
}

#[test]
fn errors_that_are_none_or_about_others_packets_are_not_ours() {
    // a wrong checksum
    let broken = |packet: Bytes| {
        let mut bytes = packet.bytes;
        *bytes.last_mut().unwrap() ^= 1;
        self::bytes(bytes)
    };
    let checksum = Dropped(DropReason::IcmpChecksum);
    assert_eq!(six(&stateful(), broken(error6(HOST))), (checksum, true));
    let own = Around {
        local4: true,
        ..stateful()
    };
    assert_eq!(four(&own, broken(error4(POOL))), (Unclaimed, false));
    // about the peer's packet to another host, which is not behind us
    assert_eq!(four(&host(), error4("192.0.2.7")), (Passed, false));
    // to an IPv4 host, whose address is under no prefix
    let w = stateless(Side::V4, ("2001:db8:46::", 120), ("198.51.100.0", 24));
    let error = |host, peer| {
        let quoted = Tuple6 {
            saddr: v6(host),
            daddr: v6(peer),
            ..tuple6()
        };
        let mut message = vec![1, 0, 0, 0, 0, 0, 0, 0];
        message.extend(packet6(UDP, &quoted, b"data"));
        let (saddr, daddr) = (v6("2001:db8:7::fe"), v6("2001:db8:46::a"));
        let pseudo = pseudo6(saddr, daddr, ICMPV6, message.len());
        seal(ICMPV6, &pseudo, &mut message);
        bytes(ip6(ICMPV6, saddr, daddr, &message))
    };
    let peer = "2001:db8:64::192.0.2.1";
    assert_eq!(six(&w, error("2001:db8:46::a", peer)), (Translated, true));
    let others = [
        error("2001:db8:46::a", "2001:db8:7::1"),
        error("2001:db8:7::1", peer),
        broken(error("2001:db8:46::a", peer)),
    ];
    for other in others {
        assert_eq!(six(&w, other), (Passed, false));
    }
}

#[test]
fn a_longer_ipv6_route_goes_first() {
    for w in [stateful(), host()] {
        let session = w.session;
        for (native, is_native) in [(None, false), (Some(96), false), (Some(97), true)] {
            let w = Around {
                native6: native,
                session: false,
                ..stateful_or(&w)
            };
            let not_ours = match session {
                true => Unclaimed,
                false => Passed,
            };
            let (fate, claimed) = six(&w, udp6());
            match is_native {
                true => assert_eq!((fate, claimed), (not_ours, false)),
                false => assert_eq!((fate, claimed), (Translated, true)),
            }
        }
    }
    for (native, fate) in [(Some(96), Translated), (Some(97), Passed)] {
        let w = Around {
            native6: native,
            ..stateful()
        };
        let claimed = fate == Translated;
        assert_eq!(six(&w, error6(HOST)), (fate, claimed));
    }
    // what cannot be translated
    for (native, fate) in [
        (Some(96), Dropped(DropReason::UnknownProtocol)),
        (Some(97), Passed),
    ] {
        let w = Around {
            native6: native,
            ..stateful()
        };
        let claimed = native == Some(96);
        let packet = bytes(ip6(47, v6(HOST), v6(PEER6), &[0; 16]));
        assert_eq!(six(&w, packet), (fate, claimed));
    }
}

/// The same box.
fn stateful_or(w: &Around) -> Around {
    match w.rule {
        true => stateful(),
        false => host(),
    }
}

#[test]
fn an_ipv4_route_goes_first_where_it_is_longer_than_the_mapping() {
    let network = || stateless(Side::V6, ("2001:db8:6::", 120), ("192.0.2.0", 24));
    for (native, ours) in [
        (None, true),
        (Some(0), true),
        (Some(24), true),
        (Some(25), false),
    ] {
        let w = Around {
            native4: native,
            ..network()
        };
        let fate = match ours {
            true => Translated,
            false => Passed,
        };
        assert_eq!(four(&w, udp4()), (fate, ours));
    }
    for (native, ours) in [(Some(24), true), (Some(25), false)] {
        let w = Around {
            native4: native,
            ..network()
        };
        let fate = four(&w, error4(POOL)).0;
        assert_eq!(fate == Translated, ours, "{fate:?}");
        assert_eq!(fate == Passed, !ours, "{fate:?}");
    }
}

#[test]
fn any_ipv4_route_goes_before_the_way_out_of_ipv4_hosts() {
    let clat = || stateless(Side::V4, ("2001:db8:46::", 120), ("198.51.100.0", 24));
    let mut w = clat();
    // from a host of ours to the world
    assert_eq!(four(&w, udp4()), (Translated, true));
    w.native4 = Some(0);
    assert_eq!(four(&w, udp4()), (Passed, false));
    let broadcast = |w: &Around| {
        let tuple = Tuple4 {
            saddr: v4("255.255.255.255"),
            ..tuple4()
        };
        four(w, bytes(packet4(UDP, &tuple.inverted(), b"data")))
    };
    assert_eq!(broadcast(&clat()), (Passed, false));
}

#[test]
fn ipsec_policy_is_asked_wherever_something_new_goes_through() {
    let forbidden = Dropped(DropReason::IpsecPolicy);
    let w = Around {
        policy: false,
        ..host()
    };
    assert_eq!(six(&w, udp6()).0, forbidden);
    assert_eq!(four(&w, udp4()).0, forbidden);
    assert_eq!(six(&w, error6(HOST)).0, forbidden);
    assert_eq!(four(&w, error4(POOL)).0, forbidden);
    let mut w = Around {
        policy: false,
        session: false,
        ..stateful()
    };
    assert_eq!(six(&w, udp6()).0, forbidden);
    w.session = true;
    assert_eq!(six(&w, error6(HOST)).0, forbidden);
    assert_eq!(four(&w, error4(POOL)).0, forbidden);
    // where no rule wants it nobody is asked
    (w.session, w.rule) = (false, false);
    assert_eq!(six(&w, udp6()), (Unclaimed, false));
}

#[test]
fn hosts_without_a_rule_are_told_where_all_rules_are_stateless() {
    let stranger = || {
        let tuple = Tuple6 {
            saddr: v6("2001:db8:6::2"),
            ..tuple6()
        };
        bytes(packet6(UDP, &tuple, b"data"))
    };
    assert_eq!(
        six(&host(), stranger()),
        (Dropped(DropReason::UnmappedSource), true)
    );
    let w = Around {
        rule: true,
        ..host()
    };
    assert_eq!(six(&w, stranger()), (Translated, true));
    // only IPv4 hosts have mappings
    let w = stateless(Side::V4, ("2001:db8:46::1", 128), ("203.0.113.1", 32));
    assert_eq!(six(&w, stranger()).0, Unclaimed);
}

#[test]
fn a_source_under_the_prefix_or_none_at_all_opens_nothing() {
    let from = |saddr| {
        let tuple = Tuple6 {
            saddr: v6(saddr),
            ..tuple6()
        };
        six(&stateful(), bytes(packet6(UDP, &tuple, b"data"))).0
    };
    assert_eq!(from("2001:db8:64::1"), Dropped(DropReason::SourceInPrefix));
    assert_eq!(from("fe80::1"), Dropped(DropReason::MartianSource));
}

#[test]
fn a_proxy_answers_solicitations_of_its_link() {
    let solicitation = |kind, hop_limit| {
        let mut packet = ip6(ICMPV6, v6(HOST), v6(PEER6), &[kind; 24]);
        packet[7] = hop_limit;
        bytes(packet)
    };
    let mut w = Around {
        proxy: true,
        ..stateful()
    };
    let refused = Dropped(DropReason::IcmpType);
    assert_eq!(six(&w, solicitation(135, 255)).0, Solicitation);
    assert_eq!(six(&w, solicitation(135, 254)).0, refused);
    assert_eq!(six(&w, solicitation(136, 255)).0, refused);
    w.own = true;
    assert_eq!(six(&w, solicitation(135, 255)).0, refused);
    (w.own, w.proxy) = (false, false);
    assert_eq!(six(&w, solicitation(135, 255)).0, refused);
}

/// A fragment, the first of two, and of one protocol or another.
fn fragment6(protocol: u8, gso: bool) -> Bytes {
    let mut payload = vec![protocol, 0, 0, 1, 0, 0, 0, 7];
    payload.extend([15, 160, 0, 7, 0, 16, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
    let packet = ip6(44, v6(HOST), v6(PEER6), &payload);
    Bytes {
        gso,
        ..bytes(packet)
    }
}

fn fragment4(protocol: u8, gso: bool) -> Bytes {
    let mut packet = ip4(
        protocol,
        v4(PEER4),
        v4(POOL),
        &[],
        &[0, 7, 15, 160, 0, 16, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0],
    );
    packet[6] = 0x20;
    common::reseal4(&mut packet, 20);
    Bytes {
        gso,
        ..bytes(packet)
    }
}

#[test]
fn fragments_are_put_together_but_for_stateless_rules() {
    let w = stateful();
    assert_eq!(six(&w, fragment6(UDP, false)), (Defragmented, true));
    assert_eq!(six(&w, fragment6(UDP, true)), (Split, true));
    assert_eq!(four(&w, fragment4(UDP, false)), (Defragmented, true));
    assert_eq!(four(&w, fragment4(UDP, true)), (Split, true));
    assert!(!from6::claims_fragment(&w, &mut fragment6(UDP, false)));
    assert!(!from4::claims_fragment(&w, &fragment4(UDP, false)));
    let w = host();
    assert_eq!(six(&w, fragment6(UDP, false)), (Translated, true));
    assert_eq!(six(&w, fragment6(UDP, true)), (Split, true));
    assert_eq!(six(&w, fragment6(ICMPV6, false)), (Defragmented, true));
    assert_eq!(four(&w, fragment4(UDP, false)), (Translated, true));
    assert_eq!(four(&w, fragment4(UDP, true)), (Split, true));
    assert_eq!(four(&w, fragment4(ICMP, false)), (Defragmented, true));
    assert!(from6::claims_fragment(&w, &mut fragment6(UDP, false)));
    assert!(from4::claims_fragment(&w, &fragment4(UDP, false)));
    // a later one that begins like an error
    let mut later = fragment4(ICMP, false).bytes;
    (later[6], later[20]) = (0, 3);
    later[7] = 9;
    common::reseal4(&mut later, 20);
    assert_eq!(four(&w, bytes(later)), (Defragmented, true));
    // what is no fragment, or not ours
    assert!(!from6::claims_fragment(&w, &mut udp6()));
    assert!(!from4::claims_fragment(&w, &udp4()));
    let w = Around {
        native6: Some(128),
        native4: Some(33),
        ..host()
    };
    assert!(!from6::claims_fragment(&w, &mut fragment6(UDP, false)));
    assert!(!from4::claims_fragment(&w, &fragment4(UDP, false)));
}

#[test]
fn what_is_carried_as_it_is_has_its_ports_at_hand() {
    const SCTP: u8 = 132;
    let w = host();
    let mut packet = bytes(ip6(SCTP, v6(HOST), v6(PEER6), &[1, 2, 3, 4, 5]));
    let from = from6::headers(&mut packet).unwrap();
    assert_eq!(fate(from6::decide(&w, &mut packet, &from)), Translated);
    assert!(packet.linear().len() >= 44);
    let mut packet = bytes(ip4(SCTP, v4(PEER4), v4(POOL), &[], &[1, 2, 3, 4, 5]));
    let ip = ipv4::Header::read(packet.linear()).unwrap();
    assert_eq!(fate(from4::decide(&w, &mut packet, &ip, false)), Translated);
    assert!(packet.linear().len() >= 24);
    // whatever there is of them
    let short = bytes(ip6(SCTP, v6(HOST), v6(PEER6), &[1, 2, 3]));
    assert_eq!(six(&w, short), (Translated, true));
    let short = bytes(ip4(SCTP, v4(PEER4), v4(POOL), &[], &[1, 2, 3]));
    assert_eq!(four(&w, short), (Translated, true));
}

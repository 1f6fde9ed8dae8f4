// SPDX-License-Identifier: GPL-2.0
//! Probes of idle connections (RFC 6146 section 3.5.2.2).

use natpt_core::{
    nat::probe,
    xlate::{checksum, ipv6, proto, tuple::Tuple6},
};

#[test]
fn a_bare_ack() {
    // req: D-067
    let tuple = Tuple6 {
        saddr: "64:ff9b::c000:221".parse().unwrap(),
        daddr: "2001:db8::7".parse().unwrap(),
        sport: 80,
        dport: 40000,
    };
    let packet = probe::packet(&tuple);
    let ip = ipv6::Header::parse(&packet).unwrap();
    assert_eq!((ip.saddr, ip.daddr), (tuple.saddr, tuple.daddr));
    assert_eq!((ip.next_header, ip.hop_limit), (proto::TCP, 64));
    assert_eq!(usize::from(ip.payload_len), packet.len() - ipv6::LEN);
    let tcp = &packet[ipv6::LEN..];
    assert_eq!(tcp[..4], [0, 80, 0x9c, 0x40]);
    assert_eq!(tcp[4..12], [0; 8], "sequence and acknowledgment number");
    assert_eq!(tcp[12..16], [0x50, 0x10, 0, 0], "length, flags, window");
    assert_eq!(tcp[18..], [0, 0], "urgent pointer");
    let pseudo = checksum::pseudo_v6(ip.saddr, ip.daddr, proto::TCP, tcp.len() as u32);
    assert_eq!(pseudo.then(checksum::Sum::of(tcp)).check(), 0);
}

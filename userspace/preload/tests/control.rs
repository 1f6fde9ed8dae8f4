// SPDX-License-Identifier: GPL-2.0
//! Control messages.

use std::net::{Ipv4Addr, Ipv6Addr};

use libc::{IPPROTO_IP, IPPROTO_IPV6, SOL_SOCKET};
use preload::control::{incoming, outgoing, Taken};

/// One message, padded.
fn message(level: i32, kind: i32, data: &[u8]) -> Vec<u8> {
    let mut bytes = (16 + data.len()).to_ne_bytes().to_vec();
    bytes.extend(level.to_ne_bytes());
    bytes.extend(kind.to_ne_bytes());
    bytes.extend(data);
    bytes.resize(bytes.len().next_multiple_of(8), 0);
    bytes
}

fn peer(ip: Ipv6Addr) -> Ipv4Addr {
    ip.to_ipv4_mapped()
        .unwrap_or_else(|| Ipv4Addr::from_bits(ip.to_bits() as u32))
}

fn local(_: Ipv6Addr) -> Ipv4Addr {
    Ipv4Addr::new(192, 0, 0, 1)
}

/// The bytes that a program with so much room gets.
fn receive(given: &[u8], room: usize) -> (Vec<u8>, bool) {
    let mut bytes = vec![0; room];
    let Taken { used, truncated } = incoming(given, &mut bytes, peer, local);
    bytes.truncate(used);
    (bytes, truncated)
}

fn in6(ip: &str) -> [u8; 16] {
    ip.parse::<Ipv6Addr>().unwrap().octets()
}

// req: G-046
#[test]
fn received() {
    let index = 3i32.to_ne_bytes();
    let info6 = [&in6("2001:db8:6::2")[..], &index].concat();
    let info4 = [&index[..], &[192, 0, 0, 1], &[192, 0, 0, 1]].concat();
    let mapped = [&in6("::ffff:127.0.0.1")[..], &index].concat();
    let native = [&index[..], &[127, 0, 0, 1], &[127, 0, 0, 1]].concat();
    let ttl = 61i32.to_ne_bytes();
    let class = 0x12ei32.to_ne_bytes();
    for (given, wanted) in [
        (
            message(IPPROTO_IPV6, 50, &info6),
            message(IPPROTO_IP, 8, &info4),
        ),
        (
            message(IPPROTO_IPV6, 52, &ttl),
            message(IPPROTO_IP, 2, &ttl),
        ),
        (
            message(IPPROTO_IPV6, 67, &class),
            message(IPPROTO_IP, 1, &[0x2e]),
        ),
        // an IPv4 packet brings both
        (
            [
                message(IPPROTO_IP, 8, &native),
                message(IPPROTO_IPV6, 50, &mapped),
            ]
            .concat(),
            message(IPPROTO_IP, 8, &native),
        ),
        // not ours
        (
            message(SOL_SOCKET, 29, &[7; 16]),
            message(SOL_SOCKET, 29, &[7; 16]),
        ),
        // broken
        (message(IPPROTO_IPV6, 50, &[1, 2]), vec![]),
        (vec![255; 20], vec![]),
        (vec![], vec![]),
    ] {
        assert_eq!(receive(&given, 200), (wanted, false));
    }
}

// req: G-033 G-046
#[test]
fn errors() {
    let offender6 = [
        &[10, 0, 0, 53, 0, 0, 0, 0][..],
        &in6("2001:db8:64::c633:640a"),
        &[0; 4],
    ];
    let offender4 = [&[2, 0, 0, 53][..], &[198, 51, 100, 10], &[0; 8]].concat();
    // errno, then origin, type, code, then info and data
    let error = |origin, kind, code, info: u32| {
        [
            &111u32.to_ne_bytes()[..],
            &[origin, kind, code, 0],
            &info.to_ne_bytes(),
            &[0; 4],
        ]
        .concat()
    };
    for (from, to) in [
        (error(3, 1, 4, 0), error(2, 3, 3, 0)),
        (error(3, 1, 0, 0), error(2, 3, 1, 0)),
        (error(3, 2, 0, 1400), error(2, 3, 4, 1380)),
        (error(3, 3, 0, 0), error(2, 11, 0, 0)),
        // of this host, or of IPv4
        (error(1, 0, 0, 1400), error(1, 0, 0, 1400)),
        (error(2, 3, 3, 0), error(2, 3, 3, 0)),
    ] {
        let given = message(IPPROTO_IPV6, 25, &[&from[..], &offender6.concat()].concat());
        let wanted = message(IPPROTO_IP, 11, &[&to[..], &offender4].concat());
        assert_eq!(receive(&given, 200), (wanted, false));
    }
    // no offender
    let given = message(
        IPPROTO_IPV6,
        25,
        &[&error(1, 0, 0, 0)[..], &[0; 28]].concat(),
    );
    let wanted = message(IPPROTO_IP, 11, &[&error(1, 0, 0, 0)[..], &[0; 16]].concat());
    assert_eq!(receive(&given, 200), (wanted, false));
}

// req: G-046
#[test]
fn received_into_little_room() {
    let ttl = message(IPPROTO_IP, 2, &9i32.to_ne_bytes());
    let given = [message(IPPROTO_IPV6, 52, &9i32.to_ne_bytes()), ttl.clone()].concat();
    let twice = [ttl.clone(), ttl.clone()].concat();
    assert_eq!(receive(&given, 48), (twice.clone(), false));
    // a whole message, its padding cut
    assert_eq!(receive(&given, 44), (twice[..44].to_vec(), false));
    // a message cut: its length says so
    let mut cut = twice[..42].to_vec();
    cut[24] = 18;
    assert_eq!(receive(&given, 42), (cut, true));
    // no room for a header
    assert_eq!(receive(&given, 39), (ttl, true));
    assert_eq!(receive(&given, 0), (vec![], true));
}

fn send(given: &[u8]) -> Result<Vec<u8>, i32> {
    let mut room = [0; 200];
    let source = |addr: Ipv4Addr| match addr.octets() {
        [0, 0, 0, 0] => Ipv6Addr::UNSPECIFIED,
        _ => addr.to_ipv6_mapped(),
    };
    outgoing(given, source, &mut room).map(|used| room[..used].to_vec())
}

// req: G-046
#[test]
fn sent() {
    let index = 3i32.to_ne_bytes();
    let info4 = |addr: [u8; 4]| message(IPPROTO_IP, 8, &[index, addr, [0; 4]].concat());
    let info6 = |ip| message(IPPROTO_IPV6, 50, &[&in6(ip)[..], &index].concat());
    let ttl = 9i32.to_ne_bytes();
    for (given, wanted) in [
        (info4([0; 4]), info6("::")),
        (info4([10, 0, 0, 1]), info6("::ffff:10.0.0.1")),
        (
            message(IPPROTO_IP, 2, &ttl),
            message(IPPROTO_IPV6, 52, &ttl),
        ),
        (
            message(IPPROTO_IP, 1, &[9]),
            message(IPPROTO_IPV6, 67, &ttl),
        ),
        (
            message(IPPROTO_IP, 1, &ttl),
            message(IPPROTO_IPV6, 67, &ttl),
        ),
        (message(17, 103, &[1, 2]), message(17, 103, &[1, 2])),
        // of no meaning to an IPv4 socket
        (message(IPPROTO_IPV6, 52, &ttl), vec![]),
    ] {
        assert_eq!(send(&given), Ok(wanted));
    }
    // more than there is room for
    let full = outgoing(&info4([0; 4]), |addr| addr.to_ipv6_mapped(), &mut [0; 30]);
    assert_eq!(full, Err(libc::ENOBUFS));
}

// req: G-046
#[test]
fn refused() {
    let int = |value: i32| value.to_ne_bytes();
    let mut cut = message(IPPROTO_IP, 2, &int(9));
    cut.truncate(18);
    for given in [
        message(IPPROTO_IP, 8, &[0; 11]),
        message(IPPROTO_IP, 8, &[0; 13]),
        message(IPPROTO_IP, 2, &int(0)),
        message(IPPROTO_IP, 2, &int(256)),
        message(IPPROTO_IP, 2, &int(-1)),
        message(IPPROTO_IP, 2, &[9]),
        message(IPPROTO_IP, 1, &int(-1)),
        message(IPPROTO_IP, 1, &int(256)),
        message(IPPROTO_IP, 1, &[9, 0]),
        message(IPPROTO_IP, 99, &int(1)),
        // a header's length that is too short, and a message that is not whole
        [&8usize.to_ne_bytes()[..], &[0; 8]].concat(),
        cut,
    ] {
        assert_eq!(send(&given), Err(libc::EINVAL), "{given:x?}");
    }
    // what is shorter than a header is none
    assert_eq!(send(&[1; 15]), Ok(vec![]));
}

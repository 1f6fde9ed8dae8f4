// SPDX-License-Identifier: GPL-2.0
//! ICMP type, code and pointer tables.

mod common;

use common::{pseudo6, seal, segment, v6, ICMP, ICMPV6};
use natpt_core::xlate::{
    icmp::{
        echo_to_v4, echo_to_v6, error_to_v4, error_to_v6, is_echo4, is_echo6, is_error4,
        pointer_to_v4, pointer_to_v6, verify4, verify6, ErrorType, Field,
    },
    l4::Ports,
    DropReason,
};

fn to_v6(kind: u8, code: u8) -> Option<(u8, u8)> {
    error_to_v6(kind, code)
        .ok()
        .map(|error| (error.kind, error.code))
}

fn to_v4(kind: u8, code: u8) -> Option<(u8, u8)> {
    error_to_v4(kind, code)
        .ok()
        .map(|error| (error.kind, error.code))
}

#[test]
fn echo() {
    // req: A-068 A-069 A-097 A-098
    assert_eq!((echo_to_v6(8), echo_to_v6(0)), (Ok(128), Ok(129)));
    assert_eq!((echo_to_v4(128), echo_to_v4(129)), (Ok(8), Ok(0)));
}

#[test]
fn only_echo_has_an_identifier() {
    // req: A-085 A-086 A-092 A-093 A-094 A-095 A-111 A-113
    for kind in 0..=255 {
        let transport = [kind, 0, 0, 0, 0x12, 0x34, 0, 0];
        let expect = |echo| match echo {
            true => Ok(Ports::echo(0x1234)),
            false => Err(DropReason::IcmpType),
        };
        assert_eq!(Ports::read(ICMP, &transport), expect(matches!(kind, 0 | 8)));
        assert_eq!(
            Ports::read(ICMPV6, &transport),
            expect(matches!(kind, 128 | 129))
        );
        assert_eq!(echo_to_v6(kind).is_ok(), is_echo4(kind, 0));
        assert_eq!(echo_to_v4(kind).is_ok(), is_echo6(kind, 0));
        assert!(!is_echo4(kind, 1) && !is_echo6(kind, 1));
    }
}

#[test]
fn unreachable_to_v6() {
    // req: A-070 A-071 A-072 A-073 A-074 A-075 A-076 A-077 A-078 A-079 A-080 A-081 A-082
    for code in 0..=255 {
        let expect = match code {
            0 | 1 | 5 | 6 | 7 | 8 | 11 | 12 => Some((1, 0)),
            2 => Some((4, 1)),
            3 => Some((1, 4)),
            4 => Some((2, 0)),
            9 | 10 | 13 | 15 => Some((1, 1)),
            _ => None,
        };
        assert_eq!(to_v6(3, code), expect, "3/{code}");
    }
}

#[test]
fn protocol_unreachable_points_at_next_header() {
    // req: A-072
    let error = ErrorType {
        kind: 4,
        code: 1,
        field: Field::PointerTo(6),
    };
    assert_eq!(error_to_v6(3, 2), Ok(error));
}

#[test]
fn time_exceeded_and_parameter_to_v6() {
    // req: A-087 A-088 A-089 A-090 A-091
    for code in 0..=255 {
        let expect = (code < 2).then_some((3, code));
        assert_eq!(to_v6(11, code), expect, "11/{code}");
        let expect = matches!(code, 0 | 2).then_some((4, 0));
        assert_eq!(to_v6(12, code), expect, "12/{code}");
    }
}

#[test]
fn other_types_to_v6() {
    // req: A-083 A-084 A-085 A-086 A-092 A-093 A-094 A-095
    for kind in (0..=255).filter(|kind| !matches!(kind, 3 | 11 | 12)) {
        for code in 0..=255 {
            assert_eq!(error_to_v6(kind, code), Err(DropReason::IcmpType));
        }
    }
}

#[test]
fn unreachable_to_v4() {
    // req: A-099 A-100 A-101 A-102 A-103 A-104
    for code in 0..=255 {
        let expect = match code {
            0 | 2 | 3 => Some((3, 1)),
            1 => Some((3, 10)),
            4 => Some((3, 3)),
            _ => None,
        };
        assert_eq!(to_v4(1, code), expect, "1/{code}");
    }
}

#[test]
fn too_big_to_v4() {
    // req: A-105
    for code in 0..=255 {
        let error = error_to_v4(2, code).unwrap();
        assert_eq!((error.kind, error.code, error.field), (3, 4, Field::Mtu));
    }
}

#[test]
fn time_exceeded_and_parameter_to_v4() {
    // req: A-106 A-107 A-108 A-109 A-110
    for code in 0..=255 {
        let expect = (code < 2).then_some((11, code));
        assert_eq!(to_v4(3, code), expect, "3/{code}");
        let expect = match code {
            0 => Some((12, 0)),
            1 => Some((3, 2)),
            _ => None,
        };
        assert_eq!(to_v4(4, code), expect, "4/{code}");
    }
    assert_eq!(error_to_v4(4, 1).unwrap().field, Field::Zero);
}

#[test]
fn other_types_to_v4() {
    // req: A-111 A-113 A-114
    for kind in (0..=255).filter(|kind| !matches!(kind, 1..=4)) {
        for code in 0..=255 {
            assert_eq!(error_to_v4(kind, code), Err(DropReason::IcmpType));
        }
    }
}

#[test]
fn pointers_to_v6() {
    // req: A-126 A-127
    for pointer in 0..=255 {
        let expect = match pointer {
            0 => Ok(0),
            1 => Ok(1),
            2 | 3 => Ok(4),
            8 => Ok(7),
            9 => Ok(6),
            12..=15 => Ok(8),
            16..=19 => Ok(24),
            _ => Err(DropReason::IcmpPointer),
        };
        assert_eq!(pointer_to_v6(pointer), expect, "{pointer}");
    }
}

#[test]
fn pointers_to_v4() {
    // req: A-128 A-129
    for pointer in (0..=300).chain([0x8000_0000, u32::MAX]) {
        let expect = match pointer {
            0 => Ok(0),
            1 => Ok(1),
            4 | 5 => Ok(2),
            6 => Ok(9),
            7 => Ok(8),
            8..=23 => Ok(12),
            24..=39 => Ok(16),
            _ => Err(DropReason::IcmpPointer),
        };
        assert_eq!(pointer_to_v4(pointer), expect, "{pointer}");
    }
}

#[test]
fn bad_checksums() {
    // req: A-143
    let (saddr, daddr) = (v6("2001:db8::1"), v6("2001:db8::2"));
    let mut message = segment(ICMPV6, 7, 0, b"some payload");
    let pseudo = pseudo6(saddr, daddr, ICMPV6, message.len());
    seal(ICMPV6, &pseudo, &mut message);
    assert_eq!(verify6(&message, saddr, daddr), Ok(()));
    message[12] ^= 1;
    let verdict = verify6(&message, saddr, daddr);
    assert_eq!(verdict, Err(DropReason::IcmpChecksum));

    let mut message = segment(ICMP, 7, 0, b"some payload");
    seal(ICMP, &[], &mut message);
    assert_eq!(verify4(&message), Ok(()));
    message[12] ^= 1;
    assert_eq!(verify4(&message), Err(DropReason::IcmpChecksum));
}

#[test]
fn error_types_of_ipv4() {
    let errors: Vec<u8> = (0..=255).filter(|&kind| is_error4(kind)).collect();
    assert_eq!(errors, [3, 4, 5, 11, 12]);
}

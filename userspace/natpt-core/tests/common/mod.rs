// SPDX-License-Identifier: GPL-2.0
//! Packets for the tests, and a checksum that owes nothing to the code under test.
#![allow(dead_code)]

use core::net::{Ipv4Addr, Ipv6Addr};

use natpt_core::xlate::{
    addr::Prefix,
    header::Payload,
    ipv4, ipv6,
    mtu::NextHops,
    tuple::{Tuple4, Tuple6},
};

pub const ICMP: u8 = 1;
pub const TCP: u8 = 6;
pub const UDP: u8 = 17;
pub const ICMPV6: u8 = 58;

pub const LINKS_1500: NextHops = NextHops { v6: 1500, v4: 1500 };

pub fn v4(text: &str) -> Ipv4Addr {
    text.parse().unwrap()
}

pub fn v6(text: &str) -> Ipv6Addr {
    text.parse().unwrap()
}

pub fn prefix(text: &str) -> Prefix {
    let (addr, len) = text.split_once('/').unwrap();
    Prefix::new(v6(addr), len.parse().unwrap()).unwrap()
}

/// RFC 1071 as it is written: 16 bits at a time, the carry brought round at each step.
pub fn rfc1071(parts: &[&[u8]]) -> u16 {
    let bytes = parts.concat();
    let mut sum = 0u32;
    for pair in bytes.chunks(2) {
        sum += (u32::from(pair[0]) << 8) | u32::from(*pair.get(1).unwrap_or(&0));
        if sum > 0xffff {
            sum -= 0xffff;
        }
    }
    !(sum as u16)
}

pub fn pseudo6(saddr: Ipv6Addr, daddr: Ipv6Addr, protocol: u8, len: usize) -> Vec<u8> {
    let mut out = [saddr.octets(), daddr.octets()].concat();
    out.extend((len as u32).to_be_bytes());
    out.extend([0, 0, 0, protocol]);
    out
}

pub fn pseudo4(saddr: Ipv4Addr, daddr: Ipv4Addr, protocol: u8, len: usize) -> Vec<u8> {
    let mut out = [saddr.octets(), daddr.octets()].concat();
    out.extend([0, protocol]);
    out.extend((len as u16).to_be_bytes());
    out
}

/// A transport header and its payload, checksum still zero.
pub fn segment(protocol: u8, sport: u16, dport: u16, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    match protocol {
        TCP => {
            out.extend(sport.to_be_bytes());
            out.extend(dport.to_be_bytes());
            out.extend([0, 0, 0, 1, 0, 0, 0, 2, 0x50, 0x10, 1, 0, 0, 0, 0, 0]);
        }
        UDP => {
            out.extend(sport.to_be_bytes());
            out.extend(dport.to_be_bytes());
            out.extend((8 + payload.len() as u16).to_be_bytes());
            out.extend([0, 0]);
        }
        _ => {
            let kind = if protocol == ICMPV6 { 128 } else { 8 };
            out.extend([kind, 0, 0, 0]);
            out.extend(sport.to_be_bytes());
            out.extend([0, 9]);
        }
    }
    out.extend(payload);
    out
}

fn check_at(protocol: u8) -> usize {
    match protocol {
        TCP => 16,
        UDP => 6,
        _ => 2,
    }
}

/// The checksum field of a segment.
pub fn check(protocol: u8, segment: &[u8]) -> u16 {
    let at = check_at(protocol);
    u16::from_be_bytes([segment[at], segment[at + 1]])
}

/// Fills the checksum in from scratch; `pseudo` is empty for ICMPv4.
pub fn seal(protocol: u8, pseudo: &[u8], segment: &mut [u8]) {
    let at = check_at(protocol);
    segment[at..at + 2].fill(0);
    let check = match (protocol, rfc1071(&[pseudo, segment])) {
        (UDP, 0) => 0xffff,
        (_, check) => check,
    };
    segment[at..at + 2].copy_from_slice(&check.to_be_bytes());
}

/// A whole IPv6 packet with a valid checksum.
pub fn packet6(protocol: u8, tuple: &Tuple6, payload: &[u8]) -> Vec<u8> {
    let mut segment = segment(protocol, tuple.sport, tuple.dport, payload);
    let pseudo = pseudo6(tuple.saddr, tuple.daddr, protocol, segment.len());
    seal(protocol, &pseudo, &mut segment);
    ip6(protocol, tuple.saddr, tuple.daddr, &segment)
}

pub fn ip6(next_header: u8, saddr: Ipv6Addr, daddr: Ipv6Addr, payload: &[u8]) -> Vec<u8> {
    let mut out = vec![0x60, 0, 0, 0];
    out.extend((payload.len() as u16).to_be_bytes());
    out.extend([next_header, 64]);
    out.extend(saddr.octets());
    out.extend(daddr.octets());
    out.extend(payload);
    out
}

/// A whole IPv4 packet with valid checksums.
pub fn packet4(protocol: u8, tuple: &Tuple4, payload: &[u8]) -> Vec<u8> {
    let mut segment = segment(protocol, tuple.sport, tuple.dport, payload);
    let pseudo = match protocol {
        ICMP => Vec::new(),
        _ => pseudo4(tuple.saddr, tuple.daddr, protocol, segment.len()),
    };
    seal(protocol, &pseudo, &mut segment);
    ip4(protocol, tuple.saddr, tuple.daddr, &[], &segment)
}

pub fn ip4(
    protocol: u8,
    saddr: Ipv4Addr,
    daddr: Ipv4Addr,
    options: &[u8],
    payload: &[u8],
) -> Vec<u8> {
    let header_len = 20 + options.len();
    let mut out = vec![0x40 | (header_len / 4) as u8, 0];
    out.extend(((header_len + payload.len()) as u16).to_be_bytes());
    out.extend([0x12, 0x34, 0, 0, 64, protocol, 0, 0]);
    out.extend(saddr.octets());
    out.extend(daddr.octets());
    out.extend(options);
    reseal4(&mut out, header_len);
    out.extend(payload);
    out
}

/// Makes the checksum of a changed IPv4 header valid.
pub fn reseal4(packet: &mut [u8], header_len: usize) {
    packet[10..12].fill(0);
    let check = rfc1071(&[&packet[..header_len]]);
    packet[10..12].copy_from_slice(&check.to_be_bytes());
}

/// The fields of an IPv6 header that a test does not care about.
pub fn header6(
    traffic_class: u8,
    payload_len: u16,
    next_header: u8,
    hop_limit: u8,
) -> ipv6::Header {
    ipv6::Header {
        traffic_class,
        flow_label: 0x12345,
        payload_len,
        next_header,
        hop_limit,
        saddr: v6("2001:db8:6::1"),
        daddr: v6("2001:db8:64::c633:640a"),
    }
}

/// The fields of an IPv4 header that a test does not care about.
pub fn header4(tos: u8, total_len: u16, protocol: u8, ttl: u8) -> ipv4::Header {
    ipv4::Header {
        header_len: 20,
        tos,
        total_len,
        id: 0xbeef,
        df: false,
        mf: false,
        frag_off: 0,
        ttl,
        protocol,
        saddr: v4("198.51.100.10"),
        daddr: v4("192.0.2.1"),
    }
}

pub fn payload(protocol: u8, len: u32) -> Payload {
    Payload {
        protocol,
        len,
        fragment: None,
        segment: None,
    }
}

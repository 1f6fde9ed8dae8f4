// SPDX-License-Identifier: GPL-2.0
//! What asks a host whether its end of a connection is still there (RFC 6146 section 3.5.2.2): it
//! answers with a segment of the connection, or with a reset.

use crate::xlate::{bytes, checksum, ipv6, proto, tuple::Tuple6};

/// Length of a TCP header without options.
const TCP_LEN: usize = 20;
/// Length of the packet.
pub const LEN: usize = ipv6::LEN + TCP_LEN;

/// The packet: a bare ACK whose sequence and acknowledgment numbers are 0.
pub fn packet(tuple: &Tuple6) -> [u8; LEN] {
    const DATA_OFFSET: u8 = (TCP_LEN as u8 / 4) << 4;
    const ACK: u8 = 0x10;
    let header = ipv6::Header {
        traffic_class: 0,
        flow_label: 0,
        payload_len: TCP_LEN as u16,
        next_header: proto::TCP,
        hop_limit: 64,
        saddr: tuple.saddr,
        daddr: tuple.daddr,
    };
    let check = checksum::pseudo_v6(tuple.saddr, tuple.daddr, proto::TCP, TCP_LEN as u32)
        .add16(tuple.sport)
        .add16(tuple.dport)
        .add16(u16::from_be_bytes([DATA_OFFSET, ACK]))
        .check();
    let mut out = [0; LEN];
    bytes::put(&mut out, 0, header.emit());
    bytes::put(&mut out, ipv6::LEN, tuple.sport.to_be_bytes());
    bytes::put(&mut out, ipv6::LEN + 2, tuple.dport.to_be_bytes());
    bytes::put(&mut out, ipv6::LEN + 12, [DATA_OFFSET, ACK]);
    bytes::put(&mut out, ipv6::LEN + 16, check.to_be_bytes());
    out
}

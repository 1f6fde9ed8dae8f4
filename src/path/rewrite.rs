// SPDX-License-Identifier: GPL-2.0

//! Ports and checksum of a transport header, in place.

use crate::{
    linux::skb::{OpenSum, Skb},
    xlate::{
        checksum::Delta,
        icmp::Echo,
        l4::{self, Ports},
        Reason,
    },
};

/// Whether the segments of a packet have a checksum that is left open somewhere else than in their
/// own transport header: only one packet's can be finished.
#[inline(always)]
pub(super) fn is_open_elsewhere(skb: &Skb, protocol: u8, l4_offset: usize) -> bool {
    let check = l4::check_offset(protocol).unwrap_or(0);
    skb.open_sum()
        .is_some_and(|open| !open.is_at(l4_offset, check))
}

/// Whether the transport checksum is left to a device. Any other one that is left open, as by a
/// tunnel's end in what the tunnel carries, is finished if it counts what stands before `end`, where
/// octets are about to change; so is that of ICMP, whose pseudo-header comes or goes.
#[inline(always)]
pub(super) fn is_partial(
    skb: &mut Skb,
    protocol: u8,
    l4_offset: usize,
    end: usize,
) -> Result<bool, Reason> {
    let Some(open) = skb.open_sum() else {
        return Ok(false);
    };
    // The one of ICMP is not among these.
    let own = match protocol {
        l4::TCP => open.is_at(l4_offset, 16),
        l4::UDP | l4::UDP_LITE | l4::DCCP => open.is_at(l4_offset, 6),
        _ => false,
    };
    if own {
        return Ok(true);
    }
    finish(skb, open, end)
}

#[cold]
fn finish(skb: &mut Skb, open: OpenSum, end: usize) -> Result<bool, Reason> {
    if open.covers(end) {
        skb.finish_checksum().map_err(|_| Reason::Truncated)?;
    }
    Ok(false)
}

fn put<const N: usize>(transport: &mut [u8], at: usize, value: [u8; N]) {
    let place = transport
        .get_mut(at..)
        .and_then(|rest| rest.first_chunk_mut());
    if let Some(place) = place {
        *place = value;
    }
}

fn get(transport: &[u8], at: usize) -> u16 {
    let bytes = transport.get(at..).and_then(|rest| rest.first_chunk());
    u16::from_be_bytes(bytes.copied().unwrap_or_default())
}

/// Gives a transport header new ports, where there are any, and the checksum that goes with its
/// new addresses. `partial`: the checksum counts the addresses only, as yet,
/// and so does the delta. A UDP checksum of 0 must have been seen to.
#[inline]
pub(super) fn ports(
    transport: &mut [u8],
    protocol: u8,
    ports: Option<Ports>,
    delta: Delta,
    partial: bool,
) {
    if let Some(Ports { sport, dport }) = ports {
        put(transport, 0, sport.to_be_bytes());
        put(transport, 2, dport.to_be_bytes());
    }
    let Some(at) = l4::check_offset(protocol) else {
        return;
    };
    let check = get(transport, at);
    let check = match (partial, protocol) {
        (true, _) => delta.apply_partial(check),
        (false, l4::TCP) => delta.apply(check),
        (false, _) => delta.apply_udp(check),
    };
    put(transport, at, check.to_be_bytes());
}

/// Gives an echo message a new type and identifier.
pub(super) fn echo(transport: &mut [u8], to: Echo, delta: Delta) {
    put(transport, 0, [to.kind]);
    put(transport, 4, to.id.to_be_bytes());
    put(transport, 2, delta.apply(get(transport, 2)).to_be_bytes());
}

/// Sets the checksum of a UDP header.
pub(super) fn udp_checksum(transport: &mut [u8], check: u16) {
    put(transport, 6, check.to_be_bytes());
}

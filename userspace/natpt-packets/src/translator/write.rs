// SPDX-License-Identifier: GPL-2.0
//! Plans carried out on byte vectors.

use std::net::{Ipv4Addr, Ipv6Addr};

use natpt_core::{
    nat::{
        error::{ErrorTo4, ErrorTo6},
        options::{Id, Values},
        world::World as _,
    },
    xlate::{
        checksum::Sum,
        ext::Fragment,
        header::{self, Payload, TtlAction},
        icmp_error::{error_to_v4, error_to_v6, MAX_V4, MAX_V6},
        ipv4, l4,
        mtu::{NextHops, Size},
        proto,
        rewrite::{put_udp_check, Rewrite},
        to4, to6, DropReason,
    },
};

use super::{
    outcome::{Outcome, ID},
    surroundings::{Bytes, Surroundings},
};
use crate::case::Mtu;

/// Whether this is a hop on the packet's way.
fn hop(w: &Surroundings<'_>) -> TtlAction {
    match w.inverted {
        true => TtlAction::Keep,
        false => TtlAction::Count,
    }
}

fn tos(options: &Values) -> Option<u8> {
    (options.get(Id::IgnoreTrafficClass) != 0).then(|| options.get(Id::Tos) as u8)
}

fn traffic_class(options: &Values) -> Option<u8> {
    (options.get(Id::ZeroTrafficClass) != 0).then_some(0)
}

/// What of its size a written packet leaves to say.
fn sized(size: Size, packet: Vec<u8>) -> Outcome {
    match size {
        Size::Fits(None) => Outcome::Out(packet),
        Size::TooBig(_) => DropReason::PacketTooBig.into(),
        Size::Fits(Some(_)) | Size::Split | Size::Refragment(_) => Outcome::Kernel,
    }
}

/// Write an IPv4 packet in place of an IPv6 one; one that goes back is never too big.
pub fn to_v4(
    w: &Surroundings<'_>,
    packet: &[u8],
    from: &to4::Headers,
    to: &Rewrite<Ipv4Addr>,
    mtu: Option<u32>,
) -> Result<Outcome, DropReason> {
    let bytes = Bytes(packet);
    let options = w.options();
    let mut new = to4::header(&bytes, from, to, hop(w), tos(options), |_| ID)?;
    let size = match mtu {
        Some(mtu) => to4::fit(&bytes, &mut new, mtu, false, |_| ID),
        None => Size::Fits(None),
    };
    if let Size::TooBig(_) = size {
        return Ok(sized(size, Vec::new()));
    }
    let may_pass = options.get(Id::Udp6ZeroChecksum) != 0;
    let is_lacking = to4::lacks_checksum(&bytes, from, false, may_pass)?;
    let mut out = new.emit().to_vec();
    out.extend(&packet[from.l4_offset()..]);
    let len = from.payload_len(&bytes);
    to4::transport(&mut out[ipv4::LEN..], from, len, to, false, is_lacking)?;
    Ok(sized(size, out))
}

/// Write an IPv6 packet in place of an IPv4 one.
pub fn to_v6(
    w: &Surroundings<'_>,
    packet: &[u8],
    from: &ipv4::Header,
    to: &Rewrite<Ipv6Addr>,
    mtu: u32,
) -> Result<Outcome, DropReason> {
    let bytes = Bytes(packet);
    let new = to6::header(&bytes, from, to, hop(w), traffic_class(w.options()))?;
    let limits = to6::Limits {
        mtu,
        lowest: w.options().get(Id::LowestIpv6Mtu),
        is_inverted: w.inverted,
        is_own: false,
    };
    let size = to6::fit(&bytes, from, &new, &limits);
    if let Size::TooBig(_) = size {
        return Ok(sized(size, Vec::new()));
    }
    let mut out = new.emit().to_vec();
    if let Some(fragment) = Fragment::of_v4(from) {
        out.extend(fragment.emit(proto::protocol_to_v6(from.protocol)));
    }
    let at = out.len();
    out.extend(&packet[to6::l4_offset(from)..]);
    let transport = &mut out[at..];
    let len = transport.len() as u32;
    to6::transport(transport, from, len, to, false)?;
    if to6::lacks_checksum(&bytes, from, false) {
        let len = l4::udp_len(transport, len)?;
        put_udp_check(transport, 0);
        let sum = Sum::of(&transport[..len as usize]).fold();
        put_udp_check(transport, to6::udp_check(to, len, sum));
    }
    Ok(sized(size, out))
}

fn payload(protocol: u8, len: usize) -> Payload {
    Payload {
        protocol,
        len: len as u32,
        fragment: None,
        segment: None,
    }
}

fn hops(mtu: Mtu) -> NextHops {
    NextHops {
        v6: mtu.six,
        v4: mtu.four,
    }
}

/// Write an ICMPv4 error in place of an ICMPv6 one, with its header.
pub fn error4(
    w: &Surroundings<'_>,
    from: &to4::Headers,
    error: &ErrorTo4<'_>,
    mtu: Mtu,
) -> Result<(ipv4::Header, Vec<u8>), DropReason> {
    let mut out = [0; MAX_V4];
    let ErrorTo4 { quote, inner, .. } = error;
    let len = error_to_v4(quote, inner, error.reporter, hops(mtu), &mut out)?;
    let payload = payload(proto::ICMPV6, len);
    let (saddr, daddr) = (error.saddr, error.daddr);
    let new = header::to_v4(
        &from.ip,
        saddr,
        daddr,
        &payload,
        ID,
        hop(w),
        tos(w.options()),
    )?;
    Ok((new, [&new.emit(), &out[..len]].concat()))
}

/// Write an ICMPv6 error in place of an ICMPv4 one.
pub fn error6(
    w: &Surroundings<'_>,
    from: &ipv4::Header,
    error: &ErrorTo6<'_>,
    mtu: Mtu,
) -> Result<Vec<u8>, DropReason> {
    let mut out = [0; MAX_V6];
    let ErrorTo6 { quote, inner, .. } = error;
    let (saddr, daddr) = (error.saddr, inner.saddr);
    let len = error_to_v6(quote, saddr, daddr, inner, hops(mtu), &mut out)?;
    let payload = payload(proto::ICMP, len);
    let class = traffic_class(w.options());
    let new = header::to_v6(from, saddr, daddr, &payload, hop(w), class)?;
    Ok([&new.emit(), &out[..len]].concat())
}

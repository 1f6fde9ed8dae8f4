// SPDX-License-Identifier: GPL-2.0
//! IPv4 packets as IPv6 ones (RFC 7915 section 4.1).

use core::net::Ipv6Addr;

use super::{
    checksum::{pseudo_v6, Sum},
    ext::Fragment,
    header::{self, Payload, TtlAction},
    icmp, ipv4, ipv6, l4,
    mtu::{self, Fit, Size},
    packet::Packet,
    proto,
    rewrite::{self, Rewrite},
    DropReason,
};

/// The growth of a fragment in IPv6: 20 bytes of header become 40 + 8.
const FRAGMENT_GROWS: u16 = 28;

/// Where the transport header begins.
#[inline(always)]
pub const fn l4_offset(from: &ipv4::Header) -> usize {
    from.header_len as usize
}

/// Bytes of the transport header that translation changes.
#[inline(always)]
pub const fn writable_len(from: &ipv4::Header) -> usize {
    match from.frag_off {
        0 => l4::writable_len(from.protocol),
        _ => 0,
    }
}

/// The transport header; none in later fragments.
#[inline(always)]
fn transport_of<'a>(packet: &'a impl Packet, from: &ipv4::Header) -> &'a [u8] {
    match from.frag_off {
        0 => packet.linear().get(l4_offset(from)..).unwrap_or(&[]),
        _ => &[],
    }
}

/// The segments of the packet cannot stay together.
#[inline(always)]
pub fn must_split(packet: &impl Packet, from: &ipv4::Header) -> bool {
    packet.is_gso()
        && (l4_offset(from) != ipv4::LEN || !packet.gso_translates(from.protocol, ipv4::LEN))
}

/// Length of the transport part of a packet.
#[inline(always)]
fn payload_len(packet: &impl Packet, from: &ipv4::Header) -> u32 {
    packet.total_len().saturating_sub(from.header_len.into())
}

/// The IPv6 header of a packet; `traffic_class` replaces the type of service where given.
#[inline(always)]
pub fn header(
    packet: &impl Packet,
    from: &ipv4::Header,
    to: &Rewrite<Ipv6Addr>,
    hop: TtlAction,
    traffic_class: Option<u8>,
) -> Result<ipv6::Header, DropReason> {
    let payload = Payload {
        protocol: from.protocol,
        len: payload_len(packet, from),
        fragment: Fragment::of_v4(from),
        segment: None,
    };
    header::to_v6(from, to.saddr, to.daddr, &payload, hop, traffic_class)
}

/// The bounds of a translated packet's size.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The MTU of its link.
    pub mtu: u32,
    /// The bound of packets that may be cut: the smallest MTU of the IPv6 network.
    pub lowest: u32,
    /// It was an IPv6 packet a moment ago, which nobody cuts on its way.
    pub is_inverted: bool,
    /// It is one of this host, whose IPv4 would have cut it, had it known.
    pub is_own: bool,
}

/// How the packet with this new header fits a link.
#[inline(always)]
pub fn fit(packet: &impl Packet, from: &ipv4::Header, new: &ipv6::Header, limits: &Limits) -> Size {
    let df = from.df || limits.is_inverted;
    let Limits { mtu, lowest, .. } = *limits;
    if packet.is_gso() {
        let most = |mtu: u32| mtu.saturating_sub(mtu::GROWTH);
        // Segments that are to be cut, one by one, into fragments.
        if !df && !packet.segments_fit(most(mtu.min(lowest))) {
            return Size::Split;
        }
        return match packet.segments_fit(most(mtu)) {
            true => Size::Fits(None),
            false => Size::TooBig(most(mtu)),
        };
    }
    let len = (ipv6::LEN as u32).saturating_add(new.payload_len.into());
    let fit = match packet.frag_max_size() {
        0 => match mtu::fit_v6(len, df, from.is_fragment(), mtu, lowest) {
            Fit::TooBig(_) if limits.is_own && packet.may_fragment() => {
                Fit::Fragments(mtu.min(u16::MAX.into()))
            }
            fit => fit,
        },
        // It came in fragments: those that leave must fit too.
        biggest => {
            let size = u32::from(biggest.saturating_add(FRAGMENT_GROWS));
            match mtu::fit_v6(size, df, true, mtu, lowest) {
                Fit::Whole => Fit::Fragments(size.max(mtu::MIN_V6)),
                fit => fit,
            }
        }
    };
    match fit {
        Fit::Whole => Size::Fits(None),
        // The output path would put a second Fragment header before the one that is there.
        Fit::Fragments(size) if from.is_fragment() => {
            Size::Refragment(size.saturating_sub(FRAGMENT_GROWS.into()))
        }
        Fit::Fragments(size) => Size::Fits(Some(size as u16)),
        Fit::TooBig(mtu) => Size::TooBig(mtu),
    }
}

/// Tell whether a packet is a UDP datagram without checksum, which it must have in IPv6.
#[inline(always)]
pub fn lacks_checksum(packet: &impl Packet, from: &ipv4::Header, partial: bool) -> bool {
    from.protocol == proto::UDP
        && !partial
        && writable_len(from) != 0
        && l4::check_udp6(transport_of(packet, from)).is_err()
}

/// Translate the transport header, of a transport part of `len` bytes. A checksum that is lacking
/// is to be made afterwards: see [`udp_check`]. Fails with `IcmpType` if it is an ICMP message but
/// no echo.
#[inline(always)]
pub fn transport(
    transport: &mut [u8],
    from: &ipv4::Header,
    len: u32,
    to: &Rewrite<Ipv6Addr>,
    partial: bool,
) -> Result<(), DropReason> {
    match from.protocol {
        _ if writable_len(from) == 0 => {}
        proto::ICMP => echo(transport, len, *to)?,
        protocol => rewrite::ports(transport, protocol, to, partial),
    }
    Ok(())
}

#[cold]
fn echo(transport: &mut [u8], len: u32, to: Rewrite<Ipv6Addr>) -> Result<(), DropReason> {
    let old = icmp::Echo::read(transport)?;
    let new = icmp::Echo {
        kind: icmp::echo_to_v6(old.kind)?,
        id: to.ports.map_or(old.id, |ports| ports.dport),
    };
    let delta = icmp::echo_delta(to.saddr, to.daddr, len, new, old).inverse();
    rewrite::echo(transport, new, delta);
    Ok(())
}

/// The checksum of a UDP datagram (RFC 6146 section 3.4) of `len` bytes by its own account, which
/// sum up to `sum`, its checksum field taken as 0: what stands behind it is no part of it (RFC
/// 768).
pub fn udp_check(to: &Rewrite<Ipv6Addr>, len: u32, sum: u16) -> u16 {
    pseudo_v6(to.saddr, to.daddr, proto::UDP, len)
        .then(Sum::ZERO.add16(sum))
        .check_udp()
}

/// Ports, or type and code of ICMP, that the packet will have: see [`l4::selector`].
pub fn selector(packet: &impl Packet, from: &ipv4::Header, to: &Rewrite<Ipv6Addr>) -> [u8; 4] {
    let transport = transport_of(packet, from);
    match (from.protocol, transport, to.ports) {
        (proto::ICMP, [kind, ..], _) => {
            let kind = icmp::echo_to_v6(*kind).unwrap_or(0);
            l4::selector(proto::ICMPV6, &[kind, 0])
        }
        (_, _, Some(ports)) => ports.selector(),
        (protocol, transport, None) => l4::selector(protocol, transport),
    }
}

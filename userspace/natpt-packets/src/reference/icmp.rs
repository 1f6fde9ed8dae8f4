// SPDX-License-Identifier: GPL-2.0
//! ICMP errors with what they quote (RFC 7915 sections 4.2, 4.3, 5.2, 5.3).

use std::net::{Ipv4Addr, Ipv6Addr};

use super::{
    address::{martian, source6_is_wrong},
    extension::{append, split},
    field::{u16_at, u32_at},
    header::{chain, four, six, Four, NewFour, NewSix, Piece, Six},
    inner::{check_at, pseudo4, pseudo6, quoted_ports, requote},
    network::Network,
    sum::checksum,
    tables::{Word, PLATEAUS, POINTERS_TO_V4, POINTERS_TO_V6},
};

/// Longest ICMPv6 error without its IPv6 header (RFC 4443 section 2.4).
const LIMIT6: usize = 1280 - 40;

/// Longest ICMPv4 error that one becomes: the reporter may be named in it.
const LIMIT4: usize = LIMIT6 + 32;

/// Who has no IPv4 address (RFC 7600, and drafts that follow RFC 6791).
const DUMMY: Ipv4Addr = Ipv4Addr::new(192, 0, 0, 8);

/// What an error is about, in the other family.
pub struct About<A> {
    /// Source and destination of the quoted packet.
    quoted: (A, A),
    /// Its ports, where sessions change them.
    ports: Option<(u16, u16)>,
    /// Who reports; and whether an extension has to name the reporter.
    pub reporter: (A, bool),
    /// Who is told.
    pub told: A,
    /// Whether there is no session.
    pub stateless: bool,
}

/// The quoted packet in terms of stateless rules.
fn mapped_to_v4(network: &Network, outer: &Six, quoted: &Six) -> Option<About<Ipv4Addr>> {
    let ours = match network.is_host6(quoted.to) {
        true => network.extract(quoted.from).is_some(),
        false => {
            let from = network.mapped6(quoted.from);
            from.is_some_and(|(it, _)| it.clat) && network.extract(quoted.to).is_some()
        }
    };
    if !ours || outer.to != quoted.from {
        return None;
    }
    let (from, to) = (network.any4(quoted.from)?, network.any4(quoted.to)?);
    if martian(from) || martian(to) {
        // Nobody can have sent it.
        return None;
    }
    let reporter = network.any4(outer.from);
    Some(About {
        quoted: (from, to),
        ports: None,
        reporter: (reporter.unwrap_or(DUMMY), reporter.is_none()),
        told: network.any4(outer.to)?,
        stateless: true,
    })
}

/// The quoted packet in terms of sessions.
fn session_to_v4(
    network: &Network,
    outer: &Six,
    quoted: &Six,
    protocol: u8,
    (from, to): (u16, u16),
) -> Option<About<Ipv4Addr>> {
    let session = network.session6(protocol, (quoted.to, to), (quoted.from, from))?;
    let (host, peer) = (session.host.v4, session.peer.v4);
    // Both ports of an echo are its identifier, which is the IPv6 host's affair.
    let from = if protocol == 1 { host.1 } else { peer.1 };
    Some(About {
        quoted: (peer.0, host.0),
        ports: Some((from, host.1)),
        // A router without an IPv4 address answers as the pool.
        reporter: (network.any4(outer.from).unwrap_or(host.0), false),
        told: peer.0,
        stateless: false,
    })
}

/// Whether nobody with this address can report what became of a packet from `sender`: those under a
/// prefix are IPv4 hosts, on the other side unless `sender` is a CLAT's.
fn cannot_report6(network: &Network, reporter: Ipv6Addr, sender: Ipv6Addr) -> bool {
    if source6_is_wrong(reporter) {
        return true;
    }
    let Some(inside) = network.extract(reporter) else {
        return false;
    };
    let clat = network.mapped6(sender).is_some_and(|(it, _)| it.clat);
    network.mapped6(reporter).is_none() && (!clat || martian(inside))
}

/// The ICMPv4 message for an ICMPv6 error.
pub fn error_to_v4(
    network: &Network,
    outer: &Six,
    message: &[u8],
    kind: u8,
    code: u8,
    word: Word,
) -> Result<(About<Ipv4Addr>, Vec<u8>), &'static str> {
    let units = match message[0] {
        1 | 3 => usize::from(message[4]),
        _ => 0,
    };
    let (datagram, extension) = split(&message[8..], units * 8);
    let header = six(datagram)?;
    let chain = chain(datagram, header.next)?;
    let first = chain.piece.is_none_or(|piece| piece.offset == 0);
    // What the packet says is its length may be more or less than what is here of it.
    let claimed = (40 + header.payload_len).saturating_sub(chain.at);
    let transport = &datagram[chain.at..];
    let transport = &transport[..claimed.min(transport.len())];
    if transport.len() < 8 {
        return Err("quote");
    }
    if chain.protocol == 1 {
        return Err("ICMP in IPv6");
    }
    let ports = match first {
        true => quoted_ports(chain.protocol, transport)?,
        false => None,
    };
    let protocol = if chain.protocol == 58 {
        1
    } else {
        chain.protocol
    };
    let session = || session_to_v4(network, outer, &header, protocol, ports?);
    let about = mapped_to_v4(network, outer, &header).or_else(session);
    let about = about.ok_or("no session")?;
    if cannot_report6(network, outer.from, header.from) {
        return Err("reporter");
    }
    let (from, to) = about.quoted;

    let new = NewFour {
        tos: header.class,
        payload_len: claimed,
        id: 0,
        piece: chain.piece,
        ttl: header.hops,
        protocol: chain.protocol,
        from,
        to,
    };
    let (mut quoted, _) = new.write()?;
    let old = pseudo6(header.from, header.to, chain.protocol, claimed);
    let pseudo = match protocol {
        1 => Vec::new(),
        _ => pseudo4(from, to, protocol, claimed),
    };
    quoted.extend(match first && check_at(chain.protocol).is_some() {
        true => requote(chain.protocol, transport, about.ports, &old, &pseudo),
        false => transport.to_vec(),
    });
    quoted.truncate(LIMIT4 - 8);

    let named = about.reporter.1.then_some(outer.from);
    let attribute = append(&mut quoted, extension, named, 4, LIMIT4);
    let second = u32_at(message, 4).ok_or("short")?;
    let word = match word {
        Word::Mtu => {
            let [high, low] = mtu_to_v4(network, second, chain.piece.is_some()).to_be_bytes();
            [0, attribute, high, low]
        }
        Word::Pointer => {
            let mut rows = POINTERS_TO_V4.iter();
            let row = rows
                .find(|row| (row.0..=row.1).contains(&second))
                .ok_or("pointer")?;
            [row.2, attribute, 0, 0]
        }
        _ => [0, attribute, 0, 0],
    };
    let mut out = vec![kind, code, 0, 0];
    out.extend(word);
    out.extend(quoted);
    let check = checksum(&[&out]);
    out[2..4].copy_from_slice(&check.to_be_bytes());
    Ok((about, out))
}

/// The quoted packet in terms of stateless rules: its destination is not mapped, nor is a reporter
/// that is this very destination (RFC 7757 section 4.2.1).
fn mapped_to_v6(network: &Network, outer: &Four, quoted: &Four) -> Option<About<Ipv6Addr>> {
    if outer.to != quoted.from {
        return None;
    }
    let (from, to, reporter);
    if network.is_host6_in4(quoted.from) {
        from = network.any6(quoted.from);
        to = network.embed(quoted.to);
        reporter = match outer.from == quoted.to {
            true => to,
            false => network.any6(outer.from),
        };
    } else if network.mapped4(quoted.to).is_some_and(|(it, _)| it.clat) {
        from = network.embed(quoted.from);
        to = network.any6(quoted.to);
        reporter = network.any6(outer.from);
    } else {
        return None;
    }
    Some(About {
        quoted: (from, to),
        ports: None,
        reporter: (reporter, false),
        told: from,
        stateless: true,
    })
}

/// The quoted packet in terms of sessions.
fn session_to_v6(
    network: &Network,
    outer: &Four,
    quoted: &Four,
    (from, to): (u16, u16),
) -> Option<About<Ipv6Addr>> {
    let session = network.session4(quoted.protocol, (quoted.from, from), (quoted.to, to))?;
    let (host, peer) = (session.host.v6, session.peer.v6);
    Some(About {
        quoted: (host.0, peer.0),
        ports: Some((host.1, peer.1)),
        reporter: (network.embed(outer.from), false),
        told: host.0,
        stateless: false,
    })
}

/// The ICMPv6 message for an ICMPv4 error, its checksum still 0.
pub fn error_to_v6(
    network: &Network,
    outer: &Four,
    message: &[u8],
    kind: u8,
    code: u8,
    word: Word,
) -> Result<(About<Ipv6Addr>, Vec<u8>), &'static str> {
    let (datagram, extension) = split(&message[8..], usize::from(message[5]) * 4);
    let header = four(datagram)?;
    let first = header.offset == 0;
    let claimed = header.total_len.saturating_sub(header.len);
    let transport = datagram.get(header.len..).ok_or("quote")?;
    let transport = &transport[..claimed.min(transport.len())];
    if transport.len() < 8 {
        return Err("quote");
    }
    if header.protocol == 58 {
        return Err("ICMPv6 in IPv4");
    }
    let ports = match first {
        true => quoted_ports(header.protocol, transport)?,
        false => None,
    };
    let session = || session_to_v6(network, outer, &header, ports?);
    let about = mapped_to_v6(network, outer, &header).or_else(session);
    let about = about.ok_or("no session")?;
    if martian(outer.from) {
        return Err("reporter");
    }
    let (from, to) = about.quoted;

    let piece = (header.more || !first).then_some(Piece {
        offset: header.offset,
        more: header.more,
        id: header.id.into(),
    });
    let new = NewSix {
        class: header.tos,
        payload_len: claimed,
        piece,
        hops: header.ttl,
        protocol: header.protocol,
        from,
        to,
    };
    let mut quoted = new.write()?;
    let old = match header.protocol {
        1 => Vec::new(),
        _ => pseudo4(header.from, header.to, header.protocol, claimed),
    };
    let protocol = if header.protocol == 1 {
        58
    } else {
        header.protocol
    };
    let pseudo = pseudo6(from, to, protocol, claimed);
    quoted.extend(match first && check_at(header.protocol).is_some() {
        true => requote(header.protocol, transport, about.ports, &old, &pseudo),
        false => transport.to_vec(),
    });
    quoted.truncate(LIMIT6 - 8);

    let mut out = vec![kind, code, 0, 0];
    match word {
        Word::Mtu => {
            let mtu = u16_at(message, 6).ok_or("short")?.into();
            out.extend(mtu_to_v6(network, mtu, header.total_len as u32).to_be_bytes());
        }
        Word::Pointer => {
            let pointer = u32::from(message[4]);
            let mut rows = POINTERS_TO_V6.iter();
            let row = rows
                .find(|row| (row.0..=row.1).contains(&pointer))
                .ok_or("pointer")?;
            out.extend([0, 0, 0, row.2]);
        }
        Word::NextHeader => out.extend([0, 0, 0, 6]),
        Word::Unused => {
            let attribute = append(&mut quoted, extension, None, 8, LIMIT6);
            out.extend([attribute, 0, 0, 0]);
        }
    }
    out.extend(quoted);
    Ok((about, out))
}

/// Section 5.2, Packet Too Big. No IPv4 link carries less than 68 bytes.
fn mtu_to_v4(network: &Network, mtu: u32, fragment: bool) -> u16 {
    let growth = if fragment { 28 } else { 20 };
    let candidates = [
        i64::from(mtu) - growth,
        i64::from(network.mtu4),
        i64::from(network.mtu6) - growth,
    ];
    let least = candidates.into_iter().min().unwrap_or(0);
    least.clamp(68, 65535) as u16
}

/// Section 4.2, Fragmentation Needed: without an MTU the plateau below the packet is taken.
fn mtu_to_v6(network: &Network, mtu: u32, packet: u32) -> u32 {
    let mtu = match mtu {
        0 => PLATEAUS
            .into_iter()
            .filter(|it| *it < packet)
            .max()
            .unwrap_or(68),
        mtu => mtu,
    };
    let candidates = [mtu + 20, network.mtu6, network.mtu4 + 20];
    candidates.into_iter().min().unwrap_or(0).max(1280)
}

// SPDX-License-Identifier: GPL-2.0
//! Stateless translation (RFC 7915 without sessions, RFC 7757): a packet's addresses decide, and a
//! fragment is like any packet.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::{
    address::{martian, source6_is_wrong},
    field::u16_at,
    four,
    header::{chain, four, six, Four, Piece},
    inner::{check_at, pseudo4, pseudo6},
    network::{Fate, Network},
    six,
    sum::{checksum, error, spoil},
};

type Answer = Result<Fate, &'static str>;

/// An IPv6 packet; nothing if sessions decide.
pub fn to_v4(network: &Network, packet: &[u8]) -> Option<Answer> {
    if network.mappings.is_empty() {
        return None;
    }
    let header = six(packet).ok()?;
    let packet = packet.get(..40 + header.payload_len)?;
    let chain = match chain(packet, header.next) {
        Ok(chain) => chain,
        Err(reason) => return Some(Err(reason)),
    };
    let transport = &packet[chain.at..];
    let first = chain.piece.is_none_or(|it| it.offset == 0);
    if first && chain.protocol == 58 && transport.first().is_some_and(|kind| *kind < 128) {
        return None;
    }
    let (from, to) = addresses4(network, header.from, header.to)?;
    let answer = || {
        if source6_is_wrong(header.from) || martian(from) || martian(to) {
            return Err("martian");
        }
        if chain.protocol == 1 {
            return Err("ICMP in IPv6");
        }
        piece_is_right(chain.protocol, chain.piece, transport)?;
        let out = match first {
            false => transport.to_vec(),
            true => {
                if chain.protocol == 17 && u16_at(transport, 6) == Some(0) {
                    return Err("UDP without a checksum");
                }
                let old = pseudo6(header.from, header.to, chain.protocol, transport.len());
                let new = match chain.protocol {
                    58 => Vec::new(),
                    _ => pseudo4(from, to, chain.protocol, transport.len()),
                };
                adapt(chain.protocol, transport, &old, &new)?
            }
        };
        let back = network.is_host6_in4(to);
        let mut network = network.clone();
        if back {
            // There is no link between there and back.
            network.mtu4 = u32::MAX;
        }
        match four::finish(&network, &header, &chain, (from, to), &out)? {
            Fate::Out(packet) if back => turned(&network, &packet),
            fate => Ok(fate),
        }
    };
    Some(answer())
}

/// RFC 7757 section 4.2.2: straight back, the source not mapped, and not a hop for itself.
fn turned(network: &Network, packet: &[u8]) -> Answer {
    let mut header = four(packet)?;
    if header.protocol == 2 {
        return Err("IGMP in IPv4");
    }
    header.ttl += 1;
    // Who cannot cut it in IPv6 must not have it cut here.
    header.df = true;
    let to = network.mapped4(header.to).ok_or("no mapping")?.1;
    match rest_to_v6(network, &header, packet, (network.embed(header.from), to))? {
        Fate::Out(packet) => Ok(Fate::Back(packet)),
        fate => Ok(fate),
    }
}

/// New addresses of an IPv6 packet, if stateless rules are for it.
fn addresses4(network: &Network, from: Ipv6Addr, to: Ipv6Addr) -> Option<(Ipv4Addr, Ipv4Addr)> {
    match network.mapped6(to) {
        Some((mapping, to)) if mapping.clat => Some((network.extract(from)?, to)),
        Some(_) => None,
        None if network.is_host6(from) => Some((network.any4(from)?, network.extract(to)?)),
        None => None,
    }
}

/// An IPv4 packet; nothing if sessions decide.
pub fn to_v6(network: &Network, packet: &[u8]) -> Option<Answer> {
    if network.mappings.is_empty() {
        return None;
    }
    let header = four(packet).ok()?;
    if header.total_len < header.len || header.total_len > packet.len() {
        return None;
    }
    let packet = &packet[..header.total_len];
    if error(&[&packet[..header.len]]) != 0 {
        return Some(Err("header checksum"));
    }
    let whole = !header.more && header.offset == 0;
    let transport = &packet[header.len..];
    let is_error = |kind: &u8| [3, 4, 5, 11, 12].contains(kind);
    if whole && header.protocol == 1 && transport.len() >= 8 && is_error(&transport[0]) {
        return None;
    }
    let mapped = network.mapped4(header.to).filter(|(it, _)| !it.clat);
    let (from, to) = match (mapped, network.mapped4(header.from)) {
        (Some((_, to)), _) => (network.embed(header.from), to),
        (None, Some((mapping, from))) if mapping.clat => (from, network.embed(header.to)),
        _ => return Some(Err("no mapping")),
    };
    if martian(header.from) || martian(header.to) {
        return Some(Err("martian"));
    }
    if header.protocol == 58 || header.protocol == 2 {
        return Some(Err("ICMPv6 or IGMP in IPv4"));
    }
    Some(
        six::source_route(&packet[20..header.len])
            .and_then(|()| rest_to_v6(network, &header, packet, (from, to))),
    )
}

fn rest_to_v6(
    network: &Network,
    header: &Four,
    packet: &[u8],
    (from, to): (Ipv6Addr, Ipv6Addr),
) -> Answer {
    let transport = &packet[header.len..];
    let piece = (header.more || header.offset != 0).then_some(Piece {
        offset: header.offset,
        more: header.more,
        id: header.id.into(),
    });
    piece_is_right(header.protocol, piece, transport)?;
    let out = match header.offset {
        0 => {
            let absent = header.protocol == 17 && u16_at(transport, 6) == Some(0);
            if absent && piece.is_some() {
                return Err("a fragment of UDP without a checksum");
            }
            let protocol = if header.protocol == 1 {
                58
            } else {
                header.protocol
            };
            let new = pseudo6(from, to, protocol, transport.len());
            let old = match header.protocol {
                1 => Vec::new(),
                _ => pseudo4(header.from, header.to, header.protocol, transport.len()),
            };
            if absent {
                let mut out = transport.to_vec();
                let check = match six::whole_check(from, to, &out)? {
                    0 => 0xffff,
                    check => check,
                };
                out[6..8].copy_from_slice(&check.to_be_bytes());
                out
            } else {
                adapt(header.protocol, transport, &old, &new)?
            }
        }
        _ => transport.to_vec(),
    };
    six::finish(network, header, piece, (from, to), &out)
}

/// The transport header under a new pseudo-header, as right or wrong as it was.
fn adapt(protocol: u8, transport: &[u8], old: &[u8], new: &[u8]) -> Result<Vec<u8>, &'static str> {
    let mut out = transport.to_vec();
    if [1, 58].contains(&protocol) && transport.len() >= 8 {
        out[0] = match (protocol, transport[0]) {
            (58, 128) => 8,
            (58, 129) => 0,
            (1, 8) => 128,
            (1, 0) => 129,
            _ => return Err("ICMP type"),
        };
    }
    // Protocols without a checksum of their own, or none over addresses, stay as they are.
    let Some(at) = check_at(protocol) else {
        return Ok(out);
    };
    let least = match protocol {
        6 => 20,
        _ => 8,
    };
    if transport.len() < least {
        return Err("short");
    }
    out[at..at + 2].fill(0);
    let check = spoil(checksum(&[new, &out]), error(&[old, transport]));
    out[at..at + 2].copy_from_slice(&check.to_be_bytes());
    if protocol == 17 && check == 0 {
        out[at..at + 2].fill(0xff);
    }
    Ok(out)
}

/// Whether a fragment can be translated for itself. The checksum of ICMP needs the whole message,
/// which is not looked at here; transport headers must be in one piece (RFC 1858, RFC 3128).
fn piece_is_right(
    protocol: u8,
    piece: Option<Piece>,
    transport: &[u8],
) -> Result<(), &'static str> {
    let Some(piece) = piece.filter(|it| it.more || it.offset != 0) else {
        return Ok(());
    };
    let least = if protocol == 6 { 20 } else { 8 };
    match piece.offset {
        _ if protocol == 1 || protocol == 58 => Err("a fragment"),
        0 if transport.len() < least => Err("a tiny fragment"),
        1 if protocol == 6 => Err("a fragment over the TCP header"),
        _ => Ok(()),
    }
}

// SPDX-License-Identifier: GPL-2.0
//! IPv4 to IPv6 (RFC 7915 section 4, RFC 6146 section 3.5).

use super::{
    field::u16_at,
    header::{four, Four, NewSix, Piece},
    icmp::error_to_v6,
    inner::{ports, pseudo4, pseudo6},
    network::{Fate, Network},
    sum::{checksum, error, spoil},
    tables,
};

pub fn translate(network: &Network, packet: &[u8]) -> Result<Fate, &'static str> {
    let header = four(packet)?;
    if header.total_len < header.len || header.total_len > packet.len() {
        return Err("length");
    }
    let packet = &packet[..header.total_len];
    if error(&[&packet[..header.len]]) != 0 {
        return Err("header checksum");
    }
    if header.more || header.offset != 0 {
        return Err("a fragment");
    }
    let transport = &packet[header.len..];
    match header.protocol {
        1 if transport.len() < 8 => Err("short"),
        // RFC 1122 section 3.2.2 names the errors.
        1 if [3, 4, 5, 11, 12].contains(&transport[0]) => {
            error_message(network, &header, transport)
        }
        1 => echo(network, &header, packet, transport),
        6 | 17 => segment(network, &header, packet, transport),
        _ => Err("protocol"),
    }
}

fn segment(
    network: &Network,
    header: &Four,
    packet: &[u8],
    transport: &[u8],
) -> Result<Fate, &'static str> {
    let (min, at) = if header.protocol == 6 {
        (20, 16)
    } else {
        (8, 6)
    };
    if transport.len() < min {
        return Err("short");
    }
    let (from, to) = ports(transport);
    let host = (header.to, to);
    let session = network.session4(header.protocol, host, (header.from, from));
    let session = session.ok_or("no session")?;
    source_route(&packet[20..header.len])?;
    let (host, peer) = (session.host.v6, session.peer.v6);
    let mut out = transport.to_vec();
    out[0..2].copy_from_slice(&peer.1.to_be_bytes());
    out[2..4].copy_from_slice(&host.1.to_be_bytes());
    let old = pseudo4(header.from, header.to, header.protocol, transport.len());
    let new = pseudo6(peer.0, host.0, header.protocol, transport.len());
    // RFC 6146 section 3.4: a UDP checksum that was left out is made.
    let absent = header.protocol == 17 && u16_at(transport, 6) == Some(0);
    out[at..at + 2].fill(0);
    let mut check = match absent {
        true => whole_check(peer.0, host.0, &out)?,
        false => spoil(checksum(&[&new, &out]), error(&[&old, transport])),
    };
    if header.protocol == 17 && check == 0 {
        check = 0xffff;
    }
    out[at..at + 2].copy_from_slice(&check.to_be_bytes());
    finish(network, header, None, (peer.0, host.0), &out)
}

/// The checksum of a UDP datagram, of which its own length says how long it is (RFC 768).
pub fn whole_check(
    from: std::net::Ipv6Addr,
    to: std::net::Ipv6Addr,
    transport: &[u8],
) -> Result<u16, &'static str> {
    let len = usize::from(u16_at(transport, 4).ok_or("short")?);
    if len < 8 || len > transport.len() {
        return Err("UDP length");
    }
    let pseudo = pseudo6(from, to, 17, len);
    Ok(checksum(&[&pseudo, &transport[..len]]))
}

/// Echo request and reply: types 8 and 0 become 128 and 129.
fn echo(
    network: &Network,
    header: &Four,
    packet: &[u8],
    transport: &[u8],
) -> Result<Fate, &'static str> {
    let kind = match (transport[0], transport[1]) {
        (8, 0) => 128,
        (0, 0) => 129,
        _ => return Err("ICMP type"),
    };
    let id = u16_at(transport, 4).ok_or("short")?;
    let session = network
        .session4(1, (header.to, id), (header.from, id))
        .ok_or("no session")?;
    source_route(&packet[20..header.len])?;
    let (host, peer) = (session.host.v6, session.peer.v6);
    let mut out = transport.to_vec();
    out[0] = kind;
    out[2..4].fill(0);
    out[4..6].copy_from_slice(&host.1.to_be_bytes());
    let new = pseudo6(peer.0, host.0, 58, out.len());
    let check = spoil(checksum(&[&new, &out]), error(&[transport]));
    out[2..4].copy_from_slice(&check.to_be_bytes());
    finish(network, header, None, (peer.0, host.0), &out)
}

/// Section 4.1: options are left out, but a source route that goes on is not for us.
pub fn source_route(options: &[u8]) -> Result<(), &'static str> {
    let mut at = 0;
    while let Some(&kind) = options.get(at) {
        if kind == 0 {
            return Ok(());
        }
        if kind == 1 {
            at += 1;
            continue;
        }
        let Some(&len) = options.get(at + 1) else {
            return Ok(());
        };
        if (kind == 131 || kind == 137)
            && options.get(at + 2).is_some_and(|pointer| *pointer <= len)
        {
            return Err("source route");
        }
        if len < 2 {
            return Ok(());
        }
        at += usize::from(len);
    }
    Ok(())
}

/// Puts the IPv6 header before a transport part, if the packet fits the link.
pub fn finish(
    network: &Network,
    header: &Four,
    piece: Option<Piece>,
    (from, to): (std::net::Ipv6Addr, std::net::Ipv6Addr),
    transport: &[u8],
) -> Result<Fate, &'static str> {
    if header.ttl <= 1 {
        return Err("time to live");
    }
    let new = NewSix {
        class: header.tos,
        payload_len: transport.len(),
        piece,
        hops: header.ttl - 1,
        protocol: header.protocol,
        from,
        to,
    };
    let ip = new.write()?;
    let len = (ip.len() + transport.len()) as u32;
    if header.df && len > network.mtu6 {
        return Err("too big");
    }
    if !header.df && len > network.mtu6.min(1280) {
        return Ok(Fate::Cut);
    }
    Ok(Fate::Out([ip, transport.to_vec()].concat()))
}

/// An error that is IPv4 only for the moment (RFC 7757 section 4.2.2).
pub fn turned(network: &Network, packet: &[u8]) -> Result<Fate, &'static str> {
    let mut header = four(packet)?;
    header.ttl += 1;
    match error_message(network, &header, &packet[20..])? {
        Fate::Out(packet) => Ok(Fate::Back(packet)),
        fate => Ok(fate),
    }
}

fn error_message(network: &Network, header: &Four, message: &[u8]) -> Result<Fate, &'static str> {
    if error(&[message]) != 0 {
        return Err("ICMP checksum");
    }
    let mut rows = tables::TO_V6.iter();
    let row = rows.find(|row| (row.0, row.1) == (message[0], message[1]));
    let &(_, _, kind, code, word) = row.ok_or("ICMP type")?;
    let (about, mut out) = error_to_v6(network, header, message, kind, code, word)?;
    if header.ttl <= 1 {
        return Err("time to live");
    }
    let (from, to) = (about.reporter.0, about.told);
    let pseudo = pseudo6(from, to, 58, out.len());
    let check = checksum(&[&pseudo, &out]);
    out[2..4].copy_from_slice(&check.to_be_bytes());
    let new = NewSix {
        class: header.tos,
        payload_len: out.len(),
        piece: None,
        hops: header.ttl - 1,
        protocol: 1,
        from,
        to,
    };
    Ok(Fate::Out([new.write()?, out].concat()))
}

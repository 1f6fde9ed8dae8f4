// SPDX-License-Identifier: GPL-2.0
//! ICMP errors with what they quote (RFC 7915 sections 4.2, 4.3, 5.2, 5.3).

use super::{
    extension::{append, split},
    header::{chain, four, six, NewFour, NewSix, Piece},
    inner::{pseudo4, pseudo6, quoted_ports, requote},
    sum::checksum,
    tables::{Word, PLATEAUS, POINTERS_TO_V4, POINTERS_TO_V6},
    u16_at, u32_at, Network, Session,
};

/// Longest ICMPv6 error without its IPv6 header (RFC 4443 section 2.4), and longest ICMPv4 error.
const LIMIT: usize = 1280 - 40;

/// The ICMPv4 message for an ICMPv6 error, and the session that it is about.
pub fn error_to_v4(
    network: &Network,
    message: &[u8],
    kind: u8,
    code: u8,
    word: Word,
) -> Result<(Session, Vec<u8>), &'static str> {
    let units = match message[0] {
        1 | 3 => usize::from(message[4]),
        _ => 0,
    };
    let (datagram, extension) = split(&message[8..], units * 8);
    let header = six(datagram)?;
    let chain = chain(datagram, header.next)?;
    if chain.piece.is_some_and(|piece| piece.offset != 0) {
        return Err("quoted fragment");
    }
    // What the packet says is its length may be more or less than what is here of it.
    let claimed = (40 + header.payload_len).saturating_sub(chain.at);
    let transport = &datagram[chain.at..];
    let transport = &transport[..claimed.min(transport.len())];
    if transport.len() < 8 {
        return Err("quote");
    }
    let (from, to) = quoted_ports(chain.protocol, transport)?;
    let protocol = if chain.protocol == 58 {
        1
    } else {
        chain.protocol
    };
    let session = network.session6(protocol, (header.to, to), (header.from, from));
    let session = *session.ok_or("no session")?;
    let (host, peer) = (session.host.v4, session.peer.v4);

    let new = NewFour {
        tos: header.class,
        payload_len: claimed,
        id: 0,
        piece: chain.piece,
        ttl: header.hops,
        protocol: chain.protocol,
        from: peer.0,
        to: host.0,
    };
    let (mut quoted, _) = new.write()?;
    let old = pseudo6(header.from, header.to, chain.protocol, claimed);
    let pseudo = match protocol {
        1 => Vec::new(),
        _ => pseudo4(peer.0, host.0, protocol, claimed),
    };
    // Both ports of an echo are its identifier, which is the IPv6 host's affair.
    let ports = if protocol == 1 {
        (host.1, host.1)
    } else {
        (peer.1, host.1)
    };
    quoted.extend(requote(chain.protocol, transport, ports, &old, &pseudo));
    quoted.truncate(LIMIT - 8);

    let attribute = append(&mut quoted, extension, 4, LIMIT);
    let second = u32_at(message, 4).ok_or("short")?;
    let word = match word {
        Word::Mtu => {
            let [high, low] = mtu_to_v4(network, second, chain.piece.is_some()).to_be_bytes();
            [0, 0, high, low]
        }
        Word::Pointer => {
            let mut rows = POINTERS_TO_V4.iter();
            let row = rows
                .find(|row| (row.0..=row.1).contains(&second))
                .ok_or("pointer")?;
            [row.2, 0, 0, 0]
        }
        _ => [0, attribute, 0, 0],
    };
    let mut out = vec![kind, code, 0, 0];
    out.extend(word);
    out.extend(quoted);
    let check = checksum(&[&out]);
    out[2..4].copy_from_slice(&check.to_be_bytes());
    Ok((session, out))
}

/// The ICMPv6 message for an ICMPv4 error, its checksum still 0, and the session that it is about.
pub fn error_to_v6(
    network: &Network,
    message: &[u8],
    kind: u8,
    code: u8,
    word: Word,
) -> Result<(Session, Vec<u8>), &'static str> {
    let (datagram, extension) = split(&message[8..], usize::from(message[5]) * 4);
    let header = four(datagram)?;
    if header.offset != 0 {
        return Err("quoted fragment");
    }
    let claimed = header.total_len.saturating_sub(header.len);
    let transport = datagram.get(header.len..).ok_or("quote")?;
    let transport = &transport[..claimed.min(transport.len())];
    if transport.len() < 8 {
        return Err("quote");
    }
    let (from, to) = quoted_ports(header.protocol, transport)?;
    let session = network.session4(header.protocol, (header.from, from), (header.to, to));
    let session = *session.ok_or("no session")?;
    let (host, peer) = (session.host.v6, session.peer.v6);

    let piece = header.more.then_some(Piece {
        offset: 0,
        more: true,
        id: header.id.into(),
    });
    let new = NewSix {
        class: header.tos,
        payload_len: claimed,
        piece,
        hops: header.ttl,
        protocol: header.protocol,
        from: host.0,
        to: peer.0,
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
    let pseudo = pseudo6(host.0, peer.0, protocol, claimed);
    quoted.extend(requote(
        header.protocol,
        transport,
        (host.1, peer.1),
        &old,
        &pseudo,
    ));
    quoted.truncate(LIMIT - 8);

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
            let attribute = append(&mut quoted, extension, 8, LIMIT);
            out.extend([attribute, 0, 0, 0]);
        }
    }
    out.extend(quoted);
    Ok((session, out))
}

/// Section 5.2, Packet Too Big. No IPv4 link carries less than 68 octets.
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

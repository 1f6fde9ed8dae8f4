// SPDX-License-Identifier: GPL-2.0
//! IPv6 to IPv4 (RFC 7915 section 5, RFC 6146 section 3.5).

use super::{
    field::u16_at,
    header::{chain, six, Chain, NewFour, Six},
    icmp::error_to_v4,
    inner::{ports, pseudo4, pseudo6},
    network::{Fate, Network},
    six::turned,
    sum::{checksum, error, spoil},
    tables,
};

pub fn translate(network: &Network, packet: &[u8]) -> Result<Fate, &'static str> {
    let header = six(packet)?;
    let packet = packet.get(..40 + header.payload_len).ok_or("short")?;
    if network.any4(header.to).is_none() {
        return Err("not under the prefix");
    }
    let chain = chain(packet, header.next)?;
    if chain
        .piece
        .is_some_and(|piece| piece.more || piece.offset != 0)
    {
        return Err("a fragment");
    }
    let transport = &packet[chain.at..];
    match chain.protocol {
        6 | 17 => segment(network, &header, &chain, transport),
        58 if transport.len() < 8 => Err("short"),
        58 if transport[0] < 128 => error_message(network, &header, transport),
        58 => echo(network, &header, &chain, transport),
        _ => Err("protocol"),
    }
}

/// TCP and UDP.
fn segment(
    network: &Network,
    header: &Six,
    chain: &Chain,
    transport: &[u8],
) -> Result<Fate, &'static str> {
    let (min, at) = if chain.protocol == 6 {
        (20, 16)
    } else {
        (8, 6)
    };
    if transport.len() < min {
        return Err("short");
    }
    if chain.protocol == 17 && u16_at(transport, 6) == Some(0) {
        return Err("UDP without a checksum");
    }
    let (from, to) = ports(transport);
    let host = (header.from, from);
    let session = network
        .session6(chain.protocol, host, (header.to, to))
        .ok_or("no session")?;
    let (host, peer) = (session.host.v4, session.peer.v4);
    let mut out = transport.to_vec();
    out[0..2].copy_from_slice(&host.1.to_be_bytes());
    out[2..4].copy_from_slice(&peer.1.to_be_bytes());
    let old = pseudo6(header.from, header.to, chain.protocol, transport.len());
    let new = pseudo4(host.0, peer.0, chain.protocol, transport.len());
    out[at..at + 2].fill(0);
    let mut check = spoil(checksum(&[&new, &out]), error(&[&old, transport]));
    if chain.protocol == 17 && check == 0 {
        check = 0xffff;
    }
    out[at..at + 2].copy_from_slice(&check.to_be_bytes());
    finish(network, header, chain, (host.0, peer.0), &out)
}

/// Echo request and reply: types 128 and 129 become 8 and 0.
fn echo(
    network: &Network,
    header: &Six,
    chain: &Chain,
    transport: &[u8],
) -> Result<Fate, &'static str> {
    let kind = match (transport[0], transport[1]) {
        (128, 0) => 8,
        (129, 0) => 0,
        _ => return Err("ICMPv6 type"),
    };
    let id = u16_at(transport, 4).ok_or("short")?;
    let session = network
        .session6(1, (header.from, id), (header.to, id))
        .ok_or("no session")?;
    let (host, peer) = (session.host.v4, session.peer.v4);
    let mut out = transport.to_vec();
    out[0] = kind;
    out[2..4].fill(0);
    out[4..6].copy_from_slice(&host.1.to_be_bytes());
    let old = pseudo6(header.from, header.to, 58, transport.len());
    let check = spoil(checksum(&[&out]), error(&[&old, transport]));
    out[2..4].copy_from_slice(&check.to_be_bytes());
    finish(network, header, chain, (host.0, peer.0), &out)
}

/// Puts the IPv4 header before a transport part, if the packet fits the link.
pub fn finish(
    network: &Network,
    header: &Six,
    chain: &Chain,
    (from, to): (std::net::Ipv4Addr, std::net::Ipv4Addr),
    transport: &[u8],
) -> Result<Fate, &'static str> {
    if header.hops <= 1 {
        return Err("hop limit");
    }
    let new = NewFour {
        tos: header.class,
        payload_len: transport.len(),
        id: network.id,
        piece: chain.piece,
        ttl: header.hops - 1,
        protocol: chain.protocol,
        from,
        to,
    };
    let (ip, may_cut) = new.write()?;
    if (20 + transport.len()) as u32 > network.mtu4 {
        return if may_cut {
            Ok(Fate::Cut)
        } else {
            Err("too big")
        };
    }
    Ok(Fate::Out([ip, transport.to_vec()].concat()))
}

fn error_message(network: &Network, header: &Six, message: &[u8]) -> Result<Fate, &'static str> {
    let pseudo = pseudo6(header.from, header.to, 58, message.len());
    if error(&[&pseudo, message]) != 0 {
        return Err("ICMPv6 checksum");
    }
    let (kind, code) = (message[0], message[1]);
    let row = match kind {
        2 => Some((3, 4, tables::Word::Mtu)),
        _ => {
            let mut rows = tables::TO_V4.iter();
            let row = rows.find(|row| (row.0, row.1) == (kind, code));
            row.map(|row| (row.2, row.3, row.4))
        }
    };
    let (to_kind, to_code, word) = row.ok_or("ICMPv6 type")?;
    let (about, out) = error_to_v4(network, header, message, to_kind, to_code, word)?;
    if header.hops <= 1 {
        return Err("hop limit");
    }
    let new = NewFour {
        tos: header.class,
        payload_len: out.len(),
        id: network.id,
        piece: None,
        ttl: header.hops - 1,
        protocol: 58,
        from: about.reporter.0,
        to: about.told,
    };
    let packet = [new.write()?.0, out].concat();
    if about.stateless && network.is_host6_in4(about.told) {
        return turned(network, &packet);
    }
    Ok(Fate::Out(packet))
}

// SPDX-License-Identifier: GPL-2.0
//! Packets from their layers. Lengths, protocols and checksums are made unless they are given.

use crate::{
    sum::{add, checksum, pseudo4, pseudo6},
    text::{hex, Layer},
    value::{Error, Place, Scope, Value},
};

/// What fields have that a packet does not mention.
#[derive(Clone)]
pub struct Defaults {
    /// Source and destination in IPv6.
    pub six: (u128, u128),
    /// Source and destination in IPv4.
    pub four: (u128, u128),
    /// Hop limit.
    pub hop_limit: u128,
    /// Identification of an IPv4 packet.
    pub id: Value,
    /// Flow label.
    pub flow: Value,
    /// Type of service.
    pub tos: u128,
}

/// Makes one packet.
pub struct Builder<'a> {
    /// Where values come from.
    pub scope: Scope<'a>,
    /// For the packet itself, and for one that it quotes.
    pub defaults: [Defaults; 2],
    /// The packet that `quote` quotes.
    pub sent: &'a [u8],
}

/// The IP packet that a transport header is in.
#[derive(Clone, Copy)]
enum Ip {
    Six(u128, u128),
    Four(u32, u32),
}

impl Ip {
    fn pseudo(self, protocol: u8, len: usize) -> Vec<u8> {
        match self {
            Ip::Six(saddr, daddr) => pseudo6(saddr, daddr, protocol, len),
            Ip::Four(saddr, daddr) => pseudo4(saddr, daddr, protocol, len),
        }
    }
}

impl Builder<'_> {
    /// The packet that `layers` are.
    pub fn build(&mut self, layers: &[Layer]) -> Result<Vec<u8>, Error> {
        let (layers, patches) = split_tail(layers, "patch");
        let (layers, padding) = split_tail(layers, "pad");
        let mut out = self.packet(layers, 0, 0)?;
        for layer in padding {
            let mut layer = layer.clone();
            out.resize(out.len() + layer.number()?, 0);
            layer.done()?;
        }
        for layer in patches {
            let mut layer = layer.clone();
            let at = layer.number()?;
            let bytes = hex(&layer.word().unwrap_or_default())?;
            layer.done()?;
            let place = out.get_mut(at..at + bytes.len());
            place
                .ok_or("patch beyond the packet")?
                .copy_from_slice(&bytes);
        }
        Ok(out)
    }

    /// An IP packet that begins at `base`, quoted by `depth` others.
    fn packet(&mut self, layers: &[Layer], base: usize, depth: usize) -> Result<Vec<u8>, Error> {
        let (layers, cut) = own_tail(layers, "cut");
        let first = layers.first().ok_or("there is no packet")?;
        let mut out = match first.kind.as_str() {
            "ip6" => self.ip6(layers, base, depth)?,
            "ip4" => self.ip4(layers, base, depth)?,
            "hex" => self.rest(layers, base, depth, None)?,
            kind => return Err(format!("{kind} cannot come first")),
        };
        for layer in cut {
            let mut layer = layer.clone();
            out.truncate(layer.number()?);
            layer.done()?;
        }
        Ok(out)
    }

    fn ip6(&mut self, layers: &[Layer], base: usize, depth: usize) -> Result<Vec<u8>, Error> {
        let mut ip = layers[0].clone();
        let default = self.defaults[depth.min(1)].clone();
        let mut number = |value: Option<Value>, default, at, len, mask| {
            let place = Place {
                at: base + at,
                len,
                mask,
            };
            self.scope.resolve(&value.unwrap_or(default), place)
        };
        let version = number(ip.field("ver")?, Value::Number(6), 0, 1, 0xf0)?;
        let class = number(ip.field("tc")?, Value::Number(default.tos), 0, 2, 0xff0)?;
        let flow = number(ip.field("flow")?, default.flow, 0, 4, 0xfffff)?;
        let hop_limit = Value::Number(default.hop_limit);
        let hop_limit = number(ip.field("hl")?, hop_limit, 7, 1, 0xff)?;
        let given_len = ip.field("len")?;
        let given_next = ip.field("nh")?;
        let mut addr = |default, at| {
            let value = ip.word().map(|word| Value::parse(&word)).transpose()?;
            number(value, Value::Number(default), at, 16, u128::MAX)
        };
        let saddr = addr(default.six.0, 8)?;
        let daddr = addr(default.six.1, 24)?;
        ip.done()?;

        let (rest, next) = self.payload(&layers[1..], base + 40, depth, Ip::Six(saddr, daddr))?;
        let next = self.or(given_next, next.into(), base + 6, 1)?;
        let len = self.or(given_len, rest.len() as u128, base + 4, 2)?;
        let word = ((version << 28) | (class << 20) | flow) as u32;
        let mut out = word.to_be_bytes().to_vec();
        out.extend((len as u16).to_be_bytes());
        out.extend([next as u8, hop_limit as u8]);
        out.extend(saddr.to_be_bytes());
        out.extend(daddr.to_be_bytes());
        out.extend(rest);
        Ok(out)
    }

    fn ip4(&mut self, layers: &[Layer], base: usize, depth: usize) -> Result<Vec<u8>, Error> {
        let mut ip = layers[0].clone();
        let default = self.defaults[depth.min(1)].clone();
        let options = hex(&ip.text("opt").unwrap_or_default())?;
        let header_len = 20 + options.len();
        let frag = (u16::from(ip.flag("rf")) << 15)
            | (u16::from(ip.flag("df")) << 14)
            | (u16::from(ip.flag("mf")) << 13);
        let bad = ip.flag("bad");
        let mut number = |value: Option<Value>, default, at, len, mask| {
            let place = Place {
                at: base + at,
                len,
                mask,
            };
            self.scope.resolve(&value.unwrap_or(default), place)
        };
        let version = number(ip.field("ver")?, Value::Number(4), 0, 1, 0xf0)?;
        let words = Value::Number(header_len as u128 / 4);
        let words = number(ip.field("ihl")?, words, 0, 1, 0xf)?;
        let tos = number(ip.field("tos")?, Value::Number(default.tos), 1, 1, 0xff)?;
        let id = number(ip.field("id")?, default.id, 4, 2, 0xffff)?;
        let offset = ip.field("off")?;
        let part = own_tail(layers, "part").1.first();
        let part = part.map(|it| it.clone().number()).transpose()?.unwrap_or(0);
        let offset = number(offset, Value::Number(part as u128 / 8), 6, 2, 0x1fff)?;
        let ttl = number(
            ip.field("ttl")?,
            Value::Number(default.hop_limit),
            8,
            1,
            0xff,
        )?;
        let given_len = ip.field("len")?;
        let given_protocol = ip.field("proto")?;
        let given_check = ip.field("check")?;
        let mut addr = |default, at| {
            let value = ip.word().map(|word| Value::parse(&word)).transpose()?;
            number(value, Value::Number(default), at, 4, 0xffff_ffff)
        };
        let saddr = addr(default.four.0, 12)? as u32;
        let daddr = addr(default.four.1, 16)? as u32;
        ip.done()?;

        let around = Ip::Four(saddr, daddr);
        let (rest, next) = self.payload(&layers[1..], base + header_len, depth, around)?;
        let protocol = self.or(given_protocol, next.into(), base + 9, 1)?;
        let len = self.or(given_len, (header_len + rest.len()) as u128, base + 2, 2)?;
        let mut out = vec![((version << 4) | words) as u8, tos as u8];
        out.extend((len as u16).to_be_bytes());
        out.extend((id as u16).to_be_bytes());
        out.extend((frag | offset as u16).to_be_bytes());
        out.extend([ttl as u8, protocol as u8, 0, 0]);
        out.extend(saddr.to_be_bytes());
        out.extend(daddr.to_be_bytes());
        out.extend(options);
        let right = checksum(&[&out]);
        let check = self.check(given_check, bad, right, base + 10)?;
        out[10..12].copy_from_slice(&check.to_be_bytes());
        out.extend(rest);
        Ok(out)
    }

    /// What follows an IP header, and its protocol; `part` picks some of the transport bytes.
    fn payload(
        &mut self,
        layers: &[Layer],
        base: usize,
        depth: usize,
        ip: Ip,
    ) -> Result<(Vec<u8>, u8), Error> {
        let next = protocol(layers)?;
        let out = self.rest(layers, base, depth, Some(ip))?;
        Ok((out, next))
    }

    /// The bytes of `layers`, which begin at `base`.
    fn rest(
        &mut self,
        layers: &[Layer],
        base: usize,
        depth: usize,
        ip: Option<Ip>,
    ) -> Result<Vec<u8>, Error> {
        let Some(first) = layers.first() else {
            return Ok(Vec::new());
        };
        let mut layer = first.clone();
        let tail = &layers[1..];
        let kind = layer.kind.clone();
        let out = match (kind.as_str(), ip) {
            ("hbh" | "dst" | "rh" | "ah" | "frag", Some(ip)) => {
                let part = own_tail(layers, "part").1.first();
                let part = part.map(|it| it.clone().number()).transpose()?.unwrap_or(0);
                let mut out = self.extension(&mut layer, protocol(tail)?, part, base)?;
                layer.done()?;
                out.extend(self.rest(tail, base + out.len(), depth, Some(ip))?);
                return Ok(out);
            }
            (_, Some(ip)) if own_tail(layers, "part").1.len() == 1 => {
                let (layers, part) = own_tail(layers, "part");
                let mut part = part[0].clone();
                let (from, to) = (part.number()?, part.number()?);
                part.done()?;
                let base = base.saturating_sub(from);
                let whole = self.rest(layers, base, depth, Some(ip))?;
                let some = whole.get(from..to.min(whole.len()));
                return Ok(some.ok_or("part beyond the packet")?.to_vec());
            }
            ("udp" | "tcp" | "udplite" | "dccp" | "sctp", Some(ip)) => {
                return self.transport(layer, tail, base, depth, ip);
            }
            ("icmp" | "icmp6", Some(ip)) => return self.icmp(layer, tail, base, depth, ip),
            ("proto", _) => {
                layer.word();
                Vec::new()
            }
            ("data", _) => {
                let len = layer.number()?;
                (0..len).map(|at| (at % 251) as u8).collect()
            }
            ("zero", _) => vec![0; layer.number()?],
            ("hex", _) => hex(&layer.word().unwrap_or_default())?,
            ("quote", _) => {
                let limit: usize = match ip {
                    Some(Ip::Four(..)) => 576,
                    _ => 1280,
                };
                let len = limit.saturating_sub(base).min(self.sent.len());
                self.sent[..len].to_vec()
            }
            (kind, _) => return Err(format!("{kind} cannot stand here")),
        };
        layer.done()?;
        let rest = self.rest(tail, base + out.len(), depth, ip)?;
        Ok([out, rest].concat())
    }

    fn extension(
        &mut self,
        layer: &mut Layer,
        next: u8,
        part: usize,
        base: usize,
    ) -> Result<Vec<u8>, Error> {
        let next = layer.field("nh")?.unwrap_or(Value::Number(next.into()));
        let next = self.byte(next, base)?;
        let size = match layer.field("size")? {
            Some(Value::Number(size)) => size as usize,
            _ if layer.kind == "ah" => 24,
            _ => 8,
        };
        let units = if layer.kind == "ah" {
            size / 4 - 2
        } else {
            size / 8 - 1
        };
        let units = layer.field("hlen")?.unwrap_or(Value::Number(units as u128));
        if layer.kind == "frag" {
            let more = u16::from(layer.flag("more"));
            let reserved = self.or(layer.field("res")?, 0, base + 1, 1)? as u8;
            let place = Place {
                at: base + 2,
                len: 2,
                mask: 0xfff8,
            };
            let offset = layer
                .field("off")?
                .unwrap_or(Value::Number(part as u128 / 8));
            let offset = self.scope.resolve(&offset, place)? as u16;
            let id = self.or(layer.field("id")?, 0, base + 4, 4)? as u32;
            let mut out = vec![next, reserved];
            out.extend(((offset << 3) | more).to_be_bytes());
            out.extend(id.to_be_bytes());
            return Ok(out);
        }
        let mut out = vec![next, self.byte(units, base + 1)?];
        match layer.kind.as_str() {
            "rh" => {
                let kind = layer.field("type")?.unwrap_or(Value::Number(0));
                out.push(self.byte(kind, base + 2)?);
                let left = layer.field("sl")?.unwrap_or(Value::Number(0));
                out.push(self.byte(left, base + 3)?);
            }
            "ah" => {}
            _ => match layer.text("opt") {
                Some(options) => out.extend(hex(&options)?),
                // One PadN option fills the header.
                None => out.extend([1, (size - 4) as u8]),
            },
        }
        out.resize(size, 0);
        Ok(out)
    }

    fn transport(
        &mut self,
        mut layer: Layer,
        tail: &[Layer],
        base: usize,
        depth: usize,
        ip: Ip,
    ) -> Result<Vec<u8>, Error> {
        let kind = layer.kind.clone();
        let bad = layer.flag("bad");
        let given = layer.field("check")?;
        let mut port = |at: usize| {
            let word = layer.word().ok_or(format!("{kind} wants two ports"))?;
            self.scope
                .resolve(&Value::parse(&word)?, Place::bytes(base + at, 2))
        };
        let (sport, dport) = (port(0)? as u16, port(2)? as u16);
        let mut out = [sport.to_be_bytes(), dport.to_be_bytes()].concat();
        let mut covered = usize::MAX;
        let check_at = match kind.as_str() {
            "tcp" => {
                let options = hex(&layer.text("opt").unwrap_or_default())?;
                let flags = match layer.text("flags") {
                    Some(letters) => flags(&letters)?,
                    None => 0x10,
                };
                let words = 5 + options.len() as u128 / 4;
                let seq = self.or(layer.field("seq")?, 1, base + 4, 4)? as u32;
                let ack = self.or(layer.field("ack")?, 2, base + 8, 4)? as u32;
                let words = self.or(layer.field("off")?, words, base + 12, 1)?;
                let window = self.or(layer.field("win")?, 256, base + 14, 2)? as u16;
                out.extend(seq.to_be_bytes());
                out.extend(ack.to_be_bytes());
                out.extend([(words << 4) as u8, flags]);
                out.extend(window.to_be_bytes());
                out.extend([0; 4]);
                out.extend(options);
                16
            }
            "dccp" => {
                // A DCCP-Request with short sequence numbers, all of the packet covered.
                out.extend([4, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 42]);
                6
            }
            "sctp" => {
                // The checksum is a CRC that covers no address.
                let check = self.or(given.clone(), 0x1234_5678, base + 8, 4)? as u32;
                out.extend([0, 0, 0, 7]);
                out.extend(check.to_be_bytes());
                layer.done()?;
                out.extend(self.rest(tail, base + 12, depth, Some(ip))?);
                return Ok(out);
            }
            _ => {
                out.extend([0; 4]);
                6
            }
        };
        let rest = self.rest(tail, base + out.len(), depth, Some(ip))?;
        out.extend(rest);
        if kind == "udp" {
            let len = out.len() as u128;
            let len = self.or(layer.field("len")?, len, base + 4, 2)? as u16;
            out[4..6].copy_from_slice(&len.to_be_bytes());
        } else if kind == "udplite" {
            let coverage = self.or(layer.field("cov")?, 0, base + 4, 2)? as u16;
            out[4..6].copy_from_slice(&coverage.to_be_bytes());
            if coverage != 0 {
                covered = coverage.into();
            }
        }
        layer.done()?;
        let pseudo = ip.pseudo(protocol_of(&kind), out.len());
        let mut right = checksum(&[&pseudo, &out[..covered.min(out.len())]]);
        if kind.starts_with("udp") && right == 0 {
            right = 0xffff;
        }
        let check = self.check(given, bad, right, base + check_at)?;
        out[check_at..check_at + 2].copy_from_slice(&check.to_be_bytes());
        Ok(out)
    }

    fn icmp(
        &mut self,
        mut layer: Layer,
        tail: &[Layer],
        base: usize,
        depth: usize,
        ip: Ip,
    ) -> Result<Vec<u8>, Error> {
        let six = layer.kind == "icmp6";
        let word = layer.word().ok_or("icmp wants type/code")?;
        let (kind, code) = word.split_once('/').ok_or("icmp wants type/code")?;
        let kind = self.byte(Value::parse(kind)?, base)?;
        let code = self.byte(Value::parse(code)?, base + 1)?;
        let bad = layer.flag("bad");
        let given = layer.field("check")?;

        let end = tail
            .iter()
            .position(|it| it.kind == "ext")
            .unwrap_or(tail.len());
        let (body, extension) = tail.split_at(end);
        let mut body = match body.first() {
            Some(first) if first.kind.starts_with("ip") => {
                self.packet(body, base + 8, depth + 1)?
            }
            _ => self.rest(body, base + 8, depth, Some(ip))?,
        };
        let mut words = 0;
        if extension.len() > 1 {
            return Err("nothing may follow ext".into());
        }
        if let [first] = extension {
            let unit = if six { 8 } else { 4 };
            let mut first = first.clone();
            let area = match first.field("area")? {
                Some(Value::Number(area)) => area as usize,
                _ => body.len().max(128).next_multiple_of(unit),
            };
            body.resize(area, 0);
            words = area / unit;
            body.extend(structure(first)?);
        }

        let mut out = vec![kind, code, 0, 0];
        let word = match (layer.field("w")?, layer.field("mtu")?, layer.field("ptr")?) {
            (Some(word), None, None) => self.or(Some(word), 0, base + 4, 4)? as u32,
            (None, Some(mtu), None) if six => self.or(Some(mtu), 0, base + 4, 4)? as u32,
            (None, Some(mtu), None) => {
                let mtu = self.or(Some(mtu), 0, base + 6, 2)? as u32;
                let words = self.or(layer.field("words")?, words as u128, base + 5, 1)? as u32;
                (words << 16) | mtu
            }
            (None, None, Some(pointer)) if six => self.or(Some(pointer), 0, base + 4, 4)? as u32,
            (None, None, Some(pointer)) => {
                let pointer = self.or(Some(pointer), 0, base + 4, 1)? as u32;
                let words = self.or(layer.field("words")?, words as u128, base + 5, 1)? as u32;
                (pointer << 24) | (words << 16)
            }
            (None, None, None) if layer.fields.iter().any(|(key, _)| key == "id") => {
                let id = self.or(layer.field("id")?, 0, base + 4, 2)? as u32;
                let seq = self.or(layer.field("seq")?, 1, base + 6, 2)? as u32;
                (id << 16) | seq
            }
            (None, None, None) => {
                let at = base + if six { 4 } else { 5 };
                let words = self.or(layer.field("words")?, words as u128, at, 1)? as u32;
                words << if six { 24 } else { 16 }
            }
            _ => return Err("one of w, mtu, ptr".into()),
        };
        layer.done()?;
        out.extend(word.to_be_bytes());
        out.extend(body);
        let pseudo = match ip {
            Ip::Six(..) if six => ip.pseudo(58, out.len()),
            _ => Vec::new(),
        };
        let check = self.check(given, bad, checksum(&[&pseudo, &out]), base + 2)?;
        out[2..4].copy_from_slice(&check.to_be_bytes());
        Ok(out)
    }

    /// A checksum: the right one, one beside it, or what is given.
    fn check(
        &mut self,
        given: Option<Value>,
        bad: bool,
        right: u16,
        at: usize,
    ) -> Result<u16, Error> {
        match given {
            Some(value) => Ok(self.scope.resolve(&value, Place::bytes(at, 2))? as u16),
            None if bad => Ok(add(right, 0x0100)),
            None => Ok(right),
        }
    }

    /// What is given for the field, or else `default`.
    fn or(
        &mut self,
        given: Option<Value>,
        default: u128,
        at: usize,
        len: usize,
    ) -> Result<u128, Error> {
        let value = given.unwrap_or(Value::Number(default));
        self.scope.resolve(&value, Place::bytes(at, len))
    }

    fn byte(&mut self, value: Value, at: usize) -> Result<u8, Error> {
        Ok(self.scope.resolve(&value, Place::bytes(at, 1))? as u8)
    }
}

/// An extension structure (RFC 4884 section 7) of objects `CLASS/TYPE:HEX`.
fn structure(mut first: Layer) -> Result<Vec<u8>, Error> {
    let mut out = vec![0x20, 0, 0, 0];
    while let Some(word) = first.word() {
        let (kind, bytes) = word.split_once(':').ok_or("an object is CLASS/TYPE:HEX")?;
        let (class, kind) = kind.split_once('/').ok_or("an object is CLASS/TYPE:HEX")?;
        let bytes = hex(bytes)?;
        out.extend((4 + bytes.len() as u16).to_be_bytes());
        out.push(class.parse().map_err(|_| "no class of an object")?);
        out.push(kind.parse().map_err(|_| "no type of an object")?);
        out.extend(bytes);
    }
    first.done()?;
    let check = checksum(&[&out]);
    out[2..4].copy_from_slice(&check.to_be_bytes());
    Ok(out)
}

/// The protocol number of the first layer.
fn protocol(layers: &[Layer]) -> Result<u8, Error> {
    match layers.first() {
        Some(layer) if layer.kind == "proto" => Ok(layer
            .clone()
            .number()?
            .try_into()
            .map_err(|_| "no protocol")?),
        Some(layer) => Ok(protocol_of(&layer.kind)),
        None => Ok(59),
    }
}

fn protocol_of(kind: &str) -> u8 {
    match kind {
        "hbh" => 0,
        "icmp" => 1,
        "ip4" => 4,
        "tcp" => 6,
        "udp" => 17,
        "dccp" => 33,
        "ip6" => 41,
        "rh" => 43,
        "frag" => 44,
        "ah" => 51,
        "icmp6" => 58,
        "dst" => 60,
        "sctp" => 132,
        "udplite" => 136,
        // No next header, unless the IP header says otherwise.
        _ => 59,
    }
}

/// TCP flags by their letters.
fn flags(letters: &str) -> Result<u8, Error> {
    letters.chars().try_fold(0, |flags, letter| {
        let bit = "FSRPAUEC".find(letter);
        Ok(flags | (1 << bit.ok_or(format!("no TCP flag '{letter}'"))?))
    })
}

/// The same, for what belongs to the innermost packet: nothing if another is quoted.
fn own_tail<'a>(layers: &'a [Layer], kind: &str) -> (&'a [Layer], &'a [Layer]) {
    let quotes = layers
        .iter()
        .skip(1)
        .any(|it| it.kind == "ip6" || it.kind == "ip4");
    match quotes {
        true => (layers, &[]),
        false => split_tail(layers, kind),
    }
}

/// The layers before the last ones of `kind`, and those.
fn split_tail<'a>(layers: &'a [Layer], kind: &str) -> (&'a [Layer], &'a [Layer]) {
    let end = layers
        .iter()
        .rposition(|it| it.kind != kind)
        .map_or(0, |at| at + 1);
    layers.split_at(end)
}

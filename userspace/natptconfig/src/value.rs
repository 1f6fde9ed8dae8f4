// SPDX-License-Identifier: GPL-2.0

//! Words that are values: numbers, ports, durations, addresses.

use std::net::Ipv4Addr;

use natpt_core::xlate::addr::is_martian4;
use natpt_netlink::spec::Variable;

/// The notation of a variable's value, which must fit its unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notation {
    Number,
    Duration,
    Address,
}

/// The value of a variable; to the kernel it is a number.
pub fn read(text: &str) -> Result<(u64, Notation), String> {
    if let Ok(address) = text.parse::<Ipv4Addr>() {
        if !address.is_unspecified() {
            host4(address)?;
        }
        return Ok((address.to_bits().into(), Notation::Address));
    }
    match duration(text) {
        Some(seconds) => Ok((seconds, Notation::Duration)),
        None => Ok((number(text)?, Notation::Number)),
    }
}

/// A variable's value, as [`read`] takes it.
pub fn show(value: u64, unit: Option<&str>) -> String {
    match (unit, u32::try_from(value)) {
        (Some("address"), Ok(bits)) => Ipv4Addr::from_bits(bits).to_string(),
        _ => value.to_string(),
    }
}

/// `120 to 86400 seconds`
pub fn range(variable: &Variable) -> String {
    let unit = variable.unit.as_deref();
    let number = |number: Option<u64>| show(number.unwrap_or_default(), unit);
    let (min, max) = (number(variable.min), number(variable.max));
    match unit {
        Some("s") => format!("{min} to {max} seconds"),
        None | Some("" | "address") => format!("{min} to {max}"),
        Some(unit) => format!("{min} to {max} {unit}"),
    }
}

/// An address that a host may have.
pub fn host4(address: Ipv4Addr) -> Result<(), String> {
    if !is_martian4(address) {
        return Ok(());
    }
    let kind = match address {
        _ if address.is_loopback() => "a loopback address",
        _ if address.is_multicast() => "a multicast address",
        _ if address.is_broadcast() => "the broadcast address",
        _ if address.octets()[0] == 0 => "not the address of a host",
        _ => "a reserved address",
    };
    Err(format!(
        "{address} is {kind}: give one that IPv4 hosts can answer to"
    ))
}

/// The networks that make up a range of addresses, in their order.
pub fn networks(first: Ipv4Addr, last: Ipv4Addr) -> Vec<(Ipv4Addr, u8)> {
    let mut all = Vec::new();
    let (mut next, end) = (u64::from(first.to_bits()), u64::from(last.to_bits()) + 1);
    while next < end {
        // As large as the place and the rest allow.
        let size = (end - next).ilog2().min(next.trailing_zeros()).min(32);
        all.push((Ipv4Addr::from_bits(next as u32), 32 - size as u8));
        next += 1 << size;
    }
    all
}

/// A part of a whole in tenths of a percent: 1000 only if nothing is left.
pub fn per_mille(part: u64, whole: u64) -> Option<u64> {
    let per_mille = (u128::from(part) * 1000).checked_div(whole.into())?;
    Some(u64::try_from(per_mille).unwrap_or(u64::MAX))
}

/// Tenths as `12.5`.
pub fn show_tenths(tenths: u64) -> String {
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// Decimal, or hexadecimal after `0x`. A leading 0 was octal to KAME and is refused.
pub fn number(text: &str) -> Result<u64, String> {
    let (digits, radix) = match text.get(..2) {
        Some("0x" | "0X") => (&text[2..], 16),
        _ => (text, 10),
    };
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return Err(format!("expected a number, not `{text}`"));
    }
    if radix == 10 && digits.len() > 1 && digits.starts_with('0') {
        return Err(format!(
            "`{text}` is ambiguous: write it without the leading 0"
        ));
    }
    u64::from_str_radix(digits, radix).map_err(|_| format!("`{text}` is too large"))
}

/// A number of at most 32 bits.
pub fn number32(text: &str) -> Result<u32, String> {
    u32::try_from(number(text)?)
        .map_err(|_| format!("`{text}` is too large, {} is the most", u32::MAX))
}

pub fn port(text: &str) -> Result<u16, String> {
    match u16::try_from(number(text)?) {
        Ok(port) if port > 0 => Ok(port),
        _ => Err(format!("`{text}` is not a port: ports are 1 to 65535")),
    }
}

/// Ports as they are written: one, or the first and the last.
pub fn show_ports(first: u16, last: u16) -> String {
    match first == last {
        true => first.to_string(),
        false => format!("{first} - {last}"),
    }
}

/// `2h4m` in seconds; None if the word does not look like that.
pub fn duration(text: &str) -> Option<u64> {
    let mut seconds = 0u64;
    let mut rest = text;
    while !rest.is_empty() {
        let unit = rest.find(|c: char| !c.is_ascii_digit())?;
        let scale = match rest[unit..].chars().next()?.to_ascii_lowercase() {
            'd' => 24 * 60 * 60,
            'h' => 60 * 60,
            'm' => 60,
            's' => 1,
            _ => return None,
        };
        let part = rest[..unit].parse::<u64>().ok()?.checked_mul(scale)?;
        seconds = seconds.checked_add(part)?;
        rest = &rest[unit + 1..];
    }
    (!text.is_empty()).then_some(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        assert_eq!(number("0"), Ok(0));
        assert_eq!(number("0x1F"), Ok(31));
        assert_eq!(number("18446744073709551615"), Ok(u64::MAX));
        for (text, message) in [
            (
                "18446744073709551616",
                "`18446744073709551616` is too large",
            ),
            ("010", "`010` is ambiguous: write it without the leading 0"),
            ("0x", "expected a number, not `0x`"),
            ("12a", "expected a number, not `12a`"),
            ("-", "expected a number, not `-`"),
        ] {
            assert_eq!(number(text), Err(message.into()));
        }
        assert_eq!(
            number32("4294967296"),
            Err("`4294967296` is too large, 4294967295 is the most".into())
        );
        assert_eq!(port("65535"), Ok(65535));
        assert_eq!(
            port("65536"),
            Err("`65536` is not a port: ports are 1 to 65535".into())
        );
        assert_eq!(
            port("0"),
            Err("`0` is not a port: ports are 1 to 65535".into())
        );
    }

    #[test]
    fn addresses() {
        let bits = 0xc000_0209;
        assert_eq!(read("192.0.2.9"), Ok((bits, Notation::Address)));
        assert_eq!(read("0.0.0.0"), Ok((0, Notation::Address)));
        assert_eq!(read("5m"), Ok((300, Notation::Duration)));
        assert_eq!(read("300"), Ok((300, Notation::Number)));
        assert!(read("127.0.0.1").unwrap_err().contains("loopback"));
        assert_eq!(show(bits, Some("address")), "192.0.2.9");
        assert_eq!(show(bits, Some("s")), "3221225993");
        assert_eq!(show(bits, None), "3221225993");
    }

    #[test]
    fn ranges_as_networks() {
        let text = |first: &str, last: &str| {
            let all = networks(first.parse().unwrap(), last.parse().unwrap());
            let all = all
                .iter()
                .map(|(address, bits)| format!("{address}/{bits}"));
            all.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(text("192.0.2.7", "192.0.2.7"), "192.0.2.7/32");
        assert_eq!(text("192.0.2.0", "192.0.2.255"), "192.0.2.0/24");
        assert_eq!(text("0.0.0.0", "255.255.255.255"), "0.0.0.0/0");
        assert_eq!(
            text("192.0.2.1", "192.0.2.8"),
            "192.0.2.1/32 192.0.2.2/31 192.0.2.4/30 192.0.2.8/32"
        );
    }

    #[test]
    fn parts() {
        for (part, whole, text) in [
            (0, 9, "0.0"),
            (1, 3, "33.3"),
            (999_999, 1_000_000, "99.9"),
            (5, 5, "100.0"),
            (u64::MAX, u64::MAX, "100.0"),
        ] {
            assert_eq!(per_mille(part, whole).map(show_tenths), Some(text.into()));
        }
        assert_eq!(per_mille(5, 0), None);
        assert_eq!(per_mille(u64::MAX, 1), Some(u64::MAX));
    }

    #[test]
    fn durations() {
        assert_eq!(duration("2h4m"), Some(7440));
        assert_eq!(duration("1d"), Some(86400));
        assert_eq!(duration("90S"), Some(90));
        for text in ["", "h", "5", "5x", "99999999999999999d", "5m5"] {
            assert_eq!(duration(text), None, "{text}");
        }
    }
}

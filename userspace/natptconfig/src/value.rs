// SPDX-License-Identifier: GPL-2.0

//! Words that are values: numbers, ports, durations.

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
    fn durations() {
        assert_eq!(duration("2h4m"), Some(7440));
        assert_eq!(duration("1d"), Some(86400));
        assert_eq!(duration("90S"), Some(90));
        for text in ["", "h", "5", "5x", "99999999999999999d", "5m5"] {
            assert_eq!(duration(text), None, "{text}");
        }
    }
}

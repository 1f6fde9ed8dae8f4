// SPDX-License-Identifier: GPL-2.0

//! Domain names.

use std::fmt;
use std::hash::{Hash, Hasher};

use super::field::Malformed;

/// The longest name, with its root label.
const LONGEST: usize = 255;
const LONGEST_LABEL: u8 = 63;

/// A name in wire format without compression; equal without regard to case.
#[derive(Clone, Eq)]
pub struct Name(Vec<u8>);

impl Name {
    /// The name at `at`, and where it ends there.
    pub fn parse(message: &[u8], mut at: usize) -> Result<(Self, usize), Malformed> {
        let mut name = Vec::with_capacity(32);
        let mut end = None;
        // A pointer must lead further back than the one before, so none leads in a circle.
        let mut lowest = at;
        loop {
            let len = *message.get(at).ok_or(Malformed)?;
            match len {
                0 => break,
                1..=LONGEST_LABEL => {
                    let next = at + 1 + usize::from(len);
                    name.extend_from_slice(message.get(at..next).ok_or(Malformed)?);
                    at = next;
                    if name.len() >= LONGEST {
                        return Err(Malformed);
                    }
                }
                0xc0.. => {
                    let low = *message.get(at + 1).ok_or(Malformed)?;
                    end.get_or_insert(at + 2);
                    at = usize::from(u16::from_be_bytes([len & 0x3f, low]));
                    if at >= lowest {
                        return Err(Malformed);
                    }
                    lowest = at;
                }
                _ => return Err(Malformed),
            }
        }
        name.push(0);
        Ok((Self(name), end.unwrap_or(at + 1)))
    }

    /// Read text without escapes: `www.example.` or `www.example`.
    pub fn from_text(text: &str) -> Option<Self> {
        Self::from_labels(text.strip_suffix('.').unwrap_or(text).split('.'))
    }

    pub fn from_labels<L: AsRef<[u8]>>(labels: impl Iterator<Item = L>) -> Option<Self> {
        let mut name = Vec::with_capacity(32);
        for label in labels {
            let label = label.as_ref();
            let len = u8::try_from(label.len()).ok()?;
            if len > LONGEST_LABEL {
                return None;
            }
            if len > 0 {
                name.push(len);
                name.extend_from_slice(label);
            }
        }
        name.push(0);
        (name.len() <= LONGEST).then_some(Self(name))
    }

    pub fn wire(&self) -> &[u8] {
        &self.0
    }

    pub fn labels(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest = self.0.as_slice();
        std::iter::from_fn(move || {
            let (&len, after) = rest.split_first()?;
            let (label, after) = after.split_at_checked(len.into())?;
            rest = after;
            (len > 0).then_some(label)
        })
    }

    /// True if this is `other` or below it.
    pub fn is_under(&self, other: &Name) -> bool {
        let mut at = 0;
        while let Some(rest) = self.0.get(at..).filter(|rest| rest.len() >= other.0.len()) {
            if rest.eq_ignore_ascii_case(&other.0) {
                return true;
            }
            at += 1 + usize::from(rest.first().copied().unwrap_or(0));
        }
        false
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        // A length is no letter.
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Hash for Name {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for byte in &self.0 {
            state.write_u8(byte.to_ascii_lowercase());
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for label in self.labels() {
            for &byte in label {
                match byte {
                    b'.' | b'\\' => write!(f, "\\{}", char::from(byte))?,
                    b'!'..=b'~' => write!(f, "{}", char::from(byte))?,
                    _ => write!(f, "\\{byte:03}")?,
                }
            }
            f.write_str(".")?;
        }
        if self.0.len() == 1 {
            f.write_str(".")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(bytes: &[u8], at: usize) -> Result<(String, usize), Malformed> {
        Name::parse(bytes, at).map(|(name, end)| (name.to_string(), end))
    }

    // req: F-057
    #[test]
    fn pointers_lead_back() {
        let message = b"\x01a\x00\x01b\xc0\x00\xc0\x03";
        assert_eq!(parse(message, 3), Ok(("b.a.".into(), 7)));
        assert_eq!(parse(message, 7), Ok(("b.a.".into(), 9)));
    }

    // req: F-057
    #[test]
    fn circles_are_refused() {
        assert_eq!(parse(b"\xc0\x00", 0), Err(Malformed));
        assert_eq!(parse(b"\x01a\xc0\x00", 0), Err(Malformed));
        assert_eq!(parse(b"\x01a\xc0\x00", 2), Err(Malformed));
        assert_eq!(parse(b"\xc0\x02\x00", 0), Err(Malformed));
        assert_eq!(parse(b"\x00\xc0\x03\xc0\x01", 3), Err(Malformed));
    }

    // req: F-057
    #[test]
    fn lengths() {
        let longest: Vec<u8> = [63u8, 63, 63, 61]
            .into_iter()
            .flat_map(|len| std::iter::once(len).chain((0..len).map(|_| b'x')))
            .chain([0])
            .collect();
        assert_eq!(longest.len(), 255);
        assert!(Name::parse(&longest, 0).is_ok());
        let mut longer = b"\x01y".to_vec();
        longer.extend_from_slice(&longest);
        assert_eq!(parse(&longer, 0), Err(Malformed));
        assert_eq!(parse(b"\x41", 0), Err(Malformed));
        assert_eq!(parse(b"\x03ab", 0), Err(Malformed));
        assert_eq!(parse(b"", 0), Err(Malformed));
    }

    #[test]
    fn under() {
        let name = |text| Name::from_text(text).unwrap();
        assert!(name("a.b.ARPA.").is_under(&name("b.arpa")));
        assert!(name("b.arpa").is_under(&name("b.arpa")));
        assert!(!name("ab.arpa").is_under(&name("b.arpa")));
        assert!(!name("arpa").is_under(&name("b.arpa")));
        assert!(name("arpa").is_under(&name(".")));
    }

    #[test]
    fn text() {
        assert_eq!(Name::from_text(".").unwrap().to_string(), ".");
        assert_eq!(parse(b"\x03a.\x01\x00", 0), Ok(("a\\.\\001.".into(), 5)));
        assert!(Name::from_text(&"x".repeat(64)).is_none());
        assert!(Name::from_text(&"x.".repeat(128)).is_none());
    }
}

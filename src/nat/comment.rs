// SPDX-License-Identifier: GPL-2.0
//! A comment on a rule: one line for people, between quotation marks.

/// Most bytes of a comment.
pub const MAX: usize = 63;

/// A text that may be shown as it is, with a NUL behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Comment([u8; MAX + 1]);

impl Comment {
    /// The comment, or what is wrong with the text.
    pub fn new(text: &[u8]) -> Result<Self, &'static str> {
        if text.is_empty() || text.len() > MAX {
            return Err("a comment has 1 to 63 bytes");
        }
        let mut rest = text;
        while !rest.is_empty() {
            let Some((one, behind)) = split_char(rest) else {
                return Err("a comment is UTF-8");
            };
            if matches!(one, ..'\u{20}' | '\u{7f}'..='\u{9f}' | '"') {
                return Err("a comment has no control characters and no quotation marks");
            }
            rest = behind;
        }
        let mut all = [0; MAX + 1];
        for (to, from) in all.iter_mut().zip(text) {
            *to = *from;
        }
        Ok(Self(all))
    }

    /// The text with its NUL.
    pub fn with_nul(&self) -> &[u8] {
        let mut len = 0usize;
        for byte in &self.0 {
            len = len.saturating_add(1);
            if *byte == 0 {
                break;
            }
        }
        self.0.get(..len).unwrap_or(&[0])
    }
}

/// The first character and what is behind it, if it is one: the `core` crate's own functions cannot be linked.
fn split_char(text: &[u8]) -> Option<(char, &[u8])> {
    let (&first, rest) = text.split_first()?;
    let (more, least, high) = match first {
        ..=0x7f => (0, 0, first),
        0xc0..=0xdf => (1, 0x80, first & 0x1f),
        0xe0..=0xef => (2, 0x800, first & 0x0f),
        0xf0..=0xf7 => (3, 0x10000, first & 0x07),
        _ => return None,
    };
    let (tail, behind) = rest.split_at_checked(more)?;
    let mut code = u32::from(high);
    for byte in tail {
        if byte & 0xc0 != 0x80 {
            return None;
        }
        code = (code << 6) | u32::from(byte & 0x3f);
    }
    let one = char::from_u32(code).filter(|_| code >= least)?;
    Some((one, behind))
}

// SPDX-License-Identifier: GPL-2.0

//! A line as words, strings in quotes, `$` with a name, and punctuation. A `#` starts a comment.

use crate::problem::Problem;

/// Longest line in bytes.
const MAX_LINE: usize = 64 << 10;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token<'a> {
    pub text: &'a str,
    /// From 1.
    pub column: usize,
    /// The column behind it.
    pub end: usize,
}

impl Token<'_> {
    pub fn is(&self, word: &str) -> bool {
        self.text.eq_ignore_ascii_case(word)
    }
}

pub fn tokens(line: &[u8]) -> Result<Vec<Token<'_>>, Problem> {
    if line.len() > MAX_LINE {
        let message = format!(
            "the line has {} bytes, {MAX_LINE} are the most: one statement per line",
            line.len()
        );
        return Err(Problem::new(1, message));
    }
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(&byte) = line.get(at) {
        let len = match byte {
            b'#' => break,
            b' ' | b'\t' | b'\r' => {
                at += 1;
                continue;
            }
            b'=' | b'/' | b'?' | b'{' | b'}' | b',' => 1,
            b'$' => {
                let name = line[at + 1..].iter();
                1 + name.take_while(|&&byte| in_name(byte)).count()
            }
            b'"' => {
                let text = quoted(&line[at..], at + 1)?;
                tokens.push(token(text, at + 1));
                at += text.len();
                continue;
            }
            _ => line[at..].iter().take_while(|&&byte| in_word(byte)).count(),
        };
        if len == 0 {
            return Err(Problem::new(at + 1, stray(&line[at..])));
        }
        let text = std::str::from_utf8(&line[at..at + len]).unwrap_or_default();
        split(text, at + 1, &mut tokens);
        at += len;
    }
    Ok(tokens)
}

/// A string with its quotes.
fn quoted(rest: &[u8], column: usize) -> Result<&str, Problem> {
    let end = rest.iter().skip(1).position(|&byte| byte == b'"');
    let Some(inner) = end else {
        return Err(Problem::new(
            column,
            "the string has no end: a second `\"` is missing",
        ));
    };
    std::str::from_utf8(&rest[..inner + 2]).map_err(|why| {
        let at = why.valid_up_to();
        Problem::new(column + at, stray(&rest[at..]))
    })
}

fn token(text: &str, column: usize) -> Token<'_> {
    let end = column + text.len();
    Token { text, column, end }
}

/// What `$` may have behind it.
pub fn in_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

pub fn in_word(byte: u8) -> bool {
    in_name(byte) || matches!(byte, b'.' | b':')
}

/// `1-2`, `1:2` and what is left of them between blanks become number, sign, number, and
/// `192.0.2.1-192.0.2.9` likewise; addresses and names of variables stay whole.
fn split<'a>(text: &'a str, column: usize, tokens: &mut Vec<Token<'a>>) {
    let mut push = |text: &'a str, offset: usize| {
        if !text.is_empty() {
            tokens.push(token(text, column + offset));
        }
    };
    let number = |text: &str| {
        text.is_empty()
            || text.starts_with(|c: char| c.is_ascii_digit())
                && text
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'.')
    };
    match text.find(['-', ':']) {
        Some(at) if number(&text[..at]) && number(&text[at + 1..]) => {
            push(&text[..at], 0);
            push(&text[at..at + 1], at);
            push(&text[at + 1..], at + 1);
        }
        _ => push(text, 0),
    }
}

/// Name the character that has no place in a statement.
fn stray(rest: &[u8]) -> String {
    let start = &rest[..rest.len().min(4)];
    let valid = match std::str::from_utf8(start) {
        Ok(text) => text,
        Err(why) => std::str::from_utf8(&start[..why.valid_up_to()]).unwrap_or_default(),
    };
    let first = valid.chars().next();
    if let Some((c, name)) = first.and_then(|c| Some((c, name(c)?))) {
        return format!("unexpected character U+{:04X}, {name}", u32::from(c));
    }
    match first {
        Some('\0') => "unexpected NUL byte".into(),
        Some(c) if c.is_control() => format!("unexpected control character {}", c.escape_unicode()),
        Some(c) => format!("unexpected character `{c}`"),
        None => format!("unexpected byte 0x{:02x}, not UTF-8", rest[0]),
    }
}

/// A character that one does not see, or takes for another, and what to do about it.
fn name(c: char) -> Option<&'static str> {
    Some(match c {
        '\u{8}' => "a backspace: take it out",
        '\u{b}' => "a vertical tab: write a blank",
        '\u{c}' => "a form feed: take it out",
        '\u{1b}' => "an escape, as of colours: take it out",
        '\u{7f}' => "a delete: take it out",
        '\u{a0}' => "a no-break space: write a blank",
        '\u{ad}' => "a soft hyphen: take it out",
        '\u{200b}' => "a zero-width space: take it out",
        '\u{200c}' | '\u{200d}' => "a zero-width joiner or non-joiner: take it out",
        '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            "a mark for the direction of writing: take it out"
        }
        '\u{2028}' | '\u{2029}' => "a separator of lines or paragraphs: write a newline",
        '\u{2060}' => "a word joiner: take it out",
        '\u{feff}' => "a byte order mark: save the file without it",
        '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => {
            "a space of another width: write a blank"
        }
        '\u{2010}'..='\u{2015}' | '\u{2212}' => "a dash: write -",
        '\u{2018}'..='\u{201f}' => "a quotation mark: write \"",
        '\u{ff1a}' | '\u{2236}' => "a colon of another kind: write :",
        '\u{2044}' | '\u{2215}' | '\u{ff0f}' => "a slash of another kind: write /",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(line: &str) -> Vec<(&str, usize)> {
        let tokens = tokens(line.as_bytes()).unwrap();
        tokens.iter().map(|one| (one.text, one.column)).collect()
    }

    fn problem(line: &[u8]) -> (usize, String) {
        let problem = tokens(line).unwrap_err();
        (problem.column, problem.message)
    }

    #[test]
    fn words() {
        assert_eq!(texts(""), []);
        assert_eq!(texts(" \t # map flush"), []);
        assert_eq!(
            texts("prefix 2001:db8::/96# x\r"),
            [("prefix", 1), ("2001:db8::", 8), ("/", 18), ("96", 19)]
        );
        assert_eq!(
            texts("set udp-timeout=2h4m"),
            [("set", 1), ("udp-timeout", 5), ("=", 16), ("2h4m", 17)]
        );
    }

    #[test]
    fn sets() {
        assert_eq!(
            texts("define A={192.0.2.1,$b-2}"),
            [
                ("define", 1),
                ("A", 8),
                ("=", 9),
                ("{", 10),
                ("192.0.2.1", 11),
                (",", 20),
                ("$b-2", 21),
                ("}", 25)
            ]
        );
        assert_eq!(
            texts("$A.b $ $"),
            [("$A", 1), (".b", 3), ("$", 6), ("$", 8)]
        );
        let ends = tokens(b"$A \"x y\" 1-20").unwrap();
        let ends: Vec<_> = ends.iter().map(|one| one.end).collect();
        assert_eq!(ends, [3, 9, 11, 12, 14]);
    }

    #[test]
    fn ranges() {
        for line in ["1-2", "1 -2", "1- 2", "1 - 2"] {
            let words: Vec<_> = texts(line).into_iter().map(|(text, _)| text).collect();
            assert_eq!(words, ["1", "-", "2"], "{line}");
        }
        assert_eq!(
            texts("192.0.2.1-192.0.2.9"),
            [("192.0.2.1", 1), ("-", 10), ("192.0.2.9", 11)]
        );
        assert_eq!(texts("::ffff:192.0.2.9"), [("::ffff:192.0.2.9", 1)]);
        assert_eq!(texts("10:20"), [("10", 1), (":", 3), ("20", 4)]);
        assert_eq!(texts("::1"), [("::1", 1)]);
        assert_eq!(texts("1:2:3"), [("1:2:3", 1)]);
    }

    #[test]
    fn strings() {
        assert_eq!(
            texts("log \"a b; # c\"x # \""),
            [("log", 1), ("\"a b; # c\"", 5), ("x", 15)]
        );
        assert_eq!(
            problem(b"log \"a"),
            (5, "the string has no end: a second `\"` is missing".into())
        );
        assert_eq!(
            problem(b"log \"a\xff\""),
            (7, "unexpected byte 0xff, not UTF-8".into())
        );
    }

    #[test]
    fn bad_bytes() {
        assert_eq!(problem(b"map \0"), (5, "unexpected NUL byte".into()));
        assert_eq!(
            problem(b"\x1b[0m"),
            (
                1,
                "unexpected character U+001B, an escape, as of colours: take it out".into()
            )
        );
        assert_eq!(
            problem(b"\x01"),
            (1, "unexpected control character \\u{1}".into())
        );
        for (line, message) in [
            (
                "map\u{a0}enable",
                "4: U+00A0, a no-break space: write a blank",
            ),
            (
                "\u{feff}map",
                "1: U+FEFF, a byte order mark: save the file without it",
            ),
            ("map \u{200b}", "5: U+200B, a zero-width space: take it out"),
            ("1 \u{2013} 9", "3: U+2013, a dash: write -"),
            (
                "\u{202e}",
                "1: U+202E, a mark for the direction of writing: take it out",
            ),
        ] {
            let (column, text) = problem(line.as_bytes());
            let text = text.replace("unexpected character ", "");
            assert_eq!(format!("{column}: {text}"), message);
        }
        assert_eq!(
            problem("map \u{e9}".as_bytes()),
            (5, "unexpected character `é`".into())
        );
        assert_eq!(
            problem(b"map \xff"),
            (5, "unexpected byte 0xff, not UTF-8".into())
        );
        assert_eq!(problem(b"map;"), (4, "unexpected character `;`".into()));
        // In a comment anything goes.
        assert_eq!(tokens(b"# \xff\0"), Ok(vec![]));
    }

    #[test]
    fn long_line() {
        assert_eq!(
            problem(&vec![b'a'; 1 << 20]),
            (
                1,
                "the line has 1048576 bytes, 65536 are the most: one statement per line".into()
            )
        );
    }
}

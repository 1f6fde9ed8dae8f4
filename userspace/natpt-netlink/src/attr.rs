// SPDX-License-Identifier: GPL-2.0

//! Netlink attributes: length, number, value, padded to 4 bytes.

use std::net::{Ipv4Addr, Ipv6Addr};

/// Bytes of an attribute's header.
pub const HEADER: usize = 4;
const NESTED: u16 = libc::NLA_F_NESTED as u16;
const NUMBER: u16 = libc::NLA_TYPE_MASK as u16;

/// The bytes are not what they should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

/// A type that an attribute's value is read into and written from.
pub trait Value: Sized {
    fn read(bytes: &[u8]) -> Option<Self>;
    fn write(&self, to: &mut Vec<u8>);
}

/// A set of attributes as a struct.
pub trait Attributes: Default {
    /// Take one attribute in; one that it does not know is ignored.
    fn read(&mut self, attr: Attr<'_>) -> Result<(), Malformed>;
    fn write(&self, to: &mut Writer);

    fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut new = Self::default();
        for attr in Attrs::new(bytes) {
            new.read(attr?)?;
        }
        Ok(new)
    }
}

/// The answer to a command.
pub trait Answer: Attributes {
    const COMMAND: u8;
    /// The answer is a list.
    const DUMP: bool;
}

/// The answer to a command that can be asked for a part of its list.
pub trait Filtered: Answer {
    /// Number of the attribute that says which part.
    const FILTER: u16;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attr<'a> {
    pub number: u16,
    pub nested: bool,
    pub payload: &'a [u8],
}

impl Attr<'_> {
    pub fn value<V: Value>(&self) -> Result<V, Malformed> {
        V::read(self.payload).ok_or(Malformed)
    }
}

/// Iterator over attributes; it ends after the first malformed one.
#[derive(Clone)]
pub struct Attrs<'a> {
    rest: &'a [u8],
}

impl<'a> Attrs<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    fn split(&mut self) -> Option<Attr<'a>> {
        let (&[l0, l1, n0, n1], _) = self.rest.split_first_chunk()?;
        let len = usize::from(u16::from_ne_bytes([l0, l1]));
        let number = u16::from_ne_bytes([n0, n1]);
        let payload = self.rest.get(HEADER..len)?;
        // The last attribute may come without its padding.
        self.rest = self.rest.get(len.next_multiple_of(4)..).unwrap_or_default();
        Some(Attr {
            number: number & NUMBER,
            nested: number & NESTED != 0,
            payload,
        })
    }
}

impl<'a> Iterator for Attrs<'a> {
    type Item = Result<Attr<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let attr = self.split().ok_or(Malformed);
        if attr.is_err() {
            self.rest = &[];
        }
        Some(attr)
    }
}

/// Appends attributes to a message.
#[derive(Clone, Debug, Default)]
pub struct Writer {
    bytes: Vec<u8>,
    overlong: bool,
}

impl Writer {
    pub fn put<V: Value>(&mut self, number: u16, value: &V) {
        let start = self.open(number);
        value.write(&mut self.bytes);
        self.close(start);
    }

    pub fn nest(&mut self, number: u16, fill: impl FnOnce(&mut Self)) {
        let start = self.open(number | NESTED);
        fill(self);
        self.close(start);
    }

    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes, unless an attribute did not fit the 16 bits of its length.
    pub fn finish(self) -> Result<Vec<u8>, Malformed> {
        if self.overlong {
            Err(Malformed)
        } else {
            Ok(self.bytes)
        }
    }

    fn open(&mut self, number: u16) -> usize {
        let start = self.bytes.len();
        self.bytes.extend([0, 0]);
        self.bytes.extend(number.to_ne_bytes());
        start
    }

    fn close(&mut self, start: usize) {
        match u16::try_from(self.bytes.len() - start) {
            Ok(len) => self.bytes[start..start + 2].copy_from_slice(&len.to_ne_bytes()),
            Err(_) => self.overlong = true,
        }
        let padded = self.bytes.len().next_multiple_of(4);
        self.bytes.resize(padded, 0);
    }
}

macro_rules! number {
    ($($int:ty)*) => {$(
        impl Value for $int {
            fn read(bytes: &[u8]) -> Option<Self> {
                Some(Self::from_ne_bytes(bytes.try_into().ok()?))
            }

            fn write(&self, to: &mut Vec<u8>) {
                to.extend(self.to_ne_bytes());
            }
        }
    )*};
}

number!(u8 u16 u32 u64);

macro_rules! address {
    ($($ip:ty: $len:literal)*) => {$(
        impl Value for $ip {
            fn read(bytes: &[u8]) -> Option<Self> {
                Some(Self::from(<[u8; $len]>::try_from(bytes).ok()?))
            }

            fn write(&self, to: &mut Vec<u8>) {
                to.extend(self.octets());
            }
        }
    )*};
}

address!(Ipv4Addr: 4 Ipv6Addr: 16);

impl Value for () {
    fn read(bytes: &[u8]) -> Option<Self> {
        bytes.is_empty().then_some(())
    }

    fn write(&self, _to: &mut Vec<u8>) {}
}

/// Ends with a NUL on the wire.
impl Value for String {
    fn read(bytes: &[u8]) -> Option<Self> {
        let text = bytes.split(|&byte| byte == 0).next()?;
        Some(String::from_utf8_lossy(text).into_owned())
    }

    fn write(&self, to: &mut Vec<u8>) {
        to.extend(self.bytes().chain([0]));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::spec::{attr, Rule, Session, Statement, Variable};

    fn written(attributes: &impl Attributes) -> Vec<u8> {
        let mut to = Writer::default();
        attributes.write(&mut to);
        to.finish().unwrap()
    }

    #[test]
    fn layout() {
        let mut to = Writer::default();
        Statement::MapDelete(7).write(&mut to);
        Statement::PrefixFlush.write(&mut to);
        let set = Variable {
            name: Some("ab".into()),
            ..Variable::default()
        };
        Statement::Set(set).write(&mut to);
        let mut want = Vec::new();
        want.extend(8u16.to_ne_bytes());
        want.extend(attr::statement::MAP_DELETE.to_ne_bytes());
        want.extend(7u32.to_ne_bytes());
        want.extend(4u16.to_ne_bytes());
        want.extend(attr::statement::PREFIX_FLUSH.to_ne_bytes());
        want.extend(12u16.to_ne_bytes());
        want.extend((attr::statement::SET | 0x8000).to_ne_bytes());
        want.extend(7u16.to_ne_bytes());
        want.extend(attr::variable::NAME.to_ne_bytes());
        want.extend(*b"ab\0\0");
        assert_eq!(to.bytes(), want);
    }

    #[test]
    fn overlong_attribute_is_refused() {
        let mut to = Writer::default();
        to.put(1, &"x".repeat(70_000));
        assert_eq!(to.finish(), Err(Malformed));
    }

    #[test]
    fn short_and_unknown() {
        // A length that is shorter than the header, or longer than what is there.
        for len in [0u16, 3, 9] {
            let mut bytes = len.to_ne_bytes().to_vec();
            bytes.extend([1, 0, 9, 9, 9, 9]);
            assert_eq!(Rule::parse(&bytes), Err(Malformed), "{len}");
        }
        let mut to = Writer::default();
        to.put(999, &1u8);
        assert_eq!(Rule::parse(to.bytes()), Ok(Rule::default()));
        let mut to = Writer::default();
        to.put(attr::rule::NUMBER, &1u8);
        assert_eq!(Rule::parse(to.bytes()), Err(Malformed));
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            for attr in Attrs::new(&bytes) {
                prop_assert!(attr.is_ok_and(|attr| attr.payload.len() < bytes.len()) || attr.is_err());
            }
            let _ = Session::parse(&bytes);
        }

        #[test]
        fn what_is_written_is_read(
            number: Option<u32>,
            from: Option<u128>,
            port_min: Option<u16>,
            mappings: Option<u64>,
        ) {
            let rule = Rule {
                number,
                from: from.map(Ipv6Addr::from),
                port_min,
                mappings,
                ..Rule::default()
            };
            prop_assert_eq!(Rule::parse(&written(&rule)), Ok(rule));
        }

        #[test]
        fn text_is_read(name in "[^\0]{0,40}", value: u64) {
            let variable = Variable { name: Some(name), value: Some(value), ..Variable::default() };
            prop_assert_eq!(Variable::parse(&written(&variable)), Ok(variable));
        }
    }
}

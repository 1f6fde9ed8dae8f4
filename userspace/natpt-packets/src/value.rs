// SPDX-License-Identifier: GPL-2.0
//! The value of a field: a number, or what the packet that is looked at has there.

use std::{
    collections::HashMap,
    net::{Ipv4Addr, Ipv6Addr},
};

/// What went wrong with a case, for its reader.
pub type Error = String;

/// Names that were given to values of fields.
pub type Names = HashMap<String, u128>;

/// The value of a field as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A number, or an address.
    Number(u128),
    /// `*`: whatever is there.
    Any,
    /// `$name`: whatever is there the first time, the same from then on.
    Name(String),
}

impl Value {
    /// Reads a number (`10`, `0xff`), an address, `*` or `$name`.
    pub fn parse(text: &str) -> Result<Value, Error> {
        if text == "*" {
            return Ok(Value::Any);
        }
        if let Some(name) = text.strip_prefix('$') {
            return Ok(Value::Name(name.into()));
        }
        let number = match text.strip_prefix("0x") {
            Some(digits) => u128::from_str_radix(digits, 16).ok(),
            None => text.parse().ok(),
        };
        number
            .or_else(|| text.parse::<Ipv4Addr>().ok().map(|it| it.to_bits().into()))
            .or_else(|| text.parse::<Ipv6Addr>().ok().map(Ipv6Addr::to_bits))
            .map(Value::Number)
            .ok_or(format!("'{text}' is no value"))
    }
}

/// Where a field stands in a packet.
#[derive(Clone, Copy)]
pub struct Place {
    /// Its first byte.
    pub at: usize,
    /// How many bytes it touches.
    pub len: usize,
    /// Its bits in them.
    pub mask: u128,
}

impl Place {
    /// A field of whole bytes.
    pub fn bytes(at: usize, len: usize) -> Place {
        let mask = u128::MAX >> (128 - 8 * len);
        Place { at, len, mask }
    }
}

/// What values are looked up in.
pub struct Scope<'a> {
    /// The names so far.
    pub names: &'a mut Names,
    /// The packet that is compared with; none for one that is to be sent.
    pub seen: Option<&'a [u8]>,
}

impl Scope<'_> {
    /// The number that a value stands for.
    pub fn resolve(&mut self, value: &Value, place: Place) -> Result<u128, Error> {
        let number = match value {
            Value::Number(number) => *number,
            Value::Any => self.read(place)?,
            Value::Name(name) => match self.names.get(name) {
                Some(number) => *number,
                None => {
                    let number = self.read(place)?;
                    self.names.insert(name.clone(), number);
                    number
                }
            },
        };
        let most = place.mask >> place.mask.trailing_zeros();
        if number > most {
            return Err(format!("{number} is too big, at most {most} fits"));
        }
        Ok(number)
    }

    fn read(&self, place: Place) -> Result<u128, Error> {
        let Some(seen) = self.seen else {
            return Err("a packet to be sent must be known".into());
        };
        // What is too short differs anyway.
        let bytes = (place.at..place.at + place.len).map(|at| seen.get(at).copied().unwrap_or(0));
        let number = bytes.fold(0, |number, byte| (number << 8) | u128::from(byte));
        Ok((number & place.mask) >> place.mask.trailing_zeros())
    }
}

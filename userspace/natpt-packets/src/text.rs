// SPDX-License-Identifier: GPL-2.0
//! Packets as text: layers one after another, each with its fields.

use crate::value::{Error, Value};

/// The words that begin a layer.
const KINDS: [&str; 24] = [
    "ip6", "ip4", "hbh", "dst", "rh", "frag", "ah", "udp", "tcp", "icmp", "icmp6", "proto",
    "udplite", "dccp", "sctp", "data", "zero", "hex", "quote", "ext", "cut", "part", "pad",
    "patch",
];

/// A layer, or something that is done to those before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// Which one.
    pub kind: String,
    /// Words without a name.
    pub words: Vec<String>,
    /// Fields.
    pub fields: Vec<(String, String)>,
}

/// Reads the layers of a packet.
pub fn layers(text: &str) -> Result<Vec<Layer>, Error> {
    let mut layers: Vec<Layer> = Vec::new();
    for word in text.split_whitespace() {
        if KINDS.contains(&word) {
            layers.push(Layer {
                kind: word.into(),
                words: Vec::new(),
                fields: Vec::new(),
            });
            continue;
        }
        let layer = layers.last_mut();
        let layer = layer.ok_or(format!("'{word}' begins no packet"))?;
        match word.split_once('=') {
            Some((key, value)) => layer.fields.push((key.into(), value.into())),
            None => layer.words.push(word.into()),
        }
    }
    Ok(layers)
}

impl Layer {
    /// Takes the field `key`.
    pub fn field(&mut self, key: &str) -> Result<Option<Value>, Error> {
        self.text(key).map(|text| Value::parse(&text)).transpose()
    }

    /// Takes the field `key` as it is written.
    pub fn text(&mut self, key: &str) -> Option<String> {
        let at = self.fields.iter().position(|(name, _)| name == key)?;
        Some(self.fields.remove(at).1)
    }

    /// Takes the flag `word`.
    pub fn flag(&mut self, word: &str) -> bool {
        let at = self.words.iter().position(|it| it == word);
        at.map(|at| self.words.remove(at)).is_some()
    }

    /// Takes the next word.
    pub fn word(&mut self) -> Option<String> {
        (!self.words.is_empty()).then(|| self.words.remove(0))
    }

    /// Takes the next word, a number that is known.
    pub fn number(&mut self) -> Result<usize, Error> {
        let word = self.word().ok_or(format!("{} wants a number", self.kind))?;
        match Value::parse(&word)? {
            Value::Number(number) => usize::try_from(number).map_err(|error| error.to_string()),
            _ => Err(format!("{} wants a number that is known", self.kind)),
        }
    }

    /// Nothing may be left.
    pub fn done(&self) -> Result<(), Error> {
        match (self.words.first(), self.fields.first()) {
            (None, None) => Ok(()),
            (Some(word), _) => Err(format!("{} knows no '{word}'", self.kind)),
            (_, Some((key, _))) => Err(format!("{} knows no field '{key}'", self.kind)),
        }
    }
}

/// Reads bytes in hexadecimal.
pub fn hex(text: &str) -> Result<Vec<u8>, Error> {
    let bad = || format!("'{text}' are no bytes");
    if text.len() % 2 != 0 {
        return Err(bad());
    }
    (0..text.len())
        .step_by(2)
        .map(|at| {
            text.get(at..at + 2)
                .and_then(|pair| u8::from_str_radix(pair, 16).ok())
        })
        .collect::<Option<_>>()
        .ok_or_else(bad)
}

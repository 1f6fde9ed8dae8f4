// SPDX-License-Identifier: GPL-2.0

//! Changes inputs at random, and keeps those that reach something new.

use fastrand::Rng;

use crate::coverage::Coverage;

/// Longer inputs are slow, and reach no more.
const LONGEST: usize = 2048;
/// Without coverage, so many inputs are kept.
const MOST: usize = 20_000;

/// Parts of messages.
const SCRAPS: [&[u8]; 10] = [
    b"\x03www\x07example\x00",
    b"\xc0\x0c",
    b"\x00\x1c\x00\x01",
    b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\xc6\x33\x64\x0a",
    b"\xc0\x0c\x00\x05\x00\x01\x00\x00\x00\x3c\x00\x02\xc0\x10",
    b"\xc0\x0c\x00\x27\x00\x01\x00\x00\x00\x3c\x00\x02\xc0\x10",
    b"\x00\x00\x06\x00\x01\x00\x00\x00\x3c\x00\x16\x00\x00",
    b"\x00\x00\x29\x04\xd0\x00\x00\x80\x00\x00\x00",
    b"\x04arpa\x00\x00\x0c\x00\x01",
    b"\x00\x00\xfa\x00\xff",
];

pub struct Fuzzer {
    random: Rng,
    inputs: Vec<Vec<u8>>,
    coverage: Coverage,
}

impl Fuzzer {
    pub fn new(seed: u64) -> Self {
        Self {
            random: Rng::with_seed(seed),
            inputs: Vec::new(),
            coverage: Coverage::default(),
        }
    }

    /// Run one input, and keep it if it is of use.
    pub fn run(&mut self, target: fn(&[u8]), input: Vec<u8>) {
        Coverage::clear();
        target(&input);
        if self.coverage.is_new() && self.inputs.len() < MOST {
            self.inputs.push(input);
        }
    }

    /// One that the corpus has, to be kept in any case.
    pub fn seed(&mut self, target: fn(&[u8]), input: Vec<u8>) {
        self.inputs.push(input.clone());
        self.run(target, input);
    }

    pub fn kept(&self) -> usize {
        self.inputs.len()
    }

    pub fn edges(&self) -> usize {
        self.coverage.edges()
    }

    /// The next input.
    pub fn mutant(&mut self) -> Vec<u8> {
        let at = self.random.usize(..self.inputs.len().max(1));
        let mut input = self.inputs.get(at).cloned().unwrap_or_default();
        for _ in 0..1 << self.random.usize(..5) {
            self.change(&mut input);
        }
        input.truncate(LONGEST);
        input
    }

    fn change(&mut self, input: &mut Vec<u8>) {
        let at = self.random.usize(..input.len() + 1);
        let end = (at + self.random.usize(..32)).min(input.len());
        match self.random.usize(..8) {
            0 => {
                if let Some(byte) = input.get_mut(at) {
                    *byte ^= 1 << self.random.usize(..8);
                }
            }
            1 => {
                if let Some(byte) = input.get_mut(at) {
                    *byte = [0, 1, 0x3f, 0x40, 0x7f, 0x80, 0xc0, 0xff][self.random.usize(..8)];
                }
            }
            2 => {
                if let Some(byte) = input.get_mut(at) {
                    let step = self.random.usize(..9) as u8;
                    *byte = byte.wrapping_add(step).wrapping_sub(4);
                }
            }
            3 => drop(input.drain(at..end)),
            4 => {
                let copy = input[at..end].to_vec();
                let to = self.random.usize(..input.len() + 1);
                input.splice(to..to, copy);
            }
            5 => {
                let scrap = SCRAPS[self.random.usize(..SCRAPS.len())];
                input.splice(at..at, scrap.iter().copied());
            }
            6 => {
                let scrap = SCRAPS[self.random.usize(..SCRAPS.len())];
                let end = (at + scrap.len()).min(input.len());
                input.splice(at..end, scrap.iter().copied());
            }
            // The end of another one.
            _ => {
                let other = self.random.usize(..self.inputs.len().max(1));
                let other = self.inputs.get(other).map_or(&[][..], Vec::as_slice);
                let from = self.random.usize(..other.len() + 1);
                input.truncate(at);
                input.extend_from_slice(&other[from..]);
            }
        }
    }
}

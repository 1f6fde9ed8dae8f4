// SPDX-License-Identifier: GPL-2.0
//! Choices that bytes make: random ones in tests, a fuzzer's otherwise.

/// Bytes still to be used.
pub struct Rng<'a>(&'a [u8]);

impl<'a> Rng<'a> {
    /// Choices by these bytes; when they are used up, always the first.
    pub fn new(bytes: &'a [u8]) -> Rng<'a> {
        Rng(bytes)
    }

    /// The next byte.
    pub fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else {
            return 0;
        };
        self.0 = rest;
        *first
    }

    /// The next two bytes.
    pub fn word(&mut self) -> u16 {
        u16::from_be_bytes([self.byte(), self.byte()])
    }

    /// Once in `n` times, and not when there are no more bytes.
    pub fn once_in(&mut self, n: u8) -> bool {
        self.byte() % n == n - 1
    }

    /// One of these.
    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[usize::from(self.byte()) % from.len()]
    }

    /// Mostly the first of these, else any.
    pub fn mostly<T: Copy>(&mut self, from: &[T]) -> T {
        match self.byte() {
            0..=191 => from[0],
            byte => from[usize::from(byte) % from.len()],
        }
    }

    /// The next four bytes.
    pub fn number(&mut self) -> u32 {
        (u32::from(self.word()) << 16) | u32::from(self.word())
    }

    /// All that is left.
    pub fn rest(&self) -> &'a [u8] {
        self.0
    }
}

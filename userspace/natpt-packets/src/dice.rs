// SPDX-License-Identifier: GPL-2.0
//! Choices that octets make: random ones in tests, a fuzzer's otherwise.

/// Octets still to be used.
pub struct Dice<'a>(&'a [u8]);

impl<'a> Dice<'a> {
    /// Choices by these octets; when they are used up, always the first.
    pub fn new(octets: &'a [u8]) -> Dice<'a> {
        Dice(octets)
    }

    /// The next octet.
    pub fn octet(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else {
            return 0;
        };
        self.0 = rest;
        *first
    }

    /// The next two octets.
    pub fn word(&mut self) -> u16 {
        u16::from_be_bytes([self.octet(), self.octet()])
    }

    /// Once in `n` times, and not when there are no more octets.
    pub fn once_in(&mut self, n: u8) -> bool {
        self.octet() % n == n - 1
    }

    /// One of these.
    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[usize::from(self.octet()) % from.len()]
    }

    /// Mostly the first of these, else any.
    pub fn mostly<T: Copy>(&mut self, from: &[T]) -> T {
        match self.octet() {
            0..=191 => from[0],
            octet => from[usize::from(octet) % from.len()],
        }
    }

    /// The next four octets.
    pub fn number(&mut self) -> u32 {
        (u32::from(self.word()) << 16) | u32::from(self.word())
    }

    /// All that is left.
    pub fn rest(&self) -> &'a [u8] {
        self.0
    }
}

/// Octets that look random, the same for the same seed (splitmix64).
pub struct Random(u64);

impl Random {
    /// Begins anew.
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    /// Fills `octets`.
    pub fn fill(&mut self, octets: &mut [u8]) {
        for chunk in octets.chunks_mut(8) {
            chunk.copy_from_slice(&self.number().to_be_bytes()[..chunk.len()]);
        }
    }
}

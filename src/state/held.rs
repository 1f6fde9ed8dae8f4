// SPDX-License-Identifier: GPL-2.0

//! Ports that were given back and wait before they are given out again.

use crate::{
    linux::{array::Array, memory::Account, sys},
    nat::options::{Id, Values},
    xlate::proto,
};
use kernel::prelude::*;

/// The ports, in the order in which they came: a ring.
pub(super) struct Held {
    ring: Array<u64>,
    /// Place of the first.
    first: usize,
    len: usize,
}

impl Held {
    /// A ring without a place.
    pub(super) fn new(account: Account) -> Result<Self> {
        Ok(Self {
            ring: Array::zeroes(account, 0)?,
            first: 0,
            len: 0,
        })
    }

    /// Gets as many places as are wanted now, if there is memory. TCP wants none: its sessions know
    /// when their peers have done.
    #[inline(always)]
    pub(super) fn grow(&mut self, account: Account, proto: u8, values: &Values) {
        let room = values.get(Id::HeldPorts) as usize;
        if proto != proto::TCP && room > self.ring.len() {
            self.grow_to(account, room);
        }
    }

    #[cold]
    fn grow_to(&mut self, account: Account, room: usize) {
        // Better none waits than that none is given out.
        let Ok(mut ring) = Array::zeroes(account, room) else {
            return;
        };
        for (n, to) in ring.iter_mut().take(self.len).enumerate() {
            *to = self.ring.get(self.place(n)).copied().unwrap_or(0);
        }
        self.ring = ring;
        self.first = 0;
    }

    /// The room, in which others may want less than there is.
    fn most(&self, values: &Values) -> usize {
        match values.get(Id::PortHold) {
            0 => 0,
            _ => self.ring.len().min(values.get(Id::HeldPorts) as usize),
        }
    }

    /// Adds a port, if there may be one more; else it is free at once.
    pub(super) fn push(&mut self, port: u16, values: &Values) -> Option<u16> {
        if self.len >= self.most(values) {
            return Some(port);
        }
        let place = self.place(self.len);
        if let Some(entry) = self.ring.get_mut(place) {
            *entry = u64::from(sys::jiffies()) << 16 | u64::from(port);
        }
        self.len = self.len.wrapping_add(1);
        None
    }

    /// The first port, if it has waited for its time.
    pub(super) fn pop(&mut self, values: &Values) -> Option<u16> {
        if self.len == 0 {
            return None;
        }
        let entry = *self.ring.get(self.first)?;
        let waited = sys::jiffies().wrapping_sub((entry >> 16) as u32);
        let span = values.get(Id::PortHold).saturating_mul(sys::hz());
        if waited < span && self.len <= self.most(values) {
            return None;
        }
        self.first = self.place(1);
        self.len = self.len.wrapping_sub(1);
        Some(entry as u16)
    }

    /// The place of the n-th port.
    fn place(&self, n: usize) -> usize {
        let place = self.first.wrapping_add(n);
        place.checked_rem(self.ring.len()).unwrap_or(0)
    }
}

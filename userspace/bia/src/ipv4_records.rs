// SPDX-License-Identifier: GPL-2.0
//! The IPv4 addresses that a name has itself.

use core::{
    ffi::CStr,
    net::{Ipv4Addr, Ipv6Addr},
};

use libc::{c_char, c_int, in_addr};

use crate::{
    excluded::{counts6, is_usable4, wins},
    pool,
};

/// Number of addresses that are remembered.
const MOST: usize = 16;

extern "C" {
    fn inet_aton(text: *const c_char, addr: *mut in_addr) -> c_int;
}

/// Those of a name none of which is of use now.
pub struct Ipv4Records {
    addrs: [Ipv4Addr; MOST],
    count: usize,
    exist: bool,
}

impl Ipv4Records {
    /// The name has none.
    pub const NONE: Ipv4Records = Ipv4Records {
        addrs: [Ipv4Addr::UNSPECIFIED; MOST],
        count: 0,
        exist: false,
    };

    /// Those of an answer; None: one of them is of use, so the answer stands.
    pub fn of(answer: impl Iterator<Item = Ipv4Addr>) -> Option<Ipv4Records> {
        let mut records = Ipv4Records::NONE;
        for addr in answer {
            records.exist = true;
            if !is_usable4(addr) {
                continue;
            }
            if wins(addr) {
                return None;
            }
            if let Some(place) = records.addrs.get_mut(records.count) {
                *place = addr;
                records.count = records.count.wrapping_add(1);
            }
        }
        Some(records)
    }

    /// True if the name has any, of use or not.
    pub fn exist(&self) -> bool {
        self.exist
    }

    /// The address that stands for an IPv6 address of the name, the one of this number, if that
    /// counts. Each goes with one of these: they take turns.
    pub fn stand_in(&self, number: usize, addr: Ipv6Addr) -> Option<Ipv4Addr> {
        let turn = number.checked_rem(self.count);
        let native = turn.and_then(|turn| self.addrs.get(turn).copied());
        counts6(addr, self.exist).then(|| pool::stand_in_with(addr, native))?
    }
}

/// True if a name is an address: such a one has no other.
pub unsafe fn is_literal(name: *const c_char) -> bool {
    let mut addr = in_addr { s_addr: 0 };
    // SAFETY: a C string, and room for an address.
    unsafe {
        CStr::from_ptr(name).to_bytes().contains(&b':') || inet_aton(name, &raw mut addr) != 0
    }
}

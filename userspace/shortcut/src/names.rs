// SPDX-License-Identifier: GPL-2.0
//! getaddrinfo: a host without IPv4 addresses has IPv4 all the same.

use core::mem::zeroed;

use libc::{addrinfo, c_char, c_int, AI_ADDRCONFIG, AI_V4MAPPED};
use preload::real;

use crate::config;

/// getaddrinfo(3)
#[no_mangle]
unsafe extern "C" fn getaddrinfo(
    node: *const c_char,
    service: *const c_char,
    hints: *const addrinfo,
    result: *mut *mut addrinfo,
) -> c_int {
    // SAFETY: the contract is that of the C library's function.
    unsafe {
        if config::get().is_none() {
            return real::getaddrinfo(node, service, hints, result);
        }
        let mut copy = match hints.as_ref() {
            Some(hints) => *hints,
            // what the C library takes for none
            None => addrinfo {
                ai_flags: AI_V4MAPPED | AI_ADDRCONFIG,
                ..zeroed()
            },
        };
        copy.ai_flags &= !AI_ADDRCONFIG;
        real::getaddrinfo(node, service, &copy, result)
    }
}

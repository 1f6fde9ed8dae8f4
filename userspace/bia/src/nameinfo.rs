// SPDX-License-Identifier: GPL-2.0
//! getnameinfo: the name of an address that we handed out is that of the address behind it.

use libc::{c_char, c_int, sockaddr, socklen_t, EAI_NONAME, NI_NAMEREQD, NI_NUMERICHOST};
use preload::{
    real,
    sockaddr::{read, v6, Given, LEN6},
};

use crate::pool;

/// getnameinfo(3)
#[no_mangle]
unsafe extern "C" fn getnameinfo(
    addr: *const sockaddr,
    len: socklen_t,
    host: *mut c_char,
    host_len: socklen_t,
    service: *mut c_char,
    service_len: socklen_t,
    flags: c_int,
) -> c_int {
    // SAFETY: the contract is that of the C library's function.
    unsafe {
        let behind = match read(addr, len) {
            Given::V4(addr) if flags & NI_NUMERICHOST == 0 && !host.is_null() => {
                pool::behind(*addr.ip()).map(|ip| v6(ip, addr.port()))
            }
            _ => None,
        };
        let call = |addr, len, flags| {
            real::getnameinfo(addr, len, host, host_len, service, service_len, flags)
        };
        let Some(behind) = behind else {
            return call(addr, len, flags);
        };
        // without a name, its text is that of the address that the program knows
        let status = call(
            (&raw const behind).cast(),
            LEN6 as socklen_t,
            flags | NI_NAMEREQD,
        );
        if status == EAI_NONAME && flags & NI_NAMEREQD == 0 {
            return call(addr, len, flags | NI_NUMERICHOST);
        }
        status
    }
}

// SPDX-License-Identifier: GPL-2.0
//! connect, bind, listen, accept, and the names of both ends.

use core::net::{Ipv6Addr, SocketAddrV4};

use libc::{c_int, sockaddr, socklen_t};

use super::{
    address::{local, peer, target, towards, wants},
    give_way,
    lifetime::{forget, replace},
    mapped,
};
use crate::{
    descriptor::{self, Word},
    errno,
    library::{Library, Use},
    option::kind,
    real, route,
    sockaddr::{self as address, is_wanted, no_family, Given, Storage, LEN4, LEN6},
};

/// connect(2)
#[inline(always)]
pub unsafe fn connect<L: Library>(fd: c_int, addr: *const sockaddr, len: socklen_t) -> c_int {
    unsafe {
        if descriptor::get(fd) == Word::FOREIGN && !wants::<L>(addr, len, Use::Connect) {
            return real::connect(fd, addr, len);
        }
        connect_ours::<L>(fd, addr, len)
    }
}

#[inline(never)]
unsafe fn connect_ours<L: Library>(fd: c_int, addr: *const sockaddr, len: socklen_t) -> c_int {
    unsafe {
        let mapped = match descriptor::get(fd).is_ours() {
            true => None,
            false => mapped::destination::<L>(fd, addr, len),
        };
        let given = match mapped {
            Some(to) => Given::V4(to),
            None => address::read(addr, len),
        };
        let before = errno::get();
        let native = match given {
            Given::V4(to) => native::<L>(fd, to),
            _ => None,
        };
        // IPv4 has come since its name was looked up (RFC 6535 section 4.5)
        if let Some(native) = native.filter(|native| route::exists(*native.ip())) {
            return connect_native(fd, native, mapped.is_some());
        }
        match mapped {
            Some(_) => mapped::mark::<L>(fd),
            // it may go elsewhere than before
            None if descriptor::get(fd).is_mapped() => replace::<L>(fd, Word::FOREIGN),
            None => {}
        }
        let converted = match given {
            Given::V4(to) if descriptor::get(fd) == Word::FOREIGN => {
                if !L::convert(fd, to, Use::Connect) {
                    return real::connect(fd, addr, len);
                }
                true
            }
            _ => false,
        };
        let word = descriptor::get(fd);
        match given {
            Given::V4(to) => {
                // held before, lest the address becomes another's meanwhile
                let slot = L::hold(target::<L>(word, *to.ip()));
                replace::<L>(fd, word.with_slot(slot));
                let mut result = towards::<L>(word, to, |_, to| {
                    real::connect(fd, to, LEN6 as socklen_t) as isize
                }) as c_int;
                if let Some(native) = native.filter(|_| result < 0) {
                    result = connect_instead(fd, native, mapped.is_some(), before);
                }
                if converted {
                    L::converted(fd);
                }
                result
            }
            Given::Other if descriptor::get(fd).is_ours() => {
                let none = no_family();
                real::connect(fd, (&raw const none).cast(), LEN6 as socklen_t)
            }
            Given::Unspecified(_) | Given::Other | Given::Bad => real::connect(fd, addr, len),
        }
    }
}

/// The place where a stream socket may go instead of to `to`: to the same host, over IPv4.
fn native<L: Library>(fd: c_int, to: SocketAddrV4) -> Option<SocketAddrV4> {
    let native = L::native(*to.ip())?;
    (kind(fd) == Some(libc::SOCK_STREAM)).then(|| SocketAddrV4::new(native, to.port()))
}

fn connect_native(fd: c_int, to: SocketAddrV4, mapped: bool) -> c_int {
    // SAFETY: addresses and their lengths.
    unsafe {
        if mapped || descriptor::get(fd).is_ours() {
            let to = address::v6(to.ip().to_ipv6_mapped(), to.port());
            return real::connect(fd, (&raw const to).cast(), LEN6 as socklen_t);
        }
        let to = address::v4(to);
        real::connect(fd, (&raw const to).cast(), LEN4 as socklen_t)
    }
}

/// A host refuses over IPv6: perhaps not over IPv4 (RFC 3338 section 5.5). `before` was `errno`.
fn connect_instead(fd: c_int, to: SocketAddrV4, mapped: bool, before: c_int) -> c_int {
    let error = errno::get();
    let refused = matches!(
        error,
        libc::ECONNREFUSED
            | libc::ECONNRESET
            | libc::ETIMEDOUT
            | libc::EHOSTUNREACH
            | libc::ENETUNREACH
            | libc::EADDRNOTAVAIL
    );
    if !refused {
        return -1;
    }
    if connect_native(fd, to, mapped) == 0 {
        errno::set(before);
        return 0;
    }
    if errno::get() != libc::EINPROGRESS {
        errno::set(error);
    }
    -1
}

/// bind(2)
#[inline(always)]
pub unsafe fn bind<L: Library>(fd: c_int, addr: *const sockaddr, len: socklen_t) -> c_int {
    unsafe {
        if !descriptor::get(fd).is_ours() && !wants::<L>(addr, len, Use::Bind) {
            if address::family(addr, len) == libc::AF_INET6 {
                give_way::to::<L>(fd, addr, len);
            }
            return real::bind(fd, addr, len);
        }
        bind_ours::<L>(fd, addr, len)
    }
}

#[inline(never)]
unsafe fn bind_ours<L: Library>(fd: c_int, addr: *const sockaddr, len: socklen_t) -> c_int {
    unsafe {
        let given = address::read(addr, len);
        let mut converted = false;
        if let (Given::V4(to), false) = (given, descriptor::get(fd).is_ours()) {
            if !L::convert(fd, to, Use::Bind) {
                return real::bind(fd, addr, len);
            }
            converted = true;
        }
        let result = match given {
            Given::V4(to) => bind_to::<L>(fd, to),
            // as IPv4 sockets have it
            Given::Unspecified(to) if to.ip().is_unspecified() => bind_to::<L>(fd, to),
            Given::Unspecified(_) | Given::Other => {
                let none = no_family();
                real::bind(fd, (&raw const none).cast(), LEN6 as socklen_t)
            }
            Given::Bad => real::bind(fd, addr, len),
        };
        if converted {
            L::converted(fd);
        }
        result
    }
}

/// Bind to what stands for `addr`; to IPv4 alone where another has the port for IPv6.
unsafe fn bind_to<L: Library>(fd: c_int, addr: SocketAddrV4) -> c_int {
    let word = descriptor::get(fd);
    let bind = |ip: Ipv6Addr, word: Word| {
        let to = address::v6(ip, addr.port());
        // SAFETY: an address and its length.
        let result = unsafe { real::bind(fd, (&raw const to).cast(), LEN6 as socklen_t) };
        if result == 0 {
            descriptor::set(fd, word);
        }
        result
    };
    if *addr.ip() == L::own() {
        return bind(Ipv6Addr::UNSPECIFIED, word.own());
    }
    if !addr.ip().is_unspecified() {
        return match L::bound(*addr.ip()) {
            Some(ip) => bind(ip, word),
            None => bind(addr.ip().to_ipv6_mapped(), word.fixed()),
        };
    }
    let result = bind(Ipv6Addr::UNSPECIFIED, word);
    if result < 0 && matches!(errno::get(), libc::EADDRINUSE | libc::EADDRNOTAVAIL) {
        return bind(addr.ip().to_ipv6_mapped(), word.fixed());
    }
    result
}

/// listen(2)
#[inline(always)]
pub unsafe fn listen<L: Library>(fd: c_int, backlog: c_int) -> c_int {
    unsafe {
        if !descriptor::get(fd).is_ours() {
            L::listening(fd);
        }
        let before = errno::get();
        let mut result = real::listen(fd, backlog);
        if result < 0 && errno::get() == libc::EADDRINUSE && give_way::listening::<L>(fd) {
            errno::set(before);
            result = real::listen(fd, backlog);
        }
        result
    }
}

/// accept(2)
#[inline(always)]
pub unsafe fn accept<L: Library>(fd: c_int, addr: *mut sockaddr, len: *mut socklen_t) -> c_int {
    unsafe {
        if descriptor::get(fd).is_ours() {
            return accept_ours::<L>(fd, addr, len, 0);
        }
        forget::<L>(real::accept(fd, addr, len))
    }
}

/// accept4(2)
#[inline(always)]
pub unsafe fn accept4<L: Library>(
    fd: c_int,
    addr: *mut sockaddr,
    len: *mut socklen_t,
    flags: c_int,
) -> c_int {
    unsafe {
        if descriptor::get(fd).is_ours() {
            return accept_ours::<L>(fd, addr, len, flags);
        }
        forget::<L>(real::accept4(fd, addr, len, flags))
    }
}

#[inline(never)]
unsafe fn accept_ours<L: Library>(
    fd: c_int,
    addr: *mut sockaddr,
    len: *mut socklen_t,
    flags: c_int,
) -> c_int {
    unsafe {
        if !addr.is_null() && !is_wanted(addr, len) {
            return real::accept4(fd, addr, len, flags);
        }
        let mut from = Storage::new();
        let new = real::accept4(fd, from.addr(), from.len(), flags);
        if new < 0 {
            return new;
        }
        let slot = from.v6().and_then(|(ip, _)| L::hold(ip));
        replace::<L>(new, Word::OURS.with_slot(slot));
        if !addr.is_null() {
            from.give(peer::<L>, addr, len);
        }
        new
    }
}

/// getsockname(2)
#[inline(always)]
pub unsafe fn getsockname<L: Library>(
    fd: c_int,
    addr: *mut sockaddr,
    len: *mut socklen_t,
) -> c_int {
    unsafe {
        if !descriptor::get(fd).is_ours() {
            return real::getsockname(fd, addr, len);
        }
        sockname_ours::<L>(fd, addr, len)
    }
}

#[inline(never)]
unsafe fn sockname_ours<L: Library>(fd: c_int, addr: *mut sockaddr, len: *mut socklen_t) -> c_int {
    unsafe {
        if !is_wanted(addr, len) {
            return refused(real::getsockname(fd, addr, len), len);
        }
        let mut name = Storage::new();
        let result = real::getsockname(fd, name.addr(), name.len());
        if result == 0 {
            name.give(|ip| local::<L>(descriptor::get(fd), ip), addr, len);
        }
        result
    }
}

/// getpeername(2)
#[inline(always)]
pub unsafe fn getpeername<L: Library>(
    fd: c_int,
    addr: *mut sockaddr,
    len: *mut socklen_t,
) -> c_int {
    unsafe {
        if descriptor::get(fd) == Word::FOREIGN {
            return real::getpeername(fd, addr, len);
        }
        peername_ours::<L>(fd, addr, len)
    }
}

#[inline(never)]
unsafe fn peername_ours<L: Library>(fd: c_int, addr: *mut sockaddr, len: *mut socklen_t) -> c_int {
    unsafe {
        let word = descriptor::get(fd);
        if !is_wanted(addr, len) {
            let result = real::getpeername(fd, addr, len);
            return if word.is_ours() {
                refused(result, len)
            } else {
                result
            };
        }
        let mut name = Storage::new();
        let result = real::getpeername(fd, name.addr(), name.len());
        if result == 0 {
            give_peer::<L>(word, &name, addr, len);
        }
        result
    }
}

/// Give the program the name of a peer, in the family that it knows.
pub unsafe fn give_peer<L: Library>(
    word: Word,
    name: &Storage,
    addr: *mut sockaddr,
    len: *mut socklen_t,
) {
    // SAFETY: as the C library's function has it.
    unsafe {
        match word.is_ours() {
            true => name.give(peer::<L>, addr, len),
            false => mapped::give::<L>(name, addr, len),
        }
    }
}

/// The kernel refuses to write a name, and tells its length nevertheless.
unsafe fn refused(result: c_int, len: *mut socklen_t) -> c_int {
    // SAFETY: null, or the program's.
    unsafe {
        if !len.is_null() && *len as usize == LEN6 {
            *len = LEN4 as socklen_t;
        }
    }
    result
}

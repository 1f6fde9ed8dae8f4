// SPDX-License-Identifier: GPL-2.0
//! sendto, sendmsg, sendmmsg.

use core::{
    mem::size_of,
    net::{Ipv6Addr, SocketAddrV4},
    slice,
};

use libc::{c_int, c_uint, c_void, mmsghdr, msghdr, size_t, sockaddr, socklen_t, ssize_t};

use super::{
    address::{source, towards, wants},
    mapped,
    message::{all, all_plain, is_plain, Control},
};
use crate::{
    control,
    descriptor::{self, Word},
    errno,
    library::{Library, Use},
    option::kind,
    real,
    sockaddr::{self as address, Given, Storage, LEN6},
};

/// More control messages than a program sends with one datagram.
const SENT: usize = 512;

/// sendto(2)
#[inline(always)]
pub unsafe fn sendto<L: Library>(
    fd: c_int,
    data: *const c_void,
    size: size_t,
    flags: c_int,
    addr: *const sockaddr,
    len: socklen_t,
) -> ssize_t {
    unsafe {
        if addr.is_null()
            || descriptor::get(fd) == Word::FOREIGN && !wants::<L>(addr, len, Use::Send)
        {
            return real::sendto(fd, data, size, flags, addr, len);
        }
        sendto_ours::<L>(fd, data, size, flags, addr, len)
    }
}

#[inline(never)]
unsafe fn sendto_ours<L: Library>(
    fd: c_int,
    data: *const c_void,
    size: size_t,
    flags: c_int,
    addr: *const sockaddr,
    len: socklen_t,
) -> ssize_t {
    unsafe {
        let native = || real::sendto(fd, data, size, flags, addr, len);
        match destination::<L>(fd, addr, len) {
            Destination::V4(to) => send::<L>(fd, to, |_, to| {
                real::sendto(fd, data, size, flags, to, LEN6 as socklen_t)
            }),
            Destination::Native => native(),
            Destination::Refused => errno::fail(libc::EAFNOSUPPORT) as ssize_t,
        }
    }
}

/// The destination that a program wants to send to.
enum Destination {
    V4(SocketAddrV4),
    /// The destination as the kernel sees it.
    Native,
    /// The family is not the socket's.
    Refused,
}

unsafe fn destination<L: Library>(fd: c_int, addr: *const sockaddr, len: socklen_t) -> Destination {
    let ours = descriptor::get(fd).is_ours();
    // SAFETY: the program's address, of this length.
    if let (false, Some(to)) = (ours, unsafe { mapped::destination::<L>(fd, addr, len) }) {
        mapped::mark::<L>(fd);
        return Destination::V4(to);
    }
    // SAFETY: as above.
    match unsafe { address::read(addr, len) } {
        Given::V4(to) if ours || L::convert(fd, to, Use::Send) => Destination::V4(to),
        // datagram sockets take AF_UNSPEC for AF_INET
        Given::Unspecified(to) if ours => Destination::V4(to),
        // stream sockets do not look at it
        Given::Other if ours && kind(fd) == Some(libc::SOCK_DGRAM) => Destination::Refused,
        _ => Destination::Native,
    }
}

/// Send to what stands for `to`, from a socket that is ours.
fn send<L: Library>(
    fd: c_int,
    to: SocketAddrV4,
    call: impl Fn(Ipv6Addr, *const sockaddr) -> isize,
) -> isize {
    let result = towards::<L>(descriptor::get(fd), to, call);
    L::converted(fd);
    result
}

/// sendmsg(2)
#[inline(always)]
pub unsafe fn sendmsg<L: Library>(fd: c_int, message: *const msghdr, flags: c_int) -> ssize_t {
    unsafe {
        if message.is_null()
            || descriptor::get(fd) == Word::FOREIGN
                && !wants::<L>((*message).msg_name.cast(), name_len(&*message), Use::Send)
            || is_plain(&*message)
        {
            return real::sendmsg(fd, message, flags);
        }
        sendmsg_ours::<L>(fd, &*message, flags)
    }
}

/// The kernel takes the start of a name that is too long.
#[inline(always)]
fn name_len(message: &msghdr) -> socklen_t {
    const LONGEST: i32 = size_of::<libc::sockaddr_storage>() as i32;
    (message.msg_namelen as i32).min(LONGEST) as socklen_t
}

#[inline(never)]
unsafe fn sendmsg_ours<L: Library>(fd: c_int, message: &msghdr, flags: c_int) -> ssize_t {
    unsafe {
        let mut copy = *message;
        let destination = if message.msg_name.is_null() {
            Destination::Native
        } else {
            destination::<L>(fd, message.msg_name.cast(), name_len(message))
        };
        if let Destination::Refused = destination {
            return errno::fail(libc::EAFNOSUPPORT) as ssize_t;
        }
        let word = descriptor::get(fd);
        if !word.is_ours() {
            let Destination::V4(to) = destination else {
                return real::sendmsg(fd, message, flags);
            };
            return send::<L>(fd, to, |_, to| {
                let mut copy = copy;
                copy.msg_name = to.cast_mut().cast();
                copy.msg_namelen = LEN6 as socklen_t;
                real::sendmsg(fd, &copy, flags)
            });
        }
        let mut room = Control([0; SENT]);
        let mut from = Ipv6Addr::UNSPECIFIED;
        // stream sockets do not look at those of IP
        if !message.msg_control.is_null()
            && message.msg_controllen > 0
            && kind(fd) == Some(libc::SOCK_DGRAM)
        {
            let given = slice::from_raw_parts(message.msg_control.cast(), message.msg_controllen);
            let source = |addr| {
                from = source::<L>(addr);
                from
            };
            match control::outgoing(given, source, &mut room.0) {
                Ok(used) => {
                    copy.msg_control = room.0.as_mut_ptr().cast();
                    copy.msg_controllen = used;
                }
                Err(error) => return errno::fail(error) as ssize_t,
            }
        }
        // what goes by IPv4 keeps the messages for IPv4
        let call = |copy: msghdr, ip: Option<Ipv6Addr>| {
            let mut copy = copy;
            if ip.is_some_and(|ip| ip.to_ipv4_mapped().is_some()) {
                copy.msg_control = message.msg_control;
                copy.msg_controllen = message.msg_controllen;
            }
            let result = real::sendmsg(fd, &copy, flags);
            // the source is no IPv6 address of this host
            if result < 0 && errno::get() == libc::EINVAL && !from.is_unspecified() {
                errno::set(libc::ENETUNREACH);
            }
            result
        };
        match destination {
            Destination::V4(to) => send::<L>(fd, to, |ip, to| {
                let mut copy = copy;
                copy.msg_name = to.cast_mut().cast();
                copy.msg_namelen = LEN6 as socklen_t;
                call(copy, Some(ip))
            }),
            _ => {
                let mut name = Storage::new();
                let connected = errno::keep(|| real::getpeername(fd, name.addr(), name.len())) == 0;
                call(copy, name.v6().filter(|_| connected).map(|(ip, _)| ip))
            }
        }
    }
}

/// sendmmsg(2)
#[inline(always)]
pub unsafe fn sendmmsg<L: Library>(
    fd: c_int,
    messages: *mut mmsghdr,
    count: c_uint,
    flags: c_int,
) -> c_int {
    unsafe {
        if descriptor::get(fd) == Word::FOREIGN && !any_wanted::<L>(messages, count)
            || all_plain(messages, count)
        {
            return real::sendmmsg(fd, messages, count, flags);
        }
        sendmmsg_ours::<L>(fd, messages, count, flags)
    }
}

unsafe fn any_wanted<L: Library>(messages: *const mmsghdr, count: c_uint) -> bool {
    // SAFETY: so many messages are there.
    unsafe { all(messages, count) }
        .iter()
        .any(|message| unsafe {
            let header = &message.msg_hdr;
            wants::<L>(header.msg_name.cast(), name_len(header), Use::Send)
        })
}

#[inline(never)]
unsafe fn sendmmsg_ours<L: Library>(
    fd: c_int,
    messages: *mut mmsghdr,
    count: c_uint,
    flags: c_int,
) -> c_int {
    let before = errno::get();
    let mut sent = 0;
    for at in 0..count.min(libc::UIO_MAXIOV as c_uint) {
        unsafe {
            let message = messages.add(at as usize);
            let result = sendmsg::<L>(fd, &(*message).msg_hdr, flags);
            if result < 0 {
                if sent == 0 {
                    return -1;
                }
                errno::set(before);
                return sent;
            }
            (*message).msg_len = result as c_uint;
        }
        sent = sent.wrapping_add(1);
    }
    sent
}

// SPDX-License-Identifier: GPL-2.0
//! sendto, sendmsg, sendmmsg and their counterparts.

use core::{
    mem::size_of,
    net::{Ipv6Addr, SocketAddrV4},
    ptr::null_mut,
    slice,
};

use libc::{
    c_int, c_uint, c_void, mmsghdr, msghdr, size_t, sockaddr, socklen_t, ssize_t, timespec,
};

use super::address::{local, peer, source, towards, wants};
use crate::{
    control,
    descriptor::{self, Word},
    errno,
    library::{Library, Use},
    option::kind,
    real,
    sockaddr::{self as address, is_wanted, Given, Storage, LEN6},
};

/// More control messages than a program sends with one datagram.
const SENT: usize = 512;
/// More control messages than the kernel has for one datagram.
const RECEIVED: usize = 2048;

#[repr(C, align(8))]
struct Control<const SIZE: usize>([u8; SIZE]);

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
        if addr.is_null() || !descriptor::get(fd).is_ours() && !wants::<L>(addr, len, Use::Send) {
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
            || !descriptor::get(fd).is_ours()
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

/// True if a message has neither name nor control messages.
fn is_plain(message: &msghdr) -> bool {
    message.msg_name.is_null() && (message.msg_control.is_null() || message.msg_controllen == 0)
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
        if !descriptor::get(fd).is_ours() {
            return real::sendmsg(fd, message, flags);
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
        if !descriptor::get(fd).is_ours() && !any_wanted::<L>(messages, count)
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

unsafe fn all_plain(messages: *const mmsghdr, count: c_uint) -> bool {
    // SAFETY: so many messages are there.
    unsafe { all(messages, count) }
        .iter()
        .all(|message| is_plain(&message.msg_hdr))
}

/// The messages; more than the kernel takes at once do not count.
unsafe fn all<'a>(messages: *const mmsghdr, count: c_uint) -> &'a [mmsghdr] {
    if messages.is_null() {
        return &[];
    }
    // SAFETY: so many messages are there.
    unsafe { slice::from_raw_parts(messages, count.min(libc::UIO_MAXIOV as c_uint) as usize) }
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

/// recvfrom(2)
#[inline(always)]
pub unsafe fn recvfrom<L: Library>(
    fd: c_int,
    data: *mut c_void,
    size: size_t,
    flags: c_int,
    addr: *mut sockaddr,
    len: *mut socklen_t,
) -> ssize_t {
    unsafe {
        if addr.is_null() || !descriptor::get(fd).is_ours() || !is_wanted(addr, len) {
            return real::recvfrom(fd, data, size, flags, addr, len);
        }
        recvfrom_ours::<L>(fd, data, size, flags, addr, len)
    }
}

#[inline(never)]
unsafe fn recvfrom_ours<L: Library>(
    fd: c_int,
    data: *mut c_void,
    size: size_t,
    flags: c_int,
    addr: *mut sockaddr,
    len: *mut socklen_t,
) -> ssize_t {
    unsafe {
        let mut from = Storage::new();
        let result = real::recvfrom(fd, data, size, flags, from.addr(), from.len());
        if result >= 0 {
            from.give(peer::<L>, addr, len);
        }
        result
    }
}

/// recvfrom(2), as programs call it that are compiled with _FORTIFY_SOURCE
#[inline(always)]
pub unsafe fn recvfrom_chk<L: Library>(
    fd: c_int,
    data: *mut c_void,
    size: size_t,
    room: size_t,
    flags: c_int,
    addr: *mut sockaddr,
    len: *mut socklen_t,
) -> ssize_t {
    unsafe {
        // one that is too long ends the program, there
        if size > room || !descriptor::get(fd).is_ours() {
            return real::__recvfrom_chk(fd, data, size, room, flags, addr, len);
        }
        recvfrom::<L>(fd, data, size, flags, addr, len)
    }
}

/// recvmsg(2)
#[inline(always)]
pub unsafe fn recvmsg<L: Library>(fd: c_int, message: *mut msghdr, flags: c_int) -> ssize_t {
    unsafe {
        let word = descriptor::get(fd);
        if !word.is_ours() || message.is_null() || is_plain(&*message) {
            return real::recvmsg(fd, message, flags);
        }
        recvmsg_ours::<L>(fd, word, &mut *message, flags)
    }
}

#[inline(never)]
unsafe fn recvmsg_ours<L: Library>(
    fd: c_int,
    word: Word,
    message: &mut msghdr,
    flags: c_int,
) -> ssize_t {
    unsafe {
        let named = !message.msg_name.is_null();
        if named && (message.msg_namelen as i32) < 0 {
            return real::recvmsg(fd, message, flags);
        }
        let mut from = Storage::new();
        let mut room = Control([0; RECEIVED]);
        let mut copy = *message;
        if named {
            copy.msg_name = from.addr().cast();
            copy.msg_namelen = *from.len();
        }
        let controlled = !message.msg_control.is_null() && message.msg_controllen > 0;
        copy.msg_control = null_mut();
        copy.msg_controllen = 0;
        if controlled {
            copy.msg_control = room.0.as_mut_ptr().cast();
            copy.msg_controllen = RECEIVED;
        }
        let result = real::recvmsg(fd, &mut copy, flags);
        if result < 0 {
            return result;
        }
        if named {
            from.set_len(copy.msg_namelen);
            from.give(peer::<L>, message.msg_name.cast(), &mut message.msg_namelen);
        }
        message.msg_flags = copy.msg_flags;
        message.msg_controllen = if controlled {
            let given = room.0.get(..copy.msg_controllen).unwrap_or_default();
            let to = slice::from_raw_parts_mut(message.msg_control.cast(), message.msg_controllen);
            let taken = control::incoming(given, to, peer::<L>, |ip| local::<L>(word, ip));
            if taken.truncated {
                message.msg_flags |= libc::MSG_CTRUNC;
            }
            taken.used
        } else {
            0
        };
        result
    }
}

/// recvmmsg(2)
#[inline(always)]
pub unsafe fn recvmmsg<L: Library>(
    fd: c_int,
    messages: *mut mmsghdr,
    count: c_uint,
    flags: c_int,
    timeout: *mut timespec,
) -> c_int {
    unsafe {
        if !descriptor::get(fd).is_ours() || all_plain(messages, count) {
            return real::recvmmsg(fd, messages, count, flags, timeout);
        }
        recvmmsg_ours::<L>(fd, messages, count, flags, timeout)
    }
}

#[inline(never)]
unsafe fn recvmmsg_ours<L: Library>(
    fd: c_int,
    messages: *mut mmsghdr,
    count: c_uint,
    flags: c_int,
    timeout: *mut timespec,
) -> c_int {
    unsafe {
        let end = if timeout.is_null() {
            None
        } else if is_time(&*timeout) {
            Some(nanoseconds(&now()).saturating_add(nanoseconds(&*timeout)))
        } else {
            return errno::fail(libc::EINVAL);
        };
        let before = errno::get();
        let mut received = 0;
        let mut each = flags & !libc::MSG_WAITFORONE;
        for at in 0..count.min(libc::UIO_MAXIOV as c_uint) {
            let message = messages.add(at as usize);
            let result = recvmsg::<L>(fd, &mut (*message).msg_hdr, each);
            if result < 0 {
                if received == 0 {
                    return -1;
                }
                errno::set(before);
                return received;
            }
            (*message).msg_len = result as c_uint;
            received = received.wrapping_add(1);
            if flags & libc::MSG_WAITFORONE != 0 {
                each |= libc::MSG_DONTWAIT;
            }
            // like the kernel, which looks at the clock between datagrams only
            if let Some(end) = end {
                let left = end.saturating_sub(nanoseconds(&now())).max(0);
                (*timeout).tv_sec = left.wrapping_div(SECOND);
                (*timeout).tv_nsec = left.wrapping_rem(SECOND);
                if left == 0 {
                    break;
                }
            }
            if (*message).msg_hdr.msg_flags & libc::MSG_OOB != 0 {
                break;
            }
        }
        received
    }
}

const SECOND: i64 = 1_000_000_000;

fn is_time(time: &timespec) -> bool {
    time.tv_sec >= 0 && (0..SECOND).contains(&time.tv_nsec)
}

fn nanoseconds(time: &timespec) -> i64 {
    time.tv_sec
        .saturating_mul(SECOND)
        .saturating_add(time.tv_nsec)
}

fn now() -> timespec {
    let mut time = timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: room for the time.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut time) };
    time
}

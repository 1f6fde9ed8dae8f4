// SPDX-License-Identifier: GPL-2.0
//! Socket addresses as programs hand them in and get them back.

use core::{
    mem::{size_of, zeroed},
    net::{Ipv4Addr, Ipv6Addr, SocketAddrV4},
    ptr,
};

use libc::{
    c_int, c_void, sa_family_t, sockaddr, sockaddr_in, sockaddr_in6, socklen_t, AF_INET, AF_INET6,
    AF_UNSPEC,
};

/// Length of an IPv4 socket address.
pub const LEN4: usize = size_of::<sockaddr_in>();
/// Length of an IPv6 socket address.
pub const LEN6: usize = size_of::<sockaddr_in6>();
/// Length of one without a scope, which the kernel takes, too.
const SHORT6: usize = 24;
/// The longest address that the kernel takes.
const LONGEST: usize = size_of::<libc::sockaddr_storage>();
/// A family that no socket has.
const NO_FAMILY: sa_family_t = sa_family_t::MAX;

/// An address that a program hands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given {
    /// IPv4.
    V4(SocketAddrV4),
    /// The family is AF_UNSPEC; the address as if it were IPv4.
    Unspecified(SocketAddrV4),
    /// Another family.
    Other,
    /// None, or of a wrong length: the kernel knows the error.
    Bad,
}

/// The family of an address that a program hands in; AF_UNSPEC, too, for what the kernel refuses.
///
/// # Safety
/// As for `read`.
#[inline(always)]
pub unsafe fn family(addr: *const sockaddr, len: socklen_t) -> c_int {
    if addr.is_null() || !(LEN4..=LONGEST).contains(&(len as usize)) {
        return AF_UNSPEC;
    }
    // SAFETY: the bytes are there, whatever their alignment.
    i32::from(unsafe { ptr::read_unaligned(addr.cast::<sa_family_t>()) })
}

/// Read an address that a program hands in.
///
/// # Safety
/// `addr` is null or points to `len` bytes.
#[inline]
pub unsafe fn read(addr: *const sockaddr, len: socklen_t) -> Given {
    if addr.is_null() || !(LEN4..=LONGEST).contains(&(len as usize)) {
        return Given::Bad;
    }
    // SAFETY: the bytes are there, whatever their alignment.
    let addr = unsafe { ptr::read_unaligned(addr.cast::<sockaddr_in>()) };
    let v4 = SocketAddrV4::new(
        Ipv4Addr::from_bits(u32::from_be(addr.sin_addr.s_addr)),
        u16::from_be(addr.sin_port),
    );
    match i32::from(addr.sin_family) {
        AF_INET => Given::V4(v4),
        AF_UNSPEC => Given::Unspecified(v4),
        _ => Given::Other,
    }
}

/// An IPv6 address that a program hands in.
///
/// # Safety
/// As for `read`.
#[inline(always)]
pub unsafe fn read6(addr: *const sockaddr, len: socklen_t) -> Option<(Ipv6Addr, u16)> {
    // SAFETY: so many bytes are there, whatever their alignment.
    unsafe {
        if family(addr, len) != AF_INET6 || (len as usize) < SHORT6 {
            return None;
        }
        let ip = Ipv6Addr::from(ptr::read_unaligned(addr.cast::<[u8; 16]>().byte_add(8)));
        let port = ptr::read_unaligned(addr.cast::<[u8; 2]>().byte_add(2));
        Some((ip, u16::from_be_bytes(port)))
    }
}

/// The IPv4 address that a program hands in as an IPv4-mapped IPv6 address.
///
/// # Safety
/// As for `read`.
#[inline(always)]
pub unsafe fn mapped(addr: *const sockaddr, len: socklen_t) -> Option<SocketAddrV4> {
    // SAFETY: the caller's promise.
    let (ip, port) = unsafe { read6(addr, len) }?;
    ip.to_ipv4_mapped().map(|ip| SocketAddrV4::new(ip, port))
}

/// `addr` for the kernel.
pub fn v6(addr: Ipv6Addr, port: u16) -> sockaddr_in6 {
    // SAFETY: all zeroes are a value of the type.
    let mut socket: sockaddr_in6 = unsafe { zeroed() };
    socket.sin6_family = AF_INET6 as sa_family_t;
    socket.sin6_port = port.to_be();
    socket.sin6_addr.s6_addr = addr.octets();
    socket
}

/// `addr` for the kernel.
pub fn v4(addr: SocketAddrV4) -> sockaddr_in {
    // SAFETY: all zeroes are a value of the type.
    let mut socket: sockaddr_in = unsafe { zeroed() };
    socket.sin_family = AF_INET as sa_family_t;
    socket.sin_port = addr.port().to_be();
    socket.sin_addr.s_addr = addr.ip().to_bits().to_be();
    socket
}

/// An address of no family, which an IPv6 socket refuses as an IPv4 socket refuses another family.
pub fn no_family() -> sockaddr_in6 {
    let mut socket = v6(Ipv6Addr::UNSPECIFIED, 0);
    socket.sin6_family = NO_FAMILY;
    socket
}

/// Room for an address that the kernel gives.
#[repr(C, align(8))]
pub struct Storage {
    bytes: [u8; LONGEST],
    len: socklen_t,
}

impl Storage {
    /// Room.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Storage {
        Storage {
            bytes: [0; LONGEST],
            len: LONGEST as socklen_t,
        }
    }

    /// Room for the kernel to put the address.
    pub fn addr(&mut self) -> *mut sockaddr {
        self.bytes.as_mut_ptr().cast()
    }

    /// Room for the kernel to put its length.
    pub fn len(&mut self) -> *mut socklen_t {
        &raw mut self.len
    }

    /// The length is known by other means.
    pub fn set_len(&mut self, len: socklen_t) {
        self.len = len;
    }

    /// The address, if it is IPv6.
    pub fn v6(&self) -> Option<(Ipv6Addr, u16)> {
        if (self.len as usize) < LEN6 {
            return None;
        }
        // SAFETY: the bytes are there.
        let addr = unsafe { ptr::read_unaligned(self.bytes.as_ptr().cast::<sockaddr_in6>()) };
        (i32::from(addr.sin6_family) == AF_INET6).then(|| {
            (
                Ipv6Addr::from(addr.sin6_addr.s6_addr),
                u16::from_be(addr.sin6_port),
            )
        })
    }

    /// The address, if it is IPv4.
    pub fn v4(&self) -> Option<(Ipv4Addr, u16)> {
        // SAFETY: the bytes are there.
        match unsafe { read(self.bytes.as_ptr().cast(), self.len) } {
            Given::V4(addr) => Some((*addr.ip(), addr.port())),
            _ => None,
        }
    }

    /// Give it to the program, an IPv6 address as what `convert` makes of it.
    ///
    /// # Safety
    /// As for `give`.
    pub unsafe fn give(
        &self,
        convert: impl FnOnce(Ipv6Addr) -> Ipv4Addr,
        addr: *mut sockaddr,
        len: *mut socklen_t,
    ) {
        match self.v6() {
            Some((ip, port)) => {
                let addr4 = v4(SocketAddrV4::new(convert(ip), port));
                // SAFETY: the caller's promise.
                unsafe { give((&raw const addr4).cast(), LEN4, addr, len) }
            }
            // SAFETY: the caller's promise.
            None => unsafe { self.give_as_is(addr, len) },
        }
    }

    /// Give it to the program with another IPv6 address.
    ///
    /// # Safety
    /// As for `give`.
    pub unsafe fn give_v6(&self, ip: Ipv6Addr, addr: *mut sockaddr, len: *mut socklen_t) {
        let port = self.v6().map_or(0, |(_, port)| port);
        let addr6 = v6(ip, port);
        // SAFETY: the caller's promise.
        unsafe { give((&raw const addr6).cast(), LEN6, addr, len) }
    }

    /// Give it to the program.
    ///
    /// # Safety
    /// As for `give`.
    pub unsafe fn give_as_is(&self, addr: *mut sockaddr, len: *mut socklen_t) {
        // SAFETY: the caller's promise; the kernel gave no more than there is room for.
        unsafe { give(self.bytes.as_ptr().cast(), self.len as usize, addr, len) }
    }
}

/// Give `size` bytes to a program as the kernel does: as many as fit, and the full length.
///
/// # Safety
/// `from` points to `size` bytes, `len` to the room at `to`.
pub unsafe fn give(from: *const c_void, size: usize, to: *mut sockaddr, len: *mut socklen_t) {
    // SAFETY: the caller's promise.
    unsafe {
        ptr::copy_nonoverlapping(from, to.cast(), size.min(*len as usize));
        *len = size as socklen_t;
    }
}

/// True if a program asks for an address in a way that only has to be converted: what it does
/// not want, and what the kernel refuses, needs nothing of us.
///
/// # Safety
/// `len` is null or valid.
pub unsafe fn is_wanted(addr: *mut sockaddr, len: *mut socklen_t) -> bool {
    // SAFETY: the caller's promise.
    !len.is_null() && unsafe { *len as i32 >= 0 && (!addr.is_null() || *len == 0) }
}

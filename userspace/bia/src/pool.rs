// SPDX-License-Identifier: GPL-2.0
//! The addresses that are handed out, and the IPv6 addresses behind them.

use core::{
    mem::{size_of, zeroed},
    net::{Ipv4Addr, Ipv6Addr},
};

use libc::{c_int, c_ulong, ifreq, sockaddr, sockaddr_in};
use preload::{address_pool::AddressPool, errno, range::Range, real};

use crate::config;

/// The pools of RFC 6535 section 4.4 for destinations: the first, or the second if the first
/// is in use.
const DESTINATIONS: [Ipv4Addr; 2] = [
    Ipv4Addr::new(10, 170, 160, 0),
    Ipv4Addr::new(172, 21, 80, 0),
];

/// Its addresses for sources.
const SOURCES: [Ipv4Addr; 2] = [
    Ipv4Addr::new(172, 21, 112, 0),
    Ipv4Addr::new(10, 170, 224, 0),
];

/// Stands for this host until it is known whether that is in use.
const FIRST_SOURCE: Ipv4Addr = Ipv4Addr::from_bits(first(SOURCES[0]));

/// The length of each of these.
const LENGTH: u32 = 20;

/// Stands for peers when every address of the pool is in use (RFC 7600's dummy address).
const NONE_LEFT: Ipv4Addr = Ipv4Addr::new(192, 0, 0, 8);

/// The request for all interfaces' addresses (include/uapi/linux/sockios.h), and for one's mask.
const SIOCGIFCONF: c_ulong = 0x8912;
const SIOCGIFNETMASK: c_ulong = 0x891b;

/// Number of interfaces that are looked at.
const MOST_INTERFACES: usize = 64;

/// What was handed out, and from where.
pub static TABLE: AddressPool = AddressPool::new();

/// The pool in use.
#[derive(Clone, Copy)]
struct Pool {
    first: u32,
    size: u32,
}

impl Pool {
    #[inline]
    fn known() -> Option<Pool> {
        TABLE.range().map(|(first, size)| Pool { first, size })
    }

    /// The pool; the first who needs it chooses.
    fn get() -> Option<Pool> {
        Pool::known().or_else(|| {
            let (pool, source) = errno::keep(choose)?;
            let own = Ipv4Addr::from_bits(first(source.first()));
            TABLE.choose(first(pool.first()), pool.last_index(), own);
            Pool::known()
        })
    }

    #[inline]
    fn slot(self, addr: Ipv4Addr) -> Option<u16> {
        let slot = addr.to_bits().wrapping_sub(self.first);
        (slot < self.size).then_some(slot as u16)
    }

    fn addr(self, slot: u16) -> Ipv4Addr {
        Ipv4Addr::from_bits(self.first.wrapping_add(u32::from(slot)))
    }
}

/// True if `addr` is one of the pool, quickly: nothing is as long as none was handed out.
#[inline]
pub fn contains(addr: Ipv4Addr) -> bool {
    Pool::known().is_some_and(|pool| pool.slot(addr).is_some())
}

/// The IPv6 address that `addr` stands for.
pub fn behind(addr: Ipv4Addr) -> Option<Ipv6Addr> {
    TABLE.addr(Pool::known()?.slot(addr)?)
}

/// The address that stands for `addr`, a new one if need be; None when all are in use.
pub fn stand_in(addr: Ipv6Addr) -> Option<Ipv4Addr> {
    let pool = Pool::get()?;
    Some(pool.addr(TABLE.slot(pool.size, addr)?))
}

/// The address that stands for `addr` already.
pub fn known(addr: Ipv6Addr) -> Option<Ipv4Addr> {
    let pool = Pool::known()?;
    Some(pool.addr(TABLE.find(pool.size, addr)?))
}

/// Do as `stand_in`, for a name whose host has an IPv4 address as well, or none.
pub fn stand_in_with(addr: Ipv6Addr, native: Option<Ipv4Addr>) -> Option<Ipv4Addr> {
    let pool = Pool::get()?;
    Some(pool.addr(TABLE.slot_with(pool.size, addr, native)?))
}

/// The IPv4 address that the host behind `addr` has as well.
pub fn native(addr: Ipv4Addr) -> Option<Ipv4Addr> {
    TABLE.native(Pool::known()?.slot(addr)?)
}

/// The address that stands for this host's IPv6 addresses.
pub fn own() -> Ipv4Addr {
    match Pool::get() {
        Some(_) => TABLE.own(),
        None => FIRST_SOURCE,
    }
}

/// True if `addr` does, quickly.
#[inline]
pub fn is_own(addr: Ipv4Addr) -> bool {
    match TABLE.own() {
        Ipv4Addr::UNSPECIFIED => addr == FIRST_SOURCE,
        own => addr == own,
    }
}

/// Do as `stand_in`, for those who need an address at any rate.
pub fn peer(addr: Ipv6Addr) -> Ipv4Addr {
    stand_in(addr).unwrap_or(NONE_LEFT)
}

/// A socket uses the address that stands for `addr`.
pub fn hold(addr: Ipv6Addr) -> Option<u16> {
    TABLE.hold(Pool::get()?.size, addr)
}

/// One more descriptor uses it.
pub fn share(slot: u16) {
    TABLE.share(slot);
}

/// One descriptor less uses it.
pub fn release(slot: u16) {
    TABLE.release(slot);
}

/// A network's first address.
const fn first(network: Ipv4Addr) -> u32 {
    network.to_bits().wrapping_add(1)
}

/// The pool and the range for sources: what the environment asks for, and what is recommended.
fn choose() -> Option<(Range, Range)> {
    let config = config::get()?;
    let pool = config.pool.or_else(|| free(DESTINATIONS))?;
    Some((pool, free(SOURCES)?))
}

/// The first of two ranges, but for those that are in use on this network.
fn free([first, second]: [Ipv4Addr; 2]) -> Option<Range> {
    let first = Range::new(first, LENGTH)?;
    let second = Range::new(second, LENGTH)?;
    match is_local(first) && !is_local(second) {
        true => Some(second),
        false => Some(first),
    }
}

/// struct ifconf
#[repr(C)]
struct Interfaces {
    len: c_int,
    list: *mut ifreq,
}

/// True if an interface has an address or a network that touches `pool`.
fn is_local(pool: Range) -> bool {
    // SAFETY: a socket of our own, and room for so many interfaces.
    unsafe {
        let fd = real::socket(libc::AF_INET, libc::SOCK_DGRAM | libc::SOCK_CLOEXEC, 0);
        if fd < 0 {
            return false;
        }
        let mut list: [ifreq; MOST_INTERFACES] = zeroed();
        let mut interfaces = Interfaces {
            len: size_of::<[ifreq; MOST_INTERFACES]>() as c_int,
            list: list.as_mut_ptr(),
        };
        let mut local = false;
        if real::ioctl(fd, SIOCGIFCONF, (&raw mut interfaces) as usize) == 0 {
            let count = (interfaces.len as usize).wrapping_div(size_of::<ifreq>());
            for interface in list.iter_mut().take(count) {
                let addr = ipv4(&interface.ifr_ifru.ifru_addr);
                if real::ioctl(fd, SIOCGIFNETMASK, (&raw mut *interface) as usize) == 0 {
                    let mask = ipv4(&interface.ifr_ifru.ifru_netmask);
                    let network = Ipv4Addr::from_bits(addr.to_bits() & mask.to_bits());
                    local |= Range::new(network, mask.to_bits().leading_ones())
                        .is_some_and(|network| network.overlaps(pool));
                }
            }
        }
        real::close(fd);
        local
    }
}

fn ipv4(addr: &sockaddr) -> Ipv4Addr {
    // SAFETY: of the same size; the kernel gives IPv4 addresses only.
    let addr = unsafe { &*(&raw const *addr).cast::<sockaddr_in>() };
    Ipv4Addr::from_bits(u32::from_be(addr.sin_addr.s_addr))
}

// SPDX-License-Identifier: GPL-2.0

//! Routes: looked up for a packet, and kept in a session.

use super::{bindings, pernet::Net, skb::Skb};
use core::{
    marker::PhantomData,
    mem,
    net::{Ipv4Addr, Ipv6Addr},
    ptr::{self, NonNull},
};
use kernel::{
    error::from_err_ptr,
    prelude::*,
    sync::{
        atomic::{ordering, Atomic},
        rcu,
    },
};

/// What a route leads to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    Unicast,
    /// An address of this host.
    Local,
    /// Broadcast, multicast, anycast, blackhole.
    Other,
}

/// A route that we hold.
///
/// # Invariants
///
/// The pointer is valid and one reference to it is ours.
pub(crate) struct Route {
    dst: NonNull<bindings::dst_entry>,
    ipv6: bool,
}

impl Route {
    /// The way of a translated packet to an IPv4 address, with the packet's mark and ingress VRF.
    pub(crate) fn v4(
        net: &Net,
        skb: &Skb,
        saddr: Ipv4Addr,
        daddr: Ipv4Addr,
        tos: u8,
        proto: u8,
    ) -> Result<Self> {
        let (saddr, daddr) = (u32::from(saddr).to_be(), u32::from(daddr).to_be());
        // SAFETY: Namespace and packet are valid.
        let dst =
            unsafe { bindings::natpt_route4(net.as_ptr(), skb.as_ptr(), saddr, daddr, tos, proto) };
        Self::from_raw(dst, false)
    }

    /// As [`Route::v4`], to an IPv6 address.
    pub(crate) fn v6(
        net: &Net,
        skb: &Skb,
        saddr: Ipv6Addr,
        daddr: Ipv6Addr,
        tos: u8,
        proto: u8,
    ) -> Result<Self> {
        let (saddr, daddr) = (in6(saddr), in6(daddr));
        // SAFETY: Namespace, packet and addresses are valid.
        let dst = unsafe {
            bindings::natpt_route6(net.as_ptr(), skb.as_ptr(), &saddr, &daddr, tos, proto)
        };
        Self::from_raw(dst, true)
    }

    fn from_raw(dst: *mut bindings::dst_entry, ipv6: bool) -> Result<Self> {
        let dst = NonNull::new(from_err_ptr(dst)?).ok_or(ENOENT)?;
        Ok(Self { dst, ipv6 })
    }

    pub(crate) fn target(&self) -> Target {
        // SAFETY: By the type invariants.
        match unsafe { bindings::natpt_route_type(self.dst.as_ptr(), self.ipv6) } {
            bindings::natpt_route_type_NATPT_ROUTE_UNICAST => Target::Unicast,
            bindings::natpt_route_type_NATPT_ROUTE_LOCAL => Target::Local,
            _ => Target::Other,
        }
    }

    /// The route for this one packet, while the RCU guard and the route live.
    #[inline]
    pub(crate) fn borrow<'a>(&'a self, _: &'a rcu::Guard) -> Hop<'a> {
        Hop {
            dst: self.dst,
            ipv6: self.ipv6,
            life: PhantomData,
        }
    }

    /// Whether the route may serve other packets too: not with IPsec or a tunnel on it.
    pub(crate) fn is_cacheable(&self) -> bool {
        // SAFETY: By the type invariants.
        unsafe { bindings::natpt_route_cacheable(self.dst.as_ptr()) }
    }

    fn cookie(&self) -> u32 {
        // SAFETY: By the type invariants.
        unsafe { bindings::natpt_route_cookie(self.dst.as_ptr(), self.ipv6) }
    }
}

/// Prefix length of the route by which an IPv4 address is reached without translation, if any:
/// one that leads to the loopback device does not count.
pub(crate) fn native4(net: &Net, skb: &Skb, daddr: Ipv4Addr) -> Option<u8> {
    let daddr = u32::from(daddr).to_be();
    // SAFETY: Namespace and packet are valid, and hooks run in an RCU section.
    let len = unsafe { bindings::natpt_native4(net.as_ptr(), skb.as_ptr(), daddr) };
    u8::try_from(len).ok()
}

/// Prefix length of the route to an IPv6 address, if any.
pub(crate) fn native6(net: &Net, skb: &Skb, saddr: Ipv6Addr, daddr: Ipv6Addr) -> Option<u8> {
    let (saddr, daddr) = (in6(saddr), in6(daddr));
    // SAFETY: Namespace, packet and addresses are valid, and hooks run in an RCU section.
    let len = unsafe { bindings::natpt_native6(net.as_ptr(), skb.as_ptr(), &saddr, &daddr) };
    u8::try_from(len).ok()
}

impl Drop for Route {
    fn drop(&mut self) {
        // SAFETY: The reference is ours.
        unsafe { bindings::dst_release(self.dst.as_ptr()) };
    }
}

pub(super) fn in6(addr: Ipv6Addr) -> bindings::in6_addr {
    // SAFETY: Both are 16 octets in network order, of which every value is an address.
    unsafe { mem::transmute(addr.octets()) }
}

pub(super) fn from_in6(addr: bindings::in6_addr) -> Ipv6Addr {
    // SAFETY: As in `in6`.
    let octets: [u8; 16] = unsafe { mem::transmute(addr) };
    octets.into()
}

/// A route that somebody else holds, for as long as an RCU guard.
#[derive(Clone, Copy)]
pub(crate) struct Hop<'g> {
    dst: NonNull<bindings::dst_entry>,
    ipv6: bool,
    life: PhantomData<&'g rcu::Guard>,
}

impl Hop<'_> {
    /// The largest packet that may be forwarded this way, at least 1280 for IPv6.
    #[inline]
    pub(crate) fn mtu(&self) -> u32 {
        // SAFETY: The route is valid as long as the guard.
        unsafe { bindings::natpt_route_mtu(self.dst.as_ptr(), self.ipv6) }
    }

    /// Sends a translated packet this way: through FORWARD, then POST_ROUTING.
    #[inline]
    pub(crate) fn forward(self, net: &Net, skb: Skb) {
        self.attach(&skb);
        if self.ipv6 {
            // SAFETY: The packet is handed over, with its route set.
            unsafe { bindings::natpt_forward6(net.as_ptr(), skb.into_raw(), self.dst.as_ptr()) };
        } else {
            // SAFETY: The packet is handed over, with its route set.
            unsafe { bindings::natpt_forward4(net.as_ptr(), skb.into_raw(), self.dst.as_ptr()) };
        }
    }

    /// Sends a translated packet this way as one of this host's own: through OUTPUT.
    pub(crate) fn local_out(self, net: &Net, skb: Skb) {
        self.attach(&skb);
        let sk = skb.sk();
        if self.ipv6 {
            // SAFETY: The packet is handed over, with its route set.
            unsafe { bindings::ip6_local_out(net.as_ptr(), sk, skb.into_raw()) };
        } else {
            // SAFETY: The packet is handed over, with its route set.
            unsafe { bindings::ip_local_out(net.as_ptr(), sk, skb.into_raw()) };
        }
    }

    /// Sets the packet's route, without a reference of its own.
    #[inline]
    fn attach(&self, skb: &Skb) {
        // SAFETY: We are in an RCU section, and the packet has no route yet.
        unsafe { bindings::natpt_skb_set_route(skb.as_ptr(), self.dst.as_ptr()) };
    }
}

/// Room for one held route, with what it was looked up for.
///
/// Routes are put in under a lock and read without one.
pub(crate) struct Slot {
    dst: Atomic<*mut bindings::dst_entry>,
    key: Atomic<u64>,
    cookie: Atomic<u32>,
    ipv6: bool,
}

impl Slot {
    pub(crate) const fn new(ipv6: bool) -> Self {
        Self {
            dst: Atomic::new(ptr::null_mut()),
            key: Atomic::new(0),
            cookie: Atomic::new(0),
            ipv6,
        }
    }

    /// The route, if it is still good and was looked up for the same key.
    #[inline]
    pub(crate) fn get<'g>(&self, key: u64, _: &'g rcu::Guard) -> Option<Hop<'g>> {
        let dst = NonNull::new(self.dst.load(ordering::Acquire))?;
        let cookie = self.cookie.load(ordering::Relaxed);
        if self.key.load(ordering::Acquire) != key
            || self.dst.load(ordering::Relaxed) != dst.as_ptr()
        {
            return None;
        }
        // SAFETY: A route is freed a grace period after its last holder let go.
        let dst = NonNull::new(unsafe { bindings::natpt_route_check(dst.as_ptr(), cookie) })?;
        Some(Hop {
            dst,
            ipv6: self.ipv6,
            life: PhantomData,
        })
    }

    /// Keeps a route in place of the last one. The caller holds the lock that all writers take.
    pub(crate) fn put(&self, route: Route, key: u64) {
        let route = mem::ManuallyDrop::new(route);
        self.clear();
        self.cookie.store(route.cookie(), ordering::Relaxed);
        self.key.store(key, ordering::Release);
        self.dst.store(route.dst.as_ptr(), ordering::Release);
    }

    /// Lets the route go.
    pub(crate) fn clear(&self) {
        let dst = self.dst.xchg(ptr::null_mut(), ordering::Full);
        // SAFETY: The reference that was put in is ours, or the pointer is null.
        unsafe { bindings::dst_release(dst) };
    }
}

// SPDX-License-Identifier: GPL-2.0

//! Routes: looked up for a packet, and kept in a session.

use super::{
    bh::BhGuard,
    bindings,
    family::{Family, V4, V6},
    hooks::Socket,
    once::{load_acquire, read_once, store_release, write_once},
    pernet::Net,
    rcu,
    skb::{Ingress, Skb},
};
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
        lock::spinlock::SpinLockGuard,
    },
};

/// The end of a route.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum RouteType {
    Unicast,
    /// An address of this host.
    Local,
    /// Broadcast, multicast, anycast, blackhole.
    Other,
}

/// A route of one family that we hold.
///
/// # Invariants
///
/// The pointer is valid, of the family, and one reference to it is ours.
pub(crate) struct Route<F> {
    dst: NonNull<bindings::dst_entry>,
    family: PhantomData<F>,
    /// True if it may be held on to.
    kept: bool,
}

/// The key of a route lookup, in the new family.
pub(crate) struct Flow<A> {
    pub(crate) saddr: A,
    pub(crate) daddr: A,
    /// Type of service or traffic class.
    pub(crate) tos: u8,
    pub(crate) proto: u8,
    /// Ports, in network order, or type and code of ICMP.
    pub(crate) selector: [u8; 4],
}

/// Whose packet a route is for.
pub(crate) enum Sender<'a, F> {
    /// That of another host: the interface counts where it came in.
    Network(Ingress<'a, F>),
    /// One of this host: its socket counts.
    Socket(Socket),
}

impl<F> Sender<'_, F> {
    /// A look at where packets would go, with none at hand.
    pub(crate) const NOBODY: Self = Self::Socket(Socket::NONE);

    fn socket(&self) -> (*mut bindings::sock, bool) {
        match self {
            Sender::Network(_) => (ptr::null_mut(), false),
            Sender::Socket(socket) => (socket.as_ptr(), true),
        }
    }
}

impl Route<V4> {
    /// The way of a translated packet to an IPv4 address, as the kernel would find it for `skb` in
    /// the new family. Fails with what the routing tables or IPsec say.
    pub(crate) fn look_up<F: Family>(
        net: &Net,
        skb: &Skb<F>,
        flow: &Flow<Ipv4Addr>,
        sender: &Sender<'_, F>,
        _: &rcu::Guard,
    ) -> Result<Self> {
        let [s0, s1, d0, d1] = flow.selector;
        let raw = bindings::natpt_flow4 {
            saddr: u32::from(flow.saddr).to_be(),
            daddr: u32::from(flow.daddr).to_be(),
            sport: u16::from_ne_bytes([s0, s1]),
            dport: u16::from_ne_bytes([d0, d1]),
            tos: flow.tos,
            proto: flow.proto,
        };
        let (sk, local) = sender.socket();
        let mut kept = false;
        // SAFETY: Namespace, packet and socket are valid; those from the network have a device.
        let dst = unsafe {
            bindings::natpt_route4(net.as_ptr(), skb.as_ptr(), &raw, sk, local, &mut kept)
        };
        Self::from_raw(dst, kept)
    }
}

impl Route<V6> {
    /// As [`Route::<V4>::look_up`], to an IPv6 address.
    pub(crate) fn look_up<F: Family>(
        net: &Net,
        skb: &Skb<F>,
        flow: &Flow<Ipv6Addr>,
        sender: &Sender<'_, F>,
        _: &rcu::Guard,
    ) -> Result<Self> {
        let [s0, s1, d0, d1] = flow.selector;
        let raw = bindings::natpt_flow6 {
            saddr: in6(flow.saddr),
            daddr: in6(flow.daddr),
            sport: u16::from_ne_bytes([s0, s1]),
            dport: u16::from_ne_bytes([d0, d1]),
            tos: flow.tos,
            proto: flow.proto,
        };
        let (sk, local) = sender.socket();
        let mut kept = false;
        // SAFETY: Namespace, packet and socket are valid; those from the network have a device.
        let dst = unsafe {
            bindings::natpt_route6(net.as_ptr(), skb.as_ptr(), &raw, sk, local, &mut kept)
        };
        Self::from_raw(dst, kept)
    }
}

impl<F: Family> Route<F> {
    fn from_raw(dst: *mut bindings::dst_entry, kept: bool) -> Result<Self> {
        let dst = NonNull::new(from_err_ptr(dst)?).ok_or(ENOENT)?;
        Ok(Self {
            dst,
            family: PhantomData,
            kept,
        })
    }

    pub(crate) fn kind(&self) -> RouteType {
        // SAFETY: By the type invariants.
        match unsafe { bindings::natpt_route_type(self.dst.as_ptr(), F::IS_V6) } {
            bindings::natpt_route_type_NATPT_ROUTE_UNICAST => RouteType::Unicast,
            bindings::natpt_route_type_NATPT_ROUTE_LOCAL => RouteType::Local,
            _ => RouteType::Other,
        }
    }

    /// The route for this one packet, while the RCU guard and the route live.
    #[inline]
    pub(crate) fn borrow<'a>(&'a self, _: &'a rcu::Guard) -> Dst<'a, F> {
        Dst {
            dst: self.dst,
            family: PhantomData,
            life: PhantomData,
        }
    }

    /// Return true if the route may serve other packets too: not with IPsec or a tunnel on it.
    pub(crate) fn is_cacheable(&self) -> bool {
        // SAFETY: By the type invariants.
        self.kept && unsafe { bindings::natpt_route_cacheable(self.dst.as_ptr()) }
    }

    fn cookie(&self) -> u32 {
        // SAFETY: By the type invariants.
        unsafe { bindings::natpt_route_cookie(self.dst.as_ptr(), F::IS_V6) }
    }
}

/// Prefix length of the route by which an IPv4 address is reached without translation, if any:
/// one that leads to the loopback device does not count.
pub(crate) fn native4<F: Family>(
    net: &Net,
    skb: &Skb<F>,
    daddr: Ipv4Addr,
    _: &rcu::Guard,
) -> Option<u8> {
    let daddr = u32::from(daddr).to_be();
    // SAFETY: Namespace and packet are valid, and we are in an RCU section.
    let len = unsafe { bindings::natpt_native4(net.as_ptr(), skb.as_ptr(), daddr) };
    u8::try_from(len).ok()
}

/// Prefix length of the route to an IPv6 address, if any.
pub(crate) fn native6<F: Family>(
    net: &Net,
    skb: &Skb<F>,
    (saddr, daddr): (Ipv6Addr, Ipv6Addr),
    _: &rcu::Guard,
) -> Option<u8> {
    let (saddr, daddr) = (in6(saddr), in6(daddr));
    // SAFETY: Namespace, packet and addresses are valid, and we are in an RCU section.
    let len = unsafe { bindings::natpt_native6(net.as_ptr(), skb.as_ptr(), &saddr, &daddr) };
    u8::try_from(len).ok()
}

impl<F> Clone for Route<F> {
    fn clone(&self) -> Self {
        // SAFETY: The route is held, so that one more reference can be taken.
        unsafe { bindings::natpt_route_hold(self.dst.as_ptr()) };
        Self { ..*self }
    }
}

impl<F> Drop for Route<F> {
    fn drop(&mut self) {
        // SAFETY: The reference is ours.
        unsafe { bindings::dst_release(self.dst.as_ptr()) };
    }
}

pub(super) fn in6(addr: Ipv6Addr) -> bindings::in6_addr {
    // SAFETY: Both are 16 bytes in network order, of which every value is an address.
    unsafe { mem::transmute(addr.octets()) }
}

pub(super) fn from_in6(addr: bindings::in6_addr) -> Ipv6Addr {
    // SAFETY: As in `in6`.
    let bytes: [u8; 16] = unsafe { mem::transmute(addr) };
    bytes.into()
}

/// A route that somebody else holds, for as long as an RCU guard.
pub(crate) struct Dst<'g, F> {
    dst: NonNull<bindings::dst_entry>,
    family: PhantomData<F>,
    life: PhantomData<&'g rcu::Guard>,
}

impl<F> Clone for Dst<'_, F> {
    #[inline]
    fn clone(&self) -> Self {
        *self
    }
}

impl<F> Copy for Dst<'_, F> {}

impl<F: Family> Dst<'_, F> {
    /// The largest packet that may go this way, at least 1280 for IPv6. `local`: it is one of this
    /// host's own.
    #[inline]
    pub(crate) fn mtu(&self, local: bool) -> u32 {
        // SAFETY: The route is valid as long as the guard.
        unsafe { bindings::natpt_route_mtu(self.dst.as_ptr(), F::IS_V6, local) }
    }

    /// Sends a translated packet this way: through FORWARD, then POST_ROUTING.
    #[inline]
    pub(crate) fn forward(self, net: &Net, skb: Skb<F>) {
        if F::IS_V6 {
            // SAFETY: The packet is handed over, without a route; we are in an RCU section.
            unsafe { bindings::natpt_forward6(net.as_ptr(), skb.into_raw(), self.dst.as_ptr()) };
        } else {
            // SAFETY: As above.
            unsafe { bindings::natpt_forward4(net.as_ptr(), skb.into_raw(), self.dst.as_ptr()) };
        }
    }

    /// Gives a translated packet to this host, as it came in: through INPUT.
    pub(crate) fn deliver(self, skb: Skb<F>, _: &BhGuard) {
        self.attach(&skb);
        // SAFETY: The packet is handed over, with a route to this host; bottom halves are off.
        unsafe { bindings::natpt_deliver(skb.into_raw(), F::IS_V6) };
    }

    /// Sends a translated packet this way as one of this host's own: through OUTPUT.
    pub(crate) fn local_out(self, net: &Net, skb: Skb<F>, socket: Socket) {
        self.attach(&skb);
        if F::IS_V6 {
            // SAFETY: The packet is handed over, with its route set.
            unsafe { bindings::ip6_local_out(net.as_ptr(), socket.as_ptr(), skb.into_raw()) };
        } else {
            // SAFETY: The packet is handed over, with its route set.
            unsafe { bindings::ip_local_out(net.as_ptr(), socket.as_ptr(), skb.into_raw()) };
        }
    }

    /// Sets the packet's route, without a reference of its own.
    #[inline]
    fn attach(&self, skb: &Skb<F>) {
        // SAFETY: We are in an RCU section, and the packet has no route yet.
        unsafe { bindings::natpt_skb_set_route(skb.as_ptr(), self.dst.as_ptr()) };
    }
}

/// Room for one held route, with what it was looked up for.
///
/// Routes are put in under a lock and read without one.
pub(crate) struct DstCache<F> {
    dst: Atomic<*mut bindings::dst_entry>,
    family: PhantomData<fn(F)>,
    key: Atomic<u64>,
    cookie: Atomic<u32>,
    generation: Atomic<u32>,
}

/// The packets that a held route is good for.
#[derive(Clone, Copy)]
pub(crate) struct Use {
    /// Of the packet.
    pub(crate) key: u64,
    /// The same, and of all that routes depend on and do not know of.
    pub(crate) generation: u32,
    /// Of packets from IPv4 whose source was found good: [`Skb::source4_stamp`].
    pub(crate) source: u64,
}

impl<F: Family> DstCache<F> {
    pub(crate) const fn new() -> Self {
        Self {
            dst: Atomic::new(ptr::null_mut()),
            family: PhantomData,
            key: Atomic::new(0),
            cookie: Atomic::new(0),
            generation: Atomic::new(0),
        }
    }

    /// The route and its MTU, if it is still good for a packet and nothing has to be asked of that.
    #[inline(always)]
    pub(crate) fn get<'g>(
        &self,
        net: &Net,
        skb: Ingress<'_, F::Other>,
        usage: Use,
        _: &'g rcu::Guard,
    ) -> Option<(Dst<'g, F>, u32)> {
        let dst = NonNull::new(load_acquire(&self.dst))?;
        let cookie = read_once(&self.cookie);
        let generation = read_once(&self.generation);
        if load_acquire(&self.key) != usage.key
            || generation != usage.generation
            || read_once(&self.dst) != dst.as_ptr()
        {
            return None;
        }
        let (net, skb, source, ipv6) = (net.as_ptr(), skb.as_ptr(), usage.source, F::IS_V6);
        let (dst, mut mtu) = (dst.as_ptr(), 0);
        // SAFETY: A route is freed a grace period after its last holder let go; the packet came in
        // on a device.
        let dst =
            unsafe { bindings::natpt_route_kept(net, skb, dst, cookie, source, ipv6, &mut mtu) };
        let hop = Dst {
            dst: NonNull::new(dst)?,
            family: PhantomData,
            life: PhantomData,
        };
        Some((hop, mtu))
    }

    /// Keeps a route in place of the last one, under the lock that all writers take.
    pub(crate) fn put<T>(&self, route: Route<F>, usage: Use, _: &SpinLockGuard<'_, T>) {
        let route = mem::ManuallyDrop::new(route);
        self.clear();
        write_once(&self.cookie, route.cookie());
        write_once(&self.generation, usage.generation);
        store_release(&self.key, usage.key);
        store_release(&self.dst, route.dst.as_ptr());
    }

    /// A new packet of this host, with these bytes, for one that the kept route may lead to: mark
    /// and VRF are those of packets that take it.
    pub(crate) fn own_packet(&self, bytes: &[u8], _: &rcu::Guard) -> Option<Skb<F>> {
        let mark = (read_once(&self.key) >> 32) as u32;
        let (way, len) = (load_acquire(&self.dst), bytes.len() as u32);
        // SAFETY: The route is valid as long as the guard, or null.
        let skb = unsafe { bindings::natpt_skb_new(len, way, mark, F::IS_V6) };
        let skb = NonNull::new(skb)?;
        // SAFETY: The packet is new, and of the family.
        let skb = unsafe { Skb::from_raw(skb.as_ptr()) };
        let mut room = skb.make_room(bytes.len(), 0).ok()?;
        let bytes = room.bytes_mut().iter_mut().zip(bytes);
        bytes.for_each(|(to, from)| *to = *from);
        Some(room.done())
    }

    /// Lets the route go.
    pub(crate) fn clear(&self) {
        let dst = self.dst.xchg(ptr::null_mut(), ordering::Full);
        // SAFETY: The reference that was put in is ours, or the pointer is null.
        unsafe { bindings::dst_release(dst) };
    }
}

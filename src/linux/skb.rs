// SPDX-License-Identifier: GPL-2.0

//! A packet: `struct sk_buff`.

use super::{
    bh::BhGuard,
    bindings,
    family::{Family, V4, V6},
    pernet::Net,
    rcu,
};
use core::{marker::PhantomData, mem, net::Ipv4Addr, ptr::NonNull, slice};
use kernel::{error::to_result, prelude::*};

type Fields = bindings::sk_buff__bindgen_ty_4__bindgen_ty_1;

/// Kinds of segmentation that stay right when the network header changes.
const GSO_TRANSLATABLE: u32 = (bindings::SKB_GSO_TCPV4
    | bindings::SKB_GSO_TCPV6
    | bindings::SKB_GSO_TCP_ECN
    | bindings::SKB_GSO_TCP_ACCECN
    | bindings::SKB_GSO_TCP_FIXEDID
    | bindings::SKB_GSO_UDP_L4
    | bindings::SKB_GSO_DODGY) as u32;

/// A checksum that is left to a device (`CHECKSUM_PARTIAL`): it covers all from `start` on, counted
/// from the network header, and stands `offset` bytes behind that.
#[derive(Clone, Copy)]
pub(crate) struct OpenSum {
    start: isize,
    offset: u16,
    /// It is a CRC, which is longer.
    is_crc: bool,
}

impl OpenSum {
    /// Return true if it is this one.
    #[inline]
    pub(crate) fn is_at(self, start: usize, offset: usize) -> bool {
        self.start == start as isize && usize::from(self.offset) == offset
    }

    /// Return true if anything before `end` counts in it.
    #[inline]
    pub(crate) fn covers(self, end: usize) -> bool {
        self.start < end as isize
    }
}

/// A checksum that is left to a device is a CRC: there are such where SCTP is built.
#[cfg(CONFIG_IP_SCTP)]
fn is_crc(fields: &Fields) -> bool {
    fields.csum_not_inet() != 0
}

#[cfg(not(CONFIG_IP_SCTP))]
fn is_crc(_: &Fields) -> bool {
    false
}

/// Source and destination of an IPv4 packet.
type Addrs4 = (Ipv4Addr, Ipv4Addr);

/// The next one to see a packet that comes in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Claim {
    /// We are.
    Now,
    /// Others are, and we after them: chains that look at packets before they are routed.
    Later,
    /// The device of its VRF is, and the packet will come from there once more.
    Again,
    /// Others, for good: it is not for this host to route. It was not sent to it alone, or is on
    /// its way through a bridge (br_netfilter), merged by LRO, or a socket's.
    Never,
}

/// The kernel's reasons to drop a packet (`enum skb_drop_reason`).
#[derive(Clone, Copy)]
pub(crate) enum KernelReason {
    AddressErrors = bindings::skb_drop_reason_SKB_DROP_REASON_IP_INADDRERRORS as isize,
    ExtHeader = bindings::skb_drop_reason_SKB_DROP_REASON_IPV6_BAD_EXTHDR as isize,
    Header = bindings::skb_drop_reason_SKB_DROP_REASON_IP_INHDR as isize,
    HeaderChecksum = bindings::skb_drop_reason_SKB_DROP_REASON_IP_CSUM as isize,
    HeaderTruncated = bindings::skb_drop_reason_SKB_DROP_REASON_HDR_TRUNC as isize,
    IcmpChecksum = bindings::skb_drop_reason_SKB_DROP_REASON_ICMP_CSUM as isize,
    InvalidDest = bindings::skb_drop_reason_SKB_DROP_REASON_IP_INVALID_DEST as isize,
    InvalidSource = bindings::skb_drop_reason_SKB_DROP_REASON_IP_INVALID_SOURCE as isize,
    Netfilter = bindings::skb_drop_reason_SKB_DROP_REASON_NETFILTER_DROP as isize,
    NoMemory = bindings::skb_drop_reason_SKB_DROP_REASON_NOMEM as isize,
    NoRoute = bindings::skb_drop_reason_SKB_DROP_REASON_IP_INNOROUTES as isize,
    Protocol = bindings::skb_drop_reason_SKB_DROP_REASON_UNHANDLED_PROTO as isize,
    RecursionLimit = bindings::skb_drop_reason_SKB_DROP_REASON_RECURSION_LIMIT as isize,
    ReversePath = bindings::skb_drop_reason_SKB_DROP_REASON_IP_RPFILTER as isize,
    Segmentation = bindings::skb_drop_reason_SKB_DROP_REASON_SKB_GSO_SEG as isize,
    TooBig = bindings::skb_drop_reason_SKB_DROP_REASON_PKT_TOO_BIG as isize,
    TooManyExtHeaders = bindings::skb_drop_reason_SKB_DROP_REASON_IPV6_TOO_MANY_EXTHDRS as isize,
    XfrmPolicy = bindings::skb_drop_reason_SKB_DROP_REASON_XFRM_POLICY as isize,
}

/// Why a packet cannot come from where it says.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spoof {
    /// No such source, or one of this host's own.
    Martian,
    /// Its source is reached another way (`rp_filter`).
    ReversePath,
    /// Nobody knows: memory is short.
    Memory,
}

/// An owned packet of one family, whose data begins with its network header.
///
/// # Invariants
///
/// The pointer is valid and ours to pass on or free; the packet and its control block are of the
/// family.
pub(crate) struct Skb<F>(NonNull<bindings::sk_buff>, PhantomData<F>);

impl<F: Family> Skb<F> {
    /// # Safety
    ///
    /// `skb` must be valid, not shared, of the family, and handed over by the caller.
    #[inline]
    pub(crate) unsafe fn from_raw(skb: *mut bindings::sk_buff) -> Self {
        // SAFETY: By the function's contract.
        Self(unsafe { NonNull::new_unchecked(skb) }, PhantomData)
    }

    #[inline]
    pub(crate) fn into_raw(self) -> *mut bindings::sk_buff {
        mem::ManuallyDrop::new(self).0.as_ptr()
    }

    #[inline]
    pub(super) fn as_ptr(&self) -> *mut bindings::sk_buff {
        self.0.as_ptr()
    }

    #[inline]
    fn raw(&self) -> &bindings::sk_buff {
        // SAFETY: By the type invariants.
        unsafe { self.0.as_ref() }
    }

    #[inline]
    fn fields(&self) -> &Fields {
        // SAFETY: Both views of the union are plain data of the same layout.
        unsafe { self.raw().__bindgen_anon_4.__bindgen_anon_1.as_ref() }
    }

    /// Bytes in the packet.
    #[inline]
    pub(crate) fn len(&self) -> u32 {
        self.raw().len
    }

    /// The bytes at hand from the network header on; the rest may lie in fragments.
    #[inline]
    pub(crate) fn linear(&self) -> &[u8] {
        let skb = self.raw();
        let len = skb.len.wrapping_sub(skb.data_len);
        // SAFETY: `len - data_len` bytes from `data` on are in the linear part.
        unsafe { slice::from_raw_parts(skb.data, len as usize) }
    }

    /// Brings at least `len` bytes to hand; false if there are not so many.
    #[inline(always)]
    pub(crate) fn pull(&mut self, len: usize) -> bool {
        if self.linear().len() >= len {
            return true;
        }
        let skb = self.raw();
        if skb.len as usize <= len.wrapping_sub(1) {
            return false;
        }
        let missing = len.wrapping_sub(self.linear().len());
        // SAFETY: The packet is ours and long enough.
        let tail = unsafe { bindings::__pskb_pull_tail(self.as_ptr(), missing as i32) };
        !tail.is_null()
    }

    /// Make the first `write` bytes ours to write, with room for `grow` more before them. Gives the
    /// packet back if memory is short.
    #[inline(always)]
    pub(crate) fn make_room(self, write: usize, grow: usize) -> Result<Room<F>, Self> {
        // SAFETY: The packet is ours.
        let error =
            unsafe { bindings::natpt_skb_make_room(self.as_ptr(), write as u32, grow as u32) };
        match error {
            0 => Ok(Room {
                skb: self,
                write,
                grow,
            }),
            _ => Err(self),
        }
    }

    #[inline]
    fn headroom(&self) -> usize {
        (self.raw().data as usize).wrapping_sub(self.raw().head as usize)
    }

    /// The checksum that is left to a device, if one is.
    #[inline(always)]
    pub(crate) fn open_sum(&self) -> Option<OpenSum> {
        let is_open = u32::from(self.fields().ip_summed()) == bindings::CHECKSUM_PARTIAL;
        is_open.then(|| self.place_of_sum())
    }

    #[inline]
    fn place_of_sum(&self) -> OpenSum {
        let fields = self.fields();
        // SAFETY: Both members of the union are plain numbers.
        let place = unsafe { fields.__bindgen_anon_1.__bindgen_anon_1 };
        OpenSum {
            start: usize::from(place.csum_start).wrapping_sub(self.headroom()) as isize,
            offset: place.csum_offset,
            is_crc: is_crc(fields),
        }
    }

    /// Finishes a checksum that was left to a device. One that would begin before the packet is
    /// forgotten, as by `skb_postpull_rcsum()`.
    #[cold]
    pub(crate) fn finish_checksum(&mut self) -> Result {
        let Some(open) = self.open_sum() else {
            return Ok(());
        };
        let Ok(start) = usize::try_from(open.start) else {
            // SAFETY: Both views of the union are plain data of the same layout, and we own the packet.
            let fields = unsafe { self.0.as_mut().__bindgen_anon_4.__bindgen_anon_1.as_mut() };
            fields.set_ip_summed(bindings::CHECKSUM_NONE as u8);
            return Ok(());
        };
        let width = if open.is_crc { 4 } else { 2 };
        let end = start
            .saturating_add(open.offset.into())
            .saturating_add(width);
        // The kernel warns of both.
        if self.is_gso() || !self.pull(end) {
            return Err(EINVAL);
        }
        // SAFETY: The packet is ours, and the checksum stands in its linear part.
        to_result(unsafe { bindings::skb_csum_hwoffload_help(self.as_ptr(), 0) })
    }

    /// The folded one's complement sum of `len` bytes from `offset` on.
    pub(crate) fn sum(&self, offset: u32, len: u32) -> u16 {
        if offset.checked_add(len).is_none_or(|end| end > self.len()) {
            return 0;
        }
        // SAFETY: The packet is valid and the bytes are inside.
        unsafe { bindings::natpt_skb_fold_checksum(self.as_ptr(), offset, len) }
    }

    /// Return true if the bytes of all segments are at hand.
    pub(crate) fn linearize(&mut self) -> bool {
        let len = self.len() as usize;
        self.pull(len)
    }

    #[inline]
    fn shared_info(&self) -> &bindings::skb_shared_info {
        const _: () = assert!(
            cfg!(CONFIG_64BIT),
            "skb->end is a pointer on 32-bit kernels"
        );
        let skb = self.raw();
        // SAFETY: `end` is the offset of the shared info from `head`.
        let info = unsafe { skb.head.add(skb.end as usize) };
        // SAFETY: Every packet has one there, aligned by the allocator.
        unsafe { &*info.cast() }
    }

    /// Return true if the packet stands for many segments.
    #[inline]
    pub(crate) fn is_gso(&self) -> bool {
        self.shared_info().gso_size != 0
    }

    /// Number of packets that this will be on the wire.
    #[inline]
    pub(crate) fn segments(&self) -> u32 {
        if !self.is_gso() {
            return 1;
        }
        let shared = self.shared_info();
        match (shared.gso_segs, u32::from(shared.gso_size)) {
            // Of a guest's packet nobody has counted them.
            (0, size) => self.len().checked_div(size).unwrap_or(0).saturating_add(1),
            (segments, _) => segments.into(),
        }
    }

    /// Length of one segment from its transport header on, which has at least `header_len` bytes.
    pub(crate) fn segment_len(&self, header_len: usize) -> u32 {
        u32::from(self.shared_info().gso_size).saturating_add(header_len as u32)
    }

    /// Return true if the packet's sender lets the output path cut it (`ignore_df`).
    pub(crate) fn may_fragment(&self) -> bool {
        self.fields().ignore_df() != 0
    }

    /// Return true if the segments can stay together when the family changes.
    pub(crate) fn gso_translates(&self) -> bool {
        let kind = self.shared_info().gso_type;
        kind & !GSO_TRANSLATABLE == 0 && self.len() <= 0xffff
    }

    /// Return true if the segments fit an MTU. The transport header's place must be set.
    pub(crate) fn segments_fit(&self, mtu: u32) -> bool {
        // SAFETY: The packet is valid.
        unsafe { bindings::natpt_skb_gso_ok(self.as_ptr(), mtu) }
    }

    /// Splits a packet into its segments.
    pub(crate) fn segment(self) -> Result<Segments<F>> {
        // SAFETY: The packet is valid; the call leaves it alone.
        let list = unsafe { bindings::__skb_gso_segment(self.as_ptr(), 0, true) };
        let list = kernel::error::from_err_ptr(list)?;
        if list.is_null() {
            return Ok(Segments(self.into_raw(), PhantomData));
        }
        self.consume();
        Ok(Segments(list, PhantomData))
    }

    /// Whose turn it is with a packet of PRE_ROUTING, at the hook that `owner` has at `priority`;
    /// its last hook there has priority `last`.
    #[inline]
    pub(crate) fn claim<T>(
        &self,
        net: &Net,
        owner: &T,
        priority: i32,
        last: i32,
        _: &rcu::Guard,
    ) -> Claim {
        let (net, owner) = (net.as_ptr(), core::ptr::from_ref(owner).cast());
        // SAFETY: The packet is valid and came in on a device; the owner is compared only.
        match unsafe {
            bindings::natpt_skb_claim(net, self.as_ptr(), F::IS_V6, owner, priority, last)
        } {
            bindings::natpt_claim_NATPT_CLAIM_NOW => Claim::Now,
            bindings::natpt_claim_NATPT_CLAIM_LATER => Claim::Later,
            bindings::natpt_claim_NATPT_CLAIM_AGAIN => Claim::Again,
            _ => Claim::Never,
        }
    }

    /// The packet with its device, unless it has none: it is one of this host's then.
    #[inline]
    pub(crate) fn ingress(&self) -> Option<Ingress<'_, F>> {
        // SAFETY: A packet of the network layer has no other use for the union.
        let dev = unsafe {
            self.raw()
                .__bindgen_anon_1
                .__bindgen_anon_1
                .__bindgen_anon_1
                .dev
        };
        (!dev.is_null()).then_some(Ingress(self))
    }

    /// Return true if the packet came from another host, and no socket waits for it yet.
    pub(crate) fn is_strangers(&self) -> bool {
        // SAFETY: The packet is valid.
        unsafe { bindings::natpt_skb_is_strangers(self.as_ptr()) }
    }

    /// Return true if the packet is of a connection that conntrack has let leave before.
    pub(crate) fn is_confirmed(&self) -> bool {
        // SAFETY: The packet is valid.
        unsafe { bindings::natpt_skb_is_confirmed(self.as_ptr()) }
    }

    /// Keeps conntrack off the packet.
    pub(crate) fn untrack(&mut self) {
        // SAFETY: The packet is ours.
        unsafe { bindings::natpt_skb_untrack(self.as_ptr()) };
    }

    /// Return true if conntrack is kept off the packet.
    pub(crate) fn is_untracked(&self) -> bool {
        // SAFETY: The packet is valid.
        unsafe { bindings::natpt_skb_is_untracked(self.as_ptr()) }
    }

    /// Return true if the packet went from one family to the other and back already.
    pub(crate) fn is_looping(&self) -> bool {
        // SAFETY: The packet is valid and its control block is of the family.
        unsafe { bindings::natpt_skb_is_looping(self.as_ptr(), F::IS_V6) }
    }

    /// Lets conntrack see the packet as if it never had.
    pub(crate) fn track(&mut self) {
        // SAFETY: The packet is ours.
        unsafe { bindings::natpt_skb_track(self.as_ptr()) };
    }

    /// Shows a translated packet to conntrack and NAT; nothing is left if they do not let it pass.
    pub(crate) fn shown(self, net: &Net, _: &rcu::Guard) -> Option<Self> {
        // SAFETY: The packet is ours, of the family, and came in on a device.
        match unsafe { bindings::natpt_skb_show(net.as_ptr(), self.as_ptr(), F::IS_V6) } {
            true => Some(self),
            false => {
                self.into_raw();
                None
            }
        }
    }

    /// The firewall mark.
    #[inline]
    pub(crate) fn mark(&self) -> u32 {
        // SAFETY: All members of the union are 32-bit numbers.
        unsafe { self.fields().__bindgen_anon_4.mark }
    }

    /// Index of the interface that the packet came in on, 0 if it was made here.
    #[inline]
    pub(crate) fn iif(&self) -> u32 {
        // In a VRF it is another for whoever looks at `skb_iif`. The control blocks of both families
        // begin with it.
        match self.raw().cb.first_chunk::<4>() {
            Some(iif) if *iif != [0; 4] => u32::from_ne_bytes(*iif),
            _ => self.fields().skb_iif as u32,
        }
    }

    /// Size of the biggest fragment that the packet was put together from, 0 if it was whole.
    #[inline(always)]
    pub(crate) fn frag_max_size(&self) -> u16 {
        let offset = match F::IS_V6 {
            true => bindings::NATPT_FRAG_MAX_SIZE6,
            false => bindings::NATPT_FRAG_MAX_SIZE4,
        };
        match self.raw().cb.get(offset as usize..) {
            Some([low, high, ..]) => u16::from_ne_bytes([*low, *high]),
            _ => 0,
        }
    }

    /// Lets the output path cut the packet into fragments of at most `size` bytes.
    pub(crate) fn set_frag_max_size(&mut self, size: u16) {
        // SAFETY: The packet is ours and its control block is of the family.
        unsafe { bindings::natpt_skb_set_frag_max_size(self.as_ptr(), size, F::IS_V6) };
    }

    /// A new packet of `len` bytes of the other family, which goes on in place of this one.
    pub(crate) fn alloc_like(&self, len: usize) -> Option<Room<F::Other>> {
        // SAFETY: The packet is valid.
        let skb = unsafe { bindings::natpt_skb_alloc(self.as_ptr(), len as u32, !F::IS_V6) };
        Some(Room {
            skb: Skb(NonNull::new(skb)?, PhantomData),
            write: len,
            grow: 0,
        })
    }

    /// Drop the packet, for a reason that the kernel knows and one of our own, by name.
    pub(crate) fn drop_for(self, reason: KernelReason, name: &'static str) {
        let text = name.as_ptr().cast();
        // SAFETY: The packet is handed over, and the name has that many bytes.
        unsafe { bindings::natpt_skb_drop(self.into_raw(), reason as u32, text, name.len()) };
    }

    /// The packet has done its work.
    pub(crate) fn consume(self) {
        // SAFETY: The packet is ours.
        unsafe { bindings::consume_skb(self.into_raw()) };
    }
}

/// A packet whose first bytes are ours alone to write.
///
/// # Invariants
///
/// `write` bytes from the packet's start on are in memory of its own, with room for `grow` more
/// before them.
pub(crate) struct Room<F> {
    skb: Skb<F>,
    write: usize,
    grow: usize,
}

impl<F: Family> Room<F> {
    /// The bytes to write.
    #[inline(always)]
    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        let data = self.skb.raw().data;
        // SAFETY: By the type invariants, and we own the packet.
        unsafe { slice::from_raw_parts_mut(data, self.write) }
    }

    /// The packet, to look at.
    #[inline]
    pub(crate) fn skb(&self) -> &Skb<F> {
        &self.skb
    }

    /// Finish a checksum that was left to a device; see [`Skb::finish_checksum`].
    #[cold]
    pub(crate) fn finish_checksum(&mut self) -> Result {
        self.skb.finish_checksum()
    }

    /// Replace `strip` bytes of headers by room for a header of `hlen` bytes of the other family.
    /// Fails with `EPERM` where conntrack has something against it, and with `EINVAL` where there
    /// is no such room; the packet is dropped then.
    #[inline(always)]
    pub(crate) fn change_proto(self, strip: usize, hlen: usize) -> Result<Room<F::Other>> {
        let Self { skb, write, grow } = self;
        if strip > write || hlen > grow.saturating_add(strip) {
            return Err(EINVAL);
        }
        let ipv6 = F::Other::IS_V6;
        // SAFETY: The data can shrink and grow that far, as checked just now.
        match unsafe {
            bindings::natpt_skb_change_proto(skb.as_ptr(), strip as u32, hlen as u32, ipv6)
        } {
            true => Ok(Room {
                skb: Skb(mem::ManuallyDrop::new(skb).0, PhantomData),
                write: write.wrapping_sub(strip).wrapping_add(hlen),
                grow: 0,
            }),
            false => Err(EPERM),
        }
    }

    /// The packet, written.
    #[inline]
    pub(crate) fn done(self) -> Skb<F> {
        self.skb
    }
}

/// A packet that came in on a device: the kernel's own questions about where from need one.
pub(crate) struct Ingress<'a, F>(&'a Skb<F>);

impl<F> Clone for Ingress<'_, F> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<F> Copy for Ingress<'_, F> {}

impl<F: Family> Ingress<'_, F> {
    #[inline]
    pub(super) fn as_ptr(&self) -> *mut bindings::sk_buff {
        self.0.as_ptr()
    }

    /// Return true if IPsec policy lets the packet be forwarded.
    pub(crate) fn policy_ok(&self, net: &Net, _: &rcu::Guard) -> bool {
        // SAFETY: The packet is ours, of the family, and came in on a device.
        unsafe { bindings::natpt_skb_policy_ok(net.as_ptr(), self.as_ptr(), F::IS_V6) }
    }

    /// Return true if packets of a family are forwarded that come in where this one did.
    pub(crate) fn may_forward<T: Family>(&self, net: &Net, _: &rcu::Guard) -> bool {
        // SAFETY: The packet came in on a device.
        unsafe { bindings::natpt_skb_may_forward(net.as_ptr(), self.as_ptr(), T::IS_V6) }
    }
}

impl Ingress<'_, V4> {
    /// Check that the kernel would take a packet with these addresses where it came in.
    pub(crate) fn source(&self, net: &Net, addrs: Addrs4, _: &rcu::Guard) -> Result<(), Spoof> {
        let (saddr, daddr) = (u32::from(addrs.0).to_be(), u32::from(addrs.1).to_be());
        // SAFETY: The packet is a valid IPv4 one that came in on a device.
        let reason = unsafe { bindings::natpt_source4(net.as_ptr(), self.as_ptr(), saddr, daddr) };
        match reason {
            0 => Ok(()),
            bindings::skb_drop_reason_SKB_DROP_REASON_IP_RPFILTER => Err(Spoof::ReversePath),
            bindings::skb_drop_reason_SKB_DROP_REASON_NOMEM => Err(Spoof::Memory),
            _ => Err(Spoof::Martian),
        }
    }

    /// The packets that an answer of [`Ingress::source`] is good for, or 0.
    pub(crate) fn source_stamp(&self, net: &Net, _: &rcu::Guard) -> u64 {
        // SAFETY: The packet came in on a device.
        unsafe { bindings::natpt_source4_stamp(net.as_ptr(), self.as_ptr()) }
    }
}

impl Ingress<'_, V6> {
    /// Return true if this host answers solicitations of others' addresses where the packet came
    /// in.
    pub(crate) fn is_proxied(&self, net: &Net, _: &rcu::Guard) -> bool {
        // SAFETY: The packet came in on a device.
        unsafe { bindings::natpt_skb_is_proxied(net.as_ptr(), self.as_ptr()) }
    }
}

impl Skb<V4> {
    /// Cut the packet into fragments of at most `size` bytes; it may be one itself.
    pub(crate) fn fragment(self, size: u32) -> Result<Segments<V4>> {
        // SAFETY: The packet is valid IPv4 with its whole header at hand; the call leaves it alone.
        let list = unsafe { bindings::natpt_skb_fragment4(self.as_ptr(), size) };
        let list = kernel::error::from_err_ptr(list)?;
        self.consume();
        Ok(Segments(list, PhantomData))
    }

    /// Return true if the packet is one of a connection that conntrack knows.
    pub(crate) fn is_known4(&self) -> bool {
        // SAFETY: The packet is valid IPv4.
        unsafe { bindings::natpt_skb_is_known4(self.as_ptr()) }
    }

    /// Return true if an IPv4 address is this host's own where the packet came in, VRFs considered.
    pub(crate) fn is_local4(&self, net: &Net, addr: Ipv4Addr, _: &rcu::Guard) -> bool {
        let addr = u32::from(addr).to_be();
        // SAFETY: The packet is valid.
        unsafe { bindings::natpt_skb_is_local4(net.as_ptr(), self.as_ptr(), addr) }
    }
}

impl Skb<V6> {
    /// Gives a neighbour solicitation to this host, as it is.
    pub(crate) fn deliver_solicitation(self, _: &BhGuard, _: &rcu::Guard) {
        // SAFETY: The packet is handed over; bottom halves are off.
        unsafe { bindings::natpt_deliver_solicitation(self.into_raw()) };
    }
}

impl<F> Drop for Skb<F> {
    /// Drops the packet, in the kernel's sense too.
    fn drop(&mut self) {
        // SAFETY: The packet is ours.
        unsafe {
            bindings::sk_skb_reason_drop(
                core::ptr::null(),
                self.0.as_ptr(),
                bindings::skb_drop_reason_SKB_DROP_REASON_NETFILTER_DROP,
            )
        };
    }
}

/// Segments of a packet, in order.
pub(crate) struct Segments<F>(*mut bindings::sk_buff, PhantomData<F>);

impl<F: Family> Iterator for Segments<F> {
    type Item = Skb<F>;

    fn next(&mut self) -> Option<Skb<F>> {
        let skb = NonNull::new(self.0)?;
        // SAFETY: Segments are linked by `next`, which begins the first union.
        let links = unsafe { &mut (*skb.as_ptr()).__bindgen_anon_1.__bindgen_anon_1 };
        self.0 = mem::replace(&mut links.next, core::ptr::null_mut());
        Some(Skb(skb, PhantomData))
    }
}

impl<F> Drop for Segments<F> {
    fn drop(&mut self) {
        // SAFETY: What is left of the list is ours.
        unsafe {
            bindings::kfree_skb_list_reason(
                self.0,
                bindings::skb_drop_reason_SKB_DROP_REASON_NETFILTER_DROP,
            )
        };
    }
}

// SPDX-License-Identifier: GPL-2.0

//! The kernel's own counters of what is dropped, which `nstat` shows.

use super::{bindings, family::Family, pernet::Net, skb::Skb};

/// One of them, as RFC 4293 names it.
#[derive(Clone, Copy)]
pub(crate) enum Mib {
    InHdrErrors = bindings::natpt_mib_NATPT_MIB_INHDRERRORS as isize,
    InAddrErrors = bindings::natpt_mib_NATPT_MIB_INADDRERRORS as isize,
    InNoRoutes = bindings::natpt_mib_NATPT_MIB_INNOROUTES as isize,
    OutNoRoutes = bindings::natpt_mib_NATPT_MIB_OUTNOROUTES as isize,
    InDiscards = bindings::natpt_mib_NATPT_MIB_INDISCARDS as isize,
    /// `FragFails`, and `InTooBigErrors` of IPv6.
    TooBig = bindings::natpt_mib_NATPT_MIB_TOOBIG as isize,
}

/// Count a packet.
pub(crate) fn count<F: Family>(net: &Net, skb: &Skb<F>, mib: Mib) {
    // SAFETY: Namespace and packet are valid.
    unsafe { bindings::natpt_count(net.as_ptr(), skb.as_ptr(), F::IS_V6, mib as u32) };
}

// SPDX-License-Identifier: GPL-2.0

//! Reassembly of claimed fragments, apart from everybody else's.

use super::{
    bh::BhGuard,
    bindings,
    family::{V4, V6},
    pernet::Net,
    skb::Skb,
};
use core::ffi::c_int;
use kernel::prelude::*;

/// Keeps our fragments apart from those of other users of the kernel's queues.
const USER: u32 = 0x6e61_7470;

/// The fate of a fragment.
pub(crate) enum Defrag<F> {
    /// It was the last one: the whole packet.
    Whole(Skb<F>),
    /// The queue keeps it.
    Kept,
    /// It was bad, or there is no room: it is gone.
    Failed,
}

/// Takes an IPv4 fragment. Queues are locked against softirqs only by who turns these off.
pub(crate) fn v4(net: &Net, skb: Skb<V4>, _: &BhGuard) -> Defrag<V4> {
    let skb = skb.into_raw();
    // SAFETY: The packet is handed over, and bottom halves are off.
    match unsafe { bindings::ip_defrag(net.as_ptr(), skb, USER) } {
        // SAFETY: Zero gives the packet back, whole.
        0 => Defrag::Whole(unsafe { Skb::from_raw(skb) }),
        e if e == -(bindings::EINPROGRESS as c_int) => Defrag::Kept,
        _ => Defrag::Failed,
    }
}

/// The kernel's module for IPv6 reassembly, in use as long as this lives.
///
/// It is taken when translation starts: a hard dependency would keep natpt
/// from loading on a bare system.
pub(crate) struct Defrag6(());

impl Defrag6 {
    /// Loads the module if need be. May sleep.
    pub(crate) fn get() -> Result<Self> {
        // SAFETY: Process context.
        kernel::error::to_result(unsafe { bindings::natpt_defrag6_get() })?;
        Ok(Self(()))
    }

    /// Takes an IPv6 fragment.
    pub(crate) fn packet(&self, net: &Net, skb: Skb<V6>, _: &BhGuard) -> Defrag<V6> {
        let raw = skb.into_raw();
        // SAFETY: The packet is valid, bottom halves are off, and the module is in use.
        let outcome = unsafe { bindings::natpt_defrag6(net.as_ptr(), raw) };
        if outcome == -(bindings::EINPROGRESS as c_int) {
            return Defrag::Kept;
        }
        // SAFETY: Any other answer leaves the packet with us.
        let skb = unsafe { Skb::from_raw(raw) };
        match outcome {
            0 => Defrag::Whole(skb),
            _ => Defrag::Failed,
        }
    }
}

impl Drop for Defrag6 {
    fn drop(&mut self) {
        // SAFETY: Paired with `get`.
        unsafe { bindings::natpt_defrag6_put() };
    }
}

// SPDX-License-Identifier: GPL-2.0

//! Events: messages to whoever has joined a multicast group.

use super::{family::FAMILY, message::Message};
use crate::linux::{bindings, once::read_once, pernet::Net, rcu};
use core::{
    ffi::{c_int, CStr},
    ptr::NonNull,
};
use kernel::{
    prelude::*,
    sync::atomic::{ordering, Atomic},
};

/// A multicast group of the family.
#[repr(transparent)]
pub(crate) struct Group(bindings::genl_multicast_group);

// SAFETY: Groups are constants.
unsafe impl Sync for Group {}

impl Group {
    /// Only administrators of the namespace may join one that is not open.
    pub(crate) const fn new(name: &CStr, is_open: bool) -> Self {
        let mut group: bindings::genl_multicast_group = pin_init::zeroed();
        let (mut to, mut from): (&mut [_], &[u8]) = (&mut group.name, name.to_bytes());
        while let (Some((first, rest)), Some((byte, left))) =
            (to.split_first_mut(), from.split_first())
        {
            *first = *byte;
            (to, from) = (rest, left);
        }
        group.flags = match is_open {
            true => 0,
            false => CAP_NET_ADMIN,
        };
        Self(group)
    }
}

/// `GENL_MCAST_CAP_NET_ADMIN`, a macro that bindgen does not understand.
const CAP_NET_ADMIN: u8 = 1 << 0;

/// Whether there may be listeners.
static LISTENERS: Atomic<u32> = Atomic::new(NEVER);
/// Nobody has ever joined a group.
const NEVER: u32 = 0;
const MAYBE: u32 = 1;
/// The family goes.
const GONE: u32 = 2;

/// Somebody joins a group. That is never taken back: who leaves one need not have joined it.
///
/// # Safety
///
/// For the kernel to call.
pub(super) unsafe extern "C" fn bind(_: c_int) -> c_int {
    let _ = LISTENERS.cmpxchg(NEVER, MAYBE, ordering::Relaxed);
    0
}

/// The family's groups are there.
pub(super) fn open() {
    let _ = LISTENERS.cmpxchg(GONE, NEVER, ordering::Relaxed);
}

/// No events from now on. May sleep.
pub(super) fn close() {
    LISTENERS.xchg(GONE, ordering::Full);
    rcu::synchronize_rcu();
}

/// Return true if somebody may listen to something somewhere.
#[inline(always)]
pub(crate) fn may_be_heard() -> bool {
    read_once(&LISTENERS) == MAYBE
}

/// Return true if somebody listens to a group.
pub(crate) fn is_heard(net: &Net, group: u32, _: &rcu::Guard) -> bool {
    // SAFETY: The family is registered for as long as read sections go on that began before
    // `close`, and the namespace is alive.
    may_be_heard() && unsafe { bindings::natpt_event_wanted(net.as_ptr(), FAMILY.as_ptr(), group) }
}

/// Tells those who listen to a group. Fails if one of them has no room, or memory is short.
pub(crate) fn tell(
    net: &Net,
    (group, cmd): (u32, u8),
    fill: impl FnOnce(&mut Message) -> Result,
    _: &rcu::Guard,
) -> Result {
    // SAFETY: May be called from any context.
    let skb = NonNull::new(unsafe { bindings::natpt_event_new() }).ok_or(ENOMEM)?;
    // SAFETY: The message was just made, and the family is registered as in `is_heard`.
    let header = unsafe { bindings::genlmsg_put(skb.as_ptr(), 0, 0, FAMILY.as_ptr(), 0, cmd) };
    let filled = match NonNull::new(header) {
        Some(_) => fill(&mut Message { skb }),
        None => Err(EMSGSIZE),
    };
    if let Err(why) = filled {
        // SAFETY: The message is still ours.
        unsafe { bindings::natpt_genl_free(skb.as_ptr()) };
        return Err(why);
    }
    // SAFETY: `header` is the message's.
    unsafe { bindings::natpt_genl_end(skb.as_ptr(), header) };
    let (net, family) = (net.as_ptr(), FAMILY.as_ptr());
    // SAFETY: The message is handed over.
    match unsafe { bindings::natpt_event_send(net, family, skb.as_ptr(), group) } {
        // There was nobody any more.
        0 => Ok(()),
        e if e == ESRCH.to_errno() => Ok(()),
        e => Err(Error::from_errno(e)),
    }
}

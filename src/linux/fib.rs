// SPDX-License-Identifier: GPL-2.0

//! News of the routing table of one network namespace.

use super::{bindings, memory, pernet::NetRef};
use core::{
    ffi::{c_int, c_void},
    net::Ipv6Addr,
};
use kernel::{error::to_result, prelude::*, sync::Arc, types::Opaque};

/// Something that wants to know IPv6 routes.
pub(crate) trait Listener: Send + Sync + 'static {
    /// There is a route to these addresses. May not sleep.
    fn route6(&self, addr: Ipv6Addr, len: u8);

    /// A rule of either family came or went. May not sleep.
    fn rule(&self);
}

/// Tells a listener of the routes that are there, and of those that come, until dropped.
#[repr(C)]
pub(crate) struct Routes6<T: Listener> {
    block: Opaque<bindings::notifier_block>,
    net: NetRef,
    listener: Arc<T>,
}

// SAFETY: The notifier chain locks for itself, and listeners are `Sync`.
unsafe impl<T: Listener> Send for Routes6<T> {}
// SAFETY: As above.
unsafe impl<T: Listener> Sync for Routes6<T> {}

impl<T: Listener> Routes6<T> {
    /// Tells `listener` of all routes before it returns. May sleep.
    pub(crate) fn start(net: NetRef, listener: Arc<T>) -> Result<Pin<KBox<Self>>> {
        let routes = KBox::pin(
            Self {
                block: Opaque::new(bindings::notifier_block {
                    notifier_call: Some(event::<T>),
                    next: core::ptr::null_mut(),
                    priority: 0,
                }),
                net,
                listener,
            },
            memory::flags(),
        )?;
        // SAFETY: The block is ours, stays where it is and is taken off before it goes.
        let result = unsafe {
            bindings::register_fib_notifier(
                net.as_ptr(),
                routes.block.get(),
                None,
                core::ptr::null_mut(),
            )
        };
        // Taking off what is not on the chain does no harm.
        to_result(result).map(|()| routes)
    }
}

/// # Safety
///
/// For the kernel to call, with the block of a `Routes6`.
unsafe extern "C" fn event<T: Listener>(
    block: *mut bindings::notifier_block,
    event: usize,
    info: *mut c_void,
) -> c_int {
    // SAFETY: Only `start` hands this function out, with the first field of a `Routes6`.
    let routes = unsafe { &*block.cast::<Routes6<T>>() };
    let mut addr = super::route::in6(Ipv6Addr::UNSPECIFIED);
    // SAFETY: The chain passes an event with its info.
    let len = unsafe { bindings::natpt_fib_route6(event, info, &mut addr) };
    if let Ok(len) = u8::try_from(len) {
        routes.listener.route6(super::route::from_in6(addr), len);
    }
    // SAFETY: The function only looks at the number.
    if unsafe { bindings::natpt_fib_rule(event) } {
        routes.listener.rule();
    }
    bindings::NOTIFY_DONE as c_int
}

impl<T: Listener> Drop for Routes6<T> {
    fn drop(&mut self) {
        // SAFETY: Registered in `start`; waits for callers that are inside.
        unsafe { bindings::unregister_fib_notifier(self.net.as_ptr(), self.block.get()) };
    }
}

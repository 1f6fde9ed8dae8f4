// SPDX-License-Identifier: GPL-2.0

//! State that every network namespace has of its own.

use super::bindings;
use core::{
    cell::UnsafeCell,
    ffi::{c_int, c_uint},
    marker::PhantomData,
};
use kernel::{error::to_result, prelude::*};

/// A live network namespace.
#[repr(transparent)]
pub(crate) struct Net(UnsafeCell<bindings::net>);

// SAFETY: The namespace is only handed to C functions that lock for themselves.
unsafe impl Sync for Net {}
// SAFETY: As above.
unsafe impl Send for Net {}

impl Net {
    /// # Safety
    ///
    /// `net` must be valid for `'a`.
    #[inline]
    pub(crate) unsafe fn from_ptr<'a>(net: *mut bindings::net) -> &'a Self {
        // SAFETY: By the function's contract; the type is transparent.
        unsafe { &*net.cast() }
    }

    #[inline]
    pub(crate) fn as_ptr(&self) -> *mut bindings::net {
        self.0.get()
    }
}

/// A namespace that outlives whoever holds this: per-namespace state keeps one of its own
/// namespace.
#[derive(Clone, Copy)]
pub(crate) struct NetRef(*const Net);

// SAFETY: See `Net`.
unsafe impl Send for NetRef {}
// SAFETY: See `Net`.
unsafe impl Sync for NetRef {}

impl core::ops::Deref for NetRef {
    type Target = Net;

    #[inline]
    fn deref(&self) -> &Net {
        // SAFETY: State is dropped in the namespace's exit, before the namespace goes.
        unsafe { &*self.0 }
    }
}

/// The part of a module that each namespace has.
pub(crate) trait PerNet: Send + Sync + Sized + 'static {
    /// The static that the state is registered through.
    fn subsystem() -> &'static Subsystem<Self>;

    /// Makes the state of a new namespace.
    fn new(net: NetRef) -> Result<Pin<KBox<Self>>>;

    /// The namespace goes: no packet may reach the state after this. A grace period follows, then
    /// the drop.
    fn pre_exit(&self);
}

/// A per-namespace subsystem, to be put in a static.
pub(crate) struct Subsystem<T: PerNet> {
    id: UnsafeCell<c_uint>,
    ops: UnsafeCell<bindings::pernet_operations>,
    state: PhantomData<T>,
}

// SAFETY: Only the kernel writes the cells, while it registers the subsystem.
unsafe impl<T: PerNet> Sync for Subsystem<T> {}

impl<T: PerNet> Subsystem<T> {
    pub(crate) const fn new() -> Self {
        Self {
            id: UnsafeCell::new(0),
            ops: UnsafeCell::new(pin_init::zeroed()),
            state: PhantomData,
        }
    }

    /// Registers the subsystem: every namespace, old and new, gets its state.
    pub(crate) fn register(&'static self) -> Result<Registration<T>> {
        let ops = bindings::pernet_operations {
            init: Some(init::<T>),
            pre_exit: Some(pre_exit::<T>),
            exit: Some(exit::<T>),
            id: self.id.get(),
            size: size_of::<*mut T>(),
            ..pin_init::zeroed()
        };
        // SAFETY: Nobody else knows the cell before the registration.
        unsafe { self.ops.get().write(ops) };
        // SAFETY: The operations are static and initialised.
        to_result(unsafe { bindings::register_pernet_subsys(self.ops.get()) })?;
        Ok(Registration(self))
    }

    /// The state of a namespace, while the namespace is in use by the caller.
    pub(crate) fn of<'a>(&self, net: &'a Net) -> &'a T {
        // SAFETY: The slot was filled by `init` before the namespace could be used.
        unsafe { &**slot::<T>(net.as_ptr()) }
    }
}

/// A registered subsystem; dropping it drops the state of every namespace.
pub(crate) struct Registration<T: PerNet>(&'static Subsystem<T>);

impl<T: PerNet> Drop for Registration<T> {
    fn drop(&mut self) {
        // SAFETY: The operations were registered and are unregistered once.
        unsafe { bindings::unregister_pernet_subsys(self.0.ops.get()) };
    }
}

/// Where the kernel keeps our pointer for a namespace.
fn slot<T: PerNet>(net: *const bindings::net) -> *mut *mut T {
    let id = T::subsystem().id.get();
    // SAFETY: The kernel wrote the number before it called any of our functions.
    let id = unsafe { id.read() };
    // SAFETY: `net` is valid and `id` is registered.
    unsafe { bindings::natpt_net_generic(net, id) }.cast()
}

/// # Safety
///
/// For the kernel to call, with a new namespace.
unsafe extern "C" fn init<T: PerNet>(net: *mut bindings::net) -> c_int {
    match T::new(NetRef(net.cast())) {
        Ok(state) => {
            // SAFETY: The value is not moved: it stays in its box until `exit`.
            let state = unsafe { Pin::into_inner_unchecked(state) };
            // SAFETY: The slot has room for one pointer.
            unsafe { slot::<T>(net).write(KBox::into_raw(state)) };
            0
        }
        Err(e) => e.to_errno(),
    }
}

/// # Safety
///
/// For the kernel to call, after `init`.
unsafe extern "C" fn pre_exit<T: PerNet>(net: *mut bindings::net) {
    // SAFETY: The slot was filled by `init`.
    unsafe { &**slot::<T>(net) }.pre_exit();
}

/// # Safety
///
/// For the kernel to call, last of all.
unsafe extern "C" fn exit<T: PerNet>(net: *mut bindings::net) {
    // SAFETY: The slot was filled by `init`.
    let state = unsafe { slot::<T>(net).read() };
    // SAFETY: The pointer came from `into_raw` and nobody uses it any more.
    drop(unsafe { KBox::from_raw(state) });
}

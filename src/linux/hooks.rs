// SPDX-License-Identifier: GPL-2.0

//! Netfilter hooks of one network namespace.

use super::{
    bindings,
    family::Family,
    memory,
    pernet::{Net, NetRef},
    rcu,
    skb::Skb,
};
use core::{
    ffi::{c_uint, c_void},
    marker::PhantomData,
};
use kernel::{error::to_result, prelude::*, sync::Arc};

pub(crate) use super::bindings::{
    nf_inet_hooks_NF_INET_LOCAL_IN as NF_INET_LOCAL_IN,
    nf_inet_hooks_NF_INET_LOCAL_OUT as NF_INET_LOCAL_OUT,
    nf_inet_hooks_NF_INET_POST_ROUTING as NF_INET_POST_ROUTING,
    nf_inet_hooks_NF_INET_PRE_ROUTING as NF_INET_PRE_ROUTING,
};

/// The socket that a packet is sent for, or none. It need not be the packet's own: tunnels send for
/// theirs what others made.
#[derive(Clone, Copy)]
pub(crate) struct Socket(*mut bindings::sock);

impl Socket {
    pub(crate) const NONE: Self = Self(core::ptr::null_mut());

    #[inline]
    pub(super) fn as_ptr(self) -> *mut bindings::sock {
        self.0
    }
}

/// The function that a packet meets at a hook.
pub(crate) trait Hook<T>: 'static {
    /// The packets' family.
    type Family: Family;

    /// Give the packet back when it is to go on untouched, else consume it. Called in an RCU read
    /// section, in softirq or process context.
    fn packet(
        owner: &T,
        net: &Net,
        socket: Socket,
        skb: Skb<Self::Family>,
        guard: &rcu::Guard,
    ) -> Option<Skb<Self::Family>>;
}

/// One hook of a set that belongs to a `T`.
#[repr(transparent)]
pub(crate) struct Spec<T>(bindings::nf_hook_ops, PhantomData<T>);

/// Return true if the packet in hand is a copy that a rule sends elsewhere (`dup`, TEE).
pub(crate) fn is_duplicate() -> bool {
    // SAFETY: It reads what the running task says.
    unsafe { bindings::natpt_is_duplicate() }
}

impl<T: Send + Sync + 'static> Spec<T> {
    /// A hook `H` at a place (`NF_INET_…`) and priority.
    pub(crate) fn new<H: Hook<T>>(place: c_uint, priority: i32) -> Self {
        // SAFETY: A plain C structure, of which all zeroes is a value.
        let mut ops: bindings::nf_hook_ops = unsafe { core::mem::zeroed() };
        ops.hook = Some(trampoline::<T, H>);
        ops.pf = H::Family::NFPROTO;
        ops.hooknum = place;
        ops.priority = priority;
        Self(ops, PhantomData)
    }
}

/// Hooks that are in place until this is dropped, which may sleep.
pub(crate) struct Hooks<T: Send + Sync + 'static, const N: usize> {
    net: NetRef,
    specs: KBox<[Spec<T>; N]>,
    /// Used by the hooks.
    _owner: Arc<T>,
}

// SAFETY: The specs are only read, by the kernel, and the owner is `Send` and `Sync`.
unsafe impl<T: Send + Sync + 'static, const N: usize> Send for Hooks<T, N> {}

impl<T: Send + Sync + 'static, const N: usize> Hooks<T, N> {
    pub(crate) fn register(net: NetRef, owner: Arc<T>, specs: [Spec<T>; N]) -> Result<Self> {
        let mut specs = KBox::new(specs, memory::flags())?;
        for spec in specs.iter_mut() {
            spec.0.priv_ = core::ptr::from_ref(&*owner).cast_mut().cast();
        }
        let ops = core::ptr::from_ref(&*specs).cast();
        // SAFETY: The specs stay where they are as long as they are registered.
        let done = unsafe { bindings::nf_register_net_hooks(net.as_ptr(), ops, N as c_uint) };
        to_result(done).inspect_err(|_| {
            // Packets may be inside of those that were registered before one failed.
            rcu::synchronize_rcu();
        })?;
        Ok(Self {
            net,
            specs,
            _owner: owner,
        })
    }
}

impl<T: Send + Sync + 'static, const N: usize> Drop for Hooks<T, N> {
    fn drop(&mut self) {
        let ops = core::ptr::from_ref(&*self.specs).cast();
        // SAFETY: The same hooks were registered in the same namespace.
        unsafe { bindings::nf_unregister_net_hooks(self.net.as_ptr(), ops, N as c_uint) };
        // Packets may still be inside; the owner goes after them.
        rcu::synchronize_rcu();
    }
}

/// # Safety
///
/// For the kernel to call, with an owner that `register` set, a packet and a valid state.
unsafe extern "C" fn trampoline<T, H: Hook<T>>(
    owner: *mut c_void,
    skb: *mut bindings::sk_buff,
    state: *const bindings::nf_hook_state,
) -> c_uint {
    // SAFETY: `register` set it, and the owner is kept until no packet is in here.
    let owner = unsafe { &*owner.cast::<T>() };
    // SAFETY: The kernel passes a valid state with its namespace.
    let (net, socket) = unsafe { ((*state).net, (*state).sk) };
    // SAFETY: The namespace lives as long as the packet is in it.
    let net = unsafe { Net::from_ptr(net) };
    // SAFETY: The kernel hands the packet over, of the hook's family; it is given back with
    // NF_ACCEPT only.
    let skb = unsafe { Skb::from_raw(skb) };
    // SAFETY: The kernel walks its hooks in an RCU section.
    let guard = unsafe { rcu::Guard::of_caller() };
    match H::packet(owner, net, Socket(socket), skb, &guard) {
        Some(skb) => {
            skb.into_raw();
            bindings::NF_ACCEPT
        }
        None => bindings::NF_STOLEN,
    }
}

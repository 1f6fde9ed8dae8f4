// SPDX-License-Identifier: GPL-2.0

//! A generic netlink family: its commands, requests to them, refusals.

mod attr;
pub(crate) mod event;
mod family;
mod message;
mod policy;

pub(crate) use self::{
    attr::{Attr, Attrs},
    event::Group,
    message::{List, Message},
    policy::Policy,
};

use self::family::FAMILY;
use super::{bindings, memory, pernet::Net};
use core::{
    ffi::{c_int, c_uint},
    ptr::{self, NonNull},
};
use kernel::{error::to_result, prelude::*, ThisModule};

/// A refused request: the text and the attribute it is about go to the caller.
pub(crate) struct Refusal<'m> {
    error: Error,
    text: &'static str,
    attr: Option<Attr<'m>>,
}

impl<'m> Refusal<'m> {
    pub(crate) fn new(error: Error, text: &'static str, attr: Attr<'m>) -> Self {
        Self {
            error,
            text,
            attr: Some(attr),
        }
    }

    /// A refusal that no attribute is to blame for.
    pub(crate) fn of_all(error: Error, text: &'static str) -> Self {
        Self {
            error,
            text,
            attr: None,
        }
    }
}

impl From<Error> for Refusal<'_> {
    fn from(error: Error) -> Self {
        let (error, text) = match error {
            memory::CEILING => (ENOMEM, CEILING),
            ENOMEM => (ENOMEM, "no memory is left, or none in the memory cgroup"),
            _ => (error, ""),
        };
        Self {
            error,
            text,
            attr: None,
        }
    }
}

/// At most 79 bytes reach the caller.
const CEILING: &str = "user namespaces hold too much: raise the module's parameter userns_memory";
const _: () = assert!(CEILING.len() < 80);

impl From<kernel::alloc::AllocError> for Refusal<'_> {
    fn from(_: kernel::alloc::AllocError) -> Self {
        ENOMEM.into()
    }
}

/// A command that does something.
pub(crate) trait Do: 'static {
    fn run<'m>(net: &Net, request: &'m Request<'m>) -> Result<(), Refusal<'m>>;
}

/// A command that lists something.
pub(crate) trait Dump: 'static {
    /// Goes on where `list` stands; a refusal ends the listing.
    fn run<'m>(net: &Net, list: &mut List<'m>) -> Result<(), Refusal<'m>>;
}

/// A request in work.
pub(crate) struct Request<'a> {
    info: &'a bindings::genl_info,
}

impl<'a> Request<'a> {
    /// The attributes, checked against the policy.
    pub(crate) fn attrs(&self) -> Attrs<'a> {
        // SAFETY: The kernel passes a message that lives as long as the request.
        unsafe { Attrs::of(self.info.nlhdr) }
    }

    /// Answers with one message.
    pub(crate) fn reply(&self, cmd: u8, fill: impl FnOnce(&mut Message) -> Result) -> Result {
        // SAFETY: Process context.
        let skb = unsafe { bindings::natpt_genl_new() };
        let skb = NonNull::new(skb).ok_or(ENOMEM)?;
        let (portid, seq) = (self.info.snd_portid, self.info.snd_seq);
        // SAFETY: The message was just made, and the family is registered.
        let header =
            unsafe { bindings::genlmsg_put(skb.as_ptr(), portid, seq, self.info.family, 0, cmd) };
        let filled = match NonNull::new(header) {
            Some(_) => fill(&mut Message { skb }),
            None => Err(EMSGSIZE),
        };
        if let Err(e) = filled {
            // SAFETY: The message is still ours.
            unsafe { bindings::natpt_genl_free(skb.as_ptr()) };
            return Err(e);
        }
        // SAFETY: `header` is the message's.
        unsafe { bindings::natpt_genl_end(skb.as_ptr(), header) };
        let info = ptr::from_ref(self.info).cast_mut();
        // SAFETY: The message is handed over.
        to_result(unsafe { bindings::natpt_genl_reply(skb.as_ptr(), info) })
    }

    /// Has the acknowledgement, good or bad, carry a text.
    pub(crate) fn warn(&self, text: &str) {
        // SAFETY: The kernel passes a valid acknowledgement, ours for the call.
        if let Some(ack) = unsafe { self.info.extack.as_mut() } {
            tell(ack, text);
        }
    }
}

/// Explains a refusal. Returns its number.
fn refuse(ack: Option<&mut bindings::netlink_ext_ack>, refusal: &Refusal<'_>) -> c_int {
    if let Some(ack) = ack {
        if let Some(attr) = refusal.attr {
            ack.bad_attr = attr.place;
        }
        if !refusal.text.is_empty() {
            tell(ack, refusal.text);
        }
    }
    refusal.error.to_errno()
}

fn tell(ack: &mut bindings::netlink_ext_ack, text: &str) {
    let room = ack._msg_buf.len().saturating_sub(1);
    let text = text.bytes().take(room);
    for (to, from) in ack._msg_buf.iter_mut().zip(Iterator::chain(text, [0])) {
        *to = from;
    }
    ack._msg = ack._msg_buf.as_ptr();
}

/// A command of the family.
#[repr(transparent)]
pub(crate) struct Op(bindings::genl_ops);

// SAFETY: Operations are constants.
unsafe impl Sync for Op {}

impl Op {
    /// A command that does something, for administrators of the namespace.
    pub(crate) const fn new_do<H: Do>(cmd: u8, policy: &'static [Policy]) -> Self {
        Self(bindings::genl_ops {
            doit: Some(doit::<H>),
            policy: policy.as_ptr().cast(),
            maxattr: policy.len().saturating_sub(1) as c_uint,
            cmd,
            flags: bindings::GENL_UNS_ADMIN_PERM as u8,
            ..pin_init::zeroed()
        })
    }

    /// A command that lists something, for administrators of the namespace.
    pub(crate) const fn new_dump<H: Dump>(cmd: u8, policy: &'static [Policy]) -> Self {
        Self(bindings::genl_ops {
            dumpit: Some(dumpit::<H>),
            policy: match policy {
                [] => ptr::null(),
                _ => policy.as_ptr().cast(),
            },
            maxattr: policy.len().saturating_sub(1) as c_uint,
            cmd,
            flags: bindings::GENL_UNS_ADMIN_PERM as u8,
            ..pin_init::zeroed()
        })
    }
}

/// # Safety
///
/// For the kernel to call, with a valid request.
unsafe extern "C" fn doit<H: Do>(
    _: *mut bindings::sk_buff,
    info: *mut bindings::genl_info,
) -> c_int {
    // SAFETY: The kernel passes a valid request.
    let net = unsafe { bindings::natpt_genl_net(info) };
    // SAFETY: The requester's namespace lives as long as the request.
    let net = unsafe { Net::from_ptr(net) };
    // SAFETY: As above; only the acknowledgement behind it is written to, through a pointer.
    let info = unsafe { &*info };
    let request = Request { info };
    match H::run(net, &request) {
        Ok(()) => 0,
        // SAFETY: The kernel passes a valid acknowledgement, ours for the call.
        Err(refusal) => refuse(unsafe { info.extack.as_mut() }, &refusal),
    }
}

/// # Safety
///
/// For the kernel to call, with a message to write to and a valid callback.
unsafe extern "C" fn dumpit<H: Dump>(
    skb: *mut bindings::sk_buff,
    cb: *mut bindings::netlink_callback,
) -> c_int {
    // SAFETY: The kernel passes a valid callback.
    let net = unsafe { bindings::natpt_dump_net(cb) };
    // SAFETY: The requester's namespace lives as long as the request.
    let net = unsafe { Net::from_ptr(net) };
    // SAFETY: The kernel passes a message to write to.
    let skb = unsafe { NonNull::new_unchecked(skb) };
    // SAFETY: The callback is ours for the call.
    let cb = unsafe { &mut *cb };
    // SAFETY: The request's generic netlink header follows its netlink header.
    let cmd = unsafe { (*cb.nlh.add(1).cast::<bindings::genlmsghdr>()).cmd };
    let mut list = List {
        message: Message { skb },
        cb,
        cmd,
    };
    match H::run(net, &mut list) {
        // SAFETY: The message is valid.
        Ok(()) => unsafe { (*skb.as_ptr()).len as c_int },
        Err(refusal) => {
            // SAFETY: The kernel passes a valid acknowledgement, ours for the call.
            refuse(unsafe { list.cb.extack.as_mut() }, &refusal)
        }
    }
}

/// The registered family.
pub(crate) struct Registration(());

impl Registration {
    /// Registers the family, once.
    pub(crate) fn new(
        module: &'static ThisModule,
        name: &CStr,
        version: u32,
        ops: &'static [Op],
        groups: &'static [Group],
    ) -> Result<Self> {
        let mut family = bindings::genl_family {
            version,
            module: module.as_ptr(),
            ops: ops.as_ptr().cast(),
            n_ops: ops.len() as u8,
            mcgrps: groups.as_ptr().cast(),
            n_mcgrps: groups.len() as u8,
            bind: Some(event::bind),
            ..pin_init::zeroed()
        };
        family.set_netnsok(1);
        family.set_parallel_ops(1);
        for (to, from) in family.name.iter_mut().zip(name.to_bytes()) {
            *to = *from;
        }
        // SAFETY: Nobody else knows the cell before the registration.
        unsafe { FAMILY.as_ptr().write(family) };
        // SAFETY: The family is static and initialised.
        to_result(unsafe { bindings::genl_register_family(FAMILY.as_ptr()) })?;
        event::open();
        Ok(Self(()))
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        event::close();
        // SAFETY: The family was registered.
        unsafe { bindings::genl_unregister_family(FAMILY.as_ptr()) };
    }
}

// SPDX-License-Identifier: GPL-2.0

//! A generic netlink family: policies, requests, answers and dumps.

use super::{bindings, pernet::Net};
use core::{
    cell::UnsafeCell,
    ffi::{c_int, c_uint},
    ptr::{self, NonNull},
    slice,
};
use kernel::{error::to_result, prelude::*, ThisModule};

/// What the kernel checks of an attribute before we see it.
#[repr(transparent)]
pub(crate) struct Policy(bindings::nla_policy);

// SAFETY: Policies are constants.
unsafe impl Sync for Policy {}

/// Values of `nla_policy.type` and `.validation_type` (`net/netlink.h`), which has them in anonymous enums.
const fn policy(kind: u32, len: u16) -> bindings::nla_policy {
    bindings::nla_policy {
        type_: kind as u8,
        len,
        ..pin_init::zeroed()
    }
}

impl Policy {
    /// Not allowed at all.
    pub(crate) const REJECT: Self = Self(policy(bindings::NLA_REJECT, 0));

    pub(crate) const fn flag() -> Self {
        Self(policy(bindings::NLA_FLAG, 0))
    }

    pub(crate) const fn u8() -> Self {
        Self(policy(bindings::NLA_U8, 0))
    }

    pub(crate) const fn u16() -> Self {
        Self(policy(bindings::NLA_U16, 0))
    }

    pub(crate) const fn u32() -> Self {
        Self(policy(bindings::NLA_U32, 0))
    }

    pub(crate) const fn u64() -> Self {
        Self(policy(bindings::NLA_U64, 0))
    }

    /// A string of at most `max` octets that ends in NUL.
    pub(crate) const fn string(max: u16) -> Self {
        Self(policy(bindings::NLA_NUL_STRING, max))
    }

    /// Exactly `len` octets.
    pub(crate) const fn exact(len: u16) -> Self {
        let mut it = policy(bindings::NLA_BINARY, len);
        it.validation_type = bindings::nla_policy_validation_NLA_VALIDATE_RANGE as u8;
        it.__bindgen_anon_1 = bindings::nla_policy__bindgen_ty_1 {
            __bindgen_anon_1: bindings::nla_policy__bindgen_ty_1__bindgen_ty_1 {
                min: len as i16,
                max: len as i16,
            },
        };
        Self(it)
    }

    /// A 32-bit set of these flags.
    pub(crate) const fn flags32(mask: u32) -> Self {
        let mut it = policy(bindings::NLA_U32, 0);
        it.validation_type = bindings::nla_policy_validation_NLA_VALIDATE_MASK as u8;
        it.__bindgen_anon_1 = bindings::nla_policy__bindgen_ty_1 { mask };
        Self(it)
    }

    /// A nest of attributes with policies of their own.
    pub(crate) const fn nested(inner: &'static [Policy]) -> Self {
        let mut it = policy(bindings::NLA_NESTED, inner.len().saturating_sub(1) as u16);
        it.__bindgen_anon_1 = bindings::nla_policy__bindgen_ty_1 {
            nested_policy: inner.as_ptr().cast(),
        };
        Self(it)
    }
}

/// An attribute of a request, inside the message.
#[derive(Clone, Copy)]
pub(crate) struct Attr<'m> {
    kind: u16,
    payload: &'m [u8],
    place: *const bindings::nlattr,
}

impl<'m> Attr<'m> {
    pub(crate) fn kind(&self) -> u16 {
        self.kind
    }

    pub(crate) fn nested(&self) -> Attrs<'m> {
        Attrs { rest: self.payload }
    }

    /// The payload, if it is of this length.
    pub(crate) fn bytes<const N: usize>(&self) -> Option<[u8; N]> {
        self.payload.first_chunk::<N>().copied()
    }

    pub(crate) fn u8(&self) -> Option<u8> {
        self.bytes().map(u8::from_ne_bytes)
    }

    pub(crate) fn u16(&self) -> Option<u16> {
        self.bytes().map(u16::from_ne_bytes)
    }

    pub(crate) fn u32(&self) -> Option<u32> {
        self.bytes().map(u32::from_ne_bytes)
    }

    pub(crate) fn u64(&self) -> Option<u64> {
        self.bytes().map(u64::from_ne_bytes)
    }

    /// A string's octets without the NUL at the end.
    pub(crate) fn text(&self) -> &'m [u8] {
        match self.payload.split_last() {
            Some((0, text)) => text,
            _ => self.payload,
        }
    }
}

/// Attributes one after the other.
#[derive(Clone)]
pub(crate) struct Attrs<'m> {
    rest: &'m [u8],
}

const HEADER: usize = size_of::<bindings::nlattr>();

/// The bits of an attribute's type that are not flags.
const TYPE_MASK: u16 = 0x3fff;

impl<'m> Iterator for Attrs<'m> {
    type Item = Attr<'m>;

    fn next(&mut self) -> Option<Attr<'m>> {
        let place = self.rest.as_ptr().cast();
        let (header, _) = self.rest.split_first_chunk::<HEADER>()?;
        let [l0, l1, t0, t1] = *header;
        let len = usize::from(u16::from_ne_bytes([l0, l1]));
        let payload = self.rest.get(HEADER..len)?;
        self.rest = self.rest.get(len.next_multiple_of(4)..).unwrap_or(&[]);
        Some(Attr {
            kind: u16::from_ne_bytes([t0, t1]) & TYPE_MASK,
            payload,
            place,
        })
    }
}

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
}

impl From<Error> for Refusal<'_> {
    fn from(error: Error) -> Self {
        Self {
            error,
            text: "",
            attr: None,
        }
    }
}

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
    /// Goes on where `list` stands; an error ends the listing.
    fn run(net: &Net, list: &mut List<'_>) -> Result;
}

/// A request in work.
pub(crate) struct Request<'a> {
    info: &'a bindings::genl_info,
}

impl<'a> Request<'a> {
    /// The attributes, checked against the policy.
    pub(crate) fn attrs(&self) -> Attrs<'a> {
        // SAFETY: The kernel passes the message's header.
        let len = unsafe { (*self.info.nlhdr).nlmsg_len } as usize;
        let base = self.info.nlhdr.cast::<u8>();
        // SAFETY: The kernel checked that the message has this length.
        let message = unsafe { slice::from_raw_parts(base, len) };
        const FIXED: usize = size_of::<bindings::nlmsghdr>() + size_of::<bindings::genlmsghdr>();
        Attrs {
            rest: message.get(FIXED..).unwrap_or(&[]),
        }
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
            unsafe { bindings::nlmsg_free(skb.as_ptr()) };
            return Err(e);
        }
        // SAFETY: `header` is the message's.
        unsafe { bindings::genlmsg_end(skb.as_ptr(), header) };
        let info = ptr::from_ref(self.info).cast_mut();
        // SAFETY: The message is handed over.
        to_result(unsafe { bindings::natpt_genl_reply(skb.as_ptr(), info) })
    }

    fn refuse(&self, refusal: &Refusal<'_>) {
        if let (Some(ack), Some(attr)) = (NonNull::new(self.info.extack), refusal.attr) {
            // SAFETY: The kernel passes a valid acknowledgement, ours for the call.
            unsafe { (*ack.as_ptr()).bad_attr = attr.place };
        }
        if !refusal.text.is_empty() {
            self.warn(refusal.text);
        }
    }

    /// Has the acknowledgement, good or bad, carry a text.
    pub(crate) fn warn(&self, text: &str) {
        let Some(ack) = NonNull::new(self.info.extack) else {
            return;
        };
        // SAFETY: The kernel passes a valid acknowledgement, ours for the call.
        let ack = unsafe { &mut *ack.as_ptr() };
        let room = ack._msg_buf.len().saturating_sub(1);
        let text = text.bytes().take(room);
        for (to, from) in ack._msg_buf.iter_mut().zip(Iterator::chain(text, [0])) {
            *to = from;
        }
        ack._msg = ack._msg_buf.as_ptr();
    }
}

/// A message that is being written.
pub(crate) struct Message {
    skb: NonNull<bindings::sk_buff>,
}

impl Message {
    pub(crate) fn bytes(&mut self, kind: u16, value: &[u8]) -> Result {
        let len = c_int::try_from(value.len())?;
        let data = value.as_ptr().cast();
        // SAFETY: The message is ours and `value` is as long as said.
        to_result(unsafe { bindings::nla_put(self.skb.as_ptr(), kind.into(), len, data) })
    }

    pub(crate) fn u8(&mut self, kind: u16, value: u8) -> Result {
        self.bytes(kind, &value.to_ne_bytes())
    }

    pub(crate) fn u16(&mut self, kind: u16, value: u16) -> Result {
        self.bytes(kind, &value.to_ne_bytes())
    }

    pub(crate) fn u32(&mut self, kind: u16, value: u32) -> Result {
        self.bytes(kind, &value.to_ne_bytes())
    }

    pub(crate) fn u64(&mut self, kind: u16, value: u64) -> Result {
        self.bytes(kind, &value.to_ne_bytes())
    }

    /// A string, with a NUL after it.
    pub(crate) fn text(&mut self, kind: u16, value: &str) -> Result {
        self.texts(kind, [value, ""])
    }

    /// Two strings in a row, with a NUL after them.
    pub(crate) fn texts(&mut self, kind: u16, values: [&str; 2]) -> Result {
        let mut buffer = [0; 160];
        let room = buffer.len().saturating_sub(1);
        let bytes = values.iter().flat_map(|value| value.bytes()).take(room);
        let mut len = 0usize;
        for (to, from) in buffer.iter_mut().zip(bytes) {
            *to = from;
            len = len.wrapping_add(1);
        }
        self.bytes(kind, buffer.get(..=len).unwrap_or(&[0]))
    }
}

/// A listing that is being written, over several calls.
pub(crate) struct List<'a> {
    message: Message,
    cb: &'a mut bindings::netlink_callback,
    cmd: u8,
}

impl List<'_> {
    /// Where the listing goes on: two numbers that begin at 0 and are kept between calls.
    pub(crate) fn cursor(&self) -> [u64; 2] {
        // SAFETY: Every value is one of the plain numbers that the context is for.
        let ctx = unsafe { &self.cb.__bindgen_anon_1.ctx };
        // SAFETY: The context has 48 octets, aligned for pointers.
        unsafe { ctx.as_ptr().cast::<[u64; 2]>().read() }
    }

    pub(crate) fn set_cursor(&mut self, cursor: [u64; 2]) {
        // SAFETY: As in `cursor`.
        let ctx = unsafe { &mut self.cb.__bindgen_anon_1.ctx };
        // SAFETY: As in `cursor`.
        unsafe { ctx.as_mut_ptr().cast::<[u64; 2]>().write(cursor) };
    }

    /// What is listed has this version: a change between calls is told to the reader.
    pub(crate) fn set_generation(&mut self, generation: u32) {
        self.cb.seq = generation.max(1);
    }

    /// Writes one entry; false if it must wait for the next call.
    pub(crate) fn entry(&mut self, fill: impl FnOnce(&mut Message) -> Result) -> bool {
        let skb = self.message.skb.as_ptr();
        let family = FAMILY.0.get();
        // SAFETY: The message and the callback are valid for the call.
        let header = unsafe { bindings::natpt_dump_put(skb, self.cb, family, self.cmd) };
        if header.is_null() {
            return false;
        }
        if fill(&mut self.message).is_err() {
            // SAFETY: `header` is this entry's.
            unsafe { bindings::genlmsg_cancel(skb, header) };
            return false;
        }
        // SAFETY: `header` is this entry's.
        unsafe { bindings::genlmsg_end(skb, header) };
        true
    }
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
    pub(crate) const fn new_dump<H: Dump>(cmd: u8) -> Self {
        Self(bindings::genl_ops {
            dumpit: Some(dumpit::<H>),
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
        Err(refusal) => {
            request.refuse(&refusal);
            refusal.error.to_errno()
        }
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
        Err(e) => e.to_errno(),
    }
}

struct Family(UnsafeCell<bindings::genl_family>);

// SAFETY: Written before it is registered, then only by the kernel.
unsafe impl Sync for Family {}

static FAMILY: Family = Family(UnsafeCell::new(pin_init::zeroed()));

/// The registered family.
pub(crate) struct Registration(());

impl Registration {
    /// Registers the family, once.
    pub(crate) fn new(
        module: &'static ThisModule,
        name: &CStr,
        version: u32,
        ops: &'static [Op],
    ) -> Result<Self> {
        let mut family = bindings::genl_family {
            version,
            module: module.as_ptr(),
            ops: ops.as_ptr().cast(),
            n_ops: ops.len() as u8,
            ..pin_init::zeroed()
        };
        family.set_netnsok(1);
        family.set_parallel_ops(1);
        for (to, from) in family.name.iter_mut().zip(name.to_bytes()) {
            *to = *from;
        }
        // SAFETY: Nobody else knows the cell before the registration.
        unsafe { FAMILY.0.get().write(family) };
        // SAFETY: The family is static and initialised.
        to_result(unsafe { bindings::genl_register_family(FAMILY.0.get()) })?;
        Ok(Self(()))
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        // SAFETY: The family was registered.
        unsafe { bindings::genl_unregister_family(FAMILY.0.get()) };
    }
}

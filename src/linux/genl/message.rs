// SPDX-License-Identifier: GPL-2.0

//! Answers: single messages, and listings that take several calls.

use super::{attr::Attrs, family::FAMILY};
use crate::linux::bindings;
use core::{ffi::c_int, ptr::NonNull};
use kernel::{error::to_result, prelude::*};

/// A message that is being written.
pub(crate) struct Message {
    pub(super) skb: NonNull<bindings::sk_buff>,
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
    pub(super) message: Message,
    pub(super) cb: &'a mut bindings::netlink_callback,
    pub(super) cmd: u8,
}

impl<'a> List<'a> {
    /// The attributes of the request, checked against the policy.
    pub(crate) fn attrs(&self) -> Attrs<'a> {
        // SAFETY: The callback keeps the request as long as it lives itself.
        unsafe { Attrs::of(self.cb.nlh) }
    }

    /// Where the listing goes on: two numbers that begin at 0 and are kept between calls.
    pub(crate) fn cursor(&self) -> [u64; 2] {
        // SAFETY: Every value is one of the plain numbers that the context is for.
        let ctx = unsafe { &self.cb.__bindgen_anon_1.ctx };
        // SAFETY: The context has 48 bytes, aligned for pointers.
        unsafe { ctx.as_ptr().cast::<[u64; 2]>().read() }
    }

    pub(crate) fn set_cursor(&mut self, cursor: [u64; 2]) {
        // SAFETY: As in `cursor`.
        let ctx = unsafe { &mut self.cb.__bindgen_anon_1.ctx };
        // SAFETY: As in `cursor`.
        unsafe { ctx.as_mut_ptr().cast::<[u64; 2]>().write(cursor) };
    }

    /// The listed data has this version: a change between calls is told to the reader.
    pub(crate) fn set_generation(&mut self, generation: u32) {
        self.cb.seq = generation.max(1);
    }

    /// Writes one entry; false if it must wait for the next call.
    pub(crate) fn entry(&mut self, fill: impl FnOnce(&mut Message) -> Result) -> bool {
        let skb = self.message.skb.as_ptr();
        let family = FAMILY.as_ptr();
        // SAFETY: The message and the callback are valid for the call.
        let header = unsafe { bindings::natpt_dump_put(skb, self.cb, family, self.cmd) };
        if header.is_null() {
            return false;
        }
        if fill(&mut self.message).is_err() {
            // SAFETY: `header` is this entry's.
            unsafe { bindings::natpt_genl_cancel(skb, header) };
            return false;
        }
        // SAFETY: `header` is this entry's.
        unsafe { bindings::natpt_genl_end(skb, header) };
        true
    }
}

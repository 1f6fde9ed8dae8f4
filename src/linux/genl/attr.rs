// SPDX-License-Identifier: GPL-2.0

//! Attributes of a request, read in the message itself.

use crate::linux::bindings;
use core::slice;

/// An attribute of a request, inside the message.
#[derive(Clone, Copy)]
pub(crate) struct Attr<'m> {
    kind: u16,
    payload: &'m [u8],
    pub(super) place: *const bindings::nlattr,
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

    /// A string's bytes without the NUL at the end.
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

impl Attrs<'_> {
    /// The attributes of a message.
    ///
    /// # Safety
    ///
    /// The kernel has checked the message, which lives as long as the result.
    pub(super) unsafe fn of(message: *const bindings::nlmsghdr) -> Self {
        const FIXED: usize = size_of::<bindings::nlmsghdr>() + size_of::<bindings::genlmsghdr>();
        // SAFETY: As the caller says.
        let len = unsafe { (*message).nlmsg_len } as usize;
        // SAFETY: The kernel checked that the message has this length.
        let message = unsafe { slice::from_raw_parts(message.cast::<u8>(), len) };
        Self {
            rest: message.get(FIXED..).unwrap_or(&[]),
        }
    }
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

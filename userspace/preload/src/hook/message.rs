// SPDX-License-Identifier: GPL-2.0
//! Messages, and room for what controls them.

use core::slice;

use libc::{c_uint, mmsghdr, msghdr};

/// Room for control messages, aligned for them.
#[repr(C, align(8))]
pub struct Control<const SIZE: usize>(pub [u8; SIZE]);

/// True if a message has neither name nor control messages.
pub fn is_plain(message: &msghdr) -> bool {
    message.msg_name.is_null() && (message.msg_control.is_null() || message.msg_controllen == 0)
}

/// True if all messages are plain.
pub unsafe fn all_plain(messages: *const mmsghdr, count: c_uint) -> bool {
    // SAFETY: so many messages are there.
    unsafe { all(messages, count) }
        .iter()
        .all(|message| is_plain(&message.msg_hdr))
}

/// The messages; more than the kernel takes at once do not count.
pub unsafe fn all<'a>(messages: *const mmsghdr, count: c_uint) -> &'a [mmsghdr] {
    if messages.is_null() {
        return &[];
    }
    // SAFETY: so many messages are there.
    unsafe { slice::from_raw_parts(messages, count.min(libc::UIO_MAXIOV as c_uint) as usize) }
}

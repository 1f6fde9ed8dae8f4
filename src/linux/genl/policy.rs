// SPDX-License-Identifier: GPL-2.0

//! What the kernel checks of attributes before a command sees them.

use crate::linux::bindings;

/// The checks of an attribute that the kernel makes before we see it: `struct nla_policy`, of which not
/// every kernel's crate knows the fields. helpers.c looks that they are the same.
#[repr(C)]
pub(crate) struct Policy {
    kind: u8,
    validation: u8,
    len: u16,
    value: Value,
}

/// The part whose meaning depends on the rest.
#[repr(C)]
union Value {
    none: u64,
    range: (i16, i16),
    mask: u32,
    nested: *const Policy,
}

// SAFETY: Policies are constants.
unsafe impl Sync for Policy {}

/// A policy with one of the values of `nla_policy.type` (`net/netlink.h`), an anonymous enum.
const fn policy(kind: u32, len: u16) -> Policy {
    Policy {
        kind: kind as u8,
        validation: 0,
        len,
        value: Value { none: 0 },
    }
}

impl Policy {
    /// Not allowed at all.
    pub(crate) const REJECT: Self = policy(bindings::NLA_REJECT, 0);

    pub(crate) const fn flag() -> Self {
        policy(bindings::NLA_FLAG, 0)
    }

    pub(crate) const fn u8() -> Self {
        policy(bindings::NLA_U8, 0)
    }

    pub(crate) const fn u16() -> Self {
        policy(bindings::NLA_U16, 0)
    }

    pub(crate) const fn u32() -> Self {
        policy(bindings::NLA_U32, 0)
    }

    pub(crate) const fn u64() -> Self {
        policy(bindings::NLA_U64, 0)
    }

    /// A string of at most `max` bytes that ends in NUL.
    pub(crate) const fn string(max: u16) -> Self {
        policy(bindings::NLA_NUL_STRING, max)
    }

    /// Exactly `len` bytes.
    pub(crate) const fn exact(len: u16) -> Self {
        Self {
            validation: bindings::nla_policy_validation_NLA_VALIDATE_RANGE as u8,
            value: Value {
                range: (len as i16, len as i16),
            },
            ..policy(bindings::NLA_BINARY, len)
        }
    }

    /// A 32-bit set of these flags.
    pub(crate) const fn flags32(mask: u32) -> Self {
        Self {
            validation: bindings::nla_policy_validation_NLA_VALIDATE_MASK as u8,
            value: Value { mask },
            ..policy(bindings::NLA_U32, 0)
        }
    }

    /// A nest of attributes with policies of their own.
    pub(crate) const fn nested(inner: &'static [Policy]) -> Self {
        Self {
            value: Value {
                nested: inner.as_ptr(),
            },
            ..policy(bindings::NLA_NESTED, inner.len().saturating_sub(1) as u16)
        }
    }
}

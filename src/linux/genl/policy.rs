// SPDX-License-Identifier: GPL-2.0

//! What the kernel checks of attributes before a command sees them.

use crate::linux::bindings;

/// The checks of an attribute that the kernel makes before we see it.
#[repr(transparent)]
pub(crate) struct Policy(bindings::nla_policy);

// SAFETY: Policies are constants.
unsafe impl Sync for Policy {}

/// Values of `nla_policy.type` and `.validation_type` (`net/netlink.h`), which has them in
/// anonymous enums.
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

    /// A string of at most `max` bytes that ends in NUL.
    pub(crate) const fn string(max: u16) -> Self {
        Self(policy(bindings::NLA_NUL_STRING, max))
    }

    /// Exactly `len` bytes.
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

// SPDX-License-Identifier: GPL-2.0

//! Nests of attributes, each of which comes once.

use crate::linux::genl::{Attr, Refusal};
use kernel::prelude::*;

/// The attributes of a nest by their numbers below `N`; one that comes twice is refused.
pub(super) fn parse<const N: usize>(nest: Attr<'_>) -> Result<[Option<Attr<'_>>; N], Refusal<'_>> {
    let mut found = [None; N];
    for attr in nest.nested() {
        let Some(slot) = found.get_mut(usize::from(attr.kind())) else {
            return Err(Refusal::new(EINVAL, "unknown attribute", attr));
        };
        if slot.replace(attr).is_some() {
            return Err(Refusal::new(EINVAL, "attribute is given twice", attr));
        }
    }
    Ok(found)
}

pub(super) fn at<'m>(found: &[Option<Attr<'m>>], kind: u16) -> Option<Attr<'m>> {
    found.get(usize::from(kind)).copied().flatten()
}

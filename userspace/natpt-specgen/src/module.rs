// SPDX-License-Identifier: GPL-2.0

//! The module's side: the constants, and the policies of what it takes in requests.

use std::ffi::CString;

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use crate::names::{constant, doc, lower, policy};
use crate::numbers;
use crate::spec::{Attribute, Kind, Set, Spec};

pub fn generate(spec: &Spec) -> Result<TokenStream, String> {
    let vis = quote! { pub(crate) };
    let about = doc(Some(&spec.doc));
    let name = CString::new(&*spec.name).map_err(|why| why.to_string())?;
    let name = Literal::c_string(&name);
    let numbers = numbers::generate(spec, &vis);
    let mut sets = Vec::new();
    for set in spec.requests() {
        collect(spec, spec.set(set)?, &mut sets)?;
    }
    let policies = sets.iter().map(|set| policy_of(spec, set));
    let policies = policies.collect::<Result<Vec<_>, _>>()?;
    Ok(quote! {
        #![doc = " The natpt netlink family in numbers."]
        #![allow(dead_code)]
        use core::ffi::CStr;
        use crate::linux::genl::Policy;
        #about
        pub(crate) const FAMILY: &CStr = #name;
        #numbers
        #(#policies)*
    })
}

/// Adds `set` to `sets`, after the sets that it nests.
fn collect<'a>(spec: &'a Spec, set: &'a Set, sets: &mut Vec<&'a Set>) -> Result<(), String> {
    let whole = spec.whole(set)?;
    for other in sets.iter() {
        if other.name == set.name {
            return Ok(());
        }
        if spec.whole(other)?.name == whole.name {
            return Err(format!("{} needs two policies", whole.name));
        }
    }
    for attribute in &set.attributes {
        if attribute.kind == Some(Kind::Nest) {
            collect(spec, spec.set(attribute.nest()?)?, sets)?;
        }
    }
    sets.push(set);
    Ok(())
}

/// The policy has the name of the whole set: what a subset leaves out is rejected.
fn policy_of(spec: &Spec, set: &Set) -> Result<TokenStream, String> {
    let whole = spec.whole(set)?;
    let (name, module) = (policy(&whole.name), lower(&whole.name));
    let about = format!(" Attributes of {} that a request may hold.", whole.name);
    let entries = whole.attributes.iter().map(|attribute| {
        if set.attributes.iter().any(|one| one.name == attribute.name) {
            entry(spec, attribute)
        } else {
            Ok(quote! { Policy::REJECT })
        }
    });
    let entries = entries.collect::<Result<Vec<_>, _>>()?;
    Ok(quote! {
        #[doc = #about]
        pub(crate) static #name: [Policy; attr::#module::LAST as usize + 1] =
            [Policy::REJECT, #(#entries),*];
    })
}

fn entry(spec: &Spec, attribute: &Attribute) -> Result<TokenStream, String> {
    if let Some(definition) = attribute.definition.as_ref().filter(|_| attribute.as_flags) {
        let module = lower(&spec.definition(definition)?.name);
        let mask = constant("mask");
        return Ok(quote! { Policy::flags32(#module::#mask) });
    }
    let missing = |what: &str| format!("attribute {} has no {what}", attribute.name);
    Ok(match attribute.kind()? {
        Kind::Flag => quote! { Policy::flag() },
        Kind::U8 => quote! { Policy::u8() },
        Kind::U16 => quote! { Policy::u16() },
        Kind::U32 => quote! { Policy::u32() },
        Kind::U64 => quote! { Policy::u64() },
        Kind::String => {
            let len = attribute.checks.max_len.ok_or_else(|| missing("max-len"))?;
            let len = Literal::u16_unsuffixed(len);
            quote! { Policy::string(#len) }
        }
        Kind::Binary => {
            let len = attribute.checks.exact_len;
            let len = Literal::u16_unsuffixed(len.ok_or_else(|| missing("exact-len"))?);
            quote! { Policy::exact(#len) }
        }
        Kind::Nest => {
            let nested = policy(&spec.whole(spec.set(attribute.nest()?)?)?.name);
            quote! { Policy::nested(&#nested) }
        }
    })
}

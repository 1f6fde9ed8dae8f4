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
    let mut held = Vec::new();
    for (set, message) in spec.requests() {
        let set = spec.set(set)?;
        let names = message.attributes.iter().map(String::as_str).collect();
        collect(spec, Held { set, names }, &mut held)?;
    }
    let policies = held.iter().map(|held| policy_of(spec, held));
    let policies = policies.collect::<Result<Vec<_>, _>>()?;
    let groups = spec.groups().iter().map(|group| {
        let name = CString::new(&*group.name).map_err(|why| why.to_string())?;
        let name = Literal::c_string(&name);
        let is_open = group.flags.is_empty();
        Ok(quote! { Group::new(#name, #is_open) })
    });
    let groups = groups.collect::<Result<Vec<_>, String>>()?;
    let count = Literal::usize_unsuffixed(groups.len());
    Ok(quote! {
        #![doc = " The natpt netlink family in numbers."]
        #![allow(dead_code)]
        use core::ffi::CStr;
        use crate::linux::genl::{Group, Policy};
        #about
        pub(crate) const FAMILY: &CStr = #name;
        #numbers
        #[doc = " Multicast groups; all but open ones want the rights of an administrator."]
        pub(crate) static GROUPS: [Group; #count] = [#(#groups),*];
        #(#policies)*
    })
}

/// A set, and the attributes of it that requests may hold.
struct Held<'a> {
    set: &'a Set,
    names: Vec<&'a str>,
}

impl Held<'_> {
    fn has(&self, attribute: &Attribute) -> bool {
        self.names.contains(&attribute.name.as_str())
    }
}

/// Adds `new` to `all`, after the sets that it nests.
fn collect<'a>(spec: &'a Spec, new: Held<'a>, all: &mut Vec<Held<'a>>) -> Result<(), String> {
    let whole = spec.whole(new.set)?;
    for other in all.iter() {
        if other.set.name == new.set.name && other.names == new.names {
            return Ok(());
        }
        if spec.whole(other.set)?.name == whole.name {
            return Err(format!("{} needs two policies", whole.name));
        }
    }
    for attribute in new.set.attributes.iter().filter(|one| new.has(one)) {
        if attribute.kind == Some(Kind::Nest) {
            let set = spec.set(attribute.nest()?)?;
            let names = set.attributes.iter().map(|one| one.name.as_str());
            let names = names.collect();
            collect(spec, Held { set, names }, all)?;
        }
    }
    all.push(new);
    Ok(())
}

/// The policy has the name of the whole set: what requests do not hold of it is rejected.
fn policy_of(spec: &Spec, held: &Held<'_>) -> Result<TokenStream, String> {
    let whole = spec.whole(held.set)?;
    let (name, module) = (policy(&whole.name), lower(&whole.name));
    let about = format!(" Attributes of {} that a request may hold.", whole.name);
    let entries = whole.attributes.iter().map(|attribute| {
        if held.has(attribute) {
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

// SPDX-License-Identifier: GPL-2.0

//! The client's side: the constants, and typed structs that are read and written.

use proc_macro2::TokenStream;
use quote::{quote, ToTokens};

use crate::names::{camel, constant, doc, lower};
use crate::numbers;
use crate::spec::{Attribute, DefinitionKind, Hint, Kind, Set, Spec};

pub fn generate(spec: &Spec) -> Result<TokenStream, String> {
    let name = &spec.name;
    let about = doc(Some(&spec.doc));
    let numbers = numbers::generate(spec, &quote! { pub });
    let sets = spec.wholes().map(|set| {
        if spec.is_choice(set) {
            choice(spec, set)
        } else {
            structure(set)
        }
    });
    let sets = sets.collect::<Result<Vec<_>, _>>()?;
    let answers = spec.operations().iter().filter_map(|op| {
        let (way, dump) = match (&op.action, &op.dump) {
            (_, Some(way)) => (way, true),
            (Some(way), None) => (way, false),
            (None, None) => return None,
        };
        way.reply.as_ref()?;
        let (set, command) = (camel(&op.attribute_set), constant(&op.name));
        let filter = way.request.as_ref().map(|request| {
            let module = lower(&op.attribute_set);
            let filters = request.attributes.iter().map(|name| constant(name));
            quote! { impl Filtered for #set { #(const FILTER: u16 = attr::#module::#filters;)* } }
        });
        Some(quote! {
            impl Answer for #set {
                const COMMAND: u8 = cmd::#command;
                const DUMP: bool = #dump;
            }
            #filter
        })
    });
    let tables = spec.definitions.iter().map(|definition| {
        let about = match definition.kind {
            DefinitionKind::Enum => format!(" Names of {}, by value.", definition.name),
            DefinitionKind::Flags => format!(" Names of {}, by bit.", definition.name),
        };
        let (table, entries) = (constant(&definition.name), &definition.entries);
        quote! { #[doc = #about] pub const #table: &[&str] = &[#(#entries),*]; }
    });
    let groups = spec.groups().iter().map(|group| &group.name);
    Ok(quote! {
        #![doc = " The natpt netlink family: numbers, and types that are read and written."]
        use std::net::{Ipv4Addr, Ipv6Addr};
        use crate::attr::{Answer, Attr, Attributes, Filtered, Malformed, Writer};
        #about
        pub const FAMILY: &str = #name;
        #numbers
        #[doc = " Names of the multicast groups, by their place."]
        pub const GROUPS: &[&str] = &[#(#groups),*];
        #(#tables)*
        #(#sets)*
        #(#answers)*
    })
}

/// A set of which a message holds each attribute once at most.
fn structure(set: &Set) -> Result<TokenStream, String> {
    let (about, name, module) = (doc(set.doc.as_deref()), camel(&set.name), lower(&set.name));
    let mut fields = Vec::new();
    let mut readers = Vec::new();
    let mut writers = Vec::new();
    for attribute in &set.attributes {
        // An answer holds none.
        if attribute.kind == Some(Kind::Nest) {
            continue;
        }
        let (about, field) = (doc(attribute.doc.as_deref()), lower(&attribute.name));
        let (kind, number) = (type_of(attribute)?, constant(&attribute.name));
        fields.push(quote! { #about pub #field: Option<#kind> });
        readers.push(quote! { attr::#module::#number => self.#field = Some(attr.value()?) });
        writers.push(quote! {
            if let Some(value) = &self.#field {
                to.put(attr::#module::#number, value);
            }
        });
    }
    Ok(quote! {
        #about
        #[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
        pub struct #name { #(#fields),* }
        impl Attributes for #name {
            fn read(&mut self, attr: Attr<'_>) -> Result<(), Malformed> {
                match attr.number {
                    #(#readers,)*
                    _ => (),
                }
                Ok(())
            }
            fn write(&self, to: &mut Writer) { #(#writers)* }
        }
    })
}

/// A set that is the top of a request: each attribute is one thing to do.
fn choice(spec: &Spec, set: &Set) -> Result<TokenStream, String> {
    let (about, name, module) = (doc(set.doc.as_deref()), camel(&set.name), lower(&set.name));
    let mut variants = Vec::new();
    let mut writers = Vec::new();
    for attribute in &set.attributes {
        let about = doc(attribute.doc.as_deref());
        let (variant, number) = (camel(&attribute.name), constant(&attribute.name));
        let kind = attribute.kind()?;
        if kind == Kind::Flag {
            variants.push(quote! { #about #variant });
            writers.push(quote! { Self::#variant => to.put(attr::#module::#number, &()) });
            continue;
        }
        let holds = match kind {
            Kind::Nest => {
                camel(&spec.whole(spec.set(attribute.nest()?)?)?.name).into_token_stream()
            }
            _ => type_of(attribute)?,
        };
        let put = match kind {
            Kind::Nest => quote! { to.nest(attr::#module::#number, |to| value.write(to)) },
            _ => quote! { to.put(attr::#module::#number, value) },
        };
        variants.push(quote! { #about #variant(#holds) });
        writers.push(quote! { Self::#variant(value) => #put });
    }
    Ok(quote! {
        #about
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum #name { #(#variants),* }
        impl #name {
            #[doc = " Append the attribute."]
            pub fn write(&self, to: &mut Writer) {
                match self { #(#writers),* }
            }
        }
    })
}

fn type_of(attribute: &Attribute) -> Result<TokenStream, String> {
    Ok(match attribute.kind()? {
        Kind::Flag => quote! { () },
        Kind::U8 => quote! { u8 },
        Kind::U16 => quote! { u16 },
        Kind::U32 => quote! { u32 },
        Kind::U64 => quote! { u64 },
        Kind::String => quote! { String },
        Kind::Binary => match (attribute.display_hint, attribute.checks.exact_len) {
            (Some(Hint::Ipv4), Some(4)) => quote! { Ipv4Addr },
            (Some(Hint::Ipv6), Some(16)) => quote! { Ipv6Addr },
            _ => return Err(format!("attribute {} is no address", attribute.name)),
        },
        Kind::Nest => return Err(format!("attribute {} nests too deep", attribute.name)),
    })
}

// SPDX-License-Identifier: GPL-2.0

//! The constants that both ends share: commands, attributes, definitions.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use crate::names::{constant, doc, lower};
use crate::spec::{DefinitionKind, Set, Spec, VERSION};

/// The constants, visible as far as `vis` says.
pub fn generate(spec: &Spec, vis: &TokenStream) -> TokenStream {
    let commands = spec.operations().iter().zip(1u8..).map(|(op, number)| {
        let (doc, name) = (doc(Some(&op.doc)), constant(&op.name));
        let number = Literal::u8_unsuffixed(number);
        quote! { #doc #vis const #name: u8 = #number; }
    });
    let sets = spec.wholes().map(|set| attributes(set, vis));
    let definitions = spec.definitions.iter().map(|definition| {
        let (about, module) = (doc(definition.doc.as_deref()), lower(&definition.name));
        let entries = definition.entries.iter().zip(0u8..).map(|(name, place)| {
            let name = constant(name);
            let place = Literal::u8_unsuffixed(place);
            match definition.kind {
                DefinitionKind::Enum => quote! { #vis const #name: u8 = #place; },
                DefinitionKind::Flags => quote! { #vis const #name: u32 = 1 << #place; },
            }
        });
        let mask = (definition.kind == DefinitionKind::Flags).then(|| {
            let names = definition.entries.iter().map(|name| constant(name));
            quote! { #[doc = " All of them."] #vis const MASK: u32 = #(#names)|*; }
        });
        quote! { #about #vis mod #module { #(#entries)* #mask } }
    });
    let groups = spec.groups().iter().zip(0u32..).map(|(group, place)| {
        let name = constant(&group.name);
        let place = Literal::u32_unsuffixed(place);
        quote! { #vis const #name: u32 = #place; }
    });
    let version = Literal::u32_unsuffixed(VERSION);
    quote! {
        #[doc = " Version of the family."]
        #vis const VERSION: u32 = #version;
        #[doc = " Commands."]
        #vis mod cmd { #(#commands)* }
        #[doc = " Multicast groups, by their place."]
        #vis mod group { #(#groups)* }
        #[doc = " Attributes, by the set they belong to."]
        #vis mod attr { #(#sets)* }
        #(#definitions)*
    }
}

fn attributes(set: &Set, vis: &TokenStream) -> TokenStream {
    let (about, module) = (doc(set.doc.as_deref()), lower(&set.name));
    let attributes = set
        .attributes
        .iter()
        .zip(1u16..)
        .map(|(attribute, number)| {
            let (doc, name) = (doc(attribute.doc.as_deref()), constant(&attribute.name));
            let number = Literal::u16_unsuffixed(number);
            quote! { #doc #vis const #name: u16 = #number; }
        });
    let last = Literal::usize_unsuffixed(set.attributes.len());
    quote! {
        #about
        #vis mod #module {
            #(#attributes)*
            #[doc = " The highest number."]
            #vis const LAST: u16 = #last;
        }
    }
}

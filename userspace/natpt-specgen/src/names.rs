// SPDX-License-Identifier: GPL-2.0

//! Names of the spec (`map-add`) as names of Rust.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

/// `MAP_ADD`
pub fn constant(name: &str) -> Ident {
    ident(&name.replace('-', "_").to_uppercase())
}

/// `map_add`
pub fn lower(name: &str) -> Ident {
    ident(&name.replace('-', "_"))
}

/// `MapAdd`
pub fn camel(name: &str) -> Ident {
    let words = name.split('-').map(|word| {
        let mut letters = word.chars();
        let first = letters.next().map(|letter| letter.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    });
    ident(&words.collect::<String>())
}

/// `MAP_ADD_POLICY`
pub fn policy(name: &str) -> Ident {
    ident(&format!("{}_POLICY", name.replace('-', "_").to_uppercase()))
}

/// The text of the spec as doc comments.
pub fn doc(text: Option<&str>) -> TokenStream {
    let lines = text.unwrap_or_default().trim_end().lines();
    let lines = lines.map(|line| format!(" {line}"));
    quote! { #(#[doc = #lines])* }
}

fn ident(name: &str) -> Ident {
    Ident::new(name, Span::call_site())
}

// SPDX-License-Identifier: GPL-2.0
//! Linking fails when a symbol is missing: the panic handler asks for one on purpose.

fn main() {
    println!("cargo:rustc-cdylib-link-arg=-Wl,-z,defs");
}

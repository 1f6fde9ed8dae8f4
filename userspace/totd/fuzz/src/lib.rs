// SPDX-License-Identifier: GPL-2.0

//! The targets: each takes bytes, and panics if totd does what it must not.

pub mod coverage;
pub mod fuzzer;
pub mod message;
pub mod proxy;

/// A target and its name, which is that of its corpus, too.
pub type Target = (&'static str, fn(&[u8]));

pub const TARGETS: [Target; 2] = [("message", message::run), ("proxy", proxy::run)];

/// The inputs that are kept in the tree.
pub fn corpus(target: &str) -> Vec<Vec<u8>> {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/corpus");
    let files = std::fs::read_dir(format!("{directory}/{target}")).expect("a corpus");
    let mut files: Vec<_> = files.map(|file| file.expect("a file").path()).collect();
    files.sort();
    files
        .iter()
        .map(|file| std::fs::read(file).expect("an input"))
        .collect()
}

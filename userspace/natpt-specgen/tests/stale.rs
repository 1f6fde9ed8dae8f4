// SPDX-License-Identifier: GPL-2.0

//! The committed output is what the spec says.

use std::path::Path;

#[test]
fn committed_output_is_fresh() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    for (path, text) in natpt_specgen::outputs(root).unwrap() {
        let old = std::fs::read_to_string(root.join(&path)).unwrap_or_default();
        assert!(old == text, "{path} is stale: run make generate");
    }
}

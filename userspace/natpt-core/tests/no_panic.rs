// SPDX-License-Identifier: GPL-2.0
//! No panic can be linked: the object that the kernel's compiler options make of the pure rooms
//! asks for nothing of the `core` crate but formatting.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

fn output(command: &mut Command) -> String {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {stderr}");
    String::from_utf8(output.stdout).unwrap()
}

/// Compiles every function, inline ones and those that nothing calls included.
fn compile() -> PathBuf {
    let driver = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/no_panic/driver.rs");
    let object = Path::new(env!("CARGO_TARGET_TMPDIR")).join("no_panic.o");
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    output(
        Command::new(rustc)
            .args(["--edition", "2021", "--crate-type", "rlib", "--emit", "obj"])
            .args(["-C", "opt-level=2", "-C", "overflow-checks=on"])
            .args(["-C", "panic=abort", "-C", "link-dead-code"])
            .args(["-C", "codegen-units=1", "-C", "symbol-mangling-version=v0"])
            .arg("-o")
            .args([&object, &driver]),
    );
    object
}

#[test]
fn nothing_of_core_but_formatting() {
    let object = compile();
    let undefined = output(Command::new("nm").arg("-u").arg(&object));
    let wide_division = ["__multi3", "__udivti3", "__umodti3"];
    let forbidden: Vec<&str> = undefined
        .split_whitespace()
        .filter(|symbol| {
            symbol.contains("4core") && !symbol.contains("3fmt") || wide_division.contains(symbol)
        })
        .collect();

    // Who asks for them: checks of `core` for debug builds only are compiled here but never called.
    let listing = output(Command::new("objdump").args(["-d", "-r"]).arg(&object));
    let mut function = "";
    let mut calls = Vec::new();
    for line in listing.lines() {
        if let Some(name) = line.strip_suffix(">:") {
            function = name;
        } else if forbidden.iter().any(|symbol| line.contains(symbol)) {
            calls.push(format!("{function} {}", line.trim()));
        }
    }
    calls.retain(|call| {
        !call
            .split(' ')
            .nth(1)
            .is_some_and(|name| name.contains("precondition_check"))
    });
    assert!(calls.is_empty(), "{}", calls.join("\n"));
    assert!(
        listing.contains("5xlate10icmp_error11error_to_v6>:"),
        "not all was compiled"
    );
}

// SPDX-License-Identifier: GPL-2.0

//! IPv4-only calls of a program, as its dynamic symbols tell.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::elf::Elf;
use crate::program::Program;

/// Functions that know IPv4 only, and what they are for.
const IPV4_ONLY: [(&str, &str); 13] = [
    ("bindresvport", "binds an IPv4 socket"),
    ("gethostbyname", "looks a name up, IPv4 only"),
    ("gethostbyname_r", "looks a name up, IPv4 only"),
    ("inet_addr", "reads an IPv4 address"),
    ("inet_aton", "reads an IPv4 address"),
    ("inet_lnaof", "takes an IPv4 address apart"),
    ("inet_makeaddr", "puts an IPv4 address together"),
    ("inet_netof", "takes an IPv4 address apart"),
    ("inet_network", "reads an IPv4 network"),
    ("inet_ntoa", "prints an IPv4 address"),
    ("rcmd", "connects over IPv4"),
    ("rexec", "connects over IPv4"),
    ("rresvport", "binds an IPv4 socket"),
];

/// Libraries that define such functions, or are not of the program.
const SYSTEM: [&str; 4] = ["ld-linux", "libc.so", "libresolv.so", "linux-vdso.so"];

/// Print them.
pub fn report(program: &Program) {
    println!("{}: can be helped", program.path.display());
    let mut found = false;
    for file in &program.files {
        let Some(elf) = &file.elf else { continue };
        found |= list(&file.path, elf);
        for library in libraries(&file.path, elf) {
            if let Ok(Some(elf)) = Elf::read(&library) {
                found |= list(&library, &elf);
            }
        }
    }
    if !found {
        println!("no IPv4-only calls; other calls choose the family when the program runs");
    }
}

fn list(path: &Path, elf: &Elf) -> bool {
    let made = |(name, _): &&(&str, &str)| elf.imports.iter().any(|import| import == name);
    let mut found = false;
    for (name, purpose) in IPV4_ONLY.iter().filter(made) {
        println!("{}: {name}: {purpose}", path.display());
        found = true;
    }
    found
}

/// The files that the loader would load besides, in its own words: "NAME => PATH (ADDRESS)".
fn libraries(path: &Path, elf: &Elf) -> Vec<PathBuf> {
    let Some(loader) = &elf.interpreter else {
        return Vec::new();
    };
    let listed = Command::new(loader)
        .arg("--list")
        .arg(path)
        .env_remove("LD_PRELOAD")
        .output();
    let Ok(listed) = listed else {
        return Vec::new();
    };
    String::from_utf8_lossy(&listed.stdout)
        .lines()
        .filter(|line| !SYSTEM.iter().any(|name| line.contains(name)))
        .filter_map(|line| line.split_once(" => ")?.1.split_once(" (0x"))
        .map(|(path, _)| path.into())
        .collect()
}

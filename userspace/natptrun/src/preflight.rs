// SPDX-License-Identifier: GPL-2.0

//! Reasons why no preloaded library can help a program.

use std::fmt;
use std::path::PathBuf;

use crate::program::{Executable, Program};
use crate::secure;

pub struct Refusal {
    path: PathBuf,
    kind: Kind,
}

#[derive(Clone, Copy)]
enum Kind {
    Machine,
    Go,
    Static,
    Musl,
    Setid,
    Capabilities,
}

pub fn check(program: &Program) -> Option<Refusal> {
    program.files.iter().find_map(|file| {
        Some(Refusal {
            kind: kind(file)?,
            path: file.path.clone(),
        })
    })
}

fn kind(file: &Executable) -> Option<Kind> {
    // What is no ELF file goes to the shell, which can be helped.
    let elf = file.elf.as_ref()?;
    if !elf.native {
        return Some(Kind::Machine);
    }
    if elf.go {
        return Some(Kind::Go);
    }
    let Some(interpreter) = &elf.interpreter else {
        return Some(Kind::Static);
    };
    if interpreter.contains("ld-musl") {
        return Some(Kind::Musl);
    }
    if secure::is_setid(&file.path) {
        return Some(Kind::Setid);
    }
    secure::has_capabilities(&file.path).then_some(Kind::Capabilities)
}

impl Refusal {
    /// The way out.
    pub fn remedy(&self) -> &'static str {
        match self.kind {
            Kind::Setid => {
                "run it as the user that it becomes, or give the host 464XLAT (RFC 6877): a \
                 translator on the host itself, which helps every program"
            }
            Kind::Capabilities => {
                "run it as root, or give the host 464XLAT (RFC 6877): a translator on the host \
                 itself, which helps every program"
            }
            Kind::Machine | Kind::Go | Kind::Static | Kind::Musl => {
                "give the host 464XLAT (RFC 6877): a translator on the host itself, which helps \
                 every program"
            }
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let why = match self.kind {
            Kind::Machine => "is built for another machine than the library",
            Kind::Go => "is a Go program, which makes its system calls itself",
            Kind::Static => "is linked statically, so nothing can be preloaded",
            Kind::Musl => "is built for musl, and the library for glibc",
            Kind::Setid => "is setuid or setgid, so the loader ignores LD_PRELOAD",
            Kind::Capabilities => "has file capabilities, so the loader ignores LD_PRELOAD",
        };
        write!(f, "{} {why}", self.path.display())
    }
}

// SPDX-License-Identifier: GPL-2.0

//! The way an ELF file will be run, as it tells.

use std::fs::File;
use std::io;
use std::path::Path;

use object::elf::FileHeader64;
use object::read::elf::{ElfFile, FileHeader, ProgramHeader};
use object::{Endianness, FileKind, Object, ObjectSymbol, ReadCache};

/// The machine that this program, and so the libraries beside it, were built for.
const MACHINE: u16 = match () {
    #[cfg(target_arch = "x86_64")]
    () => object::elf::EM_X86_64,
    #[cfg(target_arch = "aarch64")]
    () => object::elf::EM_AARCH64,
};

pub struct Elf {
    /// Of this machine's 64 bits.
    pub native: bool,
    /// The dynamic loader; a static program has none.
    pub interpreter: Option<String>,
    pub go: bool,
    /// Names that the loader is to find in libraries.
    pub imports: Vec<String>,
}

impl Elf {
    /// None: not an ELF file.
    pub fn read(path: &Path) -> io::Result<Option<Self>> {
        let data = ReadCache::new(File::open(path)?);
        match FileKind::parse(&data) {
            Ok(FileKind::Elf64) => Self::parse(&data).map(Some).map_err(io::Error::other),
            Ok(FileKind::Elf32) => Ok(Some(Self {
                native: false,
                interpreter: None,
                go: false,
                imports: Vec::new(),
            })),
            _ => Ok(None),
        }
    }

    fn parse(data: &ReadCache<File>) -> object::Result<Self> {
        let file = ElfFile::<FileHeader64<Endianness>, _>::parse(data)?;
        let endian = file.endian();
        let mut interpreter = None;
        for segment in file.elf_program_headers() {
            if let Some(name) = segment.interpreter(endian, data)? {
                interpreter = Some(String::from_utf8_lossy(name).into_owned());
            }
        }
        let sections = [".note.go.buildid", ".go.buildinfo"];
        Ok(Self {
            native: file.elf_header().e_machine(endian) == MACHINE,
            interpreter,
            go: sections
                .iter()
                .any(|name| file.section_by_name(name).is_some()),
            imports: file
                .dynamic_symbols()
                .filter(ObjectSymbol::is_undefined)
                .filter_map(|symbol| symbol.name().ok().map(str::to_owned))
                .collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_program() {
        let elf = Elf::read(&std::env::current_exe().unwrap())
            .unwrap()
            .unwrap();
        assert!(elf.native && !elf.go);
        assert!(elf.interpreter.unwrap().contains("ld-linux"));
        assert!(elf.imports.iter().any(|name| name == "memcpy"));
    }

    #[test]
    fn not_elf() {
        assert!(Elf::read(Path::new("/etc/passwd")).unwrap().is_none());
    }
}

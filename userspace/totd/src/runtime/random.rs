// SPDX-License-Identifier: GPL-2.0

//! Random numbers nobody can predict, the kernel's.

use std::fs::File;
use std::io::{self, Read};

/// A source that stays open when the root directory changes.
pub fn source() -> io::Result<Box<dyn FnMut() -> u64>> {
    let mut file = File::open("/dev/urandom")?;
    let mut pool = [0u8; 1024];
    file.read_exact(&mut pool)?;
    let mut used = 0;
    Ok(Box::new(move || {
        if used + 8 > pool.len() {
            // It never fails once it is open; old numbers must not be used again.
            if let Err(problem) = file.read_exact(&mut pool) {
                daemon::log::error(&format!("/dev/urandom: {problem}"));
                std::process::exit(1);
            }
            used = 0;
        }
        let mut number = [0; 8];
        number.copy_from_slice(&pool[used..used + 8]);
        used += 8;
        u64::from_ne_bytes(number)
    }))
}

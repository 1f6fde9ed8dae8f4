// SPDX-License-Identifier: GPL-2.0

//! The file that tells our process id.

use std::fs;

pub struct Pidfile(String);

impl Pidfile {
    /// Write the file, unless the process of an older one still runs.
    pub fn write(path: &str) -> Result<Self, String> {
        let old = fs::read_to_string(path).ok();
        if let Some(pid) = old.and_then(|text| text.trim().parse::<u32>().ok()) {
            let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
            if name.trim() == "totd" && pid != std::process::id() {
                return Err(format!("totd is running already, process {pid} in {path}"));
            }
        }
        fs::write(path, format!("{}\n", std::process::id()))
            .map_err(|problem| format!("{path}: {problem}"))?;
        Ok(Self(path.into()))
    }
}

impl Drop for Pidfile {
    fn drop(&mut self) {
        // After the change of user this may not be allowed; the next start sees that it is old.
        let _ = fs::remove_file(&self.0);
    }
}

// SPDX-License-Identifier: GPL-2.0

//! Faults on the way to the kernel and back.

use std::fmt;
use std::io;

use crate::attr::Malformed;

#[derive(Debug)]
pub enum Error {
    /// The kernel knows no natpt family.
    NotLoaded,
    /// The module speaks another version of the family.
    Version(u32),
    /// The kernel said no.
    Refused(Refusal),
    /// The tables changed during each of many attempts to read them.
    Unsteady,
    /// The request does not fit into the socket's buffer.
    TooLong(usize),
    /// The kernel's answer makes no sense.
    Malformed,
    /// A system call failed.
    Io(&'static str, io::Error),
}

/// A negative answer.
#[derive(Debug, Default)]
pub struct Refusal {
    pub errno: i32,
    /// The kernel's explanation.
    pub message: Option<String>,
    /// Offset of the bad attribute, counted from the message's header.
    pub offset: Option<usize>,
    /// Number of the attribute that is missing.
    pub missing: Option<u16>,
    /// Offset of the attribute that should hold the missing one.
    pub missing_in: Option<usize>,
}

impl Refusal {
    /// The caller may not do this, whatever it says.
    pub fn is_permission(&self) -> bool {
        self.errno == libc::EPERM
    }

    /// The request is for another state of things.
    pub fn is_outdated(&self) -> bool {
        self.errno == libc::EAGAIN
    }

    /// A part of the request is wrong, or not known.
    pub fn is_invalid(&self) -> bool {
        self.errno == libc::EINVAL
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.message, self.missing) {
            (Some(message), _) => f.write_str(message),
            (None, Some(number)) => write!(f, "attribute {number} is missing"),
            (None, None) if self.is_permission() => {
                f.write_str("this needs CAP_NET_ADMIN in the network namespace (run it as root)")
            }
            (None, None) => io::Error::from_raw_os_error(self.errno).fmt(f),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotLoaded => f.write_str("the kernel module is not loaded (modprobe natpt)"),
            Self::Version(version) => write!(
                f,
                "the kernel module speaks version {version} of the protocol, this program version {}: \
                 install the same release of both",
                crate::spec::VERSION
            ),
            Self::Refused(refusal) => refusal.fmt(f),
            Self::Unsteady => f.write_str("the table changes too fast to be read, try again"),
            Self::TooLong(len) => write!(
                f,
                "a request of {len} bytes does not fit into the socket's buffer: \
                 raise the sysctl net.core.wmem_max, or apply the file in parts"
            ),
            Self::Malformed => f.write_str("the kernel sent an answer that makes no sense"),
            Self::Io(what, why) => write!(f, "{what}: {why}"),
        }
    }
}

impl std::error::Error for Error {}

impl From<Malformed> for Error {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}

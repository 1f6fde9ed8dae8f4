// SPDX-License-Identifier: GPL-2.0

//! The generic netlink socket.

#![allow(unsafe_code)]

use std::ffi::c_int;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use crate::error::{Error, Refusal};

pub struct Socket(OwnedFd);

impl Socket {
    pub fn open() -> Result<Self, Error> {
        let kind = libc::SOCK_RAW | libc::SOCK_CLOEXEC;
        // SAFETY: the call takes no pointer.
        let fd = unsafe { libc::socket(libc::AF_NETLINK, kind, libc::NETLINK_GENERIC) };
        let fd = checked(fd as isize).map_err(|why| Error::Io("netlink socket", why))?;
        // SAFETY: the descriptor is new and nobody else's.
        let socket = Self(unsafe { OwnedFd::from_raw_fd(fd as c_int) });
        for name in [
            libc::NETLINK_EXT_ACK,
            libc::NETLINK_GET_STRICT_CHK,
            // The offset tells enough; a long request need not come back in the error.
            libc::NETLINK_CAP_ACK,
        ] {
            socket
                .set(libc::SOL_NETLINK, name, 1)
                .map_err(|why| Error::Io("netlink socket option", why))?;
        }
        Ok(socket)
    }

    /// Hear what is said to a multicast group, with as much room as may be, and have the kernel know
    /// when that was not enough.
    pub fn join(&self, group: u32) -> Result<(), Error> {
        let failed = |why| Error::Io("netlink multicast group", why);
        let room = 8 << 20;
        if self
            .set(libc::SOL_SOCKET, libc::SO_RCVBUFFORCE, room)
            .is_err()
        {
            let _ = self.set(libc::SOL_SOCKET, libc::SO_RCVBUF, room);
        }
        self.set(libc::SOL_NETLINK, libc::NETLINK_BROADCAST_ERROR, 1)
            .map_err(failed)?;
        let joined = self.set(
            libc::SOL_NETLINK,
            libc::NETLINK_ADD_MEMBERSHIP,
            group as c_int,
        );
        joined.map_err(|why| match why.raw_os_error() {
            Some(libc::EPERM) => Error::Refused(Refusal {
                errno: libc::EPERM,
                ..Refusal::default()
            }),
            _ => failed(why),
        })
    }

    pub fn send(&self, bytes: &[u8]) -> Result<(), Error> {
        // The kernel's own bookkeeping comes on top of the bytes.
        let room = c_int::try_from(bytes.len() + 4096).map_err(|_| Error::TooLong(bytes.len()))?;
        if self
            .set(libc::SOL_SOCKET, libc::SO_SNDBUFFORCE, room)
            .is_err()
        {
            let _ = self.set(libc::SOL_SOCKET, libc::SO_SNDBUF, room);
        }
        // SAFETY: the pointer and the length are those of the slice.
        let sent = unsafe { libc::send(self.0.as_raw_fd(), bytes.as_ptr().cast(), bytes.len(), 0) };
        match checked(sent) {
            Ok(_) => Ok(()),
            Err(why) if why.raw_os_error() == Some(libc::EMSGSIZE) => {
                Err(Error::TooLong(bytes.len()))
            }
            Err(why) => Err(Error::Io("netlink send", why)),
        }
    }

    /// One datagram, however long, in `buffer`.
    pub fn receive<'a>(&self, buffer: &'a mut Vec<u8>) -> Result<&'a [u8], Error> {
        let failed = |why| Error::Io("netlink receive", why);
        let need = self
            .take(buffer, libc::MSG_PEEK | libc::MSG_TRUNC)
            .map_err(failed)?;
        if need > buffer.len() {
            buffer.resize(need, 0);
        }
        let len = self.take(buffer, 0).map_err(failed)?;
        buffer.get(..len).ok_or(Error::Malformed)
    }

    fn take(&self, buffer: &mut [u8], flags: c_int) -> io::Result<usize> {
        loop {
            // SAFETY: the pointer and the length are those of the slice.
            let len = unsafe {
                libc::recv(
                    self.0.as_raw_fd(),
                    buffer.as_mut_ptr().cast(),
                    buffer.len(),
                    flags,
                )
            };
            match checked(len) {
                Err(why) if why.kind() == io::ErrorKind::Interrupted => (),
                result => return result.map(|len| len as usize),
            }
        }
    }

    fn set(&self, level: c_int, name: c_int, value: c_int) -> io::Result<()> {
        // SAFETY: the pointer and the length are those of `value`.
        let result = unsafe {
            libc::setsockopt(
                self.0.as_raw_fd(),
                level,
                name,
                (&raw const value).cast(),
                size_of::<c_int>() as libc::socklen_t,
            )
        };
        checked(result as isize).map(drop)
    }
}

fn checked(result: isize) -> io::Result<isize> {
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(result)
    }
}

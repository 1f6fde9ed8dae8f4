// SPDX-License-Identifier: GPL-2.0
//! A link of the router whose other end is this program.

use std::{
    fs::{File, OpenOptions},
    io::{Read, Write},
    os::fd::{AsFd, AsRawFd},
};

use nix::{
    libc,
    poll::{poll, PollFd, PollFlags},
};

use crate::value::Error;

nix::ioctl_write_ptr_bad!(tunsetiff, libc::TUNSETIFF, libc::ifreq);

/// Milliseconds after which a packet is lost, on the slowest machine.
const PATIENCE: u16 = 60_000;

/// One link.
pub struct Tun {
    file: File,
    name: &'static str,
}

impl Tun {
    /// Makes the link in the present namespace; it is gone when dropped.
    pub fn new(name: &'static str) -> Result<Tun, Error> {
        let wrong = |what: &dyn std::fmt::Display| format!("link {name}: {what}");
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).open("/dev/net/tun");
        let file = file.map_err(|error| wrong(&error))?;
        // SAFETY: All bytes of the structure may be zero.
        let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
        for (to, from) in request.ifr_name.iter_mut().zip(name.bytes()) {
            *to = from as libc::c_char;
        }
        request.ifr_ifru.ifru_flags = (libc::IFF_TUN | libc::IFF_NO_PI) as libc::c_short;
        // SAFETY: The descriptor is open and the request lives through the call.
        unsafe { tunsetiff(file.as_raw_fd(), &request) }.map_err(|error| wrong(&error))?;
        Ok(Tun { file, name })
    }

    /// The router receives a packet.
    pub fn send(&mut self, packet: &[u8]) -> Result<(), Error> {
        match self.file.write(packet) {
            Ok(_) => Ok(()),
            // The link refuses what has not even an IP version.
            Err(error) if error.raw_os_error() == Some(libc::EINVAL) => Ok(()),
            Err(error) => Err(format!("link {}: {error}", self.name)),
        }
    }

    /// The packets that the router has sent, up to the one that `last` knows.
    pub fn receive(&mut self, last: impl Fn(&[u8]) -> bool) -> Result<Vec<Vec<u8>>, Error> {
        let mut packets = Vec::new();
        let mut buffer = vec![0; 1 << 16];
        loop {
            let mut fds = [PollFd::new(self.file.as_fd(), PollFlags::POLLIN)];
            if poll(&mut fds, PATIENCE) != Ok(1) {
                return Err(format!("link {}: the sentinel is lost", self.name));
            }
            let len = self
                .file
                .read(&mut buffer)
                .map_err(|error| error.to_string())?;
            let packet = &buffer[..len];
            if last(packet) {
                return Ok(packets);
            }
            if !is_noise(packet) {
                packets.push(packet.to_vec());
            }
        }
    }
}

/// What IPv6 says to its neighbours now and then.
fn is_noise(packet: &[u8]) -> bool {
    packet.first().is_some_and(|byte| byte >> 4 == 6) && packet.get(24) == Some(&0xff)
}

// SPDX-License-Identifier: GPL-2.0

//! bpf(2): a map of listening sockets, and attaching an sk_lookup program.

#![allow(unsafe_code)]

use std::fs::File;
use std::net::{Ipv6Addr, TcpListener};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

use nix::errno::Errno;
use nix::Result;

/// enum bpf_cmd
const MAP_CREATE: u32 = 0;
const MAP_UPDATE_ELEM: u32 = 2;
const MAP_DELETE_ELEM: u32 = 3;
const PROG_LOAD: u32 = 5;
const LINK_CREATE: u32 = 28;

const MAP_TYPE_SOCKHASH: u32 = 18;
const PROG_TYPE_SK_LOOKUP: u32 = 30;
const ATTACH_SK_LOOKUP: u32 = 36;

/// Services, and FTP's listeners.
const ENTRIES: u32 = 65_536;

/// A key as the program puts it together on its stack.
#[repr(C)]
struct Key {
    addr: [u8; 16],
    port: u32,
}

#[repr(C)]
struct MapCreate {
    kind: u32,
    key_size: u32,
    value_size: u32,
    max_entries: u32,
}

#[repr(C)]
struct MapElem {
    map: u32,
    pad: u32,
    key: u64,
    value: u64,
    flags: u64,
}

#[repr(C)]
struct ProgLoad {
    kind: u32,
    count: u32,
    code: u64,
    license: u64,
    log_level: u32,
    log_size: u32,
    log: u64,
    kernel: u32,
    flags: u32,
    name: [u8; 16],
    ifindex: u32,
    attach: u32,
}

#[repr(C)]
struct LinkCreate {
    program: u32,
    target: u32,
    attach: u32,
    flags: u32,
}

/// One call of bpf(2).
///
/// # Safety
///
/// `attributes` is what `command` takes, and its pointers are valid.
unsafe fn bpf<A>(command: u32, attributes: &A) -> Result<RawFd> {
    let size = size_of::<A>();
    // SAFETY: the kernel reads `size` bytes; the rest is the caller's promise.
    let result = unsafe { libc::syscall(libc::SYS_bpf, command, attributes, size) };
    Errno::result(result).map(|fd| fd as RawFd)
}

/// Listening sockets by address and port.
pub struct SocketMap(OwnedFd);

impl SocketMap {
    pub fn new() -> Result<Self> {
        let attributes = MapCreate {
            kind: MAP_TYPE_SOCKHASH,
            key_size: size_of::<Key>() as u32,
            value_size: 4,
            max_entries: ENTRIES,
        };
        // SAFETY: no pointers, and the answer is a new descriptor.
        unsafe {
            let fd = bpf(MAP_CREATE, &attributes)?;
            Ok(Self(OwnedFd::from_raw_fd(fd)))
        }
    }

    pub fn number(&self) -> RawFd {
        self.0.as_raw_fd()
    }

    /// An entry goes with its socket.
    pub fn insert(&self, addr: Ipv6Addr, port: u16, socket: &TcpListener) -> Result<()> {
        self.change(MAP_UPDATE_ELEM, addr, port, socket.as_raw_fd())
    }

    pub fn remove(&self, addr: Ipv6Addr, port: u16) -> Result<()> {
        self.change(MAP_DELETE_ELEM, addr, port, 0)
    }

    fn change(&self, command: u32, addr: Ipv6Addr, port: u16, socket: RawFd) -> Result<()> {
        let key = Key {
            addr: addr.octets(),
            port: port.into(),
        };
        let value = socket as u32;
        let attributes = MapElem {
            map: self.number() as u32,
            pad: 0,
            key: &raw const key as u64,
            value: match command {
                MAP_DELETE_ELEM => 0,
                _ => &raw const value as u64,
            },
            flags: 0,
        };
        // SAFETY: key and value live until the call returns, and have the map's sizes.
        unsafe { bpf(command, &attributes).map(drop) }
    }
}

/// Load the program for this network namespace; it stays while the descriptor is open.
pub fn attach(code: &[u64]) -> Result<OwnedFd> {
    let attributes = ProgLoad {
        kind: PROG_TYPE_SK_LOOKUP,
        count: code.len() as u32,
        code: code.as_ptr() as u64,
        license: c"GPL".as_ptr() as u64,
        log_level: 0,
        log_size: 0,
        log: 0,
        kernel: 0,
        flags: 0,
        name: *b"faithd\0\0\0\0\0\0\0\0\0\0",
        ifindex: 0,
        attach: ATTACH_SK_LOOKUP,
    };
    // SAFETY: code and licence live until the call returns; the answer is a new descriptor.
    let program = unsafe { OwnedFd::from_raw_fd(bpf(PROG_LOAD, &attributes)?) };
    let namespace = File::open("/proc/self/ns/net").map_err(|_| Errno::last())?;
    let attributes = LinkCreate {
        program: program.as_raw_fd() as u32,
        target: namespace.as_raw_fd() as u32,
        attach: ATTACH_SK_LOOKUP,
        flags: 0,
    };
    // SAFETY: no pointers; the answer is a new descriptor.
    unsafe { Ok(OwnedFd::from_raw_fd(bpf(LINK_CREATE, &attributes)?)) }
}

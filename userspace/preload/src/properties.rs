// SPDX-License-Identifier: GPL-2.0
//! Everything that a program sets before it connects moves to the new socket.

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::{option::set_ours, real};
use libc::{c_int, *};

/// Room for any option's value.
const LONGEST: usize = 64;

// The libc crate lacks these; include/uapi/asm-generic/socket.h has them.
const SO_MAX_PACING_RATE: c_int = 47;
const SO_TXREHASH: c_int = 74;

/// Options that are copied if they differ.
const OPTIONS: [(c_int, c_int); 66] = [
    (SOL_SOCKET, SO_DEBUG),
    (SOL_SOCKET, SO_REUSEADDR),
    (SOL_SOCKET, SO_REUSEPORT),
    (SOL_SOCKET, SO_DONTROUTE),
    (SOL_SOCKET, SO_BROADCAST),
    (SOL_SOCKET, SO_KEEPALIVE),
    (SOL_SOCKET, SO_OOBINLINE),
    (SOL_SOCKET, SO_NO_CHECK),
    (SOL_SOCKET, SO_PRIORITY),
    (SOL_SOCKET, SO_LINGER),
    (SOL_SOCKET, SO_RCVLOWAT),
    (SOL_SOCKET, SO_RCVTIMEO),
    (SOL_SOCKET, SO_SNDTIMEO),
    (SOL_SOCKET, SO_SNDBUF),
    (SOL_SOCKET, SO_RCVBUF),
    (SOL_SOCKET, SO_TIMESTAMP),
    (SOL_SOCKET, SO_TIMESTAMPNS),
    (SOL_SOCKET, SO_TIMESTAMPING),
    (SOL_SOCKET, SO_MARK),
    (SOL_SOCKET, SO_RXQ_OVFL),
    (SOL_SOCKET, SO_WIFI_STATUS),
    (SOL_SOCKET, SO_PEEK_OFF),
    (SOL_SOCKET, SO_NOFCS),
    (SOL_SOCKET, SO_SELECT_ERR_QUEUE),
    (SOL_SOCKET, SO_BUSY_POLL),
    (SOL_SOCKET, SO_PREFER_BUSY_POLL),
    (SOL_SOCKET, SO_BUSY_POLL_BUDGET),
    (SOL_SOCKET, SO_MAX_PACING_RATE),
    (SOL_SOCKET, SO_INCOMING_CPU),
    (SOL_SOCKET, SO_ZEROCOPY),
    (SOL_SOCKET, SO_TXTIME),
    (SOL_SOCKET, SO_TXREHASH),
    (SOL_SOCKET, SO_BINDTODEVICE),
    (IPPROTO_TCP, TCP_NODELAY),
    (IPPROTO_TCP, TCP_MAXSEG),
    (IPPROTO_TCP, TCP_CORK),
    (IPPROTO_TCP, TCP_KEEPIDLE),
    (IPPROTO_TCP, TCP_KEEPINTVL),
    (IPPROTO_TCP, TCP_KEEPCNT),
    (IPPROTO_TCP, TCP_SYNCNT),
    (IPPROTO_TCP, TCP_LINGER2),
    (IPPROTO_TCP, TCP_DEFER_ACCEPT),
    (IPPROTO_TCP, TCP_WINDOW_CLAMP),
    (IPPROTO_TCP, TCP_QUICKACK),
    (IPPROTO_TCP, TCP_CONGESTION),
    (IPPROTO_TCP, TCP_USER_TIMEOUT),
    (IPPROTO_TCP, TCP_FASTOPEN_CONNECT),
    (IPPROTO_TCP, TCP_NOTSENT_LOWAT),
    (IPPROTO_UDP, UDP_CORK),
    (IPPROTO_UDP, UDP_SEGMENT),
    (IPPROTO_UDP, UDP_GRO),
    (IPPROTO_IP, IP_TOS),
    (IPPROTO_IP, IP_TTL),
    (IPPROTO_IP, IP_MTU_DISCOVER),
    (IPPROTO_IP, IP_RECVERR),
    (IPPROTO_IP, IP_PKTINFO),
    (IPPROTO_IP, IP_RECVTTL),
    (IPPROTO_IP, IP_RECVTOS),
    (IPPROTO_IP, IP_MULTICAST_TTL),
    (IPPROTO_IP, IP_MULTICAST_LOOP),
    (IPPROTO_IP, IP_MULTICAST_ALL),
    (IPPROTO_IP, IP_FREEBIND),
    (IPPROTO_IP, IP_TRANSPARENT),
    (IPPROTO_IP, IP_MINTTL),
    (IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT),
    (IPPROTO_IP, IP_UNICAST_IF),
];

// The libc crate lacks it; include/uapi/linux/in.h has it.
const IP_UNICAST_IF: c_int = 50;

/// The options of a new socket, as digests; zero: not known yet. Of stream sockets, of others.
static DEFAULTS: [[AtomicU64; OPTIONS.len()]; 2] =
    [const { [const { AtomicU64::new(0) }; OPTIONS.len()] }; 2];

/// Copy them, and what fcntl sets, from `old` to `new`, which are stream sockets or are not.
pub fn copy(old: c_int, new: c_int, stream: bool) {
    let [of_streams, of_others] = &DEFAULTS;
    let defaults = if stream { of_streams } else { of_others };
    for ((level, name), default) in OPTIONS.into_iter().zip(defaults) {
        if level == if stream { IPPROTO_UDP } else { IPPROTO_TCP } {
            continue;
        }
        let Some(mut wanted) = Value::of(old, level, name) else {
            continue;
        };
        // most have not been touched
        if wanted.digest() == default.load(Relaxed) {
            continue;
        }
        let Some(present) = Value::of(new, level, name) else {
            continue;
        };
        default.store(present.digest(), Relaxed);
        if wanted == present {
            continue;
        }
        if level == SOL_SOCKET && matches!(name, SO_SNDBUF | SO_RCVBUF) {
            wanted.halve();
        }
        // SAFETY: the value and its length.
        unsafe { set_ours(new, level, name, wanted.bytes.as_ptr().cast(), wanted.len) };
    }
    // SAFETY: numbers, and room for the owner.
    unsafe {
        let mut owner = [0 as c_int; 2];
        if real::fcntl(old, F_GETOWN_EX, owner.as_mut_ptr() as usize) == 0 && owner != [0, 0] {
            real::fcntl(new, F_SETOWN_EX, owner.as_ptr() as usize);
        }
        let signal = real::fcntl(old, F_GETSIG, 0);
        if signal > 0 {
            real::fcntl(new, F_SETSIG, signal as usize);
        }
        let flags = real::fcntl(old, F_GETFL, 0) & (O_NONBLOCK | O_ASYNC);
        if flags > 0 {
            real::fcntl(new, F_SETFL, (flags | O_RDWR) as usize);
        }
    }
}

// The libc crate lacks these; include/uapi/asm-generic/fcntl.h has them.
const F_GETSIG: c_int = 11;
const F_SETSIG: c_int = 10;
const F_SETOWN_EX: c_int = 15;
const F_GETOWN_EX: c_int = 16;

/// An option's value.
#[derive(PartialEq)]
struct Value {
    bytes: [u8; LONGEST],
    len: socklen_t,
}

impl Value {
    fn of(fd: c_int, level: c_int, name: c_int) -> Option<Value> {
        let mut value = Value {
            bytes: [0; LONGEST],
            len: LONGEST as socklen_t,
        };
        // SAFETY: room for the value.
        let result = unsafe {
            real::getsockopt(
                fd,
                level,
                name,
                value.bytes.as_mut_ptr().cast(),
                &mut value.len,
            )
        };
        (result == 0).then_some(value)
    }

    /// Never zero; FNV-1a.
    fn digest(&self) -> u64 {
        let bytes = self.bytes.iter().take(self.len as usize);
        1 | bytes.fold(0xcbf2_9ce4_8422_2325, |digest: u64, byte| {
            (digest ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        })
    }

    /// The kernel tells twice the size that was asked for.
    fn halve(&mut self) {
        if let Some(size) = self.bytes.first_chunk_mut() {
            *size = (u32::from_ne_bytes(*size) / 2).to_ne_bytes();
        }
    }
}

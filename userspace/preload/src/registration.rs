// SPDX-License-Identifier: GPL-2.0
//! Registrations with epoll: the kernel forgets them when a descriptor gets another socket.

use core::sync::atomic::{
    AtomicU32, AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
};

use crate::{descriptor::LIMIT, errno, real};
use libc::{c_int, epoll_event};

/// A registration of a descriptor.
struct Registration {
    /// The epoll descriptor plus one; zero: none.
    epfd: AtomicU32,
    events: AtomicU32,
    data: AtomicU64,
}

/// Set in `epfd` while the registration is to be made anew.
const PENDING: u32 = 1 << 31;

/// Number of known epoll descriptors of one descriptor; one more takes the place of the last.
const MOST: usize = 4;

static REGISTRATIONS: [[Registration; MOST]; LIMIT] = [const {
    [const {
        Registration {
            epfd: AtomicU32::new(0),
            events: AtomicU32::new(0),
            data: AtomicU64::new(0),
        }
    }; MOST]
}; LIMIT];

/// The kernel has done what epoll_ctl(2) asked for.
///
/// # Safety
/// `event` is the one that the kernel read.
#[inline(always)]
pub unsafe fn note(epfd: c_int, operation: c_int, fd: c_int, event: *const epoll_event) {
    let Some([others @ .., last]) = REGISTRATIONS.get(fd as usize) else {
        return;
    };
    let key = (epfd as u32).wrapping_add(1);
    let place = others.iter().find(|place| {
        let known = place.epfd.load(Relaxed);
        known == key || known == 0
    });
    let place = place.unwrap_or(last);
    if operation == libc::EPOLL_CTL_DEL {
        place.epfd.store(0, Relaxed);
        return;
    }
    // SAFETY: the kernel has read it.
    unsafe {
        place.events.store((*event).events, Relaxed);
        place.data.store((*event).u64, Relaxed);
    }
    place.epfd.store(key, Release);
}

/// Nobody polls a socket that is new.
pub fn forget(fd: c_int) {
    for registration in all(fd) {
        registration.epfd.store(0, Relaxed);
    }
}

fn all(fd: c_int) -> &'static [Registration] {
    match REGISTRATIONS.get(fd as usize) {
        Some(all) => all,
        None => &[],
    }
}

/// The socket behind `fd` is about to be replaced.
pub fn leave(fd: c_int) {
    for registration in all(fd) {
        let epfd = registration.epfd.load(Acquire);
        if epfd == 0 {
            continue;
        }
        // what the kernel does not know is of a socket that had the number before
        // SAFETY: an event, and numbers.
        let known = unsafe {
            let mut event = epoll_event { events: 0, u64: 0 };
            real::epoll_ctl(descriptor(epfd), libc::EPOLL_CTL_DEL, fd, &mut event) == 0
        };
        let epfd = if known { epfd | PENDING } else { 0 };
        registration.epfd.store(epfd, Release);
    }
}

/// It has been replaced.
pub fn enter(fd: c_int) {
    for registration in all(fd) {
        let epfd = registration.epfd.load(Acquire);
        if epfd & PENDING == 0 {
            continue;
        }
        let mut event = epoll_event {
            events: registration.events.load(Relaxed),
            u64: registration.data.load(Relaxed),
        };
        // SAFETY: an event, and numbers.
        errno::keep(|| unsafe {
            real::epoll_ctl(descriptor(epfd), libc::EPOLL_CTL_ADD, fd, &mut event)
        });
        registration.epfd.store(epfd & !PENDING, Release);
    }
}

fn descriptor(epfd: u32) -> c_int {
    (epfd & !PENDING).wrapping_sub(1) as c_int
}

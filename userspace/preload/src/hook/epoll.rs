// SPDX-License-Identifier: GPL-2.0
//! epoll_ctl.

use libc::{c_int, epoll_event};

use crate::{library::Library, real, registration};

/// epoll_ctl(2)
#[inline(always)]
pub unsafe fn epoll_ctl<L: Library>(
    epfd: c_int,
    operation: c_int,
    fd: c_int,
    event: *mut epoll_event,
) -> c_int {
    unsafe {
        let result = real::epoll_ctl(epfd, operation, fd, event);
        if result == 0 {
            registration::note(epfd, operation, fd, event);
        }
        result
    }
}

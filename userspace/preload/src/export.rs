// SPDX-License-Identifier: GPL-2.0
//! The symbols that a library puts before the C library's.

/// Exports every hook for a library.
///
/// fcntl and ioctl are variadic in C. An `int`, a `long` and a pointer pass alike as the third
/// argument of either kind of function on x86-64 and arm64, so a fixed one takes its place.
#[macro_export]
macro_rules! export {
    ($library:ty) => {
        const _: () = {
            use libc::{
                c_int, c_uint, c_ulong, c_void, epoll_event, mmsghdr, msghdr, size_t, sockaddr, socklen_t,
                ssize_t, timespec, FILE,
            };

            $crate::export_functions! { $library:
                connect, __connect = connect(fd: c_int, addr: *const sockaddr, len: socklen_t) -> c_int;
                bind = bind(fd: c_int, addr: *const sockaddr, len: socklen_t) -> c_int;
                listen = listen(fd: c_int, backlog: c_int) -> c_int;
                accept = accept(fd: c_int, addr: *mut sockaddr, len: *mut socklen_t) -> c_int;
                accept4 = accept4(fd: c_int, addr: *mut sockaddr, len: *mut socklen_t, flags: c_int) -> c_int;
                getsockname = getsockname(fd: c_int, addr: *mut sockaddr, len: *mut socklen_t) -> c_int;
                getpeername = getpeername(fd: c_int, addr: *mut sockaddr, len: *mut socklen_t) -> c_int;
                setsockopt = setsockopt(fd: c_int, level: c_int, name: c_int, value: *const c_void,
                    len: socklen_t) -> c_int;
                getsockopt = getsockopt(fd: c_int, level: c_int, name: c_int, value: *mut c_void,
                    len: *mut socklen_t) -> c_int;
                ioctl = ioctl(fd: c_int, request: c_ulong, argument: usize) -> c_int;
                sendto = sendto(fd: c_int, data: *const c_void, size: size_t, flags: c_int,
                    addr: *const sockaddr, len: socklen_t) -> ssize_t;
                sendmsg = sendmsg(fd: c_int, message: *const msghdr, flags: c_int) -> ssize_t;
                sendmmsg = sendmmsg(fd: c_int, messages: *mut mmsghdr, count: c_uint, flags: c_int) -> c_int;
                recvfrom = recvfrom(fd: c_int, data: *mut c_void, size: size_t, flags: c_int,
                    addr: *mut sockaddr, len: *mut socklen_t) -> ssize_t;
                __recvfrom_chk = recvfrom_chk(fd: c_int, data: *mut c_void, size: size_t, room: size_t,
                    flags: c_int, addr: *mut sockaddr, len: *mut socklen_t) -> ssize_t;
                recvmsg = recvmsg(fd: c_int, message: *mut msghdr, flags: c_int) -> ssize_t;
                recvmmsg = recvmmsg(fd: c_int, messages: *mut mmsghdr, count: c_uint, flags: c_int,
                    timeout: *mut timespec) -> c_int;
                close, __close = close(fd: c_int) -> c_int;
                close_range = close_range(first: c_uint, last: c_uint, flags: c_int) -> c_int;
                closefrom = closefrom(first: c_int) -> ();
                fclose = fclose(file: *mut FILE) -> c_int;
                epoll_ctl = epoll_ctl(epfd: c_int, operation: c_int, fd: c_int, event: *mut epoll_event) -> c_int;
                dup = dup(fd: c_int) -> c_int;
                dup2, __dup2 = dup2(fd: c_int, new: c_int) -> c_int;
                dup3 = dup3(fd: c_int, new: c_int, flags: c_int) -> c_int;
                fcntl, fcntl64, __fcntl = fcntl(fd: c_int, command: c_int, argument: usize) -> c_int;
            }
        };

        /// Linked only if something can panic, and then there is no such function.
        #[cfg(not(any(test, debug_assertions)))]
        extern "C" {
            fn natpt_can_panic() -> !;
        }

        #[cfg(not(test))]
        #[panic_handler]
        fn panic(_: &core::panic::PanicInfo) -> ! {
            // SAFETY: never linked, or ends the program.
            #[cfg(not(debug_assertions))]
            unsafe {
                natpt_can_panic()
            }
            #[cfg(debug_assertions)]
            // SAFETY: no arguments.
            unsafe {
                libc::abort()
            }
        }
    };
}

/// One exported function per name.
#[macro_export]
macro_rules! export_functions {
    ($library:ty: $($($symbol:ident),* = $hook:ident $arguments:tt -> $result:ty;)*) => {
        $($($crate::export_function! { $library: $symbol = $hook $arguments -> $result })*)*
    };
}

/// An exported function.
#[macro_export]
macro_rules! export_function {
    ($library:ty: $symbol:ident = $hook:ident($($argument:ident: $type:ty),*) -> $result:ty) => {
        const _: () = {
            #[no_mangle]
            unsafe extern "C" fn $symbol($($argument: $type),*) -> $result {
                // SAFETY: the contract is that of the C library's function.
                unsafe { $crate::hook::$hook::<$library>($($argument),*) }
            }
        };
    };
}

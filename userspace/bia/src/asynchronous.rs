// SPDX-License-Identifier: GPL-2.0
//! getaddrinfo_a. The C library's thread would ask the C library's getaddrinfo, so those who ask for
//! IPv4 addresses are answered before it returns.

use core::{
    mem::{transmute, zeroed},
    ptr::null_mut,
};

use libc::{
    addrinfo, c_char, c_int, c_void, pthread_attr_t, siginfo_t, EAI_AGAIN, EAI_SYSTEM, EINVAL,
    PTHREAD_CREATE_DETACHED, SIGEV_SIGNAL, SIGEV_THREAD,
};
use preload::{errno, real};

use crate::addrinfo::{getaddrinfo, is_for_ipv4};

const GAI_WAIT: c_int = 0;
const GAI_NOWAIT: c_int = 1;

/// The signal's code (include/uapi/asm-generic/siginfo.h).
const SI_ASYNCNL: c_int = -60;

/// struct gaicb (netdb.h)
#[repr(C)]
pub struct Request {
    name: *const c_char,
    service: *const c_char,
    hints: *const addrinfo,
    result: *mut addrinfo,
    /// The result of gai_error.
    status: c_int,
    reserved: [c_int; 5],
}

/// struct sigevent, as far as it is of use
#[repr(C)]
pub struct Event {
    value: *mut c_void,
    signal: c_int,
    notify: c_int,
    function: Option<extern "C" fn(*mut c_void)>,
    attributes: *const pthread_attr_t,
}

/// getaddrinfo_a(3)
#[no_mangle]
unsafe extern "C" fn getaddrinfo_a(
    mode: c_int,
    list: *mut *mut Request,
    count: c_int,
    event: *mut Event,
) -> c_int {
    // SAFETY: the contract is that of the C library's function.
    unsafe {
        let requests = || (0..count.max(0) as usize).filter_map(|at| (*list.add(at)).as_mut());
        let for_ipv4 = |request: &mut Request| is_for_ipv4(request.name, request.hints);
        if list.is_null() || !requests().any(for_ipv4) {
            return real::getaddrinfo_a(mode, list.cast(), count, event.cast());
        }
        if !matches!(mode, GAI_WAIT | GAI_NOWAIT) {
            errno::set(EINVAL);
            return EAI_SYSTEM;
        }
        for request in requests() {
            request.result = null_mut();
            request.status = getaddrinfo(
                request.name,
                request.service,
                request.hints,
                &mut request.result,
            );
        }
        match event.as_ref() {
            Some(event) if mode == GAI_NOWAIT && !errno::keep(|| notify(event)) => EAI_AGAIN,
            _ => 0,
        }
    }
}

/// Notify the program as it asked for.
unsafe fn notify(event: &Event) -> bool {
    // SAFETY: the program's function, and the kernel's view of a signal.
    unsafe {
        match (event.notify, event.function) {
            (SIGEV_SIGNAL, _) => {
                let mut info: siginfo_t = zeroed();
                info.si_signo = event.signal;
                info.si_code = SI_ASYNCNL;
                let from = Sender {
                    pid: libc::getpid(),
                    uid: libc::getuid(),
                    value: event.value,
                };
                (&raw mut info)
                    .cast::<u8>()
                    .add(SENDER)
                    .cast::<Sender>()
                    .write(from);
                let pid = libc::getpid();
                libc::syscall(
                    libc::SYS_rt_sigqueueinfo,
                    pid,
                    event.signal,
                    &raw const info,
                ) == 0
            }
            (SIGEV_THREAD, Some(function)) => {
                let mut attributes: pthread_attr_t = zeroed();
                libc::pthread_attr_init(&mut attributes);
                libc::pthread_attr_setdetachstate(&mut attributes, PTHREAD_CREATE_DETACHED);
                let wanted = match event.attributes.is_null() {
                    true => &raw const attributes,
                    false => event.attributes,
                };
                // a union sigval passes as a pointer does, and nobody reads what the thread returns
                let start = transmute::<
                    extern "C" fn(*mut c_void),
                    extern "C" fn(*mut c_void) -> *mut c_void,
                >(function);
                let mut thread = zeroed();
                let made = libc::pthread_create(&mut thread, wanted, start, event.value) == 0;
                libc::pthread_attr_destroy(&mut attributes);
                made
            }
            _ => true,
        }
    }
}

/// The rest of a siginfo_t of a signal that was queued.
#[repr(C)]
struct Sender {
    pid: c_int,
    uid: u32,
    value: *mut c_void,
}

const SENDER: usize = 16;

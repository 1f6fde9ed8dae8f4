// SPDX-License-Identifier: GPL-2.0
//! Addresses from programs and for programs.

use std::{
    net::{Ipv4Addr, Ipv6Addr, SocketAddrV4},
    ptr,
};

use libc::{sockaddr, socklen_t};
use preload::sockaddr::{is_wanted, read, v4, v6, Given, Storage, LEN4, LEN6};

fn given(bytes: &[u8], len: usize) -> Given {
    // SAFETY: callers hand in at least `len` bytes, or a length that is refused.
    unsafe { read(bytes.as_ptr().cast(), len as socklen_t) }
}

fn bytes(addr: &libc::sockaddr_in) -> [u8; LEN4] {
    // SAFETY: plain bytes.
    unsafe { ptr::read((&raw const *addr).cast()) }
}

const ADDR: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(198, 51, 100, 10), 80);

// req: G-030
#[test]
fn addresses_from_programs() {
    let mut addr = [0; 200];
    addr[..LEN4].copy_from_slice(&bytes(&v4(ADDR)));
    assert_eq!(given(&addr, 16), Given::V4(ADDR));
    assert_eq!(given(&addr, 128), Given::V4(ADDR));
    assert_eq!(given(&addr, 15), Given::Bad);
    assert_eq!(given(&addr, 129), Given::Bad);
    assert_eq!(given(&addr, u32::MAX as usize), Given::Bad);
    // wherever it lies
    addr.copy_within(0..LEN4, 1);
    assert_eq!(given(&addr[1..], 16), Given::V4(ADDR));
    addr[1..3].copy_from_slice(&0u16.to_ne_bytes());
    assert_eq!(given(&addr[1..], 16), Given::Unspecified(ADDR));
    addr[1..3].copy_from_slice(&10u16.to_ne_bytes());
    assert_eq!(given(&addr[1..], 16), Given::Other);
    // SAFETY: null is looked at first.
    assert_eq!(unsafe { read(ptr::null(), 16) }, Given::Bad);
}

/// The bytes that a program with so much room gets, and the length it is told.
fn give(name: &Storage, room: usize) -> (Vec<u8>, socklen_t) {
    let mut to = [0xee; 64];
    let mut len = room as socklen_t;
    // SAFETY: there is room for `room` bytes.
    unsafe {
        name.give(
            |ip| Ipv4Addr::from_bits(ip.to_bits() as u32),
            to.as_mut_ptr().cast(),
            &mut len,
        );
    }
    (to.to_vec(), len)
}

// req: G-030
#[test]
fn addresses_for_programs_are_cut_and_their_length_is_told() {
    let mut name = Storage::new();
    let addr = v6("2001:db8:64::c633:640a".parse().unwrap(), 80);
    // SAFETY: the storage is bigger.
    unsafe { ptr::write_unaligned(name.addr().cast(), addr) };
    name.set_len(LEN6 as socklen_t);
    for room in [0, 1, 8, 15, 16, 17, 28, 60] {
        let (got, len) = give(&name, room);
        let kept = room.min(LEN4);
        assert_eq!(len as usize, LEN4, "room {room}");
        assert_eq!(got[..kept], bytes(&v4(ADDR))[..kept], "room {room}");
        assert!(got[kept..].iter().all(|byte| *byte == 0xee), "room {room}");
    }
}

// req: G-030
#[test]
fn other_families_are_given_as_they_are() {
    let mut name = Storage::new();
    let addr: [u8; 7] = [1, 0, b'/', b't', b'm', b'p', 0];
    // SAFETY: the storage is bigger.
    unsafe { ptr::write_unaligned(name.addr().cast(), addr) };
    name.set_len(7);
    let (got, len) = give(&name, 5);
    assert_eq!((&got[..6], len), (&[1, 0, b'/', b't', b'm', 0xee][..], 7));
    // a stream socket gives no address
    name.set_len(0);
    let (got, len) = give(&name, 16);
    assert_eq!((got[0], len), (0xee, 0));
}

#[test]
fn what_the_kernel_refuses_is_left_to_it() {
    let mut room = [0u8; 16];
    let addr: *mut sockaddr = room.as_mut_ptr().cast();
    let wanted = |addr, len: Option<socklen_t>| {
        let mut len = len;
        let len = len.as_mut().map_or(ptr::null_mut(), |len| len as *mut _);
        // SAFETY: null or valid.
        unsafe { is_wanted(addr, len) }
    };
    assert!(wanted(addr, Some(16)));
    assert!(wanted(addr, Some(0)));
    assert!(wanted(ptr::null_mut(), Some(0)));
    assert!(!wanted(ptr::null_mut(), Some(16)));
    assert!(!wanted(addr, None));
    assert!(!wanted(addr, Some(-1i32 as socklen_t)));
}

#[test]
fn the_kernels_form() {
    let ip: Ipv6Addr = "2001:db8::1".parse().unwrap();
    let addr = v6(ip, 443);
    assert_eq!(i32::from(addr.sin6_family), libc::AF_INET6);
    assert_eq!(addr.sin6_port.to_ne_bytes(), [1, 187]);
    assert_eq!(addr.sin6_addr.s6_addr, ip.octets());
    assert_eq!((addr.sin6_flowinfo, addr.sin6_scope_id), (0, 0));
}

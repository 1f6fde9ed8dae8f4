// SPDX-License-Identifier: GPL-2.0
//! The table of addresses that stand for IPv6 addresses.

use std::{
    collections::HashSet,
    net::{Ipv4Addr, Ipv6Addr},
    sync::{
        atomic::{AtomicBool, Ordering::Relaxed},
        Barrier,
    },
    thread,
};

use preload::address_pool::{AddressPool, Table};

fn addr(number: u32) -> Ipv6Addr {
    Ipv6Addr::from_bits((0x2001_0db8 << 96) | u128::from(number))
}

// req: G-014
#[test]
fn one_address_one_slot() {
    static TABLE: AddressPool = AddressPool::new();
    let slots: Vec<u16> = (0..255)
        .map(|n| TABLE.slot(255, addr(n)).unwrap())
        .collect();
    assert_eq!(slots.iter().collect::<HashSet<_>>().len(), 255);
    assert!(slots.iter().all(|slot| *slot < 255));
    for (n, slot) in slots.iter().enumerate() {
        assert_eq!(TABLE.slot(255, addr(n as u32)), Some(*slot));
        assert_eq!(TABLE.addr(*slot), Some(addr(n as u32)));
    }
    assert_eq!(TABLE.addr(255), None);
    assert_eq!(TABLE.slot(0, addr(0)), None);
}

// req: G-015
#[test]
fn three_hundred_names_in_a_pool_of_255() {
    static TABLE: AddressPool = AddressPool::new();
    let of = |n| TABLE.slot(255, addr(n)).unwrap();
    let first: Vec<u16> = (0..255).map(of).collect();
    // 0 to 9 are in use; 10 to 19 were asked for again
    for n in 0..10 {
        assert_eq!(TABLE.hold(255, addr(n)), Some(first[n as usize]));
    }
    for n in 10..20 {
        assert_eq!(of(n), first[n as usize]);
    }
    // the others go, in the order in which they came
    for n in 255..300 {
        let gone = n - 255 + 20;
        assert_eq!(of(n), first[gone as usize], "{n}");
    }
    for n in (0..20).chain(65..255) {
        assert_eq!(TABLE.addr(first[n as usize]), Some(addr(n)), "{n}");
    }
}

// req: G-015
#[test]
fn what_sockets_use_is_never_given_to_another() {
    static TABLE: AddressPool = AddressPool::new();
    for n in 0..3 {
        TABLE.hold(3, addr(n)).unwrap();
    }
    let kept = TABLE.slot(3, addr(0)).unwrap();
    TABLE.share(kept);
    assert_eq!(TABLE.slot(3, addr(9)), None);
    TABLE.release(kept);
    assert_eq!(
        TABLE.slot(3, addr(9)),
        None,
        "another descriptor still has it"
    );
    TABLE.release(kept);
    assert_eq!(TABLE.slot(3, addr(9)), Some(kept));
}

// req: G-015
#[test]
fn many_that_another_process_holds() {
    static OURS: AddressPool = AddressPool::new();
    static THEIRS: AddressPool = AddressPool::new();
    let table = Box::leak(Box::<Table>::new_uninit()).as_mut_ptr();
    // SAFETY: as large as that, and it stays.
    unsafe { table.write_bytes(0, 1) };
    // SAFETY: zeroes that stay.
    unsafe { OURS.share_table(table) };
    // SAFETY: as above.
    unsafe { THEIRS.share_table(table) };
    for n in 0..1500 {
        THEIRS.hold(1501, addr(n)).unwrap();
    }
    let last = OURS.slot(1501, addr(1500)).unwrap();
    assert_eq!(OURS.slot(1501, addr(1501)), Some(last));
}

#[test]
fn a_host_with_an_ipv4_address_as_well() {
    static TABLE: AddressPool = AddressPool::new();
    let native = Ipv4Addr::new(198, 51, 100, 10);
    let slot = TABLE.slot_with(2, addr(0), Some(native)).unwrap();
    assert_eq!(TABLE.native(slot), Some(native));
    // as long as it is that host's
    assert_eq!(TABLE.slot(2, addr(0)), Some(slot));
    assert_eq!(TABLE.native(slot), Some(native));
    TABLE.slot(2, addr(1)).unwrap();
    assert_eq!(TABLE.slot(2, addr(2)), Some(slot));
    assert_eq!(TABLE.native(slot), None);
    // and its name says so
    assert_eq!(TABLE.slot_with(2, addr(2), Some(native)), Some(slot));
    assert_eq!(TABLE.slot_with(2, addr(2), None), Some(slot));
    assert_eq!(TABLE.native(slot), None);
    assert_eq!(TABLE.native(u16::MAX), None);
}

// req: G-014 G-019
#[test]
fn threads_agree() {
    static TABLE: AddressPool = AddressPool::new();
    const SIZE: u32 = 4095;
    let answers: Vec<Vec<u16>> = thread::scope(|scope| {
        let threads: Vec<_> = (0..8u32)
            .map(|thread| {
                scope.spawn(move || {
                    let mut slots = vec![0; 4000];
                    for step in 0..4000u32 {
                        let n = (step + thread % 2) % 4000;
                        slots[n as usize] = TABLE.slot(SIZE, addr(n)).unwrap();
                    }
                    slots
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    for slots in &answers[1..] {
        assert_eq!(slots, &answers[0]);
    }
    assert_eq!(answers[0].iter().collect::<HashSet<_>>().len(), 4000);
}

// fault: names-19
#[test]
fn threads_agree_where_another_has_to_go() {
    static TABLE: AddressPool = AddressPool::new();
    const SIZE: u32 = 31;
    const THREADS: usize = 8;
    static START: Barrier = Barrier::new(THREADS);
    static DONE: AtomicBool = AtomicBool::new(false);
    // nobody uses an empty one
    for n in 0..SIZE {
        TABLE.slot(SIZE, addr(5000 + n)).unwrap();
    }
    let answers: Vec<Vec<Option<u16>>> = thread::scope(|scope| {
        // meanwhile the oldest one that nobody uses is always another
        scope.spawn(|| {
            for slot in (0..SIZE as u16).cycle() {
                if DONE.load(Relaxed) {
                    break;
                }
                TABLE.share(slot);
                TABLE.release(slot);
            }
        });
        let threads: Vec<_> = (0..THREADS)
            .map(|_| {
                scope.spawn(|| {
                    let ask = |round| {
                        START.wait();
                        TABLE.slot(SIZE, addr(round))
                    };
                    (0..5000).map(ask).collect()
                })
            })
            .collect();
        let answers = threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect();
        DONE.store(true, Relaxed);
        answers
    });
    for slots in &answers[1..] {
        assert_eq!(slots, &answers[0]);
    }
}

// req: G-015 G-019
#[test]
fn held_addresses_stand_still_while_others_come_and_go() {
    static TABLE: AddressPool = AddressPool::new();
    thread::scope(|scope| {
        for thread in 0..4u32 {
            scope.spawn(move || {
                for round in 0..20_000u32 {
                    let addr = addr(thread * 1000 + round % 50);
                    let Some(slot) = TABLE.hold(31, addr) else {
                        continue;
                    };
                    assert_eq!(TABLE.addr(slot), Some(addr));
                    thread::yield_now();
                    assert_eq!(TABLE.addr(slot), Some(addr));
                    TABLE.release(slot);
                }
            });
        }
    });
    // nothing is held any more
    for n in 0..31 {
        assert!(TABLE.hold(31, addr(100_000 + n)).is_some());
    }
}

// SPDX-License-Identifier: GPL-2.0
//! Knowledge of descriptors.

use preload::descriptor::{fits, get, known, set, Word, LIMIT};

// req: G-043
#[test]
fn words() {
    assert_eq!(get(7), Word::FOREIGN);
    assert!(!get(-1).is_ours());
    assert!(!get(i32::MAX).is_ours());
    assert!(fits(LIMIT as i32 - 1) && !fits(LIMIT as i32) && !fits(-1));

    let word = Word::OURS.with_slot(Some(0)).fixed();
    assert_eq!(set(7, word), Word::FOREIGN);
    assert!(get(7).is_ours() && get(7).is_fixed() && !get(7).is_own());
    assert_eq!(get(7).slot(), Some(0));
    assert_eq!(get(7).with_slot(None).slot(), None);
    assert!(get(7).with_slot(None).is_fixed());
    assert_eq!(word.with_slot(Some(u16::MAX)).slot(), Some(u16::MAX));

    set(12, Word::OURS.own());
    // the other test has 20 and 21
    assert!(get(12).is_own());
    assert_eq!(known(0, 19).collect::<Vec<_>>(), [7, 12]);
    assert_eq!(known(8, 11).count(), 0);
    assert_eq!(known(12, 12).collect::<Vec<_>>(), [12]);
    assert_eq!(set(7, Word::FOREIGN), word);
    assert_eq!(known(0, 19).collect::<Vec<_>>(), [12]);
    // beyond the table, nothing is ours
    set(i32::MAX, Word::OURS);
    assert_eq!(get(i32::MAX), Word::FOREIGN);
}

// req: G-043
#[test]
fn a_fork_has_its_own_and_a_vfork_changes_nothing() {
    set(20, Word::OURS);
    // SAFETY: the child only writes into the table and ends.
    unsafe {
        let child = libc::fork();
        if child == 0 {
            let copied = get(20).is_ours();
            set(20, Word::FOREIGN);
            set(21, Word::OURS);
            libc::_exit(if copied && !get(20).is_ours() && get(21).is_ours() {
                0
            } else {
                1
            });
        }
        let mut status = 0;
        libc::waitpid(child, &mut status, 0);
        assert_eq!(status, 0);
    }
    assert!(get(20).is_ours() && !get(21).is_ours());
    // SAFETY: memory is shared, the stack is the child's own; it ends before we go on.
    unsafe {
        let mut stack = vec![0u8; 65536];
        let top = stack.as_mut_ptr().add(stack.len()).cast();
        let child = libc::clone(
            forget,
            top,
            libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD,
            std::ptr::null_mut(),
        );
        let mut status = 0;
        libc::waitpid(child, &mut status, 0);
        assert_eq!(status, 0);
    }
    assert!(get(20).is_ours());
}

extern "C" fn forget(_: *mut libc::c_void) -> i32 {
    set(20, Word::FOREIGN);
    0
}

// SPDX-License-Identifier: GPL-2.0

//! Forwarders that ask us what we ask them: a loop without end.

use std::collections::HashMap;

use crate::wire::Question;

/// Repetitions of one question, all from forwarders' hosts, that are no coincidence.
const LOOP: u8 = 16;

/// Number of times that each question of a forwarder's host is in flight.
#[derive(Default)]
pub struct LoopDetect(HashMap<Vec<u8>, u8>);

impl LoopDetect {
    pub fn begin(&mut self, question: &Question) {
        *self.0.entry(key(question)).or_default() += 1;
    }

    pub fn is_loop(&self, question: &Question) -> bool {
        self.0
            .get(&key(question))
            .is_some_and(|&count| count >= LOOP)
    }

    pub fn end(&mut self, question: &Question) {
        let key = key(question);
        if let Some(count) = self.0.get_mut(&key) {
            *count -= 1;
            if *count == 0 {
                self.0.remove(&key);
            }
        }
    }
}

fn key(question: &Question) -> Vec<u8> {
    let mut key = question.wire();
    key.make_ascii_lowercase();
    key
}

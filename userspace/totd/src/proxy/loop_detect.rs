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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Name;

    fn question(name: &str, rtype: u16) -> Question {
        Question {
            name: Name::from_text(name).unwrap(),
            rtype,
            class: 1,
        }
    }

    #[test]
    fn one_question_many_times_at_once() {
        let mut loops = LoopDetect::default();
        let asked = question("www.example.", 28);
        for _ in 1..LOOP {
            loops.begin(&asked);
        }
        assert!(!loops.is_loop(&asked));
        loops.begin(&question("WWW.example.", 28));
        assert!(loops.is_loop(&asked));
        assert!(!loops.is_loop(&question("www.example.", 1)));
        assert!(!loops.is_loop(&question("ftp.example.", 28)));
        loops.end(&asked);
        assert!(!loops.is_loop(&asked));
        loops.begin(&asked);
        assert!(loops.is_loop(&asked));
        loops.end(&asked);
        for _ in 1..LOOP {
            loops.end(&asked);
        }
        assert!(loops.0.is_empty());
        // one that has not begun
        loops.end(&asked);
    }
}

// SPDX-License-Identifier: GPL-2.0
//! The corpus, and some of what a fuzzer makes of it, always the same.

use natpt_fuzz::{corpus, Worlds, TARGETS};
use natpt_packets::differential::Tally;

const MUTANTS: usize = 5_000;

#[test]
fn corpus_and_mutants() {
    let worlds = Worlds::new();
    for (name, run) in TARGETS {
        let mut tally = Tally::default();
        let mut random = fastrand::Rng::with_seed(1);
        let inputs = corpus(name);
        assert!(!inputs.is_empty(), "{name}");
        for at in 0..MUTANTS {
            let mut input = inputs[at % inputs.len()].clone();
            // The first round takes them as they are.
            for _ in 0..(at / inputs.len()).min(4) {
                let place = random.usize(..input.len());
                input[place] = random.u8(..);
            }
            run(&worlds, &input, &mut tally);
        }
        assert!(tally.out > 0, "{name}: nothing is translated: {tally:?}");
    }
}

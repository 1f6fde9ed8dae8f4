// SPDX-License-Identifier: GPL-2.0
//! The corpus, and some of what a fuzzer makes of it, always the same.

use totd_fuzz::fuzzer::Fuzzer;
use totd_fuzz::{corpus, TARGETS};

const MUTANTS: usize = 20_000;

// req: F-057
#[test]
fn corpus_and_mutants() {
    for (name, run) in TARGETS {
        let inputs = corpus(name);
        assert!(inputs.len() >= 10, "{name}");
        let mut fuzzer = Fuzzer::new(1);
        for input in inputs {
            fuzzer.seed(run, input);
        }
        for _ in 0..MUTANTS {
            let input = fuzzer.mutant();
            fuzzer.run(run, input);
        }
    }
}

// SPDX-License-Identifier: GPL-2.0

//! totd-fuzz SECONDS [FILE...]: fuzzes each target so long, or runs it on the files.

use std::process::ExitCode;
use std::sync::Mutex;
use std::time::{Duration, Instant, SystemTime};

use totd_fuzz::fuzzer::Fuzzer;
use totd_fuzz::{corpus, Target, TARGETS};

/// The input that runs at the moment, for the report of a panic.
static INPUT: Mutex<Vec<u8>> = Mutex::new(Vec::new());

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let Some(Ok(seconds)) = arguments.next().map(|word| word.parse()) else {
        eprintln!("usage: totd-fuzz SECONDS [FILE...]");
        return ExitCode::FAILURE;
    };
    let files: Vec<String> = arguments.collect();
    if !files.is_empty() {
        for file in files {
            let input = std::fs::read(&file).expect("a file that can be read");
            TARGETS.iter().for_each(|(_, run)| run(&input));
        }
        return ExitCode::SUCCESS;
    }
    keep_what_panics();
    let seed = std::env::var("FUZZ_SEED").ok();
    let clock = || SystemTime::UNIX_EPOCH.elapsed().map(|now| now.as_secs());
    let seed = match seed.map(|seed| seed.parse()) {
        Some(Ok(seed)) => seed,
        _ => clock().unwrap_or_default(),
    };
    let each = Duration::from_secs(seconds) / TARGETS.len() as u32;
    TARGETS.iter().for_each(|target| fuzz(target, seed, each));
    ExitCode::SUCCESS
}

fn fuzz((name, run): &Target, seed: u64, time: Duration) {
    let (mut fuzzer, mut count) = (Fuzzer::new(seed), 0u64);
    for input in corpus(name) {
        fuzzer.seed(*run, input);
    }
    let start = Instant::now();
    while start.elapsed() < time {
        let input = fuzzer.mutant();
        if let Ok(mut current) = INPUT.lock() {
            current.clone_from(&input);
        }
        fuzzer.run(*run, input);
        count += 1;
    }
    let (kept, edges) = (fuzzer.kept(), fuzzer.edges());
    println!("totd {name}: seed {seed}, {count} inputs, {edges} edges, {kept} inputs of use");
}

fn keep_what_panics() {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        report(panic);
        let file = format!("totd-crash-{}", std::process::id());
        if let Ok(input) = INPUT.lock() {
            match std::fs::write(&file, &*input) {
                Ok(()) => eprintln!("the input is in {file}"),
                Err(problem) => eprintln!("{file}: {problem}: {:02x?}", &*input),
            }
        }
        std::process::exit(1);
    }));
}

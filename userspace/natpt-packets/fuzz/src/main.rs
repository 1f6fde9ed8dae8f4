// SPDX-License-Identifier: GPL-2.0
//! natpt-fuzz SECONDS [TARGET FILE...]: fuzzes each target so long in all, or runs one on files.

use std::{
    cell::RefCell,
    process::ExitCode,
    time::{Duration, Instant, SystemTime},
};

use natpt_fuzz::{corpus, Target, Worlds, TARGETS};
use natpt_packets::differential::Tally;
use totd_fuzz::fuzzer::Fuzzer;

/// What a target needs that is handed nothing but bytes.
struct Running {
    worlds: Worlds,
    tally: Tally,
    target: Target,
}

thread_local! {
    static RUNNING: RefCell<Option<Running>> = const { RefCell::new(None) };
    /// What runs at the moment, for the report of a panic.
    static INPUT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let Some(Ok(seconds)) = arguments.next().map(|word| word.parse()) else {
        eprintln!("usage: natpt-fuzz SECONDS [TARGET FILE...]");
        return ExitCode::FAILURE;
    };
    if let Some(name) = arguments.next() {
        let Some(target) = TARGETS.iter().find(|target| target.0 == name) else {
            eprintln!("natpt-fuzz: no target '{name}'");
            return ExitCode::FAILURE;
        };
        for file in arguments {
            let input = std::fs::read(&file).expect("a file that can be read");
            target.1(&Worlds::new(), &input, &mut Tally::default());
        }
        return ExitCode::SUCCESS;
    }
    keep_what_panics();
    let seed = std::env::var("FUZZ_SEED")
        .ok()
        .and_then(|text| text.parse().ok());
    let clock = || {
        SystemTime::UNIX_EPOCH
            .elapsed()
            .map_or(0, |now| now.as_secs())
    };
    let seed = seed.unwrap_or_else(clock);
    let each = Duration::from_secs(seconds) / TARGETS.len() as u32;
    TARGETS.iter().for_each(|target| fuzz(*target, seed, each));
    ExitCode::SUCCESS
}

fn fuzz(target: Target, seed: u64, time: Duration) {
    let running = Running {
        worlds: Worlds::new(),
        tally: Tally::default(),
        target,
    };
    RUNNING.set(Some(running));
    let mut fuzzer = Fuzzer::new(seed);
    for input in corpus(target.0) {
        fuzzer.seed(run, input);
    }
    let start = Instant::now();
    while start.elapsed() < time {
        let input = fuzzer.mutant();
        fuzzer.run(run, input);
    }
    let tally = RUNNING
        .take()
        .map_or(Tally::default(), |running| running.tally);
    let (name, count) = (target.0, tally.count());
    println!(
        "natpt {name}: seed {seed}, {count} packets, {} translated, {} turned back, {} dropped, {} edges",
        tally.out,
        tally.turned,
        tally.dropped,
        fuzzer.edges()
    );
}

fn run(data: &[u8]) {
    INPUT.set(data.to_vec());
    RUNNING.with_borrow_mut(|running| {
        if let Some(Running {
            worlds,
            tally,
            target,
        }) = running
        {
            target.1(worlds, data, tally);
        }
    });
}

fn keep_what_panics() {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        report(panic);
        let file = format!("natpt-crash-{}", std::process::id());
        match std::fs::write(&file, INPUT.take()) {
            Ok(()) => eprintln!("the input is in {file}"),
            Err(problem) => eprintln!("{file}: {problem}"),
        }
        std::process::exit(1);
    }));
}

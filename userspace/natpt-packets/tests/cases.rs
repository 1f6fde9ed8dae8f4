// SPDX-License-Identifier: GPL-2.0
//! Every case of tests/packets that the pure code can decide; each is a test of its own.

use std::{path::Path, process::ExitCode};

use natpt_packets::{
    case::{self, Case, Side, Step},
    compare::Trial,
    translator::{Config, Outcome, Translator},
    value::Error,
};

fn main() -> ExitCode {
    let filters: Vec<String> = std::env::args()
        .skip(1)
        .filter(|it| !it.starts_with('-'))
        .collect();
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/packets");
    let cases = match case::read_all(&directory) {
        Ok(cases) => cases,
        Err(error) => {
            println!("test packet_cases ... FAILED\n{error}");
            return ExitCode::FAILURE;
        }
    };
    let mut failed = 0;
    let (kernels, ours): (Vec<_>, Vec<_>) = cases.into_iter().partition(|case| case.kernel);
    for case in ours {
        if !filters.iter().all(|filter| case.name.contains(filter)) {
            continue;
        }
        let name = case.name.replace(": ", "::").replace(' ', "_");
        match run(&case) {
            Ok(()) => println!("test {name} ... ok"),
            Err(error) => {
                println!("test {name} ... FAILED\n{error}");
                failed += 1;
            }
        }
    }
    println!(
        "test result: {failed} failed, {} left to the kernel",
        kernels.len()
    );
    if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn run(case: &Case) -> Result<(), Error> {
    let mut host = Translator::new(Config::parse(&case.config)?, case.mtu);
    let mut trial = Trial::new(case);
    for step in &case.steps {
        let packet = trial.packet(step)?;
        check(step, &mut trial, host.packet(step.side, &packet))?;
    }
    Ok(())
}

/// What the router answers to the sender is the kernel's; the reason for it is not.
fn check(step: &Step, trial: &mut Trial<'_>, outcome: Outcome) -> Result<(), Error> {
    let there = step.side.other();
    let wrong = |outcome| Err(format!("{}: {outcome:?}, {:?}", step.line, step.counted));
    match (outcome, &step.counted.drop) {
        (Outcome::Out(packet), None) => trial.compare(step, there, &[packet]),
        (Outcome::Turned(packet), None) => {
            trial.compare(step, there, &[])?;
            trial.compare(step, step.side, &[packet])
        }
        (Outcome::Dropped(name), Some(drop)) if name == drop => trial.compare(step, there, &[]),
        (Outcome::Silent, None) if step.counted.silent => trial.compare(step, there, &[]),
        (Outcome::Untouched, None) if step.counted.also == ["unclaimed"] => {
            trial.compare(step, Side::Six, &[])?;
            trial.compare(step, Side::Four, &[])
        }
        // What the stack makes of it in place of natpt is seen in the VM.
        (Outcome::Untouched, None) if step.expected.iter().any(|(on, _)| *on == step.side) => {
            trial.compare(step, there, &[])
        }
        (outcome, _) => wrong(outcome),
    }
}

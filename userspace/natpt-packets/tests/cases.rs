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
        let claims = host.claims(step.side, &packet);
        let outcome = host.packet(step.side, &packet);
        check_claims(step, &packet, claims, &outcome)?;
        check(step, &mut trial, outcome)?;
    }
    Ok(())
}

/// What is translated is kept from the rest of the box before, what is left to it is not.
fn check_claims(
    step: &Step,
    packet: &[u8],
    (whole, piece): (bool, bool),
    outcome: &Outcome,
) -> Result<(), Error> {
    let is_piece = |packet: &[u8]| packet.get(6..8).is_some_and(|it| it[0] & 0x3f | it[1] != 0);
    let good = match (outcome, step.side) {
        (Outcome::Out(out), Side::Six) => whole && piece == is_piece(out),
        (Outcome::Out(_), Side::Four) => whole && piece == is_piece(packet),
        (Outcome::Turned(_) | Outcome::Kernel, _) => whole,
        (Outcome::Untouched, _) => !whole && !piece,
        _ => true,
    };
    match good {
        true => Ok(()),
        false => Err(format!(
            "{}: {outcome:?}, claimed {whole}, {piece}",
            step.line
        )),
    }
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

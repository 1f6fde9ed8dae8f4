// SPDX-License-Identifier: GPL-2.0
//! Cases against the module of the running kernel, each in a network namespace of its own.

mod network;
mod tun;

use network::{Counters, Network, Seen};

use crate::{
    case::{Case, Side, Step},
    compare::Trial,
    value::Error,
};

/// Runs a case.
pub fn run(case: &Case) -> Result<(), Error> {
    let mut network = Network::new(case)?;
    let mut trial = Trial::new(case);
    let mut before = network.counters()?;
    for step in &case.steps {
        let packet = trial.packet(step)?;
        let seen = network.exchange(step.side, &packet)?;
        let after = network.counters()?;
        check(step, &mut trial, &seen, &risen(&before, &after))?;
        before = after;
    }
    Ok(())
}

fn check(step: &Step, trial: &mut Trial<'_>, seen: &Seen, risen: &[String]) -> Result<(), Error> {
    let compared = trial
        .compare(step, Side::Six, &seen.six)
        .and_then(|()| trial.compare(step, Side::Four, &seen.four));
    compared.map_err(|error| format!("{error}\ncounted: {}", risen.join(" ")))?;
    let dropped: Vec<_> = risen
        .iter()
        .filter_map(|name| name.strip_prefix("drop-"))
        .collect();
    let wanted: Vec<_> = step.counted.drop.iter().map(String::as_str).collect();
    if dropped != wanted {
        return Err(format!(
            "{}: dropped for {dropped:?}, not {wanted:?}",
            step.line
        ));
    }
    for name in &step.counted.also {
        if !risen.contains(name) {
            return Err(format!(
                "{}: {name} did not rise, but {}",
                step.line,
                risen.join(" ")
            ));
        }
    }
    Ok(())
}

/// The names of the counters that rose, as often as they did.
fn risen(before: &Counters, after: &Counters) -> Vec<String> {
    let pairs = before.iter().zip(after);
    pairs
        .flat_map(|(old, new)| (old.1..new.1).map(|_| new.0.clone()))
        .collect()
}

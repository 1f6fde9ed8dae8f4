// SPDX-License-Identifier: GPL-2.0
//! The files in tests/packets: README there tells how they are written.

use std::{collections::HashMap, fs, path::Path};

use crate::{
    text::{layers, Layer},
    value::{Error, Value},
};

/// The link that a packet is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The one with the IPv6 hosts.
    Six,
    /// The one with the IPv4 hosts.
    Four,
}

impl Side {
    /// The other one.
    pub fn other(self) -> Side {
        match self {
            Side::Six => Side::Four,
            Side::Four => Side::Six,
        }
    }
}

/// One case.
#[derive(Clone, Debug)]
pub struct Case {
    /// File and heading.
    pub name: String,
    /// What natptconfig is given.
    pub config: Vec<String>,
    /// MTUs of the two links.
    pub mtu: Mtu,
    /// Where the IPv4 hosts are, if not everywhere.
    pub near4: Vec<String>,
    /// Only the kernel can decide it.
    pub kernel: bool,
    /// Names of addresses.
    pub addresses: HashMap<String, Value>,
    /// What happens, one after another.
    pub steps: Vec<Step>,
}

/// MTUs of the two links.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mtu {
    /// Of the IPv6 side.
    pub six: u32,
    /// Of the IPv4 side.
    pub four: u32,
}

/// A packet and what becomes of it.
#[derive(Clone, Debug)]
pub struct Step {
    /// Where it stands in the file.
    pub line: String,
    /// Where it is sent.
    pub side: Side,
    /// The packet.
    pub packet: Vec<Layer>,
    /// Packets that come out, in this order on each side.
    pub expected: Vec<(Side, Vec<Layer>)>,
    /// What is counted.
    pub counted: Counted,
}

/// What is counted about a packet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// Why it is dropped.
    pub drop: Option<String>,
    /// Other counters that rise by one.
    pub also: Vec<String>,
    /// It is dropped before natpt can count it.
    pub silent: bool,
}

/// Reads all case files of a directory.
pub fn read_all(directory: &Path) -> Result<Vec<Case>, Error> {
    let entries = fs::read_dir(directory).map_err(|error| format!("{directory:?}: {error}"))?;
    let mut paths: Vec<_> = entries.filter_map(|it| Some(it.ok()?.path())).collect();
    paths.retain(|path| path.extension().is_some_and(|it| it == "case"));
    paths.sort();
    let mut cases = Vec::new();
    for path in paths {
        let text = fs::read_to_string(&path).map_err(|error| format!("{path:?}: {error}"))?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        cases.extend(read(&name, &text)?);
    }
    Ok(cases)
}

/// Reads the cases of one file.
pub fn read(file: &str, text: &str) -> Result<Vec<Case>, Error> {
    let mut common = Draft::new();
    let mut cases: Vec<Case> = Vec::new();
    let mut draft: Option<Draft> = None;
    for (number, line) in joined(text) {
        let place = format!("{file}:{number}");
        if let Some(heading) = line.strip_prefix("case ") {
            if let Some(draft) = draft.take() {
                cases.push(draft.finish()?);
            }
            let name = format!("{file}: {heading}");
            if cases.iter().any(|case| case.name == name) {
                return Err(format!("{place}: a second '{heading}'"));
            }
            draft = Some(Draft {
                name,
                ..common.clone()
            });
            continue;
        }
        let here = draft.as_mut().unwrap_or(&mut common);
        here.line(&place, &line)
            .map_err(|error| format!("{place}: {error}"))?;
    }
    match draft {
        Some(draft) => cases.push(draft.finish()?),
        None => return Err(format!("{file}: no case")),
    }
    Ok(cases)
}

/// The lines with their numbers; those that begin with a blank go on the one before.
fn joined(text: &str) -> Vec<(usize, String)> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let words = line.trim();
        if words.is_empty() || line.starts_with('#') {
            continue;
        }
        match lines.last_mut().filter(|_| line.starts_with([' ', '\t'])) {
            Some((_, before)) => *before = format!("{before} {words}"),
            None => lines.push((at + 1, words.into())),
        }
    }
    lines
}

/// A case in the making.
#[derive(Clone)]
struct Draft {
    name: String,
    config: Vec<String>,
    mtu: Mtu,
    near4: Vec<String>,
    kernel: bool,
    addresses: HashMap<String, Value>,
    /// Steps that come once, before those of the loop.
    steps: Vec<Step>,
    /// The lines of the loop.
    body: Vec<(String, String)>,
    /// What the loop counts.
    loops: Option<(Vec<String>, Vec<Vec<String>>)>,
}

impl Draft {
    fn new() -> Draft {
        let addresses = [
            ("A6", "2001:db8:6::a"),
            ("S46", "2001:db8:64::198.51.100.20"),
            ("S4", "198.51.100.20"),
            ("POOL", "192.0.2.1"),
            ("R6", "2001:db8:6::1"),
            ("R4", "198.51.100.1"),
        ];
        let parsed = addresses.map(|(name, text)| (name.into(), Value::parse(text)));
        Draft {
            name: String::new(),
            config: Vec::new(),
            mtu: Mtu {
                six: 1500,
                four: 1500,
            },
            near4: Vec::new(),
            kernel: false,
            addresses: parsed
                .into_iter()
                .filter_map(|(k, v)| Some((k, v.ok()?)))
                .collect(),
            steps: Vec::new(),
            body: Vec::new(),
            loops: None,
        }
    }

    fn line(&mut self, place: &str, line: &str) -> Result<(), Error> {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let number = || rest.parse().map_err(|_| format!("'{rest}' is no number"));
        match word {
            "mtu6" => self.mtu.six = number()?,
            "mtu4" => self.mtu.four = number()?,
            "near4" => self.near4.push(rest.into()),
            "kernel" => self.kernel = true,
            "only" => {
                self.config.clear();
                self.steps.clear();
            }
            "address" => {
                let (name, text) = rest.split_once(' ').ok_or("address NAME ADDRESS")?;
                self.addresses.insert(name.into(), Value::parse(text)?);
            }
            "for" => {
                let (names, values) = rest
                    .split_once(" in ")
                    .ok_or("for NAME,... in VALUE,... ...")?;
                let names = names.split(',').map(String::from).collect();
                let values = values
                    .split_whitespace()
                    .map(range)
                    .collect::<Result<Vec<_>, _>>()?;
                self.loops = Some((names, values.concat()));
            }
            "send6" | "send4" | "recv6" | "recv4" | "drop" | "count" | "silent" => {
                if self.loops.is_some() {
                    self.body.push((place.into(), line.into()));
                } else {
                    self.step(place, line)?;
                }
            }
            _ => self.config.push(line.into()),
        }
        Ok(())
    }

    fn step(&mut self, place: &str, line: &str) -> Result<(), Error> {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        if let "send6" | "send4" = word {
            self.steps.push(Step {
                line: place.into(),
                side: if word == "send6" {
                    Side::Six
                } else {
                    Side::Four
                },
                packet: self.layers(rest)?,
                expected: Vec::new(),
                counted: Counted::default(),
            });
            return Ok(());
        }
        let expected = match word {
            "recv6" => Some((Side::Six, self.layers(rest)?)),
            "recv4" => Some((Side::Four, self.layers(rest)?)),
            _ => None,
        };
        let step = self.steps.last_mut().ok_or("nothing was sent")?;
        step.expected.extend(expected);
        match word {
            "drop" if step.counted.drop.is_some() => return Err("a second drop".into()),
            "drop" => step.counted.drop = Some(rest.into()),
            "count" => step.counted.also.push(rest.into()),
            "silent" => step.counted.silent = true,
            _ => {}
        }
        Ok(())
    }

    /// The layers of a packet, names of addresses replaced.
    fn layers(&self, text: &str) -> Result<Vec<Layer>, Error> {
        let mut layers = layers(text)?;
        for word in layers.iter_mut().flat_map(|layer| layer.words.iter_mut()) {
            if let Some(Value::Number(number)) = self.addresses.get(word) {
                *word = number.to_string();
            }
        }
        Ok(layers)
    }

    fn finish(mut self) -> Result<Case, Error> {
        if let Some((names, values)) = self.loops.take() {
            let body = std::mem::take(&mut self.body);
            for row in values {
                if row.len() != names.len() {
                    return Err(format!("{}: {} values for {names:?}", self.name, row.len()));
                }
                for (place, line) in &body {
                    let pairs = names.iter().zip(&row);
                    let line = pairs.fold(line.clone(), |line, (name, value)| {
                        line.replace(&format!("{{{name}}}"), value)
                    });
                    let place = format!("{place} ({})", row.join(","));
                    self.step(&place, &line)
                        .map_err(|error| format!("{place}: {error}"))?;
                }
            }
        }
        if self.steps.is_empty() {
            return Err(format!("{}: nothing is sent", self.name));
        }
        Ok(Case {
            name: self.name,
            config: self.config,
            mtu: self.mtu,
            near4: self.near4,
            kernel: self.kernel,
            addresses: self.addresses,
            steps: self.steps,
        })
    }
}

/// The values that `5`, `5-9` or `5,0x10` stand for: rows of the loop.
fn range(text: &str) -> Result<Vec<Vec<String>>, Error> {
    if let Some((from, to)) = text.split_once('-') {
        let number = |text: &str| {
            text.parse::<u32>()
                .map_err(|_| format!("no range '{text}'"))
        };
        return Ok((number(from)?..=number(to)?)
            .map(|it| vec![it.to_string()])
            .collect());
    }
    Ok(vec![text.split(',').map(String::from).collect()])
}

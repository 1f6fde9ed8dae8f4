// SPDX-License-Identifier: GPL-2.0

//! Forwarders that ask us what we ask them: a loop without end. A crowd may ask the same from a
//! forwarder's host, but what nobody but us knows comes back from a loop only.

use std::collections::HashMap;

use crate::wire::Name;

/// Names that were asked for to see whether they come back, and the questions they stand for.
#[derive(Default)]
pub struct LoopDetect(HashMap<Name, u64>);

impl LoopDetect {
    /// A name below `name`, so that it goes the same way.
    pub fn mark(&mut self, name: &Name, random: u64, question: u64) -> Option<Name> {
        let label = format!("{random:016x}");
        let labels = std::iter::once(label.as_bytes()).chain(name.labels());
        let mark = Name::from_labels(labels)?;
        self.0.insert(mark.clone(), question);
        Some(mark)
    }

    /// The question that goes in a loop, if this name tells of one.
    pub fn found(&self, name: &Name) -> Option<u64> {
        self.0.get(name).copied()
    }

    pub fn end(&mut self, question: u64) {
        self.0.retain(|_, &mut other| other != question);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // fault: names-5
    #[test]
    fn what_only_we_know_comes_back() {
        let mut loops = LoopDetect::default();
        let name = Name::from_text("www.example.").unwrap();
        let mark = loops.mark(&name, 0xabc, 7).unwrap();
        assert_eq!(mark.to_string(), "0000000000000abc.www.example.");
        let other = mark.to_string().to_uppercase();
        assert_eq!(loops.found(&Name::from_text(&other).unwrap()), Some(7));
        assert_eq!(loops.found(&name), None);
        loops.end(8);
        assert_eq!(loops.found(&mark), Some(7));
        loops.end(7);
        assert!(loops.0.is_empty());
        let long = Name::from_text(&vec!["x".repeat(60); 4].join(".")).unwrap();
        assert!(loops.mark(&long, 1, 7).is_none());
    }
}

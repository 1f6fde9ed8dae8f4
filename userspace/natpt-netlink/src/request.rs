// SPDX-License-Identifier: GPL-2.0

//! A request to change the configuration, and the way from an error's offset back to its cause.

use crate::attr::{self, Attrs, Writer};
use crate::error::Refusal;
use crate::message;
use crate::spec::Statement;

/// Statements that are carried out together, or not at all.
#[derive(Clone, Debug, Default)]
pub struct Request {
    pub(crate) attributes: Writer,
    /// Offsets of the statements in `attributes`.
    starts: Vec<usize>,
}

impl Request {
    pub fn push(&mut self, statement: &Statement) {
        self.starts.push(self.attributes.bytes().len());
        statement.write(&mut self.attributes);
    }

    /// The statement, by its place in the request, that was refused, and the number of the
    /// attribute in it that is to blame if it is one.
    pub fn blame(&self, refusal: &Refusal) -> Option<(usize, Option<u16>)> {
        let offset = refusal.offset.or(refusal.missing_in)?;
        let at = offset.checked_sub(message::HEADER)?;
        let index = self.starts.partition_point(|&start| start <= at);
        let index = index.checked_sub(1)?;
        let start = *self.starts.get(index)?;
        let statement = Attrs::new(self.attributes.bytes().get(start..)?);
        let statement = statement.flatten().next()?;
        if at >= start + attr::HEADER + statement.payload.len().next_multiple_of(4) {
            return None;
        }
        let mut place = start + attr::HEADER;
        if statement.nested {
            for inner in Attrs::new(statement.payload).flatten() {
                let next = place + attr::HEADER + inner.payload.len().next_multiple_of(4);
                if (place..next).contains(&at) {
                    return Some((index, Some(inner.number)));
                }
                place = next;
            }
        }
        Some((index, None))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::spec::{attr as number, Prefix, Variable};

    fn at(offset: usize) -> Refusal {
        Refusal {
            offset: Some(offset),
            ..Refusal::default()
        }
    }

    fn three() -> Request {
        let mut request = Request::default();
        request.push(&Statement::MapFlush);
        request.push(&Statement::PrefixAdd(Prefix {
            address: Some("64:ff9b::".parse().unwrap()),
            length: Some(96),
        }));
        request.push(&Statement::Set(Variable {
            name: Some("udp-timeout".into()),
            value: Some(300),
            ..Variable::default()
        }));
        request
    }

    #[test]
    fn offsets() {
        let request = three();
        // nlmsghdr and genlmsghdr are 20 bytes, the flush 4, the prefix 4 + 20 + 8.
        for (offset, blame) in [
            (0, None),
            (16, None),
            (20, Some((0, None))),
            (24, Some((1, None))),
            (28, Some((1, Some(number::prefix::ADDRESS)))),
            (48, Some((1, Some(number::prefix::LENGTH)))),
            (56, Some((2, None))),
            (60, Some((2, Some(number::variable::NAME)))),
            (76, Some((2, Some(number::variable::VALUE)))),
            (88, None),
            (usize::MAX, None),
        ] {
            assert_eq!(request.blame(&at(offset)), blame, "{offset}");
        }
    }

    #[test]
    fn a_missing_attribute_blames_its_statement() {
        let refusal = Refusal {
            missing: Some(1),
            missing_in: Some(24),
            ..Refusal::default()
        };
        assert_eq!(three().blame(&refusal), Some((1, None)));
    }

    proptest! {
        #[test]
        fn any_offset_is_survived(offset: usize) {
            let _ = three().blame(&at(offset));
        }
    }
}

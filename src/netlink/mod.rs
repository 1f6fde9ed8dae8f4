// SPDX-License-Identifier: GPL-2.0

//! The control plane: commands of the netlink family.

mod apply;
mod show;
#[rustfmt::skip]
mod spec;

use crate::linux::genl::{Op, Registration};
use kernel::{prelude::*, ThisModule};

static OPS: [Op; 8] = [
    Op::new_do::<apply::Apply>(spec::cmd::APPLY, &spec::STATEMENT_POLICY),
    Op::new_do::<show::Status>(spec::cmd::STATUS_GET, &[]),
    Op::new_dump::<show::Prefixes>(spec::cmd::PREFIX_GET),
    Op::new_dump::<show::Rules>(spec::cmd::RULE_GET),
    Op::new_dump::<show::Variables>(spec::cmd::VARIABLE_GET),
    Op::new_dump::<show::Counters>(spec::cmd::COUNTER_GET),
    Op::new_dump::<show::Mappings>(spec::cmd::MAPPING_GET),
    Op::new_dump::<show::Sessions>(spec::cmd::SESSION_GET),
];

/// Registers the family.
pub(crate) fn register(module: &'static ThisModule) -> Result<Registration> {
    Registration::new(module, spec::FAMILY, spec::VERSION, &OPS)
}

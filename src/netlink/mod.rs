// SPDX-License-Identifier: GPL-2.0

//! The control plane: commands of the netlink family.

mod apply;
mod entries;
mod event;
mod filter;
mod nest;
mod show;
#[rustfmt::skip]
mod spec;

use crate::linux::genl::{Op, Registration};
use kernel::{prelude::*, ThisModule};

static OPS: [Op; 9] = [
    Op::new_do::<apply::Apply>(spec::cmd::APPLY, &spec::STATEMENT_POLICY),
    Op::new_do::<show::Status>(spec::cmd::STATUS_GET, &[]),
    Op::new_dump::<show::Prefixes>(spec::cmd::PREFIX_GET, &[]),
    Op::new_dump::<show::Rules>(spec::cmd::RULE_GET, &[]),
    Op::new_dump::<show::Variables>(spec::cmd::VARIABLE_GET, &[]),
    Op::new_dump::<show::Counters>(spec::cmd::COUNTER_GET, &[]),
    Op::new_dump::<entries::Mappings>(spec::cmd::MAPPING_GET, &spec::MAPPING_POLICY),
    Op::new_dump::<entries::Sessions>(spec::cmd::SESSION_GET, &spec::SESSION_POLICY),
    Op::new_dump::<entries::Counts>(spec::cmd::COUNT_GET, &spec::COUNT_POLICY),
];

/// Registers the family.
pub(crate) fn register(module: &'static ThisModule) -> Result<Registration> {
    event::start();
    Registration::new(module, spec::FAMILY, spec::VERSION, &OPS, &spec::GROUPS)
}

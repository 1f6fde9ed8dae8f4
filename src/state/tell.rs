// SPDX-License-Identifier: GPL-2.0

//! Telling those who listen of what happens. Where nobody does it costs a look.

use super::{
    config::Config,
    counters::Event,
    events::{Happening, Limited, LIMITS},
    translator::Translator,
};
use crate::linux::{bh::BhGuard, genl::event::may_be_heard, rcu::Guard, sys};
use kernel::{prelude::*, sync::SetOnce};

/// Puts an event with a number into words. Fails if somebody who listens does not get it.
pub(crate) type Herald = fn(&Translator, &Config, &Happening<'_>, u32, &Guard) -> Result;

/// Return true if somebody listens to such events.
pub(crate) type Audience = fn(&Translator, &Happening<'_>, &Guard) -> bool;

/// Set once, before there are packets.
pub(crate) static HERALD: SetOnce<(Audience, Herald)> = SetOnce::new();

impl Translator {
    /// Tells those who listen.
    #[inline(always)]
    pub(super) fn tell(&self, config: &Config, what: Happening<'_>, bh: &BhGuard, guard: &Guard) {
        if may_be_heard() {
            self.tell_listeners(config, what, bh, guard);
        }
    }

    /// Tells those who listen of a packet that met a limit, if it did.
    #[cold]
    pub(super) fn tell_limit(&self, config: &Config, what: Limited, guard: &Guard) {
        if may_be_heard() && LIMITS.contains(&what.why) {
            let bh = BhGuard::new();
            self.tell_listeners(config, Happening::Limited(what), &bh, guard);
        }
    }

    #[cold]
    fn tell_listeners(
        &self,
        config: &Config,
        mut what: Happening<'_>,
        bh: &BhGuard,
        guard: &Guard,
    ) {
        let Some((is_heard, herald)) = HERALD.as_ref() else {
            return;
        };
        if !is_heard(self, &what, guard) {
            return;
        }
        let mut told = self.events.told.lock(bh);
        if let Happening::Limited(what) = &mut what {
            match told.met(what.why, sys::jiffies()) {
                Some(refused) => what.refused = refused,
                None => return,
            }
        }
        let Some(number) = told.numbers.get_mut(what.group()) else {
            return;
        };
        *number = number.wrapping_add(1);
        if herald(self, config, &what, *number, guard).is_err() {
            self.counters.inc(Event::Unheard, 1);
        }
    }
}

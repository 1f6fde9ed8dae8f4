// SPDX-License-Identifier: GPL-2.0

//! Listings of mappings and sessions, and how many there are.

use super::{filter, show::namespace, spec::attr};
use crate::{
    linux::{
        genl::{Dump, List, Message, Refusal},
        pernet::Net,
        rcu::Guard,
        sys,
        table::{HashEntry, Table},
    },
    state::{cursor::walk, mapping::BibEntry, session::Session, translator::Translator},
    xlate::proto,
};
use kernel::prelude::*;

/// Lists the entries of a table that are wanted: the cursor is the place of the next, and how many
/// there were.
fn table<T: HashEntry>(
    list: &mut List<'_>,
    table: &Table<T>,
    limit: Option<u32>,
    wanted: impl Fn(&T, &Guard) -> bool,
    fill: impl Fn(&mut Message, &T, &Guard) -> Result,
) {
    /// So many were listed when there are no more.
    const ALL: u64 = u64::MAX;

    let [from, mut listed] = list.cursor();
    let most = limit.map_or(ALL, u64::from);
    if listed >= most {
        return;
    }
    let next = walk(table, from, wanted, |entry, guard| {
        let fits = listed < most && list.entry(|message| fill(message, entry, guard));
        listed = listed.wrapping_add(fits.into());
        fits
    });
    list.set_cursor(next.map_or([0, ALL], |place| [place, listed]));
}

pub(super) struct Mappings;

impl Dump for Mappings {
    fn run<'m>(net: &Net, list: &mut List<'m>) -> Result<(), Refusal<'m>> {
        let filter = filter::asked_of_mappings(net, list, attr::mapping::FILTER)?;
        let Some(translator) = namespace(net).translator() else {
            return Ok(());
        };
        let wanted = |mapping: &BibEntry, _: &Guard| filter.has_mapping(mapping);
        table(list, &translator.mappings, filter.limit, wanted, mapping);
        Ok(())
    }
}

fn mapping(message: &mut Message, mapping: &BibEntry, _: &Guard) -> Result {
    message.u8(attr::mapping::PROTO, mapping.host.proto)?;
    message.bytes(attr::mapping::ADDRESS6, &mapping.host.addr.octets())?;
    message.u16(attr::mapping::PORT6, mapping.host.port)?;
    message.bytes(attr::mapping::ADDRESS4, &mapping.v4.addr.octets())?;
    message.u16(attr::mapping::PORT4, mapping.v4.port)?;
    message.u32(attr::mapping::SESSIONS, mapping.sessions())
}

pub(super) struct Sessions;

impl Dump for Sessions {
    fn run<'m>(net: &Net, list: &mut List<'m>) -> Result<(), Refusal<'m>> {
        let filter = filter::asked(net, list, attr::session::FILTER)?;
        let Some(translator) = namespace(net).translator() else {
            return Ok(());
        };
        let wanted = |it: &Session, guard: &Guard| filter.has_session(&translator, it, guard);
        let fill = |message: &mut Message, it: &Session, guard: &Guard| {
            session(message, &translator, it, guard)
        };
        table(list, &translator.sessions, filter.limit, wanted, fill);
        Ok(())
    }
}

fn session(message: &mut Message, it: &Translator, session: &Session, guard: &Guard) -> Result {
    let (v6, v4) = (&session.v6, &session.v4);
    message.u8(attr::session::PROTO, session.proto)?;
    message.bytes(attr::session::SOURCE6, &v6.saddr.octets())?;
    message.u16(attr::session::SOURCE_PORT6, v6.sport)?;
    message.bytes(attr::session::TARGET6, &v6.daddr.octets())?;
    message.bytes(attr::session::SOURCE4, &v4.saddr.octets())?;
    message.u16(attr::session::SOURCE_PORT4, v4.sport)?;
    message.bytes(attr::session::TARGET4, &v4.daddr.octets())?;
    message.u16(attr::session::TARGET_PORT, v6.dport)?;
    message.u8(attr::session::STATE, session.state() as u8)?;
    let life = session.life.read();
    let idle = life.idle(sys::jiffies());
    let span = life.span(session.proto, &it.config.read(guard).values);
    let left = span.saturating_sub(idle);
    message.u32(attr::session::IDLE, sys::seconds(idle))?;
    message.u32(attr::session::EXPIRES, sys::seconds(left))
}

/// How many sessions there are: those of TCP by state, others have none.
struct Tally {
    tcp: [u32; 8],
    other: [u32; 256],
}

impl Tally {
    fn of(translator: &Translator, wanted: impl Fn(&Session, &Guard) -> bool) -> Self {
        let mut tally = Self {
            tcp: [0; 8],
            other: [0; 256],
        };
        walk(&translator.sessions, 0, wanted, |session, _| {
            let count = match session.proto {
                proto::TCP => tally.tcp.get_mut(session.state() as usize),
                proto => tally.other.get_mut(usize::from(proto)),
            };
            if let Some(count) = count {
                *count = count.saturating_add(1);
            }
            true
        });
        tally
    }

    /// The row with this number: protocol, state and sessions.
    fn row(&self, number: u64) -> Option<(u8, u8, u32)> {
        let tcp = self.tcp.len();
        let place = usize::try_from(number).ok()?;
        Some(match place.checked_sub(tcp) {
            None => (proto::TCP, place as u8, *self.tcp.get(place)?),
            Some(proto) => (proto as u8, 0, *self.other.get(proto)?),
        })
    }
}

/// Lists the numbers of sessions: the cursor is the number of the next row.
pub(super) struct Counts;

impl Dump for Counts {
    fn run<'m>(net: &Net, list: &mut List<'m>) -> Result<(), Refusal<'m>> {
        let filter = filter::asked(net, list, attr::count::FILTER)?;
        let Some(translator) = namespace(net).translator() else {
            return Ok(());
        };
        /// There are no more rows.
        const END: u64 = u64::MAX;
        let [mut next, _] = list.cursor();
        if next == END {
            return Ok(());
        }
        let wanted = |it: &Session, guard: &Guard| filter.has_session(&translator, it, guard);
        let tally = Tally::of(&translator, wanted);
        while let Some((proto, state, count)) = tally.row(next) {
            let fits = count == 0
                || list.entry(|message| {
                    message.u8(attr::count::PROTO, proto)?;
                    message.u8(attr::count::STATE, state)?;
                    message.u32(attr::count::SESSIONS, count)
                });
            if !fits {
                list.set_cursor([next, 0]);
                return Ok(());
            }
            next = next.wrapping_add(1);
        }
        list.set_cursor([END, 0]);
        Ok(())
    }
}

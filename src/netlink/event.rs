// SPDX-License-Identifier: GPL-2.0

//! Events, put into messages for those who have joined their group.

use super::spec::{attr::event, cmd, end, group, happening};
use crate::{
    linux::{
        genl::{event as genl, Message},
        rcu::Guard,
        sys,
        table::HashEntry as _,
    },
    state::{
        config::Config,
        events::{End, Happening, Limited},
        mapping::BibEntry,
        session::Session,
        tell::HERALD,
        translator::Translator,
    },
};
use kernel::prelude::*;

/// Has all that happens told.
pub(super) fn start() {
    HERALD.populate((is_heard, tell));
}

/// Group and command of an event.
fn channel(what: &Happening<'_>) -> (u32, u8) {
    match what {
        Happening::MappingOpened(..) | Happening::MappingClosed(..) => {
            (group::MAPPINGS, cmd::MAPPING_EVENT)
        }
        Happening::SessionOpened(..) | Happening::SessionClosed(..) => {
            (group::SESSIONS, cmd::SESSION_EVENT)
        }
        Happening::Limited(..) => (group::LIMITS, cmd::LIMIT_EVENT),
    }
}

fn is_heard(it: &Translator, what: &Happening<'_>, guard: &Guard) -> bool {
    genl::is_heard(&it.net, channel(what).0, guard)
}

fn tell(
    it: &Translator,
    config: &Config,
    what: &Happening<'_>,
    number: u32,
    guard: &Guard,
) -> Result {
    let fill = |message: &mut Message| {
        message.u32(event::NUMBER, number)?;
        message.u64(event::TIME, sys::real_time())?;
        match what {
            Happening::MappingOpened(it) => {
                message.u8(event::HAPPENING, happening::OPENED)?;
                mapping(message, config, it)
            }
            Happening::MappingClosed(it) => {
                message.u8(event::HAPPENING, happening::CLOSED)?;
                message.u64(event::START, it.links().born().into())?;
                mapping(message, config, it)
            }
            Happening::SessionOpened(it, under) => {
                message.u8(event::HAPPENING, happening::OPENED)?;
                session(message, config, it, under)
            }
            Happening::SessionClosed(it, under, why) => {
                message.u8(event::HAPPENING, happening::CLOSED)?;
                session(message, config, it, under)?;
                closed(message, it, *why)
            }
            Happening::Limited(it) => limit(message, it),
        }
    };
    genl::tell(&it.net, channel(what), fill, guard)
}

fn mapping(message: &mut Message, config: &Config, it: &BibEntry) -> Result {
    message.u8(event::PROTO, it.host.proto)?;
    message.bytes(event::SOURCE6, &it.host.addr.octets())?;
    message.u16(event::SOURCE_PORT6, it.host.port)?;
    message.bytes(event::SOURCE4, &it.v4.addr.octets())?;
    message.u16(event::SOURCE_PORT4, it.v4.port)?;
    rule(message, config, it)
}

fn rule(message: &mut Message, config: &Config, it: &BibEntry) -> Result {
    match config.number_of(it.rule) {
        Some(number) => message.u32(event::RULE, number),
        None => Ok(()),
    }
}

fn session(message: &mut Message, config: &Config, it: &Session, under: &BibEntry) -> Result {
    let (v6, v4) = (&it.v6, &it.v4);
    message.u8(event::PROTO, it.proto)?;
    message.bytes(event::SOURCE6, &v6.saddr.octets())?;
    message.u16(event::SOURCE_PORT6, v6.sport)?;
    message.bytes(event::TARGET6, &v6.daddr.octets())?;
    message.bytes(event::SOURCE4, &v4.saddr.octets())?;
    message.u16(event::SOURCE_PORT4, v4.sport)?;
    message.bytes(event::TARGET4, &v4.daddr.octets())?;
    message.u16(event::TARGET_PORT, v6.dport)?;
    rule(message, config, under)
}

fn closed(message: &mut Message, it: &Session, why: End) -> Result {
    message.u64(event::START, it.links().born().into())?;
    message.u8(event::STATE, it.state() as u8)?;
    let idle = it.life.read().idle(sys::jiffies());
    message.u32(event::IDLE, sys::seconds(idle))?;
    let why = match why {
        End::Expired => end::EXPIRED,
        End::Evicted => end::EVICTED,
        End::Removed => end::REMOVED,
        End::Deleted => end::DELETED,
    };
    message.u8(event::END, why)
}

fn limit(message: &mut Message, it: &Limited) -> Result {
    message.u8(event::PROTO, it.proto)?;
    if let Some(host) = it.host {
        message.bytes(event::SOURCE6, &host.octets())?;
    }
    message.bytes(event::SOURCE4, &it.pool.octets())?;
    message.text(event::LIMIT, it.why.name())?;
    message.u32(event::REFUSED, it.refused)
}

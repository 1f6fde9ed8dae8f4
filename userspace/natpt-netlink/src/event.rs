// SPDX-License-Identifier: GPL-2.0

//! What the module says by itself.

use crate::attr::Attributes;
use crate::connection::Connection;
use crate::error::Error;
use crate::message::{Content, Messages};
use crate::spec::{cmd, group, Event, GROUPS};

/// A connection that listens.
pub struct Events {
    connection: Connection,
    /// The number of each group's last event.
    last: [Option<u32>; GROUPS.len()],
}

/// What was heard.
pub enum Heard {
    /// Of a group, by its place in [`GROUPS`].
    Event(usize, Box<Event>),
    /// So many events of a group were lost before this one.
    Lost(usize, u32),
}

impl Events {
    /// Listen to the groups with these places.
    pub fn listen(
        connection: Connection,
        groups: impl IntoIterator<Item = usize>,
    ) -> Result<Self, Error> {
        for place in groups {
            let name = GROUPS.get(place).copied().unwrap_or_default();
            let group = connection.groups.iter().find(|(one, _)| one == name);
            let (_, id) = group.ok_or(Error::Malformed)?;
            connection.socket.join(*id)?;
        }
        Ok(Self {
            connection,
            last: [None; GROUPS.len()],
        })
    }

    /// Wait for the next ones.
    pub fn hear<E: From<Error>>(
        &mut self,
        mut take: impl FnMut(Heard) -> Result<(), E>,
    ) -> Result<(), E> {
        let Connection {
            socket,
            buffer,
            family: ours,
            ..
        } = &mut self.connection;
        let bytes = match socket.receive(buffer) {
            // The gap in the numbers tells how many.
            Err(Error::Io(_, why)) if why.raw_os_error() == Some(libc::ENOBUFS) => return Ok(()),
            received => received?,
        };
        for message in Messages::new(bytes) {
            let message = message.map_err(Error::from)?;
            let Content::Answer(family, attributes) = message.content else {
                continue;
            };
            let place = match message.command {
                _ if family != *ours => continue,
                cmd::MAPPING_EVENT => group::MAPPINGS,
                cmd::SESSION_EVENT => group::SESSIONS,
                cmd::LIMIT_EVENT => group::LIMITS,
                _ => continue,
            } as usize;
            let event = Event::parse(attributes).map_err(Error::from)?;
            let number = event.number.unwrap_or_default();
            let last = self
                .last
                .get_mut(place)
                .and_then(|last| last.replace(number));
            let lost = last.map_or(0, |last| number.wrapping_sub(last).wrapping_sub(1));
            if lost != 0 {
                take(Heard::Lost(place, lost))?;
            }
            take(Heard::Event(place, Box::new(event)))?;
        }
        Ok(())
    }
}

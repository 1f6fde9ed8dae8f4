// SPDX-License-Identifier: GPL-2.0

//! Conversation with the kernel: find the family, ask, and hear the answer out.

use crate::attr::{Answer, Attr, Attributes, Attrs, Filtered, Malformed, Writer};
use crate::error::Error;
use crate::message::{self, Content, Messages};
use crate::request::Request;
use crate::socket::Socket;
use crate::spec::{cmd, Filter, FAMILY, VERSION};

const ACK: u16 = libc::NLM_F_ACK as u16;
const DUMP: u16 = libc::NLM_F_DUMP as u16;

/// Number of times that a list is read again when it changed meanwhile.
const ATTEMPTS: usize = 16;

/// An open socket, bound to the network namespace that it was opened in.
pub struct Connection {
    pub(crate) socket: Socket,
    pub(crate) buffer: Vec<u8>,
    pub(crate) family: u16,
    seq: u32,
    /// Names and numbers of the multicast groups.
    pub(crate) groups: Vec<(String, u32)>,
}

impl Connection {
    /// Find the family; the kernel has the module loaded if it is installed.
    pub fn open() -> Result<Self, Error> {
        let mut connection = Self::to_controller()?;
        let family = connection.resolve(FAMILY)?;
        if family.version != VERSION {
            return Err(Error::Version(family.version));
        }
        connection.family = family.id;
        connection.groups = family.groups;
        Ok(connection)
    }

    /// Carry the statements out, all of them or none; the kernel may have a warning.
    pub fn apply(&mut self, request: &Request) -> Result<Option<String>, Error> {
        let attributes = request.attributes.clone().finish()?;
        let end = self.exchange(cmd::APPLY, ACK, &attributes, |_| Ok::<_, Error>(()))?;
        Ok(end.warning)
    }

    /// The one answer of a command.
    pub fn get<A: Answer>(&mut self) -> Result<A, Error> {
        let mut answer = None;
        self.exchange(A::COMMAND, ACK, &[], |attributes| {
            answer = Some(A::parse(attributes)?);
            Ok::<_, Error>(())
        })?;
        answer.ok_or(Error::Malformed)
    }

    /// The list that a command answers with, as it was at one moment.
    pub fn dump<A: Answer>(&mut self) -> Result<Vec<A>, Error> {
        for _ in 0..ATTEMPTS {
            let mut list = Vec::new();
            let end = self.exchange(A::COMMAND, DUMP, &[], |attributes| {
                list.push(A::parse(attributes)?);
                Ok::<_, Error>(())
            })?;
            if !end.interrupted {
                return Ok(list);
            }
        }
        Err(Error::Unsteady)
    }

    /// Hand over what fits of a list that may be long and change meanwhile, one by one.
    pub fn each<A: Filtered, E: From<Error>>(
        &mut self,
        filter: &Filter,
        mut take: impl FnMut(A) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut to = Writer::default();
        to.nest(A::FILTER, |to| filter.write(to));
        let attributes = to.finish().map_err(Error::from)?;
        self.exchange(A::COMMAND, DUMP, &attributes, |attributes| {
            take(A::parse(attributes).map_err(Error::from)?)
        })?;
        Ok(())
    }

    fn to_controller() -> Result<Self, Error> {
        Ok(Self {
            socket: Socket::open()?,
            buffer: vec![0; 1 << 16],
            family: libc::GENL_ID_CTRL as u16,
            seq: 0,
            groups: Vec::new(),
        })
    }

    fn resolve(&mut self, name: &str) -> Result<Family, Error> {
        let mut to = Writer::default();
        to.put(libc::CTRL_ATTR_FAMILY_NAME as u16, &String::from(name));
        let mut family = Family::default();
        let command = libc::CTRL_CMD_GETFAMILY as u8;
        let asked = self.exchange(command, ACK, to.bytes(), |attributes| {
            family = Family::parse(attributes)?;
            Ok::<_, Error>(())
        });
        match asked {
            Err(Error::Refused(refusal)) if refusal.errno == libc::ENOENT => Err(Error::NotLoaded),
            Err(why) => Err(why),
            Ok(_) if family.id == 0 => Err(Error::Malformed),
            Ok(_) => Ok(family),
        }
    }

    /// Send a request and take in the answer to its end.
    fn exchange<E: From<Error>>(
        &mut self,
        command: u8,
        flags: u16,
        attributes: &[u8],
        mut take: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<End, E> {
        self.seq = self.seq.wrapping_add(1);
        let version = VERSION as u8;
        let request = message::request(self.family, flags, self.seq, command, version, attributes);
        self.socket.send(&request.map_err(Error::from)?)?;
        let mut end = End::default();
        loop {
            for message in Messages::new(self.socket.receive(&mut self.buffer)?) {
                let message = message.map_err(Error::from)?;
                // The rest of an answer that was given up.
                if message.seq != self.seq {
                    continue;
                }
                end.interrupted |= message.interrupted;
                match message.content {
                    Content::Answer(family, attributes) if family == self.family => {
                        take(attributes)?;
                    }
                    Content::Answer(..) => return Err(Error::Malformed.into()),
                    Content::Done => return Ok(end),
                    Content::Ack(warning) => {
                        end.warning = warning;
                        return Ok(end);
                    }
                    Content::Refused(refusal) => return Err(Error::Refused(refusal).into()),
                    Content::Nothing => (),
                }
            }
        }
    }
}

/// The end of an answer that was no refusal.
#[derive(Debug, Default)]
struct End {
    /// The list changed while it was read.
    interrupted: bool,
    warning: Option<String>,
}

/// The controller's knowledge of a family.
#[derive(Default)]
struct Family {
    id: u16,
    version: u32,
    groups: Vec<(String, u32)>,
}

#[derive(Default)]
struct Group {
    name: String,
    id: u32,
}

impl Attributes for Group {
    fn read(&mut self, attr: Attr<'_>) -> Result<(), Malformed> {
        match i32::from(attr.number) {
            libc::CTRL_ATTR_MCAST_GRP_NAME => self.name = attr.value()?,
            libc::CTRL_ATTR_MCAST_GRP_ID => self.id = attr.value()?,
            _ => (),
        }
        Ok(())
    }

    fn write(&self, _to: &mut Writer) {}
}

impl Attributes for Family {
    fn read(&mut self, attr: Attr<'_>) -> Result<(), Malformed> {
        match i32::from(attr.number) {
            libc::CTRL_ATTR_FAMILY_ID => self.id = attr.value()?,
            libc::CTRL_ATTR_VERSION => self.version = attr.value()?,
            libc::CTRL_ATTR_MCAST_GROUPS => {
                for group in Attrs::new(attr.payload) {
                    let group = Group::parse(group?.payload)?;
                    self.groups.push((group.name, group.id));
                }
            }
            _ => (),
        }
        Ok(())
    }

    fn write(&self, _to: &mut Writer) {}
}

/// Against the controller of the running kernel, which every kernel has.
#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Name(String);

    impl Attributes for Name {
        fn read(&mut self, attr: Attr<'_>) -> Result<(), Malformed> {
            if i32::from(attr.number) == libc::CTRL_ATTR_FAMILY_NAME {
                self.0 = attr.value()?;
            }
            Ok(())
        }

        fn write(&self, _to: &mut Writer) {}
    }

    impl Answer for Name {
        const COMMAND: u8 = libc::CTRL_CMD_GETFAMILY as u8;
        const DUMP: bool = true;
    }

    #[test]
    fn the_controller_knows_itself() {
        let mut connection = Connection::to_controller().unwrap();
        let family = connection.resolve("nlctrl").unwrap();
        assert_eq!(i32::from(family.id), libc::GENL_ID_CTRL);
        let names = connection.dump::<Name>().unwrap();
        assert!(names.iter().any(|name| name.0 == "nlctrl"));
    }

    #[test]
    fn absent_family() {
        let mut connection = Connection::to_controller().unwrap();
        let absent = connection.resolve("natpt-nobody");
        assert!(matches!(absent, Err(Error::NotLoaded)));
    }

    #[test]
    fn refusal_with_an_offset() {
        let mut connection = Connection::to_controller().unwrap();
        let mut to = Writer::default();
        // Fits no policy: the name has 15 letters at most. The long rest proves the buffer.
        to.put(libc::CTRL_ATTR_FAMILY_NAME as u16, &"x".repeat(60_000));
        for number in 0..8 {
            to.put(100 + number, &"y".repeat(60_000));
        }
        let command = libc::CTRL_CMD_GETFAMILY as u8;
        let refused = connection.exchange(command, ACK, to.bytes(), |_| Ok::<_, Error>(()));
        let Err(Error::Refused(refusal)) = refused else {
            panic!("{refused:?}");
        };
        assert_eq!(refusal.offset, Some(message::HEADER));
        assert!(refusal.message.is_some());
    }
}

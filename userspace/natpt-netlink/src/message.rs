// SPDX-License-Identifier: GPL-2.0

//! Netlink messages: `struct nlmsghdr`, `struct genlmsghdr`, and the kernel's verdicts.

use crate::attr::{Attr, Attributes, Attrs, Malformed, Writer};
use crate::error::Refusal;

/// Bytes of `struct nlmsghdr`.
const NLMSG: usize = 16;
/// Bytes of `struct nlmsghdr` and `struct genlmsghdr`: what stands before the attributes.
pub const HEADER: usize = NLMSG + 4;

const ERROR: u16 = libc::NLMSG_ERROR as u16;
const DONE: u16 = libc::NLMSG_DONE as u16;
const NOOP: u16 = libc::NLMSG_NOOP as u16;
const OVERRUN: u16 = libc::NLMSG_OVERRUN as u16;

/// A request with its attributes.
pub fn request(
    family: u16,
    flags: u16,
    seq: u32,
    command: u8,
    version: u8,
    attributes: &[u8],
) -> Result<Vec<u8>, Malformed> {
    let len = HEADER + attributes.len();
    let mut bytes = Vec::with_capacity(len);
    bytes.extend(u32::try_from(len).map_err(|_| Malformed)?.to_ne_bytes());
    bytes.extend(family.to_ne_bytes());
    bytes.extend((libc::NLM_F_REQUEST as u16 | flags).to_ne_bytes());
    bytes.extend(seq.to_ne_bytes());
    bytes.extend(0u32.to_ne_bytes());
    bytes.extend([command, version, 0, 0]);
    bytes.extend(attributes);
    Ok(bytes)
}

/// One message of the kernel.
#[derive(Debug)]
pub struct Message<'a> {
    pub seq: u32,
    /// The table changed while it was read.
    pub interrupted: bool,
    /// The generic netlink command of an answer.
    pub command: u8,
    pub content: Content<'a>,
}

#[derive(Debug)]
pub enum Content<'a> {
    /// Part of an answer: the message type, and the attributes.
    Answer(u16, &'a [u8]),
    /// The end of a list.
    Done,
    /// The request was carried out, perhaps with a warning.
    Ack(Option<String>),
    Refused(Refusal),
    Nothing,
}

/// Iterator over the messages of a datagram; it ends after the first malformed one.
pub struct Messages<'a> {
    rest: &'a [u8],
}

impl<'a> Messages<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    fn split(&mut self) -> Result<Message<'a>, Malformed> {
        let (&len, _) = self.rest.split_first_chunk().ok_or(Malformed)?;
        let len = usize::try_from(u32::from_ne_bytes(len)).map_err(|_| Malformed)?;
        let message = self.rest.get(..len).ok_or(Malformed)?;
        let (header, payload) = message.split_first_chunk::<NLMSG>().ok_or(Malformed)?;
        let padded = len.checked_next_multiple_of(4).ok_or(Malformed)?;
        self.rest = self.rest.get(padded..).unwrap_or_default();
        let &[_, _, _, _, t0, t1, f0, f1, s0, s1, s2, s3, ..] = header;
        let flags = u16::from_ne_bytes([f0, f1]);
        let content = match u16::from_ne_bytes([t0, t1]) {
            ERROR => verdict(flags, payload, true)?,
            DONE => verdict(flags, payload, false)?,
            NOOP => Content::Nothing,
            OVERRUN => return Err(Malformed),
            kind => Content::Answer(kind, payload.get(4..).ok_or(Malformed)?),
        };
        Ok(Message {
            command: payload.first().copied().unwrap_or_default(),
            seq: u32::from_ne_bytes([s0, s1, s2, s3]),
            interrupted: flags & libc::NLM_F_DUMP_INTR as u16 != 0,
            content,
        })
    }
}

impl<'a> Iterator for Messages<'a> {
    type Item = Result<Message<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let message = self.split();
        if message.is_err() {
            self.rest = &[];
        }
        Some(message)
    }
}

/// NLMSG_ERROR carries the request after the number, NLMSG_DONE does not.
fn verdict(flags: u16, payload: &[u8], with_request: bool) -> Result<Content<'_>, Malformed> {
    let errno = match payload.split_first_chunk() {
        Some((&errno, _)) => i32::from_ne_bytes(errno),
        None if with_request => return Err(Malformed),
        None => 0,
    };
    let mut refusal = Refusal {
        errno: errno.saturating_neg(),
        ..Refusal::default()
    };
    if flags & libc::NLM_F_ACK_TLVS as u16 != 0 {
        let mut start = 4;
        if with_request {
            let &len = payload
                .get(4..)
                .and_then(<[u8]>::first_chunk)
                .ok_or(Malformed)?;
            let echoed = if errno == 0 || flags & libc::NLM_F_CAPPED as u16 != 0 {
                NLMSG
            } else {
                usize::try_from(u32::from_ne_bytes(len)).map_err(|_| Malformed)?
            };
            start += echoed.checked_next_multiple_of(4).ok_or(Malformed)?;
        }
        for attr in Attrs::new(payload.get(start..).ok_or(Malformed)?) {
            refusal.read(attr?)?;
        }
    }
    Ok(match (errno, with_request) {
        (0, true) => Content::Ack(refusal.message),
        (0, false) => Content::Done,
        _ => Content::Refused(refusal),
    })
}

/// Extended acknowledgement: `enum nlmsgerr_attrs`.
impl Attributes for Refusal {
    fn read(&mut self, attr: Attr<'_>) -> Result<(), Malformed> {
        let offset = |attr: Attr<'_>| attr.value().map(|at: u32| at as usize);
        match attr.number {
            1 => self.message = Some(attr.value()?),
            2 => self.offset = Some(offset(attr)?),
            5 => self.missing = Some(attr.value().map(|number: u32| number as u16)?),
            6 => self.missing_in = Some(offset(attr)?),
            _ => (),
        }
        Ok(())
    }

    fn write(&self, _to: &mut Writer) {}
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// An NLMSG_ERROR as the kernel builds it.
    fn refusal(flags: i32, echoed: &[u8], attributes: impl FnOnce(&mut Writer)) -> Vec<u8> {
        let mut to = Writer::default();
        attributes(&mut to);
        let attributes = to.finish().unwrap();
        let len = NLMSG + 4 + echoed.len() + attributes.len();
        let mut bytes = (len as u32).to_ne_bytes().to_vec();
        bytes.extend(ERROR.to_ne_bytes());
        bytes.extend((flags as u16).to_ne_bytes());
        bytes.extend(5u32.to_ne_bytes());
        bytes.extend(0u32.to_ne_bytes());
        bytes.extend((-libc::EINVAL).to_ne_bytes());
        bytes.extend(echoed);
        bytes.extend(attributes);
        bytes
    }

    fn only(bytes: &[u8]) -> Refusal {
        let mut messages = Messages::new(bytes);
        let message = messages.next().unwrap().unwrap();
        assert!(messages.next().is_none());
        assert_eq!(message.seq, 5);
        match message.content {
            Content::Refused(refusal) => refusal,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn extended_ack() {
        let request = request(30, 0, 5, 1, 1, &[0; 100]).unwrap();
        let tlvs = |to: &mut Writer| {
            to.put(1, &String::from("pool address is multicast"));
            to.put(2, &44u32);
        };
        let whole = only(&refusal(libc::NLM_F_ACK_TLVS, &request, tlvs));
        let flags = libc::NLM_F_ACK_TLVS | libc::NLM_F_CAPPED;
        let capped = only(&refusal(flags, &request[..NLMSG], tlvs));
        for refusal in [whole, capped] {
            assert_eq!(refusal.errno, libc::EINVAL);
            assert_eq!(
                refusal.message.as_deref(),
                Some("pool address is multicast")
            );
            assert_eq!(refusal.offset, Some(44));
        }
    }

    #[test]
    fn missing_attribute() {
        let request = request(30, 0, 5, 1, 1, &[]).unwrap();
        let refusal = only(&refusal(libc::NLM_F_ACK_TLVS, &request, |to| {
            to.put(5, &4u32);
            to.put(6, &20u32);
        }));
        assert_eq!(refusal.missing, Some(4));
        assert_eq!(refusal.missing_in, Some(20));
        assert_eq!(refusal.to_string(), "attribute 4 is missing");
    }

    #[test]
    fn acknowledgement_with_a_warning() {
        let request = request(30, 0, 5, 1, 1, &[]).unwrap();
        let mut bytes = refusal(libc::NLM_F_ACK_TLVS, &request[..NLMSG], |to| {
            to.put(1, &String::from("no route covers the prefix"));
        });
        bytes[NLMSG..NLMSG + 4].fill(0);
        let message = Messages::new(&bytes).next().unwrap().unwrap();
        let Content::Ack(Some(warning)) = message.content else {
            panic!("{message:?}");
        };
        assert_eq!(warning, "no route covers the prefix");
    }

    #[test]
    fn truncated_at_every_length() {
        let request = request(30, 0, 5, 1, 1, &[]).unwrap();
        let whole = refusal(libc::NLM_F_ACK_TLVS, &request, |to| to.put(2, &20u32));
        for len in 1..whole.len() {
            assert!(Messages::new(&whole[..len]).all(|message| message.is_err()));
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(mut bytes in prop::collection::vec(any::<u8>(), 0..120), kind in 0u16..40) {
            let len = (bytes.len() as u32).to_ne_bytes();
            for message in Messages::new(&bytes) {
                let _ = message;
            }
            if bytes.len() > 6 {
                bytes[..4].copy_from_slice(&len);
                bytes[4..6].copy_from_slice(&kind.to_ne_bytes());
                prop_assert!(Messages::new(&bytes).count() <= 1);
            }
        }
    }
}

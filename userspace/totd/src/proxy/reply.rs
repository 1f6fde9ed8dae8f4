// SPDX-License-Identifier: GPL-2.0

//! Answers that take no thought: errors, relayed and truncated ones.

use crate::wire::{Header, Message, HEADER};

/// An error; the question is repeated if there was one, without OPT.
pub fn error(query: &[u8], rcode: u8) -> Option<Vec<u8>> {
    let mut header = Header::parse(query).ok()?.answer();
    header.set_rcode(rcode);
    let question = match Message::parse(query) {
        Ok(message) => query.get(HEADER..message.records_at).unwrap_or_default(),
        Err(_) => &[],
    };
    header.set_counts([u16::from(!question.is_empty()), 0, 0, 0]);
    let mut reply = header.bytes().to_vec();
    reply.extend_from_slice(question);
    Some(reply)
}

/// A forwarder's answer with the client's id, and the question as the client wrote it.
pub fn relay(query: &[u8], question_end: usize, answer: &[u8]) -> Vec<u8> {
    let mut reply = answer.to_vec();
    if let (Some(to), Some(from)) = (reply.get_mut(..2), query.get(..2)) {
        to.copy_from_slice(from);
    }
    let question = query.get(HEADER..question_end).unwrap_or_default();
    if let Some(to) = reply.get_mut(HEADER..question_end) {
        if to.eq_ignore_ascii_case(question) {
            to.copy_from_slice(question);
        }
    }
    reply
}

/// An answer that is too long for the client, cut down to question and OPT.
pub fn truncate(reply: &[u8]) -> Option<Vec<u8>> {
    let message = Message::parse(reply).ok()?;
    let opt = message.edns().ok()?;
    let mut header = message.header;
    header.set_truncated();
    header.set_counts([1, 0, 0, u16::from(opt.is_some())]);
    let mut short = header.bytes().to_vec();
    short.extend_from_slice(reply.get(HEADER..message.records_at)?);
    if let Some(opt) = opt {
        short.extend_from_slice(opt.wire);
    }
    Some(short)
}

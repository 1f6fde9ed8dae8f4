// SPDX-License-Identifier: GPL-2.0

//! Answers that take no thought: errors, relayed and truncated ones.

use crate::wire::{rtype, Edns, Header, Message, Writer, HEADER};

/// An error; the question is repeated if there was one, and OPT answered with OPT.
pub fn error(query: &[u8], rcode: u8) -> Option<Vec<u8>> {
    extended_error(query, rcode, 0)
}

/// BADVERS: only version 0 of EDNS is known (RFC 6891 section 6.1.3).
pub fn bad_version(query: &[u8]) -> Option<Vec<u8>> {
    extended_error(query, 0, 1)
}

fn extended_error(query: &[u8], rcode: u8, extended_rcode: u8) -> Option<Vec<u8>> {
    let mut header = Header::parse(query).ok()?.answer();
    header.set_rcode(rcode);
    let message = Message::parse(query).ok();
    let question = message
        .as_ref()
        .and_then(|message| query.get(HEADER..message.records_at))
        .unwrap_or_default();
    let edns = message.as_ref().and_then(|message| message.edns().ok()?);
    let counts = [
        u16::from(!question.is_empty()),
        0,
        0,
        u16::from(edns.is_some()),
    ];
    header.set_counts(counts);
    let mut reply = header.bytes().to_vec();
    reply.extend_from_slice(question);
    if let Some(edns) = edns {
        Edns::write(&mut reply, extended_rcode, edns.dnssec(), &[]);
    }
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

/// What OPT said: the upper bits of the RCODE, and the options that are for others, too.
type Said = (u8, Vec<u8>);

/// Take the OPT record off; return the header without it.
pub fn split_opt(reply: &mut Vec<u8>) -> Option<(Header, Option<Said>)> {
    let message = Message::parse(reply).ok()?;
    let mut header = message.header;
    let Some(opt) = message.edns().ok()? else {
        return Some((header, None));
    };
    let said = (opt.extended_rcode(), opt.lasting());
    let (at, len) = (opt.at, opt.wire.len());
    let [question, answers, authorities, additionals] = header.counts();
    header.set_counts([
        question,
        answers,
        authorities,
        additionals.saturating_sub(1),
    ]);
    if at + len == reply.len() {
        reply.truncate(at);
    } else {
        // Names after it may point to where they no longer are.
        *reply = without_opt(&message)?;
    }
    Some((header, Some(said)))
}

fn without_opt(message: &Message<'_>) -> Option<Vec<u8>> {
    let question = message.bytes.get(HEADER..message.records_at)?;
    let mut writer = Writer::new(message.header, question);
    for record in message.records() {
        let record = record.ok()?;
        if record.rtype != rtype::OPT {
            writer.copy(message, &record).ok()?;
        }
    }
    writer.finish().ok()
}

/// An answer that is too long for the client: as many whole records as fit, and OPT. What is
/// additional may be left out without a word (RFC 2181 section 9).
pub fn truncate(reply: &[u8], limit: usize) -> Option<Vec<u8>> {
    let message = Message::parse(reply).ok()?;
    let opt = message.edns().ok()?;
    let room = limit.checked_sub(opt.map_or(0, |opt| opt.wire.len()))?;
    let mut end = message.records_at;
    let [_, answers, authorities, _] = message.header.counts();
    let (mut counts, mut complete) = ([1, 0, 0, u16::from(opt.is_some())], true);
    let wanted = usize::from(answers) + usize::from(authorities);
    for record in message.records().take(wanted) {
        let Some(record) = record.ok().filter(|record| record.end() <= room) else {
            complete = false;
            break;
        };
        end = record.end();
        counts[1 + record.section as usize] += 1;
    }
    let mut header = message.header;
    if !complete {
        header.set_truncated();
    }
    header.set_counts(counts);
    let mut short = header.bytes().to_vec();
    short.extend_from_slice(reply.get(HEADER..end)?);
    if let Some(opt) = opt {
        short.extend_from_slice(opt.wire);
    }
    Some(short)
}

// SPDX-License-Identifier: GPL-2.0

//! A message that is read, and written again record by record.

use totd::wire::{Header, Message, Writer, HEADER};

pub fn run(data: &[u8]) {
    let _ = Header::parse(data);
    let Ok(message) = Message::parse(data) else {
        return;
    };
    if let Ok(Some(edns)) = message.edns() {
        let _ = (edns.size(), edns.options().count(), edns.lasting());
    }
    let Ok(records) = message.all_records() else {
        return;
    };
    let mut writer = Writer::new(message.header, &message.question.wire());
    for record in &records {
        if writer.copy(&message, record).is_err() {
            return;
        }
    }
    let Ok(copy) = writer.finish() else {
        return;
    };
    let copy = Message::parse(&copy).expect("what was written can be read");
    assert_eq!(copy.question.name, message.question.name);
    assert!(copy.bytes.len() >= HEADER);
    let copied = copy.all_records().expect("and so can its records");
    assert_eq!(copied.len(), records.len());
    for (ours, theirs) in copied.iter().zip(&records) {
        assert_eq!(
            (&ours.name, ours.rtype, ours.class, ours.ttl, ours.section),
            (
                &theirs.name,
                theirs.rtype,
                theirs.class,
                theirs.ttl,
                theirs.section
            )
        );
    }
}

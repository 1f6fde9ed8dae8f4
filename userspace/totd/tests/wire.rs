// SPDX-License-Identifier: GPL-2.0
//! Messages bit by bit, and records whose data holds names.

use totd::wire::{Edns, Header, Malformed, Message, Name, Question, Section, Writer, HEADER};

const NAMES: &[u8] = b"\x03www\x07example\x00";

fn name(text: &str) -> Name {
    Name::from_text(text).unwrap()
}

fn question() -> Question {
    Question {
        name: name("www.example."),
        rtype: 255,
        class: 1,
    }
}

/// A header with these two bytes of flags.
fn flags(high: u8, low: u8) -> Header {
    Header::parse(&[0x12, 0x34, high, low, 0, 1, 0, 2, 1, 3, 2, 4]).unwrap()
}

fn bytes(header: Header) -> [u8; 2] {
    [header.bytes()[2], header.bytes()[3]]
}

#[test]
fn each_flag_is_a_bit_of_its_own() {
    for bit in 0..16 {
        let [high, low] = (1_u16 << bit).to_be_bytes();
        let header = flags(high, low);
        let told = [
            header.is_answer(),
            header.truncated(),
            header.recursion_desired(),
            header.checking_disabled(),
        ];
        assert_eq!(told, [15, 9, 8, 4].map(|it| it == bit), "bit {bit}");
        let opcode = if (11..15).contains(&bit) {
            1 << (bit - 11)
        } else {
            0
        };
        assert_eq!(header.opcode(), opcode, "bit {bit}");
        assert_eq!(
            header.rcode(),
            if bit < 4 { 1 << bit } else { 0 },
            "bit {bit}"
        );
    }
    let header = flags(0xff, 0xff);
    assert_eq!(
        (header.id(), header.opcode(), header.rcode()),
        (0x1234, 15, 15)
    );
    assert_eq!(header.counts(), [1, 2, 0x103, 0x204]);
}

#[test]
fn what_is_set_leaves_the_rest_alone() {
    let changed = |before: u8, change: fn(&mut Header)| {
        let mut header = flags(before, before);
        change(&mut header);
        bytes(header)
    };
    for _ in 0..2 {
        assert_eq!(changed(0, Header::set_truncated), [0x02, 0]);
        assert_eq!(changed(0xff, Header::set_truncated), [0xff, 0xff]);
        assert_eq!(changed(0, |it| it.set_recursion_desired(true)), [0x01, 0]);
        assert_eq!(
            changed(0xff, |it| it.set_recursion_desired(true)),
            [0xff, 0xff]
        );
        assert_eq!(
            changed(0xff, |it| it.set_recursion_desired(false)),
            [0xfe, 0xff]
        );
        assert_eq!(changed(0, |it| it.set_recursion_desired(false)), [0, 0]);
        assert_eq!(changed(0, |it| it.set_rcode(0xf5)), [0, 0x05]);
        assert_eq!(changed(0xff, |it| it.set_rcode(5)), [0xff, 0xf5]);
        assert_eq!(changed(0xff, Header::disclaim), [0xfb, 0xdf]);
        assert_eq!(changed(0, Header::disclaim), [0, 0]);
    }
    let mut header = Header::new(0x1234);
    assert_eq!(header.id(), 0x1234);
    header.set_id(0x5678);
    assert_eq!(header.id(), 0x5678);
    header.set_counts([1, 0x203, 4, 5]);
    assert_eq!(header.bytes()[4..], [0, 1, 2, 3, 0, 4, 0, 5]);
}

#[test]
fn our_own_answers_keep_opcode_rd_and_cd() {
    assert_eq!(bytes(flags(0xff, 0xff).answer()), [0xf9, 0x90]);
    assert_eq!(bytes(flags(0, 0).answer()), [0x80, 0x80]);
    assert_eq!(bytes(flags(0x80, 0x80).answer()), [0x80, 0x80]);
}

/// A message with the question, and one record after it with this data.
fn message(rtype: u16, rdata: &[u8]) -> Vec<u8> {
    let mut header = Header::new(1);
    header.set_counts([1, 1, 0, 0]);
    let mut message = header.bytes().to_vec();
    message.extend(question().wire());
    message.extend([0xc0, HEADER as u8]);
    message.extend(rtype.to_be_bytes());
    message.extend([0, 1, 0, 0, 0, 60]);
    message.extend((rdata.len() as u16).to_be_bytes());
    message.extend(rdata);
    message
}

/// The data of the same record, copied into a message that has the question's name too.
fn copied(rtype: u16, rdata: &[u8]) -> Result<Vec<u8>, Malformed> {
    let bytes = message(rtype, rdata);
    let from = Message::parse(&bytes)?;
    let mut writer = Writer::new(Header::new(1), &question().wire());
    for record in from.records() {
        writer.copy(&from, &record?)?;
    }
    let copy = writer.finish()?;
    let copy = Message::parse(&copy)?;
    let records = copy.all_records()?;
    assert_eq!(records.len(), 1);
    assert_eq!((records[0].rtype, records[0].ttl), (rtype, 60));
    Ok(records[0].rdata.to_vec())
}

#[test]
fn names_in_data_are_freed_from_the_old_message() {
    let naptr = b"\x00\x01\x00\x02\x01a\x03bcd\x00";
    let zeros = [0x07; 18];
    let cases: [(&[u16], &[u8], usize, bool); 9] = [
        (&[2, 3, 4, 5, 7, 8, 9, 12], b"", 1, true),
        (&[6, 14], b"", 2, true),
        (&[15], &zeros[..2], 1, true),
        (&[17], b"", 2, false),
        (&[18, 21, 36], &zeros[..2], 1, false),
        (&[24, 46], &zeros, 1, false),
        (&[26], &zeros[..2], 2, false),
        (&[30, 39], b"", 1, false),
        (&[33], &zeros[..6], 1, false),
    ];
    let cases = cases
        .into_iter()
        .chain([(&[35_u16][..], &naptr[..], 1, false)]);
    for (rtypes, before, names, compressed) in cases {
        for &rtype in rtypes {
            let pointer = [0xc0, HEADER as u8];
            let data = |name: &[u8]| [before, &name.repeat(names)[..], b"rest"].concat();
            let expected = data(if compressed { &pointer } else { NAMES });
            assert_eq!(copied(rtype, &data(&pointer)), Ok(expected), "type {rtype}");
            // one byte less than there should be before the names
            if !before.is_empty() && rtype != 35 {
                assert_eq!(
                    copied(rtype, &before[..before.len() - 1]),
                    Err(Malformed),
                    "type {rtype}"
                );
            }
        }
    }
    // all others are bytes
    for rtype in [1, 10, 13, 16, 19, 28, 34, 37, 99] {
        let data = b"\xc0\x0c\xc0\x0c";
        assert_eq!(copied(rtype, data), Ok(data.to_vec()), "type {rtype}");
    }
}

#[test]
fn names_may_not_reach_beyond_their_data() {
    assert_eq!(copied(2, b"\x03www"), Err(Malformed));
    assert_eq!(copied(6, &[0xc0, HEADER as u8]), Err(Malformed));
}

/// Writes a record of each name, and reads them again.
fn written(names: &[Name], between: usize) -> Vec<u8> {
    let mut writer = Writer::new(Header::new(1), &question().wire());
    for (number, name) in names.iter().enumerate() {
        let data = vec![0; if number == 0 { between } else { 4 }];
        writer.record(Section::Answer, name, [1, 1], 60, &data);
    }
    for name in names {
        writer.pointer(Section::Authority, name, [2, 1], 60, name);
    }
    let bytes = writer.finish().unwrap();
    let message = Message::parse(&bytes).unwrap();
    let records = message.all_records().unwrap();
    assert_eq!(message.header.counts()[1..3], [names.len() as u16; 2]);
    for record in &records {
        assert!(names.contains(&record.name), "{}", record.name);
        if record.section == Section::Authority {
            let (to, end) = Name::parse(&bytes, record.rdata_at).unwrap();
            assert_eq!(
                (to, end - record.rdata_at),
                (record.name.clone(), record.rdata.len())
            );
        }
    }
    bytes
}

#[test]
fn names_are_compressed_as_far_as_they_are_known() {
    let www = [name("www.example."), name("example."), name("ftp.example.")];
    let bytes = written(&www, 4);
    // of each name what is new stands there once
    let labels = |label: &[u8]| bytes.windows(label.len()).filter(|it| *it == label).count();
    for label in [&b"\x03www"[..], b"\x07example", b"\x03ftp"] {
        assert_eq!(labels(label), 1);
    }
    // the root has nothing to point to
    written(&[name("."), name("example.")], 4);
}

#[test]
fn pointers_reach_as_far_as_they_can() {
    // the names around the last place that a pointer can tell
    for between in 0x3fd0..0x4010 {
        written(&[name("www.example."), name("a.b.far.")], between - 60);
    }
    written(
        &[name("www.example."), name("a.b.far."), name("c.b.far.")],
        0x5000,
    );
}

#[test]
fn many_names_are_written_right() {
    let names: Vec<Name> = (0..100)
        .map(|it| name(&format!("n{it}.n{}.", it / 2)))
        .collect();
    written(&names, 4);
}

#[test]
fn messages_are_no_longer_than_a_length_can_tell() {
    let with = |len: usize| {
        let mut writer = Writer::new(Header::new(1), &question().wire());
        writer.record(Section::Answer, &name("."), [1, 1], 0, &vec![0; len]);
        writer.finish()
    };
    let rest = HEADER + question().wire().len() + 11;
    assert!(with(65535 - rest).is_ok_and(|it| it.len() == 65535));
    assert_eq!(with(65536 - rest), Err(Malformed));
    assert_eq!(with(70000), Err(Malformed));
}

#[test]
fn addresses_and_signatures_are_read_from_their_own_types() {
    let record = |rtype, class: u8, rdata: &[u8]| {
        let mut bytes = message(rtype, rdata);
        let at = HEADER + question().wire().len() + 5;
        bytes[at] = class;
        let message = Message::parse(&bytes).unwrap();
        let record = message.all_records().unwrap().remove(0);
        (record.a(), record.aaaa(), record.covers())
    };
    let (v4, v6) = ([192, 0, 2, 1], [7; 16]);
    assert_eq!(record(1, 1, &v4), (Some(v4.into()), None, None));
    assert_eq!(record(28, 1, &v6), (None, Some(v6.into()), None));
    assert_eq!(record(46, 1, &[0, 28, 5]), (None, None, Some(28)));
    for (rtype, class, rdata) in [(1, 3, &v4[..]), (28, 3, &v6), (1, 1, &v6), (28, 1, &v4)] {
        assert_eq!(record(rtype, class, rdata), (None, None, None));
    }
    assert_eq!(record(46, 1, &[0]), (None, None, None));
}

#[test]
fn options_tell_size_and_dnssec() {
    let opt = |size: [u8; 2], ttl: [u8; 4], options: &[u8]| {
        let mut writer = Writer::new(Header::new(1), &question().wire());
        let mut record = vec![0, 0, 41];
        record.extend(size);
        record.extend(ttl);
        record.extend((options.len() as u16).to_be_bytes());
        record.extend(options);
        // one that is none, and one that is none there
        writer.record(Section::Authority, &name("."), [41, 9], 9, b"no");
        writer.record(Section::Additional, &name("."), [1, 1], 60, &[192, 0, 2, 1]);
        writer.raw(&record);
        let bytes = writer.finish().unwrap();
        let message = Message::parse(&bytes).unwrap();
        let edns = message.edns().unwrap().unwrap();
        assert_eq!(edns.wire, record);
        let options: Vec<_> = edns
            .options()
            .map(|(code, data)| (code, data.to_vec()))
            .collect();
        (
            edns.size(),
            edns.dnssec(),
            edns.extended_rcode(),
            (edns.version(), edns.lasting()),
            options,
        )
    };
    assert_eq!(
        opt([0, 5], [0; 4], b""),
        (512, false, 0, (0, vec![]), vec![])
    );
    let options = b"\x00\x0a\x00\x02hi\x00\x0f\x00\x00";
    let told = vec![(10, b"hi".to_vec()), (15, vec![])];
    let (size, ttl) = ([0x10, 0], [0x17, 3, 0x80, 1]);
    assert_eq!(
        opt(size, ttl, options),
        (4096, true, 0x17, (3, options[6..].to_vec()), told)
    );
    // the last one is cut
    let cut = &options[..options.len() - 1];
    assert_eq!(
        opt(size, [1, 0, 0x7f, 0xff], cut).4,
        vec![(10, b"hi".to_vec())]
    );
    assert!(!opt(size, [1, 0, 0x7f, 0xff], cut).1);
}

#[test]
fn an_opt_record_of_our_own() {
    let mut record = Vec::new();
    Edns::write(&mut record, 1, true, b"\x00\x0f\x00\x00");
    assert_eq!(
        record,
        b"\x00\x00\x29\x04\xd0\x01\x00\x80\x00\x00\x04\x00\x0f\x00\x00"
    );
    record.clear();
    Edns::write(&mut record, 0, false, b"");
    assert_eq!(record, b"\x00\x00\x29\x04\xd0\x00\x00\x00\x00\x00\x00");
}

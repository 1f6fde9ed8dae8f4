// SPDX-License-Identifier: GPL-2.0
//! Runs scenarios against the proxy, with a clock of their own.

mod text;

use std::collections::VecDeque;
use std::net::SocketAddr;

use totd::config::Config;
use totd::parser;
use totd::proxy::{Action, Client, Key, Proxy, Query, Transport};
use totd::wire::{Header, Message, Question, Writer, HEADER};

/// Run all scenarios of a file.
pub fn run(file: &str) {
    let mut failures = Vec::new();
    let mut count = 0;
    for part in split(file) {
        count += 1;
        let title = part[0].1.clone();
        if let Err(problem) = Scenario::default().run(&part) {
            failures.push(format!("{title}: {problem}"));
        }
    }
    assert!(count > 0, "no scenario in the file");
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

/// A line with its number, and those that belong to it.
type Step = (usize, String, Vec<String>);

/// The scenarios of a file.
fn split(file: &str) -> Vec<Vec<Step>> {
    let mut parts: Vec<Vec<Step>> = Vec::new();
    for (number, line) in (1..).zip(file.lines()) {
        let text = line.split(" ; ").next().unwrap().trim();
        if text.is_empty() || text.starts_with(';') {
            continue;
        }
        if text.starts_with("scenario ") {
            parts.push(Vec::new());
        }
        let part = parts.last_mut().expect("a scenario comes first");
        if line.starts_with(char::is_whitespace) {
            part.last_mut()
                .expect("a step comes first")
                .2
                .push(text.into());
        } else {
            part.push((number, text.into(), Vec::new()));
        }
    }
    parts
}

struct Asked {
    attempt: Key,
    to: SocketAddr,
    transport: Transport,
    message: Vec<u8>,
}

#[derive(Default)]
struct Scenario {
    conf: Vec<String>,
    proxy: Option<Proxy>,
    now: u64,
    asked: VecDeque<Asked>,
    /// Questions already looked at, to be answered.
    seen: Vec<Asked>,
    replies: VecDeque<(Client, Vec<u8>)>,
    /// Queries by client and id.
    queries: Vec<(Client, Vec<u8>)>,
    reloading: bool,
}

impl Scenario {
    fn run(mut self, steps: &[Step]) -> Result<(), String> {
        for (number, line, inner) in &steps[1..] {
            self.step(line, inner)
                .map_err(|problem| format!("line {number}: {line}: {problem}"))?;
        }
        self.silence()
    }

    fn step(&mut self, line: &str, inner: &[String]) -> Result<(), String> {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[0] {
            "conf" => self.conf.push(line["conf".len()..].trim().into()),
            "reload" => {
                self.proxy();
                self.conf.clear();
                self.reloading = true;
            }
            "go" => {
                let config = self.config();
                self.reloading = false;
                self.proxy().configure(config);
            }
            "kernel" => {
                let prefixes = words[1..].iter().map(|word| {
                    let (addr, len) = word.split_once('/').unwrap();
                    let (addr, len) = (addr.parse().unwrap(), len.parse().unwrap());
                    natpt_core::xlate::addr::Prefix::new(addr, len).unwrap()
                });
                self.proxy().set_prefixes(prefixes.collect());
            }
            "advert" => {
                let (router, interface) = words[1].split_once('%').unwrap();
                let (router, interface) = (router.parse().unwrap(), interface.parse().unwrap());
                let message = text::hex(&words[2..].concat());
                let now = self.now;
                self.proxy().advertised(now, router, interface, &message);
            }
            "query" => self.query(&words[1..]),
            "raw" => {
                let client = client("2001:db8:6::2", 1, Transport::Udp);
                let message = text::hex(&words[1..].concat());
                self.queries.push((client, message.clone()));
                let now = self.now;
                self.proxy().query(now, client, &message);
            }
            "flush" => {
                let name = text::name(words[1]);
                self.proxy().flush(Some(&name));
            }
            "echo" => {
                let client = client(words[1], 40_000, Transport::Udp);
                let message = self.seen.last().unwrap().message.clone();
                self.queries.push((client, message.clone()));
                let now = self.now;
                self.proxy().query(now, client, &message);
            }
            "ask" => self.ask(&words[1..])?,
            "answer" => self.answer(&words[1..], inner),
            "garbage" => {
                let last = self.seen.last().unwrap();
                let mut message = last.message[..2].to_vec();
                message.extend_from_slice(&text::hex(&words[1..].concat()));
                let (attempt, now) = (last.attempt, self.now);
                self.proxy().response(now, attempt, &message);
            }
            "fail" => {
                let (attempt, now) = (self.seen.last().unwrap().attempt, self.now);
                self.proxy().failed(now, attempt);
            }
            "wait" => {
                let until = self.now + words[1].parse::<u64>().unwrap();
                while let Some(at) = self.proxy().deadline().filter(|at| *at <= until) {
                    self.now = at;
                    self.proxy().expire(at);
                }
                self.now = until;
            }
            "reply" => self.reply(&words[1..], inner)?,
            "silence" => self.silence()?,
            "count" => self.count(&words[1..])?,
            word => panic!("{word} is no step"),
        }
        if !self.reloading && self.proxy.is_some() {
            self.collect();
        }
        Ok(())
    }

    fn config(&self) -> Config {
        let mut text = self.conf.join("\n");
        let has = |keyword| self.conf.iter().any(|line| line.starts_with(keyword));
        if !has("forwarder") {
            text += "\nforwarder 192.0.2.53";
        }
        if !has("prefix ") {
            text += "\nprefix 2001:db8:64::/96";
        }
        if !has("clients") {
            text += "\nclients any";
        }
        parser::parse(&text).expect("the configuration").config
    }

    fn proxy(&mut self) -> &mut Proxy {
        if self.proxy.is_none() {
            let mut number = 0x1234_5678_9abc_def1_u64;
            let random = move || {
                number = number
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                number ^ (number >> 31)
            };
            self.proxy = Some(Proxy::new(self.config(), Box::new(random)));
        }
        self.proxy.as_mut().unwrap()
    }

    fn collect(&mut self) {
        for action in std::mem::take(&mut self.proxy().actions) {
            match action {
                Action::Query(Query {
                    attempt,
                    to,
                    transport,
                    message,
                    ..
                }) => self.asked.push_back(Asked {
                    attempt,
                    to,
                    transport,
                    message,
                }),
                Action::Forget(_) | Action::Discovered(_) => (),
                Action::Reply { client, message } => self.replies.push_back((client, message)),
            }
        }
    }

    fn query(&mut self, words: &[&str]) {
        let has = |word: &str| words.contains(&word);
        let value = |key: &str| {
            let mut found = words.iter().filter_map(|word| word.strip_prefix(key));
            found.next()
        };
        let id: u16 = value("id=").map_or(4711, |id| id.parse().unwrap());
        let transport = if has("+tcp") {
            Transport::Tcp
        } else {
            Transport::Udp
        };
        let client = client(value("from=").unwrap_or("2001:db8:6::2"), 40_000, transport);
        let question = Question {
            name: text::name(words[0]),
            rtype: text::rtype(words[1]),
            class: value("+class=").map_or(1, |class| class.parse().unwrap()),
        };
        let mut header = *Header::new(id).bytes();
        header[2] = u8::from(!has("+norec"));
        header[2] |= value("+opcode=").map_or(0, |opcode| opcode.parse::<u8>().unwrap()) << 3;
        header[3] = if has("+cd") { 0x10 } else { 0 } | if has("+ad") { 0x20 } else { 0 };
        let header = Header::parse(&header).unwrap();
        let mut writer = Writer::new(header, &question.wire());
        let version = value("+version=");
        if has("+do") || value("+size=").or(version).is_some() {
            let size = value("+size=").unwrap_or("1232");
            let flags = if has("+do") { "do" } else { "" };
            let version = version.unwrap_or("0");
            text::write(
                &mut writer,
                &format!("ad . 0 OPT {size} {flags} version={version}"),
            );
        }
        if has("+tsig") {
            text::write(&mut writer, "ad key. 0 TSIG 00");
        }
        let message = writer.finish().unwrap();
        self.queries.push((client, message.clone()));
        let now = self.now;
        self.proxy().query(now, client, &message);
    }

    fn ask(&mut self, words: &[&str]) -> Result<(), String> {
        let asked = self.asked.pop_front().ok_or("nobody was asked")?;
        let message = Message::parse(&asked.message).map_err(|_| "malformed question")?;
        let question = &message.question;
        let mut name = question.name.to_string();
        if words[0].starts_with("*.") {
            name.replace_range(..name.find('.').unwrap(), "*");
        }
        let is = format!("{name} {}", text::rtype_name(question.rtype));
        if !is.eq_ignore_ascii_case(&format!("{} {}", words[0], words[1])) {
            return Err(format!("asked was {is}"));
        }
        let edns = message.edns().map_err(|_| "malformed OPT")?;
        for (word, is) in [
            ("+tcp", asked.transport == Transport::Tcp),
            ("+do", edns.is_some_and(|edns| edns.dnssec())),
            ("+cd", message.header.checking_disabled()),
        ] {
            if is != words.contains(&word) {
                return Err(format!("{word} is {is}"));
            }
        }
        for (word, wanted) in [("+edns", true), ("+noedns", false)] {
            if words.contains(&word) && edns.is_some() != wanted {
                return Err(format!("{word} is not so"));
            }
        }
        if let Some(to) = words.iter().find_map(|word| word.strip_prefix("to=")) {
            if asked.to.ip().to_string() != to {
                return Err(format!("asked was {}", asked.to));
            }
        }
        self.seen.push(asked);
        Ok(())
    }

    fn answer(&mut self, words: &[&str], records: &[String]) {
        let (which, words) = match words[0].strip_prefix('#') {
            Some(number) => (number.parse::<usize>().unwrap() - 1, &words[1..]),
            None => (self.seen.len() - 1, words),
        };
        let asked = &self.seen[which];
        let has = |word: &str| words.contains(&word);
        let query = Message::parse(&asked.message).unwrap();
        let mut header = *query.header.bytes();
        header[2] = header[2] & 0x79 | 0x80;
        header[3] = header[3] & 0x10 | 0x80 | text::rcode(words[0]);
        for (word, at, bit) in [("aa", 2, 4), ("tc", 2, 2), ("ad", 3, 0x20)] {
            header[at] |= if has(word) { bit } else { 0 };
        }
        if has("query") {
            header[2] &= 0x7f;
        }
        if has("id") {
            header[1] ^= 1;
        }
        let mut question = asked.message[HEADER..query.records_at].to_vec();
        let end = question.len();
        if has("name") {
            question[1] = question[1].wrapping_add(1);
        }
        if has("case") {
            question[1] ^= 0x20;
        }
        if has("type") {
            question[end - 3] ^= 1;
        }
        if has("class") {
            question[end - 1] ^= 2;
        }
        let header = Header::parse(&header).unwrap();
        let mut writer = Writer::new(header, &question);
        for record in records {
            text::write(&mut writer, record);
        }
        let mut message = writer.finish().unwrap();
        if has("empty") {
            message.truncate(HEADER);
            message[5] = 0;
        }
        let (attempt, now) = (asked.attempt, self.now);
        self.proxy().response(now, attempt, &message);
    }

    fn reply(&mut self, words: &[&str], records: &[String]) -> Result<(), String> {
        let (client, bytes) = self.replies.pop_front().ok_or("there is no reply")?;
        let header = Header::parse(&bytes).map_err(|_| "malformed reply")?;
        let query = self
            .queries
            .iter()
            .rev()
            .find(|(asking, query)| asking.addr == client.addr && query[..2] == bytes[..2]);
        let (_, query) = query.ok_or("nobody asked for this reply")?;
        if !header.is_answer() {
            return Err("the reply is a query".into());
        }
        let mut flags = text::rcode_name(header.rcode());
        for (name, at, bit) in [("aa", 2, 4), ("tc", 2, 2), ("ad", 3, 0x20), ("cd", 3, 0x10)] {
            if header.bytes()[at] & bit != 0 {
                flags += " ";
                flags += name;
            }
        }
        let mut lines = Vec::new();
        if let Ok(asked) = Message::parse(query) {
            let reply = Message::parse(&bytes).map_err(|_| "malformed reply")?;
            if bytes[HEADER..reply.records_at] != query[HEADER..asked.records_at] {
                return Err("another question".into());
            }
            for record in reply.records() {
                let record = record.map_err(|_| "malformed record")?;
                lines.push(text::read(&reply, &record));
            }
            let last = reply.records().last().map(|record| record.unwrap());
            let end = last.map_or(reply.records_at, |last| last.rdata_at + last.rdata.len());
            if end != bytes.len() {
                return Err("there is more after the last record".into());
            }
            if header.recursion_desired() != asked.header.recursion_desired() {
                return Err("RD is not as asked".into());
            }
        }
        let expected: Vec<String> = records
            .iter()
            .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
            .collect();
        if flags != words.join(" ") {
            return Err(format!("the reply is {flags}, {lines:#?}"));
        }
        if lines != expected {
            return Err(format!("the reply is {lines:#?}"));
        }
        Ok(())
    }

    fn count(&mut self, words: &[&str]) -> Result<(), String> {
        let proxy = self.proxy();
        let text = proxy.stats.prometheus(&proxy.gauges());
        for pair in words.chunks(2) {
            let is = |line: &&str| {
                let name = line.split(' ').next().unwrap();
                let name = name.strip_suffix("_total").unwrap_or(name);
                name.strip_prefix("totd_") == Some(pair[0])
            };
            let line = text.lines().find(is).ok_or("there is no such counter")?;
            if line.split(' ').nth(1) != Some(pair[1]) {
                return Err(line.into());
            }
        }
        Ok(())
    }

    fn silence(&mut self) -> Result<(), String> {
        if let Some(asked) = self.asked.front() {
            let message = Message::parse(&asked.message).map_err(|_| "malformed question")?;
            let rtype = text::rtype_name(message.question.rtype);
            return Err(format!("asked was {} {rtype}", message.question.name));
        }
        match self.replies.pop_front() {
            Some((client, reply)) => {
                self.replies.push_front((client, reply.clone()));
                Err(format!("there is a reply to {}: {reply:02x?}", client.addr))
            }
            None => Ok(()),
        }
    }
}

fn client(addr: &str, port: u16, transport: Transport) -> Client {
    Client {
        addr: SocketAddr::new(addr.parse().unwrap(), port),
        local: None,
        socket: 0,
        transport,
    }
}

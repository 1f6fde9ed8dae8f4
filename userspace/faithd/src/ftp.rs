// SPDX-License-Identifier: GPL-2.0

//! FTP between an IPv6 client and an IPv4 server: EPRT and LPRT become PORT, EPSV and LPSV
//! become PASV (RFC 2428, RFC 1639), and the answers what the client waits for.

use std::collections::VecDeque;
use std::net::{Ipv6Addr, SocketAddrV4, SocketAddrV6};

/// Listeners for data connections; each lets the peer of the control connection in, once.
pub trait FtpListeners {
    /// For the server, which is brought to `client`.
    fn for_server(&mut self, client: SocketAddrV6) -> Option<SocketAddrV4>;
    /// For the client, which is brought to `port` of the server.
    fn for_client(&mut self, port: u16) -> Option<SocketAddrV6>;
}

/// Commands that may be unanswered.
const UNANSWERED: usize = 1000;

/// The next reply to pass.
enum Awaited {
    Plain,
    Auth,
    Eprt,
    Lprt,
    Epsv,
    Lpsv,
    /// Our own, in its turn.
    Ours(&'static str),
}

pub struct Ftp {
    client: Ipv6Addr,
    /// One for each command that was not answered yet.
    awaited: VecDeque<Awaited>,
    /// The code of a reply of several lines.
    several: Option<[u8; 3]>,
    epsv_all: bool,
    opaque: bool,
}

impl Ftp {
    pub fn new(client: Ipv6Addr) -> Self {
        Self {
            client,
            // The greeting.
            awaited: VecDeque::from([Awaited::Plain]),
            several: None,
            epsv_all: false,
            opaque: false,
        }
    }

    /// Encrypted from here on: no longer ours to read.
    pub fn is_opaque(&self) -> bool {
        self.opaque
    }

    /// True while so many commands wait for their replies that no more are wanted.
    pub fn is_behind(&self) -> bool {
        !self.opaque && self.awaited.len() >= UNANSWERED
    }

    /// A line of the client, its end included.
    pub fn command(
        &mut self,
        line: &[u8],
        listeners: &mut impl FtpListeners,
        to_server: &mut Vec<u8>,
        to_client: &mut Vec<u8>,
    ) {
        // Telnet's interrupt and synch come before ABOR.
        let start = line.iter().position(|&byte| byte < 0xf0);
        let text = String::from_utf8_lossy(&line[start.unwrap_or(line.len())..]);
        let text = text.trim();
        let (verb, argument) = text.split_once(' ').unwrap_or((text, ""));
        let argument = argument.trim();
        let verb = verb.to_ascii_uppercase();
        let awaited = match (verb.as_str(), argument) {
            ("", _) => return,
            ("PORT" | "PASV", _) => Err("502 Use EPRT or EPSV: this is IPv6.\r\n"),
            ("EPRT" | "LPRT" | "LPSV", _) if self.epsv_all => Err("501 EPSV ALL was sent.\r\n"),
            ("EPSV", "" | "2") => Ok(Awaited::Epsv),
            ("EPSV", all) if all.eq_ignore_ascii_case("ALL") => {
                self.epsv_all = true;
                Err("200 EPSV ALL command successful.\r\n")
            }
            ("EPSV", _) => Err("522 Network protocol not supported, use (2)\r\n"),
            ("LPSV", _) => Ok(Awaited::Lpsv),
            ("EPRT", _) => self
                .port(eprt(argument), listeners, to_server)
                .map(|()| Awaited::Eprt),
            ("LPRT", _) => self
                .port(lprt(argument), listeners, to_server)
                .map(|()| Awaited::Lprt),
            ("AUTH", _) => Ok(Awaited::Auth),
            _ => Ok(Awaited::Plain),
        };
        match &awaited {
            Ok(Awaited::Epsv | Awaited::Lpsv) => to_server.extend(b"PASV\r\n"),
            Ok(Awaited::Plain | Awaited::Auth) => to_server.extend(line),
            _ => (),
        }
        self.awaited
            .push_back(awaited.unwrap_or_else(Awaited::Ours));
        self.answer(to_client);
    }

    /// A line of the server, its end included.
    pub fn reply(
        &mut self,
        line: &[u8],
        listeners: &mut impl FtpListeners,
        to_client: &mut Vec<u8>,
    ) {
        let code = match line.first_chunk::<3>() {
            Some(code) if code.iter().all(u8::is_ascii_digit) => Some(*code),
            _ => None,
        };
        let more = line.get(3) == Some(&b'-');
        let last = match (code, self.several) {
            (Some(code), None) if more => {
                self.several = Some(code);
                false
            }
            (Some(code), Some(several)) => code == several && !more,
            (Some(_), None) => true,
            (None, _) => false,
        };
        // 1yz: another reply follows.
        if !last || line.first() == Some(&b'1') {
            if last {
                self.several = None;
            }
            return to_client.extend(line);
        }
        self.several = None;
        let awaited = self.awaited.pop_front().unwrap_or(Awaited::Plain);
        match (awaited, code.as_ref()) {
            (Awaited::Eprt, Some(b"200")) => {
                to_client.extend(b"200 EPRT command successful.\r\n");
            }
            (Awaited::Lprt, Some(b"200")) => {
                to_client.extend(b"200 LPRT command successful.\r\n");
            }
            (awaited @ (Awaited::Epsv | Awaited::Lpsv), Some(b"227")) => {
                let text = String::from_utf8_lossy(&line[3..]);
                let addr = passive(&text).and_then(|port| listeners.for_client(port));
                let text = match (addr, awaited) {
                    (Some(addr), Awaited::Epsv) => {
                        let port = addr.port();
                        format!("229 Entering Extended Passive Mode (|||{port}|)\r\n")
                    }
                    (Some(addr), _) => {
                        format!("228 Entering Long Passive Mode ({})\r\n", long(addr))
                    }
                    (None, _) => "425 Can't open a passive connection.\r\n".into(),
                };
                to_client.extend(text.as_bytes());
            }
            (awaited, code) => {
                self.opaque |= matches!(awaited, Awaited::Auth) && code == Some(b"234");
                to_client.extend(line);
            }
        }
        self.answer(to_client);
    }

    /// Our own replies whose turn it is.
    fn answer(&mut self, to_client: &mut Vec<u8>) {
        while let Some(Awaited::Ours(text)) = self.awaited.front() {
            to_client.extend(text.as_bytes());
            self.awaited.pop_front();
        }
    }

    fn port(
        &self,
        asked: Result<SocketAddrV6, &'static str>,
        listeners: &mut impl FtpListeners,
        to_server: &mut Vec<u8>,
    ) -> Result<(), &'static str> {
        let client = asked?;
        // Nobody is sent to third hosts or to services (RFC 2577).
        if *client.ip() != self.client || client.port() < 1024 {
            return Err("501 Not an address and port of yours.\r\n");
        }
        let addr = listeners
            .for_server(client)
            .ok_or("425 Can't open an active connection.\r\n")?;
        let [a, b, c, d] = addr.ip().octets();
        let [high, low] = addr.port().to_be_bytes();
        to_server.extend(format!("PORT {a},{b},{c},{d},{high},{low}\r\n").as_bytes());
        Ok(())
    }
}

const SYNTAX: &str = "501 Syntax error in parameters.\r\n";

/// `|2|2001:db8::1|2049|`, with any delimiter.
fn eprt(text: &str) -> Result<SocketAddrV6, &'static str> {
    let delimiter = text.chars().next().ok_or(SYNTAX)?;
    let mut fields = text.split(delimiter).skip(1);
    match fields.next() {
        Some("2") => (),
        Some("1") => return Err("522 Network protocol not supported, use (2)\r\n"),
        _ => return Err(SYNTAX),
    }
    let addr = fields.next().and_then(|addr| addr.parse().ok());
    let port = fields.next().and_then(|port| port.parse().ok());
    let addr = addr.ok_or(SYNTAX)?;
    Ok(SocketAddrV6::new(addr, port.ok_or(SYNTAX)?, 0, 0))
}

/// `6,16,h1,…,h16,2,p1,p2`
fn lprt(text: &str) -> Result<SocketAddrV6, &'static str> {
    let numbers: Option<Vec<u8>> = text.split(',').map(|word| word.parse().ok()).collect();
    match numbers.as_deref() {
        Some([6, 16, addr @ .., 2, high, low]) => {
            let addr = <[u8; 16]>::try_from(addr).map_err(|_| SYNTAX)?;
            let port = u16::from_be_bytes([*high, *low]);
            Ok(SocketAddrV6::new(addr.into(), port, 0, 0))
        }
        Some([4, ..]) => Err("521 Supported address families are (6)\r\n"),
        _ => Err(SYNTAX),
    }
}

/// The arguments of LPRT and reply 228.
fn long(addr: SocketAddrV6) -> String {
    let bytes = addr.ip().octets().map(|byte| byte.to_string()).join(",");
    let [high, low] = addr.port().to_be_bytes();
    format!("6,16,{bytes},2,{high},{low}")
}

/// The port of reply 227; its address is not believed.
fn passive(text: &str) -> Option<u16> {
    let start = text.find(|c: char| c.is_ascii_digit())?;
    let numbers = text[start..]
        .split(|c: char| !c.is_ascii_digit() && c != ',')
        .next()?;
    let numbers: Option<Vec<u8>> = numbers.split(',').map(|word| word.parse().ok()).collect();
    match numbers.as_deref()? {
        [_, _, _, _, high, low] => Some(u16::from_be_bytes([*high, *low])).filter(|&port| port > 0),
        _ => None,
    }
}

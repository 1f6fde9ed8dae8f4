// SPDX-License-Identifier: GPL-2.0
//! The FTP relay, line by line.

use std::net::{Ipv6Addr, SocketAddrV4, SocketAddrV6};

use faithd::ftp::{Ftp, FtpListeners};
use proptest::collection::vec;
use proptest::prelude::*;

const CLIENT: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 6, 0, 0, 0, 0, 2);

/// The requests, and whether they are granted.
struct Asked {
    clients: Vec<SocketAddrV6>,
    ports: Vec<u16>,
    grant: bool,
}

impl FtpListeners for Asked {
    fn for_server(&mut self, client: SocketAddrV6) -> Option<SocketAddrV4> {
        self.clients.push(client);
        let addr = "198.51.100.1:1027".parse().unwrap();
        self.grant.then_some(addr)
    }

    fn for_client(&mut self, port: u16) -> Option<SocketAddrV6> {
        self.ports.push(port);
        let addr = "[2001:db8:46::c633:640a]:772".parse().unwrap();
        self.grant.then_some(addr)
    }
}

struct Session {
    ftp: Ftp,
    listeners: Asked,
}

impl Session {
    fn greeted() -> Self {
        let listeners = Asked {
            clients: Vec::new(),
            ports: Vec::new(),
            grant: true,
        };
        let mut session = Self {
            ftp: Ftp::new(CLIENT),
            listeners,
        };
        assert_eq!(session.reply("220 hello"), "220 hello\r\n");
        session
    }

    /// The bytes for the server, and those for the client.
    fn command(&mut self, line: &str) -> (String, String) {
        let (mut server, mut client) = (Vec::new(), Vec::new());
        let line = format!("{line}\r\n");
        self.ftp.command(
            line.as_bytes(),
            &mut self.listeners,
            &mut server,
            &mut client,
        );
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (text(server), text(client))
    }

    fn reply(&mut self, line: &str) -> String {
        let mut client = Vec::new();
        let line = format!("{line}\r\n");
        self.ftp
            .reply(line.as_bytes(), &mut self.listeners, &mut client);
        String::from_utf8(client).unwrap()
    }

    fn refused(&mut self, line: &str, code: &str) {
        let (server, client) = self.command(line);
        assert_eq!(server, "", "{line}");
        assert!(client.starts_with(code), "{line}: {client}");
        assert!(client.ends_with("\r\n"));
    }
}

// req: G-057
#[test]
fn extended_passive() {
    for command in ["EPSV", "epsv", "EPSV 2"] {
        let mut session = Session::greeted();
        assert_eq!(session.command(command).0, "PASV\r\n");
        let reply = session.reply("227 Entering Passive Mode (10,0,0,1,195,149).");
        assert_eq!(reply, "229 Entering Extended Passive Mode (|||772|)\r\n");
        assert_eq!(session.listeners.ports, [195 * 256 + 149]);
    }
}

#[test]
fn long_passive() {
    let mut session = Session::greeted();
    assert_eq!(session.command("LPSV").0, "PASV\r\n");
    assert_eq!(
        session.reply("227 =10,0,0,1,4,1"),
        "228 Entering Long Passive Mode \
         (6,16,32,1,13,184,0,70,0,0,0,0,0,0,198,51,100,10,2,3,4)\r\n"
    );
}

// req: G-057
#[test]
fn extended_and_long_port() {
    let mut session = Session::greeted();
    for (command, ours) in [
        ("EPRT |2|2001:db8:6::2|2049|", "200 EPRT"),
        ("EPRT !2!2001:db8:6:0::2!2049!", "200 EPRT"),
        (
            "LPRT 6,16,32,1,13,184,0,6,0,0,0,0,0,0,0,0,0,2,2,8,1",
            "200 LPRT",
        ),
    ] {
        assert_eq!(session.command(command).0, "PORT 198,51,100,1,4,3\r\n");
        assert!(session.reply("200 PORT successful").starts_with(ours));
        let client = session.listeners.clients.pop().unwrap();
        assert_eq!(client, SocketAddrV6::new(CLIENT, 2049, 0, 0));
    }
}

#[test]
fn refused() {
    let mut session = Session::greeted();
    for (line, code) in [
        ("PORT 1,2,3,4,5,6", "502"),
        ("PASV", "502"),
        ("EPSV 1", "522"),
        ("EPRT |1|10.0.0.1|2049|", "522"),
        ("LPRT 4,4,10,0,0,1,2,8,1", "521"),
        ("EPRT", "501"),
        ("EPRT |2|2001:db8:6::2|", "501"),
        ("EPRT |2|2001:db8:6::2|99999|", "501"),
        ("LPRT 6,16,32,1,2,8,1", "501"),
        // somebody else, and a service
        ("EPRT |2|2001:db8:6::3|2049|", "501"),
        ("EPRT |2|2001:db8:6::2|25|", "501"),
    ] {
        session.refused(line, code);
    }
    assert!(session.listeners.clients.is_empty());
    session.listeners.grant = false;
    session.refused("EPRT |2|2001:db8:6::2|2049|", "425");
    assert_eq!(session.command("EPSV").0, "PASV\r\n");
    assert!(session.reply("227 (1,2,3,4,5,6)").starts_with("425"));
}

#[test]
fn the_server_refuses() {
    let mut session = Session::greeted();
    session.command("EPSV");
    assert_eq!(session.reply("530 log in first"), "530 log in first\r\n");
    session.command("EPRT |2|2001:db8:6::2|2049|");
    assert_eq!(session.reply("500 no"), "500 no\r\n");
    for nonsense in [
        "227 ok",
        "227 (1,2,3)",
        "227 (1,2,3,4,0,0)",
        "227 (1,2,3,4,5,600)",
    ] {
        session.command("EPSV");
        assert!(session.reply(nonsense).starts_with("425"), "{nonsense}");
    }
    assert!(session.listeners.ports.is_empty());
}

#[test]
fn epsv_all() {
    let mut session = Session::greeted();
    session.refused("EPSV ALL", "200");
    session.refused("EPRT |2|2001:db8:6::2|2049|", "501");
    session.refused("LPSV", "501");
    assert_eq!(session.command("EPSV").0, "PASV\r\n");
}

#[test]
fn replies_in_their_order() {
    let mut session = Session::greeted();
    session.command("RETR file");
    assert_eq!(session.command("PASV"), (String::new(), String::new()));
    session.command("EPSV");
    assert_eq!(session.reply("150 soon"), "150 soon\r\n");
    let both = session.reply("226 done");
    assert!(both.starts_with("226 done\r\n502 "), "{both}");
    assert!(session.reply("227 (1,2,3,4,5,6)").starts_with("229"));
}

#[test]
fn replies_of_several_lines() {
    let mut session = Session::greeted();
    session.command("FEAT");
    session.command("EPSV");
    for line in ["211-Features", " EPSV", "227 (1,2,3,4,5,6)", "211-", "hm"] {
        assert_eq!(session.reply(line), format!("{line}\r\n"));
    }
    assert_eq!(session.reply("211 End"), "211 End\r\n");
    assert!(session.reply("227 (1,2,3,4,5,6)").starts_with("229"));
}

#[test]
fn encrypted() {
    let mut session = Session::greeted();
    session.command("AUTH TLS");
    session.reply("530 no");
    assert!(!session.ftp.is_opaque());
    session.command("AUTH TLS");
    session.reply("234 yes");
    assert!(session.ftp.is_opaque());
}

#[test]
fn abort_comes_with_telnet_signals() {
    let mut session = Session::greeted();
    let (mut server, mut client) = (Vec::new(), Vec::new());
    let line = b"\xff\xf4\xff\xf2ABOR\r\n";
    session
        .ftp
        .command(line, &mut session.listeners, &mut server, &mut client);
    assert_eq!(server, line);
    assert_eq!(client, b"");
}

/// Lines that are often near to what means something.
fn line() -> impl Strategy<Value = Vec<u8>> {
    let known: Vec<&'static [u8]> = vec![
        b"EPRT ",
        b"LPRT ",
        b"EPSV",
        b"LPSV",
        b" ALL",
        b"AUTH",
        b"|2|",
        b"6,16,",
        b"227 ",
        b"227-",
        b"200 ",
        b"150 ",
        b"234 ",
        b"(1,2,3,4,5,6)",
        b"2001:db8:6::2",
        b"\xff",
        b" ",
        b"|2049|",
    ];
    let piece = prop_oneof![
        3 => proptest::sample::select(known).prop_map(<[u8]>::to_vec),
        1 => vec(any::<u8>(), 0..8),
    ];
    vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn no_line_panics(lines in vec((any::<bool>(), line()), 0..30), grant: bool) {
        let mut session = Session::greeted();
        session.listeners.grant = grant;
        let (mut server, mut client) = (Vec::new(), Vec::new());
        for (is_command, line) in lines {
            let before = (server.len(), client.len());
            if is_command {
                session.ftp.command(&line, &mut session.listeners, &mut server, &mut client);
            } else {
                session.ftp.reply(&line, &mut session.listeners, &mut client);
                // A reply never becomes a command, and never vanishes.
                prop_assert_eq!(server.len(), before.0);
                prop_assert!(client.len() > before.1 || line.is_empty());
            }
        }
        prop_assert!(session.listeners.clients.iter().all(|client| *client.ip() == CLIENT));
    }
}

// req: G-058
#[test]
fn unanswered_commands_are_bounded() {
    let mut session = Session::greeted();
    session.command("NOOP");
    for _ in 0..1000 {
        assert!(!session.ftp.is_behind());
        // its reply waits for that of the server
        assert_eq!(session.command("PASV"), Default::default());
        if session.ftp.is_behind() {
            break;
        }
    }
    assert!(session.ftp.is_behind());
    session.reply("200 done");
    assert!(!session.ftp.is_behind());
}

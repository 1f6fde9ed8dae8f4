// SPDX-License-Identifier: GPL-2.0

//! The loop: what epoll tells is done, as far as it goes without waiting.

use std::collections::{BTreeSet, HashMap};
use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr, SocketAddrV6, TcpStream};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use daemon::files::{self, Spare};
use daemon::log;
use faithd::access::Refusal;
use faithd::config::{Config, FTP};
use faithd::ftp::Ftp;
use faithd::utc;
use natpt_core::xlate::addr::is_martian4;
use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

use super::connection::{Carrier, Connection, ACCEPTED, CONNECTED};
use super::control::Control;
use super::ftp_listener::{FtpListener, Opener};
use super::load::load;
use super::local;
use super::netlink::Netlink;
use super::options::Options;
use super::pipes::Pipes;
use super::sockets::{self, Entrance};

type Key = u64;

const EVENTS: usize = 512;
/// Time for a peer to take what a side that failed has said, in milliseconds.
const LAST: u64 = 60_000;
/// Connections taken at a time.
const BURST: usize = 64;
/// Time between looks at what a peer has still to take, in milliseconds: epoll does not tell.
const LOOK: u16 = 20;
/// Time between warnings of the same kind, in milliseconds.
const QUIET: u64 = 60_000;

/// The owner of an event, in the lower bits of epoll's data; a connection's sides are 0 and 1.
const BITS: u32 = 2;
const FTP_LISTENER: u64 = 2;
const OTHER: u64 = 3;
/// Keys of OTHER: this, then the listeners. Keys are not used again.
const SIGNALS: Key = 0;

#[derive(Default)]
struct Stats {
    total: u64,
    most: usize,
    refused: u64,
    failed: u64,
    bytes: u64,
}

enum Admitted {
    /// The program to run.
    Local(Vec<String>),
    Relay {
        from: Option<IpAddr>,
        to: SocketAddr,
    },
}

pub struct Server {
    epoll: Epoll,
    signals: SignalFd,
    entrance: Entrance,
    config: Config,
    netlink: Netlink,
    spare: Spare,
    pipes: Pipes,
    connections: HashMap<Key, Box<Connection>>,
    /// Local programs that run.
    programs: usize,
    /// By the key of their control connection.
    ftp_listeners: HashMap<Key, FtpListener>,
    /// Connections that have more to do.
    ready: Vec<Key>,
    /// Connections that end when their peer has taken all.
    owed: BTreeSet<Key>,
    next: Key,
    stats: Stats,
    start: Instant,
    /// Time when it was last said that there are too many.
    complained: Option<u64>,
}

impl Server {
    pub fn new(entrance: Entrance, config: Config) -> nix::Result<Self> {
        let mut set = SigSet::empty();
        for signal in [
            Signal::SIGHUP,
            Signal::SIGTERM,
            Signal::SIGINT,
            Signal::SIGUSR1,
            Signal::SIGCHLD,
        ] {
            set.add(signal);
        }
        set.thread_block()?;
        let flags = SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC;
        let signals = SignalFd::with_flags(&set, flags)?;
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        epoll.add(
            &signals,
            EpollEvent::new(EpollFlags::EPOLLIN, data(SIGNALS, OTHER)),
        )?;
        let mut next = SIGNALS + 1;
        for listener in entrance.listeners() {
            let _ = listener.set_nonblocking(true);
            epoll.add(
                listener,
                EpollEvent::new(EpollFlags::EPOLLIN, data(next, OTHER)),
            )?;
            next += 1;
        }
        Ok(Self {
            epoll,
            signals,
            entrance,
            config,
            netlink: Netlink::open()?,
            spare: Spare::default(),
            pipes: Pipes::default(),
            connections: HashMap::new(),
            programs: 0,
            ftp_listeners: HashMap::new(),
            ready: Vec::new(),
            owed: BTreeSet::new(),
            next,
            stats: Stats::default(),
            start: Instant::now(),
            complained: None,
        })
    }

    pub fn serve(mut self, options: &Options) -> Result<(), String> {
        let mut events = vec![EpollEvent::empty(); EVENTS];
        let mut next_round = 0;
        log::info(&format!(
            "ready, with room for {} connections",
            self.config.max_connections
        ));
        loop {
            let now = self.now();
            if now >= next_round {
                self.retire(now);
                next_round = now + (self.config.idle * 250).clamp(250, 30_000);
            }
            let mut wait = u16::try_from(next_round - now).unwrap_or(u16::MAX);
            if !self.owed.is_empty() {
                wait = wait.min(LOOK);
            }
            if !self.ready.is_empty() {
                wait = 0;
            }
            let count = match self.epoll.wait(&mut events, EpollTimeout::from(wait)) {
                Ok(count) => count,
                Err(Errno::EINTR) => 0,
                Err(errno) => return Err(format!("epoll: {}", errno.desc())),
            };
            for event in events.iter().take(count) {
                let (key, slot) = (event.data() >> BITS, event.data() % (1 << BITS));
                match (slot, key) {
                    (OTHER, SIGNALS) => {
                        if self.signal(options) {
                            return Ok(());
                        }
                    }
                    (OTHER, listener) => self.enter(listener),
                    (FTP_LISTENER, key) => self.accept_ftp(key),
                    (side, key) => self.event(key, side as usize, event.events()),
                }
            }
            for key in std::mem::take(&mut self.ready) {
                self.step(key);
            }
            for key in std::mem::take(&mut self.owed) {
                self.step(key);
            }
        }
    }

    /// Milliseconds since the start.
    fn now(&self) -> u64 {
        self.start.elapsed().as_millis() as u64
    }

    /// True if it is time to end.
    fn signal(&mut self, options: &Options) -> bool {
        while let Ok(Some(signal)) = self.signals.read_signal() {
            match Signal::try_from(signal.ssi_signo as i32) {
                Ok(Signal::SIGHUP) => match self.reload(options) {
                    Ok(()) => log::info("the configuration was read again"),
                    Err(problem) => {
                        log::error(&format!("the configuration stays as it was: {problem}"));
                    }
                },
                Ok(Signal::SIGUSR1) => self.tell(),
                Ok(Signal::SIGCHLD) => self.programs = self.programs.saturating_sub(local::reap()),
                _ => {
                    log::info("ending");
                    return true;
                }
            }
        }
        false
    }

    fn reload(&mut self, options: &Options) -> Result<(), String> {
        let mut config = load(options)?;
        if let Entrance::Intercept(intercept) = &mut self.entrance {
            intercept.set(&config.prefixes, &config.services)?;
        }
        config.max_connections = super::limits::room_for(config.max_connections);
        self.config = config;
        Ok(())
    }

    fn tell(&self) {
        let Stats {
            total,
            most,
            refused,
            failed,
            bytes,
        } = self.stats;
        let (now, room) = (self.count(), self.config.max_connections);
        log::info(&format!(
            "connections: {now} now, {most} at most, {total} in all, room for {room}; \
             {refused} refused, {failed} failed; {bytes} bytes"
        ));
    }

    /// Whoever stands before a listener comes in.
    fn enter(&mut self, number: Key) {
        for _ in 0..BURST {
            let Some(listener) = self.entrance.listeners().get(number as usize - 1) else {
                return;
            };
            match sockets::accept(listener) {
                Ok((stream, SocketAddr::V6(client))) => self.admit(stream, client),
                // A given socket that takes IPv4, too.
                Ok((stream, SocketAddr::V4(_))) => sockets::reset(&stream),
                Err(problem) if problem.kind() == ErrorKind::WouldBlock => return,
                Err(problem) if files::is_short(&problem) => {
                    let sent_away =
                        || sockets::accept(listener).map(|(one, _)| sockets::reset(&one));
                    let _ = self.spare.lend(sent_away);
                    self.stats.refused += 1;
                    self.complain(&problem.to_string());
                }
                Err(problem) => return self.complain(&problem.to_string()),
            }
        }
    }

    fn admit(&mut self, stream: TcpStream, client: SocketAddrV6) {
        let Ok(SocketAddr::V6(at)) = stream.local_addr() else {
            return;
        };
        let done = self.decide(at, client).and_then(|to| match to {
            Admitted::Local(command) => {
                self.room()?;
                log::info(&format!(
                    "{} client {client} local port {}",
                    time(),
                    at.port()
                ));
                local::serve(&command, &stream).map_err(|problem| problem.to_string())?;
                self.programs += 1;
                self.counted();
                Ok(None)
            }
            Admitted::Relay { from, to } => Ok(Some((self.dial(from, to)?, to))),
        });
        match done {
            Ok(Some((connected, to))) => {
                let carrier = match at.port() {
                    FTP => Carrier::Ftp(Box::new(Control::new(Ftp::new(*client.ip())))),
                    _ => Carrier::Bytes(Default::default()),
                };
                self.relay(stream, connected, to, carrier, None);
            }
            Ok(None) => (),
            Err(problem) => {
                self.stats.refused += 1;
                log::info(&format!(
                    "{} client {client} to {at} refused: {problem}",
                    time()
                ));
                sockets::reset(&stream);
            }
        }
    }

    /// The destination of a client that came to the address `at`.
    fn decide(&self, at: SocketAddrV6, client: SocketAddrV6) -> Result<Admitted, String> {
        let prefixes = &self.config.prefixes;
        let Some(prefix) = prefixes.iter().find(|prefix| prefix.contains(*at.ip())) else {
            return Err("not under a prefix".into());
        };
        let (client, destination, port) = (*client.ip(), prefix.extract(*at.ip()), at.port());
        let access = &self.config.access;
        let what = |refusal: Refusal| refusal.text().to_owned();
        let kind = self.netlink.kind(destination);
        if kind == Ok(libc::RTN_LOCAL) && !is_martian4(destination) {
            let permitted = access.permitted(client, destination, port);
            permitted.map_err(what)?;
            let command = self.config.local.get(&port).ok_or("no local service")?;
            return Ok(Admitted::Local(command.clone()));
        }
        access.destination(destination).map_err(what)?;
        if matches!(kind, Ok(libc::RTN_BROADCAST | libc::RTN_MULTICAST)) {
            return Err(what(Refusal::Martian));
        }
        let global = prefix.check_global(destination);
        global.map_err(|_| "not a global address, under 64:ff9b::/96")?;
        let source = access.permitted(client, destination, port).map_err(what)?;
        Ok(Admitted::Relay {
            from: source.map(IpAddr::V4),
            to: SocketAddr::new(destination.into(), port),
        })
    }

    /// Connections of all kinds.
    fn count(&self) -> usize {
        self.connections.len() + self.programs
    }

    /// Check that there is room for one more.
    fn room(&mut self) -> Result<(), String> {
        if self.count() >= self.config.max_connections {
            self.complain("max-connections is reached");
            return Err("too many connections".into());
        }
        Ok(())
    }

    /// There is one more.
    fn counted(&mut self) {
        self.stats.total += 1;
        self.stats.most = self.stats.most.max(self.count());
    }

    fn dial(&mut self, from: Option<IpAddr>, to: SocketAddr) -> Result<TcpStream, String> {
        self.room()?;
        let reserved = self.config.reserved_port && to.is_ipv4();
        sockets::dial(from, to, reserved)
            .map_err(|errno| format!("connecting to {to}: {}", errno.desc()))
    }

    fn relay(
        &mut self,
        accepted: TcpStream,
        connected: TcpStream,
        to: SocketAddr,
        carrier: Carrier,
        control: Option<Key>,
    ) {
        let key = self.next;
        self.next += 1;
        let interests = EpollFlags::EPOLLIN
            | EpollFlags::EPOLLOUT
            | EpollFlags::EPOLLPRI
            | EpollFlags::EPOLLRDHUP
            | EpollFlags::EPOLLET;
        for (socket, side) in [(&accepted, ACCEPTED), (&connected, CONNECTED)] {
            let event = EpollEvent::new(interests, data(key, side as u64));
            if let Err(errno) = self.epoll.add(socket, event) {
                sockets::reset(&accepted);
                return self.complain(errno.desc());
            }
        }
        let mut connection = Connection::new(accepted, connected, to, carrier, self.now());
        connection.control = control;
        self.connections.insert(key, Box::new(connection));
        self.counted();
    }

    /// Something has changed at a socket.
    fn event(&mut self, key: Key, at: usize, events: EpollFlags) {
        let Some(connection) = self.connections.get_mut(&key) else {
            return;
        };
        let side = &mut connection.sides[at];
        let gone = events.intersects(EpollFlags::EPOLLHUP | EpollFlags::EPOLLERR);
        let end = events.intersects(EpollFlags::EPOLLIN | EpollFlags::EPOLLRDHUP);
        side.readable |= gone || end;
        side.writable |= gone || events.contains(EpollFlags::EPOLLOUT);
        side.urgent |= events.contains(EpollFlags::EPOLLPRI);
        if events.contains(EpollFlags::EPOLLERR) {
            let problem = side.socket.take_error().ok().flatten();
            side.failed |= problem.is_some();
            // what has come before it is still to be passed on
            if let (Some(problem), true) = (problem, connection.connecting) {
                if !sockets::is_unread(&connection.sides[at].socket) {
                    if at == CONNECTED {
                        self.stats.failed += 1;
                        log::info(&format!(
                            "{} {} failed: {problem}",
                            time(),
                            connection.describe()
                        ));
                    }
                    return self.end(key, true);
                }
            }
        }
        if connection.connecting && at == CONNECTED && connection.sides[CONNECTED].writable {
            connection.connecting = false;
            log::info(&format!("{} {}", time(), connection.describe()));
        }
        if !connection.connecting {
            self.step(key);
        }
    }

    /// Move what can be moved.
    fn step(&mut self, key: Key) {
        let now = self.now();
        let Some(connection) = self.connections.get_mut(&key) else {
            return;
        };
        let progress = match &mut connection.carrier {
            Carrier::Bytes(_) => connection.run(&mut self.pipes),
            Carrier::Ftp(_) => {
                let mut opener = Opener::new(connection, &self.entrance, now);
                let Carrier::Ftp(control) = &mut connection.carrier else {
                    return;
                };
                let progress = control.run(&mut connection.sides, &mut opener);
                if let Some(listener) = opener.opened {
                    let event = EpollEvent::new(EpollFlags::EPOLLIN, data(key, FTP_LISTENER));
                    if self.epoll.add(&listener.listener, event).is_ok() {
                        self.ftp_listeners.insert(key, listener);
                    }
                }
                progress
            }
        };
        match progress {
            Ok(progress) => {
                if progress.moved > 0 {
                    connection.touched = now;
                    self.stats.bytes += progress.moved as u64;
                }
                // FTP's control connection is silent during a transfer, but not idle.
                let control = connection.control.filter(|_| progress.moved > 0);
                if connection.is_over() {
                    self.end(key, false);
                } else if progress.more {
                    self.ready.push(key);
                }
                if let Some(control) = control.and_then(|key| self.connections.get_mut(&key)) {
                    control.touched = now;
                }
            }
            Err(errno) => {
                if connection.is_owed() {
                    self.owed.insert(key);
                    return;
                }
                log::debug(|| format!("{} ended: {}", connection.describe(), errno.desc()));
                self.end(key, true);
            }
        }
    }

    fn end(&mut self, key: Key, reset: bool) {
        self.ftp_listeners.remove(&key);
        if let Some(connection) = self.connections.remove(&key) {
            if reset {
                connection.reset();
            }
        }
    }

    /// An FTP data connection.
    fn accept_ftp(&mut self, key: Key) {
        let Some(listener) = self.ftp_listeners.get(&key) else {
            return;
        };
        match sockets::accept(&listener.listener) {
            Ok((stream, peer)) if peer.ip() == listener.peer => {
                let (from, to) = (listener.from, listener.to);
                self.ftp_listeners.remove(&key);
                match self.dial(Some(from), to) {
                    Ok(connected) => {
                        let carrier = Carrier::Bytes(Default::default());
                        self.relay(stream, connected, to, carrier, Some(key));
                    }
                    Err(problem) => {
                        self.stats.refused += 1;
                        log::info(&format!("FTP data connection of {peer} refused: {problem}"));
                        sockets::reset(&stream);
                    }
                }
            }
            Ok((stream, peer)) => {
                log::warning(&format!("{peer} knocks at an FTP data port of another"));
                sockets::reset(&stream);
            }
            Err(problem) if problem.kind() == ErrorKind::WouldBlock => (),
            Err(problem) => {
                // With no descriptor left, who waits is sent away.
                if files::is_short(&problem) {
                    self.ftp_listeners.remove(&key);
                }
                self.complain(&problem.to_string());
            }
        }
    }

    /// End what was silent for too long.
    fn retire(&mut self, now: u64) {
        self.spare.keep();
        let idle = self.config.idle * 1000;
        let limit = |connection: &Connection| match connection.has_failed() {
            true => idle.min(LAST),
            false => idle,
        };
        let silent = self
            .connections
            .iter()
            .filter(|(_, connection)| now - connection.touched >= limit(connection));
        for key in silent.map(|(&key, _)| key).collect::<Vec<_>>() {
            if let Some(connection) = self.connections.get(&key) {
                log::info(&format!("{} {} was idle", time(), connection.describe()));
            }
            self.end(key, true);
        }
        self.ftp_listeners
            .retain(|_, listener| now < listener.deadline);
    }

    fn complain(&mut self, text: &str) {
        let now = self.now();
        if self.complained.is_none_or(|then| now - then >= QUIET) {
            self.complained = Some(now);
            log::warning(&format!("{text}; {} connections", self.count()));
        }
    }
}

fn data(key: Key, slot: u64) -> u64 {
    (key << BITS) | slot
}

fn time() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    utc::text(since.map_or(0, |since| since.as_secs()))
}

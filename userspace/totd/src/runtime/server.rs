// SPDX-License-Identifier: GPL-2.0

//! The loop: what happens is told to the proxy, and what it wants is done.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::os::fd::AsFd;
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::time::Instant;

use daemon::files::{self, Spare};
use daemon::log;
use natpt_core::xlate::addr::Prefix;
use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use totd::config::{Config, Prefixes};
use totd::proxy::{Action, Client, Key, Proxy, Query, Transport};

use super::adverts::Adverts;
use super::carriers::Carriers;
use super::clients::{Clients, Written};
use super::control::{self, Command};
use super::kernel::{self, Kernel};
use super::load::{allow_files, load};
use super::mmsg::{Envelope, BATCH};
use super::options::Options;
use super::sockets::{self, Endpoint};
use super::status;
use super::stream::Progress;
use super::udp::{Inbox, Udp};
use super::upstream::{Event, Upstream};

/// Time between looks at interfaces, the kernel's prefixes and idle clients, in milliseconds.
const ROUND: u64 = 2000;
/// Who needs room, if it is no client over TCP.
const ANYBODY: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);
/// Queries taken from one socket before the others have their turn.
const BURST: usize = 64;
const EVENTS: usize = 256;

/// The owner of an event, in the upper bits of epoll's data; the proxy's keys leave four.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u64)]
enum Source {
    Signal,
    Status,
    Udp,
    Tcp,
    Client,
    Forwarder,
    Carrier,
    Router,
    Control,
}

const SOURCES: [Source; 9] = [
    Source::Signal,
    Source::Status,
    Source::Udp,
    Source::Tcp,
    Source::Client,
    Source::Forwarder,
    Source::Carrier,
    Source::Router,
    Source::Control,
];

const KEY_BITS: u32 = 60;

struct Listener {
    endpoint: Endpoint,
    udp: Udp,
    tcp: TcpListener,
    key: Key,
}

pub struct Server {
    epoll: Epoll,
    signals: SignalFd,
    status: Option<UnixListener>,
    control: Option<UnixDatagram>,
    listeners: Vec<Listener>,
    next_listener: Key,
    clients: Clients,
    upstream: Upstream,
    carriers: Carriers,
    kernel: Kernel,
    adverts: Option<Adverts>,
    spare: Spare,
    start: Instant,
    buffer: Vec<u8>,
    inbox: Inbox,
    /// Answers over UDP that leave together, and the listener that they leave by.
    outbox: Vec<(Envelope, Vec<u8>)>,
    outbox_key: Key,
}

impl Server {
    /// Open all that may take privileges.
    pub fn open(config: &Config, options: &Options) -> Result<Self, String> {
        let what = |problem: Errno| problem.desc().to_string();
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).map_err(what)?;
        let mut set = SigSet::empty();
        set.extend([Signal::SIGHUP, Signal::SIGINT, Signal::SIGTERM]);
        set.thread_block().map_err(what)?;
        let flags = SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC;
        let signals = SignalFd::with_flags(&set, flags).map_err(what)?;
        let status = status::listen(&config.status)
            .map_err(|problem| log::warning(&format!("{}: {problem}", config.status)))
            .ok();
        let control = control::listen(&config.status)
            .map_err(|problem| log::warning(&format!("{}.control: {problem}", config.status)))
            .ok();
        let mut server = Self {
            epoll,
            signals,
            status,
            control,
            listeners: Vec::new(),
            next_listener: 0,
            clients: Clients::default(),
            upstream: Upstream::default(),
            carriers: Carriers::default(),
            kernel: Kernel::default(),
            adverts: None,
            spare: Spare::default(),
            start: Instant::now(),
            buffer: vec![0; 65_536],
            inbox: Inbox::default(),
            outbox: Vec::with_capacity(BATCH),
            outbox_key: 0,
        };
        if let Some(status) = &server.status {
            watch(&server.epoll, status, Source::Status, 0).map_err(what)?;
        }
        if let Some(control) = &server.control {
            watch(&server.epoll, control, Source::Control, 0).map_err(what)?;
        }
        server.listen(sockets::endpoints(config, options))?;
        server.listen_to_routers(config);
        Ok(server)
    }

    pub fn serve(&mut self, mut proxy: Proxy, options: &Options) -> Result<(), String> {
        let mut events = vec![EpollEvent::empty(); EVENTS];
        let (mut next_round, mut ending) = (0, false);
        // Not before: epoll reports the signals of the process that asked it to.
        watch(&self.epoll, &self.signals, Source::Signal, 0)
            .map_err(|problem| format!("epoll: {problem}"))?;
        log::info("ready");
        loop {
            let now = self.now();
            if now >= next_round {
                self.round(&mut proxy, now);
                next_round = now + ROUND;
            }
            let until = proxy.deadline().unwrap_or(next_round).min(next_round);
            let wait = u16::try_from(until.saturating_sub(now)).unwrap_or(u16::MAX);
            let count = match self.epoll.wait(&mut events, EpollTimeout::from(wait)) {
                Ok(count) => count,
                Err(Errno::EINTR) => 0,
                Err(problem) => return Err(format!("epoll: {problem}")),
            };
            let now = self.now();
            for event in events.iter().take(count) {
                let key = event.data() & ((1 << KEY_BITS) - 1);
                let source = SOURCES
                    .into_iter()
                    .find(|&source| source as u64 == event.data() >> KEY_BITS);
                match source {
                    Some(Source::Signal) => ending = self.signal(&mut proxy, options),
                    Some(Source::Status) => self.tell(&proxy),
                    Some(Source::Udp) => self.datagrams(&mut proxy, now, key),
                    Some(Source::Tcp) => self.connections(&mut proxy, now, key),
                    Some(Source::Client) => self.client(&mut proxy, now, key, event.events()),
                    Some(Source::Forwarder) => self.forwarder(&mut proxy, now, key),
                    Some(Source::Carrier) => self.carrier(&mut proxy, now, key, event.events()),
                    Some(Source::Control) => self.command(&mut proxy),
                    Some(Source::Router) => self.routers(&mut proxy, now),
                    None => (),
                }
                self.act(&mut proxy, now);
                if ending {
                    return Ok(());
                }
            }
            proxy.expire(now);
            self.act(&mut proxy, now);
        }
    }

    /// Milliseconds since the start.
    fn now(&self) -> u64 {
        self.start.elapsed().as_millis() as u64
    }

    /// Open what is not open yet, then close what is no longer asked for.
    fn listen(&mut self, wanted: Vec<Endpoint>) -> Result<(), String> {
        let mut new = Vec::new();
        for endpoint in &wanted {
            if self.listeners.iter().any(|old| old.endpoint == *endpoint) {
                continue;
            }
            let name = match &endpoint.interface {
                Some(name) => format!("{} on {name}", endpoint.addr),
                None => endpoint.addr.to_string(),
            };
            let key = self.next_listener;
            self.next_listener += 1;
            new.push(
                self.listener(endpoint, key)
                    .map_err(|problem| format!("listening at {name}: {}", problem.desc()))?,
            );
            log::info(&format!("listening at {name}"));
        }
        self.listeners.retain(|old| wanted.contains(&old.endpoint));
        self.listeners.append(&mut new);
        Ok(())
    }

    fn listener(&self, endpoint: &Endpoint, key: Key) -> nix::Result<Listener> {
        let udp = Udp::new(sockets::udp_listener(endpoint)?, endpoint.addr.is_ipv6());
        let tcp = sockets::tcp_listener(endpoint)?;
        watch(&self.epoll, &udp.socket, Source::Udp, key)?;
        watch(&self.epoll, &tcp, Source::Tcp, key)?;
        Ok(Listener {
            endpoint: endpoint.clone(),
            udp,
            tcp,
            key,
        })
    }

    /// Open or close the socket for router advertisements.
    fn listen_to_routers(&mut self, config: &Config) {
        if !matches!(config.prefixes, Prefixes::Discover(_)) {
            self.adverts = None;
        } else if self.adverts.is_none() {
            let opened = Adverts::open().and_then(|adverts| {
                watch(&self.epoll, adverts.socket(), Source::Router, 0)?;
                Ok(adverts)
            });
            self.adverts = opened
                .map_err(|problem| {
                    let why = problem.desc();
                    log::warning(&format!("router advertisements are not heard: {why}"));
                })
                .ok();
        }
    }

    fn routers(&mut self, proxy: &mut Proxy, now: u64) {
        for _ in 0..BURST {
            let received = |adverts: &mut Adverts| adverts.receive(&mut self.buffer);
            let Some(advert) = self.adverts.as_mut().and_then(received) else {
                return;
            };
            let wanted = match &proxy.config().prefixes {
                Prefixes::Discover(interfaces) => advert.is_for(interfaces),
                _ => false,
            };
            if wanted {
                let message = &self.buffer[..advert.len];
                proxy.advertised(now, advert.router, advert.interface, message);
            }
        }
    }

    /// Look at what changes by itself.
    fn round(&mut self, proxy: &mut Proxy, now: u64) {
        self.spare.keep();
        proxy.set_links(kernel::links());
        if proxy.config().prefixes == Prefixes::Auto {
            match self.kernel.prefixes() {
                Ok(prefixes) => {
                    let count = prefixes.len();
                    if proxy.set_prefixes(prefixes) {
                        log::info(&format!("the kernel has {count} prefixes"));
                    }
                }
                Err(problem) => log::warning(&format!("prefixes of the kernel: {problem}")),
            }
        }
        self.carriers.retire(now);
        for key in self.clients.idle(now, |key| proxy.is_awaited_by(key)) {
            self.hang_up(proxy, key);
        }
    }

    /// True if it is time to end.
    fn signal(&mut self, proxy: &mut Proxy, options: &Options) -> bool {
        while let Ok(Some(signal)) = self.signals.read_signal() {
            if signal.ssi_signo != Signal::SIGHUP as u32 {
                log::info("ending");
                return true;
            }
            if let Err(problem) = self.reload(proxy, options) {
                log::error(&format!("the configuration stays as it was: {problem}"));
            } else {
                log::info("the configuration was read again");
            }
        }
        false
    }

    fn reload(&mut self, proxy: &mut Proxy, options: &Options) -> Result<(), String> {
        let config = load(options)?;
        self.listen(sockets::endpoints(&config, options))?;
        self.listen_to_routers(&config);
        allow_files(config.max_queries);
        proxy.configure(config);
        self.round(proxy, self.now());
        Ok(())
    }

    fn tell(&mut self, proxy: &Proxy) {
        if let Some(status) = &self.status {
            let text = proxy.stats.prometheus(&proxy.gauges());
            self.spare.lend(|| status::tell(status, &text));
        }
    }

    fn command(&mut self, proxy: &mut Proxy) {
        while let Some(command) = self.control.as_ref().and_then(control::take) {
            match command {
                Ok(Command::Flush(name)) => proxy.flush(name.as_ref()),
                Err(problem) => log::warning(&problem),
            }
        }
    }

    fn datagrams(&mut self, proxy: &mut Proxy, now: u64, key: Key) {
        for _ in 0..BURST / BATCH {
            let Some(listener) = self.listeners.iter().find(|one| one.key == key) else {
                return;
            };
            let count = self.inbox.fill(&listener.udp);
            for (client, query) in self.inbox.queries(key) {
                proxy.query(now, client, query);
            }
            self.act(proxy, now);
            // If more has come since then, we are told.
            if count < BATCH {
                return;
            }
        }
    }

    fn connections(&mut self, proxy: &mut Proxy, now: u64, key: Key) {
        for _ in 0..BURST {
            let listener = self.listeners.iter().find(|one| one.key == key);
            let (socket, addr) = match listener.map(|one| one.tcp.accept()) {
                Some(Ok(accepted)) => accepted,
                Some(Err(problem)) if files::is_short(&problem) => {
                    if !self.free_files(proxy) {
                        let listener = self.listeners.iter().find(|one| one.key == key);
                        self.spare.lend(|| listener.map(|one| one.tcp.accept()));
                    }
                    continue;
                }
                _ => return,
            };
            if self.clients.is_full() {
                self.make_room(proxy, addr);
            }
            let Some(key) = self.clients.add(now, socket, addr) else {
                continue;
            };
            if let Some(socket) = self.clients.socket(key) {
                let _ = watch(&self.epoll, socket, Source::Client, key);
            }
        }
    }

    /// Close what nobody needs, or else a client's connection, so that there are descriptors.
    fn free_files(&mut self, proxy: &mut Proxy) -> bool {
        self.upstream.close_resting() || self.make_room(proxy, ANYBODY)
    }

    /// Close a client's connection, so that one of `addr` has room.
    fn make_room(&mut self, proxy: &mut Proxy, addr: SocketAddr) -> bool {
        let loser = self.clients.loser(addr, |key| proxy.is_awaited_by(key));
        if let Some(key) = loser {
            self.hang_up(proxy, key);
        }
        loser.is_some()
    }

    fn client(&mut self, proxy: &mut Proxy, now: u64, key: Key, events: EpollFlags) {
        if events.contains(EpollFlags::EPOLLOUT) {
            self.write_client(proxy, key);
        }
        let readable = EpollFlags::EPOLLIN | EpollFlags::EPOLLHUP | EpollFlags::EPOLLERR;
        if events.intersects(readable) {
            let (queries, progress) = self.clients.read(now, key, &mut self.buffer);
            for (client, query) in queries {
                proxy.query(now, client, &query);
            }
            self.act(proxy, now);
            match progress {
                Progress::Open => (),
                Progress::Ended => self.write_client(proxy, key),
                Progress::Broken => self.hang_up(proxy, key),
            }
        }
    }

    fn write_client(&mut self, proxy: &mut Proxy, key: Key) {
        let reads = self.clients.may_query(key);
        let more = match self.clients.write(key) {
            Written::Some => true,
            // Who has ended gets the answers that are still to come.
            Written::All if reads || proxy.is_awaited_by(key) => false,
            Written::All | Written::Broken => return self.hang_up(proxy, key),
        };
        if let Some(socket) = self.clients.socket(key) {
            let _ = rewatch(&self.epoll, socket, Source::Client, key, flags(reads, more));
        }
    }

    fn hang_up(&mut self, proxy: &mut Proxy, key: Key) {
        self.clients.remove(key);
        proxy.hang_up(key);
    }

    fn forwarder(&mut self, proxy: &mut Proxy, now: u64, key: Key) {
        match self.upstream.read(key, &mut self.buffer) {
            Some((attempt, Event::Answer(answer))) => proxy.response(now, attempt, &answer),
            Some((attempt, Event::Nobody)) => proxy.failed(now, attempt),
            None => (),
        }
    }

    /// A connection to a forwarder.
    fn carrier(&mut self, proxy: &mut Proxy, now: u64, key: Key, events: EpollFlags) {
        if events.contains(EpollFlags::EPOLLOUT) {
            // What is wrong with it shows when it is read.
            let more = self.carriers.write(key).unwrap_or(false);
            if let Some(socket) = self.carriers.socket(key) {
                let _ = rewatch(&self.epoll, socket, Source::Carrier, key, flags(true, more));
            }
        }
        let readable = EpollFlags::EPOLLIN | EpollFlags::EPOLLHUP | EpollFlags::EPOLLERR;
        if events.intersects(readable) {
            let heard = self.carriers.read(now, key, &mut self.buffer);
            for (question, answer) in heard.answers {
                proxy.response(now, question, &answer);
            }
            for question in heard.ended.into_iter().flatten() {
                match heard.answered {
                    true => proxy.lost(now, question),
                    false => proxy.failed(now, question),
                }
            }
        }
    }

    /// Send a question, or put it on a connection.
    fn send(&mut self, now: u64, query: &Query) -> io::Result<()> {
        match query.transport {
            Transport::Udp => {
                let (attempt, message) = (query.attempt, &query.message);
                if let Some((key, socket)) = self.upstream.query(attempt, query.to, message)? {
                    if let Err(problem) = watch(&self.epoll, socket, Source::Forwarder, key) {
                        self.upstream.close(attempt);
                        return Err(problem.into());
                    }
                }
            }
            Transport::Tcp => {
                let (key, new) = self.carriers.query(now, query)?;
                if let Some(socket) = self.carriers.socket(key) {
                    let flags = flags(true, true);
                    let event = EpollEvent::new(flags, data(Source::Carrier, key));
                    match new {
                        true => self.epoll.add(socket, event)?,
                        false => rewatch(&self.epoll, socket, Source::Carrier, key, flags)?,
                    }
                }
            }
        }
        Ok(())
    }

    fn forget(&mut self, attempt: Key) {
        self.upstream.forget(attempt);
        self.carriers.forget(attempt);
    }

    /// Carry out the proxy's actions.
    fn act(&mut self, proxy: &mut Proxy, now: u64) {
        while !proxy.actions.is_empty() {
            let mut actions = std::mem::take(&mut proxy.actions);
            for action in actions.drain(..) {
                match action {
                    Action::Query(query) => {
                        let mut sent = self.send(now, &query);
                        if sent.as_ref().is_err_and(files::is_short) && self.free_files(proxy) {
                            sent = self.send(now, &query);
                        }
                        if let Err(problem) = sent {
                            self.forget(query.attempt);
                            match is_ours(&problem) {
                                true => proxy.unsent(now, query.attempt),
                                false => proxy.failed(now, query.attempt),
                            }
                        }
                    }
                    Action::Forget(attempt) => self.forget(attempt),
                    Action::Discovered(prefixes) => {
                        let text = |one: &Prefix| format!(" {}/{}", one.addr(), one.len());
                        let all: String = prefixes.iter().map(text).collect();
                        log::info(&format!("the network's prefixes:{all}"));
                    }
                    Action::Reply { client, message } => match client.transport {
                        Transport::Udp => self.post(&client, message),
                        Transport::Tcp => {
                            self.clients.push(now, client.socket, &message);
                            self.write_client(proxy, client.socket);
                        }
                    },
                }
            }
            self.deliver();
            if proxy.actions.is_empty() {
                actions.shrink_to(EVENTS);
                proxy.actions = actions;
            }
        }
    }

    /// Put an answer over UDP to those that leave next.
    fn post(&mut self, client: &Client, message: Vec<u8>) {
        let key = client.socket;
        if self.outbox.len() >= BATCH || self.outbox_key != key {
            self.deliver();
        }
        if let Some(listener) = self.listeners.iter().find(|one| one.key == key) {
            self.outbox_key = key;
            self.outbox.push((listener.udp.envelope(client), message));
        }
    }

    /// Send them.
    fn deliver(&mut self) {
        let key = self.outbox_key;
        if let Some(listener) = self.listeners.iter().find(|one| one.key == key) {
            listener.udp.send(&self.outbox);
        }
        self.outbox.clear();
    }
}

/// True if it is we who have run out of something.
fn is_ours(problem: &io::Error) -> bool {
    let ours = [Errno::ENOSPC, Errno::EAGAIN, Errno::EADDRNOTAVAIL];
    let is = |&one: &Errno| problem.raw_os_error() == Some(one as i32);
    files::is_short(problem) || ours.iter().any(is)
}

fn data(source: Source, key: Key) -> u64 {
    ((source as u64) << KEY_BITS) | key
}

fn flags(reads: bool, writes: bool) -> EpollFlags {
    let mut flags = EpollFlags::empty();
    flags.set(EpollFlags::EPOLLIN, reads);
    flags.set(EpollFlags::EPOLLOUT, writes);
    flags
}

fn watch(epoll: &Epoll, socket: impl AsFd, source: Source, key: Key) -> nix::Result<()> {
    epoll.add(
        socket,
        EpollEvent::new(flags(true, false), data(source, key)),
    )
}

fn rewatch(
    epoll: &Epoll,
    socket: impl AsFd,
    source: Source,
    key: Key,
    flags: EpollFlags,
) -> nix::Result<()> {
    epoll.modify(socket, &mut EpollEvent::new(flags, data(source, key)))
}

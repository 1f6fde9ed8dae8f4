// SPDX-License-Identifier: GPL-2.0

//! Connections to any address under a prefix become ours, as those to a faith(4) interface did:
//! a local route brings the packets here, and an sk_lookup program finds the listening socket
//! for them. Both go with us; other sockets of this box are never reached under the prefix.

mod bpf;
mod program;

use std::net::{Ipv6Addr, SocketAddrV6, TcpListener};
use std::os::fd::OwnedFd;

use daemon::log;
use faithd::config::Services;
use natpt_core::xlate::addr::Prefix;

use super::netlink::Netlink;
use bpf::SocketMap;

struct Under {
    prefix: Prefix,
    _program: OwnedFd,
}

pub struct Intercept {
    sockets: SocketMap,
    listener: TcpListener,
    ports: Vec<u16>,
    under: Vec<Under>,
}

impl Intercept {
    /// `listener` gets the connections; where it is bound does not matter.
    pub fn new(listener: TcpListener) -> Result<Self, String> {
        let sockets = SocketMap::new().map_err(|errno| format!("BPF map: {}", errno.desc()))?;
        Ok(Self {
            sockets,
            listener,
            ports: Vec::new(),
            under: Vec::new(),
        })
    }

    pub fn listener(&self) -> &TcpListener {
        &self.listener
    }

    /// Take connections for these from now on, and for no others.
    pub fn set(&mut self, prefixes: &[Prefix], services: &Services) -> Result<(), String> {
        let wanted = match services {
            Services::Any => vec![program::ANY_PORT],
            Services::Ports(ports) => ports.clone(),
        };
        let what = |errno: nix::Error| format!("service: {}", errno.desc());
        for &port in &wanted {
            self.sockets
                .insert(Ipv6Addr::UNSPECIFIED, port, &self.listener)
                .map_err(what)?;
        }
        for port in self.ports.iter().filter(|port| !wanted.contains(port)) {
            self.sockets
                .remove(Ipv6Addr::UNSPECIFIED, *port)
                .map_err(what)?;
        }
        self.ports = wanted;
        for prefix in prefixes {
            if !self.under.iter().any(|one| one.prefix == *prefix) {
                let under = Under::new(*prefix, &self.sockets)?;
                self.under.push(under);
            }
        }
        self.under.retain(|one| prefixes.contains(&one.prefix));
        Ok(())
    }

    /// Give connections to that address and port to `listener`, as long as it is open.
    pub fn listen(&self, addr: SocketAddrV6, listener: &TcpListener) -> nix::Result<()> {
        self.sockets.insert(*addr.ip(), addr.port(), listener)
    }
}

impl Under {
    fn new(prefix: Prefix, sockets: &SocketMap) -> Result<Self, String> {
        let name = format!("{}/{}", prefix.addr(), prefix.len());
        let program = bpf::attach(&program::program(&prefix, sockets))
            .map_err(|errno| format!("BPF program for {name}: {}", errno.desc()))?;
        Netlink::open()
            .and_then(|netlink| netlink.add_local(&prefix))
            .map_err(|errno| format!("route to {name}: {}", errno.desc()))?;
        Ok(Self {
            prefix,
            _program: program,
        })
    }
}

impl Drop for Under {
    fn drop(&mut self) {
        let removed = Netlink::open().and_then(|netlink| netlink.remove_local(&self.prefix));
        if let Err(errno) = removed {
            log::debug(|| format!("route to {}: {}", self.prefix.addr(), errno.desc()));
        }
    }
}

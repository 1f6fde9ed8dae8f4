// SPDX-License-Identifier: GPL-2.0

//! Pools: which ports of an IPv4 address are in use.

use super::{held::Held, statics::Statics};
use crate::{
    linux::{
        array::Array,
        bh::{BhGuard, BhLock},
        memory::{self, Account, Charge, Charging},
        once::{read_once, write_once},
        pernet::Net,
        rcu, sys,
    },
    nat::{
        options::Values,
        port::{self, PortPolicy},
    },
    xlate::{l4, proto},
};
use core::net::Ipv4Addr;
use kernel::{
    prelude::*,
    static_lock_class,
    sync::{atomic::Atomic, Arc},
};

/// How many ports of an own address are tried before one is that nobody else has.
const TRIES: usize = 16;

/// An address whose ports are given to IPv6 hosts, as long as a rule names it.
#[pin_data]
pub(crate) struct Pool {
    pub(crate) addr: Ipv4Addr,
    charge: Charge,
    /// Generation of the IPv4 routes, and in the lowest bit: the address was the host's own then.
    own: Atomic<u64>,
    #[pin]
    icmp: BhLock<Ports>,
    #[pin]
    tcp: BhLock<Ports>,
    #[pin]
    udp: BhLock<Ports>,
}

/// The ports of a protocol, absent until the first of them is in use.
type Ports = Option<Used>;

/// The ports of a protocol that are in use.
struct Used {
    map: Array<u64>,
    held: Held,
}

impl Pool {
    pub(crate) fn new(account: Account, addr: Ipv4Addr) -> Result<Arc<Self>> {
        let charge = account.hold(size_of::<Self>())?;
        Arc::pin_init(
            pin_init!(Self {
                addr,
                charge,
                own: Atomic::new(u64::MAX),
                icmp <- BhLock::new(None, static_lock_class!()),
                tcp <- BhLock::new(None, static_lock_class!()),
                udp <- BhLock::new(None, static_lock_class!()),
            }),
            memory::flags(),
        )
    }

    /// Those of a protocol; none of one whose ports stay as they are.
    #[inline(always)]
    fn ports(&self, proto: u8) -> Option<&BhLock<Ports>> {
        match proto {
            proto::TCP => Some(&self.tcp),
            proto::UDP => Some(&self.udp),
            proto::ICMP => Some(&self.icmp),
            _ => None,
        }
    }

    /// Takes a random free port, which no static mapping has, for a host's own port to talk to a
    /// peer, if there is one.
    #[inline(always)]
    pub(crate) fn take(
        &self,
        net: &Net,
        (range, statics): (Option<(u16, u16)>, &Statics),
        ((proto, sport), peer): ((u8, u16), (Ipv4Addr, u16)),
        values: &Values,
        (bh, _): (&BhGuard, &Charging<'_>),
        guard: &rcu::Guard,
    ) -> Result<Option<u16>> {
        let Some(ports) = self.ports(proto) else {
            return Ok(None);
        };
        let mut ports = ports.lock(bh);
        let account = self.charge.account();
        let used = match &mut *ports {
            Some(used) => used,
            none => none.insert(Used {
                map: Array::zeroes(account, port::MAP)?,
                held: Held::new(account)?,
            }),
        };
        used.held.grow(account, proto, values);
        used.release(values);
        let is_own = self.is_own(net);
        let ranges: &[_] = match range {
            Some(range) => &[range],
            None if is_own && proto != proto::ICMP => {
                &[port::beside_sockets(sys::local_ports(net))]
            }
            None => &[(1, u16::MAX)],
        };
        let want = PortPolicy::of(proto, sport);
        let others = match statics.is_empty() {
            true => None,
            false => Some((statics, (self.addr, proto))),
        };
        Ok(match is_own {
            false => used.take(ranges, want, others),
            true => {
                let is_taken = |port| {
                    self.has_socket(net, proto, port, guard)
                        || self.is_taken(net, (proto, port), peer, guard)
                };
                used.take_beside(ranges, want, others, is_taken)
            }
        })
    }

    /// This host, or its NAT, has the port for a peer.
    pub(super) fn is_taken(
        &self,
        net: &Net,
        (proto, port): (u8, u16),
        peer: (Ipv4Addr, u16),
        guard: &rcu::Guard,
    ) -> bool {
        self.is_own(net)
            && (!l4::has_pool_ports(proto)
                || sys::has_connection4(net, peer, (self.addr, port), proto, guard))
    }

    /// The address is this host's own.
    #[inline(always)]
    pub(super) fn is_own(&self, net: &Net) -> bool {
        let routes = u64::from(sys::routes4(net)) << 1;
        let known = read_once(&self.own);
        if known & !1 == routes {
            return known & 1 != 0;
        }
        let is_own = sys::is_local4(net, self.addr);
        write_once(&self.own, routes | u64::from(is_own));
        is_own
    }

    /// A socket of this host waits for packets to the port.
    fn has_socket(&self, net: &Net, proto: u8, port: u16, guard: &rcu::Guard) -> bool {
        let anybody = (Ipv4Addr::UNSPECIFIED, 0);
        sys::has_socket4(net, anybody, (self.addr, port), proto, guard)
    }

    /// Gives a port back that nobody but its host has ever used.
    pub(crate) fn give(&self, proto: u8, port: u16, bh: &BhGuard) {
        let Some(ports) = self.ports(proto) else {
            return;
        };
        if let Some(used) = &mut *ports.lock(bh) {
            port::mark(&mut used.map, port, false);
        }
    }

    /// Gives a port back. It waits before it is given out again, where nobody knows whether its old
    /// host's peers have done with it (RFC 6888 REQ-8).
    pub(crate) fn hold(&self, proto: u8, port: u16, values: &Values, bh: &BhGuard) {
        let Some(ports) = self.ports(proto) else {
            return;
        };
        let Some(used) = &mut *ports.lock(bh) else {
            return;
        };
        used.release(values);
        if let Some(port) = used.held.push(port, values) {
            port::mark(&mut used.map, port, false);
        }
    }
}

impl Used {
    /// Takes a random free port, which none of `others` of this address and protocol has, if there is
    /// one.
    fn take(
        &mut self,
        ranges: &[(u16, u16)],
        want: PortPolicy,
        others: Option<(&Statics, (Ipv4Addr, u8))>,
    ) -> Option<u16> {
        let word = |i| self.map.get(i).copied().unwrap_or(u64::MAX);
        let port = match others {
            None => port::choose(word, ranges, want, sys::random()),
            Some((statics, (addr, proto))) if statics.has_all(addr, proto) => None,
            Some((statics, of)) => port::choose(
                |i| word(i) | statics.word(of, i),
                ranges,
                want,
                sys::random(),
            ),
        }?;
        port::mark(&mut self.map, port, true);
        Some(port)
    }

    /// The same of an own address, but for ports that others on this host have, by `is_taken`.
    #[cold]
    fn take_beside(
        &mut self,
        ranges: &[(u16, u16)],
        want: PortPolicy,
        others: Option<(&Statics, (Ipv4Addr, u8))>,
        is_taken: impl Fn(u16) -> bool,
    ) -> Option<u16> {
        // Theirs count as used while others are looked for; port 0 is none.
        let (mut of_others, mut chosen) = ([0; TRIES], None);
        for other in &mut of_others {
            match self.take(ranges, want, others) {
                Some(port) if is_taken(port) => *other = port,
                port => {
                    chosen = port;
                    break;
                }
            }
        }
        for port in of_others.into_iter().filter(|port| *port != 0) {
            port::mark(&mut self.map, port, false);
        }
        chosen
    }

    /// Lets go of the ports that have waited.
    fn release(&mut self, values: &Values) {
        while let Some(port) = self.held.pop(values) {
            port::mark(&mut self.map, port, false);
        }
    }
}

/// Return true if hosts may get this port of an address that is the host's own, by a rule with this
/// range.
pub(super) fn is_for_hosts(net: &Net, range: Option<(u16, u16)>, port: u16) -> bool {
    let has_port = |(first, last): (u16, u16)| (first..=last).contains(&port);
    match range {
        Some(range) => has_port(range),
        None => has_port(port::beside_sockets(sys::local_ports(net))),
    }
}

// SPDX-License-Identifier: GPL-2.0

//! Pools: which ports of an IPv4 address are in use.

use crate::{
    linux::{
        array::Array,
        bh::{BhGuard, BhLock},
        memory::{self, Account, Charge, Charging},
        pernet::Net,
        sys,
    },
    nat::port::{self, PortPolicy},
    xlate::proto,
};
use core::net::Ipv4Addr;
use kernel::{prelude::*, static_lock_class, sync::Arc};

/// Words of 64 ports.
const WORDS: usize = 1024;

/// An address whose ports are given to IPv6 hosts.
///
/// It is kept for the life of its namespace: a rule that is deleted and made
/// again must find the ports of its old mappings in use.
#[pin_data]
pub(crate) struct Pool {
    pub(crate) addr: Ipv4Addr,
    charge: Charge,
    #[pin]
    icmp: BhLock<Ports>,
    #[pin]
    tcp: BhLock<Ports>,
    #[pin]
    udp: BhLock<Ports>,
}

/// The ports of a protocol that are in use, as bits; absent until the first of them is.
type Ports = Option<Array<u64>>;

impl Pool {
    pub(crate) fn new(account: Account, addr: Ipv4Addr) -> Result<Arc<Self>> {
        let charge = account.hold(size_of::<Self>())?;
        Arc::pin_init(
            pin_init!(Self {
                addr,
                charge,
                icmp <- BhLock::new(None, static_lock_class!()),
                tcp <- BhLock::new(None, static_lock_class!()),
                udp <- BhLock::new(None, static_lock_class!()),
            }),
            memory::flags(),
        )
    }

    fn ports(&self, proto: u8) -> &BhLock<Ports> {
        match proto {
            proto::TCP => &self.tcp,
            proto::UDP => &self.udp,
            _ => &self.icmp,
        }
    }

    /// Takes a random free port for a host's own port, if there is one.
    pub(crate) fn take(
        &self,
        net: &Net,
        range: Option<(u16, u16)>,
        proto: u8,
        sport: u16,
        bh: &BhGuard,
        _: &Charging<'_>,
    ) -> Result<Option<u16>> {
        let mut ports = self.ports(proto).lock(bh);
        let used = match &mut *ports {
            Some(used) => used,
            none => none.insert(Array::zeroes(self.charge.account(), WORDS)?),
        };
        let word = |i| used.get(i).copied().unwrap_or(u64::MAX);
        let (want, random) = (PortPolicy::of(proto, sport), sys::random());
        let chosen = match range {
            Some(range) => port::choose(word, &[range], want, random),
            None if proto != proto::ICMP && sys::is_local4(net, self.addr) => {
                port::choose(word, &beside_own_sockets(net), want, random)
            }
            None => port::choose(word, &[(1, u16::MAX)], want, random),
        };
        if let Some(port) = chosen {
            if let Some(word) = used.get_mut(usize::from(port >> 6)) {
                *word |= 1 << (port & 63);
            }
        }
        Ok(chosen)
    }

    /// Gives a port back.
    pub(crate) fn give(&self, proto: u8, port: u16, bh: &BhGuard) {
        let Some(used) = &mut *self.ports(proto).lock(bh) else {
            return;
        };
        if let Some(word) = used.get_mut(usize::from(port >> 6)) {
            *word &= !(1 << (port & 63));
        }
    }
}

/// Ports of an address that is the host's own: neither those of its services nor those that its
/// sockets get.
fn beside_own_sockets(net: &Net) -> [(u16, u16); 2] {
    let (low, high) = sys::local_ports(net);
    [
        (1024, low.saturating_sub(1)),
        (high.saturating_add(1).max(1024), u16::MAX),
    ]
}

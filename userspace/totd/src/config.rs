// SPDX-License-Identifier: GPL-2.0

//! totd.conf: what it says.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use daemon::net::{Net, MAPPED};
use natpt_core::xlate::addr::Prefix;

use crate::wire::Name;

#[derive(Clone, Debug)]
pub struct Config {
    /// In order of preference.
    pub forwarders: Vec<SocketAddr>,
    pub prefixes: Prefixes,
    /// Every prefix for every address, not one after another.
    pub all_prefixes: bool,
    /// AAAA records that count as absent.
    pub exclude_aaaa: Vec<Net>,
    /// Names whose AAAA records count as absent.
    pub exclude_names: Vec<NamePattern>,
    /// IPv4 addresses that get no AAAA record.
    pub exclude_a: Vec<Net>,
    /// Clients that may ask.
    pub clients: Clients,
    /// Clients that get synthesised records; empty: all.
    pub synthesise_for: Vec<Net>,
    /// Clients that A records are hidden from.
    pub hide_a: Vec<Net>,
    pub ptr: Ptr,
    pub dnssec: Dnssec,
    pub port: u16,
    /// Addresses to listen at; empty: all.
    pub listen: Vec<IpAddr>,
    /// Interfaces to listen at; empty: all.
    pub interfaces: Vec<String>,
    /// The longest time between two looks at a bad forwarder, in milliseconds.
    pub retry: u64,
    pub max_queries: usize,
    /// Queries a second and client; 0: any number.
    pub rate_limit: u32,
    /// Bytes of answers to remember.
    pub cache: usize,
    /// Milliseconds for which answers that have expired are better than none.
    pub serve_stale: u64,
    /// Random upper and lower case in names asked for.
    pub randomize_case: bool,
    pub pidfile: Option<String>,
    /// The socket that tells the counters.
    pub status: String,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            forwarders: Vec::new(),
            prefixes: Prefixes::default(),
            all_prefixes: false,
            exclude_aaaa: vec![MAPPED],
            exclude_names: Vec::new(),
            exclude_a: Vec::new(),
            clients: Clients::Near,
            synthesise_for: Vec::new(),
            hide_a: Vec::new(),
            ptr: Ptr::Cname,
            dnssec: Dnssec::Synthesise,
            port: 53,
            listen: Vec::new(),
            interfaces: Vec::new(),
            retry: 30_000,
            max_queries: 10_000,
            rate_limit: 0,
            cache: 16 << 20,
            serve_stale: 0,
            randomize_case: false,
            pidfile: None,
            status: STATUS.into(),
        }
    }
}

/// The socket that `totd --status` asks.
pub const STATUS: &str = "/run/totd/status";

/// The source of the prefixes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Prefixes {
    Listed(Vec<PrefixRule>),
    /// The kernel module's.
    Auto,
    /// The network's, as routers on these interfaces and forwarders tell; empty: all interfaces.
    Discover(Vec<String>),
    /// A forwarder, nothing more.
    None,
}

/// RFC 6147 section 5.2: without a word about it, the well-known prefix.
impl Default for Prefixes {
    fn default() -> Self {
        let well_known = Prefix::new(WELL_KNOWN, 96).ok();
        Self::Listed(well_known.map(PrefixRule::from).into_iter().collect())
    }
}

/// 64:ff9b::, of length 96.
pub const WELL_KNOWN: Ipv6Addr = Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0);

/// A prefix, for which IPv4 addresses and which clients it is; empty: all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrefixRule {
    pub prefix: Prefix,
    pub targets: Vec<Net>,
    pub clients: Vec<Net>,
}

impl From<Prefix> for PrefixRule {
    fn from(prefix: Prefix) -> Self {
        Self {
            prefix,
            targets: Vec::new(),
            clients: Vec::new(),
        }
    }
}

/// A name, or all names below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamePattern {
    pub name: Name,
    pub below: bool,
}

impl NamePattern {
    pub fn matches(&self, name: &Name) -> bool {
        match self.below {
            true => *name != self.name && name.is_under(&self.name),
            false => *name == self.name,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Clients {
    Any,
    /// Hosts on this box's links, and those with private addresses.
    Near,
    Listed(Vec<Net>),
}

/// The answer to reverse names under a prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ptr {
    /// With a CNAME to the name under in-addr.arpa.
    Cname,
    /// With its records, under the name asked for.
    Translate,
    /// As any other name.
    Off,
}

/// The answer to a client that asks for signatures (DO set, CD clear).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dnssec {
    /// Synthesised records for signed names, too.
    Synthesise,
    /// Nothing synthesised where the answers are signed.
    Strict,
}

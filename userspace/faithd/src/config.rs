// SPDX-License-Identifier: GPL-2.0

//! faithd.conf: what it says.

use std::collections::BTreeMap;

use natpt_core::xlate::addr::Prefix;

use crate::access::Access;

/// The port of FTP control connections.
pub const FTP: u16 = 21;

/// The longest idle time, in seconds: some 30 years.
pub const MOST_IDLE: u64 = 1_000_000_000;

#[derive(Clone, Debug)]
pub struct Config {
    pub prefixes: Vec<Prefix>,
    pub services: Services,
    /// Commands for connections to this box's own addresses: a program, argv[0], arguments.
    pub local: BTreeMap<u16, Vec<String>>,
    pub access: Access,
    /// Seconds without a byte in either direction.
    pub idle: u64,
    pub max_connections: usize,
    /// Source ports below 1024.
    pub reserved_port: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Services {
    Any,
    Ports(Vec<u16>),
}

impl Default for Config {
    fn default() -> Self {
        Self {
            prefixes: Vec::new(),
            services: Services::Ports(Vec::new()),
            local: BTreeMap::new(),
            access: Access::default(),
            // RFC 5382, REQ-5.
            idle: 7440,
            max_connections: 10_000,
            reserved_port: false,
        }
    }
}

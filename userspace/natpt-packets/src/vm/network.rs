// SPDX-License-Identifier: GPL-2.0
//! A router with a link to the IPv6 hosts and one to the IPv4 hosts; all of these are us.

use std::{
    fs,
    io::Write,
    process::{Command, Stdio},
};

use natpt_netlink::{spec::Counter, Connection};
use nix::sched::{unshare, CloneFlags};

use super::tun::Tun;
use crate::{
    case::{Case, Side},
    sum::checksum,
    value::Error,
};

/// Counters of a step: those of drops, and those that cases may name.
pub type Counters = Vec<(String, u64)>;

/// What came out on each side.
pub struct Seen {
    pub six: Vec<Vec<u8>>,
    pub four: Vec<Vec<u8>>,
}

/// Sysctls of the router. What would limit or adorn its ICMP errors is off.
const SYSCTLS: [(&str, &str); 14] = [
    ("ipv6/conf/all/accept_dad", "0"),
    ("ipv6/conf/default/accept_dad", "0"),
    ("ipv6/conf/default/router_solicitations", "0"),
    ("ipv6/conf/default/addr_gen_mode", "1"),
    ("ipv6/conf/all/forwarding", "1"),
    ("ipv4/ip_forward", "1"),
    ("ipv4/conf/all/rp_filter", "0"),
    ("ipv4/conf/default/rp_filter", "0"),
    ("ipv4/conf/all/send_redirects", "0"),
    ("ipv4/conf/default/send_redirects", "0"),
    ("ipv4/icmp_ratelimit", "0"),
    ("ipv6/icmp/ratelimit", "0"),
    ("ipv4/icmp_msgs_per_sec", "1000000"),
    ("ipv4/icmp_msgs_burst", "1000000"),
];

/// Hosts whose packets the router forwards untranslated, on side six and four.
const SENTINELS: [[u8; 4]; 2] = [[198, 19, 254, 1], [198, 19, 255, 1]];

/// One router.
pub struct Network {
    six: Tun,
    four: Tun,
    kernel: Connection,
    sentinels: u16,
}

impl Network {
    /// A namespace with the router of a case in it, which this thread is in from then on.
    pub fn new(case: &Case) -> Result<Network, Error> {
        unshare(CloneFlags::CLONE_NEWNET).map_err(|error| format!("namespace: {error}"))?;
        for (name, value) in SYSCTLS {
            // Some are of the whole kernel and not in a new namespace.
            let _ = fs::write(format!("/proc/sys/net/{name}"), value);
        }
        let six = Tun::new("six")?;
        let four = Tun::new("four")?;
        let mut setup = format!(
            "link set six mtu {} up\n\
             link set four mtu {} up\n\
             addr add 2001:db8:6::1/64 dev six nodad\n\
             addr add 198.51.100.1/24 dev four\n\
             route add ::/0 dev six\n\
             route add 198.19.254.0/24 dev six\n\
             route add 198.19.255.0/24 dev four\n",
            case.mtu.six, case.mtu.four
        );
        for near in &case.near4 {
            setup += &format!("route add {near} dev four\n");
        }
        // A way that leads into lo leaves all other IPv4 addresses to translation.
        setup += match case.near4.is_empty() {
            true => "route add default dev four\n",
            false => "link set lo up\nroute add default dev lo\n",
        };
        feed("ip", &["-batch", "-"], &setup)?;
        feed(
            "natptconfig",
            &["-f", "-"],
            &(case.config.join("\n") + "\n"),
        )?;
        let kernel = Connection::open().map_err(|error| error.to_string())?;
        Ok(Network {
            six,
            four,
            kernel,
            sentinels: 0,
        })
    }

    /// Sends a packet; what comes out of the router until sentinels have passed it both ways.
    pub fn exchange(&mut self, side: Side, packet: &[u8]) -> Result<Seen, Error> {
        self.link(side).send(packet)?;
        let there = self.until_sentinel(side)?;
        let here = self.until_sentinel(side.other())?;
        let (six, four) = match side {
            Side::Six => (here, there),
            Side::Four => (there, here),
        };
        Ok(Seen { six, four })
    }

    /// All counters, in an order that does not change.
    pub fn counters(&mut self) -> Result<Counters, Error> {
        let list = self
            .kernel
            .dump::<Counter>()
            .map_err(|error| error.to_string())?;
        let pairs = list.into_iter();
        Ok(pairs.filter_map(|it| Some((it.name?, it.value?))).collect())
    }

    fn link(&mut self, side: Side) -> &mut Tun {
        match side {
            Side::Six => &mut self.six,
            Side::Four => &mut self.four,
        }
    }

    /// Sends a sentinel in on one side; what leaves on the other before it does.
    fn until_sentinel(&mut self, side: Side) -> Result<Vec<Vec<u8>>, Error> {
        self.sentinels += 1;
        let number = self.sentinels.to_be_bytes();
        let [six, four] = SENTINELS;
        let (from, to) = match side {
            Side::Six => (six, four),
            Side::Four => (four, six),
        };
        let sentinel = sentinel(from, to, number);
        self.link(side).send(&sentinel)?;
        let is_it = |packet: &[u8]| packet.get(12..) == sentinel.get(12..);
        self.link(side.other()).receive(is_it)
    }
}

/// An IPv4 packet of a protocol for experiments (RFC 3692).
fn sentinel(from: [u8; 4], to: [u8; 4], number: [u8; 2]) -> Vec<u8> {
    let mut out = vec![0x45, 0, 0, 22, 0, 0, 0, 0, 64, 253, 0, 0];
    out.extend(from);
    out.extend(to);
    let check = checksum(&[&out]).to_be_bytes();
    out[10..12].copy_from_slice(&check);
    out.extend(number);
    out
}

/// Runs a program with this input.
fn feed(program: &str, args: &[&str], input: &str) -> Result<(), Error> {
    let wrong = |what: &dyn std::fmt::Display| format!("{program}: {what}");
    let mut child = Command::new(program)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| wrong(&error))?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin
            .write_all(input.as_bytes())
            .map_err(|error| wrong(&error))?;
    }
    let output = child.wait_with_output().map_err(|error| wrong(&error))?;
    match output.status.success() {
        true => Ok(()),
        false => Err(wrong(&String::from_utf8_lossy(&output.stderr))),
    }
}

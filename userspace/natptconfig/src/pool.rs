// SPDX-License-Identifier: GPL-2.0

//! `show pool`: how many ports of pool addresses are in use.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::{self, Write};
use std::net::Ipv4Addr;

use natpt_netlink::spec::{protos, Filter, Mapping, Rule};
use natpt_netlink::{Connection, Error};

use crate::own::Own;
use crate::protocol::{self, ByKind, KINDS};
use crate::table::{self, Align};
use crate::{statement, value};

/// Bits in a rule's set of protocols, in the order of [`KINDS`].
const BITS: [u32; KINDS.len()] = [protos::TCP, protos::UDP, protos::ICMP, protos::OTHER];

/// Place of ICMP in [`KINDS`].
const ICMP: usize = 2;

/// Place of protocols whose ports stay as they are: they take none of the pool's.
const OTHER: usize = 3;

/// Numbers of rules that a line has room for.
const MOST_RULES: usize = 3;

/// First and last address or port.
type Ends<T> = (T, T);

/// What rules with the same addresses, ports and protocols have in common.
#[derive(Debug, Default)]
pub struct Pool {
    /// Their numbers; none if no pool has the ports, as those of static mappings.
    pub rules: Vec<u32>,
    /// The addresses as they are written.
    pub to: Option<String>,
    addrs: Option<Ends<Ipv4Addr>>,
    /// None: all that are free to use.
    pub ports: Option<Ends<u16>>,
    protos: u32,
    /// Addresses of the box's own, and how many ports TCP and UDP have there.
    own: BTreeMap<Ipv4Addr, u64>,
    /// Addresses in use.
    used: BTreeMap<Ipv4Addr, ByKind>,
}

/// How much of some addresses is in use.
#[derive(Debug, PartialEq, Eq)]
pub struct Use {
    pub used: ByKind,
    /// How many ports there are; none of protocols that have none, or are for other rules.
    pub capacity: [Option<u64>; KINDS.len()],
}

impl Use {
    /// In tenths of a percent, of the protocol that has the fewest ports left.
    pub fn per_mille(&self) -> Option<u64> {
        let each = self.used.iter().zip(self.capacity);
        // Where sockets have all ports, none is left.
        each.filter_map(|(used, capacity)| match capacity? {
            0 => Some(1000),
            capacity => value::per_mille(*used, capacity),
        })
        .max()
    }

    /// As many ports as each protocol has at least.
    fn ports(&self) -> Option<u64> {
        self.capacity.iter().flatten().min().copied()
    }
}

impl Pool {
    /// Its names, as rules say them.
    pub fn protos(&self) -> Vec<&'static str> {
        statement::protos(&Rule {
            protos: Some(self.protos),
            ..Rule::default()
        })
    }

    /// How many there are; unknown where there is no pool.
    pub fn addresses(&self) -> Option<u64> {
        let (first, last) = self.addrs?;
        Some(u64::from(last.to_bits().saturating_sub(first.to_bits())) + 1)
    }

    /// All of its addresses.
    pub fn sum(&self) -> Use {
        let mut used = ByKind::default();
        for one in self.used.values() {
            for (sum, count) in used.iter_mut().zip(one) {
                *sum += count;
            }
        }
        let addresses = self.addresses().unwrap_or_default();
        let others = addresses.saturating_sub(self.own.len() as u64);
        let own: u64 = self.own.values().sum();
        Use {
            used,
            capacity: self.capacity(|kind, each| match kind {
                ICMP => addresses.saturating_mul(each),
                _ => others.saturating_mul(each).saturating_add(own),
            }),
        }
    }

    /// The addresses in use, in their order.
    pub fn each(&self) -> impl Iterator<Item = (Ipv4Addr, Use)> + '_ {
        self.used.iter().map(|(addr, used)| {
            let capacity = self.capacity(|kind, each| match (kind, self.own.get(addr)) {
                (ICMP, _) | (_, None) => each,
                (_, Some(own)) => *own,
            });
            let used = *used;
            (*addr, Use { used, capacity })
        })
    }

    /// By protocol, of the number of ports that an address has if it is not the box's own.
    fn capacity(&self, ports: impl Fn(usize, u64) -> u64) -> [Option<u64>; KINDS.len()] {
        let each = count(self.ports.unwrap_or((1, u16::MAX)));
        let mut capacity = [None; KINDS.len()];
        for (kind, capacity) in capacity.iter_mut().enumerate() {
            let is_its = kind != OTHER && self.protos & BITS[kind] != 0;
            *capacity = is_its.then(|| ports(kind, each));
        }
        capacity
    }

    /// Whether its rules may give this port of their addresses.
    fn has(&self, kind: usize, port: u16) -> bool {
        let is_inside = |(first, last): Ends<u16>| (first..=last).contains(&port);
        self.protos & BITS[kind] != 0 && (kind == OTHER || self.ports.is_none_or(is_inside))
    }
}

/// The number of ports.
fn count((first, last): Ends<u16>) -> u64 {
    (u64::from(last) + 1).saturating_sub(first.into())
}

/// All pools, and what is in use of them; no mapping is kept.
#[derive(Debug, Default)]
pub struct Pools {
    all: Vec<Pool>,
    /// Where addresses begin that are in these pools.
    spans: Vec<(u64, Vec<usize>)>,
    /// What no pool has.
    rest: Pool,
}

impl Pools {
    /// Those of rules; `own` tells the ports of the box's own addresses.
    pub fn new(rules: &[Rule], mut own: impl FnMut(Ipv4Addr) -> Option<Ends<u16>>) -> Self {
        let (mut all, mut places) = (Vec::<Pool>::new(), HashMap::new());
        for rule in rules {
            let Some(first) = rule.to else {
                continue;
            };
            // What is one by one never runs out.
            if rule.stateless.is_some() || statement::is_static(rule) {
                continue;
            }
            let addrs = (first, rule.to_last.unwrap_or(first));
            let ports = rule.port_min.zip(rule.port_max);
            let protos = match rule.protos.unwrap_or_default() {
                0 => protos::TCP | protos::UDP | protos::ICMP,
                protos => protos,
            };
            let place = *places.entry((addrs, ports, protos)).or_insert(all.len());
            if place == all.len() {
                all.push(Pool {
                    to: Some(statement::target(rule).replace(' ', "")),
                    addrs: Some(addrs),
                    ports,
                    protos,
                    own: match ports {
                        None => own_addresses(addrs, &mut own),
                        Some(_) => BTreeMap::new(),
                    },
                    ..Pool::default()
                });
            }
            all[place].rules.extend(rule.number);
        }
        Self {
            spans: spans(&all),
            all,
            rest: Pool::default(),
        }
    }

    pub fn mapping(&mut self, mapping: &Mapping) {
        let Some(addr) = mapping.address4 else {
            return;
        };
        let (kind, port) = (
            protocol::kind(mapping.proto),
            mapping.port4.unwrap_or_default(),
        );
        let bits = u64::from(addr.to_bits());
        let behind = self.spans.partition_point(|(first, _)| *first <= bits);
        let span = behind.checked_sub(1).and_then(|it| self.spans.get(it));
        let mut is_known = false;
        for place in span.iter().flat_map(|(_, places)| places) {
            let pool = &mut self.all[*place];
            if pool.has(kind, port) {
                pool.used.entry(addr).or_default()[kind] += 1;
                is_known = true;
            }
        }
        if !is_known {
            self.rest.used.entry(addr).or_default()[kind] += 1;
        }
    }

    /// Forget what is in use.
    pub fn clear(&mut self) {
        self.all.iter_mut().for_each(|pool| pool.used.clear());
        self.rest.used.clear();
    }

    /// Those of rules, and one of all else if there is something.
    pub fn iter(&self) -> impl Iterator<Item = &Pool> {
        let rest = (!self.rest.used.is_empty()).then_some(&self.rest);
        self.all.iter().chain(rest)
    }

    /// Those of rules, the fullest first, and how many others there are.
    pub fn fullest(&self, most: usize) -> (Vec<&Pool>, usize) {
        let mut pools: Vec<_> = self.all.iter().collect();
        pools.sort_by_cached_key(|pool| Reverse(pool.sum().per_mille()));
        let others = pools.len().saturating_sub(most);
        pools.truncate(most);
        (pools, others)
    }
}

/// The box's own addresses among these, and how many ports TCP and UDP have there.
fn own_addresses(
    (first, last): Ends<Ipv4Addr>,
    mut own: impl FnMut(Ipv4Addr) -> Option<Ends<u16>>,
) -> BTreeMap<Ipv4Addr, u64> {
    let all = (first.to_bits()..=last.to_bits()).map(Ipv4Addr::from_bits);
    all.filter_map(|addr| Some((addr, count(own(addr)?))))
        .collect()
}

/// Where addresses begin that are in the same pools, so that a mapping does not look at all of them.
fn spans(pools: &[Pool]) -> Vec<(u64, Vec<usize>)> {
    let mut edges = BTreeMap::<u64, Vec<(usize, bool)>>::new();
    for (place, pool) in pools.iter().enumerate() {
        if let Some((first, last)) = pool.addrs {
            let behind = u64::from(last.to_bits()) + 1;
            let first = u64::from(first.to_bits());
            edges.entry(first).or_default().push((place, true));
            edges.entry(behind).or_default().push((place, false));
        }
    }
    let mut now = BTreeSet::new();
    let spans = edges.into_iter().map(|(first, changes)| {
        for (place, begins) in changes {
            match begins {
                true => now.insert(place),
                false => now.remove(&place),
            };
        }
        (first, now.iter().copied().collect())
    });
    spans.collect()
}

/// The pools, with what is in use at one moment.
pub fn read(kernel: &mut Connection) -> Result<Pools, Error> {
    let mut own = Own::new();
    let mut pools = Pools::new(&kernel.dump::<Rule>()?, |addr| own.ports(addr));
    kernel.each(&Filter::default(), |mapping: Mapping| {
        pools.mapping(&mapping);
        Ok::<_, Error>(())
    })?;
    Ok(pools)
}

/// A line for each pool, and with `all` one for each address of it that is in use.
pub fn print<'p>(
    out: &mut impl Write,
    pools: impl IntoIterator<Item = &'p Pool>,
    all: bool,
) -> io::Result<()> {
    let [tcp, udp, icmp, other] = KINDS;
    let mut rows = vec![[
        "Rules", "Address", "Ports", tcp, udp, icmp, other, "Capacity", "Used",
    ]
    .map(String::from)];
    for pool in pools {
        let ports = match (pool.ports, &pool.to) {
            (Some((first, last)), _) => format!("{first}-{last}"),
            (None, Some(_)) => "all".into(),
            (None, None) => "-".into(),
        };
        let mut row = |addr: String, of: &Use| {
            let [tcp, udp, icmp, other] = cells(pool, of);
            let capacity = of.ports().map_or("-".into(), |ports| ports.to_string());
            let per_mille = of.per_mille().map(value::show_tenths);
            let percent = per_mille.map_or("-".into(), |percent| percent + "%");
            let (rules, ports) = (numbers(&pool.rules), ports.clone());
            rows.push([rules, addr, ports, tcp, udp, icmp, other, capacity, percent]);
        };
        if let Some(to) = &pool.to {
            row(to.clone(), &pool.sum());
        }
        if all && pool.addresses() != Some(1) {
            pool.each()
                .for_each(|(addr, of)| row(addr.to_string(), &of));
        }
    }
    let (left, right) = (Align::Left, Align::Right);
    table::print(
        out,
        [left, left, left, right, right, right, right, right, right],
        &rows,
    )
}

/// The ports in use, but of protocols that are not for the pool.
fn cells(pool: &Pool, of: &Use) -> [String; KINDS.len()] {
    let mut cells = of.used.map(|count| count.to_string());
    for (cell, bit) in cells.iter_mut().zip(BITS) {
        if pool.to.is_some() && pool.protos & bit == 0 {
            *cell = "-".into();
        }
    }
    cells
}

/// `100,200,300,+7`
fn numbers(rules: &[u32]) -> String {
    let mut words: Vec<_> = rules.iter().take(MOST_RULES).map(u32::to_string).collect();
    match rules.len().checked_sub(MOST_RULES) {
        None | Some(0) => (),
        Some(more) => words.push(format!("+{more}")),
    }
    match words.is_empty() {
        true => "-".into(),
        false => words.join(","),
    }
}

#[cfg(test)]
mod tests {
    use natpt_netlink::spec::Statement;
    use serde_json::json;

    use super::*;
    use crate::{json, source};

    /// Pools of rules, where one address is the box's own.
    fn pools(text: &str) -> Pools {
        let placed = source::parse(text.as_bytes()).unwrap();
        let rules = placed
            .into_iter()
            .map(|placed| match placed.change.statement {
                Statement::MapAdd(rule) => rule,
                other => panic!("{other:?}"),
            });
        let own = Ipv4Addr::new(192, 0, 2, 1);
        Pools::new(&rules.collect::<Vec<_>>(), |addr| {
            (addr == own).then_some((1024, 32767))
        })
    }

    fn take(pools: &mut Pools, mappings: &[(u8, &str, u16)]) {
        for (proto, addr, port) in mappings {
            pools.mapping(&Mapping {
                proto: Some(*proto),
                address4: addr.parse().ok(),
                port4: Some(*port),
                ..Mapping::default()
            });
        }
    }

    fn text(pools: &Pools) -> String {
        let mut out = Vec::new();
        print(&mut out, pools.iter(), true).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn only_what_is_in_use_is_listed() {
        let mut pools = pools(
            "map 100 from any6 to 198.51.100.0/26 port 1024 - 65535
map 200 from any6 to 10.0.0.0/16 proto tcp/other
map 300 from any6 to 203.0.113.1 - 203.0.113.9 port 1 - 1000 proto other",
        );
        take(
            &mut pools,
            &[
                (6, "198.51.100.9", 1024),
                (6, "198.51.100.9", 65535),
                (1, "198.51.100.2", 5000),
                (132, "10.0.255.255", 7),
                (132, "203.0.113.9", 5000),
                (17, "192.0.2.9", 5),
            ],
        );
        assert_eq!(
            text(&pools),
            "\
Rules  Address                  Ports       tcp  udp  icmp  other    Capacity  Used
100    198.51.100.0/26          1024-65535    2    0     1      -     4128768  0.0%
100    198.51.100.2             1024-65535    0    0     1      -       64512  0.0%
100    198.51.100.9             1024-65535    2    0     0      -       64512  0.0%
200    10.0.0.0/16              all           0    -     -      1  4294901760  0.0%
200    10.0.255.255             all           0    -     -      1       65535  0.0%
300    203.0.113.1-203.0.113.9  1-1000        -    -     -      1           -     -
300    203.0.113.9              1-1000        -    -     -      1           -     -
-      192.0.2.9                -             0    1     0      0           -     -
"
        );
        pools.clear();
        assert_eq!(text(&pools).lines().count(), 4);
    }

    #[test]
    fn as_json() {
        let mut pools = pools("map 9 from any6 to 192.0.2.8/31 port 1 - 4 proto tcp/other");
        take(&mut pools, &[(6, "192.0.2.9", 4), (17, "192.0.2.9", 4)]);
        let all: Vec<_> = pools.iter().map(json::pool).collect();
        assert_eq!(
            all[0],
            json!({
                "rules": [9],
                "to": "192.0.2.8/31",
                "ports": [1, 4],
                "protos": ["tcp", "other"],
                "addresses": 2,
                "used": { "tcp": 1, "udp": 0, "icmp": 0, "other": 0 },
                "capacity": { "tcp": 8, "udp": null, "icmp": null, "other": null },
                "percent": 12.5,
                "list": [{
                    "address": "192.0.2.9",
                    "used": { "tcp": 1, "udp": 0, "icmp": 0, "other": 0 },
                    "capacity": { "tcp": 4, "udp": null, "icmp": null, "other": null },
                    "percent": 25.0,
                }],
            })
        );
        let (rest, none) = (&all[1], json!(null));
        assert_eq!((&rest["rules"], &rest["to"]), (&json!([]), &none));
        assert_eq!((&rest["ports"], &rest["addresses"]), (&none, &none));
        assert_eq!(rest["list"][0]["used"]["udp"], 1);
    }

    #[test]
    fn an_own_address_has_fewer_ports() {
        let mut pools = pools(
            "map 1 from any6 to 192.0.2.1
map 2 from any6 to 192.0.2.0/31
map 3 from any6 to 192.0.2.1 port 1 - 10000",
        );
        take(&mut pools, &[(6, "192.0.2.1", 5), (1, "192.0.2.1", 65535)]);
        let capacities: Vec<_> = pools.iter().map(|pool| pool.sum().capacity).collect();
        assert_eq!(
            capacities,
            [
                [Some(31744), Some(31744), Some(65535), None],
                [Some(97279), Some(97279), Some(131070), None],
                [Some(10000), Some(10000), Some(10000), None],
            ]
        );
        let (addr, of) = pools.all[1].each().next().unwrap();
        assert_eq!(addr, Ipv4Addr::new(192, 0, 2, 1));
        assert_eq!(of.capacity, [Some(31744), Some(31744), Some(65535), None]);
    }

    #[test]
    fn an_own_address_whose_ports_sockets_have_is_full() {
        let mut pools = pools("map 1 from any6 to 192.0.2.9");
        pools.all[0].own = [(Ipv4Addr::new(192, 0, 2, 9), 0)].into();
        assert_eq!(pools.all[0].sum().per_mille(), Some(1000));
    }

    #[test]
    fn rules_with_the_same_pool_are_one() {
        let pools = pools(
            "map 1 from 2001:db8::1 to 192.0.2.9
map 2 from 2001:db8::2 to 192.0.2.9 proto icmp/tcp/udp
map 3 from 2001:db8::3 to 192.0.2.9/32
map 4 from 2001:db8::4 to 192.0.2.9
map 5 from 2001:db8::4 to 192.0.2.9 port 1 - 65535
map 6 from 2001:db8::5 to 192.0.2.10 bidir
map 7 from 2001:db8::6 to 192.0.2.11 stateless",
        );
        let rules: Vec<_> = pools.iter().map(|pool| numbers(&pool.rules)).collect();
        assert_eq!(rules, ["1,2,3,+1", "5"]);
        assert_eq!(numbers(&[]), "-");
        assert_eq!(pools.all[0].protos(), ["icmp", "tcp", "udp"]);
    }

    #[test]
    fn each_pool_has_its_ports() {
        let mut pools = pools(
            "map 1 from any6 to 192.0.2.8/30 port 1 - 999
map 2 from any6 to 192.0.2.10 - 192.0.2.20 port 500 - 1500
map 3 from any6 to 192.0.2.9 proto udp
map 4 from any6 to 223.255.255.0 - 223.255.255.255
map 5 from any6 to 192.0.2.12 port 7 - 8",
        );
        take(
            &mut pools,
            &[
                (6, "192.0.2.10", 600),
                (6, "192.0.2.10", 1000),
                (6, "192.0.2.7", 600),
                (6, "192.0.2.12", 600),
                (17, "192.0.2.9", 2000),
                (17, "192.0.2.9", 5),
                (6, "192.0.2.9", 2000),
                (6, "224.0.0.0", 1),
                (6, "223.255.255.255", 1),
                (6, "192.0.2.12", 8),
            ],
        );
        let used: Vec<_> = pools.iter().map(|pool| pool.sum().used).collect();
        assert_eq!(
            used,
            [
                [1, 1, 0, 0],
                [3, 0, 0, 0],
                [0, 2, 0, 0],
                [1, 0, 0, 0],
                [1, 0, 0, 0],
                [3, 0, 0, 0],
            ]
        );
        let (fullest, others) = pools.fullest(1);
        assert_eq!((&*fullest[0].rules, others), (&[5][..], 4));
        assert_eq!(fullest[0].sum().per_mille(), Some(500));
    }
}

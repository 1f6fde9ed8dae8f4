// SPDX-License-Identifier: GPL-2.0
//! The options that `set` changes; KAME's statement calls them variables.

/// One option as it is declared.
pub struct OptionInfo {
    /// Name.
    pub name: &'static str,
    /// Unit of the value, empty for a switch or a number.
    pub unit: &'static str,
    /// Meaning, one line.
    pub doc: &'static str,
    /// Least value.
    pub min: u32,
    /// Greatest value.
    pub max: u32,
    /// Value until `set` changes it.
    pub default: u32,
}

macro_rules! options {
    ($($id:ident $name:literal [$min:literal..=$max:literal] $default:literal $unit:literal $doc:literal,)*) => {
        /// Names one option.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(clippy::upper_case_acronyms)]
        pub enum Id {
            $(#[doc = $doc] $id,)*
        }

        /// All options, in the order of [`Id`].
        pub static ALL: &[OptionInfo] = &[$(OptionInfo {
            name: $name,
            unit: $unit,
            doc: $doc,
            min: $min,
            max: $max,
            default: $default,
        },)*];

        const COUNT: usize = [$(Id::$id,)*].len();
        const DEFAULTS: [u32; COUNT] = [$($default,)*];
    };
}

options! {
    UdpTimeout "udp-timeout" [120..=86400] 300 "s"
        "life of an idle UDP session (RFC 6146 UDP_DEFAULT)",
    IcmpTimeout "icmp-timeout" [60..=86400] 60 "s"
        "life of an idle ICMP echo session (RFC 6146 ICMP_DEFAULT)",
    OtherTimeout "other-timeout" [60..=604800] 600 "s"
        "life of an idle session of another protocol (proto other)",
    TcpEstTimeout "tcp-est-timeout" [7440..=604800] 7440 "s"
        "life of an idle established TCP session (RFC 6146 TCP_EST and TCP_TRANS)",
    TcpTransTimeout "tcp-trans-timeout" [240..=86400] 240 "s"
        "life of a TCP session that ends or was reset (RFC 6146 TCP_TRANS)",
    TcpSynTimeout "tcp-syn-timeout" [4..=86400] 240 "s"
        "life of a TCP session that is not answered (RFC 6146 TCP_TRANS)",
    MaxSessions "max-sessions" [1..=16777216] 1048576 ""
        "sessions that there may be at once",
    MaxMappings "max-mappings" [1..=16777216] 1048576 ""
        "mappings that there may be at once",
    HostPrefix "host-prefix" [32..=128] 64 ""
        "length of the IPv6 prefix that counts as one subscriber; one address of it may have half of what that may have",
    HostMappings "host-mappings" [1..=16777216] 32768 ""
        "mappings that a subscriber may have at once (RFC 6888 REQ-4)",
    HostSessions "host-sessions" [1..=16777216] 262144 ""
        "sessions that a subscriber may have opened at once, and as many that IPv4 hosts opened to it (RFC 6888 REQ-5)",
    HostRate "host-rate" [1..=1000000] 8192 ""
        "sessions that a subscriber may open in a second (RFC 6888 REQ-4)",
    MappingSessions "mapping-sessions" [1..=16777216] 4096 ""
        "sessions under a mapping from which on IPv4 hosts can open no more",
    HeldSyns "held-syns" [0..=65536] 1024 ""
        "SYNs to ports that nobody has, or that a filter refuses, which wait at once for one of the other side, 6 seconds each, before they are answered (RFC 5382 REQ-4); 0 leaves them unanswered, or to this box",
    SourceSyns "source-syns" [1..=65536] 16 ""
        "those that one IPv4 address may have waiting",
    Evict "evict" [0..=1] 1 ""
        "1 ends sessions that nobody answered, and closed or idle ones, where there is no room for new ones; 0 refuses new ones",
    PortHold "port-hold" [0..=3600] 120 "s"
        "wait before a UDP port or ICMP identifier that was given back is given out again (RFC 6888 REQ-8)",
    HeldPorts "held-ports" [0..=32768] 4096 ""
        "ports of one address and protocol that may wait so at once; more are free at once",
    LowestIpv6Mtu "lowest-ipv6-mtu" [1280..=65535] 1280 "bytes"
        "IPv6 packets from IPv4 ones without DF are cut to this size (RFC 7915 section 4)",
    IgnoreTrafficClass "ignore-traffic-class" [0..=1] 0 ""
        "1 writes tos into IPv4 packets instead of the traffic class (RFC 7915 section 5.1)",
    Tos "tos" [0..=255] 0 ""
        "type of service that ignore-traffic-class writes",
    ZeroTrafficClass "zero-traffic-class" [0..=1] 0 ""
        "1 writes 0 into IPv6 packets instead of the type of service (RFC 7915 section 4.1)",
    UdpZeroChecksum "udp-zero-checksum" [0..=1] 1 ""
        "1 makes the UDP checksum that an IPv4 sender left out, 0 drops its packets (stateless rules; RFC 7915 section 4.5)",
    Udp6ZeroChecksum "udp6-zero-checksum" [0..=1] 0 ""
        "1 passes IPv6 UDP datagrams without a checksum, as IPv4 ones without (RFC 6936), 0 drops them",
    MssClamp "mss-clamp" [0..=1] 0 ""
        "1 lowers the MSS of SYNs to what fits the links on both sides (RFC 9293 section 3.7.1)",
    PrivateWellKnown "private-well-known" [0..=1] 0 ""
        "1 lets 64:ff9b::/96 carry the addresses of RFC 1918 and RFC 6598",
    ErrorSource "error-source" [0..=3758096383] 0 "address"
        "source of ICMP errors from IPv6 routers without an IPv4 form (RFC 6791); 0.0.0.0: the pool address, or 192.0.0.8 for stateless rules",
    ErrorSourceLength "error-source-length" [24..=32] 32 ""
        "prefix length of error-source: each error comes from any of its addresses",
    Conntrack "conntrack" [0..=1] 0 ""
        "1 gives translated packets to conntrack and source NAT, in both families, as if they had arrived so; 0 keeps conntrack off them",
    IcmpErrors "icmp-errors" [0..=1] 1 ""
        "1 answers dropped IPv4 packets with ICMP errors within the kernel's rate limits, 0 never",
    Icmp6Errors "icmpv6-errors" [0..=1] 1 ""
        "1 answers dropped IPv6 packets with ICMPv6 errors within the kernel's rate limits, 0 never",
}

/// The values of all options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Values([u32; COUNT]);

impl Values {
    /// Those until `set` changes them.
    pub const DEFAULT: Self = Self(DEFAULTS);

    /// The value of an option.
    #[inline]
    pub fn get(&self, id: Id) -> u32 {
        self.0.get(id as usize).copied().unwrap_or(0)
    }

    /// The value of the option with this place in [`ALL`].
    pub fn at(&self, i: usize) -> u32 {
        self.0.get(i).copied().unwrap_or(0)
    }

    /// Sets an option by its name. Fails with [`Refused`], and then nothing is set.
    pub fn set(&mut self, name: &[u8], value: u64) -> Result<(), Refused> {
        let mut slots = ALL.iter().zip(self.0.iter_mut());
        let (option, slot) = slots
            .find(|(option, _)| option.name.as_bytes() == name)
            .ok_or(Refused::Unknown)?;
        match u32::try_from(value) {
            Ok(value) if (option.min..=option.max).contains(&value) => {
                *slot = value;
                Ok(())
            }
            _ => Err(Refused::Range),
        }
    }
}

/// Why an option is not set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// There is none of this name.
    Unknown,
    /// The value is too small or too big.
    Range,
}

// SPDX-License-Identifier: GPL-2.0
//! Why packets are dropped.

/// The message that the sender of a dropped packet gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Nothing.
    Silence,
    /// Its time is exceeded.
    TimeExceeded,
    /// Nobody there understands the protocol (RFC 7915 section 4.2, RFC 6146 section 3.5).
    Protocol,
    /// Its source address is not let through.
    Source,
    /// Its source route is not followed (RFC 7915 sections 4.1 and 5.1).
    SourceRoute,
    /// There is no route.
    NoRoute,
    /// The destination cannot be reached now (RFC 6146 section 3.5).
    Unreachable,
    /// An administrator forbids it.
    Prohibited,
    /// It is valid but must not pass, and nothing says how its sender is told: as if forbidden,
    /// then, unless it is ICMPv6 itself (RFC 7915 sections 4.4 and 5.4).
    Untranslatable,
}

macro_rules! reasons {
    ($($variant:ident $answer:ident $name:literal $text:literal,)*) => {
        /// Why a packet is dropped.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub enum DropReason {
            $(#[doc = $text] $variant,)*
        }

        impl DropReason {
            /// Every reason, in the order of `index`.
            pub const ALL: &'static [DropReason] = &[$(DropReason::$variant,)*];

            /// How many reasons there are: the length of an array with one counter for each.
            pub const COUNT: usize = DropReason::ALL.len();

            /// The reason's place in such an array.
            #[inline]
            pub const fn index(self) -> usize {
                self as usize
            }

            /// The name of the reason's counter.
            pub const fn name(self) -> &'static str {
                match self {
                    $(DropReason::$variant => $name,)*
                }
            }

            /// The meaning of the reason, one line.
            pub const fn text(self) -> &'static str {
                match self {
                    $(DropReason::$variant => $text,)*
                }
            }

            /// The message to the sender.
            pub const fn answer(self) -> Answer {
                match self {
                    $(DropReason::$variant => Answer::$answer,)*
                }
            }
        }
    };
}

reasons! {
    NoSession Silence "no-session" "TCP segment that begins nothing and belongs to nothing",
    NoMapping Silence "no-mapping" "IPv4 packet to a pool port that nobody uses, or IPv6 packet from one that is just being taken away",
    Filtered Silence "filtered" "IPv4 packet that opens a session, and the rule's filter does not let it",
    SynLimit Silence "syn-limit" "SYN that is not to be answered yet, and as many wait as held-syns or source-syns allows, or memory is short",
    PortTaken Unreachable "port-taken" "with this peer the pool address and port are in use: by this box or its NAT, or by a host where they come second",
    NoPrefix Silence "no-prefix" "the prefix of the session is gone",
    PortsExhausted Unreachable "ports-exhausted" "no free port in the pool",
    SessionLimit Unreachable "session-limit" "as many sessions as max-sessions allows",
    MappingLimit Unreachable "mapping-limit" "as many mappings as max-mappings allows",
    HostMappings Prohibited "host-mappings" "the host has as many mappings as host-mappings allows it",
    HostSessions Prohibited "host-sessions" "the host has as many sessions as host-sessions allows it",
    HostRate Prohibited "host-rate" "the host opens more sessions in a second than host-rate allows it",
    MappingSessions Silence "mapping-sessions" "IPv4 packet to a mapping with as many sessions as mapping-sessions allows",
    NoMemory Silence "no-memory" "memory allocation failed, or the memory cgroup has no more",
    MemoryCeiling Unreachable "memory-ceiling" "user namespaces together hold as much memory as userns_memory allows",
    NoRoute NoRoute "no-route" "no route for the translated packet",
    NoUnicastTarget Silence "no-unicast-target" "the route leads to broadcast, multicast or nowhere",
    ForwardingOff Silence "forwarding-off" "forwarding is off on the interface the packet came in on",
    IpsecPolicy Silence "ipsec-policy" "IPsec policy forbids to forward the packet",
    Conntrack Silence "conntrack" "conntrack would not confirm the packet's connection",
    Loop Silence "loop" "packet of this host that would turn from one family to the other without end",
    Blackhole Silence "blackhole" "a blackhole route or rule takes the translated packet",
    ProhibitRoute Prohibited "prohibited" "a prohibit route or rule forbids the translated packet",
    ReversePath Silence "reverse-path" "IPv4 packet from an interface that does not lead to its source (rp_filter)",
    PacketTooBig Silence "packet-too-big" "packet does not fit the next link; the sender was told",
    Segmentation Silence "segmentation" "super-packet that could not be split into its segments",
    Fragment Silence "fragment" "fragment that could not be put together with its others",
    NoDefrag Silence "no-defrag" "IPv6 fragment, and the module nf_defrag_ipv6 is not available",
    Truncated Silence "truncated" "packet ends inside a header",
    BadVersion Silence "bad-version" "version field does not match the protocol",
    BadHeaderLength Silence "bad-header-length" "IPv4 header or total length is impossible",
    BadHeaderChecksum Silence "bad-header-checksum" "IPv4 header checksum is wrong",
    ExtHeaderChain Untranslatable "ext-header-chain" "too many IPv6 extension headers",
    FragmentHeader Untranslatable "fragment-header" "fragment header is followed by another extension header",
    SourceRoute4 SourceRoute "source-route4" "IPv4 source route that has not ended",
    SourceRoute6 SourceRoute "source-route6" "IPv6 routing header with segments left",
    MartianSource Silence "martian-source" "source address that no packet may have",
    MartianTarget Silence "martian-target" "destination address that cannot be reached by unicast",
    SourceInPrefix Silence "source-in-prefix" "IPv6 source lies inside the translation prefix",
    NotGlobal Untranslatable "not-global" "address is not global but the well-known prefix is in use",
    TooBig Untranslatable "too-big" "result is longer than a packet can be",
    HopLimit TimeExceeded "hop-limit" "hop limit or TTL ran out",
    UnknownProtocol Protocol "unknown-protocol" "transport protocol that is not translated",
    UdpChecksumZero Untranslatable "udp-checksum-zero" "UDP datagram without a checksum that it must have",
    UnmappedSource Source "unmapped-source" "IPv6 source that has no IPv4 form",
    TinyFragment Silence "tiny-fragment" "first fragment too short for its transport header, or one inside it",
    IcmpType Silence "icmp-type" "ICMP type or code without a counterpart",
    IcmpPointer Silence "icmp-pointer" "parameter problem at a field without a counterpart",
    IcmpChecksum Silence "icmp-checksum" "ICMP checksum is wrong",
    InnerTruncated Silence "inner-truncated" "ICMP error quotes too little of its packet",
    InnerHeader Silence "inner-header" "ICMP error quotes a malformed header",
    InnerFragment Silence "inner-fragment" "ICMP error quotes a fragment without ports",
    InnerProtocol Silence "inner-protocol" "ICMP error quotes a protocol that is not translated",
    InnerIcmpError Silence "inner-icmp-error" "ICMP error about an ICMP error",
}

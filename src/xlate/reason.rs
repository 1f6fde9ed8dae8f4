// SPDX-License-Identifier: GPL-2.0
//! Why a packet is not translated.

macro_rules! reasons {
    ($($variant:ident $name:literal $doc:literal,)*) => {
        /// Why a packet is not translated.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub enum Reason {
            $(#[doc = $doc] $variant,)*
        }

        impl Reason {
            /// Every reason, in the order of `index`.
            pub const ALL: &'static [Reason] = &[$(Reason::$variant,)*];

            /// How many reasons there are: the length of an array with one counter for each.
            pub const COUNT: usize = Reason::ALL.len();

            /// The reason's place in such an array.
            #[inline]
            pub const fn index(self) -> usize {
                self as usize
            }

            /// The name of the reason's counter.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Reason::$variant => $name,)*
                }
            }

            /// What the reason means, one line.
            pub const fn doc(self) -> &'static str {
                match self {
                    $(Reason::$variant => $doc,)*
                }
            }
        }
    };
}

reasons! {
    Truncated "truncated" "packet ends inside a header",
    BadVersion "bad-version" "version field does not match the protocol",
    BadHeaderLength "bad-header-length" "IPv4 header or total length is impossible",
    BadHeaderChecksum "bad-header-checksum" "IPv4 header checksum is wrong",
    ExtHeaderChain "ext-header-chain" "too many IPv6 extension headers",
    FragmentHeader "fragment-header" "fragment header is followed by another extension header",
    SourceRoute4 "source-route4" "IPv4 source route that has not ended",
    SourceRoute6 "source-route6" "IPv6 routing header with segments left",
    MartianSource "martian-source" "source address that no packet may have",
    MartianTarget "martian-target" "destination address that cannot be reached by unicast",
    SourceInPrefix "source-in-prefix" "IPv6 source lies inside the translation prefix",
    NotGlobal "not-global" "address is not global but the well-known prefix is in use",
    TooBig "too-big" "result is longer than a packet can be",
    HopLimit "hop-limit" "hop limit or TTL ran out",
    UnknownProtocol "unknown-protocol" "transport protocol that is not translated",
    UdpChecksumZero "udp-checksum-zero" "UDP datagram without a checksum that it must have",
    UnmappedSource "unmapped-source" "IPv6 source that has no IPv4 form",
    TinyFragment "tiny-fragment" "first fragment too short for its transport header, or one inside it",
    IcmpType "icmp-type" "ICMP type or code without a counterpart",
    IcmpPointer "icmp-pointer" "parameter problem at a field without a counterpart",
    IcmpChecksum "icmp-checksum" "ICMP checksum is wrong",
    InnerTruncated "inner-truncated" "ICMP error quotes too little of its packet",
    InnerHeader "inner-header" "ICMP error quotes a malformed header",
    InnerFragment "inner-fragment" "ICMP error quotes a fragment without ports",
    InnerProtocol "inner-protocol" "ICMP error quotes a protocol that is not translated",
    InnerIcmpError "inner-icmp-error" "ICMP error about an ICMP error",
}

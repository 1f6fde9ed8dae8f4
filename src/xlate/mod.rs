// SPDX-License-Identifier: GPL-2.0
//! Pure translation between IPv6 and IPv4 (RFC 7915, RFC 6052).
//!
//! Numbers are in host byte order, packets are byte slices. Nothing here allocates, reads a clock
//! or can panic; the kernel module and the userspace crate `natpt-core` compile the same files.
#![forbid(unsafe_code)]
// Each of the two crates uses its own part of what stands here.
#![allow(dead_code, unreachable_pub)]

pub mod addr;
pub mod addresses;
pub mod answer;
pub mod bytes;
pub mod checksum;
pub mod eam;
pub mod ext;
pub mod header;
pub mod icmp;
pub mod icmp_error;
pub mod ipv4;
pub mod ipv6;
pub mod l4;
pub mod mss;
pub mod mtu;
pub mod order;
pub mod packet;
pub mod proto;
pub mod quote;
pub mod reason;
pub mod rewrite;
pub mod side;
pub mod to4;
pub mod to6;
pub mod tuple;

pub use reason::DropReason;

// SPDX-License-Identifier: GPL-2.0

//! Dropped packets as the kernel's tools show them.

use crate::{
    linux::{
        family::Family,
        skb::{KernelReason, Skb},
    },
    xlate::DropReason,
};

/// The nearest of the kernel's own reasons.
fn kernel_reason(reason: DropReason) -> KernelReason {
    match reason {
        DropReason::NoMemory | DropReason::MemoryCeiling => KernelReason::NoMemory,
        DropReason::NoRoute | DropReason::ProhibitRoute | DropReason::Blackhole => {
            KernelReason::NoRoute
        }
        DropReason::ForwardingOff => KernelReason::AddressErrors,
        DropReason::NoUnicastTarget | DropReason::MartianTarget => KernelReason::InvalidDest,
        DropReason::MartianSource | DropReason::SourceInPrefix => KernelReason::InvalidSource,
        DropReason::ReversePath => KernelReason::ReversePath,
        DropReason::IpsecPolicy => KernelReason::XfrmPolicy,
        DropReason::Loop => KernelReason::RecursionLimit,
        DropReason::PacketTooBig | DropReason::TooBig => KernelReason::TooBig,
        DropReason::Segmentation => KernelReason::Segmentation,
        DropReason::Truncated | DropReason::TinyFragment => KernelReason::HeaderTruncated,
        DropReason::BadVersion
        | DropReason::BadHeaderLength
        | DropReason::SourceRoute4
        | DropReason::HopLimit => KernelReason::Header,
        DropReason::BadHeaderChecksum => KernelReason::HeaderChecksum,
        DropReason::ExtHeaderChain => KernelReason::TooManyExtHeaders,
        DropReason::FragmentHeader | DropReason::SourceRoute6 => KernelReason::ExtHeader,
        DropReason::UnknownProtocol => KernelReason::Protocol,
        DropReason::IcmpChecksum => KernelReason::IcmpChecksum,
        _ => KernelReason::Netfilter,
    }
}

/// Drop a packet; tracepoints see why.
#[cold]
pub(super) fn drop<F: Family>(skb: Skb<F>, reason: DropReason) {
    skb.drop_for(kernel_reason(reason), reason.name());
}

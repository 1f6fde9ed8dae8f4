// SPDX-License-Identifier: GPL-2.0

//! Which mappings and sessions a request is about.

use super::{
    nest::{at, parse},
    show::namespace,
    spec::attr::filter,
};
use crate::{
    linux::{
        genl::{Attr, List, Refusal},
        pernet::Net,
    },
    nat::{
        rule::{proto_bit, Source6},
        tcp::State,
    },
    state::{config::Tables, filter::Filter},
    xlate::{addr, proto},
};
use core::net::{Ipv4Addr, Ipv6Addr};
use kernel::prelude::*;

/// What a listing is asked for by this attribute.
pub(super) fn asked<'m>(net: &Net, list: &List<'m>, kind: u16) -> Result<Filter, Refusal<'m>> {
    let mut filter = Filter::default();
    for nest in list.attrs().filter(|attr| attr.kind() == kind) {
        filter = read(&namespace(net).config(), nest)?;
    }
    Ok(filter)
}

/// The same where mappings are listed, which have no peer and no state.
pub(super) fn asked_of_mappings<'m>(
    net: &Net,
    list: &List<'m>,
    kind: u16,
) -> Result<Filter, Refusal<'m>> {
    let mut nested = (list.attrs().filter(|attr| attr.kind() == kind)).flat_map(|it| it.nested());
    match nested.find(|attr| matches!(attr.kind(), filter::PEER | filter::STATE)) {
        Some(attr) => Err(Refusal::new(
            EINVAL,
            "mappings have no peer and no state",
            attr,
        )),
        None => asked(net, list, kind),
    }
}

/// The filter in a nest, of all that there are.
pub(super) fn read_all<'m>(config: &Tables, nest: Attr<'m>) -> Result<Filter, Refusal<'m>> {
    let limit = nest.nested().find(|attr| attr.kind() == filter::LIMIT);
    match limit {
        Some(attr) => Err(Refusal::new(EINVAL, "a limit is for listings", attr)),
        None => read(config, nest),
    }
}

/// The filter in a nest.
fn read<'m>(config: &Tables, nest: Attr<'m>) -> Result<Filter, Refusal<'m>> {
    let found = parse::<{ filter::LAST as usize + 1 }>(nest)?;
    let get = |kind| at(&found, kind);
    let address4 = |kind| Some(Ipv4Addr::from(get(kind)?.bytes::<4>()?));
    let refuse = |text, attr| Err(Refusal::new(EINVAL, text, attr));
    if let Some(attr) = get(filter::PROTO) {
        // On the IPv4 side there is no ICMPv6.
        let known = attr.u8().filter(|it| *it != proto::ICMPV6);
        if known.is_none_or(|it| proto_bit(it) == 0) {
            return refuse("no sessions of this protocol are ever made", attr);
        }
    }
    let host = match (get(filter::HOST), get(filter::HOST_LENGTH)) {
        (None, None) => None,
        (None, Some(length)) => return refuse("length without a host", length),
        (Some(host), length) => {
            let len = length
                .map_or(Some(128), |length| length.u8())
                .unwrap_or(u8::MAX);
            let addr = Ipv6Addr::from(host.bytes::<16>().unwrap_or_default());
            if len > 128 {
                return refuse(
                    "length of a prefix must not be above 128",
                    length.unwrap_or(host),
                );
            }
            if addr.to_bits() & !addr::mask(len.into()) != 0 {
                return refuse("host has bits set beyond its prefix length", host);
            }
            Some(Source6 { addr, len })
        }
    };
    let state = match get(filter::STATE) {
        None => None,
        Some(attr) => match attr.u8().and_then(State::from_u8) {
            None => return refuse("unknown state", attr),
            state => state,
        },
    };
    let rule = match get(filter::RULE) {
        None => None,
        Some(attr) => match attr.u32().and_then(|number| config.stateful(number)) {
            None => {
                let text = "there is no stateful rule with this number";
                return Err(Refusal::new(ENOENT, text, attr));
            }
            Some(rule) => Some(rule.id),
        },
    };
    Ok(Filter {
        proto: get(filter::PROTO).and_then(|attr| attr.u8()),
        host,
        pool: address4(filter::POOL),
        port: get(filter::PORT).and_then(|attr| attr.u16()),
        peer: address4(filter::PEER),
        state,
        rule,
        limit: get(filter::LIMIT).and_then(|attr| attr.u32()),
    })
}

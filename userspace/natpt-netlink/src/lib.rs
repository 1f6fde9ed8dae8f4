// SPDX-License-Identifier: GPL-2.0

//! Client of the natpt kernel module's generic netlink family.

#![deny(unsafe_code)]

pub mod attr;
mod connection;
mod error;
mod event;
mod message;
pub mod netns;
mod request;
mod socket;
#[rustfmt::skip]
pub mod spec;

pub use connection::Connection;
pub use error::{Error, Refusal};
pub use event::{Events, Heard};
pub use request::Request;

// SPDX-License-Identifier: GPL-2.0
//! The functions that stand before the C library's. Each looks the descriptor up first and goes
//! straight on when it is not ours; what else there is to do stands apart, out of that path.

pub mod address;
pub mod epoll;
mod give_way;
pub mod lifetime;
mod mapped;
mod message;
pub mod name;
pub mod option;
pub mod receive;
pub mod send;

pub use {epoll::*, lifetime::*, name::*, option::*, receive::*, send::*};

// SPDX-License-Identifier: GPL-2.0
//! Packet cases, the two ways to run them, and a reference translator.

pub mod build;
pub mod case;
pub mod compare;
pub mod differential;
pub mod generate;
pub mod reference;
pub mod rng;
pub mod round_trip;
pub mod sum;
pub mod text;
pub mod translator;
pub mod value;
pub mod vm;

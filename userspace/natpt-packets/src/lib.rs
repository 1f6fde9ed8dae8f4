// SPDX-License-Identifier: GPL-2.0
//! Packet cases, the two ways to run them, and a reference translator.

pub mod build;
pub mod case;
pub mod dice;
pub mod generate;
pub mod judge;
pub mod reference;
pub mod round;
pub mod sum;
pub mod text;
pub mod translator;
pub mod value;
pub mod versus;
pub mod vm;

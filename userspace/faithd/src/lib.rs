// SPDX-License-Identifier: GPL-2.0

//! The relay's decisions, without sockets and clock: who may go where, and what becomes of the
//! lines of an FTP control connection.

#![forbid(unsafe_code)]

pub mod access;
pub mod config;
pub mod ftp;
pub mod parser;
pub mod utc;

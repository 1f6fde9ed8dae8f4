// SPDX-License-Identifier: GPL-2.0

//! Giving up what root may do.

#![allow(unsafe_code)]

use nix::sys::prctl;
use nix::unistd::{chroot, setgid, setgroups, setuid, Gid, Group, Uid, User};

use super::options::Options;

/// CAP_NET_ADMIN: the kernel tells its prefixes to nobody else.
const NET_ADMIN: u32 = 1 << 12;

/// Become the user that the options name; `keep_admin` leaves the right to ask the kernel module.
pub fn drop(options: &Options, keep_admin: bool) -> Result<(), String> {
    let user = options.user.as_deref().map(user).transpose()?;
    let group = options.group.as_deref().map(group).transpose()?;
    if let Some(root) = &options.root {
        chroot(root.as_str()).map_err(|problem| format!("{root}: {problem}"))?;
        std::env::set_current_dir("/").map_err(|problem| format!("{root}: {problem}"))?;
    }
    let what = |problem| format!("changing the user: {problem}");
    let group = group.or(user.as_ref().map(|user| user.gid));
    if let Some(group) = group {
        setgroups(&[group]).map_err(what)?;
        setgid(group).map_err(what)?;
    }
    if let Some(user) = user {
        let keep = keep_admin && Uid::effective().is_root();
        prctl::set_keepcaps(keep).map_err(what)?;
        setuid(user.uid).map_err(what)?;
        if keep {
            keep_only(NET_ADMIN).map_err(|problem| format!("keeping a capability: {problem}"))?;
        }
    }
    prctl::set_no_new_privs().map_err(what)
}

fn user(name: &str) -> Result<User, String> {
    match User::from_name(name) {
        Ok(Some(user)) => Ok(user),
        Ok(None) => Err(format!("there is no user {name}")),
        Err(problem) => Err(format!("user {name}: {problem}")),
    }
}

fn group(name: &str) -> Result<Gid, String> {
    match Group::from_name(name) {
        Ok(Some(group)) => Ok(group.gid),
        Ok(None) => Err(format!("there is no group {name}")),
        Err(problem) => Err(format!("group {name}: {problem}")),
    }
}

/// The kernel's struct __user_cap_header_struct.
#[repr(C)]
struct Header {
    version: u32,
    pid: i32,
}

/// The kernel's struct __user_cap_data_struct.
#[repr(C)]
#[derive(Clone, Copy)]
struct Data {
    effective: u32,
    permitted: u32,
    inheritable: u32,
}

fn keep_only(capability: u32) -> std::io::Result<()> {
    let header = Header {
        version: 0x2008_0522,
        pid: 0,
    };
    let low = Data {
        effective: capability,
        permitted: capability,
        inheritable: 0,
    };
    let none = Data {
        effective: 0,
        permitted: 0,
        inheritable: 0,
    };
    let data = [low, none];
    // SAFETY: both point to what version 3 of the call reads, and the call writes neither.
    match unsafe { libc::syscall(libc::SYS_capset, &header, data.as_ptr()) } {
        0 => Ok(()),
        _ => Err(std::io::Error::last_os_error()),
    }
}

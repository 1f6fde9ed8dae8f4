// SPDX-License-Identifier: GPL-2.0

//! What messages say besides: which word may have been meant, and what keeps things from working.

use std::fs;
use std::path::Path;

/// Longest word that is compared with others.
const MAX_WORD: usize = 40;

/// The one of these words that was probably meant.
pub fn nearest<'n>(word: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    if word.len() > MAX_WORD {
        return None;
    }
    let word = word.to_ascii_lowercase();
    // A third of the letters may be wrong.
    let most = word.len() / 3;
    let far = |name: &str| distance(word.as_bytes(), name.to_ascii_lowercase().as_bytes());
    let all = names.map(|name| (far(name), name));
    let near = all.filter(|(distance, _)| (1..=most).contains(distance));
    near.min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// ` (did you mean enable?)`, or nothing.
pub fn meant<'n>(word: &str, names: impl Iterator<Item = &'n str>) -> String {
    let name = nearest(word, names);
    name.map_or(String::new(), |name| format!(" (did you mean {name}?)"))
}

/// Letters to put in, take out, change or swap with the next.
fn distance(a: &[u8], b: &[u8]) -> usize {
    let mut before = vec![0; b.len() + 1];
    let mut last: Vec<_> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let mut least = (last[j] + usize::from(x != y))
                .min(last[j + 1] + 1)
                .min(row[j] + 1);
            if i > 0 && j > 0 && *x == b[j - 1] && a[i - 1] == *y {
                least = least.min(before[j - 1] + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

/// Why the kernel has no module, as far as files tell.
pub fn no_module() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let release = read("/proc/sys/kernel/osrelease");
    let lockdown = read("/sys/kernel/security/lockdown");
    let release = release.trim();
    let tree = Path::new("/lib/modules").join(release);
    let listed = fs::read_to_string(tree.join("modules.dep"));
    let is_listed = |text: &String| text.lines().any(is_natpt);
    match listed {
        Err(_) => format!(
            "there are no modules for Linux {release} in {}: after an update, boot the new kernel; \
             in a container, load it outside (modprobe natpt)",
            tree.display()
        ),
        Ok(text) if !is_listed(&text) => format!(
            "modprobe finds none for Linux {release}: install natpt-modules-{release} or \
             natpt-dkms, or run make install"
        ),
        Ok(_) if read("/proc/sys/kernel/modules_disabled").trim() == "1" => {
            "the sysctl kernel.modules_disabled is 1: none can be loaded before the next boot"
                .into()
        }
        Ok(_) if !lockdown.is_empty() && !lockdown.contains("[none]") => {
            "lockdown takes signed modules only, README.md has how to sign it; modprobe natpt \
             tells more"
                .into()
        }
        Ok(_) => "modprobe natpt tells why".into(),
    }
}

/// A line of modules.dep: `updates/natpt.ko.xz: ...`
fn is_natpt(line: &str) -> bool {
    let file = line
        .split(':')
        .next()
        .and_then(|path| path.rsplit('/').next());
    file.is_some_and(|name| name.starts_with("natpt.ko"))
}

/// The switches of forwarding, by family.
const FORWARDING: [(&str, &str); 2] = [
    ("IPv4", "net.ipv4.ip_forward"),
    ("IPv6", "net.ipv6.conf.all.forwarding"),
];

/// The kernel's warning, with what to do in this network namespace, for both families at once.
pub fn warning(text: &str, netns: Option<&str>) -> String {
    let off = FORWARDING.iter().filter(|(_, name)| {
        let path = format!("/proc/sys/{}", name.replace('.', "/"));
        fs::read_to_string(path).is_ok_and(|value| value.trim() == "0")
    });
    match text.contains("sysctl -w") {
        true => forwarding(&off.copied().collect::<Vec<_>>(), netns).unwrap_or(text.into()),
        false => text.into(),
    }
}

fn forwarding(off: &[(&str, &str)], netns: Option<&str>) -> Option<String> {
    let family = match off {
        [] => return None,
        [(family, _)] => format!("{family} "),
        _ => String::new(),
    };
    let inside = match netns {
        None => String::new(),
        Some(path) if path.contains('/') => format!("nsenter --net={path} "),
        Some(name) => format!("ip netns exec {name} "),
    };
    let names: Vec<_> = off.iter().map(|(_, name)| format!("{name}=1")).collect();
    let names = names.join(" ");
    Some(format!(
        "{family}forwarding is off: {inside}sysctl -w {names}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelt_words() {
        let names = ["from", "enable", "disable", "delete", "renum", "flush"];
        let meant = |word: &str| nearest(word, names.into_iter());
        for (word, name) in [
            ("enabel", "enable"),
            ("enabled", "enable"),
            ("ENABEL", "enable"),
            ("form", "from"),
            ("frm", "from"),
            ("flsh", "flush"),
            ("disabled", "disable"),
        ] {
            assert_eq!(meant(word), Some(name), "{word}");
        }
        for word in [
            "",
            "5",
            "to",
            "frobnicate",
            "sctp",
            "enable",
            &"x".repeat(1000),
        ] {
            assert_eq!(meant(word), None, "{word}");
        }
        assert_eq!(distance(b"", b"abc"), 3);
        assert_eq!(distance(b"abcd", b"acbd"), 1);
    }

    #[test]
    fn lines_of_modules() {
        assert!(is_natpt("updates/natpt.ko:"));
        assert!(is_natpt("updates/dkms/natpt.ko.xz: kernel/x.ko"));
        assert!(!is_natpt("kernel/net/other.ko: updates/natpt.ko"));
        assert!(!is_natpt("updates/my-natpt.ko:"));
    }

    #[test]
    fn forwarding_by_namespace() {
        let both = forwarding(&FORWARDING, Some("blue")).unwrap();
        assert_eq!(
            both,
            "forwarding is off: ip netns exec blue sysctl -w net.ipv4.ip_forward=1 \
             net.ipv6.conf.all.forwarding=1"
        );
        let one = forwarding(&FORWARDING[1..], None).unwrap();
        assert_eq!(
            one,
            "IPv6 forwarding is off: sysctl -w net.ipv6.conf.all.forwarding=1"
        );
        let path = forwarding(&FORWARDING[..1], Some("/proc/42/ns/net")).unwrap();
        assert!(path.contains(": nsenter --net=/proc/42/ns/net sysctl -w net.ipv4"));
        assert_eq!(forwarding(&[], None), None);
        assert_eq!(
            warning("there is no prefix", Some("blue")),
            "there is no prefix"
        );
    }
}

// SPDX-License-Identifier: GPL-2.0

//! Places of names in record data that a sender may have compressed (RFC 1035, RFC 3597 section 4).

/// Record data: so many bytes, then so many names, then the rest.
pub struct Layout {
    pub before: usize,
    pub names: usize,
    /// The names may be compressed again.
    pub compress: bool,
}

pub fn layout(rtype: u16, rdata: &[u8]) -> Option<Layout> {
    let (before, names, compress) = match rtype {
        // NS, MD, MF, CNAME, MB, MG, MR, PTR
        2..=5 | 7..=9 | 12 => (0, 1, true),
        // SOA, MINFO
        6 | 14 => (0, 2, true),
        // MX
        15 => (2, 1, true),
        // RP
        17 => (0, 2, false),
        // AFSDB, RT, KX
        18 | 21 | 36 => (2, 1, false),
        // SIG, RRSIG
        24 | 46 => (18, 1, false),
        // PX
        26 => (2, 2, false),
        // NXT, DNAME
        30 | 39 => (0, 1, false),
        // SRV
        33 => (6, 1, false),
        // NAPTR
        35 => (naptr_strings(rdata)?, 1, false),
        _ => return None,
    };
    Some(Layout {
        before,
        names,
        compress,
    })
}

/// End of the three strings after order and preference.
fn naptr_strings(rdata: &[u8]) -> Option<usize> {
    (0..3).try_fold(4, |at, _| Some(at + 1 + usize::from(*rdata.get(at)?)))
}

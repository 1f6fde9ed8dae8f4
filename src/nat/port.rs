// SPDX-License-Identifier: GPL-2.0
//! Choice of a free port of a pool address (RFC 6146 section 3.5.1.1, RFC 6056).

/// Last port of the class that only privileged programs may bind.
const LAST_PRIVILEGED: u16 = 1023;

/// Ports with even numbers, as bits of a word of 64 ports.
const EVEN: u64 = 0x5555_5555_5555_5555;

/// The properties that the new port shares with the source port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PortPolicy {
    /// The source port.
    pub sport: u16,
    /// The same parity, if such a port is free.
    pub keep_parity: bool,
    /// The same side of 1024, if such a port is free.
    pub keep_class: bool,
}

impl PortPolicy {
    /// Return the policy for a transport protocol (`proto::TCP` and so on).
    pub const fn of(protocol: u8, sport: u16) -> PortPolicy {
        use crate::xlate::proto::{TCP, UDP};
        PortPolicy {
            sport,
            keep_parity: protocol == UDP,
            keep_class: matches!(protocol, TCP | UDP),
        }
    }

    /// The bits of a word that have the right parity.
    const fn parity(&self) -> u64 {
        match (self.keep_parity, self.sport & 1) {
            (false, _) => u64::MAX,
            (true, 0) => EVEN,
            (true, _) => !EVEN,
        }
    }

    /// The range of ports of the right class, and the rest.
    const fn classes(&self) -> [(u16, u16); 2] {
        const LOW: (u16, u16) = (1, LAST_PRIVILEGED);
        const HIGH: (u16, u16) = (LAST_PRIVILEGED + 1, u16::MAX);
        const NONE: (u16, u16) = (1, 0);
        match (self.keep_class, self.sport) {
            (false, _) => [(1, u16::MAX), NONE],
            (true, 0..=LAST_PRIVILEGED) => [LOW, HIGH],
            (true, _) => [HIGH, LOW],
        }
    }
}

/// Chooses a free port within `ranges` (first and last port, disjoint), never 0.
///
/// `words` gives the used ports 64 n to 64 n + 63 as the bits of word n. The first free port from
/// a random one on is taken, so usually one word is looked at, and each at most twice.
pub fn choose(
    words: impl Fn(usize) -> u64,
    ranges: &[(u16, u16)],
    want: PortPolicy,
    random: u32,
) -> Option<u16> {
    let search = Search {
        words,
        ranges,
        parity: want.parity(),
    };
    want.classes()
        .into_iter()
        .find_map(|class| search.class(class, random))
}

struct Search<'a, W> {
    words: W,
    ranges: &'a [(u16, u16)],
    parity: u64,
}

impl<W: Fn(usize) -> u64> Search<'_, W> {
    /// A free port of one class: the right parity goes before the right place.
    fn class(&self, class: (u16, u16), random: u32) -> Option<u16> {
        let total = self.clipped(class).map(size).fold(0, u32::saturating_add);
        let start = random.checked_rem(total)?;
        let mut any = None;
        // From the random port to the end, then from the beginning.
        for after in [true, false] {
            let mut skip = start;
            for (first, last) in self.clipped(class) {
                let cut = skip.min(size((first, last)));
                skip = skip.saturating_sub(cut);
                let first = u32::from(first);
                let middle = first.saturating_add(cut);
                let (from, to) = match after {
                    true => (middle, u32::from(last)),
                    false if cut == 0 => continue,
                    false => (first, middle.saturating_sub(1)),
                };
                if let Some(port) = self.scan(from, to, &mut any) {
                    return Some(port);
                }
            }
        }
        any
    }

    /// The part of each range that is in `class`.
    fn clipped(&self, class: (u16, u16)) -> impl Iterator<Item = (u16, u16)> + '_ {
        self.ranges
            .iter()
            .map(move |&(first, last)| (first.max(class.0), last.min(class.1)))
            .filter(|(first, last)| first <= last)
    }

    /// The first free port with the right parity between two ports; any other one goes to `any`.
    fn scan(&self, from: u32, to: u32, any: &mut Option<u16>) -> Option<u16> {
        if from > to {
            return None;
        }
        for word in from >> 6..=to >> 6 {
            let base = word << 6;
            let below = from.saturating_sub(base).min(63);
            let above = 63u32.saturating_sub(to.saturating_sub(base).min(63));
            let inside = u64::MAX.wrapping_shl(below) & u64::MAX.wrapping_shr(above);
            let free = inside & !(self.words)(word as usize);
            let port = |bits: u64| (base | bits.trailing_zeros()) as u16;
            if free & self.parity != 0 {
                return Some(port(free & self.parity));
            }
            if free != 0 && any.is_none() {
                *any = Some(port(free));
            }
        }
        None
    }
}

const fn size((first, last): (u16, u16)) -> u32 {
    (last.saturating_sub(first) as u32).saturating_add(1)
}

// SPDX-License-Identifier: GPL-2.0
//! Choice of a free port of a pool address (RFC 6146 section 3.5.1.1, RFC 6056).

/// Last port of the class that only privileged programs may bind.
const LAST_PRIVILEGED: u16 = 1023;

/// Ports with even numbers, as bits of a word of 64 ports.
const EVEN: u64 = 0x5555_5555_5555_5555;

/// Words of the ports of an address.
const PORTS: usize = 1024;
/// Words that sum them up.
const SUMS: usize = PORTS / 64;

/// Words of the map of an address: a bit for each port in use, then one for each of these words
/// whose even ports are all in use, then one for each whose odd ports are.
pub const MAP: usize = PORTS + 2 * SUMS;

/// Ports of an address of the box's own that hosts may get: neither those of its services nor those that
/// its sockets get, from `low` to `high`. Only the longer side of what is left, mostly the one below: the
/// other is for NAT, whose hosts keep the ports that they have.
pub fn beside_sockets((low, high): (u16, u16)) -> (u16, u16) {
    let below = (1024, low.saturating_sub(1));
    let above = (high.saturating_add(1).max(1024), u16::MAX);
    let len = |(first, last): (u16, u16)| last.saturating_sub(first);
    match high < u16::MAX && len(above) > len(below) {
        true => above,
        false => below,
    }
}

/// Take note of a port that is in use from now on, or no more.
pub fn mark(map: &mut [u64], port: u16, used: bool) {
    let place = usize::from(port >> 6);
    let Some(word) = map.get_mut(place) else {
        return;
    };
    let (parity, first) = match port & 1 {
        0 => (EVEN, PORTS),
        _ => (!EVEN, PORTS + SUMS),
    };
    let was_full = !*word & parity == 0;
    put(word, port & 63, used);
    let is_full = !*word & parity == 0;
    if is_full == was_full {
        return;
    }
    if let Some(sums) = map.get_mut(first.wrapping_add(place >> 6)) {
        put(sums, (place & 63) as u16, is_full);
    }
}

/// Set or clear a bit.
fn put(word: &mut u64, bit: u16, set: bool) {
    let bit = 1u64.wrapping_shl(bit.into());
    match set {
        true => *word |= bit,
        false => *word &= !bit,
    }
}

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

    /// The bits of a word that have the right parity, and the rest.
    const fn parities(&self) -> [u64; 2] {
        match (self.keep_parity, self.sport & 1) {
            (false, _) => [u64::MAX, 0],
            (true, 0) => [EVEN, !EVEN],
            (true, _) => [!EVEN, EVEN],
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
/// `map` gives the words of a map of [`MAP`] words. The first free port from a random one on is
/// taken; full words are passed by in groups, so that a full map is hardly more to look at than an
/// empty one.
pub fn choose(
    map: impl Fn(usize) -> u64,
    ranges: &[(u16, u16)],
    want: PortPolicy,
    random: u32,
) -> Option<u16> {
    let parities = want.parities();
    want.classes().into_iter().find_map(|class| {
        let mut parities = parities.into_iter().filter(|bits| *bits != 0);
        parities.find_map(|parity| {
            let search = Search {
                map: &map,
                ranges,
                parity,
            };
            search.class(class, random)
        })
    })
}

struct Search<'a, M> {
    map: &'a M,
    ranges: &'a [(u16, u16)],
    parity: u64,
}

impl<M: Fn(usize) -> u64> Search<'_, M> {
    /// A free port of one class.
    fn class(&self, class: (u16, u16), random: u32) -> Option<u16> {
        let total = self.clipped(class).map(size).fold(0, u32::saturating_add);
        let start = random.checked_rem(total)?;
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
                if let Some(port) = self.scan(from, to) {
                    return Some(port);
                }
            }
        }
        None
    }

    /// The part of each range that is in `class`.
    fn clipped(&self, class: (u16, u16)) -> impl Iterator<Item = (u16, u16)> + '_ {
        self.ranges
            .iter()
            .map(move |&(first, last)| (first.max(class.0), last.min(class.1)))
            .filter(|(first, last)| first <= last)
    }

    /// The first free port between two ports.
    fn scan(&self, from: u32, to: u32) -> Option<u16> {
        let mut word = from >> 6;
        let mut inside = u64::MAX.wrapping_shl(from & 63);
        while word <= to >> 6 {
            let free = inside & self.parity & !(self.map)(word as usize);
            if free != 0 {
                let port = (word << 6) | free.trailing_zeros();
                return (port <= to).then_some(port as u16);
            }
            inside = u64::MAX;
            word = self.open_word(word.wrapping_add(1), to >> 6)?;
        }
        None
    }

    /// The first word between two words with a free port of the right parity.
    fn open_word(&self, from: u32, to: u32) -> Option<u32> {
        let mut inside = u64::MAX.wrapping_shl(from & 63);
        for group in from >> 6..=to >> 6 {
            let full = |parity: u64, first: usize| match self.parity & parity {
                0 => u64::MAX,
                _ => (self.map)(first.wrapping_add(group as usize)),
            };
            let open = inside & !(full(EVEN, PORTS) & full(!EVEN, PORTS + SUMS));
            if open != 0 {
                let word = (group << 6) | open.trailing_zeros();
                return (word <= to).then_some(word);
            }
            inside = u64::MAX;
        }
        None
    }
}

const fn size((first, last): (u16, u16)) -> u32 {
    (last.saturating_sub(first) as u32).saturating_add(1)
}

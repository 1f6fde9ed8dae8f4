// SPDX-License-Identifier: GPL-2.0
//! The pure code and the reference do the same with packets of all sorts.

use natpt_packets::{
    case::Mtu,
    differential::{Tally, World},
    rng::Rng,
    round_trip::RoundTrip,
};

const PACKETS: u64 = 200_000;

/// The same packets each time.
fn run(seed: u64, mtu: Mtu) -> Tally {
    let world = World::new(mtu);
    let mut tally = Tally::default();
    let mut random = fastrand::Rng::with_seed(seed);
    let mut bytes = [0; 192];
    for _ in 0..PACKETS {
        random.fill(&mut bytes);
        world.structured(&bytes, &mut tally);
    }
    println!("{tally:?}");
    tally
}

// req: A-138 A-140 A-153 A-154 B-025
#[test]
fn ordinary_links() {
    let tally = run(
        1,
        Mtu {
            six: 1500,
            four: 1500,
        },
    );
    // Most packets are worth a comparison, or the generator is no good.
    assert!(tally.out > PACKETS / 4, "{tally:?}");
    assert!(tally.dropped > PACKETS / 16, "{tally:?}");
}

#[test]
fn small_links() {
    let tally = run(
        2,
        Mtu {
            six: 1280,
            four: 1000,
        },
    );
    assert!(tally.out > PACKETS / 4, "{tally:?}");
}

#[test]
fn large_links() {
    let tally = run(
        3,
        Mtu {
            six: 9000,
            four: 9000,
        },
    );
    assert!(tally.out > PACKETS / 4, "{tally:?}");
}

// req: B-008 B-015 B-034 B-035 B-039 B-047
#[test]
fn stateless_rules_of_all_sorts() {
    const RULES: u64 = 400;
    let mut random = fastrand::Rng::with_seed(4);
    let mut tally = Tally::default();
    let mut bytes = [0; 256];
    for _ in 0..RULES {
        random.fill(&mut bytes);
        let mtu = match bytes[0] % 4 {
            0 => (1280, 1000),
            1 => (9000, 9000),
            _ => (1500, 1500),
        };
        let (six, four) = mtu;
        let world = World::of_choices(&mut Rng::new(&bytes[1..]), Mtu { six, four });
        for _ in 0..PACKETS / RULES {
            random.fill(&mut bytes);
            world.structured(&bytes, &mut tally);
        }
    }
    println!("{tally:?}");
    assert!(tally.out > PACKETS / 4, "{tally:?}");
    assert!(tally.turned > PACKETS / 50, "{tally:?}");
    assert!(tally.dropped > PACKETS / 16, "{tally:?}");
}

#[test]
fn there_and_back() {
    let trip = RoundTrip::new();
    let mut random = fastrand::Rng::with_seed(5);
    let mut tally = Tally::default();
    let mut bytes = [0; 192];
    for _ in 0..PACKETS {
        random.fill(&mut bytes);
        trip.structured(&bytes, &mut tally);
    }
    println!("{tally:?}");
    assert!(tally.out > PACKETS / 4, "{tally:?}");
}

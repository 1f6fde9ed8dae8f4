// SPDX-License-Identifier: GPL-2.0
//! Scenarios: what a client asks, what forwarders answer, what the client gets. See
//! scenarios/README.

mod scenario;

macro_rules! files {
    ($($name:ident),+ $(,)?) => {
        $(#[test]
        fn $name() {
            scenario::run(include_str!(concat!("scenarios/", stringify!($name), ".txt")));
        })+

        /// No file is forgotten.
        #[test]
        fn all_files() {
            let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scenarios");
            let files = std::fs::read_dir(directory).unwrap();
            let text = files.filter(|file| {
                let name = file.as_ref().unwrap().file_name();
                name.to_string_lossy().ends_with(".txt")
            });
            assert_eq!(text.count(), [$(stringify!($name)),+].len());
        }
    };
}

files!(
    access, aliases, cache, discover, dnssec, edns, exclude, forwarders, hygiene, ipv4only, others,
    prefixes, reverse, sections, stats, synthesis, ttl,
);

// SPDX-License-Identifier: GPL-2.0

//! Counters.

use std::fmt::Write;

macro_rules! counters {
    ($($(#[doc = $doc:literal])+ $name:ident,)+) => {
        #[derive(Debug, Default)]
        pub struct Stats {
            $($(#[doc = $doc])+ pub $name: u64,)+
        }

        impl Stats {
            /// Name, meaning and value of each.
            fn rows(&self) -> impl Iterator<Item = (&'static str, &'static str, u64)> {
                [$((stringify!($name), concat!($($doc),+), self.$name)),+].into_iter()
            }
        }
    };
}

counters! {
    /// Queries over UDP.
    queries_udp,
    /// Queries over TCP.
    queries_tcp,
    /// Answers given.
    replies,
    /// Answers with synthesised AAAA records.
    synthesised,
    /// Answers about reverse names under a prefix.
    reverse,
    /// Answers given without asking a forwarder.
    local,
    /// Queries repeated while their answer was awaited.
    repeated,
    /// Queries refused by the access list.
    refused,
    /// Queries dropped by the rate limit.
    rate_limited,
    /// Queries refused because too many were in flight.
    too_many,
    /// Queries that came back from a forwarder.
    loops,
    /// Messages that were no DNS queries.
    malformed,
    /// Questions answered from the cache.
    cache_hits,
    /// Questions whose answer was not in the cache.
    cache_misses,
    /// Questions put again before their answer expired in the cache.
    prefetched,
    /// Questions answered with what had expired, for want of a better answer.
    stale,
    /// Questions put to forwarders.
    asked,
    /// Questions that a forwarder did not answer in time.
    timeouts,
    /// Messages from forwarders that did not fit the question.
    mismatched,
    /// Answers that came truncated and were asked for again over TCP.
    truncated,
    /// Queries that no forwarder answered.
    failed,
}

impl Stats {
    /// The counters in the text format of Prometheus; `gauges` are name, meaning, value.
    pub fn prometheus(&self, gauges: &[(&str, &str, u64)]) -> String {
        let mut text = String::new();
        for (name, meaning, value) in self.rows() {
            let meaning = meaning.trim();
            let _ = write!(
                text,
                "# HELP totd_{name}_total {meaning}\n# TYPE totd_{name}_total counter\n\
                 totd_{name}_total {value}\n"
            );
        }
        for (name, meaning, value) in gauges {
            let _ = write!(
                text,
                "# HELP totd_{name} {meaning}\n# TYPE totd_{name} gauge\ntotd_{name} {value}\n"
            );
        }
        text
    }
}

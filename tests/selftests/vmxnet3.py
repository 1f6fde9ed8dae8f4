# SPDX-License-Identifier: GPL-2.0
"""TCP and UDP both ways, with every combination of what the router leaves to each of its cards."""

import itertools
import os

from stacks import QUICK, namespace, ok, run, tcp, udp

SERVER4, SERVER46 = "198.51.100.10", "2001:db8:64::198.51.100.10"
# segmentation by a card needs its checksums
CARD = [" ".join(words) for words in itertools.product(
    ("tx off tso off gso off", "tx on tso off gso off", "tx on tso on gso on"),
    ("gro off", "gro on"))]
NONE, ALL = f"{CARD[0]} rx off lro off sg off", f"sg on lro on rx on {CARD[-1]}"
up, down = os.urandom(200001), os.urandom(200001)


def router(*settings):
    """Sets (card, words)."""
    run("/natpt/tests/vm/router", "sh", "-ec", "".join(
        f"ip netns exec router ethtool -K {card} {words};" for card, words in settings))


def hosts(words):
    for ns in "client6", "server4":
        with namespace(ns):
            run("ethtool", "-K", "eth0", *words.split())


def exchange():
    """What is wrong. 1452 and no more: beyond, the path MTU would first have to be learnt."""
    return filter(None, (
        tcp("client6", "server4", SERVER46, SERVER4, up, down),
        udp("client6", "server4", SERVER46, SERVER4, (0, 1, 1000, 1231, 1452, 3001, 8000),
            (11, 1200))))


for (kind, words), rx in itertools.product((("none", NONE), ("all", ALL)), ("rx off", "rx on")):
    hosts(words)
    router(("in6", rx), ("out4", rx))
    for in6 in CARD:
        router(("in6", in6))
        wrong = []
        # in the quick size, both cards are told the same
        for out4 in [in6] if QUICK else CARD:
            router(("out4", out4))
            wrong += [f"out4 {out4}: {line}" for line in exchange()]
        ok(f"hosts with {kind}, router with {rx}, {in6} to IPv6, and each to IPv4",
           not wrong, *wrong)

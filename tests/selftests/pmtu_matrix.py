# SPDX-License-Identifier: GPL-2.0
"""far6 ── hop6 ── router ── hop4 ── far4: the ends' links have 9000, so that no MSS tells what
the links in the middle take, and each direction has to find out.

pmtu_matrix.py near, far or lost: the links beside the router are small; routes further on are; errors
do not arrive."""

import os
import sys

from far import *
from stacks import QUICK, counted_errors, namespace, ok, run, sysctl, tcp

if QUICK:
    V6 = 1280, 1420, 9000
    V4 = 576, 1260, 1500, 9000
else:
    V6 = 1280, 1400, 1420, 1480, 1500, 9000
    V4 = 576, 1006, 1260, 1400, 1480, 1500, 9000
data = os.urandom(200003)


def variant(text, up, down, **options):
    """One transfer each way, each on a connection that knows nothing of the other."""
    wrong = []
    if up:
        forget()
        wrong.append(tcp("far6", "far4", FAR46, FAR4, up, b"", **options))
    if down:
        forget()
        wrong.append(tcp("far6", "far4", FAR46, FAR4, b"", down, **options))
    return [f"{text}: {it}" for it in wrong if it]


# req: A-020 A-021 A-047 A-171 D-140
def near():
    for size6 in V6:
        mtu(MIDDLE6, size6)
        wrong, wrong_without = [], []
        for size4 in V4:
            mtu(MIDDLE4, size4)
            wrong += variant(f"IPv4 {size4}", data, data)
            wrong_without += variant(f"IPv4 {size4}", b"", data, server_fragments=True)
        ok(f"{size6} for IPv6 and {V4} for IPv4 beside the router", not wrong, *wrong)
        ok(f"{size6} for IPv6 and {V4} for IPv4, without DF", not wrong_without, *wrong_without)


# the same where only other routers know
# req: A-117 A-121 A-169
def far():
    mtu(MIDDLE6 + MIDDLE4, 9000)
    for size6 in V6:
        run("ip", "-n", "hop6", "route", "replace", "2001:db8:f6::/64", "dev", "far", "proto", "kernel",
            "metric", "256", "mtu", "lock", str(size6))
        wrong, wrong_without = [], []
        for size4 in V4:
            run("ip", "-n", "hop4", "route", "replace", "203.0.113.0/24", "dev", "far",
                "mtu", "lock", str(size4))
            wrong += variant(f"IPv4 {size4}", data, data)
            wrong_without += variant(f"IPv4 {size4}", b"", data, server_fragments=True)
        ok(f"{size6} for IPv6 and {V4} for IPv4 further on", not wrong, *wrong)
        ok(f"{size6} for IPv6 and {V4} for IPv4 further on, without DF", not wrong_without,
           *wrong_without)


def lost():
    errors = Filter(lose=True)
    for size6 in V6:
        mtu(MIDDLE6, size6)
        wrong = []
        for size4 in V4:
            mtu(MIDDLE4, size4)
            # nothing is learnt, so both directions at once
            forget()
            if trouble := tcp("far6", "far4", FAR46, FAR4, data[:30001], data[:30001]):
                wrong.append(f"IPv4 {size4}: {trouble}")
        ok(f"{size6} for IPv6 and {V4} for IPv4, errors lost", not wrong, *wrong)
    ok("… and there were errors", errors.remove() > 0)


mtu(END6 + END4, 9000)
for ns in "far6", "far4":
    with namespace(ns):
        # for when errors are lost: look for a black hole after the first retransmission
        sysctl("net.ipv4.tcp_mtu_probing", 1)
        sysctl("net.ipv4.tcp_retries1", 1)
        sysctl("net.ipv4.tcp_no_metrics_save", 1)
unlimited_errors()
{"near": near, "far": far, "lost": lost}[sys.argv[1]]()

# a link that shrinks drops what is under way, fragments too
wrong = [it for it in counted_errors(*SPACES) if "ReasmFails" not in it]
ok("no error is counted anywhere", not wrong, *wrong)

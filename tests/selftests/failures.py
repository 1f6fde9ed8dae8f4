# SPDX-License-Identifier: GPL-2.0
"""failures.py changes: each allocation that a transaction makes fails once.
failures.py packets: half of those for sessions and the like fail, then a few of all."""

import itertools
import pathlib
import random
import socket
import subprocess
import sys
import threading
import time

from nl_client import (APPLY, ENABLE, MAP_ADD, MAP_DELETE, MAP_FLUSH, PREFIX_ADD, PREFIX_FLUSH, SET, Netlink,
                       Refused, attr, nest)
from stacks import inside, namespace, ok

DEBUG, SLAB = pathlib.Path("/sys/kernel/debug"), pathlib.Path("/sys/kernel/slab")
FAIL_NTH = pathlib.Path("/proc/thread-self/fail-nth")
MOST = 2000  # allocations of a transaction
FLOWS, PORT = 300, 7
SERVER, TARGET = "198.51.100.10", "2001:db8:64::198.51.100.10"


def shown():
    """The configuration, in words."""
    said = subprocess.run(["natptconfig", "-n", "router", "show", "config"], check=True, capture_output=True)
    return said.stdout


def u32(kind, value):
    return attr(kind, value.to_bytes(4, sys.byteorder))


def u8(kind, value):
    return attr(kind, bytes([value]))


def in6(kind, text):
    return attr(kind, socket.inet_pton(socket.AF_INET6, text))


def in4(kind, text):
    return attr(kind, socket.inet_aton(text))


def rule(number, host, pool, *more):
    return nest(MAP_ADD, u32(1, number), in6(2, host), u8(3, 128), in4(4, pool), *more)


def option(name, value):
    return nest(SET, attr(1, name.encode() + b"\0"), attr(2, value.to_bytes(8, sys.byteorder)))


# (name, what is done, what undoes it)
CHANGES = [
    ("a prefix", nest(PREFIX_ADD, in6(1, "2001:db8:64::"), u8(2, 96)), attr(PREFIX_FLUSH)),
    ("a rule", rule(10, "2001:db8:6::2", "192.0.2.10"), attr(MAP_DELETE, (10).to_bytes(4, sys.byteorder))),
    ("twenty rules", b"".join(rule(n, f"2001:db8:6::{n}", f"192.0.2.{n}") for n in range(20, 40)),
     attr(MAP_FLUSH)),
    ("an option", option("udp-timeout", 400), option("udp-timeout", 300)),
]


def attempt(kernel, payload, nth):
    """Applies a change, whose nth allocation fails; tells whether it has that many, and what came of it."""
    FAIL_NTH.write_text(str(nth))
    try:
        kernel.request(APPLY, payload)
        outcome = "done"
    except Refused as why:
        outcome = "refused" if why.code in (12, 105) else f"refused: {why}"
    except OSError as why:
        outcome = "unheard" if why.errno in (12, 105) else f"failed: {why}"
    left = int(FAIL_NTH.read_text())
    FAIL_NTH.write_text("0")
    return left == 0, outcome


def changes():
    with namespace("router"):
        kernel = Netlink()
        enable = ("translation", nest(PREFIX_ADD, in6(1, "2001:db8:64::"), u8(2, 96)) + u8(ENABLE, 1),
                  u8(ENABLE, 0) + attr(PREFIX_FLUSH))
        for name, payload, undo in [enable, *CHANGES]:
            before = shown()
            kernel.request(APPLY, payload)
            after = shown()
            kernel.request(APPLY, undo)
            outcomes, wrong = [], []
            for nth in itertools.count(1):
                has_failed, outcome = attempt(kernel, payload, nth)
                now = shown()
                if now not in {"done": [after], "refused": [before]}.get(outcome, [before, after]):
                    wrong.append((nth, outcome, now))
                if outcome not in ("done", "refused", "unheard"):
                    wrong.append((nth, outcome))
                if outcome == "unheard":
                    kernel = Netlink()
                if now == after:
                    kernel.request(APPLY, undo)
                if not has_failed or nth == MOST:
                    break
                outcomes.append(outcome)
            ok(f"{name}: whichever of {len(outcomes)} allocations fails, all of it is done or nothing",
               not wrong and not has_failed and outcomes.count("refused") > 0, outcomes, wrong[:5])


def exchange(first):
    """How many of so many new flows are answered."""
    with namespace("client6"):
        socks = []
        for port in range(first, first + FLOWS):
            sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
            sock.setblocking(False)
            sock.bind(("::", port))
            socks.append(sock)
    return sum(asked(sock) for sock in socks)


def asked(sock, tries=1, patience=0.2):
    """A datagram is answered."""
    for _ in range(tries):
        try:
            sock.sendto(b"x", (TARGET, PORT))
        except OSError:
            continue
        end = time.monotonic() + patience
        while time.monotonic() < end:
            try:
                return sock.recv(9) == b"x"
            except OSError:
                time.sleep(0.005)
    return False


def counter(name):
    said = subprocess.run(["natptconfig", "-n", "router", "show", "stats"], check=True, capture_output=True, text=True)
    return next(int(line.split()[-1]) for line in said.stdout.splitlines() if line.split()[0] == name)


def fail(kind, percent):
    (DEBUG / kind / "probability").write_text(str(percent))


def packets():
    echo = inside("server4", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    echo.bind((SERVER, PORT))
    old = inside("client6", lambda: socket.socket(socket.AF_INET6, socket.SOCK_DGRAM))
    old.setblocking(False)

    def answer():
        while True:
            try:
                echo.sendto(*echo.recvfrom(9))
            except OSError:
                pass

    threading.Thread(target=answer, daemon=True).start()
    ok("a flow", asked(old, 100))
    caches = [cache for cache in SLAB.iterdir() if cache.name.startswith("natpt_")]
    for cache in caches:
        (cache / "failslab").write_text("1")
    (DEBUG / "failslab/cache-filter").write_text("Y")
    fail("failslab", 50)
    answered, refused = exchange(10000), counter("drop-no-memory")
    still = asked(old, 100)
    fail("failslab", 0)
    ok(f"of {FLOWS} new flows, {answered} are answered, the others counted",
       0 < answered < FLOWS and refused >= FLOWS - answered, refused)
    ok("... and the old one is", still)
    (DEBUG / "failslab/cache-filter").write_text("N")
    fail("failslab", 2)
    fail("fail_page_alloc", 1)
    some = sum(exchange(20000 + n * FLOWS) for n in range(3))
    for n in range(200):
        with namespace("router"):
            try:
                Netlink().request(APPLY, rule(60, "2001:db8:6::60", f"192.0.2.{random.randrange(60, 90)}"))
                Netlink().request(APPLY, attr(MAP_DELETE, (60).to_bytes(4, sys.byteorder)))
            except (Refused, OSError):
                pass
    fail("failslab", 0)
    fail("fail_page_alloc", 0)
    ok("where any may fail, some are answered", some > 0)
    ok("memory is back: all are", (answered := exchange(30000)) == FLOWS, answered)


{"changes": changes, "packets": packets}[sys.argv[1]]()

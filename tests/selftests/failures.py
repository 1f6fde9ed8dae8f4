# SPDX-License-Identifier: GPL-2.0
"""failures.py requests: each allocation of each request fails once.
failures.py insmod: some of those of loading the module.
failures.py flows ADDRESS SECONDS: flows of all protocols, old ones and new ones.
failures.py open ADDRESS NUMBER: so many flows of the host with few ports."""

import ctypes
import errno
import os
import random
import socket
import struct
import sys
import time

from nl_client import (APPLY, ENABLE, MAP_ADD, MAP_DELETE, MAP_FLUSH, MAP_FLUSH_KEEP, MAP_RENUM, PREFIX_ADD,
                       PREFIX_FLUSH, PREFIX_GET, RULE_GET, SET, VARIABLE_GET, Netlink, Refused, attr, nest,
                       test)

MANY = 1 << 20
CLONE_NEWNET = 0x40000000
SYS_FINIT_MODULE = 313
libc = ctypes.CDLL(None, use_errno=True)
# what fails next in this thread; open once, for opening allocates
FAIL_NTH = os.open("/proc/thread-self/fail-nth", os.O_RDWR)


def fail_at(nth):
    """Have the allocation of that number fail, the first is 1; 0: none."""
    os.pwrite(FAIL_NTH, str(nth).encode(), 0)


def left():
    """Number of allocations until the one that is to fail; 0: it has."""
    return int(os.pread(FAIL_NTH, 20, 0))


def prefix(n):
    addr = socket.inet_pton(socket.AF_INET6, f"2001:db8:77:{n:x}::")
    return nest(PREFIX_ADD, attr(1, addr), attr(2, b"\x60"))


def rule(number, ports=b""):
    source = socket.inet_pton(socket.AF_INET6, f"2001:db8:1:{number:x}::")
    to = socket.inet_aton(f"203.0.113.{number % 250}")
    return nest(MAP_ADD, attr(1, struct.pack("=I", number)), attr(2, source), attr(3, b"\x40"), attr(4, to),
                ports)


def variable(name, value):
    return nest(SET, attr(1, name), attr(2, struct.pack("=Q", value)))


ON, OFF = (attr(ENABLE, bytes([on])) for on in (1, 0))
RULES = b"".join(rule(number) for number in range(1000, 1003))
# what is asked for, after what
REQUESTS = {
    "the first prefix": (b"", prefix(1)),
    "three rules": (prefix(1), RULES),
    "enabling": (prefix(1) + RULES, ON),
    "a rule and a prefix more": (prefix(1) + RULES + ON, rule(1003) + prefix(2)),
    "another value": (prefix(1) + RULES + ON, variable(b"udp-timeout\0", 500)),
    "a rule less": (prefix(1) + RULES + ON, attr(MAP_DELETE, struct.pack("=I", 1001))),
    "other numbers": (prefix(1) + RULES + ON, nest(MAP_RENUM, attr(1, struct.pack("=I", 7)))),
    "no rules": (prefix(1) + RULES + ON, attr(MAP_FLUSH)),
    "no rules, keeping": (prefix(1) + RULES + ON, attr(MAP_FLUSH_KEEP)),
    "no prefixes": (prefix(1) + RULES + ON, attr(PREFIX_FLUSH)),
    "disabling": (prefix(1) + RULES + ON, OFF),
}


def state(kernel):
    return [kernel.dump(command)[0] for command in (PREFIX_GET, RULE_GET, VARIABLE_GET)]


def alone():
    """A namespace of our own, fresh."""
    if libc.unshare(CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "unshare")


def each_fails(text, before, payload):
    """Asks for `payload` again and again, each time another allocation fails."""
    wrong, failed, tolerated = [], 0, 0
    for nth in range(1, MANY):
        alone()
        kernel = Netlink()
        if before:
            kernel.request(APPLY, before)
        was = state(kernel)
        fail_at(nth)
        try:
            kernel.request(APPLY, payload)
            refused = None
        except Refused as no:
            refused = no
        has_failed = left() == 0
        fail_at(0)
        if refused is None:
            tolerated += has_failed
        else:
            failed += 1
            if refused.code != errno.ENOMEM:
                wrong.append(f"{nth}: {refused}")
            if state(kernel) != was:
                wrong.append(f"{nth}: something has changed")
            kernel.request(APPLY, payload)
        if not has_failed:
            break
    test(f"{text}: each of {failed + tolerated} allocations failed", not wrong and failed > 0, wrong[:5])


def requests():
    for text, (before, payload) in REQUESTS.items():
        each_fails(text, before, payload)


def load(nth):
    """Loads the module, of whose allocations one fails. Returns an error, 0: none, and how many there were to come."""
    with open("/natpt/natpt.ko", "rb") as file:
        fail_at(nth)
        ctypes.set_errno(0)
        code = ctypes.get_errno() if libc.syscall(SYS_FINIT_MODULE, file.fileno(), b"", 0) != 0 else 0
        to_come = left()
        fail_at(0)
    return code, to_come


def insmod():
    # those of modules, of which there is no other: where this one will be is not known yet, and the kernel's own
    # tracing warns when it finds no memory for a module
    for injector in "failslab", "fail_page_alloc":
        for name, value in ("require-start", 0xffffffffa0000000), ("require-end", 0xffffffffff000000):
            with open(f"/sys/kernel/debug/{injector}/{name}", "w", encoding="ascii") as file:
                file.write(str(value))
    code, to_come = load(MANY)
    number = MANY - to_come
    test(f"it loads, with {number} allocations", code == 0 and number > 0 and os.system("rmmod natpt") == 0)
    # all of them take a quarter of an hour
    seed = random.randrange(1 << 32)
    print(f"# seed {seed}", flush=True)
    codes = []
    for nth in random.Random(seed).sample(range(1, number + 1), min(number, 100)):
        codes.append(load(nth)[0])
        if codes[-1] == 0:
            os.system("rmmod natpt")
    test("it loads or does not, for want of memory", set(codes) <= {0, errno.ENOMEM} and errno.ENOMEM in codes,
         codes)


def flows(address, seconds):
    """Packets to ports that are open and to such that are not, from sockets that stay and from new ones."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    stay = [socket.socket(family, socket.SOCK_DGRAM) for _ in range(20)]
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for one in stay:
            try:
                one.sendto(b"natpt", (address, random.randrange(1024, 65536)))
                one.recv(100, socket.MSG_DONTWAIT)
            except OSError:
                # an error has come back
                pass
        with socket.socket(family, socket.SOCK_STREAM) as one:
            one.setblocking(False)
            one.connect_ex((address, random.choice((80, random.randrange(1024, 65536)))))
        time.sleep(0.01)


def few_ports(address, number):
    """One flow from each of so many ports."""
    for n in range(number):
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as one:
            one.bind(("2001:db8:6::f", 20000 + n))
            one.sendto(b"natpt", (address, 9))


match sys.argv[1:]:
    case ["requests"]:
        requests()
    case ["insmod"]:
        insmod()
    case ["flows", to, duration]:
        flows(to, int(duration))
    case ["open", to, count]:
        few_ports(to, int(count))

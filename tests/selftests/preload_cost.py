#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""preload_cost.py LIBRARY FILE...: of callgrind's dumps after the functions call_NAME of
preload-foreign: the instructions in the library, for one call of NAME."""

import re
import sys

CALLS = 1000
LIMIT = 60
HOOKS = set(
    "socket bind connect listen accept accept4 getsockname getpeername sendto sendmsg sendmmsg"
    " recvfrom recvfrom_chk recvmsg recvmmsg setsockopt getsockopt ioctl dup dup2 dup3 fcntl close fclose"
    " closefrom close_range epoll_ctl".split()
)
# a descriptor that is made and closed passes two hooks
TWICE = {"socket", "dup"}


def instructions(text, library):
    """Those in the library itself, not in what it calls."""
    total, inside, called = 0, False, False
    for line in text.splitlines():
        if line.startswith("ob="):
            inside = line.endswith("/" + library)
        elif line.startswith("calls="):
            called = True
        elif re.match(r"[0-9+*-]", line):
            if inside and not called:
                total += int(line.split()[-1])
            called = False
    return total


def main():
    library, files = sys.argv[1], sys.argv[2:]
    seen = 0
    for file in files:
        text = open(file).read()
        trigger = re.search(r"^desc: Trigger: .*call_(\w+)$", text, re.M)
        # the loader has functions call_init and the like
        if not trigger or trigger[1] not in HOOKS:
            continue
        seen += 1
        name = trigger[1]
        cost = instructions(text, library) / CALLS / (2 if name in TWICE else 1)
        good = 0 < cost < LIMIT
        print(f"{'ok' if good else 'not ok'} {library}: {name}: {cost:.1f} instructions")
    print(f"{'ok' if seen == len(HOOKS) else 'not ok'} {library}: {seen} hooks counted")


main()

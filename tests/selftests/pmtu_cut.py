# SPDX-License-Identifier: GPL-2.0
"""IPv6 packets of 1280 bytes to IPv4 links below, IPv4 packets without DF to IPv6 links."""

import os

from far import *
from stacks import counted_errors, ok, tcp

data = os.urandom(300007)


def cut(text, up, down, **options):
    forget()
    errors = Filter(lose=False)
    trouble = tcp("far6", "far4", FAR46, FAR4, up, down, **options)
    seen = errors.remove()
    ok(text, not trouble and not seen, trouble, f"{seen} errors")


# req: A-020 A-171
mtu(END6, 1280)
for size in 576, 1006, 1259, 1260:
    mtu(MIDDLE4, size)
    cut(f"from 1280 for IPv6 to {size} for IPv4", data, b"")
mtu(MIDDLE4, 1500)
mtu(END6, 1500)

# req: D-140
for size in 1280, 1400, 1500:
    mtu(MIDDLE6, size)
    cut(f"to {size} for IPv6, without DF", b"", data, server_fragments=True)

wrong = counted_errors(*SPACES)
ok("no error is counted anywhere", not wrong, *wrong)

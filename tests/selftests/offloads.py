# SPDX-License-Identifier: GPL-2.0
"""TCP and UDP in both directions, with every combination of offloads on the way."""

import itertools
import os
import subprocess

from stacks import QUICK, counted_errors, namespace, ok, tcp, udp

SERVER4, SERVER46 = "198.51.100.10", "2001:db8:64::198.51.100.10"
SPACES = "client6", "router", "server4"
# what belongs together: segmentation by a device needs the rest of its line
FLAGS = ("gro",), ("tso", "gso", "tx-udp-segmentation"), ("tx",), ("rx",), ("sg",)
MORE = "rx-gro-list", "rx-udp-gro-forwarding"
up, down = os.urandom(400001), os.urandom(400001)


def offloads(ns, dev, flags):
    """Sets {name: on}, in an order in which dependencies hold."""
    words = [word for name in ("rx", "sg", "tx", "tso", "gso", "tx-udp-segmentation", "gro", *MORE)
             if name in flags for word in (name, "on" if flags[name] else "off")]
    with namespace(ns):
        subprocess.run(("ethtool", "-K", dev, *words), check=False, capture_output=True)


def router(flags):
    offloads("router", "in6", flags)
    offloads("router", "out4", flags)


def hosts(flags):
    offloads("client6", "eth0", flags)
    offloads("server4", "eth0", flags)


def variant(text):
    # 1452 and no more: beyond, the path MTU would first have to be learnt
    wrong = [tcp("client6", "server4", SERVER46, SERVER4, up, down),
             udp("client6", "server4", SERVER46, SERVER4,
                 (0, 1, 2, 1000, 1231, 1232, 1452, 3001, 8000), (11, 1200))]
    ok(text, not any(wrong), *wrong)


def chosen(bits):
    return {name: on for names, on in zip(FLAGS, bits) for name in names}


# in the quick size, the router's links always check checksums
RX = (True,) if QUICK else (True, False)
every = chosen([True] * len(FLAGS))
for host_bits in [True] * len(FLAGS), [False] * len(FLAGS):
    hosts(chosen(host_bits))
    kind = "hosts with all" if host_bits[0] else "hosts with none"
    for bits in itertools.product(*[RX if names == ("rx",) else (True, False) for names in FLAGS]):
        router(chosen(bits))
        on = [names[0] for names, bit in zip(FLAGS, bits) if bit]
        variant(f"{kind}, router with {' '.join(on) or 'none'}")

# merging of what is forwarded: as one large datagram, or as a list of packets
for host_bits in [True] * len(FLAGS), [False] * len(FLAGS):
    hosts(chosen(host_bits) | {"gro": True})
    kind = "hosts with all" if host_bits[0] else "hosts with none"
    for name, sending in itertools.product(MORE, (True, False)):
        router(every | {"tso": sending, "gso": sending, "sg": sending, "tx": sending, name: True})
        variant(f"{kind}, router with {name}, {'all' if sending else 'nothing'} left to devices")
        router({name: False})

wrong = counted_errors(*SPACES)
ok("no error is counted anywhere", not wrong, *wrong)

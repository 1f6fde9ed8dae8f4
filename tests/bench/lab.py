# SPDX-License-Identifier: GPL-2.0
"""The network of the benches: a router with a host on each of three links, pktgen, and counters."""

import contextlib
import mmap
import pathlib
import re
import subprocess

PORT = 9  # of the receiver

# What the receivers drop and count.
UDP, TCP = "meta l4proto udp", "meta l4proto tcp"
ECHO = "meta l4proto { icmp, ipv6-icmp } meta pkttype host"

CLIENT6, ROUTER6, SERVER6 = "2001:db8:6::2", "2001:db8:6::1", "2001:db8:5::10"
CLIENT4, ROUTER4 = "10.0.6.2", "10.0.6.1"
SERVER4, SERVER4_ROUTER, POOL = "198.51.100.10", "198.51.100.1", "192.0.2.1"
SERVER46 = "2001:db8:64::c633:640a"
HOST4 = "192.0.2.80"  # the client's own address, where it is translated statelessly
CLAT4, CLAT6 = "192.0.0.1", "2001:db8:6::c1a7"
PREFIX = "prefix 2001:db8:64::/96"

# The router's end of each host's link.
LINKS = {"client6": "in6", "server4": "out4", "server6": "out6"}


def run(command, **options):
    return subprocess.run(
        command, shell=True, check=True, text=True, stdout=subprocess.PIPE, **options
    ).stdout


def at(namespace, command, **options):
    return run(f"ip netns exec {namespace} {command}", **options)


def config(*statements, namespace="router"):
    at(namespace, "natptconfig -f -", input="\n".join(statements) + "\n")


# One host stands for many here.
UNLIMITED = [f"set {name}" for name in ("host-rate = 1000000", "host-mappings = 16777216",
                                        "host-sessions = 16777216")]


@contextlib.contextmanager
def translated(*rules, namespace="router"):
    """What is done within is done while these rules are in force, with no sessions from before."""
    run("rmmod natpt; insmod /natpt/natpt.ko")
    config(PREFIX, *rules, *UNLIMITED, "map enable", namespace=namespace)
    yield
    config("map disable", namespace=namespace)


@contextlib.contextmanager
def ruleset(text, namespace="router"):
    """What is done within is done with these rules of nftables."""
    at(namespace, "nft -f -", input=text)
    yield
    at(namespace, "nft flush ruleset")


def router_mac(namespace):
    return re.search("link/ether ([0-9a-f:]+)", run(f"ip -n router link show {LINKS[namespace]}"))[1]


# A packet that is shared makes the stack clone and copy it, as none does that comes from a driver.
FLAGS = ["flag !SHARED"]


def generate(namespace, packets, *commands):
    """Has pktgen send packets; the nanoseconds that they take."""
    settings = [f"count {packets}", f"dst_mac {router_mac(namespace)}", "clone_skb 0", *FLAGS,
                "delay 0", "pkt_size 90", "flag UDPCSUM"]
    script = f"""
import re
DIR = "/proc/net/pktgen/"
def put(file, text):
    with open(DIR + file, "w") as out:
        out.write(text + "\\n")
put("kpktgend_0", "rem_device_all")
put("kpktgend_0", "add_device eth0")
for command in {[*settings, *commands]}:
    put("eth0", command)
put("pgctrl", "start")
text = open(DIR + "eth0").read()
usec = int(re.search(r"Result: OK: (\\d+)", text)[1])
sent = int(re.search(r"pkts-sofar: (\\d+)", text)[1])
assert sent == {packets}, text
print(usec * 1000)
"""
    return int(at(namespace, "python3 -", input=script))


def pktgen(namespace, *commands):
    return lambda packets: generate(namespace, packets, *commands)


def ports(kind, first, n):
    # pktgen steps through the ports below the last one.
    return [f"udp_{kind}_min {first}", f"udp_{kind}_max {first + n if n > 1 else first}"]


def to4(source, target):
    return [f"src_min {source}", f"src_max {source}", f"dst {target}"]


def to6(target, source=CLIENT6):
    return [f"src6 {source}", f"dst6 {target}", *ports("dst", PORT, 1)]


def one(kind):
    return ports(kind, 1000, 1)


def size(length):
    """Commands for IP packets so long, their data in a page, where a driver leaves it."""
    return [f"pkt_size {length + 14}", *(["frags 1"] if length > 64 else [])]


def received(namespace):
    """Packets that the receiver has dropped since the last call."""
    text = at(namespace, "nft reset counters")
    return int(re.search(r"packets (\d+)", text)[1])


def handled():
    """Packets that the router's IP has got so far; of a train, one."""
    text = at("router", "nstat -asz IpInReceives Ip6InReceives")
    return sum(int(count) for count in re.findall(r"InReceives +(\d+)", text))


def sink(hook, match):
    """Rules that drop and count packets."""
    return f"""
        table {hook.split()[0]} bench {{
            counter seen {{ packets 0 bytes 0 }}
            chain sink {{
                type filter hook {hook.split(" ", 1)[1]};
                {match} counter name "seen" drop
            }}
        }}"""


def floor(match):
    """Has the router drop what comes from the client before it looks at it."""
    return ruleset(sink("netdev ingress device in6 priority 0", match))


def sinks(match):
    """Has the hosts drop what they get."""
    for namespace in LINKS:
        at(namespace, "nft -f -",
           input="flush ruleset;" + sink("inet prerouting priority raw", match))


def network():
    run("bash -c '. /natpt/tests/selftests/lib.sh; network'")
    at("router", f"ip addr add {ROUTER4}/24 dev in6")
    at("client6", f"ip addr add {CLIENT4}/24 dev eth0")
    at("client6", f"ip route add default via {ROUTER4}")
    # Neighbours are found before, and stay.
    at("client6", f"ping -qc1 -W30 {SERVER6}")
    at("client6", f"ping -qc1 -W30 {SERVER4}")
    for neighbour in run("ip -n router neigh show").splitlines():
        address, _, device, _, mac, *_ = neighbour.split()
        if not address.startswith("fe80"):
            run(f"ip -n router neigh replace {address} dev {device} lladdr {mac} nud permanent")


def memory_of_caches():
    """Bytes of natpt's slab caches."""
    rows = [line.split() for line in pathlib.Path("/proc/slabinfo").read_text().splitlines()]
    caches = [row for row in rows if row[0].startswith("natpt_")]
    # slabs, and the pages of each
    return sum(int(row[14]) * int(row[5]) for row in caches) * mmap.PAGESIZE


def memory():
    """Bytes that the kernel has taken for itself."""
    info = dict(re.findall(r"(\w+): +(\d+) kB", pathlib.Path("/proc/meminfo").read_text()))
    return sum(int(info[name]) for name in ("Slab", "VmallocUsed", "Percpu")) * 1024

# SPDX-License-Identifier: GPL-2.0
"""How many ICMP errors a flood is answered with: within limits, all, or none."""

from wire import *

PACKETS = 2000


def sent(name):
    rows = json.loads(run("ip", "netns", "exec", "router", "nstat", "-asj", name))
    return rows["kernel"].get(name, 0)


def sysctl(name, value):
    run("ip", "netns", "exec", "router", "sysctl", "-qw", f"{name}={value}")


def flood(wire, packet, name):
    """Packets that each deserve an error; how many were sent."""
    before, rise = sent(name), Rise()
    data, proto = bytes(packet), ETH_P_IPV6 if isinstance(packet, IPv6) else ETH_P_IP
    for _ in range(PACKETS):
        wire.send(data, proto)
    (net.from_client if wire is net.client else net.from_server)()
    ok("all are dropped and counted", rise["drop-hop-limit"] == PACKETS)
    return sent(name) - before


net = Network()
seen = net.open(IPv6(src=A6, dst=S46) / UDP(sport=4000, dport=7) / b"question")
dying6 = IPv6(src=A6, dst=S46, hlim=1) / UDP(sport=4000, dport=7) / b"dying"
dying4 = IP(src=S4, dst=POOL, ttl=1) / UDP(sport=7, dport=seen[UDP].sport) / b"dying"

# req: A-062 D-135
for family, wire, packet, name, limits, knob in (
        ("IPv6", net.client, dying6, "Icmp6OutTimeExcds", "net.ipv6.icmp.ratemask", "icmpv6-errors"),
        ("IPv4", net.server, dying4, "IcmpOutTimeExcds", "net.ipv4.icmp_ratemask", "icmp-errors")):
    answers = flood(wire, packet, name)
    ok(f"{family}: a flood is answered within the kernel's limits", 0 < answers < PACKETS / 4,
       answers)
    sysctl(limits, "" if family == "IPv6" else 0)
    answers = flood(wire, packet, name)
    ok(f"{family}: without limits each packet is answered", answers == PACKETS, answers)
    config("set", f"{knob}=0")
    answers = flood(wire, packet, name)
    ok(f"{family}: none is if natpt is told so", answers == 0, answers)

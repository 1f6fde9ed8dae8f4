# SPDX-License-Identifier: GPL-2.0
"""Sources and destinations, of packets and of ICMP errors, as the kernel takes its own."""

from scapy.layers.inet6 import ICMPv6ND_NA, ICMPv6ND_NS, ICMPv6NDOptSrcLLAddr

from wire import *


def sysctl(**values):
    for name, value in values.items():
        run("ip", "netns", "exec", "router", "sysctl", "-qw", f"net.{name.replace('__', '.')}={value}")


def silent(text, result, rise=None, counter=None):
    forwarded, returned = result
    ok(text, not forwarded and not returned, show(forwarded + returned))
    if counter:
        ok(f"... counted as {counter}", rise[counter] == 1, counters())


net = Network()
out = net.open(IPv6(src=A6, dst=S46) / UDP(sport=4000, dport=7) / b"question")
port = out[UDP].sport
down = IP(src=S4, dst=POOL) / UDP(sport=7, dport=port) / b"answer"
quoted = net.from_server(down)[0][0]

# errors of IPv6 routers about what was IPv4
about6 = ICMPv6TimeExceeded() / bytes(quoted)
forwarded, _ = net.from_client(IPv6(src=B6, dst=S46) / about6)
ok("an ICMPv6 error from a host passes (control)", len(forwarded) == 1, show(forwarded))
for source, counter in (("2001:db8:64::808:808", "drop-source-in-prefix"),
                        ("fe80::1", "drop-martian-source"),
                        ("::", "drop-martian-source"),
                        (R6, "drop-martian-source")):
    rise = Rise()
    silent(f"an ICMPv6 error from {source} does not", net.from_client(IPv6(src=source, dst=S46) / about6),
           rise, counter)

# errors of IPv4 routers about what was IPv6
about4 = ICMP(type=11) / bytes(out)
forwarded, _ = net.from_server(IP(src="198.51.100.99", dst=POOL) / about4)
ok("an ICMP error from a router passes (control)", len(forwarded) == 1, show(forwarded))
for source in ("127.0.0.1", "0.0.0.0", "0.1.2.3", "224.0.0.5", "255.255.255.255", "240.0.0.1",
               "169.254.1.1", R4):
    rise = Rise()
    silent(f"an ICMP error from {source} does not", net.from_server(IP(src=source, dst=POOL) / about4),
           rise, "drop-martian-source")

# packets to a mapping
forwarded, _ = net.from_server(IP(src="198.51.100.99", dst=POOL) / UDP(sport=7, dport=port) / b"x")
ok("a datagram from another host passes (control)", len(forwarded) == 1, show(forwarded))
for source in ("127.0.0.1", "0.0.0.0", "224.0.0.5", "240.0.0.1", "169.254.1.1", R4):
    rise = Rise()
    silent(f"a datagram from {source} does not",
           net.from_server(IP(src=source, dst=POOL) / UDP(sport=7, dport=port) / b"x"),
           rise, "drop-martian-source")
ok("... nor has it a session", "169.254.1.1" not in config("show", "xlate", "long"))
sysctl(ipv4__conf__out4__accept_local=1)
forwarded, _ = net.from_server(IP(src=R4, dst=POOL) / UDP(sport=7, dport=port) / b"x")
ok("where accept_local is set, one from the router's own address does", len(forwarded) == 1)
sysctl(ipv4__conf__out4__accept_local=0)
silent("... and no more where it is not", net.from_server(
    IP(src=R4, dst=POOL) / UDP(sport=7, dport=port) / b"x"))

# an address that becomes the router's while its session lives
late = IP(src="198.51.100.77", dst=POOL) / UDP(sport=7, dport=port) / b"x"
ok("a host's datagram passes", len(net.from_server(late)[0]) == 1)
run("ip", "-n", "router", "addr", "add", "198.51.100.77/32", "dev", "lo")
silent("... not when its address is the router's", net.from_server(late))
run("ip", "-n", "router", "addr", "del", "198.51.100.77/32", "dev", "lo")
ok("... and when it is no more, again", len(net.from_server(late)[0]) == 1)

# reverse paths
run("ip", "-n", "router", "addr", "add", "10.77.0.1/24", "dev", "in6")
spoofed = IP(src="10.77.0.9", dst=POOL) / UDP(sport=7, dport=port) / b"x"
ok("without rp_filter a source may be anywhere", len(net.from_server(spoofed)[0]) == 1)
for pool in ("routed", "local"):
    if pool == "local":
        run("ip", "-n", "router", "addr", "add", f"{POOL}/32", "dev", "lo")
    for value, passes in ((1, False), (2, True), (0, True)):
        sysctl(ipv4__conf__out4__rp_filter=value)
        rise = Rise()
        forwarded, _ = net.from_server(spoofed)
        ok(f"rp_filter={value}, {pool} pool: a session's packet from elsewhere "
           f"{'passes' if passes else 'does not'}", bool(forwarded) == passes, show(forwarded))
        if not passes:
            ok("... counted", rise["drop-reverse-path"] == 1, counters())
            silent("... nor an error", net.from_server(IP(src="10.77.0.9", dst=POOL) / about4))
        ok("... one from there always", len(net.from_server(down)[0]) == 1)
run("ip", "-n", "router", "addr", "del", f"{POOL}/32", "dev", "lo")

# destinations that no router forwards to
run("ip", "-n", "router", "neigh", "replace", "169.254.169.254", "lladdr", mac("server4", "eth0"),
    "nud", "permanent", "dev", "out4")
run("ip", "-n", "router", "route", "add", "169.254.0.0/16", "dev", "out4")
net.server.hosts.update(("169.254.169.254", "0.1.2.3", "240.0.0.1", "198.51.100.255", "255.255.255.255"))
for target, counter in (("169.254.169.254", "drop-martian-target"), ("0.1.2.3", "drop-martian-target"),
                        ("240.0.0.1", "drop-martian-target"), ("127.0.0.1", "drop-martian-target"),
                        ("224.0.0.1", "drop-martian-target"), ("255.255.255.255", "drop-martian-target"),
                        ("198.51.100.255", "drop-no-unicast-target")):
    rise = Rise()
    silent(f"nothing goes to {target}", net.from_client(
        IPv6(src=A6, dst=f"2001:db8:64::{target}") / UDP(sport=4001, dport=80) / b"x"), rise, counter)

# IPv6 sources
rise = Rise()
silent("a link-local source does not leave its link",
       net.from_client(IPv6(src="fe80::a", dst=S46) / UDP(sport=4002, dport=7) / b"x"),
       rise, "drop-martian-source")

# neighbour discovery for an address under the prefix that the router is proxy of
sysctl(ipv6__conf__all__proxy_ndp=1, ipv6__conf__in6__proxy_ndp=1)
run("ip", "-n", "router", "neigh", "add", "proxy", S46, "dev", "in6")
solicit = (IPv6(src=A6, dst=S46, hlim=255) / ICMPv6ND_NS(tgt=S46)
           / ICMPv6NDOptSrcLLAddr(lladdr=mac("client6", "eth0")))
_, returned = net.from_client(solicit)
if not returned:
    # proxies answer after a random while
    answer = net.client.next(20)
    returned = [answer] if answer else []
ok("a unicast solicitation for a proxied address is answered",
   any(ICMPv6ND_NA in it for it in returned), show(returned))

# SPDX-License-Identifier: GPL-2.0
"""Which address of several a host gets."""

from collections import Counter

from wire import *

net = Network()
net.sentinel6 = "2001:db8:6::5e"
HOSTS = [f"2001:db8:6::1:{n:x}" for n in range(1, 129)]
EIGHT = [f"192.0.2.{n}" for n in range(8, 16)]


def udp(src, sport=7000, dst=S46):
    return IPv6(src=src, dst=dst) / UDP(sport=sport, dport=7) / b"x"


def tcp(src, sport=7000):
    return IPv6(src=src, dst=S46) / TCP(sport=sport, dport=80, flags="S")


def ping(src, number=7000):
    return IPv6(src=src, dst=S46) / ICMPv6EchoRequest(id=number)


def rules(*lines):
    """These are the rules, besides the one of who tells the end of a test."""
    number = 10
    statements = ["map flush", f"map 1 from {net.sentinel6} to {POOL}"]
    for line in lines:
        statements.append(f"map {number} {line}")
        number += 10
    run("natptconfig", "-n", "router", "-f", "-", text="\n".join(statements) + "\n")


def addresses(packets):
    return [p.src for p in packets]


# req: D-034 D-144 C-006 C-008
rules("from any6 to 192.0.2.8/29")
net.client.add(net.sentinel6)
net.port = None
net.from_client()
out, _ = net.from_client(*(kind(host) for host in HOSTS for kind in (udp, tcp, ping)))
given = addresses(out)
ok("128 hosts are translated", len(given) == 3 * len(HOSTS), len(given))
threes = [set(given[n:n + 3]) for n in range(0, len(given), 3)]
ok("each has one address for UDP, TCP and echo", all(len(three) == 1 for three in threes), threes)
first = dict(zip(HOSTS, given[::3]))
shares = Counter(first.values())
ok("they share all eight addresses", sorted(shares) == sorted(EIGHT), shares)
ok("... evenly", 4 <= min(shares.values()) and max(shares.values()) <= 40, shares)
out, _ = net.from_client(*(udp(host, 7001, S56) for host in HOSTS))
ok("with other ports and peers, too", addresses(out) == list(first.values()), addresses(out)[:8])

for host in HOSTS[:16]:
    net.client.add(host)
back = [IP(src=S5, dst=p.src) / UDP(sport=7, dport=p.sport) / b"y" for p in out[:16]]
answers, _ = net.from_server(*back)
ok("answers reach them", [(p.dst, p.dport) for p in answers] == [(h, 7001) for h in HOSTS[:16]],
   show(answers[:4]))

# What a change leaves keeps its sessions, the rest ends.
rules("from any6 to 192.0.2.8/29", "from any6 to 192.0.2.64/26")
out, _ = net.from_client(*(udp(host) for host in HOSTS))
ok("a rule that is there yet keeps its hosts' addresses", addresses(out) == list(first.values()))
rules("from any6 to 192.0.2.12/30")
out, _ = net.from_client(*(udp(host) for host in HOSTS))
ok("half of the pool: all hosts get addresses of that",
   len(out) == len(HOSTS) and set(addresses(out)) <= set(EIGHT[4:]), Counter(addresses(out)))

# req: D-145
rules("from any6 to 192.0.2.9 - 192.0.2.11 proto tcp", "from any6 to 192.0.2.130 proto udp",
      "from any6 to 203.0.113.250 - 203.0.114.5 proto icmp")
out, _ = net.from_client(*(kind(host) for host in HOSTS for kind in (udp, tcp, ping)))
got = [set(addresses(out)[n::3]) for n in range(3)]
ok("a rule each for UDP, TCP and echo", got[0] == {"192.0.2.130"}
   and got[1] == {"192.0.2.9", "192.0.2.10", "192.0.2.11"}
   and got[2] == {f"203.0.113.{n}" for n in range(250, 256)} | {f"203.0.114.{n}" for n in range(6)},
   [sorted(one) for one in got])

# req: C-005 D-035 D-041 D-046
rules("from any6 to 192.0.2.8 - 192.0.2.9 port 5000 - 5003")
out, _ = net.from_client(*(udp(HOSTS[0], 100 + n) for n in range(4)))
mine = set(addresses(out))
ok("four ports of an address are one host's", len(out) == 4 and len(mine) == 1, show(out))
rise = Rise()
out, back = net.from_client(udp(HOSTS[0], 200))
ok("... who gets none of another address", not out and rise["drop-ports-exhausted"] == 1, show(out))
ok("... and is told", [p[ICMPv6DestUnreach].code for p in back if ICMPv6DestUnreach in p] == [3],
   show(back))
out, _ = net.from_client(*(udp(host) for host in HOSTS[1:5]))
ok("other hosts get the other address", set(addresses(out)) == {"192.0.2.8", "192.0.2.9"} - mine
   and len(out) == 4, show(out))
rise = Rise()
out, _ = net.from_client(*(udp(host) for host in HOSTS[5:10]))
ok("when both are full the next are refused", not out and rise["drop-ports-exhausted"] == 5,
   show(out))
out, _ = net.from_client(*(udp(HOSTS[0], 100 + n) for n in range(4)), *(udp(h) for h in HOSTS[1:5]))
ok("... and nobody loses what he has", len(out) == 8, show(out))
out, _ = net.from_client(*(tcp(host) for host in HOSTS[:8]))
ok("ports of TCP are others", len(out) == 8, show(out))
out, _ = net.from_client(*(ping(host) for host in HOSTS[1:5]))
ok("... of the addresses that hosts have already", set(addresses(out)) == {"192.0.2.8", "192.0.2.9"}
   - mine and len(out) == 4, show(out))

# req: D-035
# A rule behind it lets hosts have more than one address.
rules("from any6 to 192.0.2.8 - 192.0.2.9 port 5000 - 5003", "from any6 to 192.0.2.10")
out, _ = net.from_client(*(udp(HOSTS[0], 100 + n) for n in range(8)))
ok("with a rule behind it a host gets the rest of another address", len(out) == 8
   and len(set(addresses(out[:4]))) == 1 and out[0].src in ("192.0.2.8", "192.0.2.9")
   and set(addresses(out[4:])) == {"192.0.2.10"}, show(out))
again, _ = net.from_client(*(udp(HOSTS[0], 100 + n, S56) for n in range(8)))
ok("... and keeps what it has", [(p.src, p.sport) for p in again] == [(p.src, p.sport) for p in out],
   show(again))

# The last free port of many addresses is found, if not at once.
rules("from any6 to 192.0.2.128 - 192.0.2.191 port 5000 - 5000")
left, rounds = list(HOSTS[:64]), 0
while left and rounds < 40:
    out, _ = net.from_client(*(udp(host) for host in left))
    has = {row["source6"] for row in json.loads(config("-j", "show", "xlate", "proto", "udp"))}
    left = [host for host in left if host not in has]
    rounds += 1
used = [row["source4"] for row in json.loads(config("-j", "show", "xlate", "proto", "udp"))
        if row["source6"] in HOSTS]
ok("64 hosts fill 64 addresses of one port", not left and len(set(used)) == 64, (len(left), rounds))

# Rules that share an address, and rules that take over from others.
rules(f"from {A6} to 192.0.2.8 port 5000 - 5001", f"from {B6} to 192.0.2.8 port 5001 - 5002",
      "from any6 to 192.0.2.77 proto udp", "from any6 to 192.0.2.78")
out, _ = net.from_client(*(udp(A6, n) for n in (1, 2)))
ok("two ports of a shared address", sorted((p.src, p.sport) for p in out)
   == [("192.0.2.8", 5000), ("192.0.2.8", 5001)], show(out))
out, _ = net.from_client(*(udp(B6, n) for n in (1, 2)))
ok("another host gets the third, and one of the next rule's",
   len(out) == 2 and (out[0].src, out[0].sport) == ("192.0.2.8", 5002)
   and out[1].src == "192.0.2.77", show(out))
rise = Rise()
out, _ = net.from_client(udp(A6, 3), tcp(A6, 1), tcp(A6, 2), tcp(A6, 3), ping(B6, 1))
ok("each by the rules of its host and protocol", [p.src for p in out]
   == ["192.0.2.77", "192.0.2.8", "192.0.2.8", "192.0.2.78", "192.0.2.8"], show(out))
ok("... and nothing is counted as refused", rise["drop-ports-exhausted"] == 0)

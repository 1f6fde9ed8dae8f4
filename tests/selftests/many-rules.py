# SPDX-License-Identifier: GPL-2.0
"""Many rules: which is for a host, and what it costs to load them."""

import math
import random
import resource
import subprocess
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from stacks import QUICK
from wire import *

random.seed(7757)
net = Network()
net.sentinel6 = "2001:db8:6::5e"
net.client.add(net.sentinel6)
SENTINEL = f"map 1 from {net.sentinel6} to {POOL}"


def load(*lines):
    """Loads statements, with which those of before go; returns the CPU seconds that it took."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    text = "\n".join(["map flush", SENTINEL, *lines]) + "\n"
    run("natptconfig", "-n", "router", "-f", "-", text=text)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def refused(*lines):
    """What the tool says to statements that are refused."""
    tool = subprocess.run(["natptconfig", "-n", "router", "-f", "-"], text=True,
                          input="\n".join(lines) + "\n", stderr=subprocess.PIPE)
    return tool.stderr if tool.returncode else "nothing"


def udp(host, port=7):
    return IPv6(src=str(host), dst=S46) / UDP(sport=port, dport=7) / b"x"


def anew():
    net.port = None
    net.from_client()


# Rules of all lengths in a network of 16 bits, each with a pool of its own.
HOSTS = [IPv6Address("2001:db8:6::7:0") + n for n in random.sample(range(0x10000), 60)]
PROTOS = {"icmp": lambda src: IPv6(src=src, dst=S46) / ICMPv6EchoRequest(id=7),
          "tcp": lambda src: IPv6(src=src, dst=S46) / TCP(sport=7, dport=80, flags="S"),
          "udp": lambda src: IPv6(src=src, dst=S46) / UDP(sport=7, dport=7) / b"x"}


def rule(number):
    lengths = [0, 64, 112, 116, 120, 122, 124, 126, 127] + 9 * [128]
    host, length = random.choice(HOSTS), random.choice(lengths)
    # few are for all, or nothing would be left for the others
    length = length if number > 600 or length > 112 else 128
    protos = random.sample(list(PROTOS), random.choice([1, 1, 1, 2, 3]))
    hosts = IPv6Network((host, length), strict=False)
    return number, hosts, protos, str(IPv4Address("10.1.0.0") + number)


def statement(number, hosts, protos, pool):
    source = "any6" if hosts.prefixlen == 0 else hosts
    return f"map {number} from {source} to {pool} proto {'/'.join(protos)}"


def wanted(rules, host, proto):
    return next((r[3] for r in rules if host in r[1] and proto in r[2]), None)


def found(proto):
    """The pool address that each host gets for a protocol."""
    out, _ = net.from_client(*(PROTOS[proto](str(host)) for host in HOSTS))
    return [p.src for p in out]


def agree(what, rules):
    for proto in PROTOS:
        right = [addr for host in HOSTS if (addr := wanted(rules, host, proto))]
        pools = found(proto)
        ok(f"{what}, {proto}: each host gets the pool of the first rule that is for it",
           pools == right, [(str(h), p, r) for h, p, r in zip(HOSTS, pools, right) if p != r][:4])


for host in HOSTS:
    net.client.add(str(host))
for count in 5, 40, 700:
    rules = [rule(number) for number in range(2, 2 + count)]
    load(*(statement(*r) for r in random.sample(rules, count)))
    anew()
    agree(f"{count} rules", rules)
for _ in range(3):
    gone = random.sample(rules, 100)
    rules = [r for r in rules if r not in gone]
    load("session flush", *(statement(*r) for r in rules))
    anew()
    agree("after changes", rules)
gone = random.sample(rules, 150)
run("natptconfig", "-n", "router", "-f", "-", text="".join(f"map delete {r[0]}\n" for r in gone))
rules = [r for r in rules if r not in gone]
agree("without 150 of them", rules)

# The pool of the first rule is exhausted: the next ones give, wherever they stand.
host = HOSTS[0]
far = [f"map {n} from {IPv6Address('2001:db8:6::8:0') + n} to 10.9.0.1" for n in range(10, 60)]
load(f"map 5 from {host} to 10.2.0.1 port 5000 - 5000", *far,
     "map 70 from any6 to 10.2.0.2 port 5000 - 5000", "map 71 from 2001:db8:7::/48 to 10.2.0.9",
     f"map 80 from {host} to 10.2.0.3 proto tcp",
     "map 90 from 2001:db8:6::/48 to 10.2.0.4 port 5000 - 5000")
config("set", "evict", "=", "0")
anew()
out, _ = net.from_client(*(udp(host, n) for n in (11, 13, 15, 17)))
ok("rules behind one whose pool is full give in their order", [p.src for p in out] ==
   ["10.2.0.1", "10.2.0.2", "10.2.0.4"], [p.src for p in out])

# Stateless rules in any order.
COUNT = 250 if QUICK else 2500


def mappings(count):
    v4 = random.sample(range(1 << 20), count)
    return [(IPv6Address("2001:db8:6::9:0:0:0") + random.getrandbits(40) * 256 + n % 256,
             IPv4Address("10.64.0.0") + n) for n in v4]


def stateless(pairs):
    return [f"map from {v6} to {v4} stateless" for v6, v4 in pairs]


pairs = mappings(COUNT)
load(*stateless(pairs))
anew()
some = random.sample(pairs, 50)
out, _ = net.from_client(*(udp(v6) for v6, _ in some))
ok(f"{COUNT} stateless rules: each host has its address",
   [p.src for p in out] == [str(v4) for _, v4 in some], show(out[:3]))
for v6, _ in some:
    net.client.add(str(v6))
back = [IP(src=S4, dst=str(v4)) / UDP(sport=7, dport=7) / b"x" for _, v4 in some]
out, _ = net.from_server(*back)
ok("... and is found by it", [p.dst for p in out] == [str(v6) for v6, _ in some], show(out[:3]))
before = config("show", "config")
v6, v4 = some[0]
net6, net4 = IPv6Network((v6, 120), strict=False), IPv4Network((v4, 24), strict=False)
taken = {"an IPv6 address": f"map from {v6} to 10.255.0.1 stateless",
         "an IPv4 address": f"map from 2001:db8:99::1 to {v4} stateless",
         "an IPv6 network": f"map from {net6} to 10.255.0.0/24 stateless",
         "an IPv4 network": f"map from 2001:db8:98::/112 to {net4} stateless",
         "a pool": f"map from any6 to {v4}",
         "a pool of many": "map from any6 to 10.64.0.0/18"}
for what, line in taken.items():
    more = stateless((IPv6Address("2001:db8:97::") + n, IPv4Address("10.200.0.0") + n * 7919 % 65536)
                     for n in random.sample(range(300), 300))
    said = refused(*more[:150], line, *more[150:])
    ok(f"among 300 new ones {what} that is there already is refused, by its line",
       ":151:" in said, said)
ok("... and changes nothing", config("show", "config") == before)
said = refused(*more[:150], more[40].replace("map", "map 999999"), *more[150:])
ok("... one among the new ones, too", ":151:" in said, said)

# What loading costs grows no faster than n log n.
FEW, MANY = COUNT, COUNT * (4 if QUICK else 8)
HOST, LAST4 = IPv6Address("2001:db8:6::9:0:0:0"), IPv4Address("10.255.255.255")


def growth(what, make, few=FEW, many=MANY, again=False):
    def cost(n):
        if again:
            load(*make(n))
        return min(load(*make(n)) for _ in range(2))

    wanted = many * math.log2(many) / (few * math.log2(few))
    small = large = math.inf
    # What else the machine does counts as ours: what fits once is what it takes.
    for _ in range(5):
        small, large = min(small, cost(few)), min(large, cost(many))
        fits = large <= max(1.6 * wanted * small, 0.5)
        print(f"# {what}: {few} in {small:.2f} s, {many} in {large:.2f} s of the CPU", flush=True)
        if fits:
            break
    ok(f"{what}: {many} rules take at most n log n of what {few} take", fits,
       f"{large / small:.1f} times as long, {wanted:.1f} are n log n")


def shuffled(rows):
    return random.sample(rows, len(rows))


def sharing(count):
    return [f"map from {HOST + n} to 10.3.0.1" for n in range(count)]


def static(count):
    return [f"map from {HOST + n} to {IPv4Address('10.3.0.0') + n} bidir" for n in range(count)]


growth("stateless rules in random order", lambda n: stateless(mappings(n)))
growth("stateless rules, the last address first",
       lambda n: stateless((HOST - k, LAST4 - k) for k in range(n)))
growth("static mappings in random order", lambda n: shuffled(static(n)), FEW // 2, MANY // 2)
growth("rules of one pool with hosts in random order", lambda n: shuffled(sharing(n)))
growth("the same rules in another order", lambda n: shuffled(sharing(n)), again=True)
said = refused("map flush", *sharing(131073))
ok("131072 rules are the most", "too many rules" in said, said)

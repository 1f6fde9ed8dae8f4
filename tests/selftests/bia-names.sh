#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Which names libbia.so makes addresses for, which addresses those are, and where connections to
# them go: IPv6-only hosts, hosts of both families, and a client that gets IPv4 while it runs.
# needs: no module

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/programs.bash"

S6B=2001:db8:5::11
CLOSED6=2001:db8:5::12
network
# both families on one host: client and server are dual-stack hosts, but the client has no IPv4
ip -n server6 addr add $S6B/64 dev eth0 nodad
ip -n server6 addr add $CLOSED6/64 dev eth0 nodad
ip -n router addr flush dev out4
ip -n router addr add $R4/24 dev out6
ip -n server6 addr add $S4/24 dev eth0
ip -n server6 route add default via $R4
ip -n router addr add 10.9.0.1/24 dev in6
only_hosts client6 "$S6 six.test" "$S6 both.test" "$S4 both.test" \
	"$CLOSED6 closed.test" "$S4 closed.test" \
	"$S6 three.test" "$S6B three.test" "$CLOSED6 three.test" \
	"$S6 lo.test" "127.0.0.2 lo.test" "$S6 ll.test" "169.254.1.1 ll.test" \
	"$S6 mixed.test" "::ffff:192.0.2.77 mixed.test" "fe80::1 mixed.test" "ff02::1 mixed.test" \
	"fe80::1 none.test" "ff02::1 none.test" \
	"$S46 made.test" "$S4 made.test" "2001:db8:5::21 a.test" "2001:db8:5::22 b.test" \
	"2001:db8:5::23 c.test" "2001:db8:5::24 d.test" "2001:db8:5::25 e.test"
for n in 1 2 3 4 5; do
	ip -n server6 addr add 2001:db8:5::2$n/64 dev eth0 nodad
done
# serve NAMESPACE WORD ADDRESS...: who calls an address is told the word, or the address
serve()
{
	quietly "$1" python3 -c '
import selectors, socket, sys
ready = selectors.DefaultSelector()
word = sys.argv[1]
for address in sys.argv[2:]:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    ready.register(socket.create_server((address, 7), family=family), selectors.EVENT_READ)
while True:
    for key, _ in ready.select():
        with key.fileobj.accept()[0] as client:
            client.sendall((word or client.getsockname()[0]).encode() + b"\n")' "${@:2}"
	wait_for listening "$1" 7
}
# nobody listens on CLOSED6
serve server6 '' $S6 $S6B 2001:db8:5::2{1..5} $S4
# bia SCRIPT [ARGUMENT...]: Python through bia at the client; environment in ENV
bia()
{
	at client6 env ${ENV-} LD_PRELOAD=/natpt/bin/libbia.so timeout 100 python3 -c "
import os, socket, subprocess, sys
def addresses(name):
    try:
        return socket.gethostbyname_ex(name)[2]
    except OSError as error:
        return [type(error).__name__]
def listed(name, flags=0):
    try:
        return [entry[4][0] for entry in
                socket.getaddrinfo(name, 7, socket.AF_INET, socket.SOCK_STREAM, 0, flags)]
    except OSError as error:
        return [type(error).__name__]
def call(address, mark=0, kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as client:
        client.settimeout(None)
        if mark:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, mark)
        try:
            client.connect((address, 7))
        except OSError as error:
            return os.strerror(error.errno)
        return client.makefile().readline().strip()
def in_network(address, network):
    import ipaddress
    return ipaddress.ip_address(address) in ipaddress.ip_network(network)
def ip(*words):
    # at once: this process runs in the client's namespace
    subprocess.run(['ip', *words], check=True, env={'PATH': os.environ['PATH']})
$1" "${@:2}" 2>&1
}
# all ways to look a name up say the same, as many addresses as said, all of a network
of_pool()
{
	bia 'found = addresses(sys.argv[1])
same = found == listed(sys.argv[1]) == listed(sys.argv[1], socket.AI_ADDRCONFIG)
print(len(found), same, all(in_network(one, sys.argv[2]) for one in found))' "$@"
}
POOL1=10.170.160.0/20 POOL2=172.21.80.0/20

# the pool
# req: G-012
is "an IPv6-only host: an address of the recommended pool" \
	"1 True True" "$(of_pool six.test $POOL1)"
# req: G-003 G-004
is "three IPv6 addresses: three" "3 True True" "$(of_pool three.test $POOL1)"
is "… each leads to its own" "$S6 $S6B Connection refused" \
	"$(bia 'print(*map(call, addresses("three.test")))')"
own='server = socket.create_server(("0.0.0.0", 0)); peer = socket.socket()
call_me = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
call_me.connect((addresses("six.test")[0], 7))
name = call_me.getsockname()[0]
print(in_network(name, sys.argv[1]))
other = socket.socket()
other.connect((name, server.getsockname()[1]))
print(server.accept()[0].getsockname()[0] == "127.0.0.1")'
is "the host's own address is of the recommended pool, and leads to it" "True True" \
	"$(bia "$own" 172.21.112.0/20 | xargs)"
# req: G-013
ip -n client6 addr add 10.170.161.1/24 dev lo
is "an interface is in the pool: the second one" "1 True True" "$(of_pool six.test $POOL2)"
ip -n client6 addr add 172.21.113.1/24 dev lo
is "… for the own address, too" "True True" "$(bia "$own" 10.170.224.0/20 | xargs)"
ip -n client6 addr del 10.170.161.1/24 dev lo
ip -n client6 addr del 172.21.113.1/24 dev lo
# req: G-011
for pool in 0.0.0.0/24 10.20.30.0/24; do
	is "NATPT_POOL=$pool" "1 True True" "$(ENV=NATPT_POOL=$pool of_pool six.test $pool)"
	is "… leads there" $S6 "$(ENV=NATPT_POOL=$pool bia 'print(call(addresses("six.test")[0]))')"
done

# which addresses of a name count
# req: G-005
is "127/8 is no host's address" "1 True True" "$(of_pool lo.test $POOL1)"
is "nor is 169.254/16" "1 True True" "$(of_pool ll.test $POOL1)"
is "IPv4-mapped, link-local and multicast ones have nothing that stands for them" "1 True True" \
	"$(of_pool mixed.test $POOL1)"
is "a name that has only such ones has no address" "gaierror gaierror" \
	"$(bia 'print(addresses("none.test")[0].replace("herror", "gaierror"), *listed("none.test"))')"
# req: G-036
is "an IPv6 address that a translator's DNS64 made: the real IPv4 address" "$S4 $S4" \
	"$(ENV=NATPT_PREFIX=$P bia 'print(*addresses("made.test"), *listed("made.test"))')"
is "… others are not the translator's" "1 True True" \
	"$(ENV=NATPT_PREFIX=$P of_pool both.test $POOL1)"

# fault: names-18
is "an address is one, whatever addresses this host has" "$(for i in {1..7}; do echo True; done | xargs)" "$(bia '
made = addresses("six.test")[0]
for flags in socket.AI_ADDRCONFIG, socket.AI_ADDRCONFIG | socket.AI_NUMERICHOST:
    for family in socket.AF_INET, socket.AF_UNSPEC:
        for name in {made, "127.0.0.1"} if family == socket.AF_INET else {made}:
            try:
                found = socket.getaddrinfo(name, 7, family, socket.SOCK_STREAM, 0, flags)
                print([entry[4] for entry in found] == [(name, 7)], end=" ")
            except OSError as error:
                print(error, end=" ")
try:
    print(len(socket.getaddrinfo(None, 7, socket.AF_INET, socket.SOCK_STREAM, 0, socket.AI_ADDRCONFIG)) == 1)
except OSError as error:
    print(error)')"
# what was not handed out
ip -n client6 addr add 10.9.0.2/24 dev eth0
ip -n client6 route add $POOL1 via 10.9.0.1
ip -n router route add local $POOL1 dev lo
serve router native 0.0.0.0
# req: G-018
is "an address of the pool that stands for nothing is IPv4's" "$S6 native True" \
	"$(bia 'known = addresses("six.test")[0]
other = "10.170.160.9" if known != "10.170.160.9" else "10.170.160.10"
print(call(known), call(other), end=" ")
with socket.socket() as client:
    client.connect((other, 7))
    print(os.popen("ss -Htn4").read().count(other + ":7") == 1)')"
ip -n client6 route del $POOL1
ip -n client6 addr del 10.9.0.2/24 dev eth0

# an answer lives as long as what it stands for
# req: G-007
is "names beyond the pool: each answer is that of now" "15 of 15" "$(ENV=NATPT_POOL=10.20.30.0/30 \
	bia 'good = 0
for _ in range(3):
    for name in "abcde":
        answer = addresses(name + ".test")[0]
        good += call(answer) == "2001:db8:5::2%d" % ("abcde".index(name) + 1)
print(good, "of 15")')"
is "a program that is executed knows nothing of what was handed out before" \
	"Network is unreachable $S6" "$(bia '
if len(sys.argv) == 1:
    os.execv(sys.executable, [*sys.orig_argv, addresses("six.test")[0]])
print(call(sys.argv[1]), call(addresses("six.test")[0]))')"

# hosts of both families
is "no IPv4 here: IPv6 it is" "1 True True" "$(of_pool both.test $POOL1)"
is "… and works" $S6 "$(bia 'print(call(addresses("both.test")[0]))')"
is "NATPT_A=always: the IPv4 address all the same" "$S4 $S4" \
	"$(ENV=NATPT_A=always bia 'print(*addresses("both.test"), *listed("both.test"))')"
ip -n client6 addr add 10.9.0.2/24 dev eth0
is "IPv4, but no way to this host: IPv6" "1 True True" "$(of_pool both.test $POOL1)"
ip -n client6 route add default via 10.9.0.1
# req: G-002 G-032
is "IPv4: the host's own address, and nothing is made up" "$S4 $S4" \
	"$(bia 'print(*addresses("both.test"), *listed("both.test"))')"
is "… and IPv4 is what is spoken" $S4 "$(bia 'print(call(addresses("both.test")[0]))')"
is "a host that has IPv6 only is reached as ever" $S6 \
	"$(bia 'print(call(addresses("six.test")[0]))')"
ip -n client6 route del default
# req: G-032
is "IPv4 comes while the program runs: no more translation" "$S6 $S4 $S4 $S6 $S6" "$(bia '
made = addresses("both.test")[0]
print(call(made), end=" ")
ip("route", "add", "default", "via", "10.9.0.1")
print(call(made), *addresses("both.test"), end=" ")
ip("route", "del", "default")
print(call(made), call(addresses("both.test")[0]))')"

# the host refuses over IPv6. This host has IPv4 for marked packets only, so that it has none for
# names, and a program that marks its sockets has.
ip -n client6 route add default via 10.9.0.1 table 100
ip -n client6 rule add fwmark 1 lookup 100
# req: G-031
is "refused over IPv6: IPv4 is tried" "$S4" \
	"$(bia 'print(call(addresses("closed.test")[0], mark=1))')"
is "… and if that fails, too, the first error is the program's" "Connection refused" \
	"$(bia 'print(call(addresses("closed.test")[0]))')"
is "not refused: it stays with IPv6" "$S6" "$(bia 'print(call(addresses("both.test")[0], mark=1))')"
is "UDP is left to the program" "True $S4" "$(bia '
made = addresses("both.test")[0]
ip("route", "add", "default", "via", "10.9.0.1")
for kind in socket.SOCK_DGRAM, socket.SOCK_STREAM:
    with socket.socket(socket.AF_INET, kind) as client:
        client.connect((made, 7))
        name = client.getpeername()[0]
        print(name == made or name, end=" " if name == made else "\n")')"
finish

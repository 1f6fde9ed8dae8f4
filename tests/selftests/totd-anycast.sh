#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Two boxes announce totd's well-known address with configs/anycast; one dies, and the other answers.
#
#   client6 ── router ── box1        the router has both routes by BGP
#                 └───── box2
# needs: no module
# fault: names-22

. "$(dirname "$0")/lib.sh"

ANYCAST=fec0:0:0:ffff::1
CONFIGS=/natpt/configs/anycast
network
mkdir -p /tmp/anycast
cat >/tmp/anycast/router.conf <<-'END'
	router id 192.0.2.1;
	protocol device { }
	protocol kernel { ipv6 { import none; export all; }; }
	template bgp box {
		local as 64512;
		hold time 3;
		keepalive time 1;
		ipv6 { import all; export none; };
	}
	protocol bgp box1 from box { neighbor 2001:db8:11::2 as 64513; }
	protocol bgp box2 from box { neighbor 2001:db8:12::2 as 64513; }
END

# bird NAMESPACE CONFIG
bird() { at "$1" /usr/sbin/bird -f -c "$2" -s "/tmp/anycast/$1.ctl" >"/tmp/anycast/$1.bird" 2>&1 & }

# start_totd BOX: with a prefix of its own, which tells who answered
start_totd()
{
	cat >/tmp/anycast/$1.totd <<-END
		forwarder 127.0.0.1 port 5301
		prefix 2001:db8:6${1#box}::/96
		clients any
		status /tmp/anycast/$1.status
		pidfile /tmp/anycast/$1.pid
	END
	ip netns exec $1 totd -d0 -c /tmp/anycast/$1.totd >/tmp/anycast/$1.log 2>&1 &
	totd[${1#box}]=$!
}

totd=()
checker=()
for n in 1 2; do
	ip netns add box$n
	ip -n box$n link set lo up
	link router box$n box$n eth0
	ip -n router addr add 2001:db8:1$n::1/64 dev box$n nodad
	ip -n box$n addr add 2001:db8:1$n::2/64 dev eth0 nodad
	ip -n box$n route add default via 2001:db8:1$n::1
	# not every kernel that tests run on has the type dummy
	link box$n totd0 box$n totd1
	sed "s/2001:db8:11::/2001:db8:1$n::/; s/192.0.2.11/192.0.2.1$n/" $CONFIGS/bird.conf >/tmp/anycast/box$n.conf
	start_totd box$n
	ip netns exec box$n $CONFIGS/totd-anycast $ANYCAST totd0 >/tmp/anycast/checker$n 2>&1 &
	checker[n]=$!
	bird box$n /tmp/anycast/box$n.conf
done
bird router /tmp/anycast/router.conf

# who: the box that answers the client
who()
{
	at client6 dig +time=1 +tries=1 +short @$ANYCAST ipv4only.arpa AAAA 2>/dev/null |
		sed -n 's/^2001:db8:6\([12]\)::.*/\1/p' | head -n1
}
answers() { [ "$(who)" = "$1" ]; }
somebody() { [ -n "$(who)" ]; }

# routes COUNT: so many boxes announce the address
routes()
{
	[ "$(at router birdc -s /tmp/anycast/router.ctl show route for $ANYCAST |
		grep -c '\[box[12] ')" = "$1" ]
}

check "the client is answered at the well-known address" wait_for somebody
check "both boxes announce it" wait_for routes 2
one=$(who)
two=$((3 - one))

kill -STOP "${totd[one]}"
check "one totd hangs: the other box answers" wait_for answers $two
check "… its route is withdrawn" wait_for routes 1
kill -CONT "${totd[one]}"
check "it goes on: the route is back" wait_for routes 2

one=$(who)
two=$((3 - one))
kill -KILL "${totd[one]}"
check "one totd dies: the other box answers" wait_for answers $two
start_totd box$one
check "it is started again: the route is back" wait_for routes 2

one=$(who)
two=$((3 - one))
kill -KILL "${checker[one]}"
at router ip link set box$one down
check "a whole box dies: the other answers" wait_for answers $two
at router ip link set box$one up

kill -TERM "${checker[two]}"
wait "${checker[two]}"
is "a check that ends takes the address with it" "" "$(ip -n box$two -6 addr show dev totd0 to $ANYCAST)"
finish

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Path MTU: what does not fit is cut or its sender told, and transfers complete.

. "$(dirname "$0")/lib.sh"

network
far_hosts
translator
relay python3 "$(dirname "$0")/pmtu.py"

head -c "$(sized 3000000 300000)" /dev/urandom >/tmp/file
sum=$(sha256sum </tmp/file)
at far4 python3 -m http.server -b 0.0.0.0 -d /tmp 80 >/dev/null 2>&1 &
wait_for listening far4 80

# mtu A DEVICE B DEVICE MTU: of a link's both ends
mtu()
{
	ip -n "$1" link set "$2" mtu "$5"
	ip -n "$3" link set "$4" mtu "$5"
}

# learnt NAMESPACE ADDRESS: the path MTU that a host knows of
learnt() { ip -n "$1" route get "$2" | grep -o ' mtu [0-9]*' | cut -d' ' -f3; }

# Each direction finds its way by itself: a host tells its peer what it knows, as the MSS.
forget()
{
	ip -n far6 -6 route flush cache
	ip -n far4 -4 route flush cache
}

download()
{
	forget
	is "$1: download" "$sum" "$(at far6 curl -sS --max-time 300 "http://[$FAR46]/file" | sha256sum)"
}

upload()
{
	local server
	forget
	at far4 socat -u TCP4-LISTEN:81,reuseaddr CREATE:/tmp/got &
	server=$!
	wait_for listening far4 81
	at far6 socat -u FILE:/tmp/file "TCP6:[$FAR46]:81"
	wait $server
	is "$1: upload" "$sum" "$(sha256sum </tmp/got)"
}

transfers() { download "$1"; upload "$1"; }

# req: A-171 D-131 D-140
transfers "1500 everywhere"

# req: A-021
mtu router far4 hop4 near 1400
transfers "1400 behind the router, IPv4"
is "… the IPv6 host learns" 1420 "$(learnt far6 $FAR46)"
mtu router far4 hop4 near 1500

# A link in the middle, which no end knows of: hosts would put it into the MSS.
# req: A-117
ip -n hop4 route change 203.0.113.0/24 dev far mtu 1400
transfers "1400 one hop further, IPv4"
is "… the IPv6 host learns" 1420 "$(learnt far6 $FAR46)"
ip -n hop4 route change 203.0.113.0/24 dev far

# req: A-047 A-171
mtu router far6 hop6 near 1400
download "1400 behind the router, IPv6"
is "… the IPv4 host learns" 1380 "$(learnt far4 $POOL)"
upload "1400 behind the router, IPv6"
mtu router far6 hop6 near 1500

# req: A-121 A-169
ip -n hop6 route replace 2001:db8:f6::/64 dev far proto kernel metric 256 mtu lock 1280
download "1280 one hop further, IPv6"
is "… the IPv4 host learns" 1260 "$(learnt far4 $POOL)"
upload "1280 one hop further, IPv6"
check "big pings" at far6 ping -n -c2 -i0.2 -W20 -s 8000 $FAR46
ip -n hop6 route replace 2001:db8:f6::/64 dev far proto kernel metric 256

# req: A-020
mtu router far4 hop4 near 1000
transfers "1000 behind the router, IPv4"
check "big pings" at far6 ping -n -c2 -i0.2 -W20 -s 8000 $FAR46
finish

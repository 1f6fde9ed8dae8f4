#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# totd on a host of an IPv6-only network learns the network's prefix by itself.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/dns64.bash"

network
translator
start_servers

# The network's DNS64 tells its prefix, and makes nothing of server4's address.
totd_conf "forwarder 127.0.0.1 port 5301" "prefix $P" "exclude-a $S4" "clients any"
start_totd -u nobody
is "the network's DNS64 makes nothing of the address" "" "$(short www.example4.test AAAA)"

# host_conf LINE...: the host's own totd is told this
host_conf()
{
	printf '%s\n' "forwarder $TOTD" "listen ::1" "status $DNS/host-status" "$@" >$DNS/host.conf
}
host_conf "prefix discover"
ip netns exec client6 totd -d -c $DNS/host.conf </dev/null >$DNS/host.log 2>&1 &
host=$!
here() { at client6 dig @::1 +time=60 +tries=1 +short "$@"; }
makes() { [ "$(here www.example4.test AAAA)" = "$1" ]; }

# req: F-065 F-068 F-072
check "the prefix that ipv4only.arpa tells" wait_for makes "$S46"
check "… is logged" grep -q "the network's prefixes: 2001:db8:64::/96" $DNS/host.log
# req: F-075
is "names of addresses under it" www.example4.test. "$(here -x $S46 | grep www)"
mkdir -p /etc/netns/client6 /tmp/www
echo "nameserver ::1" >/etc/netns/client6/resolv.conf
echo hello >/tmp/www/index.html
at server4 python3 -m http.server -b 0.0.0.0 -d /tmp/www 80 >/dev/null 2>&1 &
wait_for listening server4 80
is "curl by name, through natpt" hello "$(at client6 curl -sS http://www.example4.test/)"

# routers, as in the example: another prefix, so that one sees whose counts
sed 's/eth0/in6/; s/2001:db8:64::/2001:db8:65::/' /natpt/configs/radvd.conf >$DNS/radvd.conf
chmod 644 $DNS/radvd.conf
timeout 120 ip netns exec client6 tcpdump -nvvli eth0 -c1 'icmp6[0] == 134' >$DNS/advert 2>/dev/null &
sleep "${slower:-2}"
ip netns exec router radvd -n -m stderr -p $DNS/radvd.pid -C $DNS/radvd.conf >>$DNS/log 2>&1 &
radvd=$!
# req: F-078 F-079 F-080 F-084
check "the prefix that a router advertises comes first" wait_for makes 2001:db8:65::c633:640a
wait_for test -s $DNS/advert
# req: F-081
check "the example's lifetime is three intervals, 1800 seconds" \
	grep -q '0x0000:  0708 2001 0db8 0065 ' $DNS/advert
# req: F-085
host_conf "prefix discover lo"
kill -HUP "$host"
check "on another link than the one that counts it is nothing" wait_for makes "$S46"
host_conf "prefix discover eth0 lo"
kill -HUP "$host"
sed -i '/nat64prefix/s/{ }/{ AdvValidLifetime 600; }/' $DNS/radvd.conf
kill -HUP "$radvd"
check "the link is named" wait_for makes 2001:db8:65::c633:640a
# req: F-083
sed -i 's/AdvValidLifetime 600/AdvValidLifetime 0/' $DNS/radvd.conf
kill -HUP "$radvd"
check "the router takes it back" wait_for makes "$S46"
kill "$host" "$radvd"
wait "$host"
stop_totd
finish

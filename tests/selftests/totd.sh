#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# An IPv6-only host reaches IPv4 servers by name: totd with real name servers, and natpt.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/dns64.bash"

network
translator
start_servers
totd_conf "forwarder 127.0.0.1 port 5301" "prefix $P" "clients 2001:db8:6::/64"
start_totd -u nobody
mkdir -p /etc/netns/client6 /tmp/www
echo "nameserver $TOTD" >/etc/netns/client6/resolv.conf
echo hello >/tmp/www/index.html
at server4 python3 -m http.server -b 0.0.0.0 -d /tmp/www 80 >/dev/null 2>&1 &
at server6 python3 -m http.server -b :: -d /tmp/www 80 >/dev/null 2>&1 &
wait_for listening server4 80
wait_for listening server6 80

# the programs people use
# req: F-013 F-014 F-015 B-016
is "curl by name, through natpt" hello "$(at client6 curl -sS http://www.example4.test/)"
is "… to an IPv6 server, untranslated" hello "$(at client6 curl -sS http://six.example4.test/)"
is "getent hosts" "$S46 www.example4.test" "$(at client6 getent hosts www.example4.test | xargs)"
# req: F-031
is "getent hosts, backwards" "$S46 www.example4.test" "$(at client6 getent hosts $S46 | xargs)"
check "ping by name" at client6 ping -c1 -W20 www.example4.test

# what is made, and what is not
is "AAAA from A" "$S46" "$(short www.example4.test AAAA)"
# req: F-002
is "a real AAAA record" "$S6" "$(short dual.example4.test AAAA)"
# req: F-003
is "NXDOMAIN" "NXDOMAIN qr rd ra" "$(header no.example4.test AAAA)"
# req: F-007 F-009
is "IPv4-mapped AAAA records do not count" "$S46" "$(short mapped.example4.test AAAA)"
# req: F-008
is "… nor in a mixture" "$S6" "$(short mixed.example4.test AAAA)"
# req: F-011 F-012
is "an alias" "$S46
www.example4.test." "$(short alias.example4.test AAAA)"
is "eight aliases" 9 "$(short c0.example4.test AAAA | wc -l)"
is "a DNAME record" "$S46" "$(short www.old.example4.test AAAA | grep -v '\.$')"
# req: F-016
ttl=$(ask +noall +answer www-v4.example4.test AAAA | awk '{ print $2 }')
check "the TTL is no longer than that of the SOA record" test "$ttl" -le 300
# req: F-024
is "A" $S4 "$(short www.example4.test A)"
is "MX" "10 www.example4.test." "$(short mx.example4.test MX)"
is "HTTPS" "1 . ipv4hint=$S4" "$(short https.example4.test HTTPS)"
# req: F-049
is "an unknown type" '\# 4 01020304' "$(short unknown.example4.test TYPE65280)"
# req: F-034
is "the name of a real address" six.example4.test. "$(short -x $S6)"
# req: F-033
is "a name that is an alias itself" classless.example4.test. \
	"$(short -x 2001:db8:64::c633:640b | grep class)"
# req: F-060 F-061
is "ipv4only.arpa" "2001:db8:64::c000:aa
2001:db8:64::c000:ab" "$(short ipv4only.arpa AAAA)"

# sizes and transports
# req: F-026 F-051
is "forty addresses do not fit 512 bytes" "NOERROR qr tc rd ra" \
	"$(header +noedns +ignore many.example4.test AAAA)"
is "… and come over TCP" 40 "$(short +noedns many.example4.test AAAA | wc -l)"
# req: F-052
is "… or in 4096 bytes" 40 "$(short +bufsize=4096 +ignore many.example4.test AAAA | wc -l)"
# req: F-050
is "TCP" "$S46" "$(short +tcp www.example4.test AAAA)"
is "several queries on one connection" 3 "$(at client6 dig @$TOTD +tcp +keepopen +short \
	www.example4.test AAAA short.example4.test AAAA two.example4.test A | sort -u | wc -l)"

# DNSSEC: unbound validates
# req: F-038 F-047
is "signed, no flag: made" "NOERROR qr rd ra" "$(header +noad +nocd www.signed.test AAAA)"
is "a signed AAAA record stays authentic" "NOERROR qr rd ra ad" "$(header +ad dual.signed.test AAAA)"
# req: F-045
is "DO: made, without signatures" 0 \
	"$(ask +dnssec www.signed.test AAAA | grep -c 'RRSIG.* A 13')"
is "… and there" "$S46" "$(short +dnssec www.signed.test AAAA)"
# req: F-042
is "DO and CD: nothing is made" "" "$(short +dnssec +cd www.signed.test AAAA)"
check "… and the proof comes along" grep -q NSEC <<<"$(ask +dnssec +cd www.signed.test AAAA)"
# req: F-043
is "CD: nothing is made" "" "$(short +cd www.signed.test AAAA)"
# req: F-041
is "a bogus zone is a failure" "SERVFAIL qr rd ra" "$(header www.bogus.test AAAA)"
is "… for a host without EDNS, too" "SERVFAIL qr rd ra" "$(header +noedns www.bogus.test AAAA)"
key=$(awk '$3 == "DNSKEY" { printf "%s %s %s \"", $4, $5, $6; for (i = 7; i <= NF; i++) printf "%s", $i; print "\"" }' \
	$DNS/Ksigned.test.*.key)
echo "trust-anchors { signed.test. static-key $key; };" >$DNS/anchor
is "delv validates what comes through" "; fully validated" \
	"$(at client6 delv @$TOTD -a $DNS/anchor +root=signed.test dual.signed.test AAAA 2>&1 | head -1)"

# the daemon
is "it is nobody" nobody "$(ps -o user= -p "$(pgrep -x totd)")"
is "… with no capability" 0000000000000000 "$(awk '/CapEff/ { print $2 }' "/proc/$(pgrep -x totd)/status")"
# req: F-055
is "strangers are refused" REFUSED "$(at server6 dig @$TOTD +time=60 +tries=1 www.example4.test AAAA |
	sed -n 's/.*status: \([A-Z]*\),.*/\1/p')"
ip -n router addr add fec0:0:0:ffff::1/128 dev lo
is "the well-known resolver address answers for itself" "$S46" \
	"$(at client6 dig @fec0:0:0:ffff::1 +time=60 +tries=1 +short www.example4.test AAAA)"
check "it counts" test "$(metric synthesised_total)" -gt 10
# req: F-059
reload_totd "forwarder 127.0.0.1 port 5301" "prefix 2001:db8:65::/96" "clients any"
is "another prefix after SIGHUP" 2001:db8:65::c633:640a "$(short www.example4.test AAAA)"
reload_totd "forwarder 127.0.0.1 port 5301" "prefix nonsense"
is "nonsense changes nothing" 2001:db8:65::c633:640a "$(short www.example4.test AAAA)"
stop_totd

# the examples
check "the example for radvd" radvd --configtest -C /natpt/configs/radvd.conf
check "the example configuration" totd -c /natpt/configs/totd.conf --check

# the original's configuration
cat >$DNS/totd.conf <<-END
	; as it came with totd 1.5
	forwarder 127.0.0.1 port 5399
	forwarder 127.0.0.1 port 5301
	Prefix	2001:db8:64::	# the translator's
	PORT 53
	interfaces in6 lo
	retry 300
	pidfile $DNS/totd.pid
	allow 192.0.2.1
	allow 2001:db8:6::2
	stf
	scoped fec0:0:0:1:: 2001:db8:0:1:: 64
END
check "a warning that cannot be written does no harm" \
	sh -c "totd --check -c $DNS/totd.conf 2>/dev/full"
at router totd -c $DNS/totd.conf
wait_for test -s $DNS/totd.pid
is "a totd.conf of the original, with a forwarder that is not there" "$S46" \
	"$(short www.example4.test AAAA)"
is "… over TCP" "$S46" "$(short +tcp www.example4.test AAAA)"
is "… backwards, as it was once asked" www.example4.test. \
	"$(short a.0.4.6.3.3.6.c.0.0.0.0.0.0.0.0.0.0.0.0.4.6.0.0.8.b.d.0.1.0.0.2.ip6.int PTR | grep www)"
is "… and not on the other interfaces" "" \
	"$(at server6 dig @2001:db8:5::1 +time=2 +tries=1 +short www.example4.test AAAA | grep -v '^;')"
kill "$(cat $DNS/totd.pid)"
wait_for test ! -e $DNS/totd.pid

# natpt's own prefixes
totd_conf "forwarder 127.0.0.1 port 5301" "prefix auto" "clients any"
start_totd -u nobody
# req: F-021
is "the kernel module's prefix" "$S46" "$(short www.example4.test AAAA)"
config prefix flush
config prefix 2001:db8:66::/64
follows() { [ "$(short www.example4.test AAAA)" = 2001:db8:66:0:c6:3364:a00:0 ]; }
check "… is followed when it changes" wait_for follows
# curl goes on by name
config prefix flush
config prefix $P
back() { [ "$(short www.example4.test AAAA)" = "$S46" ]; }
wait_for back
is "curl by name, with the module's prefix" hello "$(at client6 curl -sS http://www.example4.test/)"
stop_totd
finish

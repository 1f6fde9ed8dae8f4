# SPDX-License-Identifier: GPL-2.0
# Name servers for the tests of totd, all in the router's namespace, files in /tmp/dns:
#
#   named, port 5300      authoritative: example4.test, signed.test, reverse names, the root
#   unbound, port 5301    recursive and validating, on top of it
# shellcheck shell=bash

DNS=/tmp/dns
TOTD=2001:db8:6::1

# background COMMAND...: in the router's namespace, until the test ends
background() { ip netns exec router "$@" </dev/null >>$DNS/log 2>&1 & }

# answers PORT: whether a name server answers there
answers() { at router dig @127.0.0.1 -p "$1" +time=1 +tries=1 example4.test SOA |
	grep -q 'status: NOERROR'; }

zone_head='$TTL 300
@ SOA ns.example4.test. root.example4.test. 1 3600 600 86400 60
@ NS ns.example4.test.
'

write_zones()
{
	# keys of a test before are not ours
	rm -rf $DNS
	mkdir -p $DNS
	chmod 777 $DNS
	cat >$DNS/root.zone <<-END
		$zone_head
	END
	{
		echo "$zone_head"
		cat <<-END
			ns A 127.0.0.1
			www A $S4
			www-v4 3600 A $S4
			short 30 A $S4
			two A $S4
			two A 198.51.100.11
			dual A $S4
			dual AAAA $S6
			six AAAA $S6
			mapped A $S4
			mapped AAAA ::ffff:192.0.2.1
			mixed A $S4
			mixed AAAA ::ffff:192.0.2.1
			mixed AAAA $S6
			private A 10.0.0.1
			alias CNAME www
			alias6 CNAME six
			to-dual CNAME dual
			nowhere CNAME no
			to-nothing CNAME nothing
			out CNAME www.signed.test.
			c0 CNAME c1
			c1 CNAME c2
			c2 CNAME c3
			c3 CNAME c4
			c4 CNAME c5
			c5 CNAME c6
			c6 CNAME c7
			c7 CNAME www
			*.wild A $S4
			*.wild6 AAAA $S6
			old DNAME new
			www.new A $S4
			six.new AAAA $S6
			nothing TXT "nothing here"
			mx MX 10 www
			_http._tcp SRV 0 0 80 www
			txt TXT "hello"
			https HTTPS 1 . ipv4hint=$S4
			unknown TYPE65280 \# 4 01020304
			deep.empty A $S4
		END
		for ((i = 1; i <= 40; i++)); do
			echo "many A 198.51.100.$i"
		done
	} >$DNS/example4.zone
	{
		echo "$zone_head"
		cat <<-END
			www A $S4
			dual A $S4
			dual AAAA $S6
			alias CNAME www
			nothing TXT "nothing here"
		END
	} >$DNS/signed.zone
	cp $DNS/signed.zone $DNS/bogus.zone
	{
		echo "$zone_head"
		echo "10 PTR www.example4.test."
		echo "11 CNAME 11.0-25"
		echo "11.0-25 PTR classless.example4.test."
	} >$DNS/reverse4.zone
	{
		echo "$zone_head"
		echo "0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0 PTR six.example4.test."
	} >$DNS/reverse6.zone
	local zone
	for zone in signed bogus; do
		(cd $DNS && dnssec-keygen -q -a ECDSAP256SHA256 -f KSK $zone.test &&
			dnssec-signzone -q -S -z -o $zone.test -f $zone.signed $zone.zone) \
			>>$DNS/log 2>&1
	done
	# an address that was never signed
	sed -i 's/198\.51\.100\.10$/198.51.100.66/' $DNS/bogus.signed
}

zones='zone "." { type primary; file "root.zone"; };
zone "example4.test" { type primary; file "example4.zone"; };
zone "signed.test" { type primary; file "signed.signed"; };
zone "bogus.test" { type primary; file "bogus.signed"; };
zone "100.51.198.in-addr.arpa" { type primary; file "reverse4.zone"; };
zone "0.0.0.0.5.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa" { type primary; file "reverse6.zone"; };'

# named_options PORT [DIRECTORY]: what every named here needs, the directory its own
named_options()
{
	cat <<-END
		directory "${2-$DNS}"; managed-keys-directory "${2-$DNS}";
		pid-file "$DNS/named-$1.pid"; session-keyfile "$DNS/session-$1.key";
		listen-on port $1 { 127.0.0.1; }; listen-on-v6 { none; };
		allow-query { any; }; empty-zones-enable no; minimal-responses no;
	END
}

start_authoritative()
{
	cat >$DNS/named-5300.conf <<-END
		options { $(named_options 5300) recursion no; allow-transfer { any; }; notify no; };
		controls { };
		$zones
	END
	background named -g -c $DNS/named-5300.conf
}

# unbound_server PORT MODULES: what every unbound here needs
unbound_server()
{
	cat <<-END
		server:
		  directory: "$DNS"
		  chroot: ""
		  username: ""
		  pidfile: "$DNS/unbound-$1.pid"
		  use-syslog: no
		  interface: 127.0.0.1@$1
		  access-control: 127.0.0.0/8 allow
		  do-not-query-localhost: no
		  do-ip6: no
		  module-config: "$2"
		  local-zone: "test." nodefault
		  local-zone: "100.51.198.in-addr.arpa." nodefault
		  local-zone: "8.b.d.0.1.0.0.2.ip6.arpa." nodefault
		  ede: yes
		  num-threads: 1
		  minimal-responses: no
		remote-control:
		  control-enable: no
	END
}

start_recursive()
{
	{
		unbound_server 5301 "validator iterator"
		local zone
		for zone in signed bogus; do
			echo "server:"
			sed -n "s/^\([^;].*DNSKEY.*\)/  trust-anchor: \"\1\"/p" \
				$DNS/K$zone.test.*.key
		done
		for zone in . example4.test signed.test bogus.test 100.51.198.in-addr.arpa \
			0.0.0.0.5.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa; do
			printf 'stub-zone:\n  name: "%s"\n  stub-addr: 127.0.0.1@5300\n' "$zone"
		done
	} >$DNS/unbound-5301.conf
	background unbound -d -c $DNS/unbound-5301.conf
}

start_servers()
{
	write_zones
	start_authoritative
	wait_for answers 5300
	start_recursive
	wait_for answers 5301
}

# totd_conf LINE...: writes the configuration
totd_conf()
{
	printf '%s\n' "status $DNS/status" "$@" >$DNS/totd.conf
}

# start_totd OPTION...: in the router; $totd is its process
start_totd()
{
	background totd -d -c $DNS/totd.conf "$@"
	totd=$!
	wait_for totd_runs
}

totd_runs() { totd -c $DNS/totd.conf --status; }

stop_totd()
{
	kill "$totd"
	wait "$totd"
}

# reload_totd LINE...: another configuration
reload_totd()
{
	totd_conf "$@"
	kill -HUP "$totd"
	sleep "${slower:-1}"
}

# metric NAME: what totd counts
metric() { totd -c $DNS/totd.conf --metrics | awk -v name="totd_$1" '$1 == name { print $2 }'; }

# ask ARGUMENT...: dig on the client, of totd
ask() { at client6 dig @$TOTD +time=60 +tries=1 "$@"; }

# short ARGUMENT...: the answer's data, sorted
short() { ask +short "$@" | sort; }

# header ARGUMENT...: RCODE and flags
header()
{
	ask "$@" | sed -n 's/.*status: \([A-Z]*\),.*/\1/p; s/^;; flags:\([a-z ]*\);.*/\1/p' | xargs
}

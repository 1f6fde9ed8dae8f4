#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# totd's answers are those of BIND's dns64 and of unbound's, with the same prefix and forwarder.
# needs: no module

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/dns64.bash"

network
start_servers

# unbound translates reverse names, BIND makes aliases of them: one totd for each way
totd_peer()
{
	printf '%s\n' "forwarder 127.0.0.1 port 5301" "prefix $P" "port $1" "status $DNS/status-$1" \
		"${@:2}" >"$DNS/totd-$1.conf"
	background totd -d -c "$DNS/totd-$1.conf"
}
totd_peer 5302
totd_peer 5303 "ptr translate"

mkdir -p $DNS/bind
chmod 777 $DNS/bind
cat >$DNS/bind/named.conf <<-END
	options {
		$(named_options 5304 $DNS/bind)
		recursion yes; allow-recursion { any; }; dnssec-validation no;
		forwarders { 127.0.0.1 port 5301; }; forward only;
		dns64 $P { clients { any; }; };
	};
	controls { };
END
background named -g -c $DNS/bind/named.conf
{
	unbound_server 5305 "dns64 iterator"
	printf 'server:\n  dns64-prefix: %s\n' $P
	printf 'forward-zone:\n  name: "."\n  forward-addr: 127.0.0.1@5301\n'
} >$DNS/unbound-5305.conf
background unbound -d -c $DNS/unbound-5305.conf
for port in 5302 5303 5304 5305; do
	check "a name server at port $port" wait_for answers $port
done

# req: F-002 F-003 F-007 F-008 F-011 F-013 F-014 F-015 F-024 F-031 F-033 F-034 F-042
[ "$failures" != 0 ] || relay at router python3 "$(dirname "$0")/dns64_compare.py"
[ "$failures" = 0 ] || sed 's/^/# /' $DNS/log
finish

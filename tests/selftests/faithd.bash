# SPDX-License-Identifier: GPL-2.0
# What the tests of faithd share: it runs in the router, under a prefix of its own.
# shellcheck shell=bash disable=SC2034

FP=2001:db8:46::/96
FS4=2001:db8:46::c633:640a	# S4 under it
FAITHD=/tmp/faithd

# faithd_conf LINE...: writes the configuration
faithd_conf()
{
	mkdir -p $FAITHD
	printf '%s\n' "$@" >$FAITHD/conf
}

# start_faithd OPTION...: its process is $faithd, its log $FAITHD/log
start_faithd()
{
	: >$FAITHD/log
	ip netns exec router faithd -d -f $FAITHD/conf "$@" >>$FAITHD/log 2>&1 &
	faithd=$!
	wait_for logged ready || cat $FAITHD/log
}

stop_faithd()
{
	kill "$faithd"
	wait "$faithd"
}

# logged PATTERN: whether faithd said so
logged() { grep -qE "$1" $FAITHD/log; }

# reload_faithd LINE...: another configuration
reload_faithd()
{
	faithd_conf "$@"
	: >$FAITHD/log
	kill -HUP "$faithd"
	wait_for logged 'configuration'
}

# peer_at NAMESPACE ROLE ARGUMENT...: the other end of a connection
peer_at() { at "$1" /natpt/tests/selftests/faithd_peer.py "${@:2}"; }

# start_peer: TCP servers on server4
start_peer()
{
	peer_at server4 serve &
	wait_for listening server4 7011
}

# fetch ADDRESS [PORT]: whether curl gets the page
fetch() { [ "$(at client6 curl -sS --max-time 60 "http://[$1]:${2-80}/")" = hello ]; }

# start_web PORT...: HTTP servers on server4
start_web()
{
	local port
	mkdir -p /tmp/www
	echo hello >/tmp/www/index.html
	for port; do
		at server4 python3 -m http.server -b 0.0.0.0 -d /tmp/www "$port" >/dev/null 2>&1 &
	done
	for port; do
		wait_for listening server4 "$port"
	done
}

# SPDX-License-Identifier: GPL-2.0
# What the tests of the preload libraries share: pairs of hosts, and transcripts to compare.
# shellcheck shell=bash

# pair CLIENT ADDRESS SERVER ADDRESS [LENGTH]: two hosts on one wire, of one family, that find
# names in their hosts file only. The client has no other route.
pair()
{
	local ns client=$1 server=$3 length=${5:-24}
	for ns in "$client" "$server"; do
		ip netns add "$ns"
		ip -n "$ns" link set lo up
		at "$ns" sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0 \
			net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0
		mkdir -p "/etc/netns/$ns"
		echo 'hosts: files' >"/etc/netns/$ns/nsswitch.conf"
		echo '127.0.0.1 localhost' >"/etc/netns/$ns/hosts"
	done
	link "$client" eth0 "$server" eth0
	ip -n "$client" addr add "$2/$length" dev eth0
	ip -n "$server" addr add "$4/$length" dev eth0
	case $2 in
	*:*)	;;
	*)	for ns in "$client" "$server"; do
			at "$ns" sysctl -qw net.ipv6.conf.all.disable_ipv6=1
		done ;;
	esac
}

# name CLIENT LINE: for the client's hosts file
name() { echo "$2" >>"/etc/netns/$1/hosts"; }

# start_peer SERVER FAMILY
start_peer()
{
	at "$1" python3 /natpt/tests/selftests/preload_peer.py "$2" >/dev/null 2>&1 &
	wait_for listening "$1" 7 && wait_for listening "$1" 8
}

# difference CASE PLAIN OTHER: the lines of the case that are not the same
difference()
{
	section "$1" "$2" | grep -q . || echo "no transcript"
	diff -U0 <(section "$1" "$2") <(section "$1" "$3") | sed -n '4,$p' | grep '^[-+]'
}

# section CASE FILE: what stands under the case's heading
section() { awk -v case="== $1" '/^== / { on = $0 == case; next } on && !/^#/ && NF' "$2"; }

# compare PLAIN OTHER LIST: one test per case of $cases: the transcripts differ as the list says
compare()
{
	local case
	[ -n "$cases" ] || not_ok "there are cases"
	for case in $cases; do
		is "$case" "$(section "$case" "$3")" "$(difference "$case" "$1" "$2")"
	done
}

# stress TEXT ADDRESS OPTION...: a hundred thousand connections, or a few,
# through natptrun with these options, from many threads, with all other calls and forks between,
# and with signal handlers that make calls of their own. The name of the server has this address.
stress()
{
	local result count
	count=$(sized 100000 3000)
	pair short 2001:db8:64::c000:202 peer 2001:db8:64::c000:201 120
	name short "$2 peer.test"
	at peer preload-stress serve 5000 8 >/dev/null 2>&1 &
	wait_for listening peer 5007
	result=$(at short natptrun "${@:3}" preload-stress connect peer.test 5000 8 $count 2>&1)
	note "$1: $result"
	check "$1: $count connections" grep -q "^$count connections" <<<"$result"
}

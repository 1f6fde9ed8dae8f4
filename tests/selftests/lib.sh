# SPDX-License-Identifier: GPL-2.0
# What the selftests share: TAP, and a network of namespaces.
#
#   client6 ── router ── server4        the router is the translator
#                  └──── server6
# shellcheck shell=bash disable=SC2034

set -u

# The test lines have a stream of their own: what else is printed goes to standard error.
exec {tap}>&1 >&2

# The network's addresses; P is a prefix, S4 under it is S46.
P=2001:db8:64::/96
C6=2001:db8:6::2
R6=2001:db8:6::1
S4=198.51.100.10
R4=198.51.100.1
POOL=192.0.2.1
S46=2001:db8:64::c633:640a
S6=2001:db8:5::10

tests=0
failures=0

# ok TEXT / not_ok TEXT: one test line.
ok() { tests=$((tests + 1)); echo "ok $tests - $*" >&$tap; }
not_ok() { tests=$((tests + 1)); failures=$((failures + 1)); echo "not ok $tests - $*" >&$tap; }

# note TEXT: a comment of one or more lines among them.
note() { sed 's/^/# /' <<<"$*" >&$tap; }

# check TEXT COMMAND...: passes if the command does; shows what it printed if not.
check()
{
	local text=$1 output
	shift
	if output=$("$@" 2>&1); then
		ok "$text"
	else
		not_ok "$text"
		note "command: $*"
		note "$output"
	fi
}

# check_fails TEXT COMMAND...: passes if the command fails, but not for want of it or of its namespace.
check_fails()
{
	local text=$1 output status=0
	shift
	output=$("$@" 2>&1) || status=$?
	case $status,$output in
	0,* | 12[67],* | *'Cannot open network namespace'* | *,'exec of "'*)
		not_ok "$text"
		note "should have failed: $*"
		note "status $status: $output"
		;;
	*)	ok "$text" ;;
	esac
}

# is TEXT EXPECTED ACTUAL
is()
{
	if [ "$2" = "$3" ]; then
		ok "$1"
	else
		not_ok "$1"
		note "expected: $2"
		note "actual:   $3"
	fi
}

# finish: the plan, and the exit status.
finish()
{
	echo "1..$tests" >&$tap
	[ "$failures" = 0 ]
}

# at NAMESPACE COMMAND...
at() { ip netns exec "$@"; }

# config STATEMENT...: one statement for the router.
config() { natptconfig -n router "$@"; }

# counter NAME: a counter of the router.
counter() { config -j show stats | jq --arg name "$1" '.[] | select(.name == $name) | .value'; }

# status NAME: a value of the router's status: enabled, generation, sessions, mappings.
status() { config -j show mapping | jq --arg name "$1" '.[$name]'; }

# link A DEVICE B DEVICE: a veth pair between two namespaces.
link()
{
	ip link add "$2" netns "$1" type veth peer name "$4" netns "$3"
	ip -n "$1" link set "$2" up
	ip -n "$3" link set "$4" up
}

# network: the namespaces, linked and routed, no translation yet.
network()
{
	local ns
	for ns in client6 router server4 server6; do
		ip netns add $ns
		at $ns sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0
		ip -n $ns link set lo up
	done
	link client6 eth0 router in6
	link router out4 server4 eth0
	link router out6 server6 eth0
	at router sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1

	ip -n client6 addr add $C6/64 dev eth0 nodad
	ip -n router addr add $R6/64 dev in6 nodad
	ip -n client6 route add default via $R6

	ip -n router addr add $R4/24 dev out4
	ip -n server4 addr add $S4/24 dev eth0
	ip -n server4 route add default via $R4
	at server4 sysctl -qw net.ipv6.conf.all.disable_ipv6=1

	ip -n router addr add 2001:db8:5::1/64 dev out6 nodad
	ip -n server6 addr add $S6/64 dev eth0 nodad
	ip -n server6 route add default via 2001:db8:5::1
}

# translator: the module, and the usual configuration of the router.
translator()
{
	modprobe_natpt
	config prefix $P
	config map from any6 to $POOL
	config map enable
}

modprobe_natpt() { grep -q '^natpt ' /proc/modules || insmod /natpt/natpt.ko; }

# SIZE: how much the tests do: full, or quick, on the debug kernel, where all takes longer.
export SIZE=${SIZE:-full}

# sized FULL QUICK: what goes with the size
sized() { if [ "$SIZE" = quick ]; then echo "$2"; else echo "$1"; fi; }

slower=$(sized '' 6)

# wait_for COMMAND...: until it succeeds, at most some 20 seconds, or two minutes.
wait_for()
{
	local i
	for ((i = 0; i < 200 * ${slower:-1}; i++)); do
		"$@" >/dev/null 2>&1 && return
		sleep 0.1
	done
	return 1
}

# listening NAMESPACE PORT: whether a TCP server is there.
listening() { at "$1" ss -Hltn "sport = :$2" | grep -q .; }

# says WORD: sends it to the coprocess 'talk', a connection to an echo server, and waits for the echo.
# shellcheck disable=SC2154 # the coprocess is the test's own
says()
{
	local line
	echo "$1" >&"${talk[1]}"
	read -r -t $((10 * ${slower:-1})) line <&"${talk[0]}" && [ "$line" = "$1" ]
}

# deaf_port NAMESPACE PORT: whoever connects to this TCP port there gets no answer.
deaf_port()
{
	at "$1" nft -f - <<-END
		table ip deaf {
			chain input {
				type filter hook input priority filter;
				tcp dport $2 drop
			}
		}
	END
}

# ssh_key: lets this machine log in to itself; another test may have made the key
ssh_key()
{
	mkdir -p ~/.ssh
	[ -f ~/.ssh/id_ed25519 ] || ssh-keygen -q -t ed25519 -N '' -f ~/.ssh/id_ed25519
	cp ~/.ssh/id_ed25519.pub ~/.ssh/authorized_keys
}

# iperf OPTION...: iperf3 from client6 to server4, with a server of its own: one that stays is deaf
# for a moment after each client.
iperf()
{
	local server
	at server4 iperf3 -s -1 >/dev/null 2>&1 &
	server=$!
	wait_for listening server4 5201
	at client6 iperf3 -c $S46 "$@" && wait "$server"
}

# relay COMMAND...: a command that prints "ok TEXT" and "not ok TEXT", each becomes a test line.
relay()
{
	local line status=0 before=$tests
	while IFS= read -r line; do
		case $line in
		'ok '*)		ok "${line#ok }" ;;
		'not ok '*)	not_ok "${line#not ok }" ;;
		*)		note "$line" ;;
		esac
	done < <("$@" 2>&1)
	wait $! || status=$?
	[ "$status" = 0 ] && [ $tests -gt $before ] ||
		not_ok "$*: $((tests - before)) tests, status $status"
}

# Two hosts that are further away, each behind a router of its own family.
FAR6=2001:db8:f6::2
HOP6=2001:db8:f6::1
FAR4=203.0.113.10
HOP4=203.0.113.1
FAR46=2001:db8:64::cb00:710a
HOP46=2001:db8:64::c612:402

# far_hosts: far6 ── hop6 ── router ── hop4 ── far4
far_hosts()
{
	local ns
	for ns in far6 hop6 hop4 far4; do
		ip netns add $ns
		ip -n $ns link set lo up
	done
	link far6 eth0 hop6 far
	link hop6 near router far6
	link router far4 hop4 near
	link hop4 far far4 eth0
	at hop6 sysctl -qw net.ipv6.conf.all.forwarding=1
	at hop4 sysctl -qw net.ipv4.ip_forward=1

	ip -n far6 addr add $FAR6/64 dev eth0 nodad
	ip -n far6 route add default via $HOP6
	ip -n hop6 addr add $HOP6/64 dev far nodad
	ip -n hop6 addr add 2001:db8:66::2/64 dev near nodad
	ip -n hop6 route add default via 2001:db8:66::1
	ip -n router addr add 2001:db8:66::1/64 dev far6 nodad
	ip -n router route add 2001:db8:f6::/64 via 2001:db8:66::2

	ip -n far4 addr add $FAR4/24 dev eth0
	ip -n far4 route add default via $HOP4
	ip -n hop4 addr add $HOP4/24 dev far
	ip -n hop4 addr add 198.18.4.2/24 dev near
	ip -n hop4 route add default via 198.18.4.1
	ip -n router addr add 198.18.4.1/24 dev far4
	ip -n router route add 203.0.113.0/24 via 198.18.4.2
}

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# fault: state-14
# Listings of what changes meanwhile, of a part, and of very many; sessions that somebody ends.
. "$(dirname "$0")/lib.sh"

here=$(dirname "$0")
C6B=2001:db8:6::3
POOL2=192.0.2.2
network
insmod /natpt/natpt.ko
translator
config map 50 from $C6B to $POOL2
config -f - <<-END
	set host-rate = 1000000
	set icmp-timeout = 3600
END
ip -n client6 addr add $C6B/64 dev eth0 nodad
ip -n server4 addr add 198.51.100.11/24 dev eth0
at server4 nft 'add table ip quiet; add chain ip quiet input { type filter hook input priority filter; }; add rule ip quiet input udp dport != 7 drop'
at server4 socat -t60 TCP4-LISTEN:9,fork EXEC:cat 2>/dev/null &
wait_for listening server4 9

# A part
coproc talk { at client6 socat -t60 - "TCP6:[$S46]:9,bind=[$C6]"; }
echo one >&"${talk[1]}"
read -r -t $((20 * ${slower:-1})) <&"${talk[0]}"
at client6 ping -qc1 -W20 -I $C6B $S46 >/dev/null
udp() { at client6 socat -u - "UDP6:[$2]:$3,bind=[$1]:$4" <<<x; }
udp $C6 $S46 53 4001
udp $C6 2001:db8:64::198.51.100.11 53 4001
udp $C6B $S46 53 4002

# lists TEXT EXPECTED CONDITION...: protocols of the sessions that are listed and counted
lists()
{
	local text=$1 expected=$2 listed counted
	shift 2
	listed=$(config -j show xlate "$@" | jq -r '[.[].proto] | sort | join(" ")')
	is "$text: $*" "$expected" "$listed"
	[[ $* = *limit* ]] && return
	counted=$(config -j show sessions "$@" | jq '[.[] | add] | add // 0')
	is "... the same are counted" "$(wc -w <<<"$expected")" "$counted"
}
lists "all sessions" "icmp tcp udp udp udp"
lists "of a protocol" "udp udp udp" proto udp
lists "of a host" "icmp udp" host $C6B
lists "of a prefix" "icmp tcp udp udp udp" host 2001:db8:6::/64
lists "of another prefix" "" host 2001:db8:7::/64
lists "of a pool address" "icmp udp" pool $POOL2
lists "with a peer" "udp" peer 198.51.100.11
lists "in a state" "tcp" state established
lists "without a state" "icmp udp udp udp" state none
lists "of a rule" "tcp udp udp" rule 100
lists "by all of these" "udp" host $C6 proto udp peer 198.51.100.10 pool $POOL rule 100
port=$(config -j show xlate proto tcp | jq '.[0]."source-port4"')
lists "by address and port: who was that?" "tcp" pool $POOL port "$port" proto tcp
is "no more than so many" 2 "$(config -j show xlate limit 2 | jq length)"
is "... of those that fit" 2 "$(config show xlate proto udp limit 2 | grep -c '^udp')"
is "text of a part" "$(config show xlate | awk '$1 == "udp" { print $2, $3, $4, $5 }' | sort)" \
	"$(config show xlate proto udp | awk 'NR > 1 { print $2, $3, $4, $5 }' | sort)"
is "counts of a part" "  udp:        1" "$(config show sessions host $C6B | grep udp)"
is "no session is an empty list" "[]" "$(config -j show xlate host 2001:db8:7::1)"
is "a rule that is not there" "natptconfig: there is no stateful rule with this number" \
	"$(config show xlate rule 7 2>&1)"
relay at router python3 "$here/nl_filters.py"

# Ended by hand
deleted=$(counter sessions-deleted)
config session delete host $C6B proto icmp
lists "one is ended" "tcp udp udp udp"
is "... which is counted" $((deleted + 1)) "$(counter sessions-deleted)"
config session delete host 2001:db8:7::/64
lists "none fits: none ends" "tcp udp udp udp"
generation=$(status generation)
config session delete rule 50
lists "those of a rule" "tcp udp udp"
is "... with their mappings" 2 "$(status mappings)"
is "... which changes no configuration" "$generation" "$(status generation)"
config -f - <<-END
	session delete peer 198.51.100.11
	session delete proto icmp
	map 60 from 2001:db8:8::1 to $POOL2
END
lists "several, in a file with other statements" "tcp udp"
is "what is wrong has its place" "stdin:2:21: there is no stateful rule with this number" "$(config -f - 2>&1 <<-END
	session delete proto tcp
	session delete rule 4711
	END
)"
lists "... and nothing ends" "tcp udp"
echo two >&"${talk[1]}"
read -r -t $((20 * ${slower:-1})) line <&"${talk[0]}"
is "who was not meant goes on" two "$line"
config session flush
lists "all" ""
is "... and all mappings" 0 "$(status mappings)"
udp $C6 $S46 53 4001
lists "new ones may come" "udp"
eval "exec ${talk[1]}>&-"

# What changes meanwhile
at client6 python3 "$here/nl_churn.py" $C6 $S46 100 "$(sized 3000 1000)"
at client6 python3 "$here/nl_churn.py" $C6B $S46 8 &
churn=$!
relay at router python3 "$here/nl_change.py" $C6 $C6B
kill $churn
wait $churn 2>/dev/null

# Very many
config session flush
at client6 python3 "$here/nl_churn.py" $C6 $S46 100 "$(sized 30000 8000)"
# in_little MEMORY COMMAND...: with no more data than so many KB
in_little() { bash -c 'ulimit -d "$1"; shift; exec "$@" >/dev/null' - "$@"; }
sessions=$(status sessions)
for what in "show xlate" "-j show xlate" "show sessions" "show hosts" "-j show hosts" "show pool"; do
	# shellcheck disable=SC2086
	check "$what of $sessions sessions in 2 MB" in_little 2048 natptconfig -n router $what
done
finish

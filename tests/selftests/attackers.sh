#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Everybody attacks at once, for NATPT_SECONDS (20); then the router is as it was before, and works.
# NATPT_SEED repeats what they do, NATPT_ATTACKERS names some that are to do it alone.
. "$(dirname "$0")/lib.sh"

# Hooks elsewhere, so that the kernel need not patch its code with each chain that comes first or
# goes last: emulated processors may stumble over code that is patched while they run it.
ip netns add elsewhere
at elsewhere nft -f - <<-'END'
	table inet elsewhere {
		chain prerouting { type filter hook prerouting priority 0; }
		chain input { type filter hook input priority 0; }
		chain forward { type filter hook forward priority 0; }
		chain output { type filter hook output priority 0; }
		chain postrouting { type filter hook postrouting priority 0; }
	}
END
at elsewhere tc qdisc add dev lo clsact

# services: what the good users talk to
services()
{
	at server4 python3 -m http.server -b 0.0.0.0 -d /natpt/configs 80 >/dev/null 2>&1 &
	at server4 socat UDP4-RECVFROM:7,fork EXEC:cat >/dev/null 2>&1 &
	at router socat TCP4-LISTEN:7,fork,bind=$R4 EXEC:cat >/dev/null 2>&1 &
	wait_for listening server4 80
}

fetch() { at client6 curl -sSm20 "http://[$S46]/natpt.conf" | cmp - /natpt/configs/natpt.conf; }

# restore: the router's configuration from before, whatever it is now
restore()
{
	local dev name
	at router nft flush ruleset
	for name in -4 -6; do
		at router bash -c "seq 10 16 | xargs -I{} ip $name rule del pref {}"
		ip -n router $name route flush table main
	done
	at router ip xfrm policy flush
	for name in new0 new1 new2 guest; do
		ip -n router link del $name
	done
	for name in $(at router sysctl -aN 2>/dev/null | grep -E \
		'^net\.(ipv4|ipv6)\.conf\.(all|in6|out4)\.(rp_filter|accept_local|route_localnet|src_valid_mark|disable_policy|disable_xfrm|proxy_ndp|disable_ipv6|force_forwarding)$'); do
		at router sysctl -qw "$name=0"
	done
	# what is 1 already does not set the devices' own again
	at router sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.in6.forwarding=1 \
		net.ipv6.conf.all.forwarding=1 net.ipv4.ipfrag_high_thresh=4194304
	for dev in in6 out4; do
		at router tc qdisc del dev $dev root
		ip -n router link set $dev nomaster
		ip -n router addr flush dev $dev
		ip -n router link set $dev down
		ip -n router link set $dev mtu 1500 up
	done
	for name in 192.0.2.1 192.0.2.2 2001:db8:64::c000:221; do
		ip -n router addr del $name dev lo
	done
	ip -n router addr add $R6/64 dev in6 nodad
	ip -n router addr add $R4/24 dev out4
	for name in client6 server4; do
		ip -n $name route flush cache
		ip -n $name neigh flush all
	done
	config map disable
	config map flush
	config prefix flush
	config -f - <<-END
		set conntrack = 0
		set max-sessions = 1048576
		set ignore-traffic-class = 0
		set lowest-ipv6-mtu = 1280
	END
	config prefix $P
	config map from any6 to $POOL
	config map enable
}

gone() { ! ip -n "$1" link show "$2"; }

# counted: whether every packet that was ours ended in exactly one counter
counted()
{
	config show stats
	config -j show stats | jq -e 'map({ (.name): .value }) | add
		| .claimed == ([to_entries[]
			| select(.key | test("^(drop-|translated-|icmp-errors-|fragments$|split$)"))
			| .value] | add)'
}

network
modprobe -a tun nfnetlink_queue nf_conntrack vrf bridge br_netfilter dummy veth ip_gre ip6_tunnel vxlan sch_fq \
	sch_netem esp4 esp6 xfrm_user
translator
services
relay python3 "$(dirname "$0")/attackers.py"

restore 2>/dev/null
note "$(config show stats nonzero)"
check "afterwards client6 reaches server4" wait_for at client6 ping -qc1 -W2 $S46
check "... and fetches a file" fetch
ip netns pids router | xargs -r kill -9
# connections that nobody holds any more hold their namespace until they have given up, minutes later
note "$(at router ss -HtanK)"
config map disable
# fault: border-15
check "all that was claimed is counted, once" counted
# what still holds a route of the router would hold its devices too
ip netns del router
check "the router's namespace goes, with its sessions" wait_for gone client6 eth0
check "the module goes" timeout 60 rmmod natpt
finish

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# fault: border-2
# Who pays: what a user's namespace holds is charged to the user's memory cgroup and ends at its
# limit, or at the ceiling that only the initial user namespace raises; all of it goes with the namespace.
. "$(dirname "$0")/lib.sh"

here=$(dirname "$0")
parameters=/sys/module/natpt/parameters
group=/sys/fs/cgroup/natpt-user

# become_user COMMAND...: this shell becomes somebody without rights, in the user's memory cgroup
become_user()
{
	echo "$BASHPID" >$group/cgroup.procs
	exec setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}

# user COMMAND...: as root of the user's own namespaces
user() { (become_user nsenter -t "$holder" -U -n --preserve-credentials "$@"); }

# begin: the user's namespaces, behind client6; what is sent on to IPv4 ends in a dummy device
begin()
{
	become_user unshare -Urn sleep 1000 &
	holder=$!
	wait_for own_namespace
	ip link add in6 netns $holder type veth peer name eth0 netns client6
	inside sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	inside ip link add out4 type dummy
	inside ip link set in6 up
	inside ip link set out4 up
	inside ip addr add $R6/64 dev in6 nodad
	inside ip addr add $R4/24 dev out4
	ip -n client6 link set eth0 up
	ip -n client6 addr add $C6/64 dev eth0 nodad
	ip -n client6 route add default via $R6
}
own_namespace() { [ "$(readlink /proc/self/ns/net)" != "$(readlink /proc/"$holder"/ns/net)" ]; }

# inside COMMAND...: as root of the machine, who pays for it, too
inside() { nsenter -t "$holder" -n "$@"; }
shown() { inside natptconfig -j show "$@"; }
dropped() { shown stats | jq --arg name "drop-$1" '.[] | select(.name == $name) | .value'; }
sessions() { shown mapping | jq .sessions; }
forwarded() { shown stats | jq '.[] | select(.name == "translated-6to4") | .value'; }

# open NUMBER: so many flows of client6, or the first of them again
open() { at client6 python3 "$here/nl_open.py" $S46 9 "$1"; }

# end: they go, and what they held
end()
{
	kill "$holder"
	wait "$holder" 2>/dev/null
	wait_for freed
}
freed() { [ "$(kernel)" -lt 1500 ]; }

# kernel: kilobytes of kernel memory that the cgroup pays for; slab: all unreclaimable slab there is
kernel() { awk '$1 == "kernel" { print int($2 / 1024) }' $group/memory.stat; }
slab() { awk '$1 == "SUnreclaim:" { print $2 }' /proc/meminfo; }
killed() { awk '$1 == "oom_kill" { print $2 }' $group/memory.events; }

# between TEXT LOW N HIGH
between()
{
	if [ "$2" -le "$3" ] && [ "$3" -le "$4" ]; then
		ok "$1"
	else
		not_ok "$1"
		note "$3 is not between $2 and $4"
	fi
}

mountpoint -q /sys/fs/cgroup || mount -t cgroup2 none /sys/fs/cgroup
echo +memory >/sys/fs/cgroup/cgroup.subtree_control
mkdir $group
for ns in client6 router; do
	ip netns add $ns
	at $ns sysctl -qw net.ipv6.conf.default.accept_dad=0
done
insmod /natpt/natpt.ko
dmesg -C

cat >/tmp/pools.conf <<-END
	prefix $P
	$(for i in {0..15}; do for j in {0..255}; do echo "map from any6 to 10.9.$i.$j"; done; done)
END
cat >/tmp/user.conf <<-END
	prefix $P
	map from any6 to $POOL
	map enable
END

begin
refusal="natptconfig: network namespaces of user namespaces need the module's parameter userns=1"
is "the namespace of a user may not be configured" "$refusal" "$(user natptconfig prefix $P 2>&1)"
is "... nor disabled" "$refusal" "$(user natptconfig map disable 2>&1)"
check "... but looked at" user natptconfig show mapping
check "one of the initial user namespace may" config prefix $P
is "the parameters are root's" "root 644 root 644" "$(stat -c '%U %a' $parameters/userns{,_memory} | xargs)"
check_fails "... not a user's" user bash -c "echo 1 >$parameters/userns"
echo 1 >$parameters/userns
check "with userns=1 it may be configured" user natptconfig prefix flush

before=$(kernel) all=$(slab)
check "4096 rules, each with a pool" user natptconfig -f /tmp/pools.conf
between "... are charged to the user's cgroup" 500 $(($(kernel) - before)) $((8000 * ${slower:-1}))
between "... and take no more" -8000 $(($(slab) - all)) $((8000 * ${slower:-1}))
end

begin
before=$(kernel)
check "translation is switched on" user natptconfig -f /tmp/user.conf
between "... and its tables are charged" 150 $(($(kernel) - before)) 4000
before=$(kernel)
open 8000
between "another one's packets open sessions, which are charged" \
	1700 $(($(kernel) - before)) $((8000 * ${slower:-1}))
is "... all that were asked for" 8000 "$(sessions)"
end

begin
user natptconfig -f /tmp/user.conf
open 1
echo $(($(cat $group/memory.current) + (1 << 20))) >$group/memory.max
open 8000
between "where the cgroup has no more, a flow is not opened" 1 "$(dropped no-memory)" 7999
between "... up to there it is" 1 "$(sessions)" 7999
before=$(forwarded)
open 1
is "... and goes on" $((before + 1)) "$(forwarded)"
echo max >$group/memory.max
open 8000
is "with a higher limit there is room" 8000 "$(sessions)"
end

begin
echo 0 >$parameters/userns_memory
is "tables beyond the ceiling are refused" \
	"natptconfig: user namespaces hold too much: raise the module's parameter userns_memory" \
	"$(user natptconfig -f /tmp/user.conf 2>&1)"
is "... as is all of their transaction" "" "$(user natptconfig show prefix)"
check "the initial user namespace has none" config map enable
echo 1 >$parameters/userns_memory
check "below the ceiling they are made" user natptconfig -f /tmp/user.conf
open 8000
between "at the ceiling a flow is not opened" 1 "$(dropped memory-ceiling)" 7999
between "... up to there it is" 1 "$(sessions)" 7999
before=$(forwarded)
open 1
is "... and goes on" $((before + 1)) "$(forwarded)"
echo 64 >$parameters/userns_memory
open 8000
is "with a higher ceiling there is room" 8000 "$(sessions)"
end
check "what a namespace held is free when it is gone" freed
echo 1 >$parameters/userns_memory
begin
check "... also below the ceiling" user natptconfig -f /tmp/user.conf
end

is "nobody was killed for it" 0 "$(killed)"
rmmod natpt
is "and nothing was logged" "" "$(dmesg)"
rmdir $group
finish

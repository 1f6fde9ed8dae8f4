#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Pools of several addresses: which one a host gets, and what becomes of it.

. "$(dirname "$0")/lib.sh"

network
translator
# what has no room is refused, what has gone is free, and a host may have all there is
config -f - <<-END
	set evict = 0
	set port-hold = 0
	set host-rate = 100000
END
relay python3 "$(dirname "$0")/pool-addresses.py"

# What is refused changes nothing.
config -f - <<-END
	map flush
	map 10 from any6 to 192.0.2.0/28
	map 20 from 2001:db8:7::/64 to 198.18.7.0/24 stateless
END
before=$(config show config)
# refuses TEXT STATEMENT...: natptconfig does, with words of which TEXT are some
refuses()
{
	local text=$1
	shift
	check "$*: ${text}" grep -qF "$text" <<<"$(config "$@" 2>&1)"
	is "... changes nothing" "$before" "$(config show config)"
}
refuses "pool address is in a stateless rule" map from any6 to 198.18.0.0/16
refuses "pool address is in a stateless rule" map from any6 to 198.18.7.9 - 198.18.7.12
refuses "pool address is in a stateless rule" map from any6 to 198.18.6.9 - 198.18.7.0
refuses "cover a pool's" map from 2001:db8:8::/64 to 192.0.2.8/31 stateless
refuses "cover a pool's" map from 2001:db8:8::/64 to 192.0.0.0/16 stateless
refuses "65536 are the most" map from any6 to 10.0.0.0 - 10.1.0.0
refuses "65536 are the most" map from any6 to 10.0.0.0/16
refuses "must not be a loopback address" map from any6 to 126.255.255.0 - 128.0.0.0
check "beside a pool there is room for a stateless rule" \
	config map from 2001:db8:8::/64 to 192.0.2.16/28 stateless
check "beside a stateless rule there is room for a pool" \
	config map from any6 to 198.18.8.0 - 198.18.8.255

# Addresses that many rules name, in any order, are there once.
config -f - <<-END
	map flush
	map from any6 to 10.5.0.0/17 proto tcp
	map from any6 to 10.5.128.0/17 proto tcp
	map from any6 to 10.5.0.0/16 proto udp
	map from any6 to 10.5.255.255 proto icmp
END
check "65536 addresses of four rules" config show rules
refuses_now() { ! config "$@"; }
check "... and not one more" refuses_now map from any6 to 10.6.0.0
check "... but again" config map from any6 to 10.5.7.7 - 10.5.7.8
check "a shell's range without blanks" config map from any6 to 10.5.7.7-10.5.7.8
finish

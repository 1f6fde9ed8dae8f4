#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What the module says to the kernel log, and that it says no more than that.
. "$(dirname "$0")/lib.sh"

network
translator
dmesg -C
at client6 ping -qc3 -i0.1 -W20 $S46 >/dev/null
# packets and requests that are refused are counted, not logged: anybody could fill the log
at client6 ping -qc20 -i0.01 -W1 2001:db8:64::127.0.0.1 >/dev/null
at client6 ping -6 -qc20 -i0.01 -t1 -W1 $S46 >/dev/null
config map delete 99 2>/dev/null
is "traffic, drops and refused requests log nothing" "" "$(dmesg)"
check "... but are counted" [ "$(counter drop-martian-target)" -ge 20 ]
config map disable
config map enable
rmmod natpt
is "disable, enable and rmmod log nothing" "" "$(dmesg)"
insmod /natpt/natpt.ko
is "insmod logs one line" "natpt: NATPT initialized" "$(dmesg -t)"
# 4096: built outside the tree, 8192: not signed
is "the kernel is tainted by nothing but a module from outside" 0 \
	$(($(cat /proc/sys/kernel/tainted) & ~(4096 | 8192)))
finish

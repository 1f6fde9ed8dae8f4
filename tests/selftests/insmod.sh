#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The module by itself: it loads where nothing else of netfilter is loaded, and says what it is.
. "$(dirname "$0")/lib.sh"

module=/natpt/natpt.ko

# Earlier tests may have left modules; what can go, goes.
for _ in {1..9}; do
	awk '$1 ~ /^(nf|nft|x|ip6?)_?tables|^nf_|^nfnetlink|^nft_|^xt_/ && $3 == 0 { print $1 }' /proc/modules |
		xargs -r -n1 rmmod 2>/dev/null
done
is "no netfilter module is loaded" "" "$(awk '/^(nf|nft|xt)_|^nfnetlink|^ip6?table|^x_tables/ { print $1 }' /proc/modules | xargs)"
check "insmod natpt.ko" insmod $module
is "it drags no other module in" "" "$(awk '/^(nf|nft|xt)_|^nfnetlink/ { print $1 }' /proc/modules | xargs)"
check "it says NATPT initialized" grep -q 'natpt: NATPT initialized$' <<<"$(dmesg | tail -3)"
check_fails "a second insmod is refused" insmod $module
is "lsmod shows no users" 0 "$(awk '$1 == "natpt" { print $3 }' /proc/modules)"
check "rmmod" rmmod natpt
check_fails "it is gone" grep -q '^natpt ' /proc/modules

is "modinfo: license" GPL "$(modinfo -F license $module)"
is "modinfo: author" "The natpt authors" "$(modinfo -F author $module)"
check "modinfo: description" grep -q 'IPv6/IPv4 translator' <<<"$(modinfo -F description $module)"
check "modinfo: version" grep -qE '^[0-9]+\.[0-9]+' <<<"$(modinfo -F version $module)"
check "modinfo: alias, by which natptconfig has it loaded" \
	grep -qx net-pf-16-proto-16-family-natpt <<<"$(modinfo -F alias $module)"
is "modinfo: depends on nothing" "" "$(modinfo -F depends $module)"
check_fails "modinfo: every parameter has a description" grep -vE '^[a-z_]+:.{10,} \([a-z0-9]+\)$' <<<"$(modinfo -F parm $module)"
is "vermagic is this kernel's" "$(uname -r)" "$(modinfo -F vermagic $module | cut -d' ' -f1)"

check_fails "an unknown parameter is refused or told" \
	bash -c "insmod $module frobnicate=1 && ! dmesg | tail -3 | grep -q 'unknown parameter .frobnicate. ignored'"
rmmod natpt 2>/dev/null
# As an installed module: modprobe, and the kernel's own loading for natptconfig.
dir=/lib/modules/$(uname -r)/updates
if mkdir -p "$dir" 2>/dev/null && cp $module "$dir" && depmod; then
	check "the kernel loads it when natptconfig asks" natptconfig show mapping
	check "... by its alias" grep -q '^natpt ' /proc/modules
	check "modprobe -r" modprobe -r natpt
	rm "$dir/natpt.ko"
	depmod
else
	ok "the kernel loads it when natptconfig asks # SKIP no place for modules"
fi
finish

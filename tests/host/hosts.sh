#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A fresh Debian 12 and 13 with nothing but make and mmdebstrap: 'make' must go through. Not again while
# all that hosts may see differently is as it was, unless HOSTS=always.
set -u
. "$(dirname "$0")/../../scripts/lib.sh"
. "$(dirname "$0")/lib.bash"

# try SUITE: copy the tree into a clean root and build there, our cache bound
try()
{
	local suite=$1 root=$cache/host-$1 log=$top/build/host-$1.log

	if [ ! -d "$root" ]; then
		prepare_mmdebstrap
		rm -rf --one-file-system "$root.new"
		mmdebstrap --mode=root --variant=minbase --include=make,mmdebstrap,ca-certificates \
			"${apt_options[@]}" "$suite" "$root.new" "deb $mirror $suite main" &&
			mv "$root.new" "$root" || return
	fi >"$log" 2>&1
	# what was built last time stays, as the times of the files do
	mkdir -p "$root/natpt" "$root/$cache"
	find "$root/natpt" -mindepth 1 -maxdepth 1 ! -name build -exec rm -rf {} +
	tar -C "$top" --exclude=./build --exclude=./.git --exclude=target --exclude=natpt.ko -cf - . |
		tar -C "$root/natpt" -xf -
	unshare --mount --pid --fork --kill-child --propagation private /bin/sh -euc '
		mount --bind "$1" "$1"
		mount -t proc proc "$1/proc"
		mount --rbind /dev "$1/dev"
		mount --bind "$2" "$1$2"
		touch "$1/etc/resolv.conf"
		mount --bind "$(readlink -f /etc/resolv.conf)" "$1/etc/resolv.conf"
		cd "$1"
		mount --move . /
		exec chroot . env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin NATPT_CACHE="$2" make -C /natpt
	' sh "$root" "$cache" >>"$log" 2>&1 &&
		[ -f "$root/natpt/natpt.ko" ] && [ -x "$root/natpt/build/userspace/release/natptconfig" ]
}

if [ "${1:-}" = --try ]; then
	try "$2"
	exit
fi

# What is compiled is not among it: that happens in the same build root everywhere.
cd "$top" || exit
state=$(find Makefile Kbuild scripts tests/host/hosts.sh userspace -type f \
	\( ! -path 'userspace/*' -o -name 'Cargo.*' \) ! -name check ! -name lint ! -name tally \
	-exec sha256sum {} + | sort | sha256sum)
echo 1..2
mkdir -p "$top/build"
for suite in bookworm trixie; do
	proof=$cache/host-$suite.proof
	text="make on a fresh Debian $suite"
	if [ "${HOSTS:-}" != always ] && [ "$(cat "$proof" 2>/dev/null)" = "$state" ]; then
		ok "$text (some time ago, with the same scripts)"
	elif as_root "$0" --try "$suite"; then
		echo "$state" >"$proof"
		ok "$text"
	else
		not_ok "$text" "$(cat "$top/build/host-$suite.log")"
	fi
done

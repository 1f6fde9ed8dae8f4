#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The module's sources: lints, style, and where unsafe code may be.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd -P)
. "$(dirname "$0")/lib.bash"
cd "$top" || exit

clippy()
{
	local out=$top/build/clippy
	mkdir -p "$out"
	# a result of before would hide the warnings
	rm -f "$out/src/natpt_main.o"
	"$top/scripts/buildroot" run make --no-print-directory -s -C /usr/src/natpt/kdir \
		"M=$top" "MO=$out" CLIPPY=1 modules 2>&1 | grep -v '^Skipping BTF'
	[ "${PIPESTATUS[0]}" -eq 0 ]
}

checkpatch()
{
	"$top/scripts/buildroot" run perl /usr/src/natpt/source/scripts/checkpatch.pl \
		--no-tree --strict --terse --no-summary -f \
		"$top"/src/linux/*.c "$top/src/linux/bindings.h"
}

unsafe_outside()
{
	! grep -rnE '\bunsafe\b' "$top/src" --include='*.rs' |
		grep -vE "^$top/src/linux/|forbid\(unsafe_code\)|deny\(unsafe_code\)"
}

forbidding()
{
	local room
	for room in xlate nat; do
		grep -q '^#!\[forbid(unsafe_code)\]' "$top/src/$room/mod.rs" ||
			echo "src/$room may have unsafe code"
	done
}

# imports ROOM: the rooms that its files name, in groups or not, as "FILE: ROOM"
imports()
{
	find "src/$1" -name '*.rs' -print0 | xargs -0 "$top/scripts/buildroot" run perl -0777 -ne '
		s{//.*}{}g;
		while (/\bcrate\s*::\s*(?:(\w+)|(\{(?:[^{}]++|(?2))*\}))/g) {
			my $group = $1 // substr($2, 1, -1);
			while ($group =~ s/\{[^{}]*\}//g) {}
			print "$ARGV: $_\n" for $group =~ /(?:^|,)\s*(\w+)/g;
		}'
}

# Imports only point down: no room names one above it.
upward()
{
	local room above
	while read -r room above; do
		imports "$room" | grep -E ": ($above)\$"
	done <<-'END'
		xlate linux|nat|state|path|netns|netlink
		nat linux|state|path|netns|netlink
		linux xlate|nat|state|path|netns|netlink
		state path|netns|netlink
		path netns|netlink
		netns.rs netlink
		netlink path
	END
	# a path up is a path around this check
	grep -rn 'super::super' src
	imports path | grep -q ': xlate$' || echo "no import is seen"
}

echo "1..5"
clean "clippy with the kernel's lints" clippy
clean "checkpatch" checkpatch
clean "unsafe code is in src/linux only" unsafe_outside
clean "the pure rooms forbid unsafe code" forbidding
clean "imports only point down" upward

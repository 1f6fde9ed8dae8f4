#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Every selftest that the last column of a table in docs/border.md and docs/security.md names is there.
. "$(dirname "$0")/../../scripts/lib.sh"

cd "$top" || exit
echo 1..2
for page in docs/border.md docs/security.md; do
	named=$(sed -n '/^|---/,/^$/ { /^|[^-]/ s/.*|\([^|]*\)|$/\1/p }' "$page" | grep -oE '[a-z][a-z0-9_*-]*')
	missing=$(for test in $named; do
		compgen -G "tests/selftests/$test.sh" >/dev/null || echo "# $test"
	done)
	if [ -n "$named" ] && [ -z "$missing" ]; then
		echo "ok - $page names tests that are there"
	else
		echo "not ok - $page names tests that are there"
		echo "$missing"
	fi
done

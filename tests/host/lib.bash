# SPDX-License-Identifier: GPL-2.0
# What the host's tests share: TAP.
# shellcheck shell=bash

ok() { echo "ok - $1"; }

# not_ok TEXT WHY
not_ok()
{
	echo "not ok - $1"
	sed 's/^/# /' <<<"$2"
}

# check TEXT COMMAND...: it must succeed; its output only when it fails
check()
{
	local text=$1 output
	shift
	if output=$("$@" 2>&1); then
		ok "$text"
	else
		not_ok "$text" "$output"
	fi
}

# clean TEXT COMMAND...: it must succeed and print nothing
clean()
{
	local text=$1 output
	shift
	if output=$("$@" 2>&1) && [ -z "$output" ]; then
		ok "$text"
	else
		not_ok "$text" "$output"
	fi
}

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Lints of the tools, the shell and the Python, and everybody's format.
. "$(dirname "$0")/../../scripts/lib.sh"
. "$(dirname "$0")/lib.bash"

clippy()
{
	"$top/scripts/buildroot" run env CARGO_TARGET_DIR="$top/build/userspace" cargo clippy \
		--quiet --workspace --all-targets --locked -- -D warnings
}

cd "$top/userspace" || exit
echo 1..3
check "cargo clippy" clippy
clean "shellcheck and ruff" "$top/scripts/lint"
check "rustfmt" "$top/scripts/fmt" --check

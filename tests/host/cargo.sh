#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The unit tests, and all else that 'cargo test' runs.
set -o pipefail
. "$(dirname "$0")/../../scripts/lib.sh"

cd "$top/userspace" || exit
"$top/scripts/buildroot" run env CARGO_TARGET_DIR="$top/build/userspace" \
	cargo --config "target.'cfg(all())'.runner='$top/tests/host/cargo-quiet'" \
	test --workspace --locked --no-fail-fast 2>&1 | "$top/tests/host/cargo-tap"

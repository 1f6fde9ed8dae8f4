#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The runners on broken tests: none of them may come out green.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd -P)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. "$(dirname "$0")/lib.bash"

# red TEXT LINE COMMAND...: what it prints has a failure that begins so, and does not pass
red()
{
	local text=$1 line=$2 output sum
	shift 2
	output=$("$@" 2>&1)
	sum=$("$top/scripts/tally" <<<"$output")
	if [ $? = 1 ] && grep -qF "not ok - $line" <<<"$output$sum"; then
		ok "$text"
	else
		not_ok "$text" "$output"$'\n'"$sum"
	fi
}

# tap LINE...: a program of these lines, run as a test that is called t
tap() { timeout 60 "$top/tests/tap" --limit 2 t bash -c "$(printf '%s\n' "$@")"; }

# tally LINE...
tally() { printf '%s\n' "$@" | "$top/scripts/tally"; }

# sums TEXT LAST LINE...: the tally of the lines ends so
sums()
{
	local output
	output=$(tally "${@:3}")
	if [ "$(tail -n1 <<<"$output")" = "$2" ]; then
		ok "$1"
	else
		not_ok "$1" "$output"
	fi
}

# cargo LINE...: these lines of 'cargo test' as a test
cargo() { printf '%s\n' "$@" >"$work/cargo"; "$top/tests/tap" t "$top/tests/host/cargo-tap" "$work/cargo"; }

echo 1..25

check "a test that passes" test "$(tap 'echo note >&2' 'echo "ok 1 - a"; echo "ok 2 - b"; echo 1..2')" = \
	"$(printf '%s\n' 'ok - t: a' 'ok - t: b' '# t: note')"
red "a failure" "t: a" tap 'echo 1..1' 'echo "not ok 1 - a"' 'exit 1'
red "less than planned" "t: planned 3, ran 2" tap 'echo 1..3; echo ok; echo ok'
red "more than planned" "t: planned 1, ran 2" tap 'echo 1..1; echo ok; echo ok'
red "two plans" "t: planned 1 1, ran 2" tap 'echo 1..1; echo ok; echo 1..1; echo ok'
red "no plan" "t: planned none, ran 1" tap 'echo ok'
red "a plan of nothing" "t: planned 0, ran 0" tap 'echo 1..0'
red "nothing" "t: planned none, ran 0" tap true
red "a crash" "t: planned none, ran 1, status 139" tap 'echo ok; kill -SEGV $$'
red "a crash at the end" "t: ended with status 139" tap 'echo ok; echo 1..1; kill -SEGV $$'
red "no such program" "t: planned none, ran 0, status 127" tap no-such-program
red "no end" "t: took more than 2 seconds" tap 'echo 1..1; echo ok; sleep 50'

running='     Running tests/a.rs (deps/a-0)'
red "cargo: a binary that dies" "t: tests/a.rs: died after 1 tests" \
	cargo "$running" "running 2 tests" "test a ... ok" "     Running tests/b.rs (deps/b-0)" \
	"running 1 test" "test b ... ok" "test result: ok."
red "cargo: the last binary dies" "t: tests/a.rs: died after 0 tests" cargo "$running" "running 2 tests"
red "cargo: a test that is lost" "t: tests/a.rs: promised 2 tests, ran 1" \
	cargo "$running" "running 2 tests" "test a ... ok" "test result: ok."
red "cargo: an empty list of cases" "t: tests/a.rs: tests nothing" cargo "$running" "test result: 0 failed"
red "cargo: a failure" "t: a" cargo "$running" "running 1 test" "test a ... FAILED" "test result: FAILED."
red "cargo: nothing is built" "t: planned 0, ran 0" cargo "error: could not compile"

sums "tally" "2 passed, 0 failed" "# start: a" "ok - a: x" "# end: a (1 s)" "ok - b"
sums "tally: a plan that is not kept" "1 passed, 1 failed" 1..2 "ok 1"
sums "tally: a plan of nothing" "1 passed, 1 failed" 1..1 "ok" 1..0
sums "tally: skipped" "1 passed, 1 failed" "ok 1" "ok 2 # SKIP"
sums "tally: no end" "1 passed, 1 failed" "# start: a" "ok - a: x"
sums "tally: nothing" "0 passed, 1 failed" "# start: a" "# end: a (1 s)"

printf '#!/bin/sh\necho ok\nexit 3\n' >"$work/broken.sh"
chmod +x "$work/broken.sh"
red "the host's runner" "broken: planned none, ran 1, status 3" "$top/tests/host/run" "$work/broken.sh"

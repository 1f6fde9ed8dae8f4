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
tap() { timeout 60 "$top/tests/tap" --limit 5 t bash -c "$(printf '%s\n' "$@")"; }

# tally LINE...
tally() { printf '%s\n' "$@" | "$top/scripts/tally"; }

# is TEXT EXPECTED ACTUAL
is() { if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "$3"; fi; }

# sums TEXT LAST LINE...: the tally of the lines ends so
sums() { is "$1" "$2" "$(tally "${@:3}" | tail -n1)"; }

# cargo LINE...: these lines of 'cargo test' as a test
cargo() { printf '%s\n' "$@" >"$work/cargo"; "$top/tests/tap" t "$top/tests/host/cargo-tap" "$work/cargo"; }

echo 1..37

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
red "no end" "t: took more than 5 seconds" tap 'echo 1..1; echo ok; sleep 50'

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

# the VMs' runner in a tree where a script plays the VM: all is as asked, but for what its names say
tree=$work/tree
mkdir -p "$tree"/{scripts,tests/vm,tests/selftests}
cp "$top"/scripts/{lib.sh,versions,tally} "$tree/scripts"
cp "$top/tests/tap" "$tree/tests"
cp "$top"/tests/vm/{selftests,trouble} "$tree/tests/vm"
printf '%s\n' 'a 5' 'dies 7' >"$tree/tests/vm/durations"
echo 'vm-files:' >"$tree/Makefile"
for name in a b c dies distrusted short; do
	printf '#!/bin/sh\nsleep 0.3\necho "ok 1 - x"\necho 1..1\n' >"$tree/tests/selftests/$name.sh"
done
echo "echo 1..2" >>"$tree/tests/selftests/short.sh"
for name in d killed; do
	printf '#!/bin/sh\n# needs: no module\necho "ok 1 - x"\necho 1..1\n' >"$tree/tests/selftests/$name.sh"
done
cat >"$tree/tests/vm/run" <<'END'
#!/bin/bash
while [ "$1" != --log ]; do
	shift
done
: >"$2"
cd "$(dirname "$0")/../.." || exit
[ ! -e no-vm ] || exit 125
! mkdir tried 2>/dev/null || exit 124
while echo '# next?' && read -r name && [ -n "$name" ]; do
	echo "# start: $name"
	if [ "$name" = dies ]; then
		printf '%s\n' boot "natpt-selftest: $name" "last words" >"$2"
		kill -KILL $$
	fi
	tests/tap "$name" "tests/selftests/$name.sh"
	echo "# end: $name (1 s)"
	[ "$name" != distrusted ] || exit 3
done
END
cat >"$tree/tests/vm/namespaced" <<'END'
#!/bin/bash
cd "$(dirname "$0")/../.." || exit
case $* in
--works)	[ ! -e no-namespaces ] ;;
*killed*)	exit 9 ;;
*)		"$@" ;;
esac
END
chmod +x "$tree"/tests/vm/* "$tree"/tests/selftests/*

in_tree() { timeout 300 "$tree/tests/vm/selftests" "$@" 2>&1; }

# said LINE: one of the lines
said() { grep -qxF "$1" <<<"$run"; }

# apart: between the start and the end of a test is nothing of another
apart()
{
	awk '
		/^# start: /			{ name = $3 }
		/^# running: / && name != ""	{ exit 1 }
		name != "" && /^(not )?ok - / && index($0, "ok - " name ":") == 0 { exit 1 }
		/^# end: /			{ if ($3 != name) exit 1; name = "" }' <<<"$run"
}

run=$(in_tree)
is "VMs: all tests but the lost ones pass" "6 passed, 4 failed" \
	"$("$top/scripts/tally" <<<"$run" | tail -n1)"
check "… a VM that does not boot costs none" said 'not ok - between tests: the VM ended with status 124:'
check "… a VM that dies costs the test it ran" said 'not ok - dies: the VM ended with status 137:'
check "… with the last words of its kernel" said '# last words'
check "… as do namespaces" said 'not ok - killed: the namespaces ended with status 9'
check "… a plan is kept there, too" said 'not ok - short: planned 1 2, ran 1, status 0'
check "… what a test says is not mixed with what others say" apart
is "… the longest comes first" "dies a" \
	"$(sed -n 's/^# running: \([a-z]*\) .*/\1/p' <<<"$run" | grep -xE 'a|dies' | xargs)"
is "VMs: some tests" "2 passed, 0 failed" "$(in_tree a c | "$top/scripts/tally" | tail -n1)"
check "VMs: no such test" test "$(in_tree a none)" = "natpt: no such selftest: none"
touch "$tree/no-namespaces"
is "VMs: no namespaces" "2 passed, 0 failed" "$(in_tree d killed | "$top/scripts/tally" | tail -n1)"
touch "$tree/no-vm"
red "VMs: none that boots" "a: no VM ran it" in_tree a b

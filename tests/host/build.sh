#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The build's error lines, its second run, and its check of the linked symbols.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd -P)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. "$(dirname "$0")/lib.bash"

# refuses TEXT PATTERN CMD...: it must fail with one line only, which matches
refuses()
{
	local text=$1 pattern=$2 output
	shift 2
	if output=$("$@" 2>&1); then
		not_ok "$text" "it succeeded: $output"
	elif [ "$(wc -l <<<"$output")" -eq 1 ] && grep -q -- "$pattern" <<<"$output"; then
		ok "$text"
	else
		not_ok "$text" "$output"
	fi
}

# tool NAME TEXT: a program in $work/bin that prints TEXT
tool()
{
	# a link there leads to this machine's own program
	rm -f "$work/bin/$1"
	printf '#!/bin/sh\necho "%s"\n' "$2" >"$work/bin/$1"
	chmod +x "$work/bin/$1"
}

check_kdir()
{
	env -u RUSTC -u BINDGEN "PATH=$work/bin:/usr/bin:/bin" "$@" \
		"$top/scripts/check-kdir" "$work/kdir"
}

# with an empty cache
build_root()
{
	env -u NATPT_INSIDE "NATPT_CACHE=$work/cache" "PATH=$work/bin:/usr/bin:/bin" "$@" \
		"$top/scripts/buildroot"
}

echo "1..19"

# the configuration is the stock kernel's; each step adds what the last line asked for
"$top/scripts/buildroot"
real=$("$top/scripts/buildroot" path)/usr/src/natpt/kdir/include/config/auto.conf
conf=$work/kdir/include/config/auto.conf
mkdir -p "$work/bin" "$work/kdir"
refuses "KDIR that is no build tree" 'make modules_prepare' check_kdir
mkdir -p "$work/kdir/include/config" "$work/kdir/rust"
touch "$work/kdir/Makefile"
grep -vE '^CONFIG_(64BIT|RUST)=' "$real" >"$conf"
# fault: border-16
refuses "32-bit kernel" 'no CONFIG_64BIT: natpt is for 64-bit kernels' check_kdir
grep -v '^CONFIG_RUST=' "$real" >"$conf"
refuses "kernel without CONFIG_RUST" 'no CONFIG_RUST: enable it' check_kdir
cp "$real" "$conf"
refuses "kernel without Rust metadata" 'rust/libkernel.rmeta' check_kdir
touch "$work/kdir/rust/libkernel.rmeta"
refuses "kernel without Module.symvers" 'no Module.symvers' check_kdir
touch "$work/kdir/Module.symvers"
tool rustc "rustc 1.0.0 (other)"
refuses "another rustc" "built with 'rustc 1\..*)', here is 'rustc 1.0.0 (other)'" check_kdir
printf '#!/bin/sh\nexit 127\n' >"$work/bin/rustc"
refuses "no rustc" 'rustc is missing' check_kdir
tool rustc "$(sed -n 's/^CONFIG_RUSTC_VERSION_TEXT=//p' "$real")"
refuses "no bindgen" 'none-such is missing: install it' check_kdir BINDGEN=none-such
tool bindgen "bindgen 9.9.9"
tool make ""
tool ld ""
tool gcc ""
clean "a fit kernel is taken silently" check_kdir
sed -i 's/^CONFIG_CLANG_VERSION=.*/CONFIG_CLANG_VERSION=890102/' "$conf"
refuses "a kernel of another clang" 'clang-89 is missing' check_kdir
clean "the stock kernel is fit for the build root's tools" \
	"$top/scripts/buildroot" run "$top/scripts/check-kdir" /usr/src/natpt/kdir

tool uname riscv64
refuses "another architecture" 'x86-64 hosts only' build_root
rm "$work/bin/uname"
printf '#!/bin/sh\nprintf "Avail\\n 2\\n"\n' >"$work/bin/df"
chmod +x "$work/bin/df"
refuses "no disk" 'has 2 GB free, 6 GB are needed' build_root
rm "$work/bin/df"
# neither root nor a sudo to become it
for name in bash dirname cat sha256sum cut uname mkdir df tail; do
	ln -s "$(command -v "$name")" "$work/bin/$name"
done
tool id 1000
refuses "no root, no sudo" 'needs root: install sudo' build_root PATH="$work/bin"

# the stock kernel's module, as 'make' builds it
make -s -C "$top" vm-files >/dev/null 2>&1
release=$("$top/scripts/buildroot" kernel)
made() { stat -c %Y "$top/build/$release/natpt.ko" "$top"/build/userspace/release/{natptconfig,preload-stress}; }
before=$(made)
# fault: packages-1
rm "$work"/bin/*
tool uname 9.9.9
for turn in first second; do
	output=$(env -u KDIR "PATH=$work/bin:$PATH" "$top/scripts/build-module" 2>&1)
	check "a module for another kernel than the running one is not silent, the $turn time" \
		grep -q 'not for the running kernel: /lib/modules/9.9.9/build is not a prepared' <<<"$output"
done
rm "$work/bin/uname"
output=$(make -s -C "$top" vm-files 2>&1)
if [ "$(made)" = "$before" ] && [ -z "$output" ]; then
	ok "a second make does nothing"
else
	not_ok "a second make does nothing" "$output"
fi

# an unwrap's panic, as rustc names it
cat >"$work/panic.c" <<-'END'
	extern void _RNvNtCs1_4core6option13unwrap_failed(void);
	void natpt_test(void) { _RNvNtCs1_4core6option13unwrap_failed(); }
END
cat >"$work/format.c" <<-'END'
	extern void _RNvNtCs1_4core3fmt5write(void);
	void natpt_test(void) { _RNvNtCs1_4core3fmt5write(); }
END
objects=$top/build/symbols-test
mkdir -p "$objects"
cp "$work"/*.c "$objects"
for name in panic format; do
	"$top/scripts/buildroot" run gcc -c -o "$objects/$name.o" "$objects/$name.c"
done
refuses "a module that can panic" 'can panic: it links .*unwrap_failed' \
	"$top/scripts/buildroot" run "$top/scripts/check-symbols" "$objects/panic.o"
check "a module that only formats" "$top/scripts/buildroot" run "$top/scripts/check-symbols" "$objects/format.o"
rm -r "$objects"

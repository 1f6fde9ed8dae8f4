#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# make sign, beside the kernel's own sign-file.
. "$(dirname "$0")/../../scripts/lib.sh"
. "$(dirname "$0")/lib.bash"
work=$(mktemp -d "$top/build/sign-test.XXXXXX")
trap 'rm -rf "$work"' EXIT
kernel=$("$top/scripts/buildroot" kernel)

# a tree that has a module to sign
mkdir -p "$work/tree/build"
cp -R "$top/scripts" "$work/tree/"
plain() { cp "$top/build/$kernel/natpt.ko" "$work/tree/natpt.ko"; }
sign() { "$work/tree/scripts/sign" "$@"; }
says() { local pattern=$1; shift; ! "$@" >"$work/output" 2>&1 && grep -q -- "$pattern" "$work/output"; }
key()
{
	openssl req -new -x509 -newkey rsa:2048 -nodes -subj "/CN=$1/" -days 2 \
		-keyout "$work/$1.key" -outform DER -out "$work/$1.der" 2>/dev/null
}

echo 1..7
make -s -C "$top" vm-files >/dev/null 2>&1
key one
key two
check "no module" says "natpt.ko is missing: run 'make'" sign "$work/one.key"
plain
check "no key" says 'say which key: make sign KEY=FILE' sign
check "another's certificate" says 'does not sign for' sign "$work/one.key" "$work/two.der"
check "signed" sign "$work/one.key"
cp "$work/tree/natpt.ko" "$work/ours.ko"
plain
"$top/scripts/buildroot" run /usr/src/natpt/kdir/scripts/sign-file sha256 "$work/one.key" "$work/one.der" \
	"$work/tree/natpt.ko"
check "... as the kernel's own tool does it" cmp "$work/ours.ko" "$work/tree/natpt.ko"
check "... but not twice" says 'is signed already' sign "$work/one.key"
plain
rm "$work/one.der"
check "no certificate" says 'no certificate beside it: say CERT=FILE' sign "$work/one.key"

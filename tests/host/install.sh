#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# make install and make uninstall, into a tree of their own.
. "$(dirname "$0")/../../scripts/lib.sh"
. "$(dirname "$0")/lib.bash"
work=$(mktemp -d "$top/build/install.XXXXXX")
trap 'rm -rf "$work"' EXIT

make_as() { env -u DESTDIR -u PREFIX make -s -C "$top" DESTDIR="$work/dest" PREFIX=/opt/natpt "$@"; }

# every program and file of ours that a unit names is there, and nowhere else
paths_of_units()
{
	local path
	for path in $(sed -n 's/^Exec[A-Za-z]*=[+-]*//p' "$work"/dest/opt/natpt/lib/systemd/system/*.service |
		tr ' ' '\n' | grep -E '^/.*(natpt|totd|faithd)' | sed 's/%i/natpt/'); do
		[ -f "$work/dest$path" ] || echo "$path"
	done
}

# every manual of ours is there
manuals_left_out()
{
	local page
	for page in "$top"/userspace/*/*.[1-9]; do
		[ -f "$work/dest/opt/natpt/share/man/man${page##*.}/${page##*/}" ] || echo "$page"
	done
}

leftovers() { find "$work/dest" ! -type d; }

release() { basename "$work"/dest/lib/modules/*; }

echo 1..10
make -s -C "$top" module vm-files >/dev/null 2>&1
check "install" make_as install
clean "units name what was installed" paths_of_units
clean "all manuals are installed" manuals_left_out
check "the module lies in the tree of its kernel" grep -qzx "vermagic=$(release) .*" \
	"$work/dest/lib/modules/$(release)/updates/natpt.ko"
check "natptrun finds its libraries" "$top/scripts/buildroot" run "$work/dest/opt/natpt/bin/natptrun" \
	--prefix 64:ff9b::/96 true
echo '# mine' >>"$work/dest/etc/natpt/natpt.conf"
check "install again" make_as install
check "... keeps configuration" grep -qx '# mine' "$work/dest/etc/natpt/natpt.conf"
check "uninstall names it" grep -q 'natpt.conf is not as it was installed' <<<"$(make_as uninstall 2>&1)"
check "... and leaves nothing else" [ "$(leftovers)" = "$work/dest/etc/natpt/natpt.conf" ]
check "a relative PREFIX is refused" grep -q 'no absolute path' <<<"$(make_as PREFIX=opt install 2>&1)"

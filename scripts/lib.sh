# SPDX-License-Identifier: GPL-2.0
# Shared by the scripts: where things are, and how to speak.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
cache=${NATPT_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/natpt}
. "$top/scripts/versions"

say()
{
	echo "natpt: $*" >&2
}

die()
{
	say "$*"
	exit 1
}

# as_root CMD...: run it as root, asking sudo when we are not; $owner stays the caller.
as_root()
{
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
		return
	fi
	command -v sudo >/dev/null ||
		die "the build root needs root: install sudo, or run as root, or name a kernel with KDIR=..."
	sudo env PATH="$PATH:/usr/sbin:/sbin" NATPT_CACHE="$cache" NATPT_OWNER="$owner" \
		"${passed_env[@]}" "$@"
}
owner=${NATPT_OWNER:-$(id -u):$(id -g)}

# The few variables that reach the build root.
passed_env=()
for name in TERM http_proxy https_proxy no_proxy NATPT_MIRROR NATPT_KVM NATPT_SUITE V; do
	[ -z "${!name:-}" ] || passed_env+=("$name=${!name}")
done
unset name

# lock NAME: hold a lock until this process ends, saying so when it must wait.
lock()
{
	exec {lock_fd}>"$cache/$1.lock"
	flock -n "$lock_fd" && return
	say "$1: another run is making it, waiting"
	flock "$lock_fd"
}

# need_disk GB: there must be room in the cache.
need_disk()
{
	local free
	free=$(($(df --output=avail -B1G "$cache" | tail -1)))
	[ "$free" -ge "$1" ] ||
		die "$cache has $free GB free, $1 GB are needed: make room, or set XDG_CACHE_HOME to a bigger disk"
}

# The Debian mirror that this machine's own apt uses.
debian_mirror()
{
	apt-get indextargets --format '$(REPO_URI)' 'Identifier: Packages' \
		'Origin: Debian' 'Label: Debian' 2>/dev/null | grep -m1 -E '^https?://'
}

# What mmdebstrap needs to know of this machine; sets $mirror and $apt_options. As root.
prepare_mmdebstrap()
{
	if ! command -v mmdebstrap >/dev/null; then
		command -v apt-get >/dev/null || die "mmdebstrap is missing: install it"
		say "installing mmdebstrap (half a minute)"
		{ apt-get -q update && DEBIAN_FRONTEND=noninteractive \
			apt-get -qy install --no-install-recommends mmdebstrap; } >&2 ||
			die "mmdebstrap is missing and apt-get could not install it: install it"
	fi
	mirror=${NATPT_MIRROR:-$(debian_mirror || { apt-get -q update >&2 && debian_mirror; })}
	[ -n "$mirror" ] ||
		die "no Debian mirror in this machine's apt sources: set NATPT_MIRROR=http://.../debian"
	apt_options=()
	while read -r line; do
		apt_options+=("--aptopt=$line")
	done < <(apt-config dump Acquire 2>/dev/null | grep -i '::proxy')
}

# whole: standard input to standard output, not mixed with what others print so.
whole() { flock "$top/scripts/tally" cat; }

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The preload libraries stand before exactly these functions, use the C library alone, and have
# no way to allocate or to lock.
# needs: no module

. "$(dirname "$0")/lib.sh"

both=(__close __connect __dup2 __fcntl __recvfrom_chk accept accept4 bind close close_range
	closefrom connect dup dup2 dup3 epoll_ctl fclose fcntl fcntl64 getaddrinfo getpeername getsockname getsockopt ioctl
	listen recvfrom recvmmsg recvmsg sendmmsg sendmsg sendto setsockopt socket)
names=(getaddrinfo_a gethostbyaddr gethostbyaddr_r gethostbyname gethostbyname2
	gethostbyname2_r gethostbyname_r getnameinfo)

# symbols LIBRARY PATTERN
symbols()
{
	python3 "$(dirname "$0")/preload_symbols.py" "/natpt/bin/lib$1.so" | grep "$2" | LC_ALL=C sort
}

# req: G-009 G-020 G-021 G-022
is "libshortcut.so defines" "$(printf '%s\n' "${both[@]}" | LC_ALL=C sort)" \
	"$(symbols shortcut '^[^ ]*$')"
is "libbia.so defines" "$(printf '%s\n' "${both[@]}" "${names[@]}" | LC_ALL=C sort)" \
	"$(symbols bia '^[^ ]*$')"
for library in shortcut bia; do
	is "lib$library.so needs the C library alone" "needs libc.so.6" "$(symbols $library '^needs ')"
	is "… allocates and locks nothing" "" \
		"$(symbols $library '^uses .*\(alloc\|mutex\|lock\|once\|sem_\)' | grep -v clock_)"
done
finish

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# natptrun: how it finds the prefix, what it says of programs, and how it ends.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/dns64.bash"

network
translator
mkdir -p $DNS /etc/netns/{client6,server6}
chmod 777 $DNS
totd_conf "forwarder 127.0.0.1 port 5300" "prefix $P" "clients any"
start_totd
echo "nameserver $TOTD" >/etc/netns/client6/resolv.conf
echo "nameserver ::1" >/etc/netns/server6/resolv.conf

# what COMMAND...: what it prints, and how it ends
what() { local status; "$@" 2>&1; status=$?; [ $status = 0 ] || echo "status $status"; }

# the prefix
at router tcpdump -Uni in6 -w /tmp/queries udp port 53 2>/tmp/tcpdump &
wait_for grep -q listening /tmp/tcpdump
is "the prefix of the name servers" $P "$(at client6 natptrun printenv NATPT_PREFIX)"
# fault: names-20
is "… for bia, too" $P "$(at client6 natptrun --bia printenv NATPT_PREFIX)"
# req: F-065 F-073
query() { tcpdump -nr /tmp/queries 2>/dev/null | grep -o '[0-9]*[+%]* AAAA? ipv4only.arpa.'; }
wait_for query
check "… which are asked without CD" grep -q '^[0-9]*+ AAAA' <(query)
before=$(query | wc -l)
# req: F-072
is "--prefix goes before it" 2001:db8:100::/40 \
	"$(at client6 natptrun --prefix 2001:db8:100::/40 printenv NATPT_PREFIX)"
is "… and NATPT_PREFIX" 2001:db8:77:: \
	"$(NATPT_PREFIX=2001:db8:77:: at client6 natptrun printenv NATPT_PREFIX)"
is "… nobody is asked then" "$before" "$(query | wc -l)"
is "the prefix of the kernel's natpt" $P "$(at router natptrun printenv NATPT_PREFIX)"
output=$(what at server6 natptrun true)
check "no prefix to be found: says what to do" grep -q 'give one with --prefix' <<<"$output"
is "… and fails" "status 125" "$(tail -n1 <<<"$output")"

# how it ends
run() { what natptrun --prefix $P "$@"; }
is "the program's status" "status 7" "$(run sh -c 'exit 7')"
is "no such program" "status 127" "$(run no-such-program | tail -n1)"
is "no program" "status 126" "$(run /etc/passwd | tail -n1)"
is "wrong usage" "status 125" "$(what natptrun --no-such-option | tail -n1)"
is "bad prefix" "status 125" "$(what natptrun --prefix 192.0.2.1 true | tail -n1)"
is "no library: says where to look" 1 \
	"$(NATPT_LIB=/nowhere run true | grep -c 'libshortcut.so is not in /nowhere: set NATPT_LIB')"
is "the library" /natpt/bin/libshortcut.so "$(run printenv LD_PRELOAD)"
is "the other one" /natpt/bin/libbia.so "$(what natptrun --bia printenv LD_PRELOAD)"
preload=/usr/lib/x86_64-linux-gnu/libm.so.6
# req: G-037
is "another preloaded library stays" $preload:/natpt/bin/libshortcut.so \
	"$(LD_PRELOAD=$preload run printenv LD_PRELOAD)"
is "never both" 1 "$(LD_PRELOAD=/natpt/bin/libbia.so run true | grep -c 'do not go together')"

# programs that cannot be helped
mkdir /tmp/programs
cp /usr/bin/curl /tmp/programs/setuid
chown nobody /tmp/programs/setuid
chmod 4755 /tmp/programs/setuid
cp /usr/bin/curl /tmp/programs/capable
python3 -c 'import os; os.setxattr("/tmp/programs/capable", "security.capability",
	bytes.fromhex("0100000200200000000000000000000000000000"))'
cp /usr/bin/busybox /tmp/programs/static
printf '#!/tmp/programs/static sh\necho hello\n' >/tmp/programs/script
{ printf '\177ELF\001'; tail -c +6 /usr/bin/busybox; } >/tmp/programs/narrow
chmod +x /tmp/programs/*
# helpless PROGRAM REASON [USER]
helpless()
{
	local output
	output=$(what setpriv --reuid "${3:-root}" --clear-groups natptrun --prefix $P "$1" --version)
	is "$1 $2" "1 1 status 126" \
		"$(grep -c "$2" <<<"$output") $(grep -c 464XLAT <<<"$output") $(tail -n1 <<<"$output")"
}
# req: G-037
helpless /tmp/programs/static "is linked statically"
helpless /tmp/programs/script "is linked statically"
helpless /usr/bin/fzf "is a Go program"
helpless preload-musl "is built for musl"
helpless /tmp/programs/narrow "is built for another machine"
helpless /tmp/programs/setuid "is setuid or setgid"
helpless /tmp/programs/capable "has file capabilities" nobody
is "root gains nothing by capabilities" "curl" "$(run /tmp/programs/capable --version | cut -c1-4 | head -n1)"
is "… they run as ever all the same: static" hello \
	"$(LD_PRELOAD=/natpt/bin/libshortcut.so NATPT_PREFIX=$P busybox echo hello)"
is "… Go" "$(fzf --version)" "$(LD_PRELOAD=/natpt/bin/libshortcut.so NATPT_PREFIX=$P fzf --version)"

# --check
is "calls that know IPv4 only" "/natpt/bin/preload-stress: can be helped
/natpt/bin/preload-stress: gethostbyname: looks a name up, IPv4 only
/natpt/bin/preload-stress: inet_ntoa: prints an IPv4 address" "$(what natptrun --check preload-stress)"
is "a program without such calls" "/usr/bin/true: can be helped
no IPv4-only calls; other calls choose the family when the program runs" \
	"$(what natptrun --check true)"
is "a program that cannot be helped" "status 1" "$(what natptrun --check fzf | tail -n1)"
printf '#!/usr/bin/env fzf\n' >/tmp/programs/by-env
chmod +x /tmp/programs/by-env
# fault: names-20
printf 'A=1 exec fzf "$@"\n' >/tmp/programs/wrapper
printf '#!/usr/bin/env -u A python3\n' >/tmp/programs/by-env-u
printf '#!/nowhere/python\n' >/tmp/programs/orphan
chmod +x /tmp/programs/{wrapper,by-env-u,orphan}
is "a shell script that runs what cannot be helped" "/tmp/programs/wrapper: runs what cannot be helped: \
/usr/bin/fzf is a Go program, which makes its system calls itself
status 1" "$(what natptrun --check /tmp/programs/wrapper | tail -n2)"
check "options of env are none of its program" natptrun --check /tmp/programs/by-env-u
check "an interpreter that is missing is named" grep -q 'interpreter /nowhere/python: No such file' \
	<(natptrun --check /tmp/programs/orphan 2>&1)
check "a script that env starts" grep -q 'fzf is a Go program' <(natptrun --check /tmp/programs/by-env)
finish

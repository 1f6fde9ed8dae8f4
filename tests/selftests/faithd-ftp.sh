#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# faithd's FTP relay: IPv6 clients, active and passive, and a server that knows IPv4 only.
# needs: no module

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/faithd.bash"

FTP=/tmp/ftp
network
mkdir -p $FTP/in /run/vsftpd/empty
chown ftp $FTP/in
head -c 3000000 /dev/urandom >$FTP/file
cat >/tmp/vsftpd.conf <<-END
	listen=YES
	background=NO
	anonymous_enable=YES
	local_enable=NO
	anon_root=$FTP
	write_enable=YES
	anon_upload_enable=YES
	anon_umask=022
	no_anon_password=YES
	secure_chroot_dir=/run/vsftpd/empty
	pasv_promiscuous=NO
	port_promiscuous=NO
END
ip netns exec server4 vsftpd /tmp/vsftpd.conf >/dev/null 2>&1 &
vsftpd=$!
wait_for listening server4 21

# Only ftp is a service: the data connections are let in one by one.
faithd_conf "prefix $FP" "service ftp" "2001:db8:6::/64 permit 0.0.0.0/0"
start_faithd

# got TEXT FILE: whether it is the server's file
got() { check "$1" cmp "$2" $FTP/file; rm -f "$2"; }

# stored TEXT NAME: whether the server has it now
stored() { check "$1" cmp /tmp/upload "$FTP/in/$2"; }

head -c 2000000 /dev/urandom >/tmp/upload
url="ftp://[$FS4]"

# req: G-057
at client6 curl -sS --max-time 120 -o /tmp/got "$url/file"
got "curl, passive (EPSV)" /tmp/got
at client6 curl -sS --max-time 120 -P - -o /tmp/got "$url/file"
got "curl, active (EPRT)" /tmp/got
at client6 curl -sS --max-time 120 -T /tmp/upload "$url/in/curl-passive"
stored "curl sends, passive" curl-passive
at client6 curl -sS --max-time 120 -P - -T /tmp/upload "$url/in/curl-active"
stored "curl sends, active" curl-active
for mode in on off; do
	at client6 lftp -c "set net:timeout 60; set net:max-retries 1; set ftp:passive-mode $mode
		open $url; ls; get file -o /tmp/got; put /tmp/upload -o in/lftp-$mode" >/tmp/list
	got "lftp gets, passive mode $mode" /tmp/got
	stored "lftp puts" lftp-$mode
	check "lftp lists" grep -q 3000000 /tmp/list
done
for mode in -p -A; do
	at client6 tnftp -n $mode "$FS4" <<-END >/tmp/list 2>&1
		user anonymous x
		binary
		get file /tmp/got
		put /tmp/upload in/tnftp$mode
		bye
	END
	got "tnftp $mode gets" /tmp/got
	stored "tnftp $mode puts" tnftp$mode
done

# dialogue LINE...: the codes of the answers
dialogue()
{
	printf '%s\r\n' "$@" QUIT | at client6 nc -w 60 $FS4 21 | tr -d '\r' | cut -c1-3 | xargs
}
login=("USER anonymous" "PASS x")
is "what IPv6 does not have" "220 230 230 502 502 522 501 221" "$(dialogue "${login[@]}" PASV \
	"PORT 192,0,2,1,4,1" "EPRT |1|192.0.2.1|2049|" "EPRT |2|2001:db8:6::9|2049|")"
is "EPSV ALL" "220 230 230 200 501 229 221" \
	"$(dialogue "${login[@]}" "EPSV ALL" "EPRT |2|$C6|2049|" EPSV)"
is "LPSV and LPRT" "220 230 230 228 200 221" "$(dialogue "${login[@]}" LPSV \
	"LPRT 6,16,32,1,13,184,0,6,0,0,0,0,0,0,0,0,0,2,2,200,1")"

# a stranger at a data port
ip -n client6 addr add 2001:db8:6::66/64 dev eth0 nodad
coproc at client6 nc -N -s $C6 $FS4 21
coproc=$COPROC_PID
printf '%s\r\n' "${login[@]}" EPSV >&"${COPROC[1]}"
while read -r -t 60 line <&"${COPROC[0]}" && [[ $line != 229* ]]; do :; done
port=$(sed 's/.*|||\([0-9]*\)|.*/\1/' <<<"$line")
at client6 nc -w 60 -s 2001:db8:6::66 $FS4 "$port" </dev/null
check "is turned away" wait_for logged 'knocks at an FTP data port'
check "… and another address under the prefix has no such port" \
	test "$(peer_at client6 refused 2001:db8:46::203.0.113.9 "$port")" = reset
printf 'RETR file\r\n' >&"${COPROC[1]}"
at client6 nc -w 60 -s $C6 $FS4 "$port" </dev/null >/tmp/got
got "… the right client is not" /tmp/got
eval "exec ${COPROC[1]}>&-"
wait "$coproc"
check "data connections are in the log" logged "client .* destination $S4:[0-9]{4,5} from $R4:"
stop_faithd

# a transfer of 12 seconds, during which the control connection is silent
kill "$vsftpd"
wait "$vsftpd"
echo anon_max_rate=250000 >>/tmp/vsftpd.conf
ip netns exec server4 vsftpd /tmp/vsftpd.conf >/dev/null 2>&1 &
wait_for listening server4 21
start_faithd -i 4
check "a transfer that takes longer than the idle limit" \
	at client6 curl -sS --max-time 120 -o /tmp/got "$url/file"
got "… is complete" /tmp/got
stop_faithd
finish

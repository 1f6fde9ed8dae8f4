#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Programs that carry IPv4 addresses in what they say, and a database: through libshortcut.so and
# natpt to an IPv4-only server, and through libbia.so to an IPv6-only one.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/programs.bash"

network
translator
only_hosts client6 "$S4 four.test" "$S6 six.test"
mkdir -p /tmp/ftp /var/run/vsftpd/empty
head -c 300000 /dev/urandom >/tmp/ftp/file
chmod 755 /tmp/ftp
sum=$(sha256sum </tmp/ftp/file)

# ftp_server NAMESPACE OPTION...
ftp_server()
{
	local ns=$1
	printf '%s\n' anonymous_enable=YES anon_root=/tmp/ftp seccomp_sandbox=NO run_as_launching_user=NO \
		background=NO secure_chroot_dir=/var/run/vsftpd/empty "${@:2}" >/tmp/vsftpd-$ns.conf
	quietly $ns vsftpd /tmp/vsftpd-$ns.conf
	wait_for listening $ns 21
}
ftp_server server4 listen=YES listen_ipv6=NO
ftp_server server6 listen=NO listen_ipv6=YES

# the server names its IPv4 address in the answer to PASV: an address as any other
export LAUNCH="natptrun --prefix $P"
is "lftp, passive" "$sum" "$(launch client6 lftp -c \
	"set net:timeout 60; set net:max-retries 2; open ftp://$S4; cat file" | sha256sum)"
cd /tmp || exit
check "tnftp -4, passive" launch client6 tnftp -4 -o /tmp/fetched ftp://$S4/file
is "… the file" "$sum" "$(sha256sum </tmp/fetched)"
# IPv6 servers know EPSV, which names no address
LAUNCH="natptrun --bia"
check "tnftp -4 to an IPv6-only server" launch client6 tnftp -4 -o /tmp/fetched6 ftp://six.test/file
is "… the file" "$sum" "$(sha256sum </tmp/fetched6)"

# PostgreSQL, which does not run as root
install -d -o postgres /tmp/pg
bin=$(ls -d /usr/lib/postgresql/*/bin)
as_postgres() { setpriv --reuid postgres --regid postgres --clear-groups "$@"; }
check "initdb" as_postgres $bin/initdb -D /tmp/pg -A trust -N --no-locale -E SQL_ASCII
echo "host all all all trust" >>/tmp/pg/pg_hba.conf
postgres()
{
	quietly $1 setpriv --reuid postgres --regid postgres --clear-groups $bin/postgres -D /tmp/pg \
		-c "listen_addresses=$(wildcard $1)" -c unix_socket_directories=/tmp -c fsync=off
	wait_for listening $1 5432
}
# stop: before the next one takes the data
stop() { as_postgres $bin/pg_ctl -D /tmp/pg -m immediate stop >/dev/null; }
query() { launch client6 psql -U postgres -h $1 -Atc 'select 6 * 7' postgres 2>&1; }
postgres server4
is "psql" 42 "$(LAUNCH="natptrun --prefix $P" query $S4)"
stop
postgres server6
is "psql to an IPv6-only server" 42 "$(LAUNCH="natptrun --bia" query six.test)"
stop
finish

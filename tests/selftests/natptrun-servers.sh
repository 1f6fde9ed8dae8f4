#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Servers that listen on IPv4 only, on an IPv6-only host, through either library: IPv6 clients
# reach them.
# needs: no module

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/programs.bash"

network
mkdir -p /tmp/www
echo hello >/tmp/www/index.html
cat >/tmp/nginx.conf <<-'END'
	daemon off;
	worker_processes 2;
	error_log stderr;
	pid /tmp/nginx.pid;
	events { }
	http {
		access_log off;
		server { listen 0.0.0.0:8080; root /tmp/www; }
	}
END

# served PORT: each of many IPv6 clients at once has its greeting and its echo
served()
{
	at client6 python3 "$(dirname "$0")/natptrun_echo.py" $S6 $1 100
}

# servers HOW PORT: ports from there on, so that none is used twice
servers()
{
	local kind port=$2
	export LAUNCH="natptrun $1"
	for kind in threaded forking epoll; do
		quietly server6 $LAUNCH preload-server $kind $port
		wait_for listening server6 $port
		check "natptrun $1: $kind server" served $port
		kill $!
		wait $!
		port=$((port + 1))
	done
	quietly server6 $LAUNCH nginx -c /tmp/nginx.conf
	wait_for listening server6 8080
	is "natptrun $1: nginx" hello "$(at client6 curl -6sS "http://[$S6]:8080/")"
	is "… many times" 50 "$(at client6 curl -6sS "http://[$S6]:8080/?[1-50]" | grep -c hello)"
	kill $!
	wait $!
	quietly server6 $LAUNCH redis-server --bind 0.0.0.0 --protected-mode no --save ''
	wait_for listening server6 6379
	is "natptrun $1: redis" PONG "$(at client6 redis-cli -h $S6 ping)"
	kill $!
	wait $!
}

servers "--prefix $P" 9000
servers --bia 9100
finish

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A program and all that it starts have one table of addresses under 'natptrun --bia': one looks a name
# up, another connects.
# needs: no module
# fault: names-19

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/programs.bash"

LAUNCH="natptrun --bia"
network
only_hosts client6 "$S6 six.test" 2001:db8:5::{20..24}' more.test'
quietly server6 socat TCP6-LISTEN:7,fork,reuseaddr EXEC:cat
wait_for listening server6 7
lookup="python3 -c 'import socket; print(socket.gethostbyname(\"six.test\"))'"

is "a shell: one command looks up, the next connects" hello \
	"$(launch client6 sh -c "addr=\$($lookup); echo hello | nc -4 -N -w60 \$addr 7")"
is "… and both tell the same address" same "$(launch client6 sh -c "
	python3 -c 'import socket; socket.gethostbyname(\"more.test\")'
	[ \$($lookup) = \$($lookup) ] && echo same")"
is "descriptors that a child closes do not matter" hello "$(launch client6 python3 -c '
import socket, subprocess
addr = subprocess.run(["python3", "-c", "import socket; print(socket.gethostbyname(\"six.test\"))"],
                      capture_output=True, text=True, close_fds=True).stdout.strip()
with socket.create_connection((addr, 7)) as client:
    client.sendall(b"hello")
    print(client.recv(9).decode())')"
is "Erlang, whose helper looks names up" '<<"hello">>' "$(launch client6 erl -noshell -eval '
	{ok, Addr} = inet:getaddr("six.test", inet),
	{ok, Socket} = gen_tcp:connect(Addr, 7, [inet, binary, {active, false}]),
	ok = gen_tcp:send(Socket, "hello"),
	{ok, Data} = gen_tcp:recv(Socket, 5),
	io:format("~p", [Data]), halt().')"
is "another natptrun inside has the same" hello "$(launch client6 sh -c "addr=\$(natptrun --bia $lookup)
	echo hello | nc -4 -N -w60 \$addr 7")"
# a pool of 7, of which one is in use in a process that does nothing but sleep
is "what another process is connected to is never given away" "6 True" \
	"$(NATPT_POOL=192.0.2.0/29 launch client6 python3 -c '
import os, signal, socket, time
made = socket.gethostbyname("six.test")
read, write = os.pipe()
child = os.fork()
if child == 0:
    client = socket.create_connection((made, 7))
    os.write(write, b"x")
    os.close(write)
    time.sleep(100)
os.close(write)
os.read(read, 1)
seen = set()
for n in range(100):
    # each turns another peer into an address
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mine, \
         socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as other:
        mine.bind(("0.0.0.0", 0))
        other.setsockopt(socket.SOL_SOCKET, 15, 1)
        other.setsockopt(socket.IPPROTO_IPV6, 78, 1)
        other.bind((f"2001:db8:77::{n}", 0))
        other.sendto(b"x", ("::1", mine.getsockname()[1]))
        seen.add(mine.recvfrom(9)[1][0])
os.kill(child, signal.SIGKILL)
print(len(seen), made not in seen)')"
finish

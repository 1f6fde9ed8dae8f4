# SPDX-License-Identifier: GPL-2.0
# Real servers and clients, for the tests of natptrun.
# shellcheck shell=bash

# only_hosts NAMESPACE LINE...: its names are these, and no others
only_hosts()
{
	mkdir -p "/etc/netns/$1"
	echo 'hosts: files' >"/etc/netns/$1/nsswitch.conf"
	printf '%s\n' '127.0.0.1 localhost' '::1 localhost' "${@:2}" >"/etc/netns/$1/hosts"
}

# quietly NAMESPACE COMMAND...: in the background
quietly() { at "$@" </dev/null >>/tmp/servers.log 2>&1 & }

# launch NAMESPACE COMMAND...: through natptrun, not longer than a minute or two
launch() { local ns=$1; shift; at "$ns" timeout 150 $LAUNCH "$@"; }

start_servers()
{
	local port ns=$1
	mkdir -p /tmp/www
	head -c 300000 /dev/urandom >/tmp/www/file
	echo hello >/tmp/www/index.html
	ssh_key
	cat >/tmp/named.conf <<-END
		options { directory "/tmp"; listen-on { any; }; listen-on-v6 { any; }; recursion no;
			pid-file none; };
		controls { };
		zone "test" { type primary; file "/tmp/test.zone"; };
	END
	cat >/tmp/test.zone <<-'END'
		$TTL 60
		@ SOA ns root 1 60 60 60 60
		@ NS ns
		ns A 192.0.2.53
		www A 192.0.2.80
	END
	mkdir -p /tmp/redis
	quietly "$ns" python3 -m http.server -b "$(wildcard "$ns")" -d /tmp/www 80
	quietly "$ns" /usr/sbin/sshd -D
	quietly "$ns" socat -t60 "TCP-LISTEN:7,fork,reuseaddr,pf=$(family "$ns")" EXEC:cat
	quietly "$ns" socat -t60 "UDP-RECVFROM:7,fork,pf=$(family "$ns")" EXEC:cat
	quietly "$ns" iperf3 -s
	quietly "$ns" redis-server --bind "$(wildcard "$ns")" --protected-mode no --dir /tmp/redis
	quietly "$ns" named -g -c /tmp/named.conf
	for port in 80 22 7 5201 6379 53; do
		wait_for listening "$ns" $port || note "nothing listens on port $port"
	done
}

family() { case $1 in *4) echo ip4 ;; *) echo ip6 ;; esac; }
wildcard() { case $1 in *4) echo 0.0.0.0 ;; *) echo :: ;; esac; }

# clients NAMESPACE ADDRESS NAME: ADDRESS is what the program gets where it takes one
clients()
{
	local ns=$1 addr=$2 name=$3 sum
	sum=$(sha256sum </tmp/www/file)
	is "curl -4" "$sum" "$(launch $ns curl -4sS "http://$addr/file" | sha256sum)"
	is "curl -4, by name" hello "$(launch $ns curl -4sS "http://$name/")"
	is "wget -4" "$sum" "$(launch $ns wget -4qO- "http://$addr/file" | sha256sum)"
	is "ssh -4" hello "$(launch $ns ssh -4 -o StrictHostKeyChecking=no -o LogLevel=ERROR \
		root@$addr echo hello)"
	is "nc -4" hello "$(echo hello | launch $ns nc -4 -N -w60 $addr 7)"
	is "nc -4 -u" hello "$(echo hello | launch $ns nc -4 -u -w60 -W1 $addr 7)"
	check "nc -4, nobody listens" refused $ns $addr
	check "iperf3 -4" launch $ns iperf3 -4 -c $addr -n 2M
	check "… backwards, in parallel" launch $ns iperf3 -4 -c $addr -n 2M -R -P 4
	check "… UDP" launch $ns iperf3 -4 -c $addr -u -b 1M -n 64K
	is "python3, asyncio" "('hello', True)" "$(launch $ns python3 -c '
import asyncio, ipaddress, socket, sys
async def main():
    reader, writer = await asyncio.open_connection(sys.argv[1], 7, family=socket.AF_INET)
    writer.write(b"hello\n")
    line = (await reader.readline()).decode().strip()
    peer = writer.get_extra_info("peername")
    print((line, len(peer) == 2 and peer[1] == 7 and ipaddress.ip_address(peer[0]).version == 4))
asyncio.run(main())' $addr)"
	is "python3, asyncio, datagrams" hello "$(launch $ns python3 -c '
import asyncio, socket, sys
class Client(asyncio.DatagramProtocol):
    def __init__(self, done): self.done = done
    def connection_made(self, transport): transport.sendto(b"hello")
    def datagram_received(self, data, addr): self.done.set_result(data.decode())
async def main():
    loop = asyncio.get_running_loop()
    done = loop.create_future()
    await loop.create_datagram_endpoint(lambda: Client(done), remote_addr=(sys.argv[1], 7),
                                        family=socket.AF_INET)
    print(await asyncio.wait_for(done, 60))
asyncio.run(main())' $addr)"
	is "python3, requests" hello "$(launch $ns python3 -c '
import requests, sys
print(requests.get(f"http://{sys.argv[1]}/").text.strip())' $addr)"
	is "redis-cli" "OK hello" "$(echo "$(launch $ns redis-cli -h $addr set key hello)" \
		"$(launch $ns redis-cli -h $addr get key)")"
	is "dig -4" 192.0.2.80 "$(launch $ns dig -4 @$addr www.test +short)"
	is "dig -4 +tcp" 192.0.2.80 "$(launch $ns dig -4 +tcp @$addr www.test +short)"
	is "telnet" hello "$({ sleep ${slower:-1}; echo hello; sleep ${slower:-2}; } |
		launch $ns telnet -4 $addr 7 2>/dev/null | grep -o '^hello')"
}

refused() { ! launch $1 nc -4 -v -w60 $2 9 2>/tmp/refused && grep -q 'Connection refused' /tmp/refused; }

# runtimes SERVER NAME: those with network code of their own, and a memory checker, fetch a page
runtimes()
{
	local output ns=$1
	shift
	mkdir -p /tmp/www
	echo hello >/tmp/www/index.html
	quietly $ns python3 -m http.server -b "$(wildcard $ns)" -d /tmp/www 80
	wait_for listening $ns 80
	cat >/tmp/Get.java <<-'END'
		import java.net.*;
		public class Get {
			public static void main(String[] args) throws Exception {
				try (Socket socket = new Socket(args[0], 80)) {
					socket.getOutputStream().write("GET / HTTP/1.0\r\n\r\n".getBytes());
					String answer = new String(socket.getInputStream().readAllBytes());
					System.out.println(answer.substring(answer.indexOf("\r\n\r\n")).trim()
						+ " " + (socket.getInetAddress() instanceof Inet4Address));
				}
			}
		}
	END
	cat >/tmp/get.js <<-'END'
		const socket = require("net").connect({ host: process.argv[2], port: 80, family: 4 });
		let answer = "";
		socket.on("connect", () => socket.write("GET / HTTP/1.0\r\n\r\n"));
		socket.on("data", (data) => { answer += data; });
		socket.on("close", () =>
			console.log(answer.split("\r\n\r\n")[1].trim(), socket.remoteFamily ?? "IPv4"));
	END
	cat >/tmp/Get.cs <<-'END'
		using System; using System.Net; using System.Net.Http; using System.Net.Sockets;
		class Get {
			static void Main(string[] args) {
				var page = new HttpClient().GetStringAsync("http://" + args[0] + "/").Result.Trim();
				var socket = new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp);
				socket.DualMode = true;
				socket.Connect(Dns.GetHostAddresses(args[0])[0].MapToIPv6(), 80);
				Console.WriteLine(page + " " + ((IPEndPoint)socket.RemoteEndPoint).Address.IsIPv4MappedToIPv6);
			}
		}
	END
	check "javac" javac -J-XX:TieredStopAtLevel=1 -d /tmp /tmp/Get.java
	is "java, IPv4 only, $1" "hello true" "$(launch client6 java -XX:TieredStopAtLevel=1 \
		-Djava.net.preferIPv4Stack=true -cp /tmp Get $1 2>&1)"
	if [ -n "${DUAL-}" ]; then
		# fault: names-16
		is "java, sockets for both families" "hello true" \
			"$(launch client6 java -XX:TieredStopAtLevel=1 -cp /tmp Get $1 2>&1)"
		check "mcs" mcs -out:/tmp/Get.exe -r:System.Net.Http.dll /tmp/Get.cs
		is "mono, the same" "hello True" "$(launch client6 mono /tmp/Get.exe $1 2>&1)"
	fi
	is "node, $1" "hello IPv4" "$(launch client6 node /tmp/get.js $1 2>&1)"
	# no byte is read that was not written, none is written beyond its place
	output=$(launch client6 valgrind -q --error-exitcode=9 curl -4sS http://$1/ 2>&1)
	is "valgrind, $1" hello "$output"
}

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Runtimes with network code of their own, and a memory checker, through both libraries.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/programs.bash"

network
translator
only_hosts client6 "$S4 four.test" "$S6 six.test"
mkdir -p /tmp/www
echo hello >/tmp/www/index.html
for ns in server4 server6; do
	quietly $ns python3 -m http.server -b "$(wildcard $ns)" -d /tmp/www 80
	wait_for listening $ns 80
done

cat >/tmp/Get.java <<'END'
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
cat >/tmp/get.js <<'END'
const socket = require("net").connect({ host: process.argv[2], port: 80, family: 4 });
let answer = "";
socket.on("connect", () => socket.write("GET / HTTP/1.0\r\n\r\n"));
socket.on("data", (data) => { answer += data; });
socket.on("close", () => console.log(answer.split("\r\n\r\n")[1].trim(), socket.remoteFamily ?? "IPv4"));
END
check "javac" javac -J-XX:TieredStopAtLevel=1 -d /tmp /tmp/Get.java

# runtimes NAME
runtimes()
{
	is "java, $1" "hello true" "$(launch client6 java -XX:TieredStopAtLevel=1 \
		-Djava.net.preferIPv4Stack=true -cp /tmp Get $1 2>&1)"
	is "node, $1" "hello IPv4" "$(launch client6 node /tmp/get.js $1 2>&1)"
	# no byte is read that was not written, none is written beyond its place
	output=$(launch client6 valgrind -q --error-exitcode=9 curl -4sS http://$1/ 2>&1)
	is "valgrind, $1" hello "$output"
}

LAUNCH="natptrun --prefix $P" runtimes four.test
LAUNCH="natptrun --bia" runtimes six.test
finish

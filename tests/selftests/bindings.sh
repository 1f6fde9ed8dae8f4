#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Mappings and sessions: which there are, what they are found by, what keeps them and what does not,
# and hosts behind the router that meet by its pool.

. "$(dirname "$0")/lib.sh"

network
translator
# what has no room is refused, what has gone is free, and nobody waits for a SYN of the other side
config -f - <<-END
	set evict = 0
	set port-hold = 0
	set held-syns = 0
END
relay python3 "$(dirname "$0")/bindings.py"

# Real programs: server6 has a port of the pool, by which client6 reaches it.
config -f - <<-END
	map flush
	map from any6 to $POOL
END
head -c 1000000 /dev/urandom >/tmp/file
at server6 timeout 20 socat -u OPEN:/dev/null "TCP6:[$S46]:9,bind=[$S6]:8080,reuseaddr" 2>/dev/null
cat >/tmp/server.py <<-'END'
	import hashlib, http.server
	class Handler(http.server.SimpleHTTPRequestHandler):
	    def do_POST(self):
	        data = self.rfile.read(int(self.headers["Content-Length"]))
	        address, port, *_ = self.client_address
	        text = f"{hashlib.sha256(data).hexdigest()} {address} {port}\n".encode()
	        self.send_response(200)
	        self.send_header("Content-Length", str(len(text)))
	        self.end_headers()
	        self.wfile.write(text)
	http.server.test(Handler, http.server.ThreadingHTTPServer, port=8080, bind="::")
END
(cd /tmp && at server6 python3 server.py >/dev/null 2>&1) &
wait_for listening server6 8080
for ns in client6 server6; do
	at $ns nft -f - <<-END
		table ip6 seen {
			counter directly { }
			chain input {
				type filter hook input priority filter;
				ip6 saddr { $C6, $S6 } counter name directly
			}
		}
	END
done
# ports HOST PORT: the ports that a host's TCP port has in the pool
ports()
{
	config -j show xlate host "$1" proto tcp |
		jq -r "[.[] | select(.\"source-port6\" == $2) | .\"source-port4\"] | unique | join(\" \")"
}
url="http://[2001:db8:64::$POOL]:$(ports $S6 8080)"
sum=$(sha256sum </tmp/file)
fetch() { at client6 curl -sS --max-time 60 "$@"; }

# req: D-092 D-107 D-138
is "curl fetches from a host behind the same router" "$sum" "$(fetch "$url/file" | sha256sum)"
# req: D-092 D-106 D-107
reply=$(fetch --local-port 4040 --data-binary @/tmp/file "$url/")
is "... which gets what curl sends, from the pool's address and curl's port there" \
	"${sum%% *} 2001:db8:64::c000:201 $(ports $C6 4040)" "$reply"
is "... and neither sees the other's own address" "0 0" "$(for ns in client6 server6; do
	at $ns nft -j list counter ip6 seen directly | jq '.nftables[1].counter.packets'
done | xargs)"
finish

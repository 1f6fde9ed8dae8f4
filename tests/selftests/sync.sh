#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A file as the whole configuration: only what differs is changed, and what stays keeps its connections. And -c, which
# changes nothing.
. "$(dirname "$0")/lib.sh"

dir=$(mktemp -d)
network
modprobe_natpt
at server4 socat -t60 TCP4-LISTEN:9,fork EXEC:cat 2>/dev/null &
wait_for listening server4 9

# generation: grows with each change
generation() { status generation; }

cat >"$dir/conf" <<-END
	prefix $P
	map from any6 to $POOL
	map from 2001:db8:7::/64 to 192.0.2.7
	set udp-timeout = 500
	map enable
END
is "-c says what sync would do" "map flush
prefix flush
$(sed 's/^map from any6/map 100 from any6/; s/^map from 2/map 200 from 2/' "$dir/conf")" "$(config -c sync "$dir/conf")"
is "... and does nothing" "natptconfig: No Rules." "$(config show rules 2>&1)"
check "from nothing" config sync "$dir/conf"
config show config >"$dir/made"
check "... all is there" grep -qx "map 200 from 2001:db8:7::/64 to 192.0.2.7" "$dir/made"
coproc talk { at client6 socat -t60 - "TCP6:[$S46]:9"; }
# shellcheck disable=SC2154
pid=$talk_PID
check "a connection" says one

before=$(generation)
check "once more" config sync "$dir/conf"
check "... by way of standard input" config sync - <"$dir/conf"
check "... and what is shown is a file that comes to the same" config sync -f "$dir/made"
is "... nothing has changed" "$before" "$(generation)"
check "the connection goes on" says two

sed -i 's/192.0.2.7/192.0.2.8/; s/500/600/' "$dir/conf"
echo "map from 2001:db8:8::/64 to 192.0.2.9 proto tcp" >>"$dir/conf"
is "-c tells the difference" "map delete 200
map 200 from 2001:db8:7::/64 to 192.0.2.8
map 300 from 2001:db8:8::/64 to 192.0.2.9 proto tcp
set udp-timeout = 600" "$(config -c sync "$dir/conf")"
check "a change" config sync "$dir/conf"
is "... is one" $((before + 1)) "$(generation)"
check "... and the connection goes on" says three
config set icmp-timeout = 99
config map 900 from 2001:db8:9::/64 to 192.0.2.99
check "what is not in the file" config sync "$dir/conf"
is "... goes" "60 300" \
	"$(config -j show variables icmp-timeout | jq '.[0].value') $(config -j show rules | jq 'last.number')"
check "... and the connection goes on" says four
echo "prefix 2001:db8:65::/96" >>"$dir/conf"
check "another prefix" config sync "$dir/conf"
check "... and the connection goes on" says five

before=$(config show config)
echo "map from 2001:db8:7::/64 to 192.0.2.300" >"$dir/bad"
check_fails "a file that is wrong" config sync "$dir/bad"
{ cat "$dir/conf"; echo; echo "map 100 from any6 to 192.0.2.77"; } >"$dir/bad"
is "one that the kernel refuses" "$dir/bad:9:5:" "$(config sync "$dir/bad" 2>&1 | cut -d' ' -f1)"
check_fails "there is no such file" config sync "$dir/none"
is "... nothing has changed" "$before" "$(config show config)"
check "... and the connection goes on" says six

# -c asks the kernel
echo "map 100 from any6 to 192.0.2.77" >"$dir/bad"
check_fails "-c: what the kernel would refuse" config -c -f "$dir/bad"
check_fails "... a statement" config -c set udp-timeout = 1
check "... what it would do" config -c -f - <<-END
	map flush
	prefix flush
	set udp-timeout = 200
	map disable
END
is "... nothing has changed" "$before" "$(config show config)"
is "-c without rights" "natptconfig: only the syntax was checked: this needs CAP_NET_ADMIN in the network namespace (run it as root)" \
	"$(at router setpriv --reuid=65534 --regid=65534 --clear-groups natptconfig -c map flush 2>&1)"

{
	echo "prefix $P"
	for ((i = 0; i < 10000; i++)); do
		printf 'map from 2001:db8:1:%x::/64 to 198.18.%d.%d\n' $i $((i / 256)) $((i % 256))
	done
	echo "map from any6 to $POOL"
	echo "map enable"
} >"$dir/many"
check "ten thousand rules" config sync "$dir/many"
kill "$pid"
wait "$pid" 2>/dev/null
coproc talk { at client6 socat -t60 - "TCP6:[$S46]:9"; }
check "a connection" says seven
sed -i 's/198.18.7.7$/198.18.255.1/' "$dir/many"
before=$(generation)
check "one of them" config sync "$dir/many"
is "... is one change" $((before + 1)) "$(generation)"
check "... and the connection goes on" says eight

# A rule that comes while sync works: where it was there before the change, that takes it away again.
earlier=0 left=0
for ((i = 1; i < 10; i++)); do
	config map delete 7 2>/dev/null
	sed -i "s/198\.18\.255\.$i\$/198.18.255.$((i + 1))/" "$dir/many"
	before=$(generation)
	config sync "$dir/many" &
	sleep "0.$i"
	config map 7 from 2001:db8:9::/64 to 192.0.2.99
	is_earlier=$(($(generation) == before + 1))
	wait $!
	earlier=$((earlier + is_earlier))
	! config show config | grep -q '^map 7 ' || left=$((left + is_earlier))
done
check "rules that come while sync looks" [ $earlier -gt 0 ]
is "... go" 0 $left
note "$({ TIMEFORMAT='%U s user, %S s system: nothing to change among ten thousand rules'; time config sync "$dir/many"; } 2>&1)"
finish

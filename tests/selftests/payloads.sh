#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What programs say to each other is not read: addresses and ports in it stay as they are, and open nothing.
. "$(dirname "$0")/lib.sh"

network
translator
# nobody has a port that is spoken of, and no SYN waits for one
config -f - <<-END
	map flush
	map from any6 to $POOL port 10000 - 65535
	set held-syns = 0
END
relay python3 "$(dirname "$0")/payloads.py"
finish

# SPDX-License-Identifier: GPL-2.0
"""exchange.py TEXT [SIZE...]: TCP and UDP between client6 and server4; with sizes, datagrams of these,
and no train of segments."""

import os
import sys

from stacks import counted_errors, ok, tcp, udp

CLIENT, SERVER, TO, AT = "client6", "server4", "2001:db8:64::198.51.100.10", "198.51.100.10"
text, *sizes = sys.argv[1:]
up, down = os.urandom(1000001), os.urandom(1000001)
wrong = [tcp(CLIENT, SERVER, TO, AT, up, down),
         udp(CLIENT, SERVER, TO, AT, [int(size) for size in sizes] or (0, 1, 1000, 1232, 3001, 8000),
             (0 if sizes else 11, 1200)),
         *counted_errors(CLIENT, "router", SERVER)]
ok(text, not any(wrong), *filter(None, wrong))

# SPDX-License-Identifier: GPL-2.0
"""nl_queue.py NUMBER COUNT HELD GO: keep COUNT packets of a queue until the file GO is there.

Makes the file HELD when it has them.
"""

import os
import sys
import time

from netfilterqueue import NetfilterQueue

number, count, held, go = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
packets = []


def keep(packet):
    packet.retain()
    packets.append(packet)
    if len(packets) < count:
        return
    with open(held, "w", encoding="ascii"):
        pass
    while not os.path.exists(go):
        time.sleep(0.1)
    for one in packets:
        one.accept()
    sys.exit(0)


queue = NetfilterQueue()
queue.bind(number, keep)
with open(held + ".ready", "w", encoding="ascii"):
    pass
queue.run()

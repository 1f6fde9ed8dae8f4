# SPDX-License-Identifier: GPL-2.0
"""pmtu_tunnels.py TEXT [none]: one transfer each way from far6 to far4 and back; with `none`, errors
about size are lost, and there must not be any."""

import os
import sys

from far import *
from stacks import counted_errors, ok, tcp

text, *none = sys.argv[1:]
data = os.urandom(1000003)
errors = Filter(lose=bool(none))
for way, up, down in ("upload", data, b""), ("download", b"", data):
    forget()
    trouble = tcp("far6", "far4", FAR46, FAR4, up, down)
    ok(f"{text}: {way}", not trouble, trouble)
seen = errors.remove()
ok(f"… with {'no' if none else 'some'} error", (seen == 0) == bool(none), seen)
wrong = counted_errors(*SPACES)
ok("no error is counted anywhere", not wrong, *wrong)

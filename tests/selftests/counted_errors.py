# SPDX-License-Identifier: GPL-2.0
"""counted_errors.py NAMESPACE...: prints what their stacks count of errors."""

import sys

from stacks import counted_errors

for line in counted_errors(*sys.argv[1:]):
    print(line)

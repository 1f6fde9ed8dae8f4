# SPDX-License-Identifier: GPL-2.0
"""counted_errors.py NAMESPACE...: prints what their stacks count of errors, and fails if they do."""

import sys

from stacks import counted_errors

found = counted_errors(*sys.argv[1:])
print(*found, sep="\n")
sys.exit(bool(found))

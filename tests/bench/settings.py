# SPDX-License-Identifier: GPL-2.0
"""How the VM is run in which packets are counted."""

import pathlib

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent

CLASSIC = [TOP / "tests/vm/run", "--icount"]
# 'rep movsb' and 'rep stosb' count an instruction for each byte: a kernel of a processor without fast ones
# copies eight at once. And by default it zeroes all that it allocates.
HONEST = [*CLASSIC, "--append", "init_on_alloc=0", "--qemu", "-cpu", "--qemu", "max,fsrm=off,fsrs=off,erms=off"]

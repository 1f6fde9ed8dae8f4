#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What a hook costs on a descriptor that is none of the library's: instructions, counted by
# callgrind.
# needs: no module

. "$(dirname "$0")/lib.sh"

for library in shortcut bia; do
	rm -f /tmp/callgrind.*
	NATPT_PREFIX=$P LD_PRELOAD=/natpt/bin/lib$library.so valgrind -q --tool=callgrind \
		--callgrind-out-file=/tmp/callgrind.out --compress-strings=no --compress-pos=no \
		--dump-after='call_*' --zero-before='call_*' preload-foreign >/tmp/foreign 2>&1
	relay python3 "$(dirname "$0")/preload_cost.py" lib$library.so /tmp/callgrind.out.*
done
finish

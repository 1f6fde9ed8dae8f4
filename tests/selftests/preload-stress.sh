#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A hundred thousand connections through each library, from many threads, with all other calls and
# forks between, and with a signal handler that makes calls of its own.

. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/preload.bash"

pair short 2001:db8:64::c000:202 peer 2001:db8:64::c000:201 120
name short "192.0.2.1 four.test"
name short "2001:db8:64::c000:201 six.test"
at peer preload-stress serve 5000 >/dev/null 2>&1 &
wait_for listening peer 5000
# req: G-016 G-019 G-043
result=$(at short natptrun --prefix $P preload-stress connect four.test 5000 8 100000 2>&1)
note "shortcut: $result"
check "shortcut: 100,000 connections" grep -q '^100000 connections' <<<"$result"
result=$(at short natptrun --bia preload-stress connect six.test 5000 8 100000 2>&1)
note "bia: $result"
check "bia: 100,000 connections" grep -q '^100000 connections' <<<"$result"
finish

// SPDX-License-Identifier: GPL-2.0
/* Tracepoints, and who calls them. */
#include "bindings.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

/*
 * Drop a packet, for a reason of the kernel's, as an out-of-tree module can have none of its own
 * there, and for one of ours: name has no NUL at its end.
 */
void natpt_skb_drop(struct sk_buff *skb, u32 reason, const char *name, size_t len)
{
	trace_natpt_drop(skb, name, len);
	kfree_skb_reason(skb, reason);
}

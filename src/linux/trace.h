/* SPDX-License-Identifier: GPL-2.0 */
/* Tracepoints: /sys/kernel/tracing/events/natpt. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM natpt

#if !defined(NATPT_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define NATPT_TRACE_H

#include <linux/skbuff.h>
#include <linux/tracepoint.h>

/* A packet that is dropped, with the name of the counter that says why. */
TRACE_EVENT(natpt_drop,
	TP_PROTO(const struct sk_buff *skb, const char *reason, size_t len),
	TP_ARGS(skb, reason, len),
	TP_STRUCT__entry(
		__field(const void *, skbaddr)
		__field(int, ifindex)
		__field(u16, protocol)
		__string_len(reason, reason, len)
	),
	TP_fast_assign(
		__entry->skbaddr = skb;
		__entry->ifindex = skb->skb_iif;
		__entry->protocol = ntohs(skb->protocol);
		__assign_str(reason);
	),
	TP_printk("skbaddr=%p iif=%d protocol=0x%04x reason=%s", __entry->skbaddr,
		  __entry->ifindex, __entry->protocol, __get_str(reason))
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>

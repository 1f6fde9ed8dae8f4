/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel interfaces that natpt uses and the kernel crate does not bind:
 * bindgen reads this file, and helpers.c defines the natpt_* functions.
 */
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <linux/notifier.h>
#include <linux/workqueue.h>
#include <net/addrconf.h>
#include <net/dropreason-core.h>
#include <net/fib_notifier.h>
#include <net/genetlink.h>
#include <net/gso.h>
#include <net/icmp.h>
#include <net/ip.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>
#include <net/net_namespace.h>
#include <net/route.h>

#include "compat.h"

/* Jiffies in a second. */
enum { NATPT_HZ = HZ };

/* Where the control block says how big the biggest fragment was, in either family. */
enum {
	NATPT_FRAG_MAX_SIZE4 = offsetof(struct inet_skb_parm, frag_max_size),
	NATPT_FRAG_MAX_SIZE6 = offsetof(struct inet6_skb_parm, frag_max_size),
};

/* What a route leads to. */
enum natpt_route_type {
	NATPT_ROUTE_UNICAST,
	NATPT_ROUTE_LOCAL,
	NATPT_ROUTE_OTHER,
};

/* Who is next with a packet that comes in. */
enum natpt_claim {
	NATPT_CLAIM_NOW,
	NATPT_CLAIM_LATER,
	NATPT_CLAIM_AGAIN,
	NATPT_CLAIM_NEVER,
};

/* What the kernel counts of dropped packets. */
enum natpt_mib {
	NATPT_MIB_INHDRERRORS,
	NATPT_MIB_INADDRERRORS,
	NATPT_MIB_INNOROUTES,
	NATPT_MIB_OUTNOROUTES,
	NATPT_MIB_INDISCARDS,
	NATPT_MIB_TOOBIG,
};

bool natpt_skb_gso_ok(const struct sk_buff *skb, u32 mtu);
void natpt_skb_drop(struct sk_buff *skb, u32 reason, const char *name, size_t len);
u32 natpt_skb_claim(const struct net *net, const struct sk_buff *skb, bool ipv6, const void *priv,
		    int priority, int last);
int natpt_skb_make_room(struct sk_buff *skb, u32 write_len, u32 grow);
bool natpt_skb_change_proto(struct sk_buff *skb, u32 strip, u32 hlen, bool ipv6);
void natpt_skb_set_frag_max_size(struct sk_buff *skb, u16 size, bool ipv6);
void natpt_skb_set_route(struct sk_buff *skb, struct dst_entry *dst);
struct sk_buff *natpt_skb_alloc(const struct sk_buff *like, u32 len, bool ipv6);
struct sk_buff *natpt_skb_new(u32 len, const struct dst_entry *way, u32 mark, bool ipv6);
u16 natpt_skb_fold_checksum(struct sk_buff *skb, u32 offset, u32 len);
struct sk_buff *natpt_skb_fragment4(struct sk_buff *skb, u32 size);

int natpt_forward4(struct net *net, struct sk_buff *skb, struct dst_entry *dst);
int natpt_forward6(struct net *net, struct sk_buff *skb, struct dst_entry *dst);

void natpt_deliver(struct sk_buff *skb, bool ipv6);
bool natpt_skb_is_proxied(const struct net *net, const struct sk_buff *skb);
void natpt_deliver_solicitation(struct sk_buff *skb);
void natpt_skb_untrack(struct sk_buff *skb);
bool natpt_skb_is_untracked(const struct sk_buff *skb);
void natpt_skb_track(struct sk_buff *skb);
bool natpt_skb_is_looping(const struct sk_buff *skb, bool ipv6);
bool natpt_is_duplicate(void);
bool natpt_skb_show(struct net *net, struct sk_buff *skb, bool ipv6);

/*
 * What routes and policies of a translated packet are looked up by. ICMP has its type and code in
 * place of the source port.
 */
struct natpt_flow4 {
	__be32 saddr;
	__be32 daddr;
	__be16 sport;
	__be16 dport;
	u8 tos;
	u8 proto;
};

struct natpt_flow6 {
	struct in6_addr saddr;
	struct in6_addr daddr;
	__be16 sport;
	__be16 dport;
	u8 tos;
	u8 proto;
};

bool natpt_skb_is_local4(struct net *net, const struct sk_buff *skb, __be32 addr);
bool natpt_skb_may_forward(const struct net *net, const struct sk_buff *skb, bool ipv6);
bool natpt_skb_policy_ok(const struct net *net, struct sk_buff *skb, bool ipv6);
struct dst_entry *natpt_route4(struct net *net, const struct sk_buff *skb,
			       const struct natpt_flow4 *flow, struct sock *sk,
			       bool local, bool *kept);
struct dst_entry *natpt_route6(struct net *net, const struct sk_buff *skb,
			       const struct natpt_flow6 *flow, struct sock *sk,
			       bool local, bool *kept);
u32 natpt_source4(struct net *net, struct sk_buff *skb, __be32 saddr, __be32 daddr);
u64 natpt_source4_stamp(const struct net *net, const struct sk_buff *skb);
int natpt_native4(struct net *net, struct sk_buff *skb, __be32 daddr);
int natpt_native6(struct net *net, struct sk_buff *skb,
		  const struct in6_addr *saddr, const struct in6_addr *daddr);
int natpt_fib_route6(unsigned long event, const void *info, struct in6_addr *addr);
bool natpt_fib_rule(unsigned long event);
u32 natpt_route_type(struct dst_entry *dst, bool ipv6);
void natpt_route_hold(struct dst_entry *dst);
bool natpt_route_cacheable(const struct dst_entry *dst);
u32 natpt_route_cookie(struct dst_entry *dst, bool ipv6);
struct dst_entry *natpt_route_kept(const struct net *net, const struct sk_buff *skb,
				   struct dst_entry *dst, u32 cookie, u64 source, bool ipv6,
				   u32 *mtu);
u32 natpt_route_mtu(const struct dst_entry *dst, bool ipv6, bool local);
bool natpt_is_forwarding(const struct net *net, bool ipv6);

void natpt_count(struct net *net, const struct sk_buff *skb, bool ipv6, u32 mib);
void natpt_icmp4_answer(struct net *net, u32 iif, const void *data, u32 len, u8 type, u8 code);
void natpt_icmp4_send(struct net *net, struct sk_buff *skb, u8 type, u8 code,
		      u32 info);
int natpt_icmp6_interval(const struct net *net);
void natpt_icmp6_send(struct sk_buff *skb, u8 type, u8 code, u32 info);
void natpt_log_unsummed4(const struct sk_buff *skb, const u8 *ports);

int natpt_defrag6_get(void);
void natpt_defrag6_put(void);
int natpt_defrag6(struct net *net, struct sk_buff *skb);

void *natpt_net_generic(const struct net *net, unsigned int id);
bool natpt_userns_allowed(void);
size_t natpt_userns_ceiling(void);
bool natpt_net_is_user(const struct net *net);
void natpt_may_resched(void);
bool natpt_skb_is_strangers(const struct sk_buff *skb);
bool natpt_has_connection4(struct net *net, const struct natpt_flow4 *flow);
bool natpt_skb_is_confirmed(const struct sk_buff *skb);
bool natpt_skb_is_known4(struct sk_buff *skb);
u32 natpt_routes4(const struct net *net);
bool natpt_has_socket4(struct net *net, const struct natpt_flow4 *flow, bool talks);
void *natpt_memcg_get(void);
void natpt_memcg_put(void *memcg);
void *natpt_memcg_set(void *memcg);
void *natpt_alloc(size_t size, bool may_sleep);
void *natpt_cache_create(const char *name, u32 size, u32 align);
void natpt_cache_destroy(void *cache);
void *natpt_cache_alloc(void *cache);
void __percpu *natpt_percpu_alloc(size_t size);
u32 natpt_percpu_copies(void);
void natpt_percpu_free(void __percpu *counters);
void natpt_percpu_add(u64 __percpu *counter, u64 n);
void natpt_percpu_add_each(u64 __percpu *a, u64 __percpu *b);
u64 natpt_percpu_sum(u64 __percpu *counter);
void natpt_bh_disable(void);
void natpt_bh_enable(void);
void natpt_work_init(struct delayed_work *work, work_func_t func);
void natpt_work_schedule(struct delayed_work *work, unsigned long delay);
void natpt_local_ports(struct net *net, int *low, int *high);
struct net *natpt_genl_net(const struct genl_info *info);
struct net *natpt_dump_net(const struct netlink_callback *cb);
struct sk_buff *natpt_genl_new(void);
void natpt_genl_end(struct sk_buff *skb, void *header);
void natpt_genl_cancel(struct sk_buff *skb, void *header);
void natpt_genl_free(struct sk_buff *skb);
int natpt_genl_reply(struct sk_buff *skb, struct genl_info *info);
bool natpt_event_wanted(struct net *net, const struct genl_family *family,
			u32 group);
struct sk_buff *natpt_event_new(void);
int natpt_event_send(struct net *net, const struct genl_family *family,
		     struct sk_buff *skb, u32 group);
u64 natpt_time(void);
void *natpt_dump_put(struct sk_buff *skb, struct netlink_callback *cb,
		     const struct genl_family *family, u8 cmd);

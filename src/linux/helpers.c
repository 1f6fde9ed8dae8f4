// SPDX-License-Identifier: GPL-2.0
/*
 * Shims for inline functions and macros of the kernel. A few are longer than
 * one line: they stand on the way of every packet, and a call costs more than
 * what it does.
 */
#include <linux/inetdevice.h>
#include <linux/memcontrol.h>
#include <linux/module.h>
#include <linux/netfilter_bridge.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>
#include <net/addrconf.h>
#include <net/dst_metadata.h>
#include <net/inet_hashtables.h>
#include <net/ip6_route.h>
#include <net/netfilter/ipv6/nf_defrag_ipv6.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netns/generic.h>
#include <net/udp.h>
#include <net/xfrm.h>

#include "bindings.h"

/* genl/policy.rs has a struct of its own for it. */
static_assert(sizeof(struct nla_policy) == 16 && offsetof(struct nla_policy, type) == 0 &&
	      offsetof(struct nla_policy, validation_type) == 1 &&
	      offsetof(struct nla_policy, len) == 2 && offsetof(struct nla_policy, mask) == 8 &&
	      offsetof(struct nla_policy, min) == 8 && offsetof(struct nla_policy, max) == 10 &&
	      offsetof(struct nla_policy, nested_policy) == 8);

bool natpt_skb_gso_ok(const struct sk_buff *skb, u32 mtu)
{
	return skb_gso_validate_network_len(skb, mtu);
}

/* What a bridge shows us (br_netfilter) is to be routed if the frame is to the bridge itself. */
static bool natpt_passes_bridge(const struct sk_buff *skb)
{
	return nf_bridge_info_exists(skb) &&
	       !ether_addr_equal(eth_hdr(skb)->h_dest, skb->dev->dev_addr);
}

/* Whether a hook of PRE_ROUTING is conntrack's or NAT's. */
static bool natpt_is_tracking(const struct nf_hook_ops *ops)
{
	return natpt_is_nat(ops) ||
	       (ops->priority == NF_IP_PRI_CONNTRACK &&
		ops->hook_ops_type == NF_HOOK_OP_UNDEFINED);
}

/*
 * Whether chains of PRE_ROUTING come after the hook that priv has at priority, and want to see
 * packets: those of conntrack and NAT do not, for ours are untracked. priv has a hook at last, too.
 */
static bool natpt_has_later_chains(const struct net *net, bool ipv6, const void *priv, int priority,
				   int last)
{
	const struct nf_hook_entries *e = ipv6 ?
		rcu_dereference(net->nf.hooks_ipv6[NF_INET_PRE_ROUTING]) :
		rcu_dereference(net->nf.hooks_ipv4[NF_INET_PRE_ROUTING]);
	struct nf_hook_ops **ops;
	u16 i;

	if (!e)
		return false;
	ops = nf_hook_entries_get_hook_ops(e);
	i = e->num_hook_entries;
	/* Where only we are, for short. */
	if (i >= 2 && ops[i - 2]->priority == priority && e->hooks[i - 2].priv == priv)
		return false;
	while (i-- > 0) {
		const struct nf_hook_ops *it = ops[i];
		bool ours = e->hooks[i].priv == priv;

		if (it->priority < priority || (ours && it->priority == priority))
			break;
		if ((ours && it->priority == last) || natpt_is_tracking(it))
			continue;
		return true;
	}
	return false;
}

u32 natpt_skb_claim(const struct net *net, const struct sk_buff *skb, bool ipv6, const void *priv,
		    int priority, int last)
{
	if (skb->pkt_type != PACKET_HOST || skb->sk || natpt_passes_bridge(skb) ||
	    skb_warn_if_lro(skb))
		return NATPT_CLAIM_NEVER;
	if (netif_is_l3_slave(skb->dev))
		return NATPT_CLAIM_AGAIN;
	return natpt_has_later_chains(net, ipv6, priv, priority, last) ? NATPT_CLAIM_LATER :
									 NATPT_CLAIM_NOW;
}

/* Make the first write_len bytes ours to write, with room for grow more in front. */
int natpt_skb_make_room(struct sk_buff *skb, u32 write_len, u32 grow)
{
	u32 room = grow + skb_metadata_len(skb);
	int err;

	/* Most are nobody else's, and have the room. */
	if (likely(!skb_cloned(skb) && skb_headroom(skb) >= room &&
		   skb_headlen(skb) >= write_len))
		return 0;
	/* The segmentation type lies behind the data, shared between clones. */
	if (skb_is_gso(skb)) {
		err = skb_unclone(skb, GFP_ATOMIC | __GFP_NOWARN);
		if (err)
			return err;
	}
	err = skb_cow_head(skb, room);
	if (err)
		return err;
	return skb_ensure_writable(skb, write_len);
}

/*
 * How often a packet was translated on its way through this box, in the two bits of its control
 * block's flags that the kernel does not use; they say 3 from then on.
 */
#define NATPT_PASS 0x4000
#define NATPT_PASSES 0xc000

static u16 natpt_flags(const struct sk_buff *skb, bool ipv6)
{
	return ipv6 ? IP6CB(skb)->flags : IPCB(skb)->flags;
}

/* The flags of the control block in the other family: a VRF is on the way, and the turn. */
static u16 natpt_inverted_flags(const struct sk_buff *skb, bool ipv6)
{
	u16 flags = natpt_flags(skb, !ipv6), passes = flags & NATPT_PASSES;

	if (likely(passes != NATPT_PASSES))
		passes += NATPT_PASS;
	if (unlikely(flags & (ipv6 ? IPSKB_L3SLAVE : IP6SKB_L3SLAVE)))
		passes |= ipv6 ? IP6SKB_L3SLAVE : IPSKB_L3SLAVE;
	return passes;
}

/* Whether a packet turns round and round, which would not end. */
bool natpt_skb_is_looping(const struct sk_buff *skb, bool ipv6)
{
	return (natpt_flags(skb, ipv6) & NATPT_PASSES) >= 2 * NATPT_PASS;
}

/* Start the control block and what else the network layer keeps anew, in the new family. */
static __always_inline void natpt_skb_scrub(struct sk_buff *skb, bool ipv6, int iif, u16 flags)
{
	skb_reset_network_header(skb);
	if (ipv6) {
		/* Where the kernel begins with extension headers. */
		skb_set_transport_header(skb, sizeof(struct ipv6hdr));
		skb->protocol = htons(ETH_P_IPV6);
		memset(IP6CB(skb), 0, sizeof(*IP6CB(skb)));
		IP6CB(skb)->iif = iif;
		IP6CB(skb)->nhoff = offsetof(struct ipv6hdr, nexthdr);
		IP6CB(skb)->flags = flags;
	} else {
		skb_set_transport_header(skb, sizeof(struct iphdr));
		skb->protocol = htons(ETH_P_IP);
		memset(IPCB(skb), 0, sizeof(*IPCB(skb)));
		IPCB(skb)->iif = iif;
		IPCB(skb)->flags = flags;
	}
	nf_ct_set(skb, NULL, IP_CT_UNTRACKED);
}

/* The link layer's header goes before the new one: firewalls may ask it for addresses. */
static void natpt_skb_move_mac(struct sk_buff *skb, bool ipv6)
{
	u32 len = skb->mac_len;
	struct ethhdr eth;

	if (!skb_mac_header_was_set(skb) || len != ETH_HLEN || skb_headroom(skb) < len) {
		skb_reset_mac_header(skb);
		skb->mac_len = 0;
		return;
	}
	eth = *eth_hdr(skb);
	eth.h_proto = ipv6 ? htons(ETH_P_IPV6) : htons(ETH_P_IP);
	skb_set_mac_header(skb, -(int)len);
	*eth_hdr(skb) = eth;
}

/* Here ends the way of a packet's old family, where conntrack wants to be told if it follows it. */
static bool natpt_skb_confirm(struct sk_buff *skb)
{
	struct nf_conntrack *nfct = skb_nfct(skb);
	const struct nf_ct_hook *hook;

	if (likely(!nfct) || nf_ct_is_confirmed((const struct nf_conn *)nfct))
		return true;
	hook = rcu_dereference(nf_ct_hook);
	/* What a clone of the packet has, too, is the clone's to confirm. */
	if (!hook || refcount_read(&nfct->use) != 1)
		return true;
	return hook->confirm(skb) == NF_ACCEPT;
}

/*
 * Replace strip bytes of old headers by hlen bytes for the new one and
 * leave nothing of the old family behind: control block, route, conntrack,
 * timestamp and metadata.
 */
bool natpt_skb_change_proto(struct sk_buff *skb, u32 strip, u32 hlen, bool ipv6)
{
	u16 flags = natpt_inverted_flags(skb, ipv6);
	int iif = IPCB(skb)->iif;

	if (!natpt_skb_confirm(skb))
		return false;

	skb_metadata_clear(skb);
	if (strip > hlen)
		__skb_pull(skb, strip - hlen);
	else
		__skb_push(skb, hlen - strip);
	if (skb->ip_summed == CHECKSUM_COMPLETE)
		skb->ip_summed = CHECKSUM_NONE;
	if (skb_is_gso(skb)) {
		u32 *type = &skb_shinfo(skb)->gso_type;

		if (*type & (SKB_GSO_TCPV4 | SKB_GSO_TCPV6)) {
			*type &= ~(SKB_GSO_TCPV4 | SKB_GSO_TCPV6 |
				   SKB_GSO_TCP_FIXEDID);
			*type |= ipv6 ? SKB_GSO_TCPV6 : SKB_GSO_TCPV4;
		}
	}
	skb_dst_drop(skb);
	nf_reset_ct(skb);
	if (unlikely(skb->active_extensions)) {
		secpath_reset(skb);
#if IS_ENABLED(CONFIG_BRIDGE_NETFILTER)
		skb_ext_del(skb, SKB_EXT_BRIDGE_NF);
#endif
	}
	skb_clear_tstamp(skb);
	skb->ignore_df = 0;
#ifdef CONFIG_NET_SWITCHDEV
	skb->offload_fwd_mark = 0;
	skb->offload_l3_fwd_mark = 0;
#endif
	natpt_skb_move_mac(skb, ipv6);
	natpt_skb_scrub(skb, ipv6, iif, flags);
	return true;
}

/* Have the output path cut fragments of this size, and allow it to. */
void natpt_skb_set_frag_max_size(struct sk_buff *skb, u16 size, bool ipv6)
{
	if (ipv6)
		IP6CB(skb)->frag_max_size = size;
	else
		IPCB(skb)->frag_max_size = size;
	skb->ignore_df = 1;
}

void natpt_skb_set_route(struct sk_buff *skb, struct dst_entry *dst)
{
	skb_dst_set_noref(skb, dst);
}

/* A new packet of len bytes, with room for what goes before them. */
static struct sk_buff *natpt_skb_room(u32 len)
{
	struct sk_buff *skb = alloc_skb(LL_MAX_HEADER + len,
					GFP_ATOMIC | __GFP_NOWARN);

	if (!skb)
		return NULL;
	skb_reserve(skb, LL_MAX_HEADER);
	skb_put(skb, len);
	return skb;
}

/* A new packet of len bytes that goes on in place of another. */
struct sk_buff *natpt_skb_alloc(const struct sk_buff *like, u32 len, bool ipv6)
{
	struct sk_buff *skb = natpt_skb_room(len);

	if (!skb)
		return NULL;
	skb->dev = like->dev;
	skb->skb_iif = like->skb_iif;
	skb->mark = like->mark;
	skb->priority = like->priority;
	skb_reset_mac_header(skb);
	natpt_skb_scrub(skb, ipv6, IPCB(like)->iif, natpt_inverted_flags(like, ipv6));
	return skb;
}

/* A new packet of len bytes of our own, for a host that is reached by a route like way, or NULL. */
struct sk_buff *natpt_skb_new(u32 len, const struct dst_entry *way, u32 mark, bool ipv6)
{
	struct sk_buff *skb = natpt_skb_room(len);

	if (!skb)
		return NULL;
	/* For its VRF; the output path sets another. */
	skb->dev = way ? dst_dev_rcu(way) : NULL;
	skb->mark = mark;
	natpt_skb_scrub(skb, ipv6, 0, 0);
	return skb;
}

/* The folded one's complement sum of len bytes, in network order. */
u16 natpt_skb_fold_checksum(struct sk_buff *skb, u32 offset, u32 len)
{
	return ntohs((__force __be16)~csum_fold(skb_checksum(skb, offset, len, 0)));
}

/* Fragments of at most size bytes, as a list; the packet itself stays. Or an ERR_PTR. */
struct sk_buff *natpt_skb_fragment4(struct sk_buff *skb, u32 size)
{
	struct sk_buff *first = NULL, **last = &first;
	struct ip_frag_state state;
	u32 hlen = ip_hdrlen(skb);

	if (size < hlen + 8)
		return ERR_PTR(-EMSGSIZE);
	ip_frag_init(skb, hlen, LL_MAX_HEADER, size - hlen, false, &state);
	while (state.left > 0) {
		struct sk_buff *piece = ip_frag_next(skb, &state);

		if (IS_ERR(piece)) {
			kfree_skb_list(first);
			return piece;
		}
		IPCB(piece)->iif = IPCB(skb)->iif;
		*last = piece;
		last = &piece->next;
	}
	return first;
}

/*
 * The function to go on with is dst->output itself, never one of ours: a
 * queue may call it after this module is gone. The rest is ip_forward()'s.
 */
int natpt_forward4(struct net *net, struct sk_buff *skb, struct dst_entry *dst)
{
	skb_dst_set_noref(skb, dst);
	IP_INC_STATS(net, IPSTATS_MIB_OUTFORWDATAGRAMS);
	IPCB(skb)->flags |= IPSKB_FORWARDED;
	if (READ_ONCE(net->ipv4.sysctl_ip_fwd_update_priority))
		skb->priority = rt_tos2priority(ip_hdr(skb)->tos);
	return NF_HOOK(NFPROTO_IPV4, NF_INET_FORWARD, net, NULL, skb, skb->dev,
		       dst_dev_rcu(dst), dst->output);
}

int natpt_forward6(struct net *net, struct sk_buff *skb, struct dst_entry *dst)
{
	skb_dst_set_noref(skb, dst);
	IP6_INC_STATS(net, ip6_dst_idev(dst), IPSTATS_MIB_OUTFORWDATAGRAMS);
	IP6CB(skb)->flags |= IP6SKB_FORWARDED;
	return NF_HOOK(NFPROTO_IPV6, NF_INET_FORWARD, net, NULL, skb, skb->dev,
		       dst_dev_rcu(dst), dst->output);
}

/* What is for the box itself: through INPUT, from the interface where it arrived. */
void natpt_deliver(struct sk_buff *skb, bool ipv6)
{
	if (ipv6)
		ip6_input(skb);
	else
		ip_local_deliver(skb);
}

bool natpt_skb_is_proxied(const struct net *net, const struct sk_buff *skb)
{
	const struct inet6_dev *idev = __in6_dev_get(skb->dev);

	return READ_ONCE(net->ipv6.devconf_all->proxy_ndp) ||
	       (idev && READ_ONCE(idev->cnf.proxy_ndp));
}

/* As ip6_forward() for an address that this host is proxy of; whether it is one is seen there. */
void natpt_deliver_solicitation(struct sk_buff *skb)
{
	ip6_route_input(skb);
	ip6_input(skb);
}

/*
 * Shows a translated packet to conntrack and NAT as PRE_ROUTING of its new family would. Returns
 * whether it is still there.
 */
bool natpt_skb_show(struct net *net, struct sk_buff *skb, bool ipv6)
{
	const struct nf_hook_entries *e = ipv6 ?
		rcu_dereference(net->nf.hooks_ipv6[NF_INET_PRE_ROUTING]) :
		rcu_dereference(net->nf.hooks_ipv4[NF_INET_PRE_ROUTING]);
	struct nf_hook_state state;
	u16 i;

	nf_reset_ct(skb);
	nf_hook_state_init(&state, NF_INET_PRE_ROUTING, ipv6 ? NFPROTO_IPV6 : NFPROTO_IPV4,
			   skb->dev, NULL, NULL, net, NULL);
	for (i = 0; e && i < e->num_hook_entries; i++) {
		u32 verdict;

		if (!natpt_is_tracking(nf_hook_entries_get_hook_ops(e)[i]))
			continue;
		verdict = nf_hook_entry_hookfn(&e->hooks[i], skb, &state) & NF_VERDICT_MASK;
		if (verdict == NF_STOLEN)
			return false;
		if (verdict != NF_ACCEPT) {
			kfree_skb(skb);
			return false;
		}
	}
	return true;
}

/* Lets conntrack see a packet again. */
void natpt_skb_track(struct sk_buff *skb)
{
	nf_reset_ct(skb);
}

/* Keep conntrack off a packet, unless it has it already. */
void natpt_skb_untrack(struct sk_buff *skb)
{
	enum ip_conntrack_info info;
	const struct nf_conn *ct = nf_ct_get(skb, &info);

	/* A rule's wishes for a connection that there will not be. */
	if (ct && nf_ct_is_template(ct))
		nf_reset_ct(skb);
	if (!skb_nfct(skb))
		nf_ct_set(skb, NULL, IP_CT_UNTRACKED);
}

/* A rule has sent a copy of another packet, which is somebody else's. */
bool natpt_is_duplicate(void)
{
	return current->in_nf_duplicate;
}

bool natpt_skb_is_untracked(const struct sk_buff *skb)
{
	return (skb_get_nfct(skb) & NFCT_INFOMASK) == IP_CT_UNTRACKED;
}

/* Counts a packet as ip_forward() and ip6_forward() do. */
void natpt_count(struct net *net, const struct sk_buff *skb, bool ipv6, u32 mib)
{
	static const u8 fields[] = {
		[NATPT_MIB_INHDRERRORS] = IPSTATS_MIB_INHDRERRORS,
		[NATPT_MIB_INADDRERRORS] = IPSTATS_MIB_INADDRERRORS,
		[NATPT_MIB_INNOROUTES] = IPSTATS_MIB_INNOROUTES,
		[NATPT_MIB_OUTNOROUTES] = IPSTATS_MIB_OUTNOROUTES,
		[NATPT_MIB_INDISCARDS] = IPSTATS_MIB_INDISCARDS,
		[NATPT_MIB_TOOBIG] = IPSTATS_MIB_FRAGFAILS,
	};
	struct inet6_dev *idev;

	if (mib >= ARRAY_SIZE(fields))
		return;
	if (!ipv6) {
		IP_INC_STATS(net, fields[mib]);
		return;
	}
	idev = skb->dev ? __in6_dev_get(skb->dev) : NULL;
	if (mib == NATPT_MIB_TOOBIG)
		IP6_INC_STATS(net, idev, IPSTATS_MIB_INTOOBIGERRORS);
	IP6_INC_STATS(net, idev, fields[mib]);
}

/*
 * __icmp_send() wants a route, and answers as the destination if that is a local one, as is every
 * route through the loopback device. With this one it answers as the box.
 */
void natpt_icmp4_send(struct net *net, struct sk_buff *skb, u8 type, u8 code,
		      u32 info)
{
	if (!skb_valid_dst(skb) || skb_rtable(skb)->rt_flags & RTCF_LOCAL) {
		struct net_device *dev = skb->dev ?: net->loopback_dev;
		struct rtable *rt = rt_dst_alloc(dev, 0, RTN_UNICAST, true);

		if (!rt)
			return;
		/* The address of which interface it has is an option. */
		rt->rt_is_input = !!skb->dev;
		skb_dst_drop(skb);
		skb_dst_set(skb, &rt->dst);
	}
	icmp_send(skb, type, code, htonl(info));
}

/* Answer a packet of which these are the first bytes, its IPv4 header among them. Under RCU. */
void natpt_icmp4_answer(struct net *net, u32 iif, const void *data, u32 len, u8 type, u8 code)
{
	struct net_device *dev = dev_get_by_index_rcu(net, iif);
	struct sk_buff *skb;

	if (!dev || len < sizeof(struct iphdr))
		return;
	skb = natpt_skb_room(len);
	if (!skb)
		return;
	skb->dev = dev;
	memcpy(skb->data, data, len);
	natpt_skb_scrub(skb, false, 0, 0);
	natpt_icmp4_send(net, skb, type, code, 0);
	kfree_skb(skb);
}

int natpt_icmp6_interval(const struct net *net)
{
	return READ_ONCE(net->ipv6.sysctl.icmpv6_time);
}

void natpt_icmp6_send(struct sk_buff *skb, u8 type, u8 code, u32 info)
{
	/* A packet of our own has no device before it is routed out. */
	if (!skb->dev && skb_valid_dst(skb))
		skb->dev = skb_dst(skb)->dev;
	icmpv6_send(skb, type, code, info);
}

/* RFC 7915 section 4.5 wants addresses and ports. */
void natpt_log_unsummed4(const struct sk_buff *skb, const u8 *ports)
{
	const struct iphdr *iph = ip_hdr(skb);

	net_notice_ratelimited("natpt: UDP without checksum dropped: %pI4:%u > %pI4:%u\n",
			       &iph->saddr, get_unaligned_be16(ports),
			       &iph->daddr, get_unaligned_be16(ports + 2));
}

/* The same for every namespace that has it in use. */
static int (*natpt_frag6_gather)(struct net *net, struct sk_buff *skb, u32 user);

/* Every get that returns 0 is paired with a put. */
int natpt_defrag6_get(void)
{
	natpt_frag6_gather = symbol_request(nf_ct_frag6_gather);
	return natpt_frag6_gather ? 0 : -ENOENT;
}

void natpt_defrag6_put(void)
{
	symbol_put(nf_ct_frag6_gather);
}

#define NATPT_DEFRAG_USER 0x6e617470

int natpt_defrag6(struct net *net, struct sk_buff *skb)
{
	return natpt_frag6_gather(net, skb, NATPT_DEFRAG_USER);
}

void *natpt_net_generic(const struct net *net, unsigned int id)
{
	return net_generic(net, id);
}

/* Those that the kernel crate cannot make writable in sysfs, where only the initial root writes. */
static bool natpt_userns;
module_param_named(userns, natpt_userns, bool, 0644);
MODULE_PARM_DESC(userns, "User namespaces may configure translation in their network namespaces (default N)");

static unsigned int natpt_userns_memory = 64;
module_param_named(userns_memory, natpt_userns_memory, uint, 0644);
MODULE_PARM_DESC(userns_memory, "Megabytes that all of them together may hold (default 64)");

bool natpt_userns_allowed(void)
{
	return READ_ONCE(natpt_userns);
}

size_t natpt_userns_ceiling(void)
{
	return (size_t)READ_ONCE(natpt_userns_memory) << 20;
}

bool natpt_net_is_user(const struct net *net)
{
	return net->user_ns != &init_user_ns;
}

void *natpt_memcg_get(void)
{
	return get_mem_cgroup_from_mm(current->mm);
}

void natpt_memcg_put(void *memcg)
{
	mem_cgroup_put(memcg);
}

void *natpt_memcg_set(void *memcg)
{
	return set_active_memcg(memcg);
}

/*
 * Packets get no reserves: with __GFP_HIGH, as in GFP_ATOMIC, memory is given
 * beyond the cgroup's limit. And no tenant is killed for a configuration.
 */
#define NATPT_GFP_PACKET (GFP_NOWAIT | __GFP_ACCOUNT | __GFP_NOWARN)
#define NATPT_GFP_CONFIG (GFP_KERNEL_ACCOUNT | __GFP_RETRY_MAYFAIL | __GFP_NOWARN)

/* Zeroed, and aligned to every power of two that divides size. */
void *natpt_alloc(size_t size, bool may_sleep)
{
	if (may_sleep)
		return kvzalloc(size, NATPT_GFP_CONFIG);
	return kzalloc(size, NATPT_GFP_PACKET);
}

static void natpt_unwritten(void *object)
{
}

/*
 * Who takes an object writes all of it: where there is a constructor, slab does not zero it
 * before (init_on_alloc).
 */
void *natpt_cache_create(const char *name, u32 size, u32 align)
{
	struct kmem_cache_args args = {
		.align = align,
		.use_freeptr_offset = true,
		.freeptr_offset = ALIGN_DOWN(size / 2, sizeof(void *)),
		.ctor = natpt_unwritten,
	};

	return kmem_cache_create(name, size, &args, SLAB_ACCOUNT);
}

void natpt_cache_destroy(void *cache)
{
	kmem_cache_destroy(cache);
}

void *natpt_cache_alloc(void *cache)
{
	return cache ? kmem_cache_alloc(cache, NATPT_GFP_PACKET) : NULL;
}

void __percpu *natpt_percpu_alloc(size_t size)
{
	return __alloc_percpu_gfp(size, SMP_CACHE_BYTES, NATPT_GFP_CONFIG);
}

u32 natpt_percpu_copies(void)
{
	return num_possible_cpus();
}

void natpt_percpu_free(void __percpu *counters)
{
	free_percpu(counters);
}

void natpt_percpu_add_each(u64 __percpu *a, u64 __percpu *b)
{
	this_cpu_inc(*a);
	this_cpu_inc(*b);
}

void natpt_percpu_add(u64 __percpu *counter, u64 n)
{
	this_cpu_add(*counter, n);
}

u64 natpt_percpu_sum(u64 __percpu *counter)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(*per_cpu_ptr(counter, cpu));
	return sum;
}

/* In a softirq they are disabled from begin to end. */
void natpt_bh_disable(void)
{
	if (!in_serving_softirq())
		local_bh_disable();
}

void natpt_bh_enable(void)
{
	if (!in_serving_softirq())
		local_bh_enable();
}

void natpt_work_init(struct delayed_work *work, work_func_t func)
{
	INIT_DELAYED_WORK(work, func);
}

void natpt_work_schedule(struct delayed_work *work, unsigned long delay)
{
	/* What is to be done soon does not wait for what is to be done later. */
	if (!delayed_work_pending(work) || time_after(work->timer.expires, jiffies + delay))
		mod_delayed_work(system_power_efficient_wq, work, delay);
}

void natpt_local_ports(struct net *net, int *low, int *high)
{
	inet_get_local_port_range(net, low, high);
}

struct net *natpt_genl_net(const struct genl_info *info)
{
	return genl_info_net(info);
}

struct net *natpt_dump_net(const struct netlink_callback *cb)
{
	return sock_net(cb->skb->sk);
}

struct sk_buff *natpt_genl_new(void)
{
	return genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL | __GFP_NOWARN);
}

void natpt_genl_end(struct sk_buff *skb, void *header)
{
	genlmsg_end(skb, header);
}

void natpt_genl_cancel(struct sk_buff *skb, void *header)
{
	genlmsg_cancel(skb, header);
}

void natpt_genl_free(struct sk_buff *skb)
{
	nlmsg_free(skb);
}

int natpt_genl_reply(struct sk_buff *skb, struct genl_info *info)
{
	return genlmsg_reply(skb, info);
}

bool natpt_event_wanted(struct net *net, const struct genl_family *family,
			u32 group)
{
	return genl_has_listeners(family, net, group);
}

/* Room for the largest. */
struct sk_buff *natpt_event_new(void)
{
	return genlmsg_new(256, GFP_ATOMIC | __GFP_NOWARN);
}

int natpt_event_send(struct net *net, const struct genl_family *family,
		     struct sk_buff *skb, u32 group)
{
	return genlmsg_multicast_netns(family, net, skb, 0, group, GFP_ATOMIC);
}

/* Nanoseconds since 1970. */
u64 natpt_time(void)
{
	return ktime_get_real_ns();
}

void *natpt_dump_put(struct sk_buff *skb, struct netlink_callback *cb,
		     const struct genl_family *family, u8 cmd)
{
	void *hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid,
				cb->nlh->nlmsg_seq, family, NLM_F_MULTI, cmd);

	if (hdr)
		genl_dump_check_consistent(cb, hdr);
	return hdr;
}

/* The module! macro of the kernel crate has no word for it. */
MODULE_VERSION(NATPT_VERSION);

void natpt_may_resched(void)
{
	cond_resched();
}

/* Another host has sent it to us, and no socket was found for it yet. */
bool natpt_skb_is_strangers(const struct sk_buff *skb)
{
	return skb->pkt_type == PACKET_HOST && !skb->sk && skb->dev &&
	       !(skb->dev->flags & IFF_LOOPBACK);
}

/* Conntrack has a connection that this packet is of. */
bool natpt_skb_is_known4(struct sk_buff *skb)
{
	const unsigned long nfct = skb->_nfct;
	struct nf_conntrack_tuple tuple;
	enum ip_conntrack_info info;
	const struct nf_conn *ct = nf_ct_get(skb, &info);
	bool is_known;

	/* What a packet has just begun, or what a rule hung to it, is no connection. */
	if (ct && (nf_ct_is_template(ct) || !nf_ct_is_confirmed(ct)))
		skb->_nfct = 0;
	is_known = nf_ct_get_tuple_skb(&tuple, skb);
	skb->_nfct = nfct;
	return is_known;
}

/* Conntrack has seen the connection of this packet leave before. */
bool natpt_skb_is_confirmed(const struct sk_buff *skb)
{
	enum ip_conntrack_info info;
	const struct nf_conn *ct = nf_ct_get(skb, &info);

	return ct && nf_ct_is_confirmed(ct);
}

/*
 * Conntrack has a connection that a packet of this flow is of, an echo reply for ICMP. It takes
 * packets only: this one never leaves the stack of ours. Under RCU.
 */
bool natpt_has_connection4(struct net *net, const struct natpt_flow4 *flow)
{
	struct {
		struct iphdr ip;
		union {
			__be16 ports[4];
			struct icmphdr icmp;
		};
	} packet = {
		.ip = {
			.version = 4,
			.ihl = sizeof(struct iphdr) / 4,
			.tot_len = htons(sizeof(packet)),
			.protocol = flow->proto,
			.saddr = flow->saddr,
			.daddr = flow->daddr,
		},
	};
	struct sk_buff skb = {
		.dev = net->loopback_dev,
		.head = (u8 *)&packet,
		.data = (u8 *)&packet,
		.len = sizeof(packet),
		.protocol = htons(ETH_P_IP),
	};

	if (!rcu_access_pointer(nf_ct_hook))
		return false;
	if (flow->proto == IPPROTO_ICMP) {
		packet.icmp.type = ICMP_ECHOREPLY;
		packet.icmp.un.echo.id = flow->dport;
	} else {
		packet.ports[0] = flow->sport;
		packet.ports[1] = flow->dport;
	}
	return natpt_skb_is_known4(&skb);
}

/* Grows whenever IPv4 routes or addresses change. */
u32 natpt_routes4(const struct net *net)
{
	return rt_genid_ipv4(net);
}

/*
 * A socket takes packets of this flow; talks: one that talks to that peer, rather than wait for
 * any. Under RCU.
 */
bool natpt_has_socket4(struct net *net, const struct natpt_flow4 *flow, bool talks)
{
	bool refcounted = false, found;
	struct sock *sk;

	switch (flow->proto) {
	case IPPROTO_TCP:
		sk = __inet_lookup(net, NULL, 0, flow->saddr, flow->sport,
				   flow->daddr, flow->dport, 0, 0, &refcounted);
		found = sk && (!talks || sk->sk_state != TCP_LISTEN);
		if (sk && refcounted)
			sock_gen_put(sk);
		return found;
	case IPPROTO_UDP:
		sk = __udp4_lib_lookup(net, flow->saddr, flow->sport,
				       flow->daddr, flow->dport, 0, 0, NULL);
		return sk && (!talks || sk->sk_state == TCP_ESTABLISHED);
	default:
		return false;
	}
}

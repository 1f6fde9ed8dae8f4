// SPDX-License-Identifier: GPL-2.0
/*
 * Shims for inline functions and macros of the kernel. A few are longer than
 * one line: they stand on the way of every packet, and a call costs more than
 * what it does.
 */
#include <linux/inetdevice.h>
#include <linux/module.h>
#include <linux/netfilter_bridge.h>
#include <net/addrconf.h>
#include <net/dst_metadata.h>
#include <net/ip_fib.h>
#include <net/ip6_route.h>
#include <net/l3mdev.h>
#include <net/netfilter/ipv6/nf_defrag_ipv6.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netns/generic.h>
#include <net/xfrm.h>

#include "bindings.h"

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

bool natpt_skb_is_routed(const struct sk_buff *skb)
{
	return skb->pkt_type == PACKET_HOST && !natpt_passes_bridge(skb) &&
	       !skb_warn_if_lro(skb);
}

/* Make the first write_len octets ours to write, with room for grow more in front. */
int natpt_skb_make_room(struct sk_buff *skb, u32 write_len, u32 grow)
{
	int err;

	/* The segmentation type lies behind the data, shared between clones. */
	if (skb_is_gso(skb)) {
		err = skb_unclone(skb, GFP_ATOMIC);
		if (err)
			return err;
	}
	err = skb_cow_head(skb, grow + skb_metadata_len(skb));
	if (err)
		return err;
	return skb_ensure_writable(skb, write_len);
}

/* Start the control block and what else the network layer keeps anew, in the new family. */
static void natpt_skb_rebirth(struct sk_buff *skb, u32 hlen, bool ipv6)
{
	skb_reset_mac_header(skb);
	skb_reset_network_header(skb);
	skb_set_transport_header(skb, hlen);
	skb->mac_len = 0;
	if (ipv6) {
		skb->protocol = htons(ETH_P_IPV6);
		memset(IP6CB(skb), 0, sizeof(*IP6CB(skb)));
		IP6CB(skb)->iif = skb->skb_iif;
		IP6CB(skb)->flags = IP6SKB_FORWARDED;
	} else {
		skb->protocol = htons(ETH_P_IP);
		memset(IPCB(skb), 0, sizeof(*IPCB(skb)));
		IPCB(skb)->iif = skb->skb_iif;
		IPCB(skb)->flags = IPSKB_FORWARDED;
	}
	nf_ct_set(skb, NULL, IP_CT_UNTRACKED);
}

/*
 * Replace strip octets of old headers by hlen octets for the new one and
 * leave nothing of the old family behind: control block, route, conntrack,
 * timestamp and metadata.
 */
void natpt_skb_retarget(struct sk_buff *skb, u32 strip, u32 hlen, bool ipv6)
{
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
#if IS_ENABLED(CONFIG_BRIDGE_NETFILTER)
	skb_ext_del(skb, SKB_EXT_BRIDGE_NF);
#endif
	skb_clear_tstamp(skb);
	skb->ignore_df = 0;
	natpt_skb_rebirth(skb, hlen, ipv6);
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

u16 natpt_skb_frag_max_size(const struct sk_buff *skb, bool ipv6)
{
	return ipv6 ? IP6CB(skb)->frag_max_size : IPCB(skb)->frag_max_size;
}

bool natpt_skb_policy_ok(struct sk_buff *skb, bool ipv6)
{
	if (ipv6)
		return xfrm6_policy_check(NULL, XFRM_POLICY_FWD, skb);
	return xfrm4_policy_check(NULL, XFRM_POLICY_FWD, skb);
}

void natpt_skb_set_route(struct sk_buff *skb, struct dst_entry *dst)
{
	skb_dst_set_noref(skb, dst);
}

/* A new packet of len octets that goes on in place of another. */
struct sk_buff *natpt_skb_alloc(const struct sk_buff *like, u32 len, bool ipv6)
{
	struct sk_buff *skb = alloc_skb(LL_MAX_HEADER + len, GFP_ATOMIC);

	if (!skb)
		return NULL;
	skb_reserve(skb, LL_MAX_HEADER);
	skb_put(skb, len);
	skb->dev = like->dev;
	skb->skb_iif = like->skb_iif;
	skb->mark = like->mark;
	skb->priority = like->priority;
	natpt_skb_rebirth(skb, ipv6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr),
			  ipv6);
	return skb;
}

/* The folded one's complement sum of len octets, in network order. */
u16 natpt_skb_fold_checksum(struct sk_buff *skb, u32 offset, u32 len)
{
	return ntohs((__force __be16)~csum_fold(skb_checksum(skb, offset, len, 0)));
}

/* Pieces of at most size octets, as a list; the packet itself stays. Or an ERR_PTR. */
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
		*last = piece;
		last = &piece->next;
	}
	return first;
}

/*
 * The function to go on with is dst->output itself, never one of ours: a
 * queue may call it after this module is gone.
 */
int natpt_forward4(struct net *net, struct sk_buff *skb, struct dst_entry *dst)
{
	return NF_HOOK(NFPROTO_IPV4, NF_INET_FORWARD, net, NULL, skb, skb->dev,
		       dst_dev_rcu(dst), dst->output);
}

int natpt_forward6(struct net *net, struct sk_buff *skb, struct dst_entry *dst)
{
	return NF_HOOK(NFPROTO_IPV6, NF_INET_FORWARD, net, NULL, skb, skb->dev,
		       dst_dev_rcu(dst), dst->output);
}

static int natpt_l3mdev(const struct sk_buff *skb)
{
	return skb->dev ? l3mdev_master_ifindex_rcu(skb->dev) : 0;
}

/* Returns a held route or an ERR_PTR. */
struct dst_entry *natpt_route4(struct net *net, const struct sk_buff *skb,
			       __be32 saddr, __be32 daddr, u8 tos, u8 proto)
{
	struct flowi4 fl4 = {
		.saddr = saddr,
		.daddr = daddr,
		.flowi4_dscp = inet_dsfield_to_dscp(tos),
		.flowi4_mark = skb->mark,
		.flowi4_proto = proto,
		.flowi4_flags = FLOWI_FLAG_ANYSRC,
		.flowi4_l3mdev = natpt_l3mdev(skb),
	};
	struct rtable *rt = ip_route_output_flow(net, &fl4, NULL);

	return IS_ERR(rt) ? ERR_CAST(rt) : &rt->dst;
}

struct dst_entry *natpt_route6(struct net *net, const struct sk_buff *skb,
			       const struct in6_addr *saddr,
			       const struct in6_addr *daddr, u8 tos, u8 proto)
{
	struct flowi6 fl6 = {
		.saddr = *saddr,
		.daddr = *daddr,
		.flowlabel = ip6_make_flowinfo(tos, 0),
		.flowi6_mark = skb->mark,
		.flowi6_proto = proto,
		.flowi6_flags = FLOWI_FLAG_ANYSRC,
		.flowi6_l3mdev = natpt_l3mdev(skb),
	};
	struct dst_entry *dst = ip6_route_output(net, NULL, &fl6);

	if (dst->error) {
		int err = dst->error;

		dst_release(dst);
		return ERR_PTR(err);
	}
	return xfrm_lookup(net, dst, flowi6_to_flowi(&fl6), NULL, 0);
}

/*
 * Prefix length of the route by which an address is reached without
 * translation, or -ENETUNREACH; a route to the loopback device is none.
 */
int natpt_native4(struct net *net, const struct sk_buff *skb, __be32 daddr)
{
	struct flowi4 fl4 = {
		.daddr = daddr,
		.flowi4_mark = skb->mark,
		.flowi4_scope = RT_SCOPE_UNIVERSE,
		.flowi4_l3mdev = natpt_l3mdev(skb),
	};
	struct fib_result res;

	if (fib_lookup(net, &fl4, &res, 0))
		return -ENETUNREACH;
	if (res.type == RTN_UNICAST && FIB_RES_DEV(res)->flags & IFF_LOOPBACK)
		return -ENETUNREACH;
	return res.prefixlen;
}

int natpt_native6(struct net *net, const struct sk_buff *skb,
		  const struct in6_addr *saddr, const struct in6_addr *daddr)
{
	struct flowi6 fl6 = {
		.saddr = *saddr,
		.daddr = *daddr,
		.flowi6_mark = skb->mark,
		.flowi6_l3mdev = natpt_l3mdev(skb),
	};
	struct dst_entry *dst = ip6_route_lookup(net, &fl6, skb, 0);
	const struct fib6_info *from;
	int len = -ENETUNREACH;

	from = rcu_dereference(dst_rt6_info(dst)->from);
	if (from)
		len = from->fib6_dst.plen;
	dst_release(dst);
	return len;
}

/* Prefix length and address of the IPv6 route that an event is about, or -ENOENT. */
int natpt_fib_route6(unsigned long event, const void *info, struct in6_addr *addr)
{
	const struct fib6_entry_notifier_info *entry = info;

	if (entry->info.family != AF_INET6 || event > FIB_EVENT_ENTRY_ADD)
		return -ENOENT;
	*addr = entry->rt->fib6_dst.addr;
	return entry->rt->fib6_dst.plen;
}

u32 natpt_route_type(struct dst_entry *dst, bool ipv6)
{
	if (ipv6) {
		u32 flags = dst_rt6_info(dst)->rt6i_flags;

		if (flags & RTF_LOCAL)
			return NATPT_ROUTE_LOCAL;
		return flags & (RTF_ANYCAST | RTF_REJECT) ? NATPT_ROUTE_OTHER :
							    NATPT_ROUTE_UNICAST;
	}
	switch (dst_rtable(dst)->rt_type) {
	case RTN_UNICAST:
		return NATPT_ROUTE_UNICAST;
	case RTN_LOCAL:
		return NATPT_ROUTE_LOCAL;
	default:
		return NATPT_ROUTE_OTHER;
	}
}

bool natpt_route_cacheable(const struct dst_entry *dst)
{
	return !dst_xfrm(dst) && !dst->lwtstate && !dst->error;
}

u32 natpt_route_cookie(struct dst_entry *dst, bool ipv6)
{
	return ipv6 ? rt6_get_cookie(dst_rt6_info(dst)) : 0;
}

struct dst_entry *natpt_route_check(struct dst_entry *dst, u32 cookie)
{
	return dst_check(dst, cookie);
}

u32 natpt_route_mtu(const struct dst_entry *dst, bool ipv6)
{
	u32 mtu;

	/* What IPsec takes is known to the bundle, not to its device. */
	if (dst_xfrm(dst))
		mtu = dst_mtu(dst);
	else if (ipv6)
		mtu = ip6_dst_mtu_maybe_forward(dst, true);
	else
		mtu = ip_dst_mtu_maybe_forward(dst, true);
	return ipv6 ? max_t(u32, mtu, IPV6_MIN_MTU) : mtu;
}

bool natpt_is_forwarding(const struct net *net, bool ipv6)
{
	if (ipv6)
		return READ_ONCE(net->ipv6.devconf_all->forwarding);
	return IPV4_DEVCONF_ALL_RO(net, FORWARDING);
}

bool natpt_may_forward4(const struct sk_buff *skb)
{
	const struct in_device *in_dev = __in_dev_get_rcu(skb->dev);

	return in_dev ? IN_DEV_FORWARD(in_dev) :
			IPV4_DEVCONF_ALL_RO(dev_net_rcu(skb->dev), FORWARDING);
}

bool natpt_may_forward6(const struct sk_buff *skb)
{
	return READ_ONCE(dev_net_rcu(skb->dev)->ipv6.devconf_all->forwarding);
}

/*
 * __icmp_send() wants a route, and answers as the destination if that is a local one, as is every
 * route through the loopback device. With this one it answers as the box.
 */
void natpt_icmp4_send(struct net *net, struct sk_buff *skb, u8 type, u8 code,
		      u32 info)
{
	if (!skb_dst(skb) || skb_rtable(skb)->rt_flags & RTCF_LOCAL) {
		struct net_device *dev = skb->dev ?: net->loopback_dev;
		struct rtable *rt = rt_dst_alloc(dev, 0, RTN_UNICAST, true);

		if (!rt)
			return;
		skb_dst_drop(skb);
		skb_dst_set(skb, &rt->dst);
	}
	icmp_send(skb, type, code, htonl(info));
}

void natpt_icmp6_send(struct sk_buff *skb, u8 type, u8 code, u32 info)
{
	/* A packet of our own has no device before it is routed out. */
	if (!skb->dev && skb_dst(skb))
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

void __percpu *natpt_percpu_alloc(size_t size)
{
	return __alloc_percpu(size, SMP_CACHE_BYTES);
}

void natpt_percpu_free(void __percpu *counters)
{
	free_percpu(counters);
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

unsigned long natpt_hz(void)
{
	return HZ;
}

void natpt_bh_disable(void)
{
	local_bh_disable();
}

void natpt_bh_enable(void)
{
	local_bh_enable();
}

void natpt_work_init(struct delayed_work *work, work_func_t func)
{
	INIT_DELAYED_WORK(work, func);
}

void natpt_work_schedule(struct delayed_work *work, unsigned long delay)
{
	queue_delayed_work(system_power_efficient_wq, work, delay);
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
	return genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
}

int natpt_genl_reply(struct sk_buff *skb, struct genl_info *info)
{
	return genlmsg_reply(skb, info);
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
MODULE_VERSION("0.1.0");

// SPDX-License-Identifier: GPL-2.0
/*
 * Routes of translated packets: the ones that the kernel would give them if they had arrived, or
 * had been sent by the box, in their new family.
 */
#include <linux/inetdevice.h>
#include <net/addrconf.h>
#include <net/dst_metadata.h>
#include <net/ip_fib.h>
#include <net/ip6_fib.h>
#include <net/ip6_route.h>
#include <net/l3mdev.h>
#include <net/lwtunnel.h>
#include <net/netns/generic.h>
#include <net/nexthop.h>
#include <net/xfrm.h>

#include "bindings.h"

/* Behind a VRF's device, the one that the packet came in on: its control block knows. */
static struct net_device *natpt_ingress(const struct sk_buff *skb)
{
	struct net_device *dev = skb->dev;

	BUILD_BUG_ON(offsetof(struct inet_skb_parm, iif) !=
		     offsetof(struct inet6_skb_parm, iif));
	if (netif_is_l3_master(dev))
		dev = dev_get_by_index_rcu(dev_net_rcu(dev), IPCB(skb)->iif) ?: dev;
	return dev;
}

static bool natpt_may_forward(const struct net *net, const struct sk_buff *skb,
			      bool ipv6)
{
	const struct inet6_dev *idev;
	const struct in_device *in_dev;

	if (!ipv6) {
		in_dev = __in_dev_get_rcu(natpt_ingress(skb));
		return in_dev ? IN_DEV_FORWARD(in_dev) :
				IPV4_DEVCONF_ALL_RO(net, FORWARDING);
	}
	if (READ_ONCE(net->ipv6.devconf_all->forwarding))
		return true;
	idev = __in6_dev_get(natpt_ingress(skb));
	return idev && READ_ONCE(idev->cnf.force_forwarding);
}

static bool natpt_has_policies(const struct net *net, int dir)
{
	return READ_ONCE(net->xfrm.policy_count[dir]) ||
	       READ_ONCE(net->xfrm.policy_default[dir]) != XFRM_USERPOLICY_ACCEPT;
}

bool natpt_skb_is_local4(struct net *net, const struct sk_buff *skb, __be32 addr)
{
	if (!skb->dev)
		return inet_addr_type(net, addr) == RTN_LOCAL;
	return inet_addr_type_dev_table(net, natpt_ingress(skb), addr) == RTN_LOCAL;
}

/* Whether the packet may be forwarded to the other family, as far as switches say. */
bool natpt_skb_may_forward(const struct net *net, const struct sk_buff *skb, bool ipv6)
{
	return natpt_may_forward(net, skb, ipv6);
}

/* What ip_route_input() and ip6_forward() make of disable_policy. */
static bool natpt_asks_policy(const struct net *net, struct sk_buff *skb, bool ipv6)
{
	const struct net_device *dev = natpt_ingress(skb);

	if (ipv6) {
		const struct inet6_dev *idev = __in6_dev_get(dev);

		return !READ_ONCE(net->ipv6.devconf_all->disable_policy) &&
		       (!idev || !READ_ONCE(idev->cnf.disable_policy));
	} else {
		const struct in_device *in_dev = __in_dev_get_rcu(dev);

		return !in_dev || !IN_DEV_ORCONF(in_dev, NOPOLICY);
	}
}

/* Whether IPsec policy lets the packet, of this family, be forwarded. */
bool natpt_skb_policy_ok(const struct net *net, struct sk_buff *skb, bool ipv6)
{
	if ((!natpt_has_policies(net, XFRM_POLICY_FWD) && !secpath_exists(skb)) ||
	    !natpt_asks_policy(net, skb, ipv6))
		return true;
	if (ipv6)
		return xfrm6_policy_check(NULL, XFRM_POLICY_FWD, skb);
	return xfrm4_policy_check(NULL, XFRM_POLICY_FWD, skb);
}

/* The VRF that a packet of the box is sent in: its first route knows. */
static int natpt_vrf(const struct sk_buff *skb)
{
	const struct net_device *dev = skb->dev;

	if (!dev && skb_valid_dst(skb))
		dev = dst_dev_rcu(skb_dst(skb));
	return dev ? l3mdev_master_ifindex_rcu(dev) : 0;
}

/* The interface by which rules know a packet: of this host's sockets it is lo. */
static int natpt_iif(const struct sk_buff *skb)
{
	return skb->dev ? natpt_ingress(skb)->ifindex : LOOPBACK_IFINDEX;
}

/* The bundle that policy puts in place of a route: as xfrm_route_forward(), or as for a socket. */
static struct dst_entry *natpt_bundle(struct net *net, struct dst_entry *dst,
				      struct flowi *fl, const struct sock *sk,
				      bool local, bool *kept)
{
	int flags = 0;

	if (local)
		return xfrm_lookup(net, dst, fl, sk, 0);
	if (!natpt_has_policies(net, XFRM_POLICY_OUT) || dst->flags & DST_NOXFRM)
		return dst;
	/* A packet that waits for a key holds on to its route, which some must not. */
	if (*kept)
		flags = XFRM_LOOKUP_QUEUE;
	*kept = false;
	return xfrm_lookup(net, dst, fl, NULL, flags);
}

/* As fib_select_path() on the way of ip_route_input(), which are not exported. */
static struct fib_nh_common *natpt_nexthop4(struct net *net, struct fib_result *res,
					    const struct flowi4 *fl4)
{
	struct fib_info *fi = res->fi;
	u32 hash, ports = 0;
	int i;

	if (fib_info_num_path(fi) <= 1)
		return FIB_RES_NHC(*res);
	if (READ_ONCE(net->ipv4.sysctl_fib_multipath_hash_policy))
		ports = (__force u32)fl4->fl4_sport << 16 | (__force u32)fl4->fl4_dport;
	hash = jhash_3words((__force u32)fl4->saddr, (__force u32)fl4->daddr, ports,
			    net_hash_mix(net) ^ fl4->flowi4_proto) >> 1;
	if (fi->nh) {
		nexthop_path_fib_result(res, hash);
		return res->nhc;
	}
	for (i = 0; i < fi->fib_nhs; i++) {
		const struct fib_nh *nh = &fi->fib_nh[i];
		int bound = atomic_read(&nh->fib_nh_upper_bound);

		if (bound != -1 && hash <= bound)
			return &fi->fib_nh[i].nh_common;
	}
	return FIB_RES_NHC(*res);
}

/* As rt_cache_valid(); the route is held. */
static struct rtable *natpt_good4(struct net *net, struct rtable *rt)
{
	/* A neighbour of multicast routes may have been kept there. */
	if (rt && rt->rt_type == RTN_UNICAST &&
	    READ_ONCE(rt->dst.obsolete) == DST_OBSOLETE_FORCE_CHK &&
	    rt->rt_genid == rt_genid_ipv4(net) && dst_hold_safe(&rt->dst))
		return rt;
	return NULL;
}

/* A route that the kernel keeps for a next hop, if it is good, held. */
static struct rtable *natpt_cached4(struct net *net, struct fib_nh_common *nhc)
{
	struct rtable *rt;

	/* Some destinations have one of their own. */
	if (rcu_access_pointer(nhc->nhc_exceptions))
		return NULL;
	rt = natpt_good4(net, rcu_dereference(nhc->nhc_rth_input));
	if (!rt && nhc->nhc_pcpu_rth_output)
		rt = natpt_good4(net, rcu_dereference(*raw_cpu_ptr(nhc->nhc_pcpu_rth_output)));
	return rt;
}

/* As __mkroute_input(); nobody keeps the result, for its device could not go before it. */
static struct rtable *natpt_made4(const struct fib_result *res, struct fib_nh_common *nhc)
{
	struct in_device *in_dev = __in_dev_get_rcu(nhc->nhc_dev);
	struct rtable *rt;

	if (!in_dev)
		return ERR_PTR(-ENETUNREACH);
	rt = rt_dst_alloc(nhc->nhc_dev, 0, RTN_UNICAST, IN_DEV_ORCONF(in_dev, NOXFRM));
	if (!rt)
		return ERR_PTR(-ENOMEM);
	if (nhc->nhc_gw_family && nhc->nhc_scope == RT_SCOPE_LINK) {
		rt->rt_uses_gateway = 1;
		rt->rt_gw_family = nhc->nhc_gw_family;
		if (nhc->nhc_gw_family == AF_INET)
			rt->rt_gw4 = nhc->nhc_gw.ipv4;
		else
			rt->rt_gw6 = nhc->nhc_gw.ipv6;
	}
	ip_dst_init_metrics(&rt->dst, res->fi->fib_metrics);
	rt->dst.lwtstate = lwtstate_get(nhc->nhc_lwtstate);
	lwtunnel_set_redirect(&rt->dst);
	return rt;
}

/* A way into the box. The loopback device goes last of all, whoever still holds this. */
static struct rtable *natpt_local4(struct net *net, struct fib_nh_common *nhc)
{
	struct rtable *rt = natpt_good4(net, rcu_dereference(nhc->nhc_rth_input));

	if (rt)
		return rt;
	rt = rt_dst_alloc(net->loopback_dev, RTCF_LOCAL, RTN_LOCAL, false);
	if (!rt)
		return ERR_PTR(-ENOMEM);
	rt->rt_is_input = 1;
	return rt;
}

/* As ip_route_input() but for the source, which is one of ours. */
static struct rtable *natpt_input4(struct net *net, const struct sk_buff *skb,
				   struct flowi4 *fl4, bool *kept)
{
	struct fib_result res = {};
	struct fib_nh_common *nhc;
	struct rtable *rt;
	int err;

	fl4->flowi4_iif = natpt_ingress(skb)->ifindex;
	fl4->flowi4_uid = sock_net_uid(net, NULL);
	err = fib_lookup(net, fl4, &res, 0);
	if (err)
		return ERR_PTR(err);
	if (res.type == RTN_LOCAL)
		return natpt_local4(net, FIB_RES_NHC(res));
	if (res.type != RTN_UNICAST)
		return ERR_PTR(-EADDRNOTAVAIL);
	nhc = natpt_nexthop4(net, &res, fl4);
	rt = natpt_cached4(net, nhc);
	if (rt)
		return rt;
	if (fib4_has_custom_rules(net) || fib_info_num_path(res.fi) > 1) {
		*kept = false;
		return natpt_made4(&res, nhc);
	}
	/* The kernel's own way to make one, which remembers it; policies come later. */
	fl4->flowi4_l3mdev = l3mdev_master_ifindex_rcu(skb->dev);
	fl4->flowi4_flags = FLOWI_FLAG_ANYSRC;
	return __ip_route_output_key(net, fl4);
}

/*
 * Returns a held route or an ERR_PTR; kept says whether others may use it too. sk is the socket of
 * a packet of this box (local), or NULL; that of a SYN-ACK is only a request.
 */
struct dst_entry *natpt_route4(struct net *net, const struct sk_buff *skb,
			       const struct natpt_flow4 *flow, struct sock *sk,
			       bool local, bool *kept)
{
	struct flowi4 fl4 = {
		.saddr = flow->saddr,
		.daddr = flow->daddr,
		.flowi4_dscp = inet_dsfield_to_dscp(flow->tos),
		.flowi4_mark = skb->mark,
		.flowi4_proto = flow->proto,
		.fl4_sport = flow->sport,
		.fl4_dport = flow->dport,
	};
	struct flowi4 again;
	struct rtable *rt;

	sk = sk_to_full_sk(sk);
	/* Rules do not look at ICMP types, which policies find in place of ports. */
	if (flow->proto == IPPROTO_ICMP)
		fl4.fl4_sport = 0;
	*kept = !local;
	again = fl4;
	if (local) {
		fl4.flowi4_oif = sk ? READ_ONCE(sk->sk_bound_dev_if) : 0;
		fl4.flowi4_uid = sock_net_uid(net, sk);
		fl4.flowi4_l3mdev = natpt_vrf(skb);
		fl4.flowi4_flags = FLOWI_FLAG_ANYSRC;
		rt = __ip_route_output_key(net, &fl4);
	} else {
		rt = natpt_input4(net, skb, &fl4, kept);
	}
	if (IS_ERR(rt) || rt->rt_type != RTN_UNICAST)
		return IS_ERR(rt) ? ERR_CAST(rt) : &rt->dst;
	again.flowi4_oif = dst_dev_rcu(&rt->dst)->ifindex;
	again.flowi4_l3mdev = l3mdev_master_ifindex_rcu(dst_dev_rcu(&rt->dst));
	again.fl4_sport = flow->sport;
	return natpt_bundle(net, &rt->dst, flowi4_to_flowi(&again), sk, local, kept);
}

struct dst_entry *natpt_route6(struct net *net, const struct sk_buff *skb,
			       const struct natpt_flow6 *flow, struct sock *sk,
			       bool local, bool *kept)
{
	struct flowi6 fl6 = {
		.saddr = flow->saddr,
		.daddr = flow->daddr,
		.flowlabel = ip6_make_flowinfo(flow->tos, 0),
		.flowi6_mark = skb->mark,
		.flowi6_proto = flow->proto,
		.fl6_sport = flow->sport,
		.fl6_dport = flow->dport,
	};
	struct dst_entry *dst;

	sk = sk_to_full_sk(sk);
	if (flow->proto == IPPROTO_ICMPV6)
		fl6.fl6_sport = 0;
	*kept = !local;
	if (local) {
		fl6.flowi6_oif = sk ? READ_ONCE(sk->sk_bound_dev_if) : 0;
		fl6.flowi6_uid = sock_net_uid(net, sk);
		fl6.flowi6_l3mdev = natpt_vrf(skb);
		fl6.flowi6_flags = FLOWI_FLAG_ANYSRC;
		dst = ip6_route_output(net, sk, &fl6);
	} else {
		fl6.flowi6_iif = skb->dev->ifindex;
		/* Without the packet, which is not an IPv6 one yet. */
		dst = ip6_route_input_lookup(net, skb->dev, &fl6, NULL,
					     RT6_LOOKUP_F_HAS_SADDR);
	}
	if (dst->error) {
		int err = dst->error;

		dst_release(dst);
		return ERR_PTR(err);
	}
	if (dst_rt6_info(dst)->rt6i_flags & RTF_LOCAL)
		return dst;
	fl6.flowi6_oif = dst_dev_rcu(dst)->ifindex;
	fl6.flowi6_iif = 0;
	fl6.flowi6_flags = 0;
	fl6.flowi6_l3mdev = l3mdev_master_ifindex_rcu(dst_dev_rcu(dst));
	fl6.fl6_sport = flow->sport;
	return natpt_bundle(net, dst, flowi6_to_flowi(&fl6), sk, local, kept);
}

/*
 * Whether the kernel would take an IPv4 packet with these addresses where it came in:
 * fib_validate_source(), which is not exported. Returns 0 or a drop reason.
 */
u32 natpt_source4(struct net *net, struct sk_buff *skb, __be32 saddr, __be32 daddr)
{
	const struct net_device *dev = natpt_ingress(skb);
	const struct in_device *in_dev = __in_dev_get_rcu(dev);
	struct flowi4 fl4 = {
		.daddr = saddr,
		.saddr = daddr,
		.flowi4_iif = LOOPBACK_IFINDEX,
		.flowi4_l3mdev = l3mdev_master_ifindex_rcu(dev),
		.flowi4_dscp = ip4h_dscp(ip_hdr(skb)),
		.flowi4_scope = RT_SCOPE_UNIVERSE,
		.flowi4_uid = sock_net_uid(net, NULL),
	};
	struct fib_result res = {};
	struct flow_keys keys;
	int rpf;

	if (!in_dev)
		return SKB_DROP_REASON_IP_INVALID_SOURCE;
	rpf = secpath_exists(skb) ? 0 : IN_DEV_RPFILTER(in_dev);
	if (!rpf && !net->ipv4.fib_has_custom_local_routes && !fib4_has_custom_rules(net)) {
		if (!IN_DEV_ACCEPT_LOCAL(in_dev) && __ip_dev_find(net, saddr, false))
			return SKB_DROP_REASON_IP_LOCAL_SOURCE;
		return 0;
	}
	if (IN_DEV_SRC_VMARK(in_dev))
		fl4.flowi4_mark = skb->mark;
	/* It looks for the way back. */
	if (fib4_rules_early_flow_dissect(net, skb, &fl4, &keys))
		swap(fl4.fl4_sport, fl4.fl4_dport);
	if (fib_lookup(net, &fl4, &res, 0))
		goto unknown;
	if (res.type == RTN_LOCAL) {
		if (!IN_DEV_ACCEPT_LOCAL(in_dev))
			return SKB_DROP_REASON_IP_LOCAL_SOURCE;
	} else if (res.type != RTN_UNICAST) {
		return SKB_DROP_REASON_IP_INVALID_SOURCE;
	}
	if (fib_info_nh_uses_dev(res.fi, dev) ||
	    (res.type == RTN_LOCAL && dev == net->loopback_dev))
		return 0;
	if (rcu_access_pointer(in_dev->ifa_list)) {
		if (rpf != 1)
			return 0;
		goto elsewhere;
	}
unknown:
	if (!rpf)
		return 0;
elsewhere:
	NET_INC_STATS(net, LINUX_MIB_IPRPFILTER);
	return SKB_DROP_REASON_IP_RPFILTER;
}

/*
 * Prefix length of the route by which an address is reached without
 * translation, or -ENETUNREACH; a route to the loopback device is none.
 */
int natpt_native4(struct net *net, struct sk_buff *skb, __be32 daddr)
{
	struct flowi4 fl4 = {
		.saddr = ip_hdr(skb)->saddr,
		.daddr = daddr,
		.flowi4_iif = natpt_iif(skb),
		.flowi4_mark = skb->mark,
		.flowi4_dscp = ip4h_dscp(ip_hdr(skb)),
		.flowi4_scope = RT_SCOPE_UNIVERSE,
		.flowi4_l3mdev = natpt_vrf(skb),
	};
	struct fib_result res;
	struct flow_keys keys;

	fib4_rules_early_flow_dissect(net, skb, &fl4, &keys);
	if (fib_lookup(net, &fl4, &res, 0))
		return -ENETUNREACH;
	if (res.type == RTN_UNICAST && FIB_RES_DEV(res)->flags & IFF_LOOPBACK)
		return -ENETUNREACH;
	return res.prefixlen;
}

int natpt_native6(struct net *net, struct sk_buff *skb,
		  const struct in6_addr *saddr, const struct in6_addr *daddr)
{
	struct flowi6 fl6 = {
		.saddr = *saddr,
		.daddr = *daddr,
		.flowlabel = ip6_flowinfo(ipv6_hdr(skb)),
		.flowi6_iif = natpt_iif(skb),
		.flowi6_mark = skb->mark,
		.flowi6_l3mdev = natpt_vrf(skb),
	};
	const struct fib6_info *from;
	int len = -ENETUNREACH;
	struct dst_entry *dst;
	struct flow_keys keys;

	fib6_rules_early_flow_dissect(net, skb, &fl6, &keys);
	dst = ip6_route_lookup(net, &fl6, skb, 0);
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

bool natpt_fib_rule(unsigned long event)
{
	return event == FIB_EVENT_RULE_ADD || event == FIB_EVENT_RULE_DEL;
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

void natpt_route_hold(struct dst_entry *dst)
{
	dst_hold(dst);
}

bool natpt_route_cacheable(const struct dst_entry *dst)
{
	return !dst_xfrm(dst) && !dst->lwtstate && !dst->error;
}

u32 natpt_route_cookie(struct dst_entry *dst, bool ipv6)
{
	return ipv6 ? rt6_get_cookie(dst_rt6_info(dst)) : 0;
}

/*
 * What the last answer of natpt_source4() holds for, on one interface: the routes and addresses of
 * the moment. 0 where each packet is to be looked at.
 */
static u64 natpt_stamp4(const struct net *net, const struct sk_buff *skb)
{
	const struct net_device *dev = natpt_ingress(skb);
	const struct in_device *in_dev = __in_dev_get_rcu(dev);

	if (!in_dev || secpath_exists(skb) || dev->ifindex >> 28)
		return 0;
	return (u64)rt_genid_ipv4(net) << 32 | IN_DEV_RPFILTER(in_dev) << 28 | dev->ifindex;
}

u64 natpt_source4_stamp(const struct net *net, const struct sk_buff *skb)
{
	return natpt_stamp4(net, skb);
}

/* local: the packet is one of the box itself. */
static __always_inline u32 natpt_mtu(const struct dst_entry *dst, bool ipv6, bool local)
{
	u32 mtu;

	/* What IPsec takes is known to the bundle, not to its device. */
	if (local || dst_xfrm(dst))
		mtu = dst_mtu(dst);
	else if (ipv6)
		mtu = ip6_dst_mtu_maybe_forward(dst, true);
	else
		mtu = ip_dst_mtu_maybe_forward(dst, true);
	return ipv6 ? max_t(u32, mtu, IPV6_MIN_MTU) : mtu;
}

u32 natpt_route_mtu(const struct dst_entry *dst, bool ipv6, bool local)
{
	return natpt_mtu(dst, ipv6, local);
}

/*
 * The route that is kept for a packet to the other family, if it is still good and nothing asks
 * for a look at each packet: neither policies nor switches, nor where it came from. source is the
 * stamp of the last IPv4 packet whose source was good.
 */
struct dst_entry *natpt_route_kept(const struct net *net, const struct sk_buff *skb,
				   struct dst_entry *dst, u32 cookie, u64 source, bool ipv6,
				   u32 *mtu)
{
	if (natpt_has_policies(net, XFRM_POLICY_FWD) ||
	    natpt_has_policies(net, XFRM_POLICY_OUT) || secpath_exists(skb) ||
	    !natpt_may_forward(net, skb, ipv6))
		return NULL;
	if (ipv6 && (!source || source != natpt_stamp4(net, skb)))
		return NULL;
	dst = dst_check(dst, cookie);
	if (dst)
		*mtu = natpt_mtu(dst, ipv6, false);
	return dst;
}

bool natpt_is_forwarding(const struct net *net, bool ipv6)
{
	if (ipv6)
		return READ_ONCE(net->ipv6.devconf_all->forwarding);
	return IPV4_DEVCONF_ALL_RO(net, FORWARDING);
}

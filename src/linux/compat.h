/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where the kernels that natpt is built for differ: one name for all of them, and the only place
 * that asks for a version.
 */
#include <linux/netfilter_ipv4.h>
#include <linux/rcupdate.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(7, 3, 0)

typedef struct rcu_head natpt_rcu_head;

/* NAT's hooks have no type of their own: by their place in PRE_ROUTING. */
static inline bool natpt_is_nat(const struct nf_hook_ops *ops)
{
	return ops->hook_ops_type == NF_HOOK_OP_UNDEFINED && ops->priority == NF_IP_PRI_NAT_DST;
}

#else

typedef struct kvfree_rcu_head natpt_rcu_head;

static inline bool natpt_is_nat(const struct nf_hook_ops *ops)
{
	return ops->hook_ops_type == NF_HOOK_OP_NAT;
}

#endif

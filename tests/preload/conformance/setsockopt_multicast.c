// SPDX-License-Identifier: GPL-2.0
#include "case.h"

/* Sockets that join nothing are unicast only, here as there. */
// req: G-034
CASE(setsockopt_multicast)
{
	struct ip_mreq group = { .imr_multiaddr.s_addr = htonl(0x0a000001) };
	struct ip_mreq real = { .imr_multiaddr.s_addr = htonl(0xe9fc0001) };
	int fd = udp();

	CALL(setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof(group)));
	CALL(setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, 4));
	CALL(setsockopt(fd, IPPROTO_IP, IP_DROP_MEMBERSHIP, &real, sizeof(real)));
}

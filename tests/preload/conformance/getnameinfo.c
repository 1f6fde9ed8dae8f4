// SPDX-License-Identifier: GPL-2.0
#include "case.h"

static void each(const struct sockaddr_in *addr, socklen_t len, size_t size, int flags)
{
	char host[64] = "", service[32] = "";

	int status = getnameinfo(SA(addr), len, host, size, service, sizeof(service), flags);

	/* errno means nothing here */
	printf("getnameinfo = %d\n", status);
	if (!status) {
		tell_text("host", host);
		tell_text("service", service);
	}
}

// req: G-006 G-009
CASE(getnameinfo)
{
	struct sockaddr_in known = peer(80), unknown = address("192.0.2.77", 9);

	each(&known, sizeof(known), 64, 0);
	each(&known, sizeof(known), 64, NI_NUMERICHOST | NI_NUMERICSERV);
	each(&known, sizeof(known), 64, NI_NAMEREQD);
	each(&known, sizeof(known), 4, 0);
	each(&known, sizeof(known), 0, 0);
	each(&known, sizeof(known) - 1, 64, 0);
	each(&known, 2, 64, 0);
	each(&known, sizeof(known), 64, NI_DGRAM);
	each(&unknown, sizeof(unknown), 64, 0);
	each(&unknown, sizeof(unknown), 64, NI_NAMEREQD);
	known.sin_family = AF_UNIX;
	each(&known, sizeof(known), 64, 0);
	each(&known, sizeof(known), 64, 1 << 20);
	printf("nothing wanted = %d\n",
	       getnameinfo(SA(&unknown), sizeof(unknown), NULL, 0, NULL, 0, 0));
}

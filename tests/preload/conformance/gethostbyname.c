// SPDX-License-Identifier: GPL-2.0
#include "host.h"

// req: G-001 G-003 G-004 G-009 G-010 G-014
CASE(gethostbyname)
{
	const struct hostent *host;

	for (size_t i = 0; i < NAMES; i++) {
		tell_text("name", names[i]);
		h_errno = 0;
		host = POINTER(gethostbyname(names[i]));
		printf("  h_errno %d\n", host ? 0 : h_errno);
		tell_host(host);
	}
}

CASE(gethostbyname2)
{
	const struct hostent *host;

	for (size_t i = 0; i < NAMES; i++) {
		tell_text("name", names[i]);
		host = POINTER(gethostbyname2(names[i], AF_INET));
		printf("  h_errno %d\n", host ? 0 : h_errno);
		tell_host(host);
	}
	host = POINTER(gethostbyname2("localhost", AF_INET6));
	tell_host(host);
	host = POINTER(gethostbyname2("peer.test", AF_UNIX));
	printf("  h_errno %d\n", host ? 0 : h_errno);
}

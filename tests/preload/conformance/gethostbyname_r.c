// SPDX-License-Identifier: GPL-2.0
#include "host.h"

static void each(const char *name, size_t size)
{
	struct hostent host, *result = &host;
	char buffer[1024];
	int error = 0, status;

	printf("name %s\n", name);
	/* errno means nothing here */
	status = gethostbyname_r(name, &host, buffer, size, &result, &error);
	printf("gethostbyname_r = %d\n", status);
	printf("  result %s h_errno %d\n", result ? "something" : "NULL", result ? 0 : error);
	tell_host(result);
	status = gethostbyname2_r(name, AF_INET, &host, buffer, size, &result, &error);
	printf("gethostbyname2_r = %d\n", status);
	printf("  result %s h_errno %d\n", result ? "something" : "NULL", result ? 0 : error);
	tell_host(result);
}

// req: G-009 G-010
CASE(gethostbyname_r)
{
	for (size_t i = 0; i < NAMES; i++)
		each(names[i], 1024);
	/* a buffer that is too small: ERANGE, and nothing is written beyond it */
	each("peer.test", 0);
	each("peer.test", 1);
	each("peer.test", 16);
}

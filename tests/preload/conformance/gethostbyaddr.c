// SPDX-License-Identifier: GPL-2.0
#include "host.h"

// req: G-006 G-009
CASE(gethostbyaddr)
{
	struct sockaddr_in known = peer(0), unknown = address("192.0.2.77", 0);
	struct in6_addr six = IN6ADDR_LOOPBACK_INIT;
	struct hostent *host, result;
	char buffer[1024];
	int error;

	host = POINTER(gethostbyaddr(&known.sin_addr, 4, AF_INET));
	tell_host(host);
	host = POINTER(gethostbyaddr(&unknown.sin_addr, 4, AF_INET));
	printf("  h_errno %d\n", host ? 0 : h_errno);
	POINTER(gethostbyaddr(&known.sin_addr, 3, AF_INET));
	POINTER(gethostbyaddr(&known.sin_addr, 16, AF_INET));
	POINTER(gethostbyaddr(&known.sin_addr, 4, AF_UNIX));
	host = POINTER(gethostbyaddr(&six, 16, AF_INET6));
	printf("  %s\n", host ? host->h_name : "NULL");
	CALL(gethostbyaddr_r(&known.sin_addr, 4, AF_INET, &result, buffer, sizeof(buffer), &host,
			     &error));
	tell_host(host);
	CALL(gethostbyaddr_r(&known.sin_addr, 4, AF_INET, &result, buffer, 2, &host, &error));
	POINTER(host);
	CALL(gethostbyaddr_r(&unknown.sin_addr, 4, AF_INET, &result, buffer, sizeof(buffer), &host,
			     &error));
	POINTER(host);
}

// SPDX-License-Identifier: GPL-2.0
#include "host.h"

static void each(const char *name, const char *service, const struct addrinfo *hints)
{
	struct addrinfo *list = NULL;
	char text[INET6_ADDRSTRLEN];
	/* errno means nothing here */
	int status = getaddrinfo(name, service, hints, &list);

	printf("name %s service %s\n", name ? name : "NULL", service ? service : "NULL");
	printf("getaddrinfo = %d\n", status);
	if (status)
		return;
	for (struct addrinfo *one = list; one; one = one->ai_next) {
		const struct sockaddr_in *addr = (void *)one->ai_addr;

		if (one->ai_family != AF_INET)
			continue;
		printf("  type %d protocol %d length %d %s %d %s\n", one->ai_socktype,
		       one->ai_protocol, one->ai_addrlen,
		       inet_ntop(AF_INET, &addr->sin_addr, text, sizeof(text)),
		       ntohs(addr->sin_port), one->ai_canonname ? one->ai_canonname : "");
	}
	freeaddrinfo(list);
}

// req: G-001 G-002 G-004 G-009 G-010
CASE(getaddrinfo)
{
	struct addrinfo hints = { .ai_family = AF_INET, .ai_socktype = SOCK_STREAM };
	static const int flags[] = {
		AI_PASSIVE, AI_CANONNAME, AI_NUMERICHOST, AI_NUMERICSERV, 0x10000,
	};
	struct addrinfo *list;

	for (size_t i = 0; i < NAMES; i++)
		each(names[i], "80", &hints);
	for (size_t f = 0; f < sizeof(flags) / sizeof(*flags); f++) {
		hints.ai_flags = flags[f];
		each("peer.test", "http", &hints);
		each("192.0.2.77", "80", &hints);
		each(NULL, "80", &hints);
	}
	hints.ai_flags = 0;
	each("peer.test", NULL, &hints);
	each(NULL, NULL, &hints);
	each("peer.test", "no-such-service", &hints);
	hints.ai_socktype = 0;
	each("peer.test", "80", &hints);
	hints.ai_socktype = SOCK_DGRAM;
	each("peer.test", "domain", &hints);
	hints.ai_socktype = 99;
	each("peer.test", "80", &hints);
	hints.ai_socktype = SOCK_STREAM;
	hints.ai_family = AF_UNIX;
	each("peer.test", "80", &hints);
	hints.ai_family = AF_INET6;
	printf("IPv6 literal = %d\n", getaddrinfo("::1", "80", &hints, &list));
	printf("IPv4 literal as IPv6 = %d\n", getaddrinfo("192.0.2.77", "80", &hints, &list));
	each("peer.test", "80", NULL);
}

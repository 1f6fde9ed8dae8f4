// SPDX-License-Identifier: GPL-2.0
#include "case.h"

static void each(int fd, int level, int option)
{
	static const socklen_t sizes[] = { 0, 1, 2, 4, 8, -1 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		unsigned char value[8];
		socklen_t len = sizes[i];

		memset(value, 0xaa, sizeof(value));
		CALL(getsockopt(fd, level, option, value, &len));
		printf("  level %d option %d length %d", level, option, len);
		tell_bytes("", value, sizeof(value));
	}
}

// req: G-022 G-041
CASE(getsockopt)
{
	static const int options[] = {
		IP_TOS, IP_TTL, IP_MTU_DISCOVER, IP_RECVERR, IP_PKTINFO, IP_MULTICAST_TTL,
		IP_MULTICAST_ALL, // fault: names-20
	};
	int fds[] = { tcp(), udp() };
	socklen_t len = 4;
	int value;

	for (size_t f = 0; f < 2; f++) {
		for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
			each(fds[f], IPPROTO_IP, options[i]);
		each(fds[f], SOL_SOCKET, SO_DOMAIN);
		each(fds[f], SOL_SOCKET, SO_TYPE);
		CALL(getsockopt(fds[f], IPPROTO_IP, IP_MTU, &value, &len));
		CALL(getsockopt(fds[f], IPPROTO_IPV6, IPV6_V6ONLY, &value, &len));
		CALL(getsockopt(fds[f], IPPROTO_IPV6, IPV6_MTU, &value, &len));
		CALL(getsockopt(fds[f], IPPROTO_IP, IP_TTL, NULL, &len));
		CALL(getsockopt(fds[f], IPPROTO_IP, IP_TTL, &value, NULL));
		CALL(getsockopt(fds[f], SOL_SOCKET, SO_DOMAIN, NULL, &len));
		CALL(getsockopt(fds[f], SOL_SOCKET, SO_DOMAIN, &value, NULL));
	}
	CALL(getsockopt(-1, IPPROTO_IP, IP_TTL, &value, &len));
	CALL(getsockopt(0, SOL_SOCKET, SO_DOMAIN, &value, &len));
	each(foreign(), SOL_SOCKET, SO_DOMAIN);
	each(foreign(), IPPROTO_IP, IP_TTL);
	each(socket(AF_INET6, SOCK_DGRAM, 0), SOL_SOCKET, SO_DOMAIN);
}

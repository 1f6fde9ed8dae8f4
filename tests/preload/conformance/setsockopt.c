// SPDX-License-Identifier: GPL-2.0
#include "case.h"

static void get(int fd, int level, int option)
{
	unsigned char value[16];
	socklen_t len = sizeof(value);

	memset(value, 0xaa, sizeof(value));
	if (CALL(getsockopt(fd, level, option, value, &len)) == 0)
		tell_bytes("value", value, len);
}

/* Set an int, as one of four bytes and of one, and read it back. */
static void set(int fd, int level, int option, int value)
{
	unsigned char byte = value;

	printf("level %d option %d value %d\n", level, option, value);
	CALL(setsockopt(fd, level, option, &value, sizeof(value)));
	get(fd, level, option);
	CALL(setsockopt(fd, level, option, &byte, 1));
	get(fd, level, option);
	CALL(setsockopt(fd, level, option, &value, 0));
	CALL(setsockopt(fd, level, option, NULL, sizeof(value)));
}

static const struct {
	int option;
	int values[4];
} ip[] = {
	{ IP_TOS, { 0, 0x10, 0xb8, 0xff } },
	{ IP_TTL, { 1, 64, 255, -1 } },
	{ IP_TTL, { 0, 256, -2, 1000 } },
	{ IP_MTU_DISCOVER, { IP_PMTUDISC_DONT, IP_PMTUDISC_WANT, IP_PMTUDISC_DO, 99 } },
	{ IP_RECVERR, { 0, 1, 2, 0 } },
	{ IP_PKTINFO, { 0, 1, 2, 0 } },
	{ IP_RECVTTL, { 0, 1, 2, 0 } },
	{ IP_RECVTOS, { 0, 1, 2, 0 } },
	{ IP_MULTICAST_TTL, { 1, 255, -1, 256 } },
	{ IP_MULTICAST_LOOP, { 0, 1, 2, 0 } },
	{ IP_FREEBIND, { 0, 1, 2, 0 } },
	{ IP_BIND_ADDRESS_NO_PORT, { 0, 1, 2, 0 } },
	{ 99, { 0, 1, 2, 3 } },
};

// req: G-022 G-046
CASE(setsockopt_ip)
{
	int fds[] = { tcp(), udp() };

	for (size_t f = 0; f < 2; f++)
		for (size_t i = 0; i < sizeof(ip) / sizeof(*ip); i++)
			for (size_t v = 0; v < 4; v++)
				set(fds[f], IPPROTO_IP, ip[i].option, ip[i].values[v]);
}

// req: G-035
CASE(setsockopt_ip_options)
{
	unsigned char nops[4] = { 1, 1, 1, 1 };
	int fd = udp();

	CALL(setsockopt(fd, IPPROTO_IP, IP_OPTIONS, nops, sizeof(nops)));
	get(fd, IPPROTO_IP, IP_OPTIONS);
}

// req: G-022
CASE(setsockopt_socket)
{
	static const int options[] = {
		SO_REUSEADDR, SO_KEEPALIVE, SO_BROADCAST, SO_OOBINLINE, SO_PRIORITY, SO_MARK,
		SO_REUSEPORT, SO_DOMAIN, SO_TYPE, SO_PROTOCOL, SO_ACCEPTCONN, SO_ERROR, 999,
	};
	struct linger linger = { 1, 5 };
	struct timeval time = { 5, 0 };
	int fd = tcp();

	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
		set(fd, SOL_SOCKET, options[i], 1);
	CALL(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)));
	get(fd, SOL_SOCKET, SO_LINGER);
	CALL(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof(time)));
	get(fd, SOL_SOCKET, SO_RCVTIMEO);
	CALL(setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3));
	get(fd, SOL_SOCKET, SO_BINDTODEVICE);
}

CASE(setsockopt_tcp)
{
	static const int options[] = { TCP_NODELAY, TCP_KEEPIDLE, TCP_SYNCNT, TCP_CORK, 999 };
	int fd = tcp();

	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
		set(fd, IPPROTO_TCP, options[i], 1);
	set(udp(), IPPROTO_TCP, TCP_NODELAY, 1);
}

/* An IPv4 socket has no IPv6 options. */
// req: G-041
CASE(setsockopt_ipv6)
{
	static const int options[] = { IPV6_V6ONLY, IPV6_UNICAST_HOPS, IPV6_TCLASS, IPV6_ADDRFORM };
	int fds[] = { tcp(), udp() };

	for (size_t f = 0; f < 2; f++)
		for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
			set(fds[f], IPPROTO_IPV6, options[i], 1);
}

CASE(setsockopt_bad)
{
	int one = 1;

	CALL(setsockopt(-1, IPPROTO_IP, IP_TTL, &one, sizeof(one)));
	CALL(setsockopt(0, IPPROTO_IP, IP_TTL, &one, sizeof(one)));
	CALL(setsockopt(foreign(), IPPROTO_IP, IP_TTL, &one, sizeof(one)));
	CALL(setsockopt(udp(), IPPROTO_IP, IP_TTL, &one, -1));
	CALL(setsockopt(udp(), 250, 1, &one, sizeof(one)));
}

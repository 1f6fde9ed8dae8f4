// SPDX-License-Identifier: GPL-2.0
#include <sys/resource.h>
#include <sys/syscall.h>

#include "case.h"

static void kind(int fd)
{
	static const int options[] = { SO_DOMAIN, SO_TYPE, SO_PROTOCOL };

	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++) {
		int value = -1;
		socklen_t len = sizeof(value);

		CALL(getsockopt(fd, SOL_SOCKET, options[i], &value, &len));
		printf("  option %d: %d, length %d\n", options[i], value, len);
	}
	CALL(fcntl(fd, F_GETFL));
	CALL(fcntl(fd, F_GETFD));
}

/* What the kernel has, which a library between does not hide. */
static void kernels(int fd)
{
	int family = -1;
	socklen_t len = sizeof(family);

	syscall(SYS_getsockopt, fd, SOL_SOCKET, SO_DOMAIN, &family, &len);
	printf("  the kernel's family: %d\n", family);
}

// req: G-038 G-041
CASE(socket)
{
	static const int types[] = {
		SOCK_STREAM, SOCK_DGRAM, SOCK_STREAM | SOCK_NONBLOCK, SOCK_DGRAM | SOCK_CLOEXEC,
		SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
	};
	struct rlimit limit = { .rlim_cur = 8, .rlim_max = 8 };

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		kind(CALL(socket(AF_INET, types[i], 0)));
	kernels(3);
	CALL(close(3));
	kind(CALL(socket(AF_INET, SOCK_STREAM, IPPROTO_TCP)));
	CALL(close(4));
	kind(CALL(socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP)));
	CALL(close(5));
	kind(CALL(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP)));
	CALL(close(6));
	kind(CALL(socket(AF_INET6, SOCK_STREAM, 0)));
	CALL(close(7));
	kind(CALL(socket(AF_UNIX, SOCK_STREAM, 0)));
	kind(CALL(socket(AF_NETLINK, SOCK_RAW, 0)));
	CALL(socket(AF_INET, SOCK_STREAM, IPPROTO_UDP));
	CALL(socket(AF_INET, SOCK_DGRAM, IPPROTO_TCP));
	CALL(socket(AF_INET, SOCK_SEQPACKET, 0));
	CALL(socket(AF_INET, 99, 0));
	CALL(socket(AF_INET, SOCK_STREAM | 0x100000, 0));
	CALL(socket(AF_INET, 0, 0));
	CALL(socket(255, SOCK_STREAM, 0));
	CALL(socket(-1, SOCK_STREAM, 0));
	setrlimit(RLIMIT_NOFILE, &limit);
	CALL(socket(AF_INET, SOCK_STREAM, 0));
	CALL(socket(AF_INET, SOCK_STREAM, 0));
}

// SPDX-License-Identifier: GPL-2.0
#include "case.h"

static void each(int fd)
{
	socklen_t negative = -1;
	struct name name;

	EACH_LENGTH(len) {
		name = name_of(len);
		CALL(getpeername(fd, &name.sa, &name.len));
		tell_name(&name);
	}
	name = name_of(16);
	CALL(getpeername(fd, NULL, &name.len));
	printf("  length %d\n", (int)name.len);
	name = name_of(0);
	CALL(getpeername(fd, NULL, &name.len));
	CALL(getpeername(fd, &name.sa, NULL));
	CALL(getpeername(fd, &name.sa, &negative));
}

// req: G-021 G-030 G-040 G-041
CASE(getpeername)
{
	struct sockaddr_un path = { .sun_family = AF_UNIX, .sun_path = "/tmp/conformance" };
	int unix_fd = foreign();

	each(tcp());
	each(udp());
	each(tcp_to(ECHO));
	each(udp_to(ECHO));
	each(listener(5000));
	unlink(path.sun_path);
	CALL(bind(unix_fd, SA(&path), sizeof(path)));
	unlink(path.sun_path);
	each(unix_fd);
	each(socket(AF_NETLINK, SOCK_RAW, 0));
	each(socket(AF_INET6, SOCK_STREAM, 0));
	each(0);
	each(-1);
}

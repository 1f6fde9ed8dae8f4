// SPDX-License-Identifier: GPL-2.0
#include "case.h"

static void name(int fd)
{
	struct name name = name_of(16);

	CALL(getsockname(fd, &name.sa, &name.len));
	tell_name(&name);
}

// req: G-029 G-039 G-045
CASE(bind)
{
	struct sockaddr_in all = any(0), all_5010 = any(5010), lo = loopback(5001);
	struct sockaddr_in other = address("198.18.0.1", 5002), unspec = any(5003);
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(5004) };
	struct sockaddr_un path = { .sun_family = AF_UNIX, .sun_path = "/tmp/conformance" };
	int fd, pipes[2];

	name(fd = CALL(tcp()));
	CALL(bind(fd, SA(&all), sizeof(all)));
	name(fd);
	CALL(bind(fd, SA(&all), sizeof(all)));
	CALL(bind(fd = udp(), SA(&all_5010), sizeof(all_5010)));
	name(fd);
	CALL(bind(udp(), SA(&all_5010), sizeof(all_5010)));
	CALL(bind(fd = tcp(), SA(&all_5010), sizeof(all_5010)));
	name(fd);
	CALL(bind(tcp(), SA(&all_5010), sizeof(all_5010)));
	CALL(bind(fd = tcp(), SA(&lo), sizeof(lo)));
	name(fd);
	CALL(bind(fd = udp(), SA(&lo), sizeof(lo)));
	name(fd);
	CALL(bind(fd = tcp(), SA(&other), sizeof(other)));
	name(fd);
	CALL(bind(udp(), SA(&other), sizeof(other)));

	fd = tcp();
	unspec.sin_family = AF_UNSPEC;
	CALL(bind(fd, SA(&all), 15));
	CALL(bind(fd, SA(&all), 2));
	CALL(bind(fd, SA(&all), 0));
	CALL(bind(fd, SA(&all), -1));
	CALL(bind(fd, SA(&all), 4096));
	CALL(bind(fd, NULL, sizeof(all)));
	CALL(bind(fd, SA(&six), sizeof(six)));
	CALL(bind(fd, SA(&path), sizeof(path)));
	CALL(bind(fd, SA(&unspec), sizeof(unspec)));
	name(fd);
	CALL(bind(-1, SA(&all), sizeof(all)));
	CALL(bind(1000, SA(&all), sizeof(all)));
	CALL(pipe(pipes));
	CALL(bind(pipes[0], SA(&all), sizeof(all)));
	unlink(path.sun_path);
	CALL(bind(foreign(), SA(&path), sizeof(path)));
	unlink(path.sun_path);
	CALL(bind(foreign(), SA(&all), sizeof(all)));
	CALL(bind(socket(AF_INET6, SOCK_STREAM, 0), SA(&six), sizeof(six)));
}

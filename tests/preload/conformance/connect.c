// SPDX-License-Identifier: GPL-2.0
#include "case.h"

static int later(int fd)
{
	struct pollfd one = { .fd = fd, .events = POLLOUT };
	int error = -1;
	socklen_t len = sizeof(error);

	CALL(poll(&one, 1, 20000));
	CALL(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len));
	tell_text("SO_ERROR", error ? strerrorname_np(error) : "0");
	return fd;
}

static void both_names(int fd)
{
	struct name name = name_of(16);

	CALL(getpeername(fd, &name.sa, &name.len));
	tell_name(&name);
	name = name_of(16);
	CALL(getsockname(fd, &name.sa, &name.len));
	tell_name(&name);
}

// req: G-020 G-024 G-028 G-030 G-039 G-045
CASE(connect_tcp)
{
	struct sockaddr_in to = peer(ECHO), shut = peer(CLOSED), lo = loopback(5000);
	struct sockaddr_in far = address("198.18.0.1", 7), none = any(0);
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(7) };
	char answer[8] = "";
	int fd, server;

	CALL(connect(fd = tcp(), SA(&to), sizeof(to)));
	both_names(fd);
	CALL(send(fd, "hello", 5, 0));
	CALL(recv(fd, answer, sizeof(answer), 0));
	tell_text("answer", answer);
	CALL(connect(fd, SA(&to), sizeof(to)));
	none.sin_family = AF_UNSPEC;
	CALL(connect(fd, SA(&none), sizeof(none)));
	both_names(fd);
	CALL(close(fd));

	CALL(connect(fd = tcp(), SA(&shut), sizeof(shut)));
	CALL(connect(fd, SA(&to), sizeof(to)));
	both_names(fd);
	CALL(connect(fd = tcp(), SA(&far), sizeof(far)));

	CALL(fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
	CALL(connect(fd, SA(&to), sizeof(to)));
	both_names(later(fd));
	CALL(connect(fd, SA(&to), sizeof(to)));
	CALL(fcntl(fd, F_GETFL));
	CALL(fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
	CALL(connect(fd, SA(&shut), sizeof(shut)));
	later(fd);
	CALL(fcntl(fd, F_GETFD));

	server = listener(5000);
	CALL(connect(fd = tcp(), SA(&lo), sizeof(lo)));
	both_names(fd);
	CALL(close(fd));
	CALL(connect(server, SA(&lo), sizeof(lo)));

	fd = tcp();
	CALL(connect(fd, SA(&to), 15));
	CALL(connect(fd, SA(&to), 2));
	CALL(connect(fd, SA(&to), 1));
	CALL(connect(fd, SA(&to), 0));
	CALL(connect(fd, SA(&to), -1));
	CALL(connect(fd, SA(&to), 4096));
	CALL(connect(fd, NULL, 0));
	CALL(connect(fd, NULL, sizeof(to)));
	CALL(connect(fd, SA(&six), sizeof(six)));
	CALL(connect(fd, SA(&to), 100));
	CALL(connect(-1, SA(&to), sizeof(to)));
	CALL(connect(1000, SA(&to), sizeof(to)));
	CALL(connect(0, SA(&to), sizeof(to)));
	CALL(connect(foreign(), SA(&to), sizeof(to)));
}

CASE(connect_udp)
{
	struct sockaddr_in to = peer(ECHO), shut = peer(CLOSED), lo = loopback(5000);
	struct sockaddr_in far = address("198.18.0.1", 7), none = any(0);
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(7) };
	char answer[8] = "";
	int fd;

	CALL(connect(fd = udp(), SA(&to), sizeof(to)));
	both_names(fd);
	CALL(send(fd, "hello", 5, 0));
	wait_input(fd);
	CALL(recv(fd, answer, sizeof(answer), 0));
	tell_text("answer", answer);
	CALL(connect(fd, SA(&shut), sizeof(shut)));
	both_names(fd);
	CALL(send(fd, "hello", 5, 0));
	wait_input(fd);
	CALL(recv(fd, answer, sizeof(answer), 0));
	none.sin_family = AF_UNSPEC;
	CALL(connect(fd, SA(&none), sizeof(none)));
	both_names(fd);
	CALL(connect(fd, SA(&to), sizeof(to)));
	both_names(fd);
	CALL(close(fd));

	CALL(connect(fd = udp(), SA(&lo), sizeof(lo)));
	both_names(fd);
	CALL(connect(fd = udp(), SA(&far), sizeof(far)));
	CALL(connect(fd, SA(&to), 15));
	CALL(connect(fd, SA(&to), 0));
	CALL(connect(fd, NULL, sizeof(to)));
	CALL(connect(fd, SA(&six), sizeof(six)));
}

// SPDX-License-Identifier: GPL-2.0
/* dup, dup2, dup3 and fcntl: a copy is the same socket, and a number that is used again is not. */
#include "case.h"

static void names(int fd)
{
	struct name name = name_of(16);

	CALL(getpeername(fd, &name.sa, &name.len));
	tell_name(&name);
	name = name_of(16);
	CALL(getsockname(fd, &name.sa, &name.len));
	tell_name(&name);
}

// req: G-043
CASE(dup)
{
	int fd = tcp_to(ECHO), copy;

	CALL(copy = dup(fd));
	names(copy);
	CALL(close(fd));
	names(copy);
	names(fd);
	/* the same number, now of another kind */
	CALL(foreign());
	names(fd);
	CALL(dup(-1));
	CALL(dup(1000));
	CALL(dup(0));
}

// req: G-043
CASE(dup2)
{
	int fd = tcp_to(ECHO), other = foreign();

	CALL(dup2(fd, 20));
	names(20);
	CALL(dup2(fd, fd));
	CALL(dup2(fd, other));
	names(other);
	CALL(dup2(0, 20));
	names(20);
	CALL(dup2(-1, 20));
	CALL(dup2(fd, -1));
	CALL(dup2(fd, 1 << 30));
	names(fd);
}

// req: G-043
CASE(dup3)
{
	int fd = tcp_to(ECHO);

	CALL(dup3(fd, 20, O_CLOEXEC));
	names(20);
	CALL(fcntl(20, F_GETFD));
	CALL(dup3(foreign(), 20, 0));
	names(20);
	CALL(dup3(fd, fd, 0));
	CALL(dup3(fd, 21, 1));
	CALL(dup3(-1, 21, 0));
}

// req: G-043
CASE(fcntl)
{
	int fd = tcp_to(ECHO), copy;

	CALL(copy = fcntl(fd, F_DUPFD, 30));
	names(copy);
	CALL(copy = fcntl(fd, F_DUPFD_CLOEXEC, 30));
	names(copy);
	CALL(fcntl(copy, F_GETFD));
	CALL(fcntl(copy, F_SETFD, 0));
	CALL(fcntl(copy, F_GETFD));
	CALL(fcntl(fd, F_GETFL));
	CALL(fcntl(fd, F_SETFL, O_NONBLOCK));
	CALL(fcntl(fd, F_GETFL));
	CALL(fcntl(fd, F_DUPFD, -1));
	CALL(fcntl(fd, 9999, 0));
	CALL(fcntl(-1, F_GETFL));
	CALL(fcntl(1000, F_DUPFD, 0));
	CALL(fcntl(fd, F_GETOWN));
	CALL(fcntl(fd, F_SETOWN, getpid()));
	CALL(fcntl(fd, F_GETOWN) == getpid());
}

/* A copy that was made before connect. */
// req: G-027
CASE(dup_connect)
{
	struct sockaddr_in to = peer(ECHO);
	int fd = tcp(), copy = dup(fd);

	CALL(connect(fd, SA(&to), sizeof(to)));
	names(fd);
	names(copy);
}

// SPDX-License-Identifier: GPL-2.0
/* close, close_range and closefrom: what is closed is forgotten. */
#include "case.h"

static void name(int fd)
{
	struct name name = name_of(16);

	CALL(getsockname(fd, &name.sa, &name.len));
	tell_name(&name);
}

// req: G-043
CASE(close)
{
	int fd = tcp_to(ECHO);

	CALL(close(fd));
	CALL(close(fd));
	name(fd);
	CALL(foreign());
	name(fd);
	CALL(close(fd));
	CALL(udp());
	name(fd);
	CALL(close(-1));
	CALL(close(1000));
	CALL(close(1 << 30));
}

// req: G-043
CASE(close_range)
{
	int fd = tcp_to(ECHO), other = udp_to(ECHO);

	CALL(close_range(fd, other, 0));
	name(fd);
	CALL(foreign());
	CALL(foreign());
	name(fd);
	name(other);
	CALL(fd = tcp());
	CALL(close_range(fd, ~0U, CLOSE_RANGE_CLOEXEC));
	CALL(fcntl(fd, F_GETFD));
	name(fd);
	CALL(close_range(5, 4, 0));
	CALL(close_range(500, 600, 0));
	CALL(close_range(3, 4, 99));
	CALL(close_range(fd, ~0U, 0));
	name(fd);
}

// req: G-043
CASE(closefrom)
{
	int fd = tcp_to(ECHO);

	closefrom(fd);
	name(fd);
	CALL(foreign());
	name(fd);
}

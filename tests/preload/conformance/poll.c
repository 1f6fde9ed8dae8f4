// SPDX-License-Identifier: GPL-2.0
#include <sys/select.h>

#include "case.h"

static void ready(struct pollfd *fds, int n, int timeout)
{
	CALL(poll(fds, n, timeout));
	for (int i = 0; i < n; i++)
		printf("  descriptor %d events %x\n", fds[i].fd, fds[i].revents);
}

CASE(poll)
{
	struct pollfd fds[3] = {
		{ .fd = listener(5000), .events = POLLIN },
		{ .fd = udp(), .events = POLLIN },
		{ .fd = tcp(), .events = POLLIN | POLLOUT },
	};

	ready(fds, 3, 0);
	be_called("tcp", 5000);
	ready(fds, 2, 20000);
	CALL(accept(fds[0].fd, NULL, NULL));
	ready(fds, 2, 0);
	close(fds[0].fd);
	ready(fds, 2, 0);
}

CASE(select)
{
	int at = listener(5000), other = udp();
	struct timeval time = { 20, 0 };
	fd_set set;

	FD_ZERO(&set);
	FD_SET(at, &set);
	FD_SET(other, &set);
	be_called("tcp", 5000);
	CALL(select(other + 1, &set, NULL, NULL, &time));
	CALL(FD_ISSET(at, &set));
	CALL(FD_ISSET(other, &set));
	close(at);
	FD_SET(at, &set);
	CALL(select(other + 1, &set, NULL, NULL, &time));
}

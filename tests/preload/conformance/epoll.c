// SPDX-License-Identifier: GPL-2.0
#include <sys/epoll.h>

#include "case.h"

static void events(int epoll, int timeout)
{
	struct epoll_event got[4] = { 0 };
	long n;

	CALL(n = epoll_wait(epoll, got, 4, timeout));
	for (long i = 0; i < n; i++)
		printf("  events %x data %llx\n", got[i].events, (long long)got[i].data.u64);
}

/* What was registered before connect still tells of the socket after it. */
// req: G-026
CASE(epoll)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = 0x123456789abcdef };
	struct sockaddr_in to = peer(ECHO);
	char bytes[8];
	int epoll, fd;

	CALL(epoll = epoll_create1(0));
	CALL(fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
	CALL(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
	CALL(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
	CALL(connect(fd, SA(&to), sizeof(to)));
	event.events = EPOLLOUT;
	CALL(epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event));
	events(epoll, 20000);
	CALL(send(fd, "hello", 5, 0));
	event.events = EPOLLIN | EPOLLET;
	event.data.u64 = 2;
	CALL(epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event));
	events(epoll, 20000);
	CALL(recv(fd, bytes, sizeof(bytes), 0));
	events(epoll, 0);
	CALL(epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL));
	CALL(epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL));
	CALL(epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event));
	CALL(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, NULL));
	CALL(epoll_ctl(epoll, 99, fd, &event));
	CALL(epoll_ctl(epoll, EPOLL_CTL_ADD, 1000, &event));
	CALL(epoll_ctl(-1, EPOLL_CTL_ADD, fd, &event));
	CALL(epoll_ctl(fd, EPOLL_CTL_ADD, fd, &event));
	CALL(epoll_ctl(epoll, EPOLL_CTL_ADD, epoll, &event));
}

/* Two sets, and a datagram socket. */
// req: G-026
CASE(epoll_udp)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = 7 };
	struct sockaddr_in to = peer(ECHO);
	int first, second, fd;

	CALL(first = epoll_create1(0));
	CALL(second = epoll_create1(0));
	CALL(fd = udp());
	CALL(epoll_ctl(first, EPOLL_CTL_ADD, fd, &event));
	event.data.u64 = 8;
	CALL(epoll_ctl(second, EPOLL_CTL_ADD, fd, &event));
	CALL(connect(fd, SA(&to), sizeof(to)));
	CALL(send(fd, "hello", 5, 0));
	events(first, 20000);
	events(second, 20000);
	CALL(close(fd));
	events(first, 0);
}

// SPDX-License-Identifier: GPL-2.0
/* The peer, and sockets to talk to it. */
#include "case.h"

struct sockaddr_in address(const char *text, int port)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = htons(port) };

	inet_pton(AF_INET, text, &addr.sin_addr);
	return addr;
}

struct sockaddr_in peer(int port)
{
	const struct hostent *host = gethostbyname("peer.test");
	struct sockaddr_in addr = address("0.0.0.0", port);

	if (!host) {
		puts("peer.test is not known");
		fflush(stdout);
		_exit(1);
	}
	memcpy(&addr.sin_addr, host->h_addr_list[0], sizeof(addr.sin_addr));
	errno = 0;
	return addr;
}

struct sockaddr_in loopback(int port)
{
	return address("127.0.0.1", port);
}

struct sockaddr_in any(int port)
{
	return address("0.0.0.0", port);
}

int tcp(void)
{
	return socket(AF_INET, SOCK_STREAM, 0);
}

int udp(void)
{
	return socket(AF_INET, SOCK_DGRAM, 0);
}

static int to(int fd, int port)
{
	struct sockaddr_in addr = peer(port);

	if (connect(fd, SA(&addr), sizeof(addr)))
		perror("connect");
	return fd;
}

int tcp_to(int port)
{
	return to(tcp(), port);
}

int udp_to(int port)
{
	return to(udp(), port);
}

int listener(int port)
{
	struct sockaddr_in addr = any(port);
	int fd = tcp(), on = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, SA(&addr), sizeof(addr)) || listen(fd, 5))
		perror("listener");
	return fd;
}

int foreign(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0);
}

void be_called(const char *protocol, int port)
{
	int fd = tcp_to(CALLER);
	char line[32];

	dprintf(fd, "%s %d\n", protocol, port);
	/* the end comes when it has called */
	while (read(fd, line, sizeof(line)) > 0)
		;
	close(fd);
}

void wait_input(int fd)
{
	struct pollfd one = { .fd = fd, .events = POLLIN };

	poll(&one, 1, 20000);
}

// SPDX-License-Identifier: GPL-2.0
#include <signal.h>

#include "case.h"

struct option {
	const char *what;
	int level, name, value;
};

static const struct option stream[] = {
	{ "TCP_NODELAY", IPPROTO_TCP, TCP_NODELAY, 1 },
	{ "TCP_KEEPIDLE", IPPROTO_TCP, TCP_KEEPIDLE, 77 },
	{ "TCP_KEEPINTVL", IPPROTO_TCP, TCP_KEEPINTVL, 7 },
	{ "TCP_KEEPCNT", IPPROTO_TCP, TCP_KEEPCNT, 3 },
	{ "TCP_SYNCNT", IPPROTO_TCP, TCP_SYNCNT, 4 },
	{ "TCP_USER_TIMEOUT", IPPROTO_TCP, TCP_USER_TIMEOUT, 12345 },
	{ "TCP_CORK", IPPROTO_TCP, TCP_CORK, 1 },
};

static const struct option any_kind[] = {
	{ "SO_REUSEADDR", SOL_SOCKET, SO_REUSEADDR, 1 },
	{ "SO_REUSEPORT", SOL_SOCKET, SO_REUSEPORT, 1 },
	{ "SO_KEEPALIVE", SOL_SOCKET, SO_KEEPALIVE, 1 },
	{ "SO_OOBINLINE", SOL_SOCKET, SO_OOBINLINE, 1 },
	{ "SO_BROADCAST", SOL_SOCKET, SO_BROADCAST, 1 },
	{ "SO_SNDBUF", SOL_SOCKET, SO_SNDBUF, 50000 },
	{ "SO_RCVBUF", SOL_SOCKET, SO_RCVBUF, 60000 },
	{ "SO_RCVLOWAT", SOL_SOCKET, SO_RCVLOWAT, 2 },
	{ "SO_PRIORITY", SOL_SOCKET, SO_PRIORITY, 4 },
	{ "SO_MARK", SOL_SOCKET, SO_MARK, 99 },
	{ "SO_TIMESTAMP", SOL_SOCKET, SO_TIMESTAMP, 1 },
	{ "IP_TOS", IPPROTO_IP, IP_TOS, 0x10 },
	{ "IP_TTL", IPPROTO_IP, IP_TTL, 33 },
	{ "IP_MTU_DISCOVER", IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO },
	{ "IP_RECVERR", IPPROTO_IP, IP_RECVERR, 1 },
};

static void set(int fd, const struct option *option, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (setsockopt(fd, option[i].level, option[i].name, &option[i].value, sizeof(int)))
			perror(option[i].what);
}

static void get(int fd, const struct option *option, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int value = -1;
		socklen_t len = sizeof(value);

		CALL(getsockopt(fd, option[i].level, option[i].name, &value, &len));
		printf("  %s: %d\n", option[i].what, value);
	}
}

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* What has no int for a value. */
static void set_others(int fd)
{
	struct linger linger = { 1, 5 };
	struct timeval receive = { 20, 0 }, send = { 30, 0 };

	CALL(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)));
	CALL(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &receive, sizeof(receive)));
	CALL(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &send, sizeof(send)));
	CALL(setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "eth0", 5));
	CALL(fcntl(fd, F_SETOWN, getpid()));
	CALL(fcntl(fd, F_SETSIG, SIGURG));
	CALL(fcntl(fd, F_SETFL, O_NONBLOCK | O_ASYNC));
	CALL(fcntl(fd, F_SETFD, FD_CLOEXEC));
}

static void get_others(int fd)
{
	static const int options[] = { SO_LINGER, SO_RCVTIMEO, SO_SNDTIMEO, SO_BINDTODEVICE };

	for (size_t i = 0; i < COUNT(options); i++) {
		char value[16] = "";
		socklen_t len = sizeof(value);

		CALL(getsockopt(fd, SOL_SOCKET, options[i], value, &len));
		tell_bytes("value", value, len);
	}
	CALL(fcntl(fd, F_GETOWN) == getpid());
	CALL(fcntl(fd, F_GETSIG));
	CALL(fcntl(fd, F_GETFL));
	CALL(fcntl(fd, F_GETFD));
}

/* What was set before connect is there after it. */
// req: G-025
CASE(options_tcp)
{
	struct sockaddr_in to = peer(ECHO);
	int fd;

	/* another one before, of which nothing was set */
	close(tcp_to(ECHO));
	fd = tcp();
	signal(SIGURG, SIG_IGN);
	set(fd, any_kind, COUNT(any_kind));
	set(fd, stream, COUNT(stream));
	set_others(fd);
	CALL(connect(fd, SA(&to), sizeof(to)));
	get(fd, any_kind, COUNT(any_kind));
	get(fd, stream, COUNT(stream));
	get_others(fd);
}

// req: G-025
CASE(options_udp)
{
	struct sockaddr_in to = peer(ECHO);
	char answer[8] = "";
	int fd = udp();

	signal(SIGURG, SIG_IGN);
	set(fd, any_kind, COUNT(any_kind));
	set_others(fd);
	CALL(connect(fd, SA(&to), sizeof(to)));
	get(fd, any_kind, COUNT(any_kind));
	get_others(fd);
	CALL(send(fd, "hello", 5, 0));
	wait_input(fd);
	CALL(recv(fd, answer, sizeof(answer), 0));
	tell_text("answer", answer);
}

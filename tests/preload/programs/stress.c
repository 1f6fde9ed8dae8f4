// SPDX-License-Identifier: GPL-2.0
/*
 * stress serve PORT PORTS: accept IPv6 connections and close them, forever.
 * stress connect HOST PORT THREADS CONNECTIONS: connect as often, with signals and forks between,
 * and all other calls that a library may stand before; the signal's handler makes calls of its own.
 * Each thread connects to a port of its own: those that share one race for the local port, which
 * may be taken again before the reset that ended its last connection has arrived.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define FORK_EVERY	512	/* connections of a thread */
#define ALL_EVERY	64
#define MOST		64	/* threads, and their ports */
#define SIGNAL_EVERY	8	/* connections of all threads */

static struct sockaddr_in server = { .sin_family = AF_INET };
static atomic_int left, signals, children;

static void check_name(const char *what, const struct sockaddr_in *name, socklen_t len,
		       const struct sockaddr_in *want)
{
	if (len != sizeof(*name) || name->sin_family != AF_INET ||
	    name->sin_port != want->sin_port || name->sin_addr.s_addr != want->sin_addr.s_addr)
		errx(1, "%s: %s port %d, length %d", what, inet_ntoa(name->sin_addr),
		     ntohs(name->sin_port), (int)len);
}

/* What a handler may do: calls with addresses, on sockets of its own. */
static void handle(int signal)
{
	struct sockaddr_in name;
	socklen_t len = sizeof(name);
	int saved = errno, fd = socket(AF_INET, SOCK_DGRAM, 0), copy;

	(void)signal;
	if (fd < 0 || connect(fd, (struct sockaddr *)&server, sizeof(server)))
		_exit(2);
	if (getpeername(fd, (struct sockaddr *)&name, &len) ||
	    name.sin_addr.s_addr != server.sin_addr.s_addr)
		_exit(3);
	copy = dup(fd);
	len = sizeof(name);
	if (copy < 0 || close(fd) || getsockname(copy, (struct sockaddr *)&name, &len) ||
	    name.sin_family != AF_INET || close(copy))
		_exit(4);
	signals++;
	errno = saved;
}

static int try_connect(int fd, const struct sockaddr_in *to)
{
	int status;

	do
		status = connect(fd, (const struct sockaddr *)to, sizeof(*to));
	while (status && errno == EINTR);
	/* it went on while the handler ran */
	return status && (errno == EALREADY || errno == EISCONN) ? 0 : status;
}

static void one(const struct sockaddr_in *to)
{
	struct linger reset = { .l_onoff = 1 };
	struct sockaddr_in name;
	socklen_t len = sizeof(name);
	int copy, fd = socket(AF_INET, SOCK_STREAM, 0);

	/* no TIME_WAIT, so that the ports last */
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)))
		err(1, "socket");
	if (try_connect(fd, to))
		err(1, "connect to the server");
	copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (copy < 0 || close(fd))
		err(1, "dup");
	if (getpeername(copy, (struct sockaddr *)&name, &len))
		err(1, "getpeername");
	check_name("getpeername", &name, len, to);
	if (close(copy))
		err(1, "close");
}

#define MUST(call) ({ long n_ = (call); if (n_ < 0) err(1, "%s", #call); n_; })

/* The other calls, on sockets of this host. */
static void all(void)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_in any = { .sin_family = AF_INET }, from;
	struct sockaddr *sa = (struct sockaddr *)&addr;
	char byte = 1, control[64];
	struct iovec data = { &byte, 1 };
	struct msghdr msg = {
		.msg_name = &addr, .msg_namelen = sizeof(addr), .msg_iov = &data, .msg_iovlen = 1,
	};
	struct mmsghdr many = { .msg_hdr = msg };
	struct epoll_event event = { .events = EPOLLIN };
	socklen_t len = sizeof(from);
	int value, got, fd = MUST(socket(AF_INET, SOCK_DGRAM, 0)), epoll = MUST(epoll_create1(0));
	int server = MUST(socket(AF_INET, SOCK_STREAM, 0)), client, accepted;

	MUST(bind(fd, (struct sockaddr *)&any, sizeof(any)));
	MUST(getsockname(fd, (struct sockaddr *)&from, &len));
	addr.sin_port = from.sin_port;
	value = 1;
	MUST(setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &value, sizeof(value)));
	len = sizeof(value);
	MUST(getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &value, &len));
	if (value != AF_INET)
		errx(1, "SO_DOMAIN: %d", value);
	MUST(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
	MUST(sendto(fd, &byte, 1, 0, sa, sizeof(addr)));
	MUST(sendmsg(fd, &msg, 0));
	MUST(sendmmsg(fd, &many, 1, 0));
	MUST(ioctl(fd, FIONREAD, &got));
	len = sizeof(from);
	MUST(recvfrom(fd, &byte, 1, 0, (struct sockaddr *)&from, &len));
	check_name("source", &from, len, &addr);
	msg.msg_name = &from;
	msg.msg_control = control;
	msg.msg_controllen = sizeof(control);
	MUST(recvmsg(fd, &msg, 0));
	check_name("source", &from, msg.msg_namelen, &addr);
	many.msg_hdr.msg_name = &from;
	MUST(recvmmsg(fd, &many, 1, 0, NULL));
	check_name("source", &from, many.msg_hdr.msg_namelen, &addr);
	MUST(epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL));
	MUST(close(epoll));

	MUST(listen(server, 1));
	len = sizeof(addr);
	MUST(getsockname(server, sa, &len));
	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	client = MUST(socket(AF_INET, SOCK_STREAM, 0));
	if (connect(client, sa, sizeof(addr)) && errno != EINTR)
		err(1, "connect to this host");
	len = sizeof(from);
	accepted = MUST(accept4(server, (struct sockaddr *)&from, &len, SOCK_CLOEXEC));
	addr.sin_port = from.sin_port;
	check_name("source", &from, len, &addr);
	MUST(dup2(client, fd));
	MUST(dup3(accepted, client, O_CLOEXEC));
	MUST(close(fd));
	MUST(close_range(client, client, 0));
	MUST(close(accepted));
	MUST(close(server));
}

static void child(const struct sockaddr_in *to)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		one(to);
		_exit(0);
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			err(1, "waitpid");
	if (status)
		errx(1, "a child ended with status %x", status);
	children++;
}

static void *thread(void *to)
{
	for (int i = 1; left-- > 0; i++) {
		if (i % ALL_EVERY == 0)
			all();
		if (i % FORK_EVERY)
			one(to);
		else
			child(to);
	}
	return NULL;
}

/* Signals for the threads in turn, no more than they have time for. */
static void interrupt(const pthread_t *threads, int n)
{
	int sent = 0, last = left;

	while (left > 0) {
		if (last - left >= SIGNAL_EVERY && signals == sent) {
			last = left;
			pthread_kill(threads[sent++ % n], SIGUSR1);
		}
		usleep(100);
	}
}

static void *serve(void *fd)
{
	for (;;)
		close(accept(*(int *)fd, NULL, NULL));
	return NULL;
}

static int listener(int port)
{
	struct sockaddr_in6 addr = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	int fd = socket(AF_INET6, SOCK_STREAM, 0);

	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) || listen(fd, 4096))
		err(1, "port %d", port);
	return fd;
}

static int serve_all(int port, int n)
{
	int fds[MOST];
	pthread_t last;

	for (int i = 0; i < n; i++)
		fds[i] = listener(port + i);
	for (int i = 0; i < n; i++)
		if (pthread_create(&last, NULL, serve, fds + i))
			errx(1, "pthread_create");
	return pthread_join(last, NULL);
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = handle, .sa_flags = SA_RESTART };
	const struct hostent *host;
	struct sockaddr_in servers[MOST];
	pthread_t threads[MOST];
	int n, count;

	n = argc > 3 ? atoi(argv[argc == 4 ? 3 : 4]) : 0;
	if ((argc != 4 && argc != 6) || strcmp(argv[1], argc == 4 ? "serve" : "connect") ||
	    n < 1 || n > MOST)
		errx(2, "usage: stress serve PORT PORTS | connect HOST PORT THREADS CONNECTIONS");
	if (argc == 4)
		return serve_all(atoi(argv[2]), n);
	host = gethostbyname(argv[2]);
	if (!host)
		errx(1, "%s: %s", argv[2], hstrerror(h_errno));
	memcpy(&server.sin_addr, host->h_addr_list[0], sizeof(server.sin_addr));
	server.sin_port = htons(atoi(argv[3]));
	left = count = atoi(argv[5]);
	sigaction(SIGUSR1, &action, NULL);
	for (int i = 0; i < n; i++) {
		servers[i] = server;
		servers[i].sin_port = htons(ntohs(server.sin_port) + i);
		if (pthread_create(threads + i, NULL, thread, servers + i))
			errx(1, "pthread_create");
	}
	interrupt(threads, n);
	for (int i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	printf("%d connections, %d signals, %d children\n", count, signals, children);
	return !signals || !children;
}

// SPDX-License-Identifier: GPL-2.0
/* server threaded|forking|epoll PORT: an echo server as IPv4 programs have always been written. */
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static int echo(int fd)
{
	char bytes[4096];
	ssize_t n = read(fd, bytes, sizeof(bytes));

	return n > 0 && write(fd, bytes, n) == n;
}

static void *serve_one(void *fd)
{
	while (echo((long)fd))
		;
	close((long)fd);
	return NULL;
}

/* The first line of an answer: who the client is. */
static int greet(int at)
{
	struct sockaddr_in client;
	socklen_t len = sizeof(client);
	int fd = accept(at, (struct sockaddr *)&client, &len);

	if (fd < 0)
		err(1, "accept");
	if (client.sin_family != AF_INET || len != sizeof(client))
		errx(1, "family %d, length %d", client.sin_family, (int)len);
	dprintf(fd, "%s\n", inet_ntoa(client.sin_addr));
	return fd;
}

static void threaded(int at)
{
	pthread_t thread;

	for (;;) {
		if (pthread_create(&thread, NULL, serve_one, (void *)(long)greet(at)))
			errx(1, "pthread_create");
		pthread_detach(thread);
	}
}

static void forking(int at)
{
	signal(SIGCHLD, SIG_IGN);
	for (;;) {
		int fd = greet(at);

		switch (fork()) {
		case -1:
			err(1, "fork");
		case 0:
			close(at);
			serve_one((void *)(long)fd);
			_exit(0);
		}
		close(fd);
	}
}

static void event_driven(int at)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = at }, events[64];
	int n, epoll = epoll_create1(EPOLL_CLOEXEC);

	epoll_ctl(epoll, EPOLL_CTL_ADD, at, &event);
	while ((n = epoll_wait(epoll, events, 64, -1)) >= 0) {
		for (int i = 0; i < n; i++) {
			int fd = events[i].data.fd;

			if (fd == at) {
				event.data.fd = greet(at);
				fcntl(event.data.fd, F_SETFL, O_NONBLOCK);
				if (epoll_ctl(epoll, EPOLL_CTL_ADD, event.data.fd, &event))
					err(1, "epoll_ctl");
			} else if (!echo(fd)) {
				close(fd);
			}
		}
	}
	err(1, "epoll_wait");
}

int main(int argc, char **argv)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };
	int on = 1, fd = socket(AF_INET, SOCK_STREAM, 0);

	if (argc != 3)
		errx(2, "usage: server threaded|forking|epoll PORT");
	addr.sin_port = htons(atoi(argv[2]));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) || listen(fd, 1024))
		err(1, "port %s", argv[2]);
	if (!strcmp(argv[1], "threaded"))
		threaded(fd);
	else if (!strcmp(argv[1], "forking"))
		forking(fd);
	else
		event_driven(fd);
}

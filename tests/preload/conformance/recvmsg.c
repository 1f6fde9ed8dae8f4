// SPDX-License-Identifier: GPL-2.0
#include "case.h"

static char bytes[8];
static struct iovec data = { .iov_base = bytes, .iov_len = sizeof(bytes) };
static char control[256];

/* Receive with buffers of these sizes. */
static void receive(int fd, socklen_t name_len, size_t control_len, int flags)
{
	struct name name = name_of(name_len);
	struct msghdr msg = {
		.msg_name = name_len ? name.bytes : NULL, .msg_namelen = name_len,
		.msg_iov = &data, .msg_iovlen = 1,
		.msg_control = control_len ? control : NULL, .msg_controllen = control_len,
	};

	memset(control, 0xaa, sizeof(control));
	if (CALL(recvmsg(fd, &msg, flags | MSG_DONTWAIT)) < 0)
		return;
	name.len = msg.msg_namelen;
	tell_name(&name);
	tell_control(&msg);
}

static void ask(int fd)
{
	struct sockaddr_in to = peer(ECHO);

	sendto(fd, "hello", 5, 0, SA(&to), sizeof(to));
	wait_input(fd);
}

// req: G-021 G-030
CASE(recvmsg)
{
	int fd = udp();

	EACH_LENGTH(len) {
		ask(fd);
		receive(fd, len, 0, 0);
	}
	ask(fd);
	receive(fd, 16, sizeof(control), MSG_PEEK);
	receive(fd, 16, sizeof(control), 0);
	receive(fd, 16, sizeof(control), 0);
	fd = tcp_to(ECHO);
	send(fd, "hello", 5, 0);
	wait_input(fd);
	receive(fd, 16, sizeof(control), 0);
	CALL(recvmsg(fd, NULL, MSG_DONTWAIT));
	receive(-1, 16, 0, 0);
	receive(0, 16, 0, 0);
	receive(foreign(), 16, 0, 0);
}

// req: G-046
CASE(recvmsg_control)
{
	static const int options[] = { IP_PKTINFO, IP_RECVTTL, IP_RECVTOS };
	int fd = udp(), on = 1;

	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++) {
		CALL(setsockopt(fd, IPPROTO_IP, options[i], &on, sizeof(on)));
		ask(fd);
		receive(fd, 16, sizeof(control), 0);
		ask(fd);
		receive(fd, 16, 20, 0);
		ask(fd);
		receive(fd, 16, 0, 0);
	}
}

// req: G-033 G-046
CASE(recvmsg_errors)
{
	int fd = udp(), on = 1;
	struct sockaddr_in shut = peer(CLOSED);

	CALL(setsockopt(fd, IPPROTO_IP, IP_RECVERR, &on, sizeof(on)));
	receive(fd, 16, sizeof(control), MSG_ERRQUEUE);
	CALL(sendto(fd, "hello", 5, 0, SA(&shut), sizeof(shut)));
	wait_input(fd);
	receive(fd, 16, sizeof(control), MSG_ERRQUEUE);
	CALL(connect(fd, SA(&shut), sizeof(shut)));
	CALL(send(fd, "hello", 5, 0));
	wait_input(fd);
	receive(fd, 16, sizeof(control), 0);
	receive(fd, 16, sizeof(control), MSG_ERRQUEUE);
}

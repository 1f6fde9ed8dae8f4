// SPDX-License-Identifier: GPL-2.0
#include "case.h"

/* A socket that comes over another socket is what it was. */
// req: G-043
CASE(rights)
{
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { .head = { CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS } };
	char byte = 0;
	struct iovec data = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &data, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	struct name name = name_of(16);
	int pair[2], fd = tcp_to(ECHO);

	CALL(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	CALL(sendmsg(pair[0], &msg, 0));
	CALL(close(fd));
	CALL(recvmsg(pair[1], &msg, 0));
	memcpy(&fd, CMSG_DATA(&control.head), sizeof(fd));
	CALL(getpeername(fd, &name.sa, &name.len));
	tell_name(&name);
	name = name_of(16);
	CALL(getsockname(fd, &name.sa, &name.len));
	tell_name(&name);
}

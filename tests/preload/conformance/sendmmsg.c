// SPDX-License-Identifier: GPL-2.0
#include "case.h"

// req: G-020
CASE(sendmmsg)
{
	struct sockaddr_in to = peer(ECHO);
	char text[] = "abc", answer[8] = "";
	struct mmsghdr three[3] = { 0 };
	struct iovec data[3];
	int fd = udp();

	for (int i = 0; i < 3; i++) {
		data[i] = (struct iovec) { text + i, 1 };
		three[i].msg_hdr.msg_name = &to;
		three[i].msg_hdr.msg_namelen = sizeof(to);
		three[i].msg_hdr.msg_iov = data + i;
		three[i].msg_hdr.msg_iovlen = 1;
		three[i].msg_len = 99;
	}
	CALL(sendmmsg(fd, three, 3, 0));
	for (int i = 0; i < 3; i++) {
		wait_input(fd);
		CALL(recv(fd, answer, sizeof(answer), MSG_DONTWAIT));
		printf("  sent %d name %d answer %s\n", three[i].msg_len,
		       three[i].msg_hdr.msg_namelen, answer);
		three[i].msg_len = 99;
	}
	/* those before the bad one go out */
	three[1].msg_hdr.msg_namelen = 15;
	CALL(sendmmsg(fd, three, 3, 0));
	printf("  sent %d %d %d\n", three[0].msg_len, three[1].msg_len, three[2].msg_len);
	three[0].msg_hdr.msg_namelen = 15;
	CALL(sendmmsg(fd, three, 3, 0));
	CALL(sendmmsg(fd, three, 0, 0));
	CALL(sendmmsg(fd, NULL, 1, 0));
	CALL(sendmmsg(-1, three, 3, 0));
	CALL(sendmmsg(0, three, 3, 0));
	three[2].msg_hdr.msg_name = NULL;
	three[2].msg_hdr.msg_namelen = 0;
	CALL(sendmmsg(udp_to(ECHO), three + 2, 1, 0));
	CALL(sendmmsg(tcp_to(ECHO), three + 2, 1, 0));
}

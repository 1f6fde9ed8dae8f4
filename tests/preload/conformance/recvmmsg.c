// SPDX-License-Identifier: GPL-2.0
#include "case.h"

// req: G-021
CASE(recvmmsg)
{
	struct sockaddr_in to = peer(ECHO);
	struct mmsghdr four[4] = { 0 };
	struct timespec second = { .tv_sec = 1 };
	struct iovec data[4];
	struct name names[4];
	char bytes[4][8] = { 0 };
	int fd = udp();

	for (int i = 0; i < 4; i++) {
		names[i] = name_of(0);
		data[i] = (struct iovec) { bytes[i], sizeof(bytes[i]) };
		four[i].msg_hdr.msg_name = names[i].bytes;
		four[i].msg_hdr.msg_namelen = i == 2 ? 8 : i == 3 ? 0 : 16;
		four[i].msg_hdr.msg_iov = data + i;
		four[i].msg_hdr.msg_iovlen = 1;
		sendto(fd, "hello", 5, 0, SA(&to), sizeof(to));
	}
	/* a blocking call waits for all of them */
	CALL(recvmmsg(fd, four, 4, 0, NULL));
	for (int i = 0; i < 4; i++) {
		printf("  got %d flags %x %s\n", four[i].msg_len, four[i].msg_hdr.msg_flags,
		       bytes[i]);
		names[i].len = four[i].msg_hdr.msg_namelen;
		tell_name(names + i);
	}
	CALL(recvmmsg(fd, four, 4, MSG_DONTWAIT, NULL));
	CALL(recvmmsg(fd, four, 0, MSG_DONTWAIT, NULL));
	CALL(recvmmsg(fd, NULL, 1, MSG_DONTWAIT, NULL));
	sendto(fd, "hello", 5, 0, SA(&to), sizeof(to));
	four[0].msg_hdr.msg_namelen = 16;
	CALL(recvmmsg(fd, four, 1, MSG_WAITFORONE, &second));
	CALL(recvmmsg(-1, four, 4, 0, NULL));
	CALL(recvmmsg(0, four, 4, 0, NULL));
}

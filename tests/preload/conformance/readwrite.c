// SPDX-License-Identifier: GPL-2.0
/* The calls that carry no address pass as they are. */
#include <sys/sendfile.h>

#include "case.h"

static void answer(int fd, int len)
{
	char bytes[64] = "";

	CALL(recv(fd, bytes, len, MSG_WAITALL));
	tell_text("answer", bytes);
}

// req: G-023
CASE(readwrite)
{
	char first[4], second[4];
	struct iovec out[2] = { { "wri", 3 }, { "tev", 3 } };
	struct iovec in[2] = { { first, 4 }, { second, 4 } };
	int fd = tcp_to(ECHO), file;

	CALL(write(fd, "write", 5));
	answer(fd, 5);
	CALL(writev(fd, out, 2));
	wait_input(fd);
	CALL(readv(fd, in, 2) > 0);
	CALL(send(fd, "send", 4, MSG_NOSIGNAL));
	CALL(send(fd, NULL, 4, 0));
	CALL(read(fd, NULL, 4));
	/* an IPv4 address in the data is data */
	CALL(send(fd, "PORT 192,0,2,1,4,1\r\n", 20, 0));
	CALL(file = open("/proc/sys/kernel/ostype", O_RDONLY));
	CALL(sendfile(fd, file, NULL, 6));
	CALL(shutdown(fd, SHUT_WR));
	CALL(send(fd, "x", 1, 0));
	CALL(read(-1, first, 4));
	CALL(write(1000, first, 4));
}

CASE(out_of_band)
{
	char byte = 0;
	int fd = tcp_to(ECHO);

	CALL(send(fd, "x", 1, MSG_OOB));
	CALL(recv(fd, &byte, 1, MSG_OOB | MSG_DONTWAIT));
	CALL(sockatmark(fd));
}

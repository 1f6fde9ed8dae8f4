// SPDX-License-Identifier: GPL-2.0
#include "case.h"

CASE(shutdown)
{
	char bytes[8];
	int fd = tcp_to(ECHO);

	CALL(send(fd, "hello", 5, 0));
	CALL(shutdown(fd, SHUT_WR));
	CALL(recv(fd, bytes, sizeof(bytes), MSG_WAITALL));
	CALL(recv(fd, bytes, sizeof(bytes), 0));
	CALL(send(fd, "hello", 5, 0));
	CALL(shutdown(fd, 99));
	CALL(shutdown(tcp(), SHUT_RDWR));
	CALL(shutdown(udp(), SHUT_RDWR));
	CALL(shutdown(-1, SHUT_RDWR));
	CALL(shutdown(0, SHUT_RDWR));
	CALL(shutdown(foreign(), SHUT_RDWR));
}

// SPDX-License-Identifier: GPL-2.0
#include "case.h"

CASE(listen)
{
	struct name name = name_of(16);
	int fd = tcp();

	CALL(listen(fd, 5));
	CALL(getsockname(fd, &name.sa, &name.len));
	tell_name(&name);
	CALL(listen(fd, 1));
	CALL(listen(fd, -1));
	CALL(listen(udp(), 5));
	CALL(listen(tcp_to(ECHO), 5));
	CALL(listen(-1, 5));
	CALL(listen(0, 5));
	CALL(listen(foreign(), 5));
}

// SPDX-License-Identifier: GPL-2.0
#include "case.h"

// req: G-017 G-021 G-030 G-040
CASE(accept4)
{
	struct name name = name_of(16);
	int fd, at = listener(5000);
	socklen_t negative = -1;
	char line[8] = "";

	be_called("tcp", 5000);
	CALL(fd = accept4(at, &name.sa, &name.len, 0));
	tell_name(&name);
	name = name_of(16);
	CALL(getpeername(fd, &name.sa, &name.len));
	tell_name(&name);
	name = name_of(16);
	CALL(getsockname(fd, &name.sa, &name.len));
	CALL(recv(fd, line, sizeof(line) - 1, 0));
	tell_text("line", line);
	CALL(close(fd));

	be_called("tcp", 5000);
	CALL(fd = accept4(at, NULL, NULL, 0));
	CALL(close(fd));
	EACH_LENGTH(len) {
		name = name_of(len);
		be_called("tcp", 5000);
		CALL(fd = accept4(at, &name.sa, &name.len, 0));
		tell_name(&name);
		close(fd);
	}
	be_called("tcp", 5000);
	CALL(fd = accept4(at, &name.sa, &negative, 0));
	be_called("tcp", 5000);
	CALL(fd = accept4(at, &name.sa, NULL, 0));
	be_called("tcp", 5000);
	CALL(fd = accept4(at, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC));
	CALL(fcntl(fd, F_GETFL));
	CALL(fcntl(fd, F_GETFD));
	CALL(accept4(at, NULL, NULL, 1));
	CALL(fcntl(at, F_SETFL, O_NONBLOCK));
	name = name_of(16);
	CALL(accept4(at, &name.sa, &name.len, 0));
	tell_name(&name);
	CALL(accept4(tcp(), &name.sa, &name.len, 0));
	CALL(accept4(udp(), &name.sa, &name.len, 0));
	CALL(accept4(-1, &name.sa, &name.len, 0));
	CALL(accept4(0, &name.sa, &name.len, 0));
	CALL(accept4(foreign(), &name.sa, &name.len, 0));
}

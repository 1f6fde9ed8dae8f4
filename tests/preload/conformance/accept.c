// SPDX-License-Identifier: GPL-2.0
#include "case.h"

// req: G-017 G-021 G-030 G-040
CASE(accept)
{
	struct name name = name_of(16);
	int fd, at = listener(5000);
	socklen_t negative = -1;
	char line[8] = "";

	be_called("tcp", 5000);
	CALL(fd = accept(at, &name.sa, &name.len));
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
	CALL(fd = accept(at, NULL, NULL));
	CALL(close(fd));
	EACH_LENGTH(len) {
		name = name_of(len);
		be_called("tcp", 5000);
		CALL(fd = accept(at, &name.sa, &name.len));
		tell_name(&name);
		close(fd);
	}
	be_called("tcp", 5000);
	CALL(fd = accept(at, &name.sa, &negative));
	be_called("tcp", 5000);
	CALL(fd = accept(at, &name.sa, NULL));
	CALL(fcntl(at, F_SETFL, O_NONBLOCK));
	name = name_of(16);
	CALL(accept(at, &name.sa, &name.len));
	tell_name(&name);
	CALL(accept(tcp(), &name.sa, &name.len));
	CALL(accept(udp(), &name.sa, &name.len));
	CALL(accept(-1, &name.sa, &name.len));
	CALL(accept(0, &name.sa, &name.len));
	CALL(accept(foreign(), &name.sa, &name.len));
}

// SPDX-License-Identifier: GPL-2.0
#include "case.h"

static void ask(int fd)
{
	struct sockaddr_in to = peer(ECHO);

	sendto(fd, "hello", 5, 0, SA(&to), sizeof(to));
	wait_input(fd);
}

// req: G-017 G-021 G-030 G-040
CASE(recvfrom)
{
	struct sockaddr_in here = any(5000);
	struct name name = name_of(16);
	socklen_t negative = -1;
	char bytes[8] = "";
	int fd = udp();

	EACH_LENGTH(len) {
		name = name_of(len);
		ask(fd);
		CALL(recvfrom(fd, bytes, sizeof(bytes), 0, &name.sa, &name.len));
		tell_name(&name);
	}
	ask(fd);
	CALL(recvfrom(fd, bytes, sizeof(bytes), 0, NULL, NULL));
	ask(fd);
	CALL(recvfrom(fd, bytes, sizeof(bytes), 0, NULL, &name.len));
	ask(fd);
	CALL(recvfrom(fd, bytes, sizeof(bytes), 0, &name.sa, NULL));
	ask(fd);
	CALL(recvfrom(fd, bytes, sizeof(bytes), MSG_DONTWAIT, &name.sa, &negative));
	name = name_of(16);
	CALL(recvfrom(fd, bytes, sizeof(bytes), MSG_DONTWAIT, &name.sa, &name.len));
	tell_name(&name);
	ask(fd);
	name = name_of(16);
	CALL(recvfrom(fd, bytes, 2, MSG_PEEK, &name.sa, &name.len));
	tell_name(&name);
	name = name_of(16);
	CALL(recvfrom(fd, bytes, 2, MSG_TRUNC, &name.sa, &name.len));
	tell_name(&name);

	/* somebody we never spoke to */
	CALL(bind(fd = udp(), SA(&here), sizeof(here)));
	be_called("udp", 5000);
	wait_input(fd);
	name = name_of(16);
	CALL(recvfrom(fd, bytes, sizeof(bytes), MSG_DONTWAIT, &name.sa, &name.len));
	tell_name(&name);

	fd = tcp_to(ECHO);
	CALL(send(fd, "hello", 5, 0));
	wait_input(fd);
	name = name_of(16);
	CALL(recvfrom(fd, bytes, sizeof(bytes), 0, &name.sa, &name.len));
	tell_name(&name);
	CALL(recvfrom(tcp(), bytes, sizeof(bytes), 0, &name.sa, &name.len));
	CALL(recvfrom(-1, bytes, sizeof(bytes), 0, &name.sa, &name.len));
	CALL(recvfrom(0, bytes, sizeof(bytes), 0, &name.sa, &name.len));
	CALL(recvfrom(foreign(), bytes, sizeof(bytes), MSG_DONTWAIT, &name.sa, &name.len));
}

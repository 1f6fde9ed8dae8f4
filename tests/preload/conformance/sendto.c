// SPDX-License-Identifier: GPL-2.0
#include "case.h"

static void answer(int fd)
{
	char bytes[16] = "";

	wait_input(fd);
	CALL(recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT));
	tell_text("answer", bytes);
}

/* The peer answers in order: what it has for this one is there before what it has for another. */
static void no_answer(int fd)
{
	int other = udp_to(ECHO);

	send(other, "", 0, 0);
	wait_input(other);
	close(other);
	CALL(recv(fd, NULL, 0, MSG_DONTWAIT));
}

// req: G-020 G-039 G-045
CASE(sendto)
{
	static char big[70000];
	struct sockaddr_in to = peer(ECHO), shut = peer(CLOSED), unspec = peer(ECHO);
	struct sockaddr_in far = address("198.18.0.1", 7), zero = peer(0);
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(7) };
	struct name name = name_of(16);
	int fd = udp();

	CALL(sendto(fd, "hello", 5, 0, SA(&to), sizeof(to)));
	CALL(getsockname(fd, &name.sa, &name.len));
	tell_name(&name);
	answer(fd);
	CALL(sendto(fd, "", 0, 0, SA(&to), sizeof(to)));
	answer(fd);
	CALL(sendto(fd, NULL, 0, 0, SA(&to), 100));
	answer(fd);
	unspec.sin_family = AF_UNSPEC;
	CALL(sendto(fd, "unspec", 6, 0, SA(&unspec), sizeof(unspec)));
	answer(fd);
	CALL(sendto(fd, "closed", 6, 0, SA(&shut), sizeof(shut)));
	CALL(sendto(fd, "far", 3, 0, SA(&far), sizeof(far)));
	CALL(sendto(fd, "zero", 4, 0, SA(&zero), sizeof(zero)));
	CALL(sendto(fd, big, sizeof(big), 0, SA(&to), sizeof(to)));
	CALL(sendto(fd, "hello", 5, 0, NULL, 0));
	CALL(sendto(fd, "hello", 5, 0, NULL, sizeof(to)));
	CALL(sendto(fd, "hello", 5, 0, SA(&to), 0));
	CALL(sendto(fd, "hello", 5, 0, SA(&to), 2));
	CALL(sendto(fd, "hello", 5, 0, SA(&to), 15));
	CALL(sendto(fd, "hello", 5, 0, SA(&to), -1));
	CALL(sendto(fd, "hello", 5, 0, SA(&to), 4096));
	CALL(sendto(fd, "hello", 5, 0, SA(&six), sizeof(six)));
	CALL(sendto(fd, NULL, 5, 0, SA(&to), sizeof(to)));
	fd = udp_to(CLOSED);
	CALL(sendto(fd, "hello", 5, 0, SA(&to), sizeof(to)));
	no_answer(fd);
	fd = udp_to(ECHO);
	CALL(sendto(fd, "hello", 5, 0, NULL, 0));
	answer(fd);

	CALL(sendto(tcp(), "hello", 5, 0, SA(&to), sizeof(to)));
	fd = tcp_to(ECHO);
	CALL(sendto(fd, "hello", 5, 0, SA(&shut), sizeof(shut)));
	answer(fd);
	CALL(sendto(fd, "hello", 5, 0, NULL, 0));
	answer(fd);
	CALL(sendto(fd, "hello", 5, 0, SA(&six), sizeof(six)));
	answer(fd);
	CALL(sendto(-1, "hello", 5, 0, SA(&to), sizeof(to)));
	CALL(sendto(0, "hello", 5, 0, SA(&to), sizeof(to)));
	CALL(sendto(foreign(), "hello", 5, 0, SA(&to), sizeof(to)));
}

CASE(sendto_fastopen)
{
	struct sockaddr_in to = peer(ECHO), shut = peer(CLOSED);
	struct name name = name_of(16);
	int fd = tcp();

	CALL(sendto(fd, "hello", 5, MSG_FASTOPEN, SA(&to), sizeof(to)));
	CALL(getpeername(fd, &name.sa, &name.len));
	tell_name(&name);
	answer(fd);
	CALL(sendto(tcp(), "hello", 5, MSG_FASTOPEN, SA(&shut), sizeof(shut)));
	CALL(sendto(tcp(), "hello", 5, MSG_FASTOPEN, SA(&to), 15));
	CALL(sendto(tcp(), "hello", 5, MSG_FASTOPEN, NULL, 0));
}

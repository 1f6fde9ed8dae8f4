// SPDX-License-Identifier: GPL-2.0
#include <sys/wait.h>

#include "case.h"

/* A child has its parent's sockets and addresses, and its own from then on. */
// req: G-016 G-043
CASE(fork)
{
	struct sockaddr_in to = peer(ECHO);
	struct name name = name_of(16);
	char bytes[8] = "";
	int fd = tcp_to(ECHO), status;

	fflush(stdout);
	if (fork() == 0) {
		CALL(getpeername(fd, &name.sa, &name.len));
		tell_name(&name);
		CALL(close(fd));
		CALL(fd = tcp());
		CALL(connect(fd, SA(&to), sizeof(to)));
		CALL(close(fd));
		CALL(foreign());
		fflush(stdout);
		_exit(3);
	}
	wait(&status);
	printf("status %x\n", status);
	CALL(getpeername(fd, &name.sa, &name.len));
	tell_name(&name);
	CALL(send(fd, "hello", 5, 0));
	CALL(recv(fd, bytes, sizeof(bytes), 0));
	tell_text("answer", bytes);
}

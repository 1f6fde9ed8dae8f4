// SPDX-License-Identifier: GPL-2.0
/* What recvfrom becomes with _FORTIFY_SOURCE. */
#include "case.h"

extern ssize_t __recvfrom_chk(int fd, void *to, size_t len, size_t size, int flags,
			      struct sockaddr *name, socklen_t *name_len);

// req: G-021
CASE(recvfrom_chk)
{
	struct sockaddr_in to = peer(ECHO);
	struct name name;
	char bytes[8] = "";
	int fd = udp();

	EACH_LENGTH(len) {
		name = name_of(len);
		sendto(fd, "hello", 5, 0, SA(&to), sizeof(to));
		wait_input(fd);
		CALL(__recvfrom_chk(fd, bytes, 5, sizeof(bytes), 0, &name.sa, &name.len));
		tell_name(&name);
	}
	CALL(__recvfrom_chk(fd, bytes, 5, sizeof(bytes), MSG_DONTWAIT, NULL, NULL));
	CALL(__recvfrom_chk(-1, bytes, 5, sizeof(bytes), 0, NULL, NULL));
	/* a buffer that is too small ends the program */
	CALL(__recvfrom_chk(fd, bytes, 9, sizeof(bytes), 0, NULL, NULL));
}

// SPDX-License-Identifier: GPL-2.0
#include "case.h"

CASE(socketpair)
{
	struct name name = name_of(16);
	int pair[2];

	CALL(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	CALL(getpeername(pair[0], &name.sa, &name.len));
	tell_name(&name);
	CALL(socketpair(AF_INET, SOCK_STREAM, 0, pair));
	CALL(socketpair(AF_UNIX, SOCK_STREAM, 0, NULL));
}

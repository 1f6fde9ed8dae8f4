/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HOST_H
#define HOST_H

#include "case.h"

static inline void tell_host(const struct hostent *host)
{
	char text[INET6_ADDRSTRLEN];

	if (!host)
		return;
	printf("  family %d length %d\n", host->h_addrtype, host->h_length);
	tell_text("name", host->h_name);
	for (char **alias = host->h_aliases; *alias; alias++)
		tell_text("alias", *alias);
	for (char **addr = host->h_addr_list; *addr; addr++)
		tell_text("address", inet_ntop(host->h_addrtype, *addr, text, sizeof(text)));
}

static const char *const names[] = {
	"peer.test", "PEER.test", "alias.test", "three.test", "nobody.test", "192.0.2.77",
	"192.0.2", "0x7f.1", "::1", "", ".", "localhost", "bad name", "127.0.0.1",
};
#define NAMES (sizeof(names) / sizeof(*names))

#endif

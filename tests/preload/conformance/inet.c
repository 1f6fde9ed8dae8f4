// SPDX-License-Identifier: GPL-2.0
#include "case.h"

static const char *const texts[] = {
	"10.170.160.1", "192.0.2.1", "127.1", "0x7f.1", "1.2.3", "256.1.1.1", "1.2.3.4.5", "", "x",
	"1.2.3.4 ", "::1", "0",
};

// req: G-008
CASE(inet)
{
	struct in_addr addr;
	char text[32];

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		tell_text("text", texts[i]);
		CALL(inet_addr(texts[i]));
		CALL(inet_network(texts[i]));
		addr.s_addr = 0xaaaaaaaa;
		CALL(inet_aton(texts[i], &addr));
		tell_bytes("address", &addr, sizeof(addr));
		addr.s_addr = 0xaaaaaaaa;
		CALL(inet_pton(AF_INET, texts[i], &addr));
		tell_bytes("address", &addr, sizeof(addr));
	}
	addr = peer(0).sin_addr;
	tell_text("inet_ntoa", inet_ntoa(addr));
	tell_text("inet_ntop", inet_ntop(AF_INET, &addr, text, sizeof(text)));
	POINTER(inet_ntop(AF_INET, &addr, text, 5));
	POINTER(inet_ntop(AF_UNIX, &addr, text, sizeof(text)));
	CALL(inet_pton(AF_UNIX, "1.2.3.4", &addr));
	CALL(ntohl(inet_makeaddr(10, 1).s_addr));
	CALL(inet_netof(addr) == (ntohl(addr.s_addr) >> 24));
	CALL(inet_lnaof(addr) == (ntohl(addr.s_addr) & 0xffffff));
}

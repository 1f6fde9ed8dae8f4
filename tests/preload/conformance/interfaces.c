// SPDX-License-Identifier: GPL-2.0
/* What asks for interfaces passes: names, numbers, and the loopback address. */
#include <ifaddrs.h>
#include <net/if.h>
#include <sys/ioctl.h>

#include "case.h"

CASE(interfaces)
{
	struct ifreq request = { .ifr_name = "lo" };
	struct ifconf list = { .ifc_len = sizeof(request), .ifc_req = &request };
	struct ifaddrs *addrs;
	char name[IF_NAMESIZE];
	int bytes = 99, fd = tcp();

	CALL(ioctl(fd, SIOCGIFADDR, &request));
	tell_bytes("address", &request.ifr_addr, 8);
	CALL(ioctl(fd, SIOCGIFINDEX, &request));
	CALL(ioctl(fd, SIOCGIFCONF, &list));
	tell_text("first", request.ifr_name);
	CALL(ioctl(fd, FIONREAD, &bytes));
	CALL(ioctl(fd, FIONBIO, &bytes));
	CALL(fcntl(fd, F_GETFL));
	CALL(ioctl(-1, SIOCGIFADDR, &request));
	CALL(if_nametoindex("lo"));
	POINTER(if_indextoname(1, name));
	CALL(getifaddrs(&addrs));
	freeifaddrs(addrs);
}

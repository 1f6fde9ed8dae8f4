// SPDX-License-Identifier: GPL-2.0
/* The transcript. */
#include "case.h"

#define EPHEMERAL	32768	/* ports from here on are chosen by the kernel */
#define FILLING		0xaa

const socklen_t lengths[LENGTHS] = { 0, 2, 7, 8, 16, 32 };

long tell(const char *call, long result)
{
	int error = errno;

	printf("%s = %ld%s%s\n", call, result, error ? " " : "",
	       error ? strerrorname_np(error) : "");
	fflush(stdout);
	return result;
}

void *tell_pointer(const char *call, const void *result)
{
	printf("%s = %s\n", call, result ? "something" : "NULL");
	fflush(stdout);
	return (void *)result;
}

void tell_bytes(const char *what, const void *bytes, size_t len)
{
	const unsigned char *at = bytes;

	printf("  %s:", what);
	for (size_t i = 0; i < len; i++)
		printf("%s%02x", i % 4 ? "" : " ", at[i]);
	putchar('\n');
}

void tell_text(const char *what, const char *text)
{
	printf("  %s: %s\n", what, text ? text : "NULL");
}

struct name name_of(socklen_t len)
{
	struct name name;

	memset(name.bytes, FILLING, sizeof(name.bytes));
	name.len = len;
	return name;
}

void tell_name(const struct name *name)
{
	struct name copy = *name;
	const unsigned char *port = copy.bytes + offsetof(struct sockaddr_in, sin_port);

	/* which one the kernel chose is its own business, that it is written is not */
	if ((copy.in.sin_family == AF_INET || copy.in.sin_family == AF_INET6) &&
	    ntohs(copy.in.sin_port) >= EPHEMERAL &&
	    !(port[0] == FILLING && port[1] == FILLING))
		copy.in.sin_port = 0xffff;
	printf("  length %d,", (int)copy.len);
	tell_bytes("name", copy.bytes, sizeof(copy.bytes));
}

static void tell_error(const struct sock_extended_err *error)
{
	const struct sockaddr_in *offender = (const void *)SO_EE_OFFENDER(error);
	struct sockaddr_in addr;

	memcpy(&addr, offender, sizeof(addr));
	printf("  error %s origin %d type %d code %d info %d offender %d %s\n",
	       strerrorname_np(error->ee_errno), error->ee_origin, error->ee_type, error->ee_code,
	       error->ee_info, addr.sin_family, inet_ntoa(addr.sin_addr));
}

void tell_control(struct msghdr *msg)
{
	struct cmsghdr *c;

	printf("  flags %x control %zu\n", msg->msg_flags, msg->msg_controllen);
	for (c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		size_t len = c->cmsg_len - CMSG_LEN(0);

		printf("  level %d type %d length %zu\n", c->cmsg_level, c->cmsg_type, len);
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR)
			tell_error((const void *)CMSG_DATA(c));
		else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO)
			/* the interface's number is not of interest */
			tell_bytes("addresses", CMSG_DATA(c) + sizeof(int), len - sizeof(int));
		else
			tell_bytes("data", CMSG_DATA(c), len);
	}
}

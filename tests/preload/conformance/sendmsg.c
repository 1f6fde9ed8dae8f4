// SPDX-License-Identifier: GPL-2.0
#include "case.h"

static char text[] = "hello";
static struct iovec data = { .iov_base = text, .iov_len = 5 };

static struct msghdr message(struct sockaddr_in *to)
{
	return (struct msghdr) {
		.msg_name = to, .msg_namelen = sizeof(*to), .msg_iov = &data, .msg_iovlen = 1,
	};
}

/* One control message of an int. */
static void with(int level, int type, int value)
{
	struct sockaddr_in to = peer(ECHO);
	struct msghdr msg = message(&to);
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { .head = { CMSG_LEN(sizeof(int)), level, type } };
	char answer[8] = "";
	int fd = udp();

	memcpy(CMSG_DATA(&control.head), &value, sizeof(value));
	msg.msg_control = &control;
	msg.msg_controllen = sizeof(control);
	printf("level %d type %d value %d\n", level, type, value);
	if (CALL(sendmsg(fd, &msg, 0)) >= 0) {
		wait_input(fd);
		CALL(recv(fd, answer, sizeof(answer), MSG_DONTWAIT));
		tell_text("answer", answer);
	}
	/* the caller's own message is not to be touched */
	printf("  name %d control %zu level %d type %d\n", msg.msg_namelen, msg.msg_controllen,
	       control.head.cmsg_level, control.head.cmsg_type);
	close(fd);
}

// req: G-020 G-046
CASE(sendmsg)
{
	struct sockaddr_in to = peer(ECHO);
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(7) };
	struct msghdr msg = message(&to);
	struct in_pktinfo info = { 0 };
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(info))];
	} control = { .head = { CMSG_LEN(sizeof(info)), IPPROTO_IP, IP_PKTINFO } };
	char answer[8] = "";
	int fd = udp();

	CALL(sendmsg(fd, &msg, 0));
	wait_input(fd);
	CALL(recv(fd, answer, sizeof(answer), MSG_DONTWAIT));
	tell_text("answer", answer);
	msg.msg_namelen = 15;
	CALL(sendmsg(fd, &msg, 0));
	msg.msg_namelen = 0;
	CALL(sendmsg(fd, &msg, 0));
	msg.msg_namelen = 200;
	CALL(sendmsg(fd, &msg, 0));
	msg.msg_name = NULL;
	CALL(sendmsg(fd, &msg, 0));
	msg.msg_namelen = 0;
	CALL(sendmsg(fd, &msg, 0));
	CALL(sendmsg(udp_to(ECHO), &msg, 0));
	CALL(sendmsg(tcp_to(ECHO), &msg, 0));
	CALL(sendmsg(tcp(), &msg, MSG_NOSIGNAL));
	msg = message(&to);
	msg.msg_name = &six;
	msg.msg_namelen = sizeof(six);
	CALL(sendmsg(fd, &msg, 0));
	CALL(sendmsg(fd, NULL, 0));
	msg = message(&to);
	CALL(sendmsg(-1, &msg, 0));
	CALL(sendmsg(0, &msg, 0));
	CALL(sendmsg(foreign(), &msg, 0));

	msg.msg_control = &control;
	msg.msg_controllen = sizeof(control);
	CALL(sendmsg(fd, &msg, 0));
	msg.msg_controllen = 20;
	CALL(sendmsg(fd, &msg, 0));
	with(IPPROTO_IP, IP_TTL, 5);
	with(IPPROTO_IP, IP_TTL, 0);
	with(IPPROTO_IP, IP_TTL, 256);
	with(IPPROTO_IP, IP_TOS, 0x10);
	with(IPPROTO_IP, IP_TOS, 256);
	with(IPPROTO_IP, 99, 1);
	with(IPPROTO_IPV6, IPV6_HOPLIMIT, 5);
	with(SOL_SOCKET, SO_MARK, 5);
}

/* From this address, with so many bytes of the message. */
static void from(struct in_addr addr, size_t len)
{
	struct sockaddr_in to = peer(ECHO);
	struct msghdr msg = message(&to);
	struct in_pktinfo info = { .ipi_spec_dst = addr };
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(info) + 4)];
	} control = { .head = { CMSG_LEN(len), IPPROTO_IP, IP_PKTINFO } };
	char answer[8] = "";
	int fd = udp();

	memcpy(CMSG_DATA(&control.head), &info, sizeof(info));
	msg.msg_control = &control;
	msg.msg_controllen = CMSG_SPACE(len);
	if (CALL(sendmsg(fd, &msg, 0)) >= 0) {
		wait_input(fd);
		CALL(recv(fd, answer, sizeof(answer), MSG_DONTWAIT));
		tell_text("answer", answer);
	}
	close(fd);
}

// req: G-046
CASE(sendmsg_source)
{
	struct name name = name_of(16);
	struct sockaddr_in foreign = address("198.18.0.77", 0);

	getsockname(udp_to(ECHO), &name.sa, &name.len);
	from(name.in.sin_addr, sizeof(struct in_pktinfo));
	from(name.in.sin_addr, sizeof(struct in_pktinfo) - 1);
	from(name.in.sin_addr, sizeof(struct in_pktinfo) + 1);
	from(foreign.sin_addr, sizeof(struct in_pktinfo));
}

/* A stream socket does not look at what is said of packets. */
// req: G-046
CASE(sendmsg_stream)
{
	struct msghdr msg = message(NULL);
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { .head = { CMSG_LEN(sizeof(int)), IPPROTO_IP, IP_TTL } };
	char answer[8] = "";
	int fd = tcp_to(ECHO);

	msg.msg_control = &control;
	msg.msg_controllen = sizeof(control);
	CALL(sendmsg(fd, &msg, 0));
	wait_input(fd);
	CALL(recv(fd, answer, sizeof(answer), 0));
	tell_text("answer", answer);
	msg.msg_controllen = 20;
	control.head.cmsg_len = 21;
	CALL(sendmsg(fd, &msg, 0));
}

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A case makes calls and tells what came of each: the return value, errno, and the bytes that
 * were written. What it tells is the same on every IPv4 network, and so can be compared.
 */
#ifndef CASE_H
#define CASE_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/errqueue.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#define ECHO	7	/* at the peer, TCP and UDP */
#define CALLER	8	/* at the peer: calls back */
#define CLOSED	9	/* at the peer: nobody */

struct test_case {
	const char *name;
	void (*run)(void);
};

/* CASE(name) { ... } */
#define CASE(id)								\
	static void run_##id(void);						\
	static const struct test_case case_##id = { #id, run_##id };		\
	static const struct test_case *const entry_##id				\
		__attribute__((used, section("cases"))) = &case_##id;		\
	static void run_##id(void)

/* Make a call and tell its result; errno has to be left alone when nothing failed. */
#define CALL(call)	({ errno = 0; tell(#call, (long)(call)); })

/* Tell whether a call returned something; errno means nothing then. */
#define POINTER(call)	({ errno = 0; tell_pointer(#call, (call)); })

long tell(const char *call, long result);
void *tell_pointer(const char *call, const void *result);
void tell_bytes(const char *what, const void *bytes, size_t len);
void tell_text(const char *what, const char *text);

/* A buffer for a name, with a length that may be wrong. */
struct name {
	union {
		struct sockaddr sa;
		struct sockaddr_in in;
		unsigned char bytes[32];
	};
	socklen_t len;
};

/* Fresh, filled with 0xaa. */
struct name name_of(socklen_t len);
void tell_name(const struct name *name);
void tell_control(struct msghdr *msg);

#define SA(addr)	((struct sockaddr *)(addr))

/* The lengths that a buffer for a name is tried with. */
#define EACH_LENGTH(len)							\
	for (socklen_t i_ = 0, len; i_ < LENGTHS && (len = lengths[i_], 1); i_++)
#define LENGTHS		6
extern const socklen_t lengths[LENGTHS];

/* Addresses: the peer's, and others. */
struct sockaddr_in peer(int port);
struct sockaddr_in loopback(int port);
struct sockaddr_in any(int port);
struct sockaddr_in address(const char *text, int port);

/* Sockets, made without a word. */
int tcp(void);
int udp(void);
int tcp_to(int port);
int udp_to(int port);
int listener(int port);
int foreign(void);

/* The peer calls this port: TCP, or a datagram "hello". */
void be_called(const char *protocol, int port);

/* Wait for input. */
void wait_input(int fd);

#endif

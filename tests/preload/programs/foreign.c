// SPDX-License-Identifier: GPL-2.0
/*
 * Under callgrind: each hook a thousand times, on a descriptor that is no IPv4 socket. What
 * stands in a function call_NAME is counted for NAME.
 */
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define CALLS	1000

/* what fortified programs call */
ssize_t __recvfrom_chk(int fd, void *data, size_t size, size_t room, int flags,
		       struct sockaddr *addr, socklen_t *len);

static int fd, listener, epoll, pair[2];
static char byte;
static struct sockaddr_storage name;
static struct iovec data = { &byte, 1 };
static struct msghdr msg = { .msg_iov = &data, .msg_iovlen = 1 };
/* an IPv4 address that is nobody's */
static struct sockaddr_in other = { .sin_family = AF_INET, .sin_addr.s_addr = 0x010200c0 };
static struct msghdr named = {
	.msg_name = &other, .msg_namelen = sizeof(other), .msg_iov = &data, .msg_iovlen = 1,
};
static struct mmsghdr many = { .msg_hdr = { .msg_iov = &data, .msg_iovlen = 1 } };
static struct epoll_event event;

/* EACH(name, call): the call uses "len" freely. */
#define EACH(id, ...)								\
	__attribute__((noinline)) static void call_##id(void)			\
	{									\
		for (int i = 0; i < CALLS; i++) {				\
			socklen_t len = sizeof(name);				\
			int value = 0;						\
										\
			__VA_ARGS__;						\
			(void)len, (void)value;					\
		}								\
	}

EACH(socket, close(socket(AF_UNIX, SOCK_STREAM, 0)))
EACH(bind, bind(fd, (struct sockaddr *)&other, sizeof(other)))
EACH(connect, connect(fd, (struct sockaddr *)&other, sizeof(other)))
EACH(listen, listen(listener, 1))
EACH(accept, accept(fd, (struct sockaddr *)&name, &len))
EACH(accept4, accept4(fd, (struct sockaddr *)&name, &len, 0))
EACH(getsockname, getsockname(fd, (struct sockaddr *)&name, &len))
EACH(getpeername, getpeername(fd, (struct sockaddr *)&name, &len))
EACH(sendto, sendto(fd, "", 1, 0, (struct sockaddr *)&other, sizeof(other)))
EACH(sendmsg, sendmsg(fd, &named, 0))
EACH(sendmmsg, sendmmsg(fd, &many, 1, 0); read(pair[1], &byte, 1))
EACH(recvfrom, recvfrom(fd, &byte, 1, MSG_DONTWAIT, (struct sockaddr *)&name, &len))
EACH(recvfrom_chk, __recvfrom_chk(fd, &byte, 1, 1, MSG_DONTWAIT, (struct sockaddr *)&name, &len))
EACH(recvmsg, recvmsg(fd, &msg, MSG_DONTWAIT))
EACH(recvmmsg, recvmmsg(fd, &many, 1, MSG_DONTWAIT, NULL))
EACH(setsockopt, setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &value, sizeof(value)))
EACH(ioctl, ioctl(fd, FIONREAD, &value))
EACH(getsockopt, len = sizeof(value); getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, &len))
EACH(dup, close(dup(fd)))
EACH(dup2, dup2(fd, 31))
EACH(dup3, dup3(fd, 32, O_CLOEXEC))
EACH(fcntl, fcntl(fd, F_GETFL))
EACH(close, close(60))
EACH(fclose, fclose(fopen("/dev/null", "r")))
EACH(closefrom, closefrom(60))
EACH(close_range, close_range(60, 60, 0))
EACH(epoll_ctl, epoll_ctl(epoll, i % 2 ? EPOLL_CTL_DEL : EPOLL_CTL_ADD, fd, &event))

int main(void)
{
	socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
	fd = pair[0];
	listener = socket(AF_UNIX, SOCK_STREAM, 0);
	epoll = epoll_create1(0);
	call_socket();
	call_bind();
	call_connect();
	call_listen();
	call_accept();
	call_accept4();
	call_getsockname();
	call_getpeername();
	call_sendto();
	call_sendmsg();
	call_sendmmsg();
	call_recvfrom();
	call_recvfrom_chk();
	call_recvmsg();
	call_recvmmsg();
	call_setsockopt();
	call_getsockopt();
	call_ioctl();
	call_dup();
	call_dup2();
	call_dup3();
	call_fcntl();
	call_close();
	call_fclose();
	call_closefrom();
	call_close_range();
	call_epoll_ctl();
	return 0;
}

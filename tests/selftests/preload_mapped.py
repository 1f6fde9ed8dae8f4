#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Reach an IPv4 node by its IPv4-mapped address, with every call that takes one.

usage: preload_mapped.py NAME ADDRESS    the node by its IPv4 name, and by its own IPv6 address
"""

import ctypes
import errno
import socket
import struct
import sys

ECHO = 7
C = ctypes.CDLL(None, use_errno=True)


def check(text, passed, detail=""):
    print(f"{'ok' if passed else 'not ok'} {text}" + (f" ({detail})" if not passed else ""))


class Message(ctypes.Structure):
    """struct mmsghdr"""
    _fields_ = [("name", ctypes.c_void_p), ("name_len", ctypes.c_uint32), ("iov", ctypes.c_void_p),
                ("iov_len", ctypes.c_size_t), ("control", ctypes.c_void_p),
                ("control_len", ctypes.c_size_t), ("flags", ctypes.c_int), ("len", ctypes.c_uint)]


def message(data, name):
    """One, and what it points to."""
    iov = (ctypes.c_size_t * 2)(ctypes.addressof(data), len(data))
    return (Message * 1)(Message(ctypes.addressof(name), len(name), ctypes.addressof(iov), 1)), iov


def socket_of(kind, only=0):
    sock = socket.socket(socket.AF_INET6, kind)
    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, only)
    sock.settimeout(60)
    return sock


def failure(work):
    try:
        work()
    except OSError as error:
        return errno.errorcode[error.errno]
    return None


name, native = sys.argv[1:]
ipv4 = socket.gethostbyname(name)
mapped = "::ffff:" + ipv4
there = (mapped, ECHO, 0, 0)

with socket_of(socket.SOCK_STREAM) as sock:
    why = failure(lambda: sock.connect(there))
    check("connect", why is None, why)
    if why is None:
        sock.sendall(b"hello")
        check("… all comes and goes", sock.recv(5, socket.MSG_WAITALL) == b"hello")
        check("… getpeername", sock.getpeername() == there, sock.getpeername())
        with sock.dup() as copy:
            check("… of a copy", copy.getpeername() == there, copy.getpeername())

with socket_of(socket.SOCK_DGRAM) as sock:
    why = failure(lambda: sock.sendto(b"one", there))
    check("sendto", why is None, why)
    if why is None:
        check("… recvfrom", sock.recvfrom(9) == (b"one", there))
    why = failure(lambda: sock.sendmsg([b"two"], [], 0, there))
    check("sendmsg", why is None, why)
    if why is None:
        answer = sock.recvmsg(9)
        check("… recvmsg", (answer[0], answer[3]) == (b"two", there), answer)
    data = ctypes.create_string_buffer(b"three", 5)
    raw = struct.pack("=HHI16sI", socket.AF_INET6, socket.htons(ECHO), 0,
                      socket.inet_pton(socket.AF_INET6, mapped), 0)
    where = ctypes.create_string_buffer(raw, len(raw))
    one, _keep = message(data, where)
    sent = C.sendmmsg(sock.fileno(), one, 1, 0)
    check("sendmmsg", sent == 1, ctypes.get_errno())
    if sent == 1:
        room, whence = ctypes.create_string_buffer(9), ctypes.create_string_buffer(28)
        one, _keep = message(room, whence)
        sock.setblocking(True)
        check("… recvmmsg", C.recvmmsg(sock.fileno(), one, 1, 0, None) == 1
              and room.value == b"three" and whence.raw == raw, whence.raw)
    why = failure(lambda: sock.connect(there))
    check("connect of datagrams", why is None, why)
    if why is None:
        check("… getpeername", sock.getpeername() == there, sock.getpeername())

# what is not mapped is as it was
with socket_of(socket.SOCK_STREAM) as sock:
    sock.connect((native, ECHO))
    check("IPv6 itself stays IPv6", sock.getpeername()[0] == native, sock.getpeername())
with socket_of(socket.SOCK_DGRAM) as sock:
    sock.sendto(b"x", (native, ECHO))
    check("… datagrams, too", sock.recvfrom(9)[1][0] == native)
with socket_of(socket.SOCK_STREAM, 1) as sock:
    why = failure(lambda: sock.connect(there))
    check("a socket for IPv6 alone reaches no IPv4 node", why == "ENETUNREACH", why)
with socket_of(socket.SOCK_STREAM) as sock, socket_of(socket.SOCK_STREAM) as server:
    server.bind(("::", 0))
    server.listen()
    sock.connect(("::ffff:127.0.0.1", server.getsockname()[1]))
    check("a local address stays IPv4", sock.getpeername()[0] == "::ffff:127.0.0.1")

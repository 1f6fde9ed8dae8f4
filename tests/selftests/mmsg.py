# SPDX-License-Identifier: GPL-2.0
"""Many messages with one system call."""

import ctypes

MOST = 1024  # that one takes

libc = ctypes.CDLL(None, use_errno=True)


class Iovec(ctypes.Structure):
    _fields_ = [("base", ctypes.c_char_p), ("length", ctypes.c_size_t)]


class Message(ctypes.Structure):
    """struct mmsghdr"""
    _fields_ = [("name", ctypes.c_void_p), ("namelen", ctypes.c_uint), ("iov", ctypes.POINTER(Iovec)),
                ("iovlen", ctypes.c_size_t), ("control", ctypes.c_void_p), ("controllen", ctypes.c_size_t),
                ("flags", ctypes.c_int), ("padding", ctypes.c_int), ("length", ctypes.c_uint)]


class Batch:
    """Messages for a socket that knows where they go."""

    def __init__(self, sock, contents):
        self.sock = sock
        self.iovecs = (Iovec * len(contents))(*[(content, len(content)) for content in contents])
        self.messages = (Message * len(contents))()
        for message, iovec in zip(self.messages, self.iovecs):
            message.iov, message.iovlen = ctypes.pointer(iovec), 1

    def send(self, first=0, count=None):
        """Sends `count` of them from `first` on, or all."""
        end = len(self.messages) if count is None else first + count
        while first < end:
            at = ctypes.byref(self.messages, first * ctypes.sizeof(Message))
            sent = libc.sendmmsg(self.sock.fileno(), at, min(end - first, MOST), 0)
            if sent <= 0:
                raise OSError(ctypes.get_errno(), f"message {first} of {end} is not sent")
            first += sent

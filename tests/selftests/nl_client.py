# SPDX-License-Identifier: GPL-2.0
"""Raw generic netlink, so that tests can send what no library would."""

import errno
import os
import socket
import struct

NETLINK_GENERIC = 16
SOL_NETLINK = 270
NETLINK_EXT_ACK = 11

NLMSG_ERROR = 2
NLMSG_DONE = 3
NLM_F_REQUEST = 0x1
NLM_F_ACK = 0x4
NLM_F_DUMP_INTR = 0x10
NLM_F_CAPPED = 0x100
NLM_F_ACK_TLVS = 0x200
NLM_F_DUMP = 0x300
NLA_F_NESTED = 0x8000
NLMSGERR_ATTR_MSG = 1
NLMSGERR_ATTR_OFFS = 2

GENL_ID_CTRL = 16
CTRL_CMD_GETFAMILY = 3
CTRL_ATTR_FAMILY_ID = 1
CTRL_ATTR_FAMILY_NAME = 2

# src/uapi/natpt.yaml
(APPLY, STATUS_GET, PREFIX_GET, RULE_GET, VARIABLE_GET, COUNTER_GET, MAPPING_GET, SESSION_GET,
 COUNT_GET) = range(1, 10)
(PREFIX_ADD, PREFIX_FLUSH, MAP_ADD, MAP_DELETE, MAP_RENUM, MAP_FLUSH, ENABLE, SET,
 SESSION_DELETE, PREFIX_FLUSH_KEEP, MAP_DELETE_KEEP, MAP_FLUSH_KEEP, CHECK, GENERATION) = range(1, 15)


class Refused(Exception):
    """A negative acknowledgement."""

    def __init__(self, code, text, offset):
        super().__init__(f"{errno.errorcode.get(code, code)}: {text!r} at {offset}")
        self.code, self.text, self.offset = code, text, offset


def attr(kind, payload=b"", length=None):
    """An attribute; `length` is what its header says in place of the truth."""
    length = 4 + len(payload) if length is None else length
    padding = b"\0" * (-len(payload) % 4)
    return struct.pack("=HH", length & 0xffff, kind) + payload + padding


def nest(kind, *inner):
    return attr(kind | NLA_F_NESTED, b"".join(inner))


def attrs(data):
    """The attributes in a message."""
    found = {}
    while len(data) >= 4:
        length, kind = struct.unpack_from("=HH", data)
        found[kind & 0x3fff] = data[4:length]
        data = data[(length + 3) & ~3:]
    return found


class Netlink:
    def __init__(self, read_size=1 << 20):
        self.read_size = read_size
        self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_GENERIC)
        self.socket.bind((0, 0))
        self.socket.settimeout(120)
        self.socket.setsockopt(SOL_NETLINK, NETLINK_EXT_ACK, 1)
        # SO_SNDBUFFORCE: some messages are huge
        if os.geteuid() == 0:
            self.socket.setsockopt(socket.SOL_SOCKET, 32, 16 << 20)
        if read_size < 1 << 20:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, read_size)
        self.sequence = 0
        self.family = GENL_ID_CTRL
        name = attr(CTRL_ATTR_FAMILY_NAME, b"natpt\0")
        answer = self.request(CTRL_CMD_GETFAMILY, name)[0]
        self.family = struct.unpack("=H", answer[CTRL_ATTR_FAMILY_ID])[0]

    def message(self, command, payload=b"", flags=NLM_F_ACK, version=1, reserved=0):
        self.sequence += 1
        body = struct.pack("=BBH", command, version, reserved) + payload
        return struct.pack("=IHHII", 16 + len(body), self.family, flags | NLM_F_REQUEST,
                           self.sequence, 0) + body

    def send(self, message):
        self.socket.send(message)

    def messages(self):
        """One read: (type, flags, payload) of each message."""
        data = self.socket.recv(self.read_size)
        while len(data) >= 16:
            length, kind, flags = struct.unpack_from("=IHH", data)
            yield kind, flags, data[16:length]
            data = data[(length + 3) & ~3:]

    def answers(self):
        """Attributes of each answer, up to the acknowledgement."""
        found = []
        while True:
            for kind, flags, payload in self.messages():
                if kind != NLMSG_ERROR:
                    found.append(attrs(payload[4:]))
                    continue
                code = -struct.unpack_from("=i", payload)[0]
                if code == 0:
                    return found
                told = {}
                if flags & NLM_F_ACK_TLVS:
                    asked = struct.unpack_from("=I", payload, 4)[0]
                    told = attrs(payload[4 + (16 if flags & NLM_F_CAPPED else (asked + 3) & ~3):])
                text = told.get(NLMSGERR_ATTR_MSG, b"").rstrip(b"\0").decode()
                offset = told.get(NLMSGERR_ATTR_OFFS)
                raise Refused(code, text, offset and struct.unpack("=I", offset)[0])

    def request(self, command, payload=b"", **header):
        self.send(self.message(command, payload, **header))
        return self.answers()

    def dump(self, command, between=None, payload=b""):
        """All entries, number of reads, whether the kernel flagged a change in between."""
        self.send(self.message(command, payload, flags=NLM_F_DUMP))
        entries, reads, interrupted = [], 0, False
        while True:
            reads += 1
            for kind, flags, payload in self.messages():
                interrupted |= bool(flags & NLM_F_DUMP_INTR)
                if kind == NLMSG_DONE:
                    code = -struct.unpack_from("=i", payload)[0]
                    if code > 0:
                        raise Refused(code, "", None)
                    return entries, reads, interrupted
                if kind == NLMSG_ERROR:
                    raise Refused(-struct.unpack_from("=i", payload)[0], "", None)
                entries.append(attrs(payload[4:]))
            if reads == 1 and between:
                between()


def test(text, passed, why=""):
    """A line for relay."""
    if not passed and why != "":
        print(why)
    print(f"{'ok' if passed else 'not ok'} {text}", flush=True)

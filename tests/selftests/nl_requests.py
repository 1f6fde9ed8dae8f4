# SPDX-License-Identifier: GPL-2.0
"""Requests that are wrong in every way: refused, explained, without effect."""

import errno
import random
import socket
import struct

from nl_client import (APPLY, COUNT_GET, COUNTER_GET, ENABLE, GENERATION, MAP_ADD, MAP_DELETE, MAP_FLUSH,
                       MAP_RENUM, MAPPING_GET, NLM_F_DUMP, PREFIX_ADD, PREFIX_FLUSH, PREFIX_GET,
                       RULE_GET, SESSION_GET, SET, STATUS_GET, VARIABLE_GET, Netlink, Refused, attr,
                       nest, test)

kernel = Netlink()
ADDRESS = attr(1, socket.inet_pton(socket.AF_INET6, "2001:db8:77::"))
LENGTH = attr(2, b"\x60")
NUMBER = attr(1, struct.pack("=I", 7))
FROM = attr(2, socket.inet_pton(socket.AF_INET6, "2001:db8:1::"))
FROM_LENGTH = attr(3, b"\x40")
TO = attr(4, socket.inet_aton("192.0.2.9"))
PORT_MIN = attr(5, struct.pack("=H", 1024))
PORT_MAX = attr(6, struct.pack("=H", 2047))
NAME = attr(1, b"udp-timeout\0")
VALUE = attr(2, struct.pack("=Q", 400))
GOOD = (nest(PREFIX_ADD, ADDRESS, LENGTH)
        + nest(MAP_ADD, NUMBER, FROM, FROM_LENGTH, TO, PORT_MIN, PORT_MAX)
        + nest(SET, NAME, VALUE))
# Offset of the first attribute in a message, and of the first in a nest that comes first.
FIRST, INNER = 20, 24


def state():
    return [kernel.dump(command)[0] for command in (PREFIX_GET, RULE_GET, VARIABLE_GET)]


def refused(text, code, message, offset, payload, command=APPLY, **header):
    """Tests that a request is refused so; `message` None is any."""
    try:
        kernel.request(command, payload, **header)
        test(text, False, "it was accepted")
    except Refused as no:
        test(text, no.code == code and (no.text == message or message is None and no.text != "")
             and no.offset == offset, no)
    if state() != before:
        test(f"{text}: changes nothing", False)


before = state()
refused("prefix without anything", errno.EINVAL, "prefix has no address", FIRST, nest(PREFIX_ADD))
refused("prefix without length", errno.EINVAL, "prefix has no length", FIRST,
        nest(PREFIX_ADD, ADDRESS))
refused("address twice", errno.EINVAL, "attribute is given twice", INNER + 20,
        nest(PREFIX_ADD, ADDRESS, ADDRESS, LENGTH))
refused("length twice", errno.EINVAL, "attribute is given twice", INNER + 28,
        nest(PREFIX_ADD, ADDRESS, LENGTH, LENGTH))
for size in 0, 4, 15, 17, 64:
    refused(f"IPv6 address of {size} bytes", errno.ERANGE, None, INNER,
            nest(PREFIX_ADD, attr(1, bytes(size)), LENGTH))
refused("length of 4 bytes", errno.EINVAL, None, INNER + 20,
        nest(PREFIX_ADD, ADDRESS, attr(2, struct.pack("=I", 96))))
refused("bad prefix: the kernel checks it too", errno.EINVAL, "prefix has bits set beyond its length",
        INNER, nest(PREFIX_ADD, attr(1, bytes([0x20]) + bytes(14) + b"\1"), LENGTH))
refused("unknown attribute in a nest", errno.EINVAL, None, INNER + 28,
        nest(PREFIX_ADD, ADDRESS, LENGTH, attr(3, b"")))
refused("attribute 0 in a nest", errno.EINVAL, None, INNER, nest(PREFIX_ADD, attr(0, b"")))
for kind in 0, 15, 100, 0x3fff:
    refused(f"unknown statement {kind}", errno.EINVAL, None, FIRST, attr(kind, b""))
refused("nest that is not flagged as one", errno.EINVAL, None, FIRST,
        attr(PREFIX_ADD, ADDRESS + LENGTH))
refused("flag with a value", errno.ERANGE, None, FIRST, attr(PREFIX_FLUSH, b"1234"))
refused("rule without pool", errno.EINVAL, "rule has no pool address", FIRST, nest(MAP_ADD, NUMBER))
refused("source length without source", errno.EINVAL, "source length without a source", INNER,
        nest(MAP_ADD, FROM_LENGTH, TO))
refused("one port only", errno.EINVAL, "port range has one end only", INNER + 8,
        nest(MAP_ADD, TO, PORT_MAX))
refused("mappings of a new rule", errno.EINVAL, None, INNER + 8,
        nest(MAP_ADD, TO, attr(8, bytes(8))))
refused("unknown protocol", errno.EINVAL, None, INNER + 8,
        nest(MAP_ADD, TO, attr(7, struct.pack("=I", 16))))
refused("unknown filter", errno.EINVAL, "unknown kind of filter", INNER + 8,
        nest(MAP_ADD, TO, attr(11, b"\3")))
refused("unknown refresh", errno.EINVAL, "unknown kind of refresh", INNER + 8,
        nest(MAP_ADD, TO, attr(12, b"\2")))
for kind in 11, 12:
    refused(f"stateless with {kind}", errno.EINVAL,
            "a stateless rule has no sessions to filter or refresh", INNER + 20 + 8 + 8,
            nest(MAP_ADD, FROM, TO, attr(10, b"\0"), attr(kind, b"\1")))
for text, comment, code, message in (
        ("of no bytes", b"\0", errno.EINVAL, "a comment has 1 to 63 bytes"),
        ("of 64 bytes", b"x" * 64 + b"\0", errno.EINVAL, None),
        ("that does not end", b"x" * 63, errno.EINVAL, None),
        ("without anything", b"", errno.EINVAL, None),
        ("that is not UTF-8", b"a\xc3\0", errno.EINVAL, "a comment is UTF-8"),
        ("with a newline", b"a\nmap flush\0", errno.EINVAL,
         "a comment has no control characters and no quotation marks"),
        ("with a NUL", b"a\0b\0", errno.EINVAL,
         "a comment has no control characters and no quotation marks"),
        ("with a quotation mark", b'a"b\0', errno.EINVAL,
         "a comment has no control characters and no quotation marks")):
    refused(f"comment {text}", code, message, INNER + 8, nest(MAP_ADD, TO, attr(20, comment)))
refused("comment of a stateless rule that is not UTF-8", errno.EINVAL, "a comment is UTF-8", INNER + 20 + 8 + 8,
        nest(MAP_ADD, FROM, TO, attr(10, b"\0"), attr(20, b"\xff\0")))
refused("comment twice", errno.EINVAL, "attribute is given twice", INNER + 8 + 8,
        nest(MAP_ADD, TO, attr(20, b"a\0"), attr(20, b"b\0")))
refused("attribute behind the last of a rule", errno.EINVAL, None, INNER + 8, nest(MAP_ADD, TO, attr(21, b"")))
for text, to in (("must not be in 0.0.0.0/8", "0.0.0.0"), ("must not be a loopback address", "127.1.2.3"),
                 ("must not be a multicast address", "239.0.0.1"),
                 ("must not be broadcast or in 240.0.0.0/4", "255.255.255.255")):
    refused(f"pool address {to}", errno.EINVAL, f"pool address {text}", INNER,
            nest(MAP_ADD, attr(4, socket.inet_aton(to))))
refused("port 0", errno.EINVAL, "port 0 cannot be used", INNER + 8,
        nest(MAP_ADD, TO, attr(5, bytes(2)), PORT_MAX))
refused("ports reversed", errno.EINVAL, "last port must not be below the first port", INNER + 8,
        nest(MAP_ADD, TO, PORT_MIN, attr(6, struct.pack("=H", 1023))))
refused("source length 129", errno.EINVAL, "source prefix length must not be above 128", INNER + 20,
        nest(MAP_ADD, FROM, attr(3, b"\x81"), TO))
refused("rule that is not there", errno.ENOENT, "there is no rule with this number", FIRST,
        attr(MAP_DELETE, struct.pack("=I", 99)))
refused("number of 2 bytes", errno.EINVAL, None, FIRST, attr(MAP_DELETE, b"12"))
refused("interval 0", errno.EINVAL, "interval must not be 0", FIRST, nest(MAP_RENUM, attr(2, bytes(4))))
refused("enable with 2", errno.EINVAL, "enable must be 0 or 1", FIRST, attr(ENABLE, b"\2"))
refused("enable without a value", errno.EINVAL, None, FIRST, attr(ENABLE))
refused("variable without name", errno.EINVAL, "variable has no name", FIRST, nest(SET, VALUE))
refused("variable without value", errno.EINVAL, "variable has no value", FIRST, nest(SET, NAME))
refused("name that is unknown", errno.ENOENT, "there is no variable of this name", INNER,
        nest(SET, attr(1, b"bogus\0"), VALUE))
refused("name that is empty", errno.ENOENT, "there is no variable of this name", INNER,
        nest(SET, attr(1, b"\0"), VALUE))
refused("name that does not end", errno.EINVAL, None, INNER, nest(SET, attr(1, b"udp-timeout"), VALUE))
refused("name that is long", errno.EINVAL, None, INNER, nest(SET, attr(1, b"a" * 32 + b"\0"), VALUE))
refused("value of 4 bytes", errno.EINVAL, None, INNER + 16,
        nest(SET, NAME, attr(2, struct.pack("=I", 400))))
refused("value out of range", errno.ERANGE, "value is out of the variable's range", INNER + 16,
        nest(SET, NAME, attr(2, struct.pack("=Q", 1 << 63))))
refused("attribute with a length of 3", errno.EINVAL, None, None, attr(PREFIX_FLUSH, length=3))
refused("attribute that goes beyond the message", errno.EINVAL, None, None,
        attr(MAP_FLUSH) + attr(PREFIX_FLUSH, length=400))
refused("attribute that goes beyond its nest", errno.EINVAL, None, None,
        nest(PREFIX_ADD, ADDRESS, attr(2, b"\x60", length=64)))
refused("bytes behind the last attribute", errno.EINVAL, None, None, attr(MAP_FLUSH) + b"123")

refused("the last of many statements: none is carried out", errno.ENOENT,
        "there is no rule with this number", FIRST + 4 * 40000,
        attr(MAP_FLUSH) * 40000 + attr(MAP_DELETE, struct.pack("=I", 99)))
refused("a nest of 65,532 bytes", errno.EINVAL, None, INNER + 28,
        nest(PREFIX_ADD, ADDRESS, LENGTH, attr(3, bytes(65496))))
refused("200,000 times the same attribute", errno.EINVAL, None, INNER + 20,
        nest(PREFIX_ADD, *[ADDRESS] * 3000) * 3)

for command in 0, 10, 255:
    refused(f"command {command}", errno.EOPNOTSUPP, "", None, b"", command=command)
for command in APPLY, STATUS_GET:
    refused(f"command {command} as a listing", errno.EOPNOTSUPP, "", None, b"", command=command,
            flags=NLM_F_DUMP)
for command in PREFIX_GET, RULE_GET, VARIABLE_GET, COUNTER_GET, MAPPING_GET, SESSION_GET, COUNT_GET:
    refused(f"command {command} not as a listing", errno.EOPNOTSUPP, "", None, b"", command=command)
refused("reserved field of the header", errno.EINVAL, None, None, GOOD, reserved=1)

short = kernel.message(APPLY)[:18]
kernel.send(struct.pack("=I", 18) + short[4:])
try:
    kernel.answers()
    test("message without its generic header", False)
except Refused as no:
    test("message without its generic header", no.code == errno.EINVAL, no)

# Of this one every cut is wrong, or is no statement at all.
whole = kernel.message(APPLY, nest(MAP_ADD, NUMBER, FROM, FROM_LENGTH, TO, PORT_MIN, PORT_MAX))
accepted = []
for size in range(len(whole) - 1, 19, -1):
    kernel.send(struct.pack("=I", size) + whole[4:size])
    try:
        kernel.answers()
        accepted.append(size)
    except Refused:
        pass
test("message cut at every length is refused", accepted == [20] and state() == before, accepted)

now = struct.unpack("=I", kernel.request(STATUS_GET)[0][2])[0]
for other in 0, now - 1, now + 1:
    refused(f"for the configuration of generation {other}, where {now} is there", errno.EAGAIN,
            "the configuration has changed meanwhile", FIRST, attr(GENERATION, struct.pack("=I", other)) + GOOD)
refused("... the last statement", errno.EAGAIN, "the configuration has changed meanwhile", FIRST + 4,
        attr(MAP_FLUSH) + attr(GENERATION, struct.pack("=I", now - 1)))
kernel.request(APPLY, attr(GENERATION, struct.pack("=I", now)) + GOOD)
test("for the one that is there", state() != before)
kernel.request(APPLY, attr(MAP_FLUSH) + attr(PREFIX_FLUSH))
longest = "\u00e9".encode() * 31 + b"x\0"
kernel.request(APPLY, nest(MAP_ADD, NUMBER, TO, attr(20, longest)))
test("a comment of 63 bytes comes back", kernel.dump(RULE_GET)[0][0][20] == longest, kernel.dump(RULE_GET))
kernel.request(APPLY, attr(MAP_DELETE, struct.pack("=I", 7)))
kernel.request(APPLY, GOOD)
test("after all this a good one is accepted", state() != before)
kernel.request(APPLY, attr(MAP_DELETE, struct.pack("=I", 7)))

# What comes of it may be good by chance, but the module lives.
random.seed(6146)
good = kernel.message(APPLY, GOOD + attr(ENABLE, b"\0"))
for _ in range(3000):
    noise = bytearray(good)
    for _ in range(random.randint(1, 6)):
        noise[random.randrange(16, len(noise))] = random.choice((0, 1, 4, 0x7f, 0x80, 0xff, 17))
    kernel.send(bytes(noise))
    try:
        kernel.answers()
    except Refused:
        pass
kernel.request(APPLY, attr(PREFIX_FLUSH) + attr(MAP_FLUSH))
test("3000 messages with random bytes are survived", kernel.dump(RULE_GET)[0] == [])

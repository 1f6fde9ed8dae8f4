# SPDX-License-Identifier: GPL-2.0
"""Filters that make no sense are refused, whoever asks."""

import errno
import socket
import struct

from nl_client import (APPLY, COUNT_GET, MAPPING_GET, RULE_GET, SESSION_DELETE, SESSION_GET, Netlink,
                       Refused, attr, nest, test)

kernel = Netlink()
HOST = attr(2, socket.inet_pton(socket.AF_INET6, "2001:db8:6::2"))
WRONG = (
    ("protocol", attr(1, b"\x2c"), errno.EINVAL),
    ("ICMPv6 as protocol", attr(1, b"\x3a"), errno.EINVAL),
    ("length without a host", attr(3, b"\x40"), errno.EINVAL),
    ("host with bits beyond the length", HOST + attr(3, b"\x40"), errno.EINVAL),
    ("length of 129", HOST + attr(3, b"\x81"), errno.EINVAL),
    ("state", attr(7, b"\x08"), errno.EINVAL),
    ("rule", attr(8, struct.pack("=I", 4711)), errno.ENOENT),
    ("host twice", HOST + HOST, errno.EINVAL),
    ("address of 5 bytes", attr(4, bytes(5)), errno.ERANGE),
    ("attribute", attr(10, b""), errno.EINVAL),
)


def code(ask):
    """The number of the refusal, 0 for none."""
    try:
        ask()
        return 0
    except Refused as no:
        return no.code


FILTER = {MAPPING_GET: 7, SESSION_GET: 12, COUNT_GET: 4}
for text, filter_, expected in WRONG:
    codes = [code(lambda c=command: kernel.dump(c, payload=nest(FILTER[c], filter_)))
             for command in FILTER]
    codes.append(code(lambda: kernel.request(APPLY, nest(SESSION_DELETE, filter_))))
    test(f"wrong {text} is refused by all four", codes == [expected] * 4, codes)
refused = code(lambda: kernel.request(APPLY, nest(SESSION_DELETE, attr(9, struct.pack("=I", 1)))))
test("a limit of what is to end is refused", refused == errno.EINVAL, refused)
refused = code(lambda: kernel.dump(RULE_GET, payload=nest(12, HOST)))
test("a listing without filters refuses them", refused == errno.EINVAL, refused)

for text, of_session in ("a peer", attr(6, bytes(4))), ("a state", attr(7, b"\x03")):
    refused = code(lambda: kernel.dump(MAPPING_GET, payload=nest(7, of_session)))
    test(f"mappings have not {text}", refused == errno.EINVAL, refused)
mappings = kernel.dump(MAPPING_GET, payload=nest(7, HOST, attr(1, b"\x11")))[0]
test("mappings are filtered too", [entry[3] for entry in mappings] == [struct.pack("=H", 4001)], mappings)

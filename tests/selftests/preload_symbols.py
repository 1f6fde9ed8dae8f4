#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""preload_symbols.py FILE: the symbols that a library defines for others, one a line, "uses NAME"
for each that others define, and "needs NAME" for each library. Of an ELF file of 64 bits,
little-endian."""

import struct
import sys

DYNSYM, DYNAMIC = 11, 6
NEEDED = 1


def main():
    data = open(sys.argv[1], "rb").read()
    (offset,) = struct.unpack_from("<Q", data, 40)
    size, count = struct.unpack_from("<HH", data, 58)
    sections = [struct.unpack_from("<IIQQQQIIQQ", data, offset + n * size) for n in range(count)]

    def text(section, at):
        start = sections[section][4] + at
        return data[start : data.index(b"\0", start)].decode()

    for _, kind, _, _, start, length, link, _, _, entry in sections:
        for at in range(start, start + length, entry) if kind in (DYNSYM, DYNAMIC) else ():
            if kind == DYNSYM:
                name, _, _, section = struct.unpack_from("<IBBH", data, at)
                if name:
                    print("" if section else "uses ", text(link, name), sep="")
            else:
                tag, value = struct.unpack_from("<QQ", data, at)
                if tag == NEEDED:
                    print("needs", text(link, value))


main()

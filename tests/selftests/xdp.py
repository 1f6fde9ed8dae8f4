# SPDX-License-Identifier: GPL-2.0
"""xdp.py MODE NAMESPACE DEVICE... -- COMMAND...: runs a command while every packet that the devices
receive passes an XDP program that puts metadata before it, in MODE native or generic.

A packet that the program cannot do this to is dropped.
"""

import ctypes
import os
import socket
import struct
import subprocess
import sys

from stacks import namespace

SYS_BPF = 321
PROG_LOAD, LINK_CREATE = 5, 28
PROG_TYPE_XDP, ATTACH_XDP = 6, 37
FLAGS = {"generic": 2, "native": 4}
DROP, PASS = 1, 2
libc = ctypes.CDLL(None, use_errno=True)


def insn(code, dst=0, src=0, offset=0, imm=0):
    return struct.pack("<BBhi", code, src << 4 | dst, offset, imm)


PROGRAM = b"".join((
    insn(0xbf, 6, 1),			# r6 = context
    insn(0xb7, 2, imm=-8),
    insn(0x85, imm=54),			# r0 = bpf_xdp_adjust_meta(context, -8)
    insn(0x55, 0, offset=7),		# if it failed, drop
    insn(0x61, 2, 6, 8),		# r2 = data_meta
    insn(0x61, 3, 6, 0),		# r3 = data
    insn(0xbf, 4, 2),
    insn(0x07, 4, imm=8),
    insn(0x2d, 4, 3, 2),		# if r2 + 8 > r3, drop
    insn(0x7a, 2, imm=-1),		# *(u64 *)r2 = ~0
    insn(0x05, offset=2),
    insn(0xb7, 0, imm=DROP),
    insn(0x95),
    insn(0xb7, 0, imm=PASS),
    insn(0x95),
))


def bpf(command, attributes):
    attributes = attributes.ljust(144, b"\0")
    fd = libc.syscall(SYS_BPF, command, attributes, len(attributes))
    if fd < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return fd


def load():
    code, licence, log = PROGRAM, b"GPL\0", ctypes.create_string_buffer(1 << 16)
    code, licence = ctypes.create_string_buffer(code, len(code)), ctypes.create_string_buffer(licence)
    attributes = struct.pack("<IIQQIIQ", PROG_TYPE_XDP, len(PROGRAM) // 8, ctypes.addressof(code),
                             ctypes.addressof(licence), 1, len(log), ctypes.addressof(log))
    try:
        return bpf(PROG_LOAD, attributes)
    except OSError as error:
        raise SystemExit(f"{error}\n{log.value.decode()}") from error


mode, ns, *rest = sys.argv[1:]
devices, command = rest[:rest.index("--")], rest[rest.index("--") + 1:]
program = load()
with namespace(ns):
    links = [bpf(LINK_CREATE, struct.pack("<IIII", program, socket.if_nametoindex(dev), ATTACH_XDP,
                                          FLAGS[mode])) for dev in devices]
sys.exit(subprocess.run(command, check=False).returncode)

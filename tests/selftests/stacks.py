# SPDX-License-Identifier: GPL-2.0
"""Sockets of the real stacks in the selftests' namespaces: data across, and what the stacks count.

A receiver checks every checksum that no device vouches for, and the data is compared. Nothing here
depends on speed: LIMIT only ends what hangs.
"""

import contextlib
import errno
import json
import os
import select
import socket
import subprocess

LIMIT = 60
QUICK = os.environ.get("SIZE") == "quick"
UDP_SEGMENT = 103
IP_MTU_DISCOVER, IP_PMTUDISC_DONT = 10, 0


def ok(text, good, *why):
    """One test line; what to look at if it is not good."""
    print("ok" if good else "not ok", text, flush=True)
    if not good:
        for line in why:
            for part in str(line).splitlines():
                print("   ", part, flush=True)


def run(*command, text=None):
    """What a command, to which this is said, says."""
    done = subprocess.run(command, check=True, capture_output=True, text=True, input=text)
    return done.stdout


@contextlib.contextmanager
def namespace(ns):
    """What is done within, commands too, is done in a network namespace."""
    here = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    there = os.open(f"/run/netns/{ns}", os.O_RDONLY)
    os.setns(there, os.CLONE_NEWNET)
    try:
        yield
    finally:
        os.setns(here, os.CLONE_NEWNET)
        os.close(here)
        os.close(there)


def inside(ns, make):
    """Calls make() in a network namespace."""
    with namespace(ns):
        return make()


def sysctl(name, value):
    with open("/proc/sys/" + name.replace(".", "/"), "w", encoding="ascii") as file:
        file.write(str(value))


def make_socket(ns, address, kind):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = inside(ns, lambda: socket.socket(family, kind))
    sock.settimeout(LIMIT)
    return sock


class Tcp:
    """A connection from a client to a server whose own address is `at`, and `to` for the client."""

    def __init__(self, client_ns, server_ns, to, at, port=80, server_fragments=False):
        with make_socket(server_ns, at, socket.SOCK_STREAM) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if server_fragments:
                listener.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT)
            listener.bind((at, port))
            listener.listen()
            self.client = make_socket(client_ns, to, socket.SOCK_STREAM)
            self.client.connect((to, port))
            self.server, _ = listener.accept()

    def exchange(self, up, down):
        """Sends to both ends at once; whether each got it all, and a word on what went wrong."""
        outgoing = {self.client: memoryview(up), self.server: memoryview(down)}
        incoming = {self.client: bytearray(), self.server: bytearray()}
        want = {self.client: down, self.server: up}
        trouble = ""
        for sock in outgoing:
            sock.setblocking(False)
        while any(outgoing.values()) or any(len(incoming[s]) < len(want[s]) for s in want):
            ready = select.select([s for s in want if len(incoming[s]) < len(want[s])],
                                  [s for s in outgoing if outgoing[s]], [], LIMIT)
            if not any(ready):
                trouble = f"nothing moves any more: {[len(incoming[s]) for s in want]}"
                break
            try:
                for sock in ready[0]:
                    part = sock.recv(1 << 20)
                    if not part:
                        raise OSError(errno.ECONNRESET, "closed too early")
                    incoming[sock] += part
                for sock in ready[1]:
                    outgoing[sock] = outgoing[sock][sock.send(outgoing[sock][:1 << 18]):]
            except BlockingIOError:
                continue
            except OSError as error:
                trouble = str(error)
                break
        return incoming[self.server] == up, incoming[self.client] == down, trouble

    def close(self):
        # without a trace: the ports of thousands of connections would wait in TIME_WAIT
        for sock in self.client, self.server:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            sock.close()


def tcp(client_ns, server_ns, to, at, up, down, **options):
    """One connection; what is wrong with it, or nothing."""
    try:
        connection = Tcp(client_ns, server_ns, to, at, **options)
    except OSError as error:
        return f"TCP does not connect: {error}"
    up_right, down_right, trouble = connection.exchange(up, down)
    connection.close()
    if up_right and down_right:
        return ""
    return f"TCP: up {up_right}, down {down_right} {trouble}"


def udp(client_ns, server_ns, to, at, sizes, segments):
    """Datagrams of these sizes both ways, one by one, and a train of segments (how many, how big).

    A train of none is left out: a socket cannot send one through IPsec.
    """
    server = make_socket(server_ns, at, socket.SOCK_DGRAM)
    client = make_socket(client_ns, to, socket.SOCK_DGRAM)
    wrong = []
    try:
        server.bind((at, 7))
        client.connect((to, 7))
        client.send(b"first")
        _, peer = server.recvfrom(100)
        server.connect(peer)
        for name, sender, receiver in ("up", client, server), ("down", server, client):
            for size in sizes:
                data = os.urandom(size)
                sender.send(data)
                if receiver.recv(1 << 16) != data:
                    wrong.append(f"UDP {name}: {size} bytes")
            count, size = segments
            if not count:
                continue
            data = os.urandom(count * size - 1)
            sender.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, size)
            sender.send(data)
            sender.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, 0)
            got = [receiver.recv(1 << 16) for _ in range(count)]
            if b"".join(got) != data:
                wrong.append(f"UDP {name}: segments of {size}: {[len(part) for part in got]}")
    except OSError as error:
        wrong.append(f"UDP: {error}")
    server.close()
    client.close()
    return "; ".join(wrong)


def counted_errors(*spaces):
    """What the stacks of namespaces count of wrong checksums, failed reassembly, broken frames."""
    found = []
    for ns in spaces:
        with namespace(ns):
            for line in run("nstat", "-asz").splitlines():
                name, *rest = line.split()
                if ("Csum" in name or "ReasmFails" in name) and rest[0] != "0":
                    found.append(f"{ns} {name} {rest[0]}")
            for dev in json.loads(run("ip", "-s", "-j", "link")):
                for way in "rx", "tx":
                    if errors := dev["stats64"][way]["errors"]:
                        found.append(f"{ns} {dev['ifname']} {way} errors {errors}")
    return found

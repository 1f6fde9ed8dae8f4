# SPDX-License-Identifier: GPL-2.0
"""many-connections.py NUMBER: so many TCP connections through one address at once, of real stacks."""

import multiprocessing
import resource
import select
import signal
import socket
import sys

from stacks import LIMIT, namespace, ok

CONNECTIONS = int(sys.argv[1])
FIRST, PORT = 1200, 9  # ports of the client, and of the server
SERVER, TARGET = "198.51.100.10", "2001:db8:64::198.51.100.10"
AT_ONCE = 500


def many():
    resource.setrlimit(resource.RLIMIT_NOFILE, (CONNECTIONS + 1000, CONNECTIONS + 1000))


def serve(ready, results):
    """Echoes two bytes of each connection, and tells who had them: (bytes, (address, port))."""
    many()
    with namespace("server4"):
        listener = socket.create_server((SERVER, PORT), backlog=4096)
    ready.set()
    poll, socks, seen = select.epoll(), {}, []
    poll.register(listener, select.EPOLLIN)
    while len(seen) < CONNECTIONS:
        for fd, _ in poll.poll():
            if fd == listener.fileno():
                sock, peer = listener.accept()
                socks[sock.fileno()] = sock, peer
                poll.register(sock, select.EPOLLIN)
                continue
            sock, peer = socks[fd]
            data = sock.recv(2)
            sock.send(data)
            poll.unregister(fd)
            seen.append((data, peer))
    results.put(seen)
    # they stay open until we are killed
    signal.pause()


def connect():
    """Opens them; those that got back what they had sent."""
    many()
    poll, flights, socks, good = select.epoll(), {}, [], []
    ports = iter(range(FIRST, FIRST + CONNECTIONS))
    with namespace("client6"):
        while True:
            while len(flights) < AT_ONCE and (port := next(ports, None)):
                sock = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
                sock.bind(("::", port))
                sock.setblocking(False)
                sock.connect_ex((TARGET, PORT))
                flights[sock.fileno()] = sock, port
                poll.register(sock, select.EPOLLOUT)
            if not flights:
                return good, socks
            events = poll.poll(LIMIT)
            if not events:
                return good, socks
            for fd, event in events:
                sock, port = flights[fd]
                try:
                    if event & select.EPOLLOUT and not event & select.EPOLLERR:
                        sock.send(port.to_bytes(2, "big"))
                        poll.modify(fd, select.EPOLLIN)
                        continue
                    if sock.recv(2) == port.to_bytes(2, "big"):
                        good.append(port)
                except OSError as why:
                    print("#", port, why)
                poll.unregister(fd)
                del flights[fd]
                socks.append(sock)


ready, results = multiprocessing.Event(), multiprocessing.Queue()
server = multiprocessing.Process(target=serve, args=(ready, results), daemon=True)
server.start()
ready.wait()
good, socks = connect()
ok(f"{CONNECTIONS} connections at once through one address", len(good) == CONNECTIONS, len(good))
seen = results.get(timeout=LIMIT)
ok("… each from a port of its own", len({peer for _, peer in seen}) == CONNECTIONS,
   len({peer for _, peer in seen}))
ok("… all of the one address", len({peer[0] for _, peer in seen}) == 1)
ok("… to the client that it is", sorted(data for data, _ in seen)
   == [port.to_bytes(2, "big") for port in range(FIRST, FIRST + CONNECTIONS)])
server.kill()

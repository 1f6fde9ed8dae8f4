#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Both ends of connections through faithd.

usage: faithd_peer.py serve            servers, one for each role
       faithd_peer.py ROLE ADDRESS     a client; prints 'ok TEXT' and 'not ok TEXT'
       faithd_peer.py refused|udp ADDRESS PORT     how an attempt ends
       faithd_peer.py given PROGRAM... run it with a listening socket, as systemd does
"""

import errno
import fcntl
import os
import pathlib
import resource
import select
import socket
import struct
import sys
import threading
import time

DIR = pathlib.Path("/tmp/faithd")
HALF, URGENT, RESETS, IS_RESET, SOURCE, ECHO, URGENT_BACK, HALF_BACK, REJECTS, LEFT, READY = range(7001, 7012)
MARK = 0x8905  # SIOCATMARK
UNSENT = 0x5411  # SIOCOUTQ
FTP = 21
SIZE = 40_000_000
ANSWER = b"413 too much\r\n" + b"x" * 60_000 + b"\r\n"
TRIES = 60


def check(text, passed, detail=""):
    print(f"{'ok' if passed else 'not ok'} {text}" + (f" ({detail})" if not passed else ""))


def reset(conn):
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    conn.close()


def read_all(conn):
    data = bytearray()
    while chunk := conn.recv(65536):
        data += chunk
    return bytes(data)


def read_marked(conn):
    """All bytes, and the places of those that were urgent."""
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_OOBINLINE, 1)
    data, marks = b"", []
    while True:
        select.select([conn], [], [])
        if struct.unpack("i", fcntl.ioctl(conn, MARK, bytes(4)))[0] and len(data) not in marks:
            marks.append(len(data))
        chunk = conn.recv(1)
        if not chunk:
            # A mark at the end is left behind by the last urgent byte.
            return data, [mark for mark in marks if mark < len(data)]
        data += chunk


def wait_for(what):
    for _ in range(600):
        if result := what():
            return result
        time.sleep(0.1)
    return None


def note(name, text):
    (DIR / "note").write_text(text)
    (DIR / "note").rename(DIR / name)


def noted(name):
    path = DIR / name
    return wait_for(lambda: path.read_text() if path.exists() else None)


# What servers do with a connection.


def half(conn):
    count = len(read_all(conn))
    conn.sendall(f"{count} ".encode() + b"y" * 1_000_000)


def urgent(conn):
    conn.sendall(repr(read_marked(conn)).encode())


def resets(conn):
    conn.recv(1)
    reset(conn)


def is_reset(conn):
    conn.sendall(conn.recv(1))
    try:
        note("is_reset", repr(conn.recv(1)))
    except ConnectionResetError:
        note("is_reset", "reset")


def source(conn):
    sent = 0
    block = bytes(100_000)
    while sent < SIZE:
        sent += conn.send(block[:SIZE - sent])
        note("source", str(sent))


def urgent_back(conn):
    conn.sendall(b"12")
    conn.send(b"3", socket.MSG_OOB)
    conn.sendall(b"45")


def half_back(conn):
    conn.sendall(b"hello")
    conn.shutdown(socket.SHUT_WR)
    note("half_back", str(len(read_all(conn))))


def mute(conn):
    """A server of FTP that greets, and no more; STAT is too much for it."""
    conn.sendall(b"220 hello\r\n")
    if conn.recv(4) == b"STAT":
        conn.sendall(b"421 that was too much\r\n")
    else:
        time.sleep(1000)


def send_and_reject(conn, data):
    """Send all of it before a close, which is RST where input is unread and takes back the unsent."""
    conn.sendall(data)
    while struct.unpack("i", fcntl.ioctl(conn, UNSENT, bytes(4)))[0]:
        time.sleep(0.001)


def rejects(conn):
    conn.recv(1)
    send_and_reject(conn, ANSWER)


def left(conn):
    """Count what comes from a client that leaves without reading."""
    conn.sendall(b"hello")
    count = 0
    try:
        while data := conn.recv(65536):
            count += len(data)
            time.sleep(0.01)
        end = "closed"
    except ConnectionResetError:
        end = "reset"
    note("left", f"{count} {end}")


def echo(conn):
    while data := conn.recv(65536):
        conn.sendall(data)


def listener(port):
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("", port))
    sock.listen(4096)
    return sock


def accept(sock, role):
    def run(conn):
        with conn:
            try:
                role(conn)
            except OSError:
                pass  # the client's end tells
    while True:
        conn, _ = sock.accept()
        threading.Thread(target=run, args=(conn,), daemon=True).start()


def serve():
    roles = {HALF: half, URGENT: urgent, RESETS: resets, IS_RESET: is_reset, SOURCE: source,
             ECHO: echo, URGENT_BACK: urgent_back, HALF_BACK: half_back, REJECTS: rejects, LEFT: left,
             FTP: mute, READY: echo}
    for port, role in roles.items():
        threading.Thread(target=accept, args=(listener(port), role)).start()


# What clients do.


def connect(address, port):
    return socket.create_connection((address, port), timeout=120)


def client_half(address):
    with connect(address, HALF) as conn:
        conn.sendall(b"x" * 300_000)
        conn.shutdown(socket.SHUT_WR)
        answer = read_all(conn)
    check("after the client's end all that the server says arrives",
          answer == b"300000 " + b"y" * 1_000_000, f"{len(answer)} bytes")
    (DIR / "half_back").unlink(missing_ok=True)
    with connect(address, HALF_BACK) as conn:
        check("the server's end arrives", read_all(conn) == b"hello")
        conn.sendall(b"x" * 300_000)
    check("… and after it all that the client says", noted("half_back") == "300000")


def client_urgent(address):
    for text, after in ("an urgent byte stays in its place, and urgent", b"de"), ("… at the end, too", b""):
        with connect(address, URGENT) as conn:
            conn.sendall(b"ab")
            conn.send(b"c", socket.MSG_OOB)
            conn.sendall(after)
            conn.shutdown(socket.SHUT_WR)
            answer = read_all(conn).decode()
        check(text, answer == repr((b"abc" + after, [2])), answer)
    with connect(address, URGENT) as conn:
        for byte in b"pqr":
            conn.sendall(b"." * 10_000)
            conn.send(bytes([byte]), socket.MSG_OOB)
            time.sleep(0.5)
        conn.shutdown(socket.SHUT_WR)
        answer = read_all(conn).decode()
    expected = b"." * 10_000 + b"p" + b"." * 10_000 + b"q" + b"." * 10_000 + b"r"
    check("three urgent bytes among many others, none lost",
          answer.startswith(f"({expected!r}, [") and answer.endswith("30002])"), answer[-40:])
    with connect(address, URGENT_BACK) as conn:
        answer = read_marked(conn)
    check("an urgent byte of the server", answer == (b"12345", [2]), answer)


def client_reset(address):
    with connect(address, RESETS) as conn:
        conn.sendall(b"x")
        try:
            check("the server's RST arrives as RST", False, repr(conn.recv(1)))
        except ConnectionResetError:
            check("the server's RST arrives as RST", True)
    (DIR / "is_reset").unlink(missing_ok=True)
    conn = connect(address, IS_RESET)
    conn.sendall(b"x")
    conn.recv(1)
    reset(conn)
    check("the client's RST arrives as RST", noted("is_reset") == "reset", noted("is_reset"))


def read_to_reset(conn):
    """All bytes before an RST; None if there is none."""
    data = bytearray()
    try:
        while chunk := conn.recv(4096):
            data += chunk
    except ConnectionResetError:
        return bytes(data)
    return None


def client_rejected(address):
    right = 0
    for _ in range(TRIES):
        with connect(address, REJECTS) as conn:
            try:
                conn.sendall(b"x" * 50_000)
            except ConnectionError:
                pass
            right += read_to_reset(conn) == ANSWER
    check("an answer with RST right behind it arrives, and then RST", right == TRIES,
          f"{right} of {TRIES}")
    with socket.socket(socket.AF_INET6) as conn:
        conn.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        conn.connect((address, REJECTS))
        conn.sendall(b"x" * 10)
        time.sleep(1)
        check("… where the client is slow", read_to_reset(conn) == ANSWER)
    right = 0
    for _ in range(TRIES):
        with connect(address, FTP) as conn:
            conn.recv(100)
            conn.sendall(b"STAT\r\n" * 20)
            right += read_to_reset(conn) == b"421 that was too much\r\n"
    check("… on FTP's control connection, too", right == TRIES, f"{right} of {TRIES}")


def client_leaves(address):
    right = 0
    for _ in range(TRIES):
        (DIR / "left").unlink(missing_ok=True)
        with connect(address, LEFT) as conn:
            select.select([conn], [], [])
            send_and_reject(conn, b"x" * 100_000)
        right += noted("left") == "100000 reset"
    check("what a client says before its RST arrives, and then RST", right == TRIES,
          f"{right} of {TRIES}")


def client_idle(address):
    with connect(address, ECHO) as conn:
        conn.sendall(b"x")
        check("an idle connection is there at first", conn.recv(1) == b"x")
        try:
            check("… and is reset", False, repr(conn.recv(1)))
        except ConnectionResetError:
            check("… and is reset", True)


def refused(address, port):
    """How a connection that is not relayed ends."""
    try:
        with connect(address, int(port)) as conn:
            return "accepted" if conn.recv(1) else "closed"
    except ConnectionError:
        return "reset"
    except OSError as error:
        return errno.errorcode.get(error.errno, str(error))


def udp(address, port):
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
        sock.settimeout(60)
        sock.connect((address, int(port)))
        sock.send(b"x")
        try:
            return sock.recv(1)
        except ConnectionRefusedError:
            return "refused"


def rss(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1])


def client_slow(address, pid):
    (DIR / "source").unlink(missing_ok=True)
    before = rss(pid)
    with connect(address, SOURCE) as conn:
        def stalled():
            sent = noted("source")
            time.sleep(3)
            return noted("source") == sent and int(sent)
        sent = wait_for(stalled)
        check("a server whose client does not read has to wait", sent and sent < SIZE, sent)
        grown = rss(pid) - before
        check("… and faithd does not grow", grown < 1000, f"{grown} kB")
        check("… and all arrives in the end", len(read_all(conn)) == SIZE)


def client_commands(address, pid):
    before, sent = rss(pid), 0
    block = b"PASV\r\n" * 10_000
    with connect(address, FTP) as conn:
        conn.recv(100)
        conn.sendall(b"NOOP\r\n")
        conn.settimeout(5)
        try:
            while sent < SIZE:
                sent += conn.send(block)
        except TimeoutError:
            pass
        grown = rss(pid) - before
        # gone at once, with all that is still on its way
        reset(conn)
        check("an FTP client with commands but no answers has to wait", sent < SIZE, sent)
        check("… and faithd does not grow", grown < 1000, f"{grown} kB")


def files(count):
    resource.setrlimit(resource.RLIMIT_NOFILE, (count, count))


def serve_many(port):
    """An echo server for very many connections."""
    files(20_000)
    sock = listener(int(port))
    poll = select.epoll()
    poll.register(sock, select.EPOLLIN)
    conns = {}
    while True:
        for number, _ in poll.poll():
            if number == sock.fileno():
                conn, _ = sock.accept()
                conns[conn.fileno()] = conn
                poll.register(conn, select.EPOLLIN)
                continue
            try:
                data = conns[number].recv(4096)
            except ConnectionError:
                data = b""
            if data:
                conns[number].sendall(data)
            else:
                poll.unregister(number)
                conns.pop(number).close()


def client_many(address, port, count):
    count = int(count)
    files(count + 100)
    conns = []
    for _ in range(count):
        conn = socket.socket(socket.AF_INET6)
        conn.setblocking(False)
        conn.connect_ex((address, int(port)))
        conns.append(conn)
    for turn in "first", "second":
        poll = select.epoll()
        for conn in conns:
            poll.register(conn, select.EPOLLOUT)
        numbers = {conn.fileno(): (number, conn) for number, conn in enumerate(conns)}
        done = lost = 0
        while done + lost < count:
            events = poll.poll(120)
            if not events:
                break
            for fileno, event in events:
                number, conn = numbers[fileno]
                word = f"{turn} {number}".encode()
                try:
                    if event & select.EPOLLIN:
                        if conn.recv(100) == word:
                            done += 1
                        else:
                            lost += 1
                        poll.unregister(conn)
                    elif event & select.EPOLLOUT:
                        conn.send(word)
                        poll.modify(conn, select.EPOLLIN)
                    else:
                        raise ConnectionError
                except ConnectionError:
                    lost += 1
                    poll.unregister(conn)
        check(f"{count} connections at the same time, {turn} answers", done == count,
              f"{done} right, {lost} lost")
    print("open", flush=True)
    sys.stdin.read()


def given(*command):
    sock = socket.socket(socket.AF_INET6)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("::", ECHO))
    sock.listen()
    number = os.dup(sock.fileno())
    os.dup2(number, 3)
    os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
    os.execvp(command[0], command)


if __name__ == "__main__":
    DIR.mkdir(exist_ok=True)
    role, arguments = sys.argv[1], sys.argv[2:]
    if role in ("refused", "udp"):
        print(globals()[role](*arguments))
    elif role in ("serve", "serve_many", "given"):
        globals()[role](*arguments)
    else:
        globals()[f"client_{role}"](*arguments)

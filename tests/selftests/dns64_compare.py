# SPDX-License-Identifier: GPL-2.0
"""Ask totd and its peers the same, and compare RCODE and answer section."""

import socket
import struct

TOTD_CNAME, TOTD_TRANSLATE, BIND, UNBOUND = 5302, 5303, 5304, 5305
TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28,
         "SRV": 33, "DNAME": 39, "HTTPS": 65, "TYPE65280": 65280}
RRSIG, OPT = 46, 41
RCODES = {0: "NOERROR", 2: "SERVFAIL", 3: "NXDOMAIN"}

HOSTS = """www www-v4 short two dual six mapped mixed private alias alias6 to-dual nowhere to-nothing
    out c0 c4 x.wild x.wild6 www.old six.old nothing mx txt https deep.empty empty no no.no
    many""".split()
QUERIES = [f"{host}.example4.test {kind}" for host in HOSTS for kind in ("AAAA", "A")]
QUERIES += [f"{host}.signed.test AAAA" for host in ("www", "dual", "alias", "nothing", "no")]
QUERIES += [f"{host}.signed.test AAAA +do" for host in ("www", "dual", "nothing", "no")]
QUERIES += [f"{host}.signed.test AAAA +cd +do" for host in ("www", "dual", "nothing", "no")]
QUERIES += [
    "www.bogus.test AAAA",
    "www.bogus.test A",
    "mx.example4.test MX",
    "_http._tcp.example4.test SRV",
    "txt.example4.test TXT",
    "https.example4.test HTTPS",
    "unknown.example4.test TYPE65280",
    "example4.test NS",
    "example4.test SOA",
    "example4.test AAAA",
    "WWW.Example4.TEST AAAA",
    "www.example4.test AAAA +tcp",
    "many.example4.test AAAA +tcp",
    "2001:db8:64::c633:640a PTR",
    "2001:db8:64::c633:640b PTR",
    "2001:db8:64::c633:6463 PTR",
    "2001:db8:5::10 PTR",
    "2001:db8:5::11 PTR",
    "10.100.51.198.in-addr.arpa PTR",
]

# Where totd means to differ, and why.
NO_EXCLUSION = "unbound knows no AAAA records that do not count (RFC 6147 section 5.1.4)"
TWICE = "unbound repeats the alias"
NO_VALIDATION = "BIND asks with CD set, and its own validation is off"
MEANT = {
    (BIND, "www.bogus.test AAAA"): NO_VALIDATION,
    (BIND, "www.bogus.test A"): NO_VALIDATION,
    (BIND, "www.signed.test AAAA +do"): "BIND is strict: break-dnssec no, as totd's dnssec strict",
    (UNBOUND, "mapped.example4.test AAAA"): NO_EXCLUSION,
    (UNBOUND, "mixed.example4.test AAAA"): NO_EXCLUSION,
    (UNBOUND, "nowhere.example4.test AAAA"): TWICE,
    (UNBOUND, "to-nothing.example4.test AAAA"): TWICE,
    (UNBOUND, "www.bogus.test AAAA"): "unbound takes SERVFAIL to A for no data",
    (UNBOUND, "2001:db8:64::c633:640b PTR"): "unbound renames the PTR record, but not the alias to it",
}


def wire(name):
    if ":" in name:
        nibbles = reversed(socket.inet_pton(socket.AF_INET6, name).hex())
        name = ".".join(nibbles) + ".ip6.arpa"
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"


def question(query):
    name, kind, *flags = query.split()
    head = struct.pack(">HHHHHH", 1, 0x100 | 0x10 * ("+cd" in flags), 1, 0, 0, 1)
    edns = b"\0" + struct.pack(">HHIH", OPT, 4096, 0x8000 * ("+do" in flags), 0)
    return head + wire(name) + struct.pack(">HH", TYPES[kind], 1) + edns


def exchange(port, query):
    """The answer's bytes, over TCP where the query says so or UDP does not do."""
    message = question(query)
    if "+tcp" not in query:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.settimeout(60)
            udp.connect(("127.0.0.1", port))
            udp.send(message)
            answer = udp.recv(65535)
        if not answer[2] & 2:
            return answer
    with socket.create_connection(("127.0.0.1", port), timeout=60) as tcp:
        tcp.sendall(struct.pack(">H", len(message)) + message)
        stream = tcp.makefile("rb")
        return stream.read(struct.unpack(">H", stream.read(2))[0])


def read_name(message, at):
    """A name in small letters, and where what follows it begins."""
    labels, end = [], None
    while length := message[at]:
        if length >= 0xC0:
            end = end or at + 2
            at = struct.unpack_from(">H", message, at)[0] & 0x3FFF
        else:
            labels.append(message[at + 1 : at + 1 + length].decode().lower())
            at += 1 + length
    return ".".join(labels) + ".", end or at + 1


def read_data(message, kind, at, end):
    """A record's data, its names written out."""
    lead = {TYPES["MX"]: 2, TYPES["SRV"]: 6}.get(kind, 0)
    if kind not in [TYPES[one] for one in ("NS", "CNAME", "SOA", "PTR", "MX", "SRV", "DNAME")]:
        return message[at:end].hex()
    words = [message[at : at + lead].hex()] if lead else []
    at += lead
    while at < end and len(words) < 2:
        name, at = read_name(message, at)
        words.append(name)
    return " ".join(words + [message[at:end].hex()]).strip()


def outcome(port, query):
    """RCODE and answer section, without TTLs (peers have caches) and signatures."""
    try:
        answer = exchange(port, query)
    except OSError as problem:
        return str(problem), []
    count = struct.unpack_from(">H", answer, 6)[0]
    _, at = read_name(answer, 12)
    at, records = at + 4, []
    for _ in range(count):
        owner, at = read_name(answer, at)
        kind, _, _, length = struct.unpack_from(">HHIH", answer, at)
        at += 10
        if kind != RRSIG:
            records.append(f"{owner} {kind} {read_data(answer, kind, at, at + length)}")
        at += length
    rcode = answer[3] & 15
    return RCODES.get(rcode, str(rcode)), sorted(records)


def compare(name, ours, peer):
    same = 0
    for query in QUERIES:
        mine, other = outcome(ours, query), outcome(peer, query)
        reason = MEANT.get((peer, query))
        if mine == other and not reason:
            same += 1
        elif mine == other:
            print(f"not ok {name}: {query}: the same, but should not be: {reason}")
        elif reason:
            print(f"ok {name}: {query}: {reason}")
        else:
            print(f"not ok {name}: {query}")
            print(f"totd {mine}")
            print(f"{name} {other}")
    verdict = "ok" if same >= 60 else "not ok"
    print(f"{verdict} {name}: {same} of {len(QUERIES)} answers are the same")


compare("BIND", TOTD_CNAME, BIND)
compare("unbound", TOTD_TRANSLATE, UNBOUND)

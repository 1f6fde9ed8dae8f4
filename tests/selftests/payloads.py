# SPDX-License-Identifier: GPL-2.0
"""Protocols that have addresses and ports in what they say, for which others have an ALG."""

from wire import *

net = Network()
# what the host might announce, and what the translator might make of it
DATA = 5001
SDP6 = f"v=0\r\no=a 1 1 IN IP6 {A6}\r\nc=IN IP6 {A6}\r\nm=audio {DATA} RTP/AVP 0\r\n"
SDP4 = f"v=0\r\no=b 1 1 IN IP4 {S4}\r\nc=IN IP4 {POOL}\r\nm=audio {DATA} RTP/AVP 0\r\n"
INVITE = (f"INVITE sip:b@{S4} SIP/2.0\r\nVia: SIP/2.0/UDP [{A6}]:5060\r\nContact: <sip:a@[{A6}]>\r\n"
          f"Content-Type: application/sdp\r\nContent-Length: {len(SDP6)}\r\n\r\n{SDP6}")
RINGS = (f"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP [{A6}]:5060\r\nContact: <sip:b@{S4}>\r\n"
         f"Content-Type: application/sdp\r\nContent-Length: {len(SDP4)}\r\n\r\n{SDP4}")
# an answer that has A records: to a query for the pool's name, with the server's address
RECORD = b"\x12\x34\x81\x80\0\1\0\1\0\0\0\0\1a\4test\0\0\1\0\1\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4"
QUERY = b"\x12\x34\1\0\0\1\0\0\0\0\0\0\1a\4test\0\0\x1c\0\1"
PTR = b"\x12\x35\1\0\0\1\0\0\0\0\0\0\x0210\x03100\x0251\x03198\7in-addr\4arpa\0\0\x0c\0\1"

# protocol, port of the server, what the host says, what the server says
# req: D-091 D-139
TALKS = [
    (TCP, 21, f"EPRT |2|{A6}|{DATA}|\r\n", "200 EPRT command successful\r\n"),
    (TCP, 21, f"PORT 192,0,2,1,{DATA >> 8},{DATA & 255}\r\n", "200 PORT command successful\r\n"),
    (TCP, 21, "EPSV\r\n", f"229 Entering Extended Passive Mode (|||{DATA}|)\r\n"),
    (TCP, 21, "PASV\r\n", f"227 Entering Passive Mode (198,51,100,20,{DATA >> 8},{DATA & 255})\r\n"),
    (TCP, 554, f"SETUP rtsp://{S4}/a RTSP/1.0\r\nTransport: RTP/AVP;unicast;client_port={DATA}-{DATA + 1}"
               f";destination={A6}\r\n\r\n",
     f"RTSP/1.0 200 OK\r\nTransport: RTP/AVP;unicast;server_port={DATA};source={S4}\r\n\r\n"),
    (TCP, 5060, INVITE.replace("/UDP", "/TCP"), RINGS.replace("/UDP", "/TCP")),
    (TCP, 6667, f"PRIVMSG b :\1DCC SEND file 3221225985 {DATA}\1\r\n", "PONG\r\n"),
    (TCP, 1723, b"\0\x9c\0\1\x1a\x2b\x3c\x4d\0\7\0\0\0\1", b"\0\x20\0\1\x1a\x2b\x3c\x4d\0\x08\0\0\0\1"),
    (TCP, 53, b"\0\x18" + QUERY, b"\0\x26" + RECORD + bytes([198, 51, 100, 20])),
    (UDP, 5060, INVITE, RINGS),
    (UDP, 53, QUERY, RECORD + bytes([198, 51, 100, 20])),
    (UDP, 53, PTR, RECORD + bytes([192, 0, 2, 1])),
    (UDP, 69, b"\0\1file\0octet\0", b"\0\3\0\1data"),
    (UDP, 137, b"\x12\x34\x29\x10\0\1\0\0\0\0\0\1" + bytes(34) + bytes([192, 0, 2, 1]),
     b"\x12\x34\xad\x80\0\0\0\1\0\0\0\0" + bytes(34) + bytes([192, 0, 2, 1])),
    (UDP, 161, b"\x30\x29\2\1\1\4\6public\xa2\x1c\x40\4" + bytes([192, 0, 2, 1]),
     b"\x30\x29\2\1\1\4\6public\xa2\x1c\x40\4" + bytes([198, 51, 100, 20])),
]


def same(packets, data):
    """Whether this is what has come, to the last byte, in one packet with good sums."""
    return (len(packets) == 1 and sums_right(packets[0])
            and bytes(packets[0].payload.payload) == data)


def mappings():
    return json.loads(config("-j", "show", "mapping"))["mappings"]


for number, (kind, port, *said) in enumerate(TALKS):
    asks, answers = (it if isinstance(it, bytes) else it.encode() for it in said)
    sport = 40000 + 2 * number
    more6, more4 = ({"seq": 1001, "ack": 2001, "flags": "PA"}, {"seq": 2001, "ack": 1001, "flags": "PA"})
    if kind is TCP:
        mine = net.open(IPv6(src=A6, dst=S46) / TCP(sport=sport, dport=port, flags="S", seq=1000))[TCP].sport
        net.from_server(IP(src=S4, dst=POOL) / TCP(sport=port, dport=mine, flags="SA", seq=2000, ack=1001))
    else:
        mine = net.open(IPv6(src=A6, dst=S46) / UDP(sport=sport, dport=port) / b"-")[UDP].sport
        more6 = more4 = {}
    before = mappings()
    out, _ = net.from_client(IPv6(src=A6, dst=S46) / kind(sport=sport, dport=port, **more6) / asks)
    into, _ = net.from_server(IP(src=S4, dst=POOL) / kind(sport=port, dport=mine, **more4) / answers)
    name = f"{kind.__name__} {port}: {asks[:12]!r}"
    ok(f"{name} passes as it is", same(out, asks), show(out))
    ok("... what is answered, too", same(into, answers), show(into))
    if kind is TCP:
        ok("... with its numbers", (out[0].seq, out[0].ack, into[0].seq, into[0].ack)
           == (1001, 2001, 2001, 1001), show(out + into))
    late, _ = net.from_server(IP(src=S4, dst=POOL) / UDP(sport=20, dport=DATA) / b"x",
                              IP(src=S4, dst=POOL) / TCP(sport=20, dport=DATA, flags="S"))
    ok("... and opens nothing", not late and mappings() == before, show(late))

"""Prints every message that comes over a WebSocket, one a line, by a socket and RFC 6455 alone.

Sends what few clients send: a subscription in fragments of one byte, with a ping between any two.
"""

import os
import socket
import struct
import sys
from urllib.parse import urlsplit

SUBSCRIBE = b'{"subscribe": {"rules": ["."]}}'  # whatever has a name
TEXT, CONTINUATION, PING, PONG, CLOSE = 0x1, 0x0, 0x9, 0xA, 0x8
FINAL = 0x80


def masked(first: int, payload: bytes) -> bytes:
    key = os.urandom(4)
    return bytes((first, 0x80 | len(payload))) + key + bytes(b ^ key[i % 4] for i, b in enumerate(payload))


def in_fragments(message: bytes) -> bytes:
    out = bytearray()
    for at in range(len(message)):
        first = (CONTINUATION if at else TEXT) | (FINAL if at == len(message) - 1 else 0)
        out += masked(first, message[at : at + 1]) + masked(FINAL | PING, b"%d" % at)
    return bytes(out)


def main(url: str) -> None:
    where = urlsplit(url)
    there = socket.create_connection((where.hostname, where.port))
    there.sendall(
        f"GET {where.path or '/'}{'?' + where.query if where.query else ''} HTTP/1.1\r\nHost: {where.netloc}\r\n"
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
    )
    reader = there.makefile("rb")
    assert b" 101 " in reader.readline()
    while reader.readline() != b"\r\n":
        pass
    there.sendall(in_fragments(SUBSCRIBE))
    pongs = 0
    while True:
        first, second = reader.read(2)
        assert second < 0x80, "a server's frames are not masked"
        size = second
        if second >= 126:
            size = struct.unpack(">H", reader.read(2))[0] if second == 126 else struct.unpack(">Q", reader.read(8))[0]
        payload = reader.read(size)
        if first == FINAL | TEXT:
            sys.stdout.write(payload.decode() + "\n")
            sys.stdout.flush()
        elif first == FINAL | PONG:
            assert payload == b"%d" % pongs, (payload, pongs)
            pongs += 1
        elif first == FINAL | PING:
            there.sendall(masked(FINAL | PONG, payload))
        else:
            assert first == FINAL | CLOSE, first
            there.sendall(masked(FINAL | CLOSE, payload[:2]))
            return


main(sys.argv[1])

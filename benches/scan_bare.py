"""The least that a scan costs in Python: connects, says a hello, reads a flight, cuts off. No limits, times or names.

python benches/scan_bare.py PORT COUNT       # prints microseconds of CPU a target, and targets a second
"""

from __future__ import annotations

import errno
import select
import socket
import struct
import sys
import time
from ipaddress import IPv4Address

from certhia._core import Flight, Hello

AT_ONCE = 512
LINGER = struct.pack("ii", 1, 0)


def main(port: int, count: int) -> tuple[float, float]:
    """Microseconds of CPU a target, certificates read, and targets a second."""
    hello = Hello().make(None, bytes(64))
    addresses = [str(IPv4Address("127.8.0.0") + number) for number in range(count)]
    epoll = select.epoll()
    open_now: dict[int, tuple[socket.socket, Flight]] = {}
    read = 0
    begun, wall = time.process_time(), time.monotonic()
    while read < count:
        while addresses and len(open_now) < AT_ONCE:
            made = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
            made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER)
            if made.connect_ex((addresses.pop(), port)) not in (0, errno.EINPROGRESS):
                raise SystemExit("a connection was refused")
            epoll.register(made.fileno(), select.EPOLLIN | select.EPOLLOUT | select.EPOLLET)
            open_now[made.fileno()] = made, Flight()
        for fd, mask in epoll.poll():
            made, flight = open_now[fd]
            if not mask & select.EPOLLIN:
                made.send(hello)
            elif flight.feed(made.recv(16_384)) != "more":
                read += bool(flight.certificates)
                del open_now[fd]
                made.close()
    return (time.process_time() - begun) / count * 1e6, count / (time.monotonic() - wall)


if __name__ == "__main__":
    print(*main(int(sys.argv[1]), int(sys.argv[2])))

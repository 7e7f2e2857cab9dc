"""Opening connections without waiting, and what the system's refusals mean."""

from __future__ import annotations

import errno
import os
import socket
import struct
from typing import Final

from certhia.scanner.failures import ScanFailure

# The C socket under `socket.socket`: nothing of what that adds is used, and it is made in half the time.
Socket = socket.SocketType
_NONBLOCK: Final = getattr(socket, "SOCK_NONBLOCK", 0)
_STREAM: Final = socket.SOCK_STREAM | _NONBLOCK
_IPV4: Final = int(socket.AF_INET)  # as plain numbers: an enumeration's cost a call each time
_IPV6: Final = int(socket.AF_INET6)
_SOCKET: Final = int(socket.SOL_SOCKET)
_LINGER: Final = int(socket.SO_LINGER)
_UNDER_WAY: Final = errno.EINPROGRESS
_CUT: Final = struct.pack("ii", 1, 0)

# There is no descriptor, no memory or no local port left: it may be had later.
SCARCE: Final = frozenset((errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL, errno.EAGAIN))
_CLASSES: Final = {
    errno.ECONNREFUSED: "refused",
    errno.ECONNRESET: "reset",
    errno.ECONNABORTED: "reset",
    errno.EPIPE: "reset",
    errno.ENOTCONN: "reset",
    errno.ETIMEDOUT: "timeout",
    errno.EHOSTUNREACH: "unreachable",
    errno.ENETUNREACH: "unreachable",
    errno.EHOSTDOWN: "unreachable",
    errno.ENETDOWN: "unreachable",
    errno.EAFNOSUPPORT: "unreachable",
    errno.ENOPROTOOPT: "unreachable",  # what an ICMP "protocol unreachable" becomes
    errno.EINVAL: "unreachable",  # addresses that can be nobody's, 240.0.0.0/4
    errno.EMFILE: "files",
    errno.ENFILE: "files",
}


class Scarce(Exception):
    """The machine has nothing left to open a connection with; `.number` is the errno."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def connection(address: str, port: int) -> tuple[Socket, bool]:
    """A socket on its way to a numeric address, and whether it is open already (loopback is).

    Raises:
        Scarce: it may be had later.
        ScanFailure: it can't be had.
    """
    try:
        made = Socket(_IPV6 if ":" in address else _IPV4, _STREAM)
    except OSError as error:
        if error.errno in SCARCE:
            raise Scarce(error.errno or 0) from None
        raise failed(error.errno, "connect") from None
    if not _NONBLOCK:
        made.setblocking(False)
    try:
        number = made.connect_ex((address, port))
    except (OSError, OverflowError, UnicodeError) as error:
        made.close()
        raise ScanFailure("local", "connect", f"{address} port {port}: {error}") from None
    if number == _UNDER_WAY:
        return made, False
    if number == 0:
        return made, True
    made.close()
    if number in SCARCE:
        raise Scarce(number)
    raise failed(number, "connect")


def failed(number: int | None, step: str) -> ScanFailure:
    """What an errno means for a target."""
    kind = _CLASSES.get(number or 0, "local")
    return ScanFailure(kind, step, os.strerror(number or 0) if kind == "local" else "")


def cut(connected: Socket) -> None:
    """Closes with a reset, so that no port of ours stays behind in TIME_WAIT (RFC 9293 section 3.6.1)."""
    try:
        connected.setsockopt(_SOCKET, _LINGER, _CUT)
    except OSError:  # macOS: EINVAL once the peer has gone; there is nothing to stay behind then
        connected.close()
        return
    connected.close()

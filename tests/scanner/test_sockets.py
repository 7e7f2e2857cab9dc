from __future__ import annotations

import errno
import socket
import threading

import pytest
from tests.scanner.driving import serving, until_cut

from certhia.scanner.failures import ScanFailure
from certhia.scanner.sockets import SCARCE, connection, cut, failed


def test_connects_without_waiting_and_cuts_by_reset() -> None:
    said: list[object] = []
    heard = threading.Event()

    def handle(peer: socket.socket) -> None:
        try:
            said.append(peer.recv(1))
        except ConnectionResetError as error:
            said.append(error.errno)
        heard.set()

    with serving(handle) as port:
        made, _ = connection("127.0.0.1", port)
        assert made.gettimeout() == 0
        cut(made)
        heard.wait(5)
    assert said == [errno.ECONNRESET]


def test_both_families() -> None:
    if not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    try:
        with serving(until_cut, "::1") as port:
            made, _ = connection("::1", port)
            assert made.family == socket.AF_INET6
            made.close()
    except OSError:
        pytest.skip("no IPv6 loopback here")


@pytest.mark.parametrize("address, port", [("no address", 443), ("127.0.0.1", 70000)])
def test_what_is_no_address(address: str, port: int) -> None:
    with pytest.raises(ScanFailure) as caught:
        connection(address, port)
    assert caught.value.kind == "local"


@pytest.mark.parametrize(
    "number, kind",
    [
        (errno.ECONNREFUSED, "refused"),
        (errno.EHOSTUNREACH, "unreachable"),
        (errno.ETIMEDOUT, "timeout"),
        (errno.ECONNRESET, "reset"),
        (errno.EMFILE, "files"),
        (errno.EACCES, "local"),
        (None, "local"),
    ],
)
def test_what_refusals_mean(number: int | None, kind: str) -> None:
    assert failed(number, "hello").kind == kind


def test_what_may_be_had_later() -> None:
    assert {errno.EMFILE, errno.ENOBUFS, errno.EADDRNOTAVAIL} <= SCARCE

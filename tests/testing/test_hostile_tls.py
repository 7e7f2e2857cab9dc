"""The hostile server itself, by plain sockets."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from certhia.testing import cues
from certhia.testing.hostile_tls import Act, Hear, HostileTls, Pause, Say


def connected(server: HostileTls, address: str = "127.0.0.1") -> socket.socket:
    return socket.create_connection((address, server.port), 10)


def all_of(peer: socket.socket) -> bytes:
    said = bytearray()
    while data := peer.recv(65_536):
        said += data
    return bytes(said)


def test_acts_are_done_in_their_order() -> None:
    def script() -> Iterator[Act]:
        yield Say(b"first ")
        yield Hear()
        yield Pause(0.001)
        yield Say(b"then")

    with HostileTls(script) as server, connected(server) as peer:
        assert peer.recv(100) == b"first "
        peer.sendall(b"go on")
        assert all_of(peer) == b"then"
    assert (server.visits, server.most) == (1, 1)


def test_each_address_has_its_own_cue() -> None:
    with HostileTls(cues.replay(b"anybody", first=True)) as server:
        server.at["127.0.0.2"] = cues.replay(b"me", first=True)
        with connected(server) as one, connected(server, "127.0.0.2") as other:
            assert (all_of(one), all_of(other)) == (b"anybody", b"me")


def test_one_that_talks_without_end_stops_no_other() -> None:
    with HostileTls(cues.replay(b"others", first=True)) as server:
        server.at["127.0.0.2"] = cues.endless("warnings")
        with connected(server, "127.0.0.2") as endless:
            endless.sendall(b"hello")
            reading = threading.Thread(target=lambda: [endless.recv(65_536) for _ in range(100)])
            reading.start()
            for _ in range(20):
                with connected(server) as peer:
                    assert all_of(peer) == b"others"
            reading.join(20)
            assert not reading.is_alive()


def test_what_the_peer_takes_slowly_is_said_whole() -> None:
    said = bytes(range(256)) * 20_000
    with HostileTls(cues.replay(said, first=True)) as server, connected(server) as peer:
        assert all_of(peer) == said


def test_a_hundred_at_once() -> None:
    with HostileTls(cues.replay(b"x", first=True, stays=True)) as server:
        held = [connected(server, f"127.0.1.{number}") for number in range(1, 101)]
        assert [one.recv(1) for one in held] == [b"x"] * 100
        assert (server.visits, server.most) == (100, 100)
        for one in held:
            one.close()


def test_its_end_cuts_all_off() -> None:
    server = HostileTls(cues.silent)
    with server, connected(server) as peer:
        server.close()
        with pytest.raises(ConnectionResetError):
            peer.recv(1)
    with pytest.raises(ConnectionRefusedError):
        connected(server)

"""Ways to misbehave, for `certhia.testing.hostile_tls`: each makes the script of one connection."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import repeat
from typing import Final

from certhia.testing import flights
from certhia.testing.authority import Authority
from certhia.testing.flights import HANDSHAKE, HELLO_DONE, HELLO_REQUEST, WARNING, message, record, records
from certhia.testing.hostile_tls import Act, Cue, Hear, Pause, Reset, Say

STEPS: Final = ("connect", "hello", "server-hello", "certificate", "done")
HTTP: Final = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
SSH: Final = b"SSH-2.0-OpenSSH_9.6\r\n"
_NO_RENEGOTIATION: Final = 100


def good(names: tuple[str, ...] = ("www.example.com",)) -> Cue:
    """A server that behaves, as far as it is asked for its certificate."""
    return replay(_flight(names))


def replay(stream: bytes, *, first: bool = False, piece: int = 0, stays: bool = False) -> Cue:
    """What was recorded. `first`: without waiting for the peer; `piece`: in so many bytes at once; `stays`: it does not
    close at the end."""

    def script() -> Iterator[Act]:
        if not first:
            yield Hear()
        if piece:
            yield from (Say(stream[at : at + piece]) for at in range(0, len(stream), piece))
        else:
            yield Say(stream)
        while stays:
            yield Hear()

    return script


def silent() -> Iterator[Act]:
    """Accepts, and says nothing."""
    while True:
        yield Hear()


def drip(every: float = 10.0, stream: bytes = b"") -> Cue:
    """A byte every so many seconds, of a good flight."""
    said = stream or _flight(("www.example.com",))

    def script() -> Iterator[Act]:
        yield Hear()
        for at in range(len(said)):
            yield Say(said[at : at + 1])
            yield Pause(every)

    return script


def endless(kind: str = "requests") -> Cue:
    """Records without end, as fast as they are taken: "requests" (HelloRequest), "empty" (records of handshake without
    a byte), "warnings" (alerts that end nothing), "message" (one message of 16 MB, again and again)."""
    said = {
        "requests": records(message(HELLO_REQUEST) * 4096),
        "empty": record(HANDSHAKE, b"") * 4096,
        "warnings": flights.alert(_NO_RENEGOTIATION, WARNING) * 4096,
        "message": records(message(flights.CERTIFICATE, bytes(0xFFFFFF))),
    }[kind]
    begun = records(flights.server_hello()) if kind == "message" else b""

    def script() -> Iterator[Act]:
        yield Hear()
        yield Say(begun)
        yield from repeat(Say(said))

    return script


def bomb(certificates: int = 1000, size: int = 10_000_000) -> Cue:
    """A chain of so many certificates and bytes, altogether."""
    return replay(_bomb(certificates, size), stays=True)


def alert(code: int, level: int = flights.FATAL) -> Cue:
    """Answers the hello by an alert, and closes."""
    return replay(flights.alert(code, level))


def truncated(at: int, names: tuple[str, ...] = ("www.example.com",)) -> Cue:
    """So many bytes of a good flight, then it closes."""
    return replay(_flight(names)[:at])


def reset(step: str) -> Cue:
    """RST at one of `STEPS`: once connected, once the hello came, after each message that it still says."""
    good_leaf = _leaf(("www.example.com",))
    messages = (flights.server_hello(), flights.certificates([good_leaf]), flights.key_exchange())
    said = b"".join(messages[: max(0, STEPS.index(step) - 1)])

    def script() -> Iterator[Act]:
        if step != STEPS[0]:
            yield Hear()
            yield Say(records(said))
        yield Reset()

    return script


@lru_cache(maxsize=16)
def _leaf(names: tuple[str, ...]) -> bytes:
    return Authority.root("Hostile").leaf(names).der


@lru_cache(maxsize=16)
def _flight(names: tuple[str, ...]) -> bytes:
    return flights.flight([_leaf(names)])


@lru_cache(maxsize=4)
def _bomb(certificates: int, size: int) -> bytes:
    leaf = _leaf(("www.example.com",))
    room = max(0, size // certificates - len(leaf) - 3)
    names = tuple(f"n{number:05d}.example" for number in range(room // 16))
    one = _leaf(("www.example.com", *names))
    chain = flights.certificates([one] * certificates)
    return records(flights.server_hello() + chain + flights.key_exchange() + message(HELLO_DONE))

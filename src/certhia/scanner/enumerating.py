"""`--enumerate`: which versions a server speaks, and which suites of each, by hellos that offer less and less."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cache
from typing import Final

from certhia._core import Flight, Hello, cipher_name
from certhia.scanner.conversation import RECEIVE, Conversation, Extend, Send
from certhia.scanner.failures import Expired, ScanFailure
from certhia.scanner.reach import PATIENCE, Reach
from certhia.scanner.records import Enumerated

VERSIONS: Final = (0x0304, 0x0303, 0x0302, 0x0301, 0x0300)
MAX_CONNECTIONS: Final = 120  # connections to one target
_AT_ONCE: Final = 100  # suites in a hello: some servers read no more than 128
_NUMBERS: Final = (*range(0x0100), *range(0x1300, 0x1310), *range(0xC000, 0xC200), *range(0xCCA8, 0xCCB0))
_NO_SUITES: Final = frozenset((0x00FF, 0x5600))  # signals (RFC 5746, RFC 7507)


class _Budget:
    """Connections that are left."""

    def __init__(self) -> None:
        self.left = MAX_CONNECTIONS

    def spend(self) -> bool:
        """Whether there was one."""
        self.left -= 1
        return self.left >= 0


def enumerated(reach: Reach, server_name: str | None) -> Conversation[Enumerated]:
    """Asks for each version with all suites, then without those that the server chose, until it wants none.

    Each version has a deadline of its own. What was found until one of them, or the budget, ends it is returned, as not
    complete.
    """
    found: list[tuple[int, tuple[int, ...]]] = []
    budget = _Budget()
    complete = True
    for version in VERSIONS:
        chosen: list[int] = []
        yield Extend()
        try:
            for suites in hellofuls(version):
                complete = (yield from _suites(reach, server_name, version, suites, chosen, budget)) and complete
        except Expired:
            complete = False
        if chosen:
            found.append((version, tuple(chosen)))
        if not complete:
            break
    found.reverse()
    return Enumerated(tuple(version for version, _ in found), tuple(found), complete)


def _suites(
    reach: Reach, name: str | None, version: int, suites: Sequence[int], chosen: list[int], budget: _Budget
) -> Conversation[bool]:
    """Adds to `chosen` what the server takes of `suites`. Returns whether that is all; raises Expired."""
    offered = list(suites)
    while offered:
        if not budget.spend():
            return False
        cipher = yield from _choice(reach, name, version, offered)
        if cipher is None:
            return True
        chosen.append(cipher)
        offered.remove(cipher)
    return True


def _choice(reach: Reach, name: str | None, version: int, offered: Sequence[int]) -> Conversation[int | None]:
    """The suite that the server takes of `offered` in this version and no other; None where it takes none."""
    hello = Hello(versions=(version, version), ciphers=offered, status_request=False, scts=False)
    flight = Flight()
    try:
        yield from reach()
        data = yield Send(hello.make(name, os.urandom(64)), "hello", PATIENCE)
        while data and flight.feed(data) == "more" and flight.version is None:
            data = yield RECEIVE
    except Expired:
        raise
    except ScanFailure:
        return None
    if flight.version != version or flight.cipher not in offered:
        return None
    return flight.cipher


@cache
def hellofuls(version: int) -> tuple[tuple[int, ...], ...]:
    """All suites that IANA has for a version, those first that servers most likely take, in hellos of `_AT_ONCE`."""
    named = {number: cipher_name(number) for number in _NUMBERS}
    suites = [
        number
        for number, name in named.items()
        if name.startswith("TLS_") and number not in _NO_SUITES and (number >> 8 == 0x13) == (version == 0x0304)
    ]
    suites.sort(key=lambda number: _likelihood(named[number]))
    return tuple(tuple(suites[at : at + _AT_ONCE]) for at in range(0, len(suites), _AT_ONCE))


def _likelihood(name: str) -> int:
    """0 for what servers of today take first."""
    common = name.startswith(
        ("TLS_ECDHE_RSA", "TLS_ECDHE_ECDSA", "TLS_DHE_RSA", "TLS_RSA_WITH", "TLS_AES", "TLS_CHACHA20")
    )
    rare = any(word in name for word in ("ARIA", "CAMELLIA", "SEED", "NULL", "PSK", "SRP", "KRB5", "EXPORT", "anon"))
    return (not common) + 2 * rare

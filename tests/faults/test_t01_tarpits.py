"""T01: servers that hold whoever asks them. A place is free again by the deadline, and the others notice nothing."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable

import pytest
from tests.scanner.driving import run

from certhia.config.scanning import ScanOptions
from certhia.scanner.conversation import Conversation
from certhia.scanner.probing import Manner, Prober, Seen
from certhia.scanner.records import Target
from certhia.scanner.slots import file_limit
from certhia.scanner.talks import Outcome
from certhia.testing import cues
from certhia.testing.hostile_tls import Cue, HostileTls

TARPITS, GOOD = 5000, 500
ALLOWED = 10.0  # seconds that one may have a place
SHORT = 1.0  # as a deadline here: what is shown is that it holds
SLACK = 8.0  # this machine may be busy, and what is shown is that there is an end
TRAPS: dict[str, Cue] = {
    "says nothing": cues.silent,
    "a byte now and then": cues.drip(0.05),
    "a byte every 10 s": cues.drip(),
    "HelloRequests without end": cues.endless("requests"),
    "records without content": cues.endless("empty"),
    "warnings without end": cues.endless("warnings"),
    "a message without end": cues.endless("message"),
    "a greeting without end": cues.replay(b"220-wait\r\n" * 100_000, first=True, stays=True),
    "half a flight": cues.replay(cues.SSH[:3], stays=True),
}
MANNERS = {"glance": Manner(), "whole": Manner(full=True), "again": Manner(retries=1)}


def talks(prober: Prober, server: HostileTls, starttls: str | None = None) -> list[tuple[str, Conversation[Seen]]]:
    """One for each trap, by its name."""
    out = []
    for number, (name, cue) in enumerate(TRAPS.items(), 1):
        address = f"127.0.3.{number}"
        server.at[address] = cue
        out.append((name, prober.talk(Target(name, None, None, address, server.port, starttls))))
    return out


def test_t01_tarpit_default_deadline() -> None:
    """One deadline for connection, handshake and reading together: 10 s unless told otherwise."""
    assert ScanOptions().timeout == ALLOWED


@pytest.mark.parametrize("starttls", [None, "smtp", "postgres", "ldap", "xmpp-client"])
@pytest.mark.parametrize("manner", ["glance", "whole"])
def test_t01_tarpit_every_trap(manner: str, starttls: str | None) -> None:
    """Silence, a byte at a time, endless records, warnings, greetings, by every way to ask: each ends by the deadline,
    with an error class."""
    with HostileTls(cues.silent) as server:
        found = run(talks(Prober(MANNERS[manner]), server, starttls), timeout=SHORT)
    assert found.keys() == TRAPS.keys()
    for name, outcome in found.items():
        assert outcome.failure is not None, name
        assert outcome.failure.kind in {"timeout", "too-large", "malformed", "not-tls", "starttls-refused"}, name
        assert outcome.seconds <= SHORT + SLACK, name


def test_t01_tarpit_further_attempts_are_bounded_too() -> None:
    """Each attempt has its deadline, and is over by it."""
    with HostileTls(cues.silent) as server:
        outcome = run(talks(Prober(MANNERS["again"]), server)[:1], timeout=SHORT)["says nothing"]
    assert (outcome.attempts, str(outcome.failure)) == (2, "timeout at hello")
    assert outcome.seconds <= SHORT + SLACK


@pytest.mark.slow
def test_t01_tarpit_five_thousand(record_property: Callable[[str, object], None]) -> None:
    """500 good hosts among 5,000 that say nothing (fewer where the file limit demands it): all good ones are done, by
    the time that the tarpits are given up, and all at once are held."""
    room = (file_limit() - 500) // 2  # this process holds both ends
    tarpits = min(TARPITS, room * 10 // 11)
    good = tarpits * GOOD // TARPITS
    every = tarpits // good + 1
    with HostileTls(cues.silent) as server:
        items = []
        prober = Prober()
        for number in range(tarpits + good):
            address = f"127.4.{number >> 8}.{number & 255}"
            if number % every == every - 1:
                server.at[address] = cues.good()
            items.append((address, prober.talk(Target(address, None, None, address, server.port))))
        found = run(items, timeout=ALLOWED)
    well = [one for at, one in found.items() if at in server.at]
    held = [one for at, one in found.items() if at not in server.at]
    assert {str(one.failure) for one in held} == {"timeout at hello"}
    assert {str(one.failure) for one in well} == {"None"}
    assert max(one.seconds for one in held) <= ALLOWED + SLACK
    last, given_up = max(map(_ended, well)), min(map(_ended, held))
    told = (
        f"{len(well)} good hosts among {len(held)} tarpits, {server.most} connections at once: the last good one "
        f"{last - min(one.at - one.seconds for one in found.values()):.2f} s after the start"
    )
    record_property("told", told)
    sys.stdout.write(f"{told}\n")
    assert last < given_up
    assert Counter(one.attempts for one in found.values()) == {1: tarpits + good}


def _ended(outcome: Outcome) -> float:
    return outcome.at

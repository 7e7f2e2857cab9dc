"""T02 on the wire: chains of 10 MB and of a thousand certificates, and what they leave in memory."""

from __future__ import annotations

import ctypes
import gc
import sys
from contextlib import suppress

import pytest
from tests.faults.memory import Peak
from tests.scanner.driving import run

from certhia.scanner.probing import Manner, Prober
from certhia.scanner.records import Target
from certhia.testing import cues, flights
from certhia.testing.hostile_tls import Cue, HostileTls

MIB = 1 << 20
SLOTS = 64  # at once
# As much as is kept of one, held by all of them until their deadline.
UNFINISHED = flights.records(flights.server_hello() + flights.certificates([bytes(95_000)]))[:-1]
BOMBS: dict[str, Cue] = {
    "1,000 certificates, 10 MB": cues.bomb(),
    "one certificate of 10 MB": cues.bomb(1),
    "1,000 small certificates": cues.bomb(1000, 0),
    "17 certificates": cues.bomb(17, 0),
    "records without end": cues.endless("message"),
    "100 kB, and never the last byte": cues.replay(UNFINISHED, stays=True),
}


def given_back() -> None:
    """What earlier tests left free goes back to the system, where it can: else nothing would need more."""
    gc.collect()
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)


@pytest.mark.parametrize("full", [False, True], ids=["glance", "whole"])
@pytest.mark.parametrize("name", BOMBS)
def test_t02_chain_bomb(name: str, full: bool) -> None:
    """64 of them at once: each is refused or cut at 16 certificates, at most 100 kB of them read; RSS at most 1 MiB a
    slot."""
    prober = Prober(Manner(full=full))
    with HostileTls(BOMBS[name]) as server:
        run([(0, prober.talk(Target("x", None, None, "127.0.0.1", server.port)))], timeout=2)  # made once
        given_back()
        peak = Peak()
        addresses = [f"127.5.0.{number}" for number in range(1, SLOTS + 1)]
        found = run(((at, prober.talk(Target("x", None, None, at, server.port))) for at in addresses), timeout=2)
        grown = peak.grown
    sys.stdout.write(f"{name}: {grown / MIB / SLOTS:.3f} MiB a slot, {found[addresses[0]].failure or 'read'}\n")
    for outcome in found.values():
        if outcome.failure is None:
            served = outcome.value.served
            assert len(served.certificates) <= 16
            assert sum(map(len, served.certificates)) <= 100_000
        else:
            assert outcome.failure.kind in {"too-large", "malformed", "timeout"}, str(outcome.failure)
    assert grown <= SLOTS * MIB

"""What modules that see matches cost for each: intelligence, policy with and without pkilint, revocation.

python benches/module_matches.py [ROUNDS]
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from rows import Figure, Row
from table import table

from certhia._core import Certificate
from certhia.clock import Clock
from certhia.config.modules.intelligence import IntelligenceSection
from certhia.config.modules.policy import PolicySection
from certhia.config.modules.revocation import RevocationSection
from certhia.model import LogName, Match, RuleHit, Sighting
from certhia.modules.api import Outside
from certhia.modules.batch import Matches
from certhia.modules.builtin.intelligence.module import Intelligence
from certhia.modules.builtin.policy.module import Policy
from certhia.modules.builtin.revocation.module import Revocation
from certhia.modules.finding import JSON
from certhia.rules.watchlist import Watchlist
from certhia.store import State
from certhia.store.place import Place
from certhia.testing import CA, World
from certhia.testing.der import extension, sequence, tlv

MATCHES = 6400
LINTED = 320
BATCH = 64  # as the outbox hands them over
FEED = "matches of 2,000 domains"
CRL = "2.5.29.31"

Work = Callable[[Matches], Awaitable[object]]


def rows(rounds: int) -> Iterator[Row]:
    """Every row about modules that see matches."""
    with tempfile.TemporaryDirectory() as folder:
        for title, unit, values, target in asyncio.run(_measured(rounds, Path(folder))):
            yield Row(title, FEED, [Figure("each", unit, values, target)])


async def _measured(rounds: int, folder: Path) -> list[tuple[str, str, list[float], float | None]]:
    world = World()
    log = world.rfc6962("alpha").model
    made = _matches(MATCHES, LogName(log.id, log.url, log.description, log.operator))
    found: list[tuple[str, str, list[float], float | None]] = []
    async with await State.open(Place(folder / "state"), clock=Clock(), follow=True) as state:
        state.writer.log(log)
        for match, _ in made:
            state.writer.match(match, [])
        await state.writer.durable()
        outside = Outside(Clock(), _silent, folder, lambda: Watchlist("example.com"), _unheard, state=state)
        intelligence, policy, revocation = Intelligence(), Policy(), Revocation()
        learnt = []
        for _ in range(rounds):
            await intelligence.setup(IntelligenceSection(history=0, caa=False), outside)
            learnt.append(await _each(intelligence.process, made))
        found.append(("intelligence, a match", "us", [one * 1e6 for one in learnt], 200.0))
        await policy.setup(PolicySection(lint=False, max_lifetime=86400.0, allowed_cas=("Nobody",)), outside)
        own = [await _each(policy.process, made) for _ in range(rounds)]
        found.append(("policy without pkilint, a match", "us", [one * 1e6 for one in own], 200.0))
        await policy.reconfigure(PolicySection())
        await policy.process(_batch(made[:1]))  # its process begins
        linted = [await _each(policy.process, made[:LINTED]) for _ in range(rounds)]
        found.append(("policy, a certificate (in its own process)", "ms", [one * 1e3 for one in linted], 10.0))
        await policy.close()
        await revocation.setup(RevocationSection(), outside)
        kept = await _each(revocation.process, made)  # once: what is watched already costs less
        found.append(("revocation, a match written down", "us", [kept * 1e6], 500.0))
        await revocation.close()
        await intelligence.close()
    return found


async def _each(work: Work, made: Sequence[tuple[Match, bytes]]) -> float:
    """Seconds for one."""
    began = time.perf_counter()
    for at in range(0, len(made), BATCH):
        await work(_batch(made[at : at + BATCH]))
    return (time.perf_counter() - began) / len(made)


def _batch(made: Sequence[tuple[Match, bytes]]) -> Matches:
    ders = {match.key: der for match, der in made}
    return Matches([match for match, _ in made], lambda match: ders[match.key], lambda _: None)


def _matches(many: int, log: LogName) -> list[tuple[Match, bytes]]:
    """Precertificates and certificates by turns, with a list of revoked ones on an address that is nobody's."""
    ca = CA(organization="Let's Encrypt")
    point = tlv(0xA0, tlv(0xA0, tlv(0x86, b"http://192.0.2.1/crl")))
    places = (extension(CRL, sequence(sequence(point))),)
    made = []
    for number in range(many):
        name = f"host{number}.d{number % 2000}.example"
        issued = ca.issue([name], precert=number % 2 == 1, extensions=places, key=f"key {number % 50}")
        made.append((_match(number, issued.der, log), issued.der))
    return made


def _match(number: int, der: bytes, log: LogName) -> Match:
    read, now = Certificate.from_der(der), time.time()
    blank = Match(
        b"",
        b"",
        (),
        Sighting(log.id, number, read.is_precert, int(now * 1000)),
        log,
        True,
        now,
        (),
        0,
        0,
        "",
        "",
        "",
        "",
        b"",
        b"",
    )
    return replace(
        blank,
        key=read.tbs_sha256,
        tbs_sha256=read.tbs_sha256,
        names=tuple(read.names),
        hits=tuple(RuleHit(".example", name, "san", "below") for name in read.names),
        not_before=read.not_before,
        not_after=read.not_after,
        serial=read.serial,
        issuer=read.issuer,
        issuer_organization=read.issuer_attribute("2.5.4.10") or "",
        sha256=read.sha256,
        spki_sha256=read.spki_sha256,
    )


def _unheard(type: str, data: Mapping[str, JSON], *, correlation: str = "") -> None:  # noqa: A002
    del type, data, correlation


def _silent(text: str, *, level: str = "info", log: str = "") -> None:
    del text, level, log


if __name__ == "__main__":
    print(table(list(rows(int(sys.argv[1]) if len(sys.argv) > 1 else 3))))

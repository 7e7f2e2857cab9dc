"""Whether the authority of a certificate is in the CAA records of its names."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Final

from certhia.clock import Clock
from certhia.modules.builtin.authorities import Ownership
from certhia.modules.builtin.intelligence.history import names_below
from certhia.modules.builtin.intelligence.judging import SHOWN, Case
from certhia.modules.finding import Finding
from certhia.scanner.caa import Permission, permission
from certhia.scanner.dns import Resolver

MAX_NAMES: Final = 20  # of one certificate that are looked up
FRESH: Final = 2 * 86400.0  # seconds since it was logged: an older one was issued under records that nobody knows


class Authorization:
    """Looks up.

    Args:
        resolver: of CAA records.
        ownership: what stands for an authority in them.
        patience: seconds for the names of one batch.
    """

    def __init__(self, resolver: Resolver, ownership: Ownership, clock: Clock, *, patience: float = 20.0) -> None:
        self._resolver = resolver
        self._ownership = ownership
        self._clock = clock
        self._patience = patience

    async def of(self, cases: Sequence[Case]) -> list[Finding]:
        """What is to be said of these certificates. Names without an answer in time are left out."""
        found: dict[str, Permission] = {}
        now = self._clock.now()
        fresh = [case for case in cases if self._domains(case) and now - case.record.logged <= FRESH]
        wanted = dict.fromkeys(name for case in fresh for name in _names(case))

        async def look_up(name: str) -> None:
            found[name] = await permission(self._resolver, name)

        with suppress(TimeoutError):
            async with self._clock.deadline(self._patience), asyncio.TaskGroup() as group:
                for name in wanted:
                    group.create_task(look_up(name))
        return [finding for case in fresh for finding in self._judged(case, found)]

    def _domains(self, case: Case) -> frozenset[str]:
        """What stands for the authority; empty where nobody here knows it, and nothing can be said."""
        return self._ownership.domains(case.match.issuer_organization, case.record.owner)

    def _judged(self, case: Case, found: dict[str, Permission]) -> Iterator[Finding]:
        domains = self._domains(case)
        against = {
            name: one for name in _names(case) if (one := found.get(name)) is not None and not one.permits(domains)
        }
        if not against:
            return
        name, one = next(iter(against.items()))
        by = case.record.owner or case.match.issuer_organization
        more = f" and {len(against) - 1} more names" if len(against) > 1 else ""
        says = f"allows {', '.join(sorted(one.allowed)[:SHOWN])}" if one.allowed else "allows nobody"
        if one.unknown:
            says = f"has a critical property that is not known here, {one.unknown[:30]}"
        text = f"{by} is not in the CAA record for {name}{more}: that of {one.owner} {says}"
        yield case.finding(
            "caa",
            text,
            "high",
            owner=by,
            known_by=sorted(domains),
            allowed=sorted(one.allowed)[:100],
            record=one.owner,
            against=list(against),
        )


def _names(case: Case) -> list[str]:
    """Those that are looked up."""
    return names_below(case.match, case.domain)[:MAX_NAMES]

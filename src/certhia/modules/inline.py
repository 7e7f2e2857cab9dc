"""Modules that a match waits for before it is told: enrichers annotate it, filters silence it.

Whatever such a module does, the match is stored; and told as it is, unless the module says in time that it need not be.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from certhia.clock import Clock
from certhia.model import Match
from certhia.modules.batch import Matches
from certhia.modules.failing import Failed, Fault, Off
from certhia.modules.finding import Drop, Note, Result
from certhia.modules.reporting import Reporting
from certhia.modules.seat import Seat
from certhia.render import json_text

LARGEST: Final = 16_384  # characters of what one module notes of a match, as JSON
WAIT: Final = 2.0  # times its deadline that a module's turn may take, with its wait for those before


@dataclass(slots=True)
class _Judged:
    """A match, and what modules said of it."""

    match: Match
    notes: dict[str, Any] = field(default_factory=dict)
    silenced: bool = False


class Inline:
    """Asks them. `seats`: the inline ones, as of now; `wants`: whether one gets a match."""

    def __init__(
        self,
        seats: Callable[[], Sequence[Seat]],
        reporting: Reporting,
        clock: Clock,
        wants: Callable[[Seat, Match], bool],
    ) -> None:
        self._wants = wants
        self._seats = seats
        self._reporting = reporting
        self._clock = clock

    async def judged(self, matches: Sequence[Match]) -> list[tuple[Match, bool]]:
        """Each match with what was noted of it, and whether it is to be silenced."""
        judged = [_Judged(match) for match in matches]
        for seat in self._seats():
            chosen = [one for one in judged if self._wants(seat, one.match)]
            if chosen and not seat.off and seat in self._seats():  # it may have been let go while another one was asked
                await self._ask(seat, chosen)
        return [(_noted(one), one.silenced) for one in judged]

    async def _ask(self, seat: Seat, judged: Sequence[_Judged]) -> None:
        batch = Matches([one.match for one in judged])
        try:
            async with self._clock.deadline(WAIT * seat.deadline):
                results = await seat.process(batch)
        except (Failed, Off):
            return  # counted and told by the seat
        except TimeoutError:
            if seat.runner.begins:  # another module cost the process: that is no fault of this one
                return
            seat.struck(Fault.LATE, f"did not come back within {WAIT * seat.deadline:g} s: matches are told without it")
            return
        for result in results:
            _take(seat, judged, result)
        self._reporting.report(seat, results, batch)


def _take(seat: Seat, judged: Sequence[_Judged], result: Result) -> None:
    if not isinstance(result, Note | Drop) or result.position >= len(judged):
        return
    one = judged[result.position]
    said: Mapping[str, Any] = {"dropped": result.why} if isinstance(result, Drop) else result.data
    try:
        size = len(json_text(said))  # as every record is written: NaN is none
    except (TypeError, ValueError, RecursionError) as error:
        seat.struck(Fault.RAISED, f"noted what is no JSON: {error}")
        return
    if size > LARGEST:
        seat.struck(Fault.RAISED, f"noted {size:,} characters of a match, {LARGEST:,} are the most")
        return
    one.notes[seat.name] = {**one.notes.get(seat.name, {}), **said}
    one.silenced = one.silenced or isinstance(result, Drop)


def _noted(one: _Judged) -> Match:
    return replace(one.match, notes=json.dumps(one.notes)) if one.notes else one.match

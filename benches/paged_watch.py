"""`certhia watch` as ever, whose CPU is looked at from the first page of a log on.

    python benches/paged_watch.py FILE watch …

Writes JSON into the file at the end: seconds of CPU of the process, with those of its children that have ended, from
when the first page was handed on until all is closed. What starting costs varies by more than what some modules do.
"""

from __future__ import annotations

import contextlib
import json
import resource
import sys
from pathlib import Path

from certhia.cli import main
from certhia.intake import Intake
from certhia.model import Arrival

accept = Intake.accept
first: list[float] = []


def spent() -> float:
    """Seconds of CPU so far."""
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in usages)


async def accepted(self: Intake, arrival: Arrival) -> None:
    """The first one; those that follow go the usual way."""
    first.append(spent())
    Intake.accept = accept  # type: ignore[method-assign]
    await accept(self, arrival)


if __name__ == "__main__":
    place = Path(sys.argv.pop(1))
    Intake.accept = accepted  # type: ignore[method-assign]
    with contextlib.suppress(SystemExit):
        main()
    place.write_text(json.dumps(spent() - first[0]))

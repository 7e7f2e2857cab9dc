"""Whether a scan has extractors of others; what they need is loaded only then."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from certhia.clock import Clock
from certhia.config import Settings
from certhia.config.modules import BUILT_IN
from certhia.events.bus import Bus
from certhia.model import Tell

if TYPE_CHECKING:
    from certhia.library.asking import Extract


async def extractors_of(
    settings: Settings, stack: AsyncExitStack, bus: Bus, *, clock: Clock, tell: Tell, scan: str = ""
) -> Extract | None:
    """By the settings; `stack` lets them go. `scan`: the id that events of modules carry. None where no module sees
    visits. Raises ConfigError where one can't be had."""
    # Built-in modules see entries and matches; the scanner's own extractors are no modules of settings.
    wanted = {name: one for name, one in settings.modules.each.items() if one.enabled and name not in BUILT_IN}
    if not wanted:
        return None
    from certhia.library.extractors import Extractors, Loading  # noqa: PLC0415  (few scans need it)

    loading = Loading(settings, stack, bus, clock, tell, scan)
    seats = [seat for name, section in wanted.items() if (seat := await loading.seat(name, section)) is not None]
    return Extractors(seats) if seats else None

"""From settings to how alarms are looked for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from certhia.alarms.guard import Guarding
from certhia.config import Settings
from certhia.library.setup import singles_of


def guarding_of(settings: Settings, directory: Path) -> Guarding:
    """`directory`: of the state."""
    read = settings.read
    return Guarding(
        interval=settings.output.health_interval,
        places=(directory, *(path.absolute().parent for path in _files(settings))),
        poll=max(read.poll_static, read.poll_rfc6962, singles_of(settings).slowest),
        limited=any((read.max_bandwidth, read.max_rate, read.max_parallel)),
    )


def _files(settings: Settings) -> Sequence[Path]:
    """Those that are written to."""
    output = settings.output
    return output.files if output.alarms is None else (*output.files, output.alarms)

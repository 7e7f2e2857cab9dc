"""How much memory this process took at most since a given moment, whatever it took before."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

REFS, STATUS = Path("/proc/self/clear_refs"), Path("/proc/self/status")


class Peak:
    """Most resident bytes since it was made; where the system can't be asked that, since the process began."""

    def __init__(self) -> None:
        try:
            REFS.write_text("5")  # proc(5): resets the high-water mark
        except OSError:  # no Linux
            self._reset = False
        else:
            self._reset = True
        self.before = _resident() if self._reset else self._most()

    @property
    def grown(self) -> int:
        """Bytes that it went up by, at most, since it was made."""
        return self._most() - self.before

    def _most(self) -> int:
        return _line("VmHWM") if self._reset else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


@contextmanager
def at_most(more: int) -> Iterator[Peak]:
    """Fails where the process takes more than so many bytes more inside."""
    peak = Peak()
    yield peak
    assert peak.grown <= more, f"{peak.grown / (1 << 20):.1f} MiB more, {more / (1 << 20):.1f} were allowed"


def _resident() -> int:
    return _line("VmRSS")


def _line(name: str) -> int:
    for line in STATUS.read_text(encoding="utf-8").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) << 10
    raise AssertionError(f"{STATUS} has no {name}")

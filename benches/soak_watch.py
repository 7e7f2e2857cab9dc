"""`certhia watch` as ever; on SIGUSR2 it writes how many tasks there are into the file that is its first argument."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from pathlib import Path
from types import FrameType

from certhia.cli import main

if __name__ == "__main__":
    place = Path(sys.argv.pop(1))

    def count(_number: int, _frame: FrameType | None) -> None:
        """In the loop's own thread, between two of its steps; nothing while no loop runs."""
        with contextlib.suppress(RuntimeError):
            fresh = place.with_suffix(".new")
            fresh.write_text(str(len(asyncio.all_tasks())))
            fresh.replace(place)

    signal.signal(signal.SIGUSR2, count)
    main()

"""The garbage collector at start-up: modules and what is built from them are no garbage, and need no search.

Left alone it walks them two hundred times while they are made and once more at the end: two fifths of a start's CPU.
"""

from __future__ import annotations

import gc

_USUAL = gc.get_threshold()
SELDOM = 50_000  # objects made between two searches, while most of them stay


def begin() -> None:
    """Searches seldom from now on. For the program only: a library leaves the collector to others."""
    gc.set_threshold(SELDOM)


def settle() -> None:
    """All that is there now stays till the end and is never looked at again; what comes is searched as usual.

    Does nothing where `begin` was not called: then the process is somebody else's.
    """
    if gc.get_threshold()[0] != SELDOM:
        return
    import aiohttp  # noqa: F401  (else the first request imports it)

    gc.freeze()
    gc.set_threshold(*_USUAL)

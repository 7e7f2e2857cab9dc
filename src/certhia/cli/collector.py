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


def settle(*, fetching: bool = True) -> None:
    """All that is there now stays till the end and is never looked at again; what comes is searched as usual, or,
    where nothing is fetched, still seldom: a scan makes many short-lived objects, and hardly a cycle.

    Does nothing where `begin` was not called: then the process is somebody else's.
    """
    if gc.get_threshold()[0] != SELDOM:
        return
    if fetching:
        import aiohttp  # noqa: F401  (else the first request imports it)
    gc.freeze()
    if fetching:
        gc.set_threshold(*_USUAL)

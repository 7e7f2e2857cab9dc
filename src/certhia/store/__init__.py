"""What lasts: positions, the ledger, quarantine, matches, the outbox.

Names are imported when they are first used: whoever only asks where a state is does without SQLAlchemy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from certhia.store.freezes import Freeze
    from certhia.store.ledger import Position
    from certhia.store.place import state_dir
    from certhia.store.reading import LedgerRow, Request, SeenLog, StoredMatch
    from certhia.store.state import State
    from certhia.store.writer import Writer

__all__ = ["Freeze", "LedgerRow", "Position", "Request", "SeenLog", "State", "StoredMatch", "Writer", "state_dir"]

_HOMES = {
    "freezes": ("Freeze",),
    "ledger": ("Position",),
    "place": ("state_dir",),
    "reading": ("LedgerRow", "Request", "SeenLog", "StoredMatch"),
    "state": ("State",),
    "writer": ("Writer",),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value

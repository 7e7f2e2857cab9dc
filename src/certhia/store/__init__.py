"""What lasts: positions, the ledger, quarantine, matches, the outbox."""

from __future__ import annotations

from certhia.store.freezes import Freeze
from certhia.store.ledger import Position
from certhia.store.place import state_dir
from certhia.store.reading import LedgerRow, Request, SeenLog, StoredMatch
from certhia.store.state import State
from certhia.store.writer import Writer

__all__ = ["Freeze", "LedgerRow", "Position", "Request", "SeenLog", "State", "StoredMatch", "Writer", "state_dir"]

"""Pages of certificates for the modules that see entries."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence

from tests.modules.builtin.matching import LOG

from certhia._core import Issuers, Page
from certhia.modules.batch import Entries
from certhia.testing import CA, SimClock
from certhia.testing.entries import u24

AUTHORITY = CA(5, clock=SimClock())
LEAF = b"\0\0" + bytes(8) + b"\0\0"  # version, type, timestamp and entry type of a certificate's leaf


def page_of(*ders: bytes, first: int = 0) -> Page:
    """A page of these certificates."""
    items = [base64.b64encode(LEAF + u24(der) + b"\0\0").decode() for der in ders]
    body = json.dumps({"entries": [{"leaf_input": item, "extra_data": "AAAA"} for item in items]}).encode()
    return Page.from_get_entries([body], first, Issuers())


def entries_for(*names: Sequence[str], first: int = 0, positions: Sequence[int] | None = None) -> Entries:
    """A page of certificates for these names, new ones each time."""
    return Entries.of(LOG, page_of(*(AUTHORITY.issue(each).der for each in names), first=first), positions)

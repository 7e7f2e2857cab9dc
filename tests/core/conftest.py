"""Real pages and tiles."""

from __future__ import annotations

from pathlib import Path

import pytest

from certhia._core import Issuers, Page

TILES = ("000", "001", "002", "003")


@pytest.fixture(scope="session")
def tiles(corpus: Path) -> list[tuple[bytes, bytes]]:
    """(data tile, level-0 hash tile) of four full tiles that follow each other from index 0."""
    folder = corpus / "tiles" / "navigli2025h2" / "tile"
    return [((folder / "data" / name).read_bytes(), (folder / "0" / name).read_bytes()) for name in TILES]


@pytest.fixture(scope="session")
def bodies(corpus: Path) -> list[bytes]:
    """Captured get-entries answers."""
    return [path.read_bytes() for path in sorted((corpus / "get-entries").glob("*.json"))]


@pytest.fixture(scope="session")
def page(bodies: list[bytes]) -> Page:
    """All captured entries as one page."""
    return Page.from_get_entries(bodies, 0, Issuers())

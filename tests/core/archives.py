"""Members of the corpus's archives, one by one, without unpacking them to disk."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from pathlib import Path

import zstandard


def members(path: Path) -> Iterator[tuple[str, bytes]]:
    """Name and content of each file in a .tar.zst."""
    with (
        path.open("rb") as packed,
        zstandard.ZstdDecompressor().stream_reader(packed) as plain,
        tarfile.open(fileobj=plain, mode="r|") as archive,
    ):
        for member in archive:
            content = archive.extractfile(member) if member.isfile() else None
            if content is not None:
                yield member.name, content.read()

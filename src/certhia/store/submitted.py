"""Files beside the state, for programs, that hold certificates of matches as submitted, with their chains, in PEM."""

from __future__ import annotations

from pathlib import Path
from typing import Final

FOLDER: Final = "certificates"
LARGEST: Final = 32 << 20  # bytes of a file that are read
BEGIN: Final = "-----BEGIN CERTIFICATE-----"
END: Final = "-----END CERTIFICATE-----"


def place(directory: Path, key: bytes) -> Path:
    """Where the certificate of a match with this key is. `directory`: the state's."""
    name = key.hex()
    return directory / FOLDER / name[:2] / f"{name}.pem"

"""Files beside the state that hold certificates of matches as they were submitted, with their chains, in PEM."""

from __future__ import annotations

import base64
import os
from contextlib import suppress
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


def chain(directory: Path, key: bytes) -> list[bytes]:
    """What is kept of a match: its certificate as submitted and its chain, DER, as far as it was at hand; empty where
    there is no file."""
    try:
        with place(directory, key).open(encoding="ascii", errors="replace") as file:
            text = file.read(LARGEST)
    except OSError:
        return []
    blocks = [one.partition(END)[0] for one in text.split(BEGIN)[1:]]
    try:
        return [base64.b64decode("".join(one.split()), validate=True) for one in blocks]
    except ValueError:
        return []


def still_needed(directory: Path, key: bytes) -> None:
    """Has a file count as new: it goes so many days after it was needed last."""
    with suppress(OSError):  # there is none
        os.utime(place(directory, key))

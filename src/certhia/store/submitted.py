"""Files beside the state, for programs, that hold certificates of matches as submitted, with their chains, in PEM.

Once modules were handed them from there, too: a state that was made then has none of its own for the matches of then.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
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


def left(directory: Path, keys: Iterable[bytes]) -> Iterator[tuple[bytes, list[bytes]]]:
    """What files hold of matches with these keys: the certificate as submitted and its chain, DER. Those of which there
    is none, or that can't be read, are left out. Takes its time."""
    for key in keys:
        try:
            with place(directory, key).open(encoding="ascii", errors="replace") as file:
                text = file.read(LARGEST)
            blocks = [one.partition(END)[0] for one in text.split(BEGIN)[1:]]
            ders = [base64.b64decode("".join(one.split()), validate=True) for one in blocks]
        except (OSError, ValueError):
            continue
        if ders:
            yield key, ders

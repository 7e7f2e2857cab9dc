"""Files of certificates beside the state."""

from __future__ import annotations

import base64
import os
from pathlib import Path

from certhia.store.submitted import BEGIN, END, chain, place, still_needed

KEY = bytes(range(32))


def written(directory: Path, text: str) -> Path:
    path = place(directory, KEY)
    path.parent.mkdir(parents=True)
    path.write_text(text, "ascii")
    return path


def test_a_certificate_and_its_chain(tmp_path: Path) -> None:
    blocks = [f"{BEGIN}\n{base64.b64encode(one).decode()}\n{END}\n" for one in (b"leaf", b"issuer" * 40)]
    path = written(tmp_path, "leaf hash: x\n" + "".join(blocks))
    assert path == tmp_path / "certificates" / "00" / f"{KEY.hex()}.pem"
    assert chain(tmp_path, KEY) == [b"leaf", b"issuer" * 40]


def test_what_is_not_there_or_broken_is_nothing(tmp_path: Path) -> None:
    assert chain(tmp_path, KEY) == []
    written(tmp_path, f"{BEGIN}\n%%%\n{END}\n")
    assert chain(tmp_path, KEY) == []


def test_what_is_needed_counts_as_new(tmp_path: Path) -> None:
    still_needed(tmp_path, KEY)  # nothing there: nothing happens
    path = written(tmp_path, "")
    os.utime(path, (1000, 1000))
    still_needed(tmp_path, KEY)
    assert path.stat().st_mtime > 1000

"""Files of certificates beside the state."""

from __future__ import annotations

from pathlib import Path

from certhia.store.submitted import place


def test_where_a_certificate_is(tmp_path: Path) -> None:
    key = bytes(range(32))
    assert place(tmp_path, key) == tmp_path / "certificates" / "00" / f"{key.hex()}.pem"

"""Files of certificates beside the state."""

from __future__ import annotations

import base64
from pathlib import Path

from certhia.store.submitted import BEGIN, END, left, place


def test_where_a_certificate_is(tmp_path: Path) -> None:
    key = bytes(range(32))
    assert place(tmp_path, key) == tmp_path / "certificates" / "00" / f"{key.hex()}.pem"


def test_what_is_not_there_or_broken_is_left_out(tmp_path: Path) -> None:
    keys = [bytes([number]) * 32 for number in range(4)]
    whole = f"{BEGIN}\n{base64.b64encode(b'issuer' * 40).decode()}\n{END}\n"
    for key, text in zip(keys, (whole, f"{whole}{BEGIN}\n%%%\n{END}\n", "leaf hash: x\n"), strict=False):
        place(tmp_path, key).parent.mkdir(parents=True)
        place(tmp_path, key).write_text(text, "ascii")
    assert [*left(tmp_path, keys)] == [(keys[0], [b"issuer" * 40])]

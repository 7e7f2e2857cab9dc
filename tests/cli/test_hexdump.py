"""Bytes for people."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from certhia.cli.hexdump import WIDTH, dump

DATA = bytes(range(256)) * 8


def test_offset_hex_and_text() -> None:
    assert list(dump(b"0\x82\x01\nwww.example.com")) == [
        "00000000  30 82 01 0a 77 77 77 2e 65 78 61 6d 70 6c 65 2e  |0...www.example.|",
        "00000010  63 6f 6d                                         |com|",
    ]
    assert list(dump(b"")) == []


def test_the_mark_points_to_its_byte() -> None:
    first, mark, _ = dump(DATA[:20], 3)
    assert first[mark.index("^^") :][:2] == "03"
    assert mark.endswith("^^ byte 3")
    assert next(iter(dump(b"", 0))).strip() == "^^ byte 0"
    assert list(dump(DATA[:16], 16))[-1].strip() == "^^ byte 16", "behind the end"
    assert list(dump(DATA[:10], 10))[-1].strip() == "^^ byte 10"


def test_what_is_left_out_is_said() -> None:
    lines = list(dump(DATA, 1000))
    assert lines[4].strip() == "... 864 bytes", "928 is where the surroundings begin"
    assert lines[-1].strip() == f"... {len(DATA) - 1072} bytes"
    assert list(dump(DATA))[-1].strip() == f"... {len(DATA) - 256} bytes"


@given(st.binary(max_size=2000), st.none() | st.integers(0, 3000))
def test_any_bytes_and_any_mark(data: bytes, mark: int | None) -> None:
    lines = list(dump(data, mark))
    assert len(lines) <= 400 // WIDTH + 8
    assert all(line.isascii() and line.isprintable() for line in lines)
    if mark is not None and mark < len(data):
        row = next(number for number, line in enumerate(lines) if "^^" in line)
        assert lines[row - 1][lines[row].index("^^") :][:2] == f"{data[mark]:02x}"

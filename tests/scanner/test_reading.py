from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certhia.errors import ConfigError
from certhia.scanner import reading
from certhia.scanner.reading import MAX_LINE, Complaint, Read, check_file, read_arguments, read_file
from certhia.scanner.targets import Block, Name, Written


def read(path: Path) -> Read:
    targets: list[Written] = []
    complaints: list[Complaint] = []
    for piece in read_file(str(path)):
        targets += piece.targets
        complaints += piece.complaints
    return Read(tuple(targets), tuple(complaints))


def test_all_kinds_in_one_file_with_its_bad_lines(tmp_path: Path) -> None:
    path = tmp_path / "hosts.txt"
    path.write_bytes(
        b"\xef\xbb\xbf# ours\r\nwww.example.com\r\n\r\n  192.0.2.0/24 # lab\r\n*.example.com\nhttps://a.example/x#y\n"
        b"\t# nothing\n\xff\xfe.example\n2001:db8::1"
    )
    found = read(path)
    assert [(one.origin, one.line) for one in found.targets] == [
        ("www.example.com", 2),
        ("192.0.2.0/24", 4),
        ("https://a.example/x#y", 6),
        ("2001:db8::1", 9),
    ]
    assert [type(one) for one in found.targets] == [Name, Block, Name, Block]
    assert [str(one) for one in found.complaints] == [
        f'{path}:5: the target "*.example.com" has a star, which stands for names nobody knows; '
        "write the names themselves",
        f'{path}:8: "ÿþ.example" is not UTF-8 (byte 0); save it as UTF-8',
    ]


@given(st.lists(st.sampled_from([b"a.example", b"# c", b"", b"a b", b"\xff", b"192.0.2.1", b"\r"])), st.data())
def test_pieces_may_end_anywhere(lines: list[bytes], data: st.DataObject) -> None:
    raw = b"\n".join(lines)
    whole = reading._Lines("x")
    expected = [whole.feed(raw), whole.end()]
    parts = reading._Lines("x")
    found: list[Read | None] = []
    while raw:
        cut = data.draw(st.integers(1, len(raw)))
        found.append(parts.feed(raw[:cut]))
        raw = raw[cut:]
    found.append(parts.end())
    for field in ("targets", "complaints"):
        assert [one for read in found if read for one in getattr(read, field)] == [
            one for read in expected if read for one in getattr(read, field)
        ]


def test_a_line_without_end_takes_no_memory_and_ends(tmp_path: Path) -> None:
    path = tmp_path / "hosts.txt"
    with path.open("wb") as file:
        file.write(b"a.example\n")
        for _ in range(200):
            file.write(b"x" * reading.PIECE)
        file.write(b"\nb.example\n" + b"y" * (MAX_LINE + 1) + b"\nc.example\n")
    found = read(path)
    assert [(one.origin, one.line) for one in found.targets] == [("a.example", 1), ("b.example", 3), ("c.example", 5)]
    assert [one.line for one in found.complaints] == [2, 4]
    assert all(f"longer than {MAX_LINE} bytes" in one.text for one in found.complaints)


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    path = tmp_path / "utf16.txt"
    path.write_text("a.example\n", encoding="utf-16")
    with pytest.raises(ConfigError, match="save it as UTF-8"):
        read(path)
    with pytest.raises(ConfigError, match="No such file or directory; give the name of a file"):
        read(tmp_path / "none.txt")
    with pytest.raises(ConfigError, match="is a directory"):
        read(tmp_path)
    with pytest.raises(ConfigError, match="can't be read"):
        read(Path("a\x00b"))


def test_what_cannot_be_read_is_told_before_anything_is(tmp_path: Path) -> None:
    path = tmp_path / "hosts.txt"
    path.write_text("a.example")
    os.mkfifo(tmp_path / "pipe")
    for good in (str(path), str(tmp_path / "pipe"), "-"):
        check_file(good)
    for bad in (tmp_path, tmp_path / "none.txt", "a\x00b"):
        with pytest.raises(ConfigError, match="can't be read"):
            check_file(str(bad))


def test_arguments_have_no_line() -> None:
    found = read_arguments(["www.example.com", "", "a b", "192.0.2.1"])
    assert [(one.origin, one.line) for one in found.targets] == [("www.example.com", None), ("192.0.2.1", None)]
    (complaint,) = found.complaints
    assert str(complaint).startswith('the target "a b" has a space in it')


def test_lines_of_a_pipe_come_as_they_are_written(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    number = os.open(pipe, os.O_RDWR)  # as a writer that has begun
    os.write(number, b"a.example\nb.exam")
    stop = threading.Event()
    pieces = read_file(str(pipe), stop)
    assert [one.origin for one in next(pieces).targets] == ["a.example"]
    os.write(number, b"ple\n")
    assert [one.origin for one in next(pieces).targets] == ["b.example"]
    stop.set()
    assert list(pieces) == []
    os.close(number)


def test_standard_input_is_a_hyphen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "hosts.txt"
    path.write_text("a.example\nb c\n")
    before = os.dup(0)
    try:
        with path.open() as file:
            os.dup2(file.fileno(), 0)
        found = read(Path("-"))
    finally:
        os.dup2(before, 0)
        os.close(before)
    assert [one.origin for one in found.targets] == ["a.example"]
    assert str(found.complaints[0]).startswith("standard input:2: ")


def test_empty_input_is_none(tmp_path: Path) -> None:
    path = tmp_path / "hosts.txt"
    for content in (b"", b"\xef\xbb\xbf", b"\n", b"a"):
        path.write_bytes(content)
        assert len(read(path).targets) == content.count(b"a")

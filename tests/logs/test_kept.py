"""The copy of a list on disk: whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from certhia.logs import kept


def test_there_and_back(tmp_path: Path) -> None:
    path = kept.place(tmp_path / "new" / "folder", "google")
    assert path.name == "google.loglist"
    assert kept.read(path) is None
    for body, signature in ((b"{}", b"s" * 512), (b'{"a": 1}', b"")):
        kept.write(path, body, signature)
        assert kept.read(path) == (body, signature)
    assert [file.name for file in path.parent.iterdir()] == ["google.loglist"]


def test_lists_by_url_have_a_name_each(tmp_path: Path) -> None:
    urls = ("https://a.test/list.json", "https://b.test/list.json", "/home/list.json", "../google")
    places = {kept.place(tmp_path, url) for url in urls}
    assert len(places) == len(urls)
    assert all(place.parent == tmp_path for place in places)


@pytest.mark.parametrize("length", range(25))
def test_half_a_copy_is_none(tmp_path: Path, length: int) -> None:
    path = tmp_path / "google.loglist"
    kept.write(path, b"{}", b"sig")
    path.write_bytes(path.read_bytes()[:length])
    copy = kept.read(path)
    assert copy is None or copy == (b"{", b"sig")  # the parser and the signature tell the last one


def test_what_is_no_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "google.loglist"
    path.write_bytes(b'{"operators": []}' + b" " * 100)
    assert kept.read(path) is None
    kept.write(path, b"x" * 100, b"")
    monkeypatch.setattr(kept, "_MAX_FILE", 100)
    assert kept.read(path) is None
    with pytest.raises(OSError, match="directory"):
        kept.read(tmp_path)


def test_a_write_that_fails_leaves_the_old_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "google.loglist"
    kept.write(path, b"old", b"sig")

    def full(handle: int) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        kept.write(path, b"new", b"sig")
    assert kept.read(path) == (b"old", b"sig")
    assert list(tmp_path.iterdir()) == [path]

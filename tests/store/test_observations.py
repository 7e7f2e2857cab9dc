"""What scans saw, kept."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from certhia.errors import StateError
from certhia.store.observations import FILE, FORM, Observation, Observations

ONE = Observation("www.example.com", "192.0.2.1", 443, "san", b"\1" * 32, 1.0, 10.0, 10.0)


def test_what_is_seen_again_is_one_line(tmp_path: Path) -> None:
    held = Observations(tmp_path)
    held.add([ONE, ONE._replace(confidence=0.5, first_seen=5.0, last_seen=5.0)])
    held.add([ONE._replace(first_seen=20.0, last_seen=20.0)])
    held.close()
    again = Observations(tmp_path, made=False)
    assert [*again.find()] == [ONE._replace(first_seen=5.0, last_seen=20.0)]
    again.close()


def test_another_certificate_is_another_line(tmp_path: Path) -> None:
    held = Observations(tmp_path)
    others = [
        ONE._replace(certificate=b""),
        ONE._replace(port=8443),
        ONE._replace(source="csp"),
        ONE._replace(address="::1"),
    ]
    held.add([ONE, *others])
    assert {*held.find()} == {ONE, *others}
    held.close()


def test_names_and_what_is_below_them(tmp_path: Path) -> None:
    held = Observations(tmp_path)
    names = ("example.com", "a.example.com", "*.b.example.com", "example-x.com", "badexample.com", "com", "x.com0")
    held.add([ONE._replace(name=name) for name in names])

    def found(wanted: str) -> set[str]:
        return {one.name for one in held.find(wanted)}

    assert found("Example.com.") == {"example.com", "a.example.com", "*.b.example.com"}
    assert found("*.b.example.com") == {"*.b.example.com"}
    assert found("b.example.com") == {"*.b.example.com"}
    assert found("192.0.2.1") == {*names}
    assert found("192.0.2.2") == found("none.example") == set()
    assert next(held.find()).name == "com"
    held.close()


def test_all_or_none(tmp_path: Path) -> None:
    held = Observations(tmp_path)
    with pytest.raises(StateError, match=FILE):
        held.add([ONE, ONE._replace(certificate=None)])  # type: ignore[arg-type]
    assert [*held.find()] == []
    held.add([ONE])
    assert [*held.find()] == [ONE]
    held.close()


def test_two_at_once(tmp_path: Path) -> None:
    first, second = Observations(tmp_path), Observations(tmp_path)
    first.add([ONE])
    second.add([ONE._replace(last_seen=30.0)])
    assert [one.last_seen for one in first.find()] == [30.0]
    first.close()
    second.close()


def test_what_can_not_be_opened(tmp_path: Path) -> None:
    with pytest.raises(StateError, match=r"there is none: `certhia scan --keep` makes it"):
        Observations(tmp_path, made=False)
    (tmp_path / FILE).write_bytes(b"no database at all" * 100)
    with pytest.raises(StateError, match="this is no state of Certhia's"):
        Observations(tmp_path, made=False)
    (tmp_path / FILE).unlink()
    Observations(tmp_path).close()
    newer = sqlite3.connect(tmp_path / FILE)
    newer.execute(f"PRAGMA user_version = {FORM + 1}")
    newer.close()
    with pytest.raises(StateError, match="made by a newer Certhia"):
        Observations(tmp_path)


def test_only_its_owner_reads_it(tmp_path: Path) -> None:
    Observations(tmp_path).close()
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600

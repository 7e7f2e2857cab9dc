"""Certificates at hand as pages: PEM, DER, entries as JSON, made up ones."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import zstandard

from certhia import ConfigError
from certhia._core import Issuers
from certhia.library.certificates_at_hand import MADE, made_up, paged, pages_in, pages_of
from certhia.testing import CA, World
from certhia.testing.ca import pem


def names(path: Path, wrong: list[str] | None = None) -> list[list[str]]:
    told = [] if wrong is None else wrong
    found = [entry.certificate.names for page in pages_of(path, Issuers(), told.append) for entry in page]
    assert wrong is not None or not told
    return found


def test_pem_and_der(tmp_path: Path) -> None:
    one, other = CA().issue(["a.example"]), CA().issue(["b.example"])
    (tmp_path / "both.pem").write_text(f"words before\n{pem(one.der)}{pem(other.der)}")
    (tmp_path / "one.der").write_bytes(one.der)
    assert names(tmp_path / "both.pem") == [["a.example"], ["b.example"]]
    assert names(tmp_path / "one.der") == [["a.example"]]


def test_entries(tmp_path: Path) -> None:
    world = World()
    log = world.rfc6962("one")
    world.grow(300)
    body = world.handle("GET", f"{log.url}ct/v1/get-entries?start=0&end=299").body
    (tmp_path / "whole.json").write_bytes(body)
    lines = "".join(json.dumps({**one, "more": 1}) + "\n" for one in json.loads(body)["entries"])
    (tmp_path / "lines.jsonl.zst").write_bytes(zstandard.compress(lines.encode()))
    expected = [[f"host{number}.example.com"] for number in range(300)]
    assert names(tmp_path / "whole.json") == expected
    assert names(tmp_path / "lines.jsonl.zst") == expected
    assert [len(page) for page in pages_of(tmp_path / "whole.json", Issuers(), print)] == [256, 44]
    (tmp_path / "pretty.json").write_text(json.dumps(json.loads(body), indent=2))
    assert names(tmp_path / "pretty.json") == expected


@pytest.mark.parametrize("content", [b"", b"hello"])
def test_what_is_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(ConfigError, match="is neither PEM nor DER nor JSON"):
        names(tmp_path / "file")


def broken(text: str) -> str:
    return f"-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n"


def test_one_that_can_not_be_read_is_told_of_and_the_others_come(tmp_path: Path) -> None:
    one, other, told = CA().issue(["a.example"]), CA().issue(["b.example"]), list[str]()
    text = f"{pem(one.der)}{broken('!')}{broken('AAA')}{broken('MIIAAAAA')}{pem(other.der)}"
    (tmp_path / "mixed.pem").write_text(text)
    found = names(tmp_path / "mixed.pem", told)
    assert [found[0], found[-1]] == [["a.example"], ["b.example"]]
    assert [line.partition("mixed.pem: ")[2].partition(":")[0] for line in told] == ["2", "3", "4"]


def test_entries_that_can_not_be_read(tmp_path: Path) -> None:
    (sound,) = made_up(1)
    lines = [sound, {"leaf_input": "!!", "extra_data": "AAAA"}, {"leaf_input": "AA=="}, 5, [], sound]
    text = "\n".join(map(json.dumps, lines)) + '\n{"no\n' + json.dumps(sound)
    (tmp_path / "lines.jsonl").write_text(text)
    told = list[str]()
    assert names(tmp_path / "lines.jsonl", told) == [["host0.example.com"]] * 3
    assert sorted(line.partition("lines.jsonl: ")[2].partition(":")[0] for line in told) == ["2", "3", "4", "5", "7"]


def test_a_directory_and_what_is_none_in_it(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a.pem").write_text(pem(CA().issue(["a.example"]).der))
    (tmp_path / "b.txt").write_text("hello")
    told = list[str]()
    pages = [*pages_in([tmp_path, tmp_path / "gone.pem"], Issuers(), told.append)]
    assert [entry.certificate.names for page in pages for entry in page] == [["a.example"]]
    assert [("b.txt" in line, "gone.pem" in line) for line in told] == [(True, False), (False, True)]


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "bad.zst").write_bytes(b"no archive")
    for name in ("gone.pem", "bad.zst"):
        with pytest.raises(ConfigError, match="cannot be read"):
            names(tmp_path / name)


def test_made_up_ones() -> None:
    (page,) = paged(made_up(), Issuers())
    assert len(page) == MADE
    assert page[3].certificate.names == ["host3.example.com"]
    assert {round((one.certificate.not_after - one.certificate.not_before) / 86_400) for one in page} == {
        1,
        6,
        47,
        90,
        200,
        365,
    }

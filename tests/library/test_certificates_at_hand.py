"""Certificates at hand as pages: PEM, DER, entries as JSON, made up ones."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import zstandard

from certhia import ConfigError
from certhia._core import Issuers
from certhia.library.certificates_at_hand import MADE, made_up, paged, pages_of
from certhia.testing import CA, World
from certhia.testing.ca import pem


def names(path: Path) -> list[list[str]]:
    return [entry.certificate.names for page in pages_of(path, Issuers()) for entry in page]


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
    assert [len(page) for page in pages_of(tmp_path / "whole.json", Issuers())] == [256, 44]


@pytest.mark.parametrize(
    "content, text",
    [
        (b"", "is neither PEM nor DER nor JSON"),
        (b"hello", "is neither PEM nor DER nor JSON"),
        (b'{"leaf_input": "AA"}', "entry 1: is no JSON with leaf_input and extra_data"),
        (b'{"leaf_input": "AA==", "extra_data": ""}\n{"no', "entry 2: is no JSON"),
    ],
)
def test_what_is_none(tmp_path: Path, content: bytes, text: str) -> None:
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(ConfigError, match=text):
        names(tmp_path / "file")


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

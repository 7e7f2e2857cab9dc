"""A certificate as a record."""

from __future__ import annotations

import json
import os
from itertools import islice
from pathlib import Path

import pytest
from tests.core.archives import members

from certhia.scanner.report.certificate import attributes, text
from certhia.scanner.report.schema import CERTIFICATE

CORPUS = Path(os.environ.get("CERTHIA_CORPUS", Path(__file__).resolve().parents[3].parent / "shared" / "corpus"))


def record(der: bytes) -> dict[str, object]:
    """As it is read again."""
    written = text(der)
    assert written.isascii()
    assert written.isprintable()
    shown: dict[str, object] = json.loads(written)
    assert [*shown] == [key.name for key in CERTIFICATE]
    return shown


def test_its_fields(certificates: tuple[bytes, ...]) -> None:
    leaf = record(certificates[0])
    assert leaf["subject"] == {"O": ["Example, Inc."], "CN": ["www.example.com"]}
    assert leaf["sans"] == {"dns": ["www.example.com", "*.example.org"], "ip": ["192.0.2.7"]}
    assert leaf["names"] == ["www.example.com", "*.example.org", "192.0.2.7"]
    assert (leaf["key_algorithm"], leaf["key_bits"], leaf["key_curve"]) == ("ec", 256, "P-256")
    assert (leaf["is_ca"], leaf["self_issued"], leaf["fault"]) == (False, False, None)
    assert record(certificates[1])["is_ca"] is True


def test_an_attribute_may_come_twice_and_be_unknown() -> None:
    written = attributes([("2.5.4.11", "a"), ("1.2.3", "b"), ("2.5.4.11", 'c"')])
    assert written == r'{"OU":["a","c\""],"1.2.3":["b"]}'


def test_certificates_of_the_corpus_can_be_told() -> None:
    archive = CORPUS / "certificates.tar.zst"
    if not archive.exists():
        pytest.skip("the corpus is not there")
    for number, (name, der) in enumerate(islice(members(archive), 4000)):
        if number % 20 == 0:
            assert record(der)["sha256"], name

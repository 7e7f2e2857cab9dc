"""What pkilint says of certificates, and the process that it runs in."""

from __future__ import annotations

import io
import json
import struct

import pytest

from certhia.modules.builtin.policy import linting
from certhia.modules.builtin.policy.linting import LENGTH, MAX_VIOLATIONS, Linter, answer, serve
from certhia.testing import CA

pytest.importorskip("pkilint")


@pytest.fixture(scope="module")
def linter() -> Linter:
    return Linter()


def codes(linter: Linter, der: bytes) -> set[str]:
    return {code for _, code, _, _ in linter.lint(der)[1]}


def test_a_precertificate_is_linted_as_one(linter: Linter) -> None:
    precert, final = CA().pair(["www.example.com"])
    assert linter.lint(precert.der)[0] == "DV_PRE_CERTIFICATE"
    assert linter.lint(final.der)[0] == "DV_FINAL_CERTIFICATE"
    assert not any("poison" in code for code in codes(linter, precert.der))


def test_violations_come_once_each_and_the_worst_first(linter: Linter) -> None:
    issued = CA().issue(["a_b.example.com", "c_d.example.com", "www.internal.local"], days=500)
    _, found = linter.lint(issued.der)
    ranks = ["FATAL", "ERROR", "WARNING", "NOTICE", "INFO", "DEBUG"]
    order = [ranks.index(severity) for severity, *_ in found]
    assert order == sorted(order)
    assert len({(code, severity) for severity, code, _, _ in found}) == len(found) <= MAX_VIOLATIONS
    assert any("validity" in code for code in codes(linter, issued.der))


@pytest.mark.parametrize("der", [b"", b"0\x00", b"\x30\x80\x00\x00", b"0\x82\xff\xff" + bytes(100), b"no der"])
def test_what_is_no_certificate_has_a_fault(linter: Linter, der: bytes) -> None:
    assert set(answer(linter, der)) == {"fault"}


def test_what_is_nested_too_deeply_has_one(linter: Linter) -> None:
    der = b""
    for _ in range(3000):
        der = b"0\x84" + len(der).to_bytes(4, "big") + der
    assert "fault" in answer(linter, der)


def test_frames() -> None:
    der = CA().issue(["www.example.com"]).der
    inward = io.BytesIO(b"".join(LENGTH.pack(len(one)) + one for one in (b"no", der)) + b"\0\0")
    outward = io.BytesIO()
    serve(inward, outward)
    said, rest = [], outward.getvalue()
    while rest:
        (length,) = struct.unpack_from("!I", rest)
        said.append(json.loads(rest[4 : 4 + length]))
        rest = rest[4 + length :]
    hello, broken, good = said
    assert set(hello) == {"requirements"}
    assert "fault" in broken
    assert good["type"] == "DV_FINAL_CERTIFICATE"


def test_memory_is_bounded() -> None:
    assert linting.MEMORY <= 1 << 30

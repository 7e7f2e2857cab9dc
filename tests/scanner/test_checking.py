"""The second word: what the browsers' profile says to chains that RFC 5280 lets pass."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from tests.scanner.told import judged

from certhia._core import Certificate
from certhia.scanner.checking import refusal, verdict
from certhia.testing.authority import Authority, Made

ROOT = Authority.root("Profile root")
ISSUING = ROOT.authority("Profile issuing")
HOST = "www.example.com"
NOW = time.time()


def said(*path: Made) -> str:
    return refusal([Certificate.from_der(made.der) for made in path], NOW)


def test_a_good_path() -> None:
    leaf = ISSUING.leaf([HOST], ips=("192.0.2.1",))
    assert said(leaf, ISSUING, ROOT) == ""
    assert said(ISSUING.leaf([], ips=("192.0.2.1",)), ISSUING, ROOT) == ""
    assert said(ISSUING.leaf(["*.example.com"]), ISSUING, ROOT) == ""
    assert said(ISSUING.leaf(["other.example"]), ISSUING, ROOT) == ""  # that it is not for us is said elsewhere
    assert said(ROOT) == ""
    assert verdict([Certificate.from_der(one.der) for one in (leaf, ISSUING, ROOT)], NOW) is None


@pytest.mark.parametrize(
    "make, trusted",
    [
        (lambda: [ISSUING.leaf([HOST], not_after=-1), ISSUING], False),
        (lambda: [ISSUING.leaf([], common_name=HOST), ISSUING], True),
        (lambda: [ISSUING.leaf([HOST], digest="sha1"), ISSUING], True),
        (lambda: [ISSUING.leaf([HOST], key_ids=False), ISSUING], True),
        (lambda: [(odd := ROOT.authority("Odd", is_ca=False)).leaf([HOST]), odd], False),
        (lambda: [(odd := ROOT.authority("Odd", permitted=("example.org",))).leaf([HOST]), odd], False),
    ],
)
def test_whatever_we_do_not_trust_it_refuses(make: Callable[[], list[Made]], trusted: bool) -> None:
    """And more: that is what it is asked for."""
    sent = make()
    assert judged([ROOT], sent, NOW, HOST).chain.trusted is trusted
    assert said(*sent, ROOT) != ""


def test_what_it_refuses_is_a_small_thing_where_the_chain_is_trusted() -> None:
    path = [Certificate.from_der(one.der) for one in (ISSUING.leaf([HOST], digest="sha1"), ISSUING, ROOT)]
    found = verdict(path, NOW)
    assert found is not None
    assert (found.kind, found.severity) == ("unprofiled", "low")
    assert found.detail.isprintable()


def test_what_it_cannot_read_is_said() -> None:
    broken = Certificate.from_der(ISSUING.leaf([HOST]).der.replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x09"))
    found = verdict([broken, Certificate.from_der(ROOT.der)], NOW)
    assert found is not None
    assert found.severity == "info"
    assert "can't judge it" in found.detail

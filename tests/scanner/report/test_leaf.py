"""What short forms tell of a certificate."""

from __future__ import annotations

import pytest

from certhia.scanner.report.leaf import leaves, when
from certhia.testing import CA


def test_of_a_certificate(certificates: tuple[bytes, ...], authority: CA) -> None:
    leaf = leaves()(certificates[0])
    assert leaf is not None
    assert (leaf.subject, leaf.issuer_organization, leaf.serial) == ("www.example.com", authority.organization, "04AB")
    assert leaf.key == "ec P-256"
    assert len(leaf.sha256) == 64
    assert leaf.not_before < leaf.not_after


def test_what_is_none() -> None:
    leaf = leaves()
    assert leaf(b"") is None
    assert leaf(b"") is None


@pytest.mark.parametrize("seconds", [0, -62167219201, 1 << 40, -(1 << 62)])
def test_a_time_that_no_calendar_has(seconds: int) -> None:
    assert when(seconds) is None

"""What short forms tell of a certificate."""

from __future__ import annotations

from certhia.scanner.report.leaf import leaves
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

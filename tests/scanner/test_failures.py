from __future__ import annotations

import pytest

from certhia.scanner.failures import KINDS, PASSING, STEPS, Expired, ScanFailure


@pytest.mark.parametrize(
    "failure, text",
    [
        (ScanFailure("refused", "connect"), "refused at connect"),
        (ScanFailure("alert", "hello", "handshake_failure"), "alert at hello: handshake_failure"),
        (ScanFailure("dns", detail="no such name"), "dns: no such name"),
    ],
)
def test_says_where_and_why(failure: ScanFailure, text: str) -> None:
    assert str(failure) == text


def test_classes() -> None:
    assert set(KINDS) >= PASSING
    assert "connect" in STEPS
    assert isinstance(Expired("timeout"), ScanFailure)

"""What only some results have."""

from __future__ import annotations

from certhia.scanner.records import Chain, Enumerated, Failure, Http, Verdict
from certhia.scanner.report import parts


def test_what_is_empty_is_null() -> None:
    assert parts.failure(Failure("alert", "hello", "")) == {"kind": "alert", "step": "hello", "detail": None}
    assert parts.verdicts([Verdict("expired", "high")]) == [{"kind": "expired", "severity": "high", "detail": None}]
    assert parts.trust(Chain(()))["root"] is None
    assert parts.http(Http(200))["error"] is None


def test_what_a_server_would_speak() -> None:
    shown = parts.supported(Enumerated((0x0303,), ((0x0303, (0xC02F,)),), complete=False))
    assert shown["versions"] == ["TLS 1.2"]
    assert shown["ciphers"] == {"TLS 1.2": ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"]}
    assert shown["complete"] is False

"""SCTs of the test world's logs: their signatures, and the leaves they stand for."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import pytest

from certhia._core import Certificate
from certhia.errors import Unverified
from certhia.logs.sct import leaf_index, promise
from certhia.testing import FakeLog, World


@dataclass(frozen=True, slots=True)
class Logged:
    """A certificate with an SCT of a log."""

    log: FakeLog
    certificate: Certificate
    issuer_key: bytes
    index: int


@pytest.fixture(params=["rfc6962", "static"])
def logged(request: pytest.FixtureRequest, certhia_world: World) -> Logged:
    log: FakeLog = getattr(certhia_world, request.param)("alpha")
    certhia_world.grow(3)
    precert = certhia_world.ca.issue(["www.example.com"], precert=True)
    (entry,) = log.add(precert)
    final = certhia_world.ca.finish(precert, [log.sct(entry)])
    return Logged(log, Certificate.from_der(final.der), precert.issuer_key_hash, entry.index)


def test_a_promise_names_the_leaf_that_the_log_took(logged: Logged) -> None:
    (sct,) = logged.certificate.scts
    made = promise(logged.log.model, sct, logged.certificate, logged.issuer_key)
    assert made.leaf_hash == logged.log.tree.leaf(logged.index)
    assert made.index == (logged.index if logged.log.settings.leaf_index else None)
    assert made.due == sct.timestamp / 1000 + logged.log.settings.mmd


def test_what_was_not_signed_is_no_promise(logged: Logged, certhia_world: World) -> None:
    (sct,) = logged.certificate.scts
    other = Certificate.from_der(certhia_world.ca.issue(["other.test"]).der)
    for log, certificate, key in (
        (logged.log.model, other, logged.issuer_key),
        (logged.log.model, logged.certificate, hashlib.sha256(b"another issuer").digest()),
        (certhia_world.rfc6962("beta").model, logged.certificate, logged.issuer_key),
    ):
        with pytest.raises(Unverified, match="does not hold"):
            promise(log, sct, certificate, key)


@pytest.mark.parametrize(
    "extensions, index",
    [
        (b"", None),
        (b"\0\0\5\0\0\0\1\2", 258),
        (b"\7\0\1x\0\0\5\0\0\0\0\1", 1),
        (b"\0\0\4\0\0\0\1", None),
        (b"\0\0\5\0\0\0", None),
        (b"\0\xff\xff", None),
    ],
)
def test_the_leaf_index_among_the_extensions(extensions: bytes, index: int | None) -> None:
    assert leaf_index(extensions) == index

"""SCTs of live servers: from the certificate, the handshake and a staple, each against the logs that are known."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from cryptography.x509 import ocsp as theirs
from hypothesis import given
from hypothesis import strategies as st

from certhia._core import Certificate
from certhia.logs.heads import check_signature
from certhia.scanner.ocsp import staple_scts
from certhia.scanner.scts import MAX_EXTENSIONS, MAX_SCTS, Checked, Timestamps, listed, read, verdicts
from certhia.testing import FakeLog, World, der

MOST = [st.binary(max_size=60), st.binary(max_size=60).map(lambda tail: b"\0" * 41 + tail)]


@dataclass(frozen=True)
class Shown:
    """A server's certificate with an SCT in it, and SCTs of the same log for the whole of it."""

    log: FakeLog
    leaf: Certificate
    issuer: Certificate
    whole: bytes

    @property
    def timestamps(self) -> Timestamps:
        return Timestamps({self.log.model.id: self.log.model}, check_signature)


@pytest.fixture
def shown(certhia_world: World) -> Shown:
    log = certhia_world.rfc6962("alpha")
    precert = certhia_world.ca.issue(["www.example.com"], precert=True)
    (entry,) = log.add(precert)
    final = certhia_world.ca.finish(precert, [log.sct(entry)])
    (logged,) = log.add(final)
    issuer = Certificate.from_der(certhia_world.ca.intermediate)
    return Shown(log, Certificate.from_der(final.der), issuer, log.sct(logged))


def states(found: tuple[Checked, ...]) -> list[tuple[str, str]]:
    return [(one.source, one.state) for one in found]


def test_in_the_certificate(shown: Shown) -> None:
    (found,) = shown.timestamps.judge(shown.leaf, shown.issuer)
    assert (found.source, found.state) == ("certificate", "valid")
    assert (found.log, found.operator) == (shown.log.model.description, shown.log.model.operator)
    assert found.timestamp == shown.leaf.scts[0].timestamp
    assert verdicts([found]) == []


def test_in_the_handshake_and_in_a_staple(shown: Shown) -> None:
    value = der.tlv(der.OCTET_STRING, _list(shown.whole))
    found = shown.timestamps.judge(shown.leaf, shown.issuer, handshake=[shown.whole], staple=value)
    assert states(found) == [("certificate", "valid"), ("handshake", "valid"), ("staple", "valid")]
    found = shown.timestamps.judge(shown.leaf, shown.issuer, staple=_list(shown.whole))
    assert states(found)[1] == ("staple", "valid")


def test_for_another_certificate_or_issuer(shown: Shown, certhia_world: World) -> None:
    other = Certificate.from_der(certhia_world.ca.root)
    (found,) = shown.timestamps.judge(shown.leaf, other)
    assert (found.state, verdicts([found])[0].kind) == ("false", "false-sct")
    assert found.log in verdicts([found])[0].detail
    (late,) = shown.timestamps.judge(other, None, handshake=[shown.whole])
    assert late.state == "false"


def test_an_embedded_one_in_the_handshake_does_not_hold(shown: Shown) -> None:
    raw = shown.leaf.scts[0].raw
    assert states(shown.timestamps.judge(shown.leaf, shown.issuer, handshake=[raw]))[1] == ("handshake", "false")


def test_what_cannot_be_told(shown: Shown) -> None:
    nobody = Timestamps({}, check_signature)
    assert states(nobody.judge(shown.leaf, shown.issuer)) == [("certificate", "unknown")]
    assert states(shown.timestamps.judge(shown.leaf, None)) == [("certificate", "unread")]
    second = b"\1" + shown.whole[1:]
    assert states(shown.timestamps.judge(shown.leaf, None, handshake=[second]))[1] == ("handshake", "unread")
    assert verdicts(nobody.judge(shown.leaf, shown.issuer)) == []


def test_of_the_future(shown: Shown) -> None:
    at = shown.leaf.scts[0].timestamp / 1000
    assert shown.timestamps.judge(shown.leaf, shown.issuer, now=at)[0].state == "valid"
    assert shown.timestamps.judge(shown.leaf, shown.issuer, now=at - 3600)[0].detail == "it is from the future"


def test_the_same_one_is_checked_once(shown: Shown) -> None:
    timestamps = shown.timestamps
    for _ in range(5):
        timestamps.judge(shown.leaf, shown.issuer, handshake=[shown.whole])
    assert timestamps.checked == 2


def test_no_more_than_enough_are_checked(shown: Shown) -> None:
    changed = [shown.whole[:-1] + bytes((number,)) for number in range(200)]
    assert len(shown.timestamps.judge(shown.leaf, shown.issuer, handshake=changed)) == MAX_SCTS
    assert len(list(listed(_list(*changed)))) == MAX_SCTS


def test_extensions_are_bounded(shown: Shown) -> None:
    def long(size: int) -> bytes:
        return shown.whole[:41] + size.to_bytes(2) + bytes(size) + shown.whole[43:]

    assert read(long(MAX_EXTENSIONS), "handshake") is not None
    assert read(long(MAX_EXTENSIONS + 1), "handshake") is None


@given(st.one_of(*MOST))
def test_any_bytes_are_an_sct_or_none(raw: bytes) -> None:
    found = read(raw, "handshake")
    assert found is None or found.source == "handshake"
    list(listed(raw))
    list(listed(b"\x04" + raw))
    assert staple_scts(raw) == b""


def test_an_answer_that_failed_has_none() -> None:
    refused = theirs.OCSPResponseBuilder.build_unsuccessful(theirs.OCSPResponseStatus.TRY_LATER)
    from cryptography.hazmat.primitives.serialization import Encoding

    assert staple_scts(refused.public_bytes(Encoding.DER)) == b""


def _list(*scts: bytes) -> bytes:
    parts = b"".join(len(one).to_bytes(2) + one for one in scts)
    return len(parts).to_bytes(2) + parts

"""OCSP answers: which count, and why others don't."""

from __future__ import annotations

import base64
from urllib.parse import unquote

import pytest
from cryptography.x509 import ocsp as theirs
from hypothesis import given
from hypothesis import strategies as st
from tests.scanner.responding import NOW, answer, parsed

from certhia.errors import Unverified
from certhia.scanner.ocsp import MAX_ANSWER, get_url, read, request, staple_scts
from certhia.testing import der
from certhia.testing.authority import DAY, OCSP_SIGNING, Authority, Made

ROOT = Authority.root("OCSP root")
LEAF = ROOT.leaf(["a.example"])
RESPONDER = ROOT.leaf([], common_name="responder", purposes=(OCSP_SIGNING,))


def status(data: bytes, leaf: Made = LEAF, issuer: Authority = ROOT, now: float = NOW) -> str:
    return read(data, parsed(leaf), parsed(issuer), now, "staple").state


def test_the_issuers_own_answer() -> None:
    found = read(answer(LEAF, ROOT), parsed(LEAF), parsed(ROOT), NOW, "staple")
    assert (found.state, found.source, found.reason) == ("good", "staple", "")
    assert found.until == pytest.approx(NOW + DAY, abs=600)


def test_revoked_with_reason_and_time() -> None:
    data = answer(LEAF, ROOT, status=theirs.OCSPCertStatus.REVOKED)
    found = read(data, parsed(LEAF), parsed(ROOT), NOW, "ocsp")
    assert (found.state, found.reason) == ("revoked", "keyCompromise")
    assert found.at == pytest.approx(NOW - DAY, abs=600)


@pytest.mark.parametrize("kind", ["rsa2048", "ed25519", "p384"])
def test_keys_of_all_kinds_sign(kind: str) -> None:
    issuer = Authority.root(f"OCSP root {kind}", kind)
    leaf = issuer.leaf(["a.example"])
    good = answer(leaf, issuer)
    assert status(good, leaf, issuer) == "good"
    with pytest.raises(Unverified, match="does not hold"):
        status(good[:-1] + bytes((good[-1] ^ 1,)), leaf, issuer)


def test_unknown_is_not_good() -> None:
    assert status(answer(LEAF, ROOT, status=theirs.OCSPCertStatus.UNKNOWN)) == "unknown"


def test_an_appointed_responder() -> None:
    assert status(answer(LEAF, ROOT, signer=RESPONDER, shown=[RESPONDER])) == "good"


@pytest.mark.parametrize(
    "signer, reason",
    [
        (ROOT.leaf([], common_name="server"), "for other things"),
        (ROOT.leaf([], common_name="none", purposes=None), "for other things"),
        (ROOT.leaf([], common_name="old", purposes=(OCSP_SIGNING,), not_after=-1), "not valid now"),
        (Authority.root("Other").leaf([], common_name="x", purposes=(OCSP_SIGNING,)), "not from the issuer"),
        (
            Authority.root("OCSP root", "p384").leaf([], common_name="y", purposes=(OCSP_SIGNING,)),
            "not from the issuer",
        ),
    ],
)
def test_responders_that_nobody_appointed(signer: Made, reason: str) -> None:
    with pytest.raises(Unverified, match=reason):
        status(answer(LEAF, ROOT, signer=signer, shown=[signer]))


def test_a_responder_that_is_not_shown() -> None:
    with pytest.raises(Unverified, match="nobody that it shows"):
        status(answer(LEAF, ROOT, signer=RESPONDER))


def test_a_signature_that_does_not_hold() -> None:
    good = answer(LEAF, ROOT)
    with pytest.raises(Unverified, match="does not hold"):
        status(good[:-1] + bytes((good[-1] ^ 1,)))


@pytest.mark.parametrize(
    "since, until, state",
    [
        (-1, 1, "good"),
        (-1, None, "good"),
        (-6, None, "good"),
        (-9, None, "counted until"),
        (-3, -1, "counted until"),
        (1, 2, "future"),
        (0.002, 1, "good"),  # three minutes: clocks differ
    ],
)
def test_times(since: float, until: float | None, state: str) -> None:
    data = answer(LEAF, ROOT, since=since, until=until)
    if state == "good":
        assert status(data) == "good"
    else:
        with pytest.raises(Unverified, match=state):
            status(data)


def test_answers_about_others() -> None:
    other = ROOT.leaf(["other.example"])
    with pytest.raises(Unverified, match="another certificate"):
        status(answer(other, ROOT))
    namesake = Authority.root("OCSP root", "p384")
    with pytest.raises(Unverified, match="another certificate"):
        read(answer(LEAF, ROOT), parsed(LEAF), parsed(namesake), NOW, "staple")


def test_parts_of_an_answer_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("certhia.scanner.ocsp.MAX_SINGLE", 0)
    with pytest.raises(Unverified, match="another certificate"):
        status(answer(LEAF, ROOT))


def test_what_is_no_answer() -> None:
    for kind in (1, 2, 3, 6):  # malformedRequest, internalError, tryLater, unauthorized
        with pytest.raises(Unverified, match="the responder says"):
            status(der.sequence(der.tlv(10, bytes((kind,)))))
    with pytest.raises(Unverified, match="can't be read"):
        status(b"")
    with pytest.raises(Unverified, match="at most"):
        status(bytes(MAX_ANSWER + 1))


@given(st.integers(0, 2000), st.integers(0, 255))
def test_broken_answers_are_unverified(place: int, value: int) -> None:
    data = bytearray(GOOD)
    before = data[place % len(data)]
    data[place % len(data)] = value
    try:
        assert status(bytes(data)) == "good"
    except Unverified:
        assert value != before
    assert staple_scts(bytes(data)) == b""


GOOD = answer(LEAF, ROOT, signer=RESPONDER, shown=[RESPONDER])


def test_the_question() -> None:
    question = request(parsed(LEAF), parsed(ROOT))
    read_back = theirs.load_der_ocsp_request(question)
    assert read_back.serial_number == LEAF.serial
    assert len(list(read_back.extensions)) == 0  # no nonce
    url = get_url("http://o.example/x/", question)
    assert url is not None
    assert url.startswith("http://o.example/x/")
    assert base64.b64decode(unquote(url.removeprefix("http://o.example/x/"))) == question
    assert get_url("http://o.example/", bytes(300)) is None

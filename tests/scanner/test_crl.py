"""Revocation lists: which count, and what they say."""

from __future__ import annotations

import re

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st
from tests.scanner.responding import NOW, crl, parsed

from certhia.errors import Unverified
from certhia.scanner.crl import MAX_CRL, _integer, check, load, look_up, until
from certhia.testing import der
from certhia.testing.authority import DAY, Authority, Made

ROOT = Authority.root("CRL root")
GOOD, REVOKED = ROOT.leaf(["good.example"]), ROOT.leaf(["revoked.example"])
URL = "http://crl.example/1.crl"


def scope(**wishes: object) -> x509.IssuingDistributionPoint:
    fields: dict[str, object] = {
        "full_name": None,
        "relative_name": None,
        "only_contains_user_certs": False,
        "only_contains_ca_certs": False,
        "only_some_reasons": None,
        "indirect_crl": False,
        "only_contains_attribute_certs": False,
    }
    return x509.IssuingDistributionPoint(**{**fields, **wishes})  # type: ignore[arg-type]


def test_what_it_says() -> None:
    found = load(crl(ROOT, [REVOKED]))
    check(found, parsed(ROOT), NOW)
    good = look_up(found, parsed(GOOD), URL, is_ca=False)
    assert (good.state, good.source, good.at) == ("good", "crl", 0.0)
    bad = look_up(found, parsed(REVOKED), URL, is_ca=False)
    assert (bad.state, bad.reason) == ("revoked", "keyCompromise")
    assert bad.at == pytest.approx(NOW - DAY, abs=600)
    assert until(found) == pytest.approx(NOW + DAY, abs=600)


@pytest.mark.parametrize("kind", ["rsa2048", "ed25519"])
def test_keys_of_all_kinds_sign(kind: str) -> None:
    issuer = Authority.root(f"CRL root {kind}", kind)
    data = crl(issuer, [REVOKED])
    check(load(data), parsed(issuer), NOW)
    with pytest.raises(Unverified, match="does not hold"):
        check(load(data[:-1] + bytes((data[-1] ^ 1,))), parsed(issuer), NOW)


def test_pem_is_read_too() -> None:
    pem = load(crl(ROOT, [REVOKED])).crl.public_bytes(Encoding.PEM)
    check(load(pem), parsed(ROOT), NOW)
    assert look_up(load(pem), parsed(REVOKED), URL, is_ca=False).state == "revoked"


@pytest.mark.parametrize("serial", [1, 127, 128, 255, 256, 1 << 63, (1 << 159) - 1])
def test_serials_of_all_lengths(serial: int) -> None:
    made = Made(REVOKED.der, REVOKED.key, REVOKED.subject, serial, REVOKED.wish)
    found = load(crl(ROOT, [made])).crl.get_revoked_certificate_by_serial_number(serial)
    assert found is not None
    assert _integer(serial) in load(crl(ROOT, [made])).der
    assert _integer(serial + 1) not in load(crl(ROOT, [made])).der


@pytest.mark.parametrize(
    "data, reason",
    [
        (crl(Authority.root("Another authority")), "another authority's"),
        (crl(Authority.root("CRL root", "p384")), "does not hold"),
        (crl(ROOT, since=-3, until=-1), "counted until"),
        (crl(ROOT, since=1, until=2), "future"),
    ],
)
def test_lists_that_do_not_count(data: bytes, reason: str) -> None:
    with pytest.raises(Unverified, match=reason):
        check(load(data), parsed(ROOT), NOW)


def test_a_list_that_does_not_say_when_the_next_is_due() -> None:
    """One of 2015 would count for ever (RFC 5280 section 5.1.2.5: all have to say)."""
    key = Authority.root("CRL root", "p256")
    old = load(crl(key, since=-4000, until=1)).crl.tbs_certlist_bytes
    content = old[4:] if old[1] == 0x82 else old[3:] if old[1] == 0x81 else old[2:]
    times = [found.start() for found in re.finditer(rb"\x17\x0d[0-9]{12}Z", content)]
    assert len(times) == 2
    tbs = der.sequence(content[: times[1]] + content[times[1] + 15 :])
    assert isinstance(key.key, ec.EllipticCurvePrivateKey)
    signature = der.tlv(3, b"\0" + key.key.sign(tbs, ec.ECDSA(SHA256())))
    data = der.sequence(tbs, der.sequence(der.oid("1.2.840.10045.4.3.2")), signature)
    with pytest.raises(Unverified, match="does not say when the next is due"):
        check(load(data), parsed(key), NOW)


def test_a_signature_that_does_not_hold() -> None:
    good = crl(ROOT)
    with pytest.raises(Unverified, match="does not hold"):
        check(load(good[:-1] + bytes((good[-1] ^ 1,))), parsed(ROOT), NOW)


@pytest.mark.parametrize(
    "wishes, is_ca, reason",
    [
        ({"only_contains_user_certs": True}, False, ""),
        ({"only_contains_user_certs": True}, True, "without authorities"),
        ({"only_contains_ca_certs": True}, False, "authorities only"),
        ({"only_contains_ca_certs": True}, True, ""),
        ({"indirect_crl": True}, False, "other things"),
        ({"only_some_reasons": frozenset([x509.ReasonFlags.superseded])}, False, "other things"),
        ({"full_name": [x509.UniformResourceIdentifier(URL)]}, False, ""),
        ({"full_name": [x509.UniformResourceIdentifier("http://crl.example/2.crl")]}, False, "another place"),
    ],
)
def test_lists_for_something_else(wishes: dict[str, object], is_ca: bool, reason: str) -> None:
    """One piece of a list in the place of another would hide what is revoked in that."""
    found = load(crl(ROOT, [REVOKED], scope=scope(**wishes)))
    check(found, parsed(ROOT), NOW)
    if reason:
        with pytest.raises(Unverified, match=reason):
            look_up(found, parsed(REVOKED), URL, is_ca=is_ca)
    else:
        assert look_up(found, parsed(REVOKED), URL, is_ca=is_ca).state == "revoked"


def test_what_is_no_list() -> None:
    for data in (b"", b"<html>", b"-----BEGIN X509 CRL-----\nx\n-----END X509 CRL-----\n"):
        with pytest.raises(Unverified, match="no revocation list"):
            load(data)
    with pytest.raises(Unverified, match="at most"):
        load(bytes(MAX_CRL + 1))


DATA = crl(ROOT, [REVOKED], scope=scope(only_contains_user_certs=True))


@given(st.integers(0, 2000), st.integers(0, 255))
def test_broken_lists_are_unverified(place: int, value: int) -> None:
    data = bytearray(DATA)
    data[place % len(data)] = value
    try:
        found = load(bytes(data))
        check(found, parsed(ROOT), NOW)
    except Unverified:
        return
    assert look_up(found, parsed(REVOKED), URL, is_ca=False).state in {"good", "revoked"}
    assert bytes(data)[:-80] == DATA[:-80]  # ECDSA signatures have more than one spelling

"""Revocation lists (RFC 5280 sections 5 and 6.3): whether one is from the issuer, of now, and about the certificate."""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding

from certhia.clock import iso
from certhia.errors import Unverified
from certhia.scanner.der import INTEGER
from certhia.scanner.ocsp import SKEW, Status, verify
from certhia.scanner.strictly import UNREADABLE, quiet

MAX_CRL: Final = 20 << 20  # bytes
_KNOWN: Final = frozenset(("2.5.29.28", "2.5.29.20", "2.5.29.35"))  # distribution point, number, authority key


class List(NamedTuple):
    """A list, and its DER."""

    crl: x509.CertificateRevocationList
    der: bytes


@quiet
def load(data: bytes) -> List:
    """A list from DER or PEM. Raises Unverified for what is none, or too large."""
    if len(data) > MAX_CRL:
        raise Unverified(f"a list of {len(data)} bytes, where at most {MAX_CRL} are read")
    try:
        if data.startswith(b"-----BEGIN"):
            crl = x509.load_pem_x509_crl(data)
            return List(crl, crl.public_bytes(Encoding.DER))
        return List(x509.load_der_x509_crl(data), data)
    except UNREADABLE as error:
        raise Unverified("no revocation list") from error


@quiet
def check(found: List, issuer: x509.Certificate, now: float) -> None:
    """Raises Unverified where the list is not the issuer's, not of now, or of a kind that answers another question."""
    crl = found.crl
    try:
        if crl.issuer != issuer.subject:
            raise Unverified("the list is another authority's")
        produced, until = _seconds(crl.last_update_utc), _seconds(crl.next_update_utc)
        if produced > now + SKEW:
            raise Unverified(f"a list of the future ({iso(produced)})")
        if not until:  # section 5.1.2.5: all must have one; without, an old one could stand for ever
            raise Unverified("a list that does not say when the next is due")
        if now > until + SKEW:
            raise Unverified(f"a list that counted until {iso(until)}")
        unknown = [one.oid.dotted_string for one in crl.extensions if one.critical]
        if odd := [oid for oid in unknown if oid not in _KNOWN]:
            raise Unverified(f"a list with a critical extension that nobody knows here ({odd[0]})")
        verify(issuer.public_key(), crl.signature, crl.tbs_certlist_bytes, crl)
    except InvalidSignature:
        raise Unverified("the list's signature does not hold under the issuer's key") from None
    except UNREADABLE as error:
        raise Unverified(f"the list can't be read ({type(error).__name__})") from error


@quiet
def look_up(found: List, certificate: x509.Certificate, url: str, *, is_ca: bool) -> Status:
    """What a checked list says of a certificate. Raises Unverified where it is not for it (its distribution point)."""
    crl = found.crl
    _check_scope(crl, url, is_ca=is_ca)
    produced, until = _seconds(crl.last_update_utc), _seconds(crl.next_update_utc)
    try:
        serial, entry = certificate.serial_number, None
        # Of a list of 20 MB it takes 30 ms to look at each entry, and 4 to see that the number is nowhere in it.
        if not 0 <= serial < 1 << 160 or _integer(serial) in found.der:
            entry = crl.get_revoked_certificate_by_serial_number(serial)
        if entry is None:
            return Status("good", "crl", "", "", 0.0, produced, until)
        return Status("revoked", "crl", "", _reason(entry), _seconds(entry.revocation_date_utc), produced, until)
    except UNREADABLE as error:
        raise Unverified(f"the list can't be read ({type(error).__name__})") from error


def until(found: List) -> float:
    """When the next one is due, Unix seconds; 0 where it does not say, and doesn't count."""
    return _seconds(found.crl.next_update_utc)


def _check_scope(crl: x509.CertificateRevocationList, url: str, *, is_ca: bool) -> None:
    """A list in pieces says for which place it is (RFC 5280 section 6.3.3 (b)(2)): one put in the place of another
    would hide what is in that."""
    try:
        point = crl.extensions.get_extension_for_class(x509.IssuingDistributionPoint).value
    except x509.ExtensionNotFound:
        return
    except UNREADABLE as error:
        raise Unverified("the list's distribution point can't be read") from error
    if point.only_contains_attribute_certs or point.indirect_crl or point.only_some_reasons:
        raise Unverified("a list for other things, or of some reasons only")
    if point.only_contains_ca_certs and not is_ca:
        raise Unverified("a list of authorities only")
    if point.only_contains_user_certs and is_ca:
        raise Unverified("a list without authorities")
    places = [one.value for one in point.full_name or () if isinstance(one, x509.UniformResourceIdentifier)]
    if places and url not in places:
        raise Unverified("a list for another place than the certificate names")


def _integer(number: int) -> bytes:
    """DER of an INTEGER that is not negative, of at most 127 bytes."""
    content = number.to_bytes(number.bit_length() // 8 + 1)
    return bytes((INTEGER, len(content))) + content


def _reason(entry: x509.RevokedCertificate) -> str:
    try:
        return entry.extensions.get_extension_for_class(x509.CRLReason).value.reason.value
    except UNREADABLE:
        return ""


def _seconds(moment: datetime | None) -> float:
    return moment.timestamp() if moment is not None else 0.0

"""What RFC 5280 section 6.1 asks of the certificates of a path beside their signatures, and TLS of a server's.

Policies are not gone into: no client of the web asks for any.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from certhia._core import Certificate
from certhia.clock import iso
from certhia.scanner.nameconstraints import Constraints, constraints_of, violation
from certhia.scanner.trust import Issuer, shown

SERVER_AUTH: Final = "1.3.6.1.5.5.7.3.1"
ANY_PURPOSE: Final = "2.5.29.37.0"
POISON: Final = "1.3.6.1.4.1.11129.2.4.3"
_SERVES: Final = frozenset((SERVER_AUTH, ANY_PURPOSE))
_HANDSHAKE: Final = frozenset(("digitalSignature", "keyEncipherment", "keyAgreement"))
# Critical extensions that are gone into, or that ask for nothing as long as nobody asks for a policy.
_KNOWN: Final = frozenset(
    (
        *("2.5.29.14", "2.5.29.15", "2.5.29.17", "2.5.29.18", "2.5.29.19", "2.5.29.30", "2.5.29.35", "2.5.29.37"),
        *("2.5.29.31", "2.5.29.32", "2.5.29.33", "2.5.29.36", "2.5.29.54", "1.3.6.1.5.5.7.1.1", "1.3.6.1.5.5.7.1.24"),
    )
)


def dates_fault(certificate: Certificate, now: float, who: str) -> str:
    """Why a certificate is not valid now; "" where it is."""
    if now > certificate.not_after:
        return f"{who} expired on {iso(certificate.not_after)[:10]}"
    if now < certificate.not_before:
        return f"{who} is not valid before {iso(certificate.not_before)[:10]}"
    return ""


def leaf_fault(certificate: Certificate) -> str:
    """Why a certificate is none for a server, whatever its names; "" where it is one."""
    purposes = certificate.extended_key_usage
    if purposes and _SERVES.isdisjoint(purposes):
        return "it is not for servers (extended key usage)"
    usage = certificate.key_usage
    if usage and _HANDSHAKE.isdisjoint(usage):
        return "its key is not for handshakes (key usage)"
    return _unknown(certificate, "it")


def issuer_fault(issuer: Issuer, below: int, *, is_root: bool) -> str:
    """Why a certificate may not issue in this place; "" where it may. `below`: intermediates between it and the leaf
    that are not self-issued (RFC 5280 section 6.1.4 (l))."""
    certificate = issuer.certificate
    who = shown(certificate.subject)
    if not certificate.is_ca and not (is_root and certificate.version < 3 and certificate.is_self_issued):
        return f"{who} is no authority (basic constraints)"
    usage = certificate.key_usage
    if usage and "keyCertSign" not in usage:
        return f"{who} may not sign certificates (key usage)"
    length = certificate.path_length
    if length is not None and below > length:
        return f"{who} may have {length} authorities below it, and has {below} (path length)"
    purposes = certificate.extended_key_usage
    if purposes and _SERVES.isdisjoint(purposes):
        return f"{who} may not issue for servers (extended key usage)"
    return _unknown(certificate, who)


def path_fault(above: Sequence[Issuer], now: float) -> str:
    """What keeps the issuers of a path, the leaf's first and the root last, from issuing together; "" where nothing."""
    below = 0
    for place, issuer in enumerate(above):
        fault = dates_fault(issuer.certificate, now, shown(issuer.certificate.subject))
        if fault := fault or issuer_fault(issuer, below, is_root=place == len(above) - 1):
            return fault
        below += not issuer.certificate.is_self_issued
    limits: list[Constraints] = []
    for issuer in reversed(above):
        if limits and not issuer.certificate.is_self_issued and (fault := violation(issuer.certificate, limits)):
            return fault
        own = constraints_of(issuer.certificate)
        if isinstance(own, str):
            return own
        if own is not None:
            limits.append(own)
    return ""


def limits_of(above: Sequence[Issuer]) -> tuple[Constraints, ...]:
    """The name constraints of all issuers of a path, of those that can be read."""
    read = (constraints_of(issuer.certificate) for issuer in above)
    return tuple(one for one in read if isinstance(one, Constraints))


def _unknown(certificate: Certificate, who: str) -> str:
    for one in certificate.extensions:
        if one.critical and one.oid not in _KNOWN:
            if one.oid == POISON:
                return f"{who} is a precertificate"
            return f"{who} has a critical extension that nobody knows here ({one.name or one.oid})"
    if certificate.extensions_fault is not None:
        return f"{who} has extensions that can't be read"
    return ""

"""One's own rules: who may issue, for how long, for which keys."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from certhia._core import Certificate
from certhia.config.modules.policy import PolicySection
from certhia.model import Match
from certhia.modules.builtin.authorities import Ownership
from certhia.modules.builtin.validity import days, lifetime
from certhia.modules.finding import Finding


class Rules:
    """Holds certificates to the settings."""

    def __init__(self, settings: PolicySection, ownership: Ownership) -> None:
        self._settings = settings
        self._ownership = ownership
        self._allowed = tuple(one.casefold() for one in settings.allowed_cas)
        self._curves = frozenset(one.casefold() for one in settings.curves)

    def of(self, number: int, match: Match, certificate: Certificate | None) -> Iterator[Finding]:
        """What is against them. Rules on keys need the certificate."""
        if match.fault:
            return
        yield from self._issuer(number, match)
        yield from self._lifetime(number, match)
        if certificate is not None:
            yield from self._key(number, match, certificate)

    def _issuer(self, number: int, match: Match) -> Iterator[Finding]:
        organization = match.issuer_organization
        owner = self._ownership.owner(organization)
        names = {one.casefold() for one in (organization, owner, match.issuer) if one}
        if not self._allowed or any(fnmatchcase(name, glob) for glob in self._allowed for name in names):
            return
        shown = organization or match.issuer or "an issuer without a name"
        of = f" ({owner})" if owner != organization else ""
        data = {"issuer": match.issuer, "organization": organization, "owner": owner}
        text = f"issued by {shown}{of}, which is not among the authorities that you allow"
        yield Finding("ca", text, "high", number, match.names[:10], data)

    def _lifetime(self, number: int, match: Match) -> Iterator[Finding]:
        most = self._settings.max_lifetime
        seconds = lifetime(match.not_before, match.not_after)
        if most is None or seconds <= most:
            return
        text = f"valid for {days(seconds)}, where you allow {days(most)}"
        yield Finding("lifetime", text, "medium", number, match.names[:10], {"seconds": seconds, "allowed": most})

    def _key(self, number: int, match: Match, certificate: Certificate) -> Iterator[Finding]:
        kind, bits, curve = certificate.key_algorithm, certificate.key_bits, certificate.key_curve
        settings, why = self._settings, ""
        if settings.key_kinds and kind not in settings.key_kinds:
            why = f"a key of the kind {kind or 'unknown'}, where you allow {', '.join(settings.key_kinds)}"
        elif kind == "rsa" and bits < settings.min_rsa_bits:
            why = f"an RSA key of {bits} bits, where you want {settings.min_rsa_bits}"
        elif kind == "ec" and self._curves and curve.casefold() not in self._curves:
            why = f"a key on the curve {curve}, where you allow {', '.join(settings.curves)}"
        if why:
            yield Finding("key", why, "medium", number, match.names[:10], {"kind": kind, "bits": bits, "curve": curve})
